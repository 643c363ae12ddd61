"""Reading conversations against small catalogues, without any file or model."""

from __future__ import annotations

import numpy as np

from recsys.artist_facts import Knowledge
from recsys.catalogue import Catalogue
from recsys.retrieval.conversing import Conversing
from recsys.retrieval.lexical import LexicalIndex
from recsys.retrieval.mentions import Mentions
from recsys.retrieval.together import Together
from recsys.serving_conversations import playlists_of
from recsys.vocabulary import load_vocabulary
from tests.words_encoder import WordsEncoder


def conversing_on(catalogue: Catalogue) -> Conversing:
    """Put together what reads conversations, with the catalogue's own playlists."""
    encoder, vocabulary = WordsEncoder(), load_vocabulary()
    texts = [catalogue.text_of(row) for row in range(len(catalogue))]
    knowledge, mentions = Knowledge(catalogue, vocabulary), Mentions(catalogue)
    facts = [one.text() for one in knowledge.artists]
    return Conversing(
        catalogue,
        vocabulary,
        LexicalIndex.build(texts),
        encoder.encode,
        encoder.encode(texts),
        encoder.encode(facts) if facts else np.zeros((0, encoder.dim), dtype=np.float32),
        Together(playlists_of(catalogue), mentions.main, catalogue.work, encoder.encode, encoder.dim),
        mentions=mentions,
        knowledge=knowledge,
    )
