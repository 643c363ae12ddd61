"""What a learned ranking of a playlist's missing tracks has to beat: words, fame, and counting.

Each baseline is given a request in words and the history (catalogue rows), and scores every track of the catalogue:

- **bm25**: BM25 (Robertson & Zaragoza 2009; k1 1.5, b 0.75, English stop words and stemmer, by `bm25s`) of the request
  on title, artists, album and tags of each track. It does not look at the history.
- **popularity**: the catalogue's own popularity; it looks at neither.
- **cooccurrence**: how often the track shares a playlist with the history's tracks, over the square root of the number
  of its playlists (plus one), plus how many tracks of the history have its main artist. It does not look at the words.

Shapes: N tracks, P playlists, h tracks of history.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recsys.catalogue import Catalogue
from recsys.types import FloatArray, IntArray

#: Scores every track (N,) for a request and a history (h,).
Scorer = Callable[[str, IntArray], FloatArray]


def bm25(catalogue: Catalogue) -> Scorer:
    """Rank by the request's words."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    texts = [f"{catalogue.text_of(row)} {catalogue.tags_of(row)}" for row in range(len(catalogue))]
    index = bm25s.BM25()
    index.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)

    def scores(text: str, history: IntArray) -> FloatArray:
        words = bm25s.tokenize([text], stopwords="en", stemmer=stemmer, return_ids=False, show_progress=False)[0]
        known = [word for word in words if word in index.vocab_dict]
        if not known:
            return np.zeros(len(catalogue), dtype=np.float32)
        return np.asarray(index.get_scores(known), dtype=np.float32)

    return scores


def popularity(catalogue: Catalogue) -> Scorer:
    """Rank by fame; tracks of unknown popularity come last."""
    fame = np.nan_to_num(catalogue.numeric["popularity"], nan=-1.0)
    return lambda text, history: fame


def cooccurrence(catalogue: Catalogue) -> Scorer:
    """Rank by shared playlists and shared artists with the history."""
    from scipy.sparse import csr_array

    members = catalogue.collection_rows
    rows = np.concatenate([np.empty(0, dtype=np.int64), *members])
    columns = np.repeat(np.arange(len(members)), [len(one) for one in members])
    contains = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(catalogue), max(len(members), 1)))  # (N, P)
    n_playlists = np.asarray(contains.sum(axis=1)).ravel()

    def scores(text: str, history: IntArray) -> FloatArray:
        shared = contains @ np.asarray(contains[history].sum(axis=0)).ravel()
        of_artist = np.bincount(catalogue.artist_rows[history], minlength=len(catalogue.artist_names))
        counted = shared / np.sqrt(n_playlists + 1) + of_artist[catalogue.artist_rows]
        return np.asarray(counted, dtype=np.float32)

    return scores


BASELINES: dict[str, Callable[[Catalogue], Scorer]] = {
    "bm25": bm25,
    "popularity": popularity,
    "cooccurrence": cooccurrence,
}
