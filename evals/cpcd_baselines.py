"""What a ranking for a conversation has to beat: words, fame, and chance.

- **bm25**: BM25 (Robertson & Zaragoza 2009; k1 1.5, b 0.75, English stop words and stemmer, by `bm25s`) over title,
  artists and album of each track. The query is every utterance so far, and title and artists of up to three tracks
  liked at each earlier turn.
- **bm25-last**: the same over the last utterance alone; **bm25-all**: over all utterances, without what was liked.
- **popularity**: in how many goal playlists of the training dialogues the work is; of its versions, one stands for it.
- **random**: a permutation of the catalogue, drawn by seed and by what was said.

Ties are broken by a hash of the track id: a place in the file would tell how a track came into it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evals.cpcd_context import Context, Factory
from recsys.catalogue import Catalogue
from recsys.dialogues import Dialogue, Heard
from recsys.types import FloatArray, IntArray, TrackId

#: Puts a query together from what was heard.
Asked = Callable[[Heard, Catalogue], str]


class Bm25:
    """BM25 over title, artists and album; N tracks, in the order of their hashes."""

    def __init__(self, name: str, context: Context, asked: Asked) -> None:
        """Rank by the words of a query."""
        self.name, self._asked = name, asked
        self._catalogue = context.catalogue
        self._order = context.once("order by hash", lambda: by_hash(context.catalogue))
        self._index = context.once("bm25 index", lambda: _index(context.catalogue, self._order))

    def fit(self, dialogues: Sequence[Dialogue]) -> None:
        """Nothing is learnt."""

    def rank(self, heard: Heard, k: int) -> list[TrackId]:
        """Return the k tracks whose texts match best."""
        words = [word for word in _tokens(self._asked(heard, self._catalogue)) if word in self._index.vocab_dict]
        scores = self._index.get_scores(words) if words else np.zeros(len(self._order), np.float32)
        return [self._catalogue.track_ids[row] for row in self._order[_best(scores, k)].tolist()]

    def show(self, heard: Heard, n: int) -> list[TrackId] | None:
        """It has no slate."""
        return None


class Popularity:
    """Counts in how many training goals a work is."""

    def __init__(self, name: str, context: Context) -> None:
        """Count nothing yet."""
        self.name, self._context = name, context
        self._ranking: list[TrackId] = []

    def fit(self, dialogues: Sequence[Dialogue]) -> None:
        """Count the works of all goals, each goal once."""
        clusters = self._context.clusters
        counts = Counter(
            cluster
            for one in dialogues
            for cluster in {clusters[track_id] for track_id in one.goal if track_id in clusters}
        )
        catalogue = self._context.catalogue
        order = self._context.once("order by hash", lambda: by_hash(catalogue))
        first: dict[str, TrackId] = {}
        for row in order.tolist():
            first.setdefault(clusters[catalogue.track_ids[row]], catalogue.track_ids[row])
        self._ranking = [first[cluster] for cluster in sorted(first, key=lambda one: -counts[one])]

    def rank(self, heard: Heard, k: int) -> list[TrackId]:
        """Return the same tracks whatever was said."""
        return self._ranking[:k]

    def show(self, heard: Heard, n: int) -> list[TrackId] | None:
        """It has no slate."""
        return None


class Random:
    """Draws tracks, by seed and by what was said."""

    def __init__(self, name: str, context: Context, seed: int) -> None:
        """Draw from the catalogue."""
        self.name, self._track_ids, self._seed = name, context.catalogue.track_ids, seed

    def fit(self, dialogues: Sequence[Dialogue]) -> None:
        """Nothing is learnt."""

    def rank(self, heard: Heard, k: int) -> list[TrackId]:
        """Return k tracks."""
        said = hashlib.sha256(repr(heard.utterances).encode("utf-8", "surrogatepass")).digest()
        rng = np.random.default_rng([self._seed, int.from_bytes(said[:8], "little")])
        return [self._track_ids[row] for row in rng.permutation(len(self._track_ids))[:k].tolist()]

    def show(self, heard: Heard, n: int) -> list[TrackId] | None:
        """It has no slate."""
        return None


def by_hash(catalogue: Catalogue) -> IntArray:
    """Return all rows (N,) in an order that depends on nothing but each track's id."""
    hashes = [hashlib.sha256(track_id.encode("utf-8", "surrogatepass")).digest() for track_id in catalogue.track_ids]
    return np.array(sorted(range(len(hashes)), key=hashes.__getitem__), np.int64)


def said_and_liked(heard: Heard, catalogue: Catalogue) -> str:
    """Put together all utterances, and title and artists of what was liked; tracks of no catalogue are left out."""
    liked = [
        f"{catalogue.titles[row]} {' '.join(catalogue.artists[row])}"
        for track_ids in heard.liked
        for row in catalogue.rows(track_ids).tolist()
    ]
    return " ".join([*heard.utterances, *liked])


def _all_said(heard: Heard, catalogue: Catalogue) -> str:
    return " ".join(heard.utterances)


def _last_said(heard: Heard, catalogue: Catalogue) -> str:
    return heard.utterances[-1]


def _best(scores: FloatArray, k: int) -> IntArray:
    return np.argsort(-scores, kind="stable")[:k]


def _index(catalogue: Catalogue, order: IntArray) -> Any:
    import bm25s

    texts = [
        " ".join([catalogue.titles[row], *catalogue.artists[row], catalogue.albums[row] or ""])
        for row in order.tolist()
    ]
    index = bm25s.BM25()
    # bm25s cannot index a corpus without any word: a control character stands for "no words".
    index.index([_tokens(text) or ["\x00"] for text in texts], show_progress=False)
    return index


def _tokens(text: str) -> list[str]:
    import bm25s
    import Stemmer

    words: list[list[str]] = bm25s.tokenize(
        [text], stopwords="en", stemmer=Stemmer.Stemmer("english"), return_ids=False, show_progress=False
    )
    return words[0]


BASELINES: dict[str, Factory] = {
    "bm25": lambda context, seed: Bm25("bm25", context, said_and_liked),
    "bm25-last": lambda context, seed: Bm25("bm25-last", context, _last_said),
    "bm25-all": lambda context, seed: Bm25("bm25-all", context, _all_said),
    "popularity": lambda context, seed: Popularity("popularity", context),
    "random": lambda context, seed: Random("random", context, seed),
}
