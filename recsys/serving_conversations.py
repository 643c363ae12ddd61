"""What a generation's folder holds for reading conversations, beside what `recsys.serving` writes.

The vectors of artists' facts and of playlists' names are made when a catalogue is indexed, and known by the texts that
they were made of: where those have changed since, they are made again when they are needed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np

from recsys.artist_facts import Knowledge
from recsys.catalogue import Catalogue
from recsys.encoders.text import TextEncoder
from recsys.lambdarank import LambdaRank, RankerError
from recsys.own_ranker import own_ranker
from recsys.retrieval.conversing import Conversing
from recsys.retrieval.lexical import LexicalIndex
from recsys.retrieval.mentions import Mentions
from recsys.retrieval.together import Playlist, Together
from recsys.types import FloatArray
from recsys.vocabulary import Vocabulary

_LOG = logging.getLogger(__name__)
_FILE = "conversing.npz"


def write_conversing(building: Path, catalogue: Catalogue, vocabulary: Vocabulary, encoder: TextEncoder) -> None:
    """Encode what reading conversations needs into a generation's folder."""
    texts = _texts(catalogue, Knowledge(catalogue, vocabulary))
    vectors = encoder.encode(texts) if texts else np.zeros((0, encoder.dim), dtype=np.float32)
    np.savez(building / _FILE, digest=np.array(_digest(texts)), vectors=vectors)


def open_conversing(
    folder: Path,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    encoder: TextEncoder,
    lexical: LexicalIndex,
    names: FloatArray,
) -> Conversing:
    """Read conversations against the catalogue of a generation.

    Args:
        folder: the generation's.
        catalogue: its tracks.
        vocabulary: for genres in words.
        encoder: reads a turn's texts, and makes the vectors that are missing.
        lexical: the words of its tracks.
        names: unit vectors of the tracks' names (N, D).
    """
    knowledge, mentions = Knowledge(catalogue, vocabulary), Mentions(catalogue)
    texts = _texts(catalogue, knowledge)
    vectors = _stored(folder / _FILE, texts)
    if vectors is None:
        vectors = encoder.encode(texts) if texts else np.zeros((0, encoder.dim), dtype=np.float32)
    n_facts = len(knowledge.artists)
    of_names = dict(zip(texts[n_facts:], vectors[n_facts:], strict=True))
    together = Together(
        playlists_of(catalogue),
        mentions.main,
        catalogue.work,
        lambda asked: np.stack([of_names[text] for text in asked]),
        encoder.dim,
    )
    return Conversing(
        catalogue,
        vocabulary,
        lexical,
        encoder.encode,
        names,
        vectors[:n_facts],
        together,
        mentions=mentions,
        knowledge=knowledge,
    )


def load_ranker(home: Path) -> LambdaRank | None:
    """The ranker learnt in a data folder, else the shipped one; None where neither is there.

    One in the data folder that cannot be read is passed over with a warning: it must not stop the product.
    """
    try:
        own = own_ranker(home)
    except RankerError as error:
        _LOG.warning("conversations are ranked as they were before any was learnt from: %s", error)
        own = None
    return shipped_ranker() if own is None else own


def shipped_ranker() -> LambdaRank | None:
    """The ranker that comes with Segue, where one does.

    Raises:
        RankerError: it cannot be read.
    """
    with resources.as_file(resources.files("recsys").joinpath("data/ranker")) as shipped:
        return LambdaRank.load(shipped) if shipped.exists() else None


def playlists_of(catalogue: Catalogue) -> list[Playlist]:
    """The playlists that came with a catalogue, known by their names."""
    named = zip(catalogue.collections, catalogue.collection_rows, strict=True)
    return [Playlist(rows, (one.name,) if one.name.strip() else ()) for one, rows in named]


def _texts(catalogue: Catalogue, knowledge: Knowledge) -> list[str]:
    names = sorted({one.name for one in catalogue.collections if one.name.strip()})
    return [facts.text() for facts in knowledge.artists] + names


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _stored(file: Path, texts: Sequence[str]) -> FloatArray | None:
    try:
        with np.load(file) as stored:
            if str(stored["digest"]) != _digest(texts):
                return None
            vectors: FloatArray = stored["vectors"]
            return vectors
    except (OSError, ValueError, KeyError):
        return None
