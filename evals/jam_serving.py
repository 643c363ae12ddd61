"""What `segue bench jam` measures of serving: one request against a hundred thousand tracks, scored and searched for.

Runs in a child process (`evals.child`) with the threads that it is given. Times are wall times of warm calls, one after
the other, so they ask for a machine that is otherwise idle.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from evals.jam_catalogue import Space, build_space, read_catalogue
from recsys.encoders.text import open_text_encoder
from recsys.index.base import JointPoint, SearchResult, TrackIndex
from recsys.index.certified import CertifiedIndex
from recsys.index.chroma import ChromaIndex, build_chroma
from recsys.index.exact import ExactIndex
from recsys.jam.score import cross_mix, mixed
from recsys.jam.sweep import every_score
from recsys.types import Progress

#: Tracks of a result.
K = 100
#: Requests timed, and requests scored together.
N_REQUESTS, N_TOGETHER = 200, 64
#: Lengths of lists for which the share of certified requests is reported.
DEPTHS = (100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600)
_N_DEEP = 50
_N_NAIVE = 10

_T = TypeVar("_T")


def serving(
    *,
    folder: str,
    home: str,
    encoder: str,
    parts: Sequence[str],
    n_tracks: int,
    seed: int,
    threads: int,
    n_requests: int = N_REQUESTS,
    steps: int | None = None,
    progress: Progress,
) -> dict[str, Any]:
    """Build the space and measure it.

    Returns:
        `n_tracks`, `n_real`, and for the parts asked for: `score` with lists of milliseconds `exact`, `materialised`
        and `together` (per request); `retrieve` with what `_retrieval` returns.
    """
    root = Path(home)
    text_encoder = open_text_encoder(encoder, root / "cache" / "encoder", threads, progress)
    space = build_space(
        read_catalogue(Path(folder), progress),
        n_tracks,
        n_requests,
        seed=seed,
        threads=threads,
        encoder=text_encoder,
        home=root,
        steps=steps,
        progress=progress,
    )
    found: dict[str, Any] = {"n_tracks": space.projections.n_tracks, "n_real": space.n_real}
    if "score" in parts:
        found["score"] = _scoring(space, progress)
    if "retrieve" in parts:
        with tempfile.TemporaryDirectory(dir=root.parent) as chroma:
            found["retrieve"] = _retrieval(space, Path(chroma) / "chroma", threads, progress)
    return found


def _scoring(space: Space, progress: Progress) -> dict[str, list[float]]:
    projections, points = space.projections, space.points
    every = np.arange(projections.n_tracks)

    def score(point: JointPoint) -> object:
        return every_score([point], projections, cross_mix)

    def materialise(point: JointPoint) -> object:
        return mixed(point, projections, cross_mix, every) @ (point.user + point.query)

    batches = [points[first : first + N_TOGETHER] for first in range(0, len(points), N_TOGETHER)]
    together = _timed(lambda batch: every_score(batch, projections, cross_mix), batches)
    return {
        "exact": _timed(score, points, partial(progress, "score")),
        "materialised": _timed(materialise, points[:_N_NAIVE]),
        "together": [took / len(batch) for took, batch in zip(together, batches, strict=True)],
    }


def _retrieval(space: Space, folder: Path, threads: int, progress: Progress) -> dict[str, Any]:
    """Search through Chroma and exactly.

    Returns:
        `build_s`; `exact` and `chroma` with lists over requests of `ms`, `recall`, `certified` and `scored`; `lists`,
        the same by length, for lists with no other bound than their own ends and no exact scorer behind them.
    """
    projections, points = space.projections, space.points
    started = time.perf_counter()
    build_chroma(folder, projections, [str(row) for row in range(projections.n_tracks)], progress, threads)
    build_s = time.perf_counter() - started
    exact = ExactIndex(projections, cross_mix)
    chroma = ChromaIndex(folder, projections, cross_mix, threads=threads)
    right = [exact.search(point, K) for point in points]
    found: dict[str, Any] = {"build_s": build_s, "lists": {}}
    indexes: Mapping[str, TrackIndex] = {"exact": exact, "chroma": chroma}
    for name, index in indexes.items():
        found[name] = _searched(index, points, right, partial(progress, f"search {name}"))
    for depth in DEPTHS:
        if depth <= projections.n_tracks:
            lists = CertifiedIndex(projections, cross_mix, chroma.lists, cap=depth, few=0, fall_back=False)
            told = partial(progress, f"lists of {depth}")
            found["lists"][depth] = _searched(lists, points[:_N_DEEP], right[:_N_DEEP], told)
    chroma.close()
    return found


def _searched(
    index: TrackIndex, points: Sequence[JointPoint], right: Sequence[SearchResult], told: Callable[[int, int], None]
) -> dict[str, list[float]]:
    results: list[SearchResult] = []
    ms = _timed(lambda point: results.append(index.search(point, K)), points, told)
    results = results[-len(points) :]  # the first search is made twice
    return {
        "ms": ms,
        "recall": [
            len(np.intersect1d(one.rows, best.rows)) / len(best.rows) for one, best in zip(results, right, strict=True)
        ],
        "certified": [float(one.certified) for one in results],
        "scored": [float(one.n_scored) for one in results],
    }


def _timed(
    call: Callable[[_T], object], over: Sequence[_T], told: Callable[[int, int], None] | None = None
) -> list[float]:
    """Milliseconds of every call, after one that is not counted."""
    call(over[0])
    times = []
    for number, one in enumerate(over, 1):
        started = time.perf_counter()
        call(one)
        times.append(1e3 * (time.perf_counter() - started))
        if told and number % 10 == 0:
            told(number, len(over))
    return times
