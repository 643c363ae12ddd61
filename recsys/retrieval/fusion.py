"""The retrievers of a session, each alone, and what they bring to the table together.

Each scores every track from what a conversation says of it (`recsys.retrieval.conversing`); a track with nothing in its
favour scores zero and is not found. Their best are united for the ranker; where there is none, weighted reciprocal rank
fusion orders them (Cormack et al. 2009):

    score(t) = Σ_r w_r / (60 + rank_r(t))

Shapes: N tracks, C candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.retrieval.top import top
from recsys.types import BoolArray, FloatArray, IntArray

_K = 60.0
Evidence = Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Retriever:
    """One way of finding tracks: how it scores them, how many it brings, and what its ranks count in fusion."""

    score: Callable[[Evidence], FloatArray]
    n_candidates: int
    weight: float


def _entities(e: Evidence) -> FloatArray:
    """Artists, titles and albums named now, before, or in an answer."""
    named: FloatArray = np.max(
        [
            e["artist_named_now"],
            0.85 * e["artist_named_before"],
            0.7 * e["artist_named_earlier"],
            0.5 * e["artist_in_last_response"],
            0.4 * e["artist_in_earlier_response"],
            0.9 * e["title_named_now"],
            0.6 * e["title_named_before"],
            0.7 * e["album_named_now"],
            0.5 * e["album_named_before"],
        ],
        axis=0,
    )
    return _array(named * (1 - np.minimum(e["artist_refused_now"], 1)))


def _continuation(e: Evidence) -> FloatArray:
    """More of the artists and albums that were liked."""
    liked = e["liked_with_artist"] + 0.5 * e["liked_last_of_artist"] + 0.5 * e["liked_of_album"]
    result: FloatArray = np.asarray(
        liked / (1 + 0.5 * e["disliked_of_artist"] + 0.5 * e["disliked_of_album"]), dtype=np.float32
    )
    return result


def _bm25(e: Evidence) -> FloatArray:
    """The words of all that was said and of what was liked, above all of what was said last."""
    return _array(e["words_with_liked"] + 0.7 * e["words_now"])


def _dense(e: Evidence) -> FloatArray:
    """Nearness of names to what was said and liked."""
    result: FloatArray = np.asarray(
        e["text_now_and_liked"] + 0.5 * e["text_all"] + 0.3 * e["artist_text_all"], dtype=np.float32
    )
    return result


def _neighbours(e: Evidence) -> FloatArray:
    """Nearness to what was liked, minus nearness to what was disliked."""
    liked = e["text_liked"] + 0.5 * e["text_nearest_liked"]
    result: FloatArray = np.asarray(
        np.where(liked > 0, np.maximum(liked - 0.3 * e["text_nearest_disliked"], 0), 0), dtype=np.float32
    )
    return result


def _together(e: Evidence) -> FloatArray:
    """The company of what was liked and named, and what the playlists like the words hold."""
    parts = ("company_of_liked", "company_of_named", "artist_in_alike_playlists", "track_in_alike_playlists")
    return _array(np.sum([_scaled(e[name]) for name in parts], axis=0))


def _knowledge(e: Evidence) -> FloatArray:
    """What the facts of well-known artists say of the words and of what was liked and named."""
    known = np.nan_to_num(e["known"]) / 20
    asked = np.nan_to_num(e["genre_asked"]) + 0.7 * np.nan_to_num(e["decade_asked"])
    taste = 0.5 * np.nan_to_num(e["genre_like_wanted"])
    result: FloatArray = np.asarray(
        np.maximum(known + asked + taste + 0.8 * np.nan_to_num(e["facts_all"]), 0), dtype=np.float32
    )
    return result


def _popularity(e: Evidence) -> FloatArray:
    """How many playlists hold a track and its artist, and what is known of its fame."""
    counted = _scaled(e["track_in_playlists"]) + 0.5 * _scaled(e["artist_tracks_in_playlists"])
    return _array(counted + np.maximum(np.nan_to_num(e["known"]), 0) / 20)


RETRIEVERS: Mapping[str, Retriever] = {
    "entities": Retriever(_entities, 220, 3.0),
    "continuation": Retriever(_continuation, 120, 1.5),
    "words": Retriever(_bm25, 80, 1.5),
    "dense": Retriever(_dense, 60, 1.0),
    "neighbours": Retriever(_neighbours, 30, 0.5),
    "together": Retriever(_together, 110, 1.0),
    "knowledge": Retriever(_knowledge, 300, 1.0),
    "popularity": Retriever(_popularity, 10, 0.3),
}


def scores_of(name: str, evidence: Evidence) -> FloatArray:
    """What one retriever gives every track (N,); equals are told apart by words, nearness and fame."""
    scores = RETRIEVERS[name].score(evidence)
    tie = (
        0.05 * evidence["words_with_liked"]
        + 0.05 * evidence["text_all"]
        + 0.01 * np.nan_to_num(evidence["known"])
        + 0.02 * np.minimum(evidence["track_in_playlists"], 1)
    )
    scale = float(scores.max(initial=0))
    result: FloatArray = np.where(scores > 0, np.maximum(scores + scale * tie, 1e-6), 0).astype(np.float32)
    return result


def retrieve(evidence: Evidence, allowed: BoolArray) -> dict[str, IntArray]:
    """The best of every retriever among the tracks that are `allowed` (N,), best first."""
    return {
        name: top(np.where(allowed, scores_of(name, evidence), 0), one.n_candidates) for name, one in RETRIEVERS.items()
    }


def fuse(found: Mapping[str, IntArray], n_tracks: int) -> FloatArray:
    """Weighted reciprocal rank fusion of the retrievers' lists: (N,), zero for what none of them found."""
    fused = np.zeros(n_tracks, dtype=np.float32)
    for name, rows in found.items():
        if name in RETRIEVERS:
            fused[rows] += np.float32(RETRIEVERS[name].weight) / (_K + np.arange(1, len(rows) + 1, dtype=np.float32))
    return fused


def _array(values: NDArray[np.floating[Any]]) -> FloatArray:
    return values.astype(np.float32)


def _scaled(values: FloatArray) -> FloatArray:
    most = float(values.max(initial=0))
    return values / np.float32(most) if most > 0 else values
