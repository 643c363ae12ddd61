"""What was answered before: counts of requests, listeners and items, and the score features they give.

A memory is built from requests that real listeners made and the items that answered them, and from undated play counts
where they are known. It turns a request text and a listener's history into one number per item and feature; JAM's
translation plus a weighted sum of them is the score (see `recsys.jam.joint`).

Features of an item a for a request t by a listener with plays p and kept items g (formulas ours):

    share     log(1 + 100·n(t, a) / (n(a) + 10))   how much of what the item was given for is this request
    alike     log(1 + Σ_s cos(t, s)·n(s, a))       the 20 requests s answered most like t (log counts, cosine)
    worded    log(1 + Σ_s cos⁴(t, s)·n(s, a))      the 10 requests whose words are nearest, cosine of text vectors > .3
    known     log(1 + n(a))                        how often it answered anything
    played    log(1 + p(a)) / log(1 + max p)       the listener has played it
    kept      log(1 + g(a))                        the listener was given it and kept it
    company   log(1 + Σ_h cos(h, a))               over the items h played; cosine over listeners
    beside    log(1 + Σ_h cos(h, a))               the same over the items h kept

The first four come a second time, multiplied by 1 / (1 + log(1 + n(t))): a request that was made often speaks for
itself, of one that was made once or never its neighbours tell more.

What the listener played is weighed apart from what is new to them, since what they know of it is not what others know:
`heard` is 1 for played items, and the first four, company and beside come once more, zero for all others.

n(t, a) counts the listeners who were given a for t; n(a) = Σ_t n(t, a), n(t) = Σ_a n(t, a). Requests count as one when
their texts are equal but for case and space. `known` is a constant of each item, the others are zero for most items.

Shapes: T distinct requests, N items, U listeners, F features, D width of a text vector, h items of a history.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array, load_npz, save_npz

from recsys.listeners import event_factors
from recsys.types import Event, EventKind, FloatArray, IntArray, TrackId

OF_THE_REQUEST = ("share", "alike", "worded", "known")
OF_THE_LISTENER = ("played", "kept", "company", "beside")
#: What speaks differently of played items.
_APART = (*OF_THE_REQUEST, "company", "beside")
OF_PLAYED = ("heard", *(f"{name}_if_played" for name in _APART))
COUNTED = (*OF_THE_REQUEST, *(f"{name}_if_rare" for name in OF_THE_REQUEST), *OF_THE_LISTENER, *OF_PLAYED)

_N_ALIKE, _N_WORDED = 20, 10
_LEAST_COSINE = 0.3
#: Neighbours kept per item for `company`: the rest adds less than rounding to a ranking and takes most of the memory.
_N_NEIGHBOURS = 400


@dataclass(frozen=True)
class History:
    """What a listener did, as far as scoring needs it. An item may be in either part or in both."""

    played: IntArray  # (h,) rows
    plays: FloatArray  # (h,) how often, > 0
    kept: IntArray  # (g,) rows
    times: FloatArray  # (g,) for how many requests it was kept, > 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of the listener."""
        return not len(self.played) and not len(self.kept)

    @classmethod
    def empty(cls) -> History:
        """Return the history of a listener of whom nothing is known."""
        rows, values = np.empty(0, np.int64), np.empty(0, np.float32)
        return cls(rows, values, rows, values)

    @classmethod
    def of(cls, events: Iterable[Event], row_of: Mapping[TrackId, int], *, session_id: str | None = None) -> History:
        """Count what a listener did: plays and what was kept or liked; a track disliked last counts for nothing.

        Plays broken off before a third and tracks outside the catalogue are left out. `row_of` maps tracks to rows. An
        evening counts within limits, and the session `session_id`, which is going on, in full (`recsys.listeners`).
        """
        plays: dict[int, float] = {}
        kept: dict[int, float] = {}
        disliked: set[int] = set()
        ordered = sorted(events, key=lambda one: one.at)
        for event, factor in zip(ordered, event_factors(ordered, session_id=session_id), strict=True):
            row = row_of.get(event.track_id)
            if row is None:
                continue
            if event.kind is EventKind.PLAY and (event.completion is None or event.completion >= 1 / 3):
                plays[row] = plays.get(row, 0.0) + factor * event.times
            elif event.kind in (EventKind.KEEP, EventKind.LIKE):
                kept[row] = kept.get(row, 0.0) + factor * event.times
                disliked.discard(row)
            elif event.kind is EventKind.DISLIKE:
                disliked.add(row)
        for row in disliked:
            plays.pop(row, None)
            kept.pop(row, None)
        return cls(*_sorted_rows(plays), *_sorted_rows(kept))

    def beside(self, rows: Sequence[int]) -> History:
        """Return the same with tracks named as examples of the moment: kept, as often as anything else was."""
        times = dict(zip(self.kept.tolist(), self.times.tolist(), strict=True))
        most = max(times.values(), default=1.0)
        return History(self.played, self.plays, *_sorted_rows(times | dict.fromkeys(rows, most)))

    @property
    def known(self) -> bool:
        """Whether there is anything."""
        return bool(len(self.played) or len(self.kept))

    @property
    def play_weights(self) -> FloatArray:
        """Damped play counts (h,) in 0–1, the most played item at 1."""
        logs = np.log1p(self.plays).astype(np.float32)
        return logs / logs.max() if len(logs) else logs


class RequestMemory:
    """Counts over past requests, ready to be asked."""

    def __init__(
        self, texts: Sequence[str], vectors: FloatArray, counts: csr_array, neighbours: csr_array | None
    ) -> None:
        """Take the distinct requests (T,), their text vectors (T, D), counts (T, N) and item cosines (N, N)."""
        self.texts, self.vectors, self.counts = list(texts), vectors, counts
        self.neighbours = neighbours
        self._number_of = {text: number for number, text in enumerate(self.texts)}
        self._alike: dict[int, tuple[IntArray, FloatArray]] = {}  # what was asked for once is often asked for again
        self.n_given = np.asarray(counts.sum(axis=0)).ravel().astype(np.float32)  # (N,)
        self._times = np.asarray(counts.sum(axis=1)).ravel().astype(np.float32)  # (T,)
        damped = counts.copy()
        damped.data = np.log1p(damped.data)
        self._damped = normalised(damped)

    @classmethod
    def build(
        cls,
        texts: Sequence[str],
        starts: IntArray,
        items: IntArray,
        n_items: int,
        vectors: FloatArray,
        neighbours: csr_array | None,
    ) -> RequestMemory:
        """Count requests and answers.

        Args:
            texts: (Q,) requests, one per query.
            starts: (Q+1,) offsets into `items`.
            items: (P,) rows of the answers.
            n_items: N.
            vectors: (Q, D) text vectors of the requests.
            neighbours: (N, N) item cosines of `cosine_neighbours`, for `company`; None where nothing is known.
        """
        keys = [request_key(text) for text in texts]
        distinct = list(dict.fromkeys(keys))
        number_of = {key: number for number, key in enumerate(distinct)}
        first = {key: query for query, key in reversed(list(enumerate(keys)))}
        numbers = np.repeat([number_of[key] for key in keys], np.diff(starts)) if len(keys) else np.empty(0, np.int64)
        counts = csr_array(
            (np.ones(len(items), np.float32), (numbers, items)), shape=(len(distinct), n_items), dtype=np.float32
        )
        counts.sum_duplicates()
        rows = vectors[[first[key] for key in distinct]] if distinct else np.empty((0, vectors.shape[1]), np.float32)
        return cls(distinct, rows, counts, neighbours)

    def save(self, folder: Path) -> None:
        """Write the memory into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "requests.json").write_text(json.dumps(self.texts, ensure_ascii=False), encoding="utf-8")
        np.save(folder / "vectors.npy", self.vectors)
        save_npz(folder / "counts.npz", self.counts, compressed=False)
        if self.neighbours is not None:
            save_npz(folder / "neighbours.npz", self.neighbours, compressed=False)

    @classmethod
    def load(cls, folder: Path) -> RequestMemory:
        """Read what `save` wrote."""
        near = folder / "neighbours.npz"
        return cls(
            json.loads((folder / "requests.json").read_text(encoding="utf-8")),
            np.load(folder / "vectors.npy"),
            csr_array(load_npz(folder / "counts.npz")),
            csr_array(load_npz(near)) if near.exists() else None,
        )

    @property
    def n_items(self) -> int:
        """N, the number of items."""
        return int(self.counts.shape[1])

    @property
    def known(self) -> FloatArray:
        """The feature of that name (N,), the same for every request."""
        return np.log1p(self.n_given)

    def rarity(self, text: str) -> float:
        """How rarely a request was made: 1 for a new one, towards 0 for a frequent one."""
        number = self.number(text)
        return float(1 / (1 + np.log1p(0 if number is None else self._times[number])))

    def number(self, text: str) -> int | None:
        """Return the number of a request that was made before, None for a new one."""
        return self._number_of.get(request_key(text))

    def alike(self, number: int) -> tuple[IntArray, FloatArray]:
        """Return the requests whose answers are most like those of one, without itself, and their cosines."""
        if number not in self._alike:
            self._alike[number] = self._find_alike(number)
        return self._alike[number]

    def _find_alike(self, number: int) -> tuple[IntArray, FloatArray]:
        cosines = np.asarray((self._damped @ self._damped[[number]].T).todense()).ravel()
        cosines[number] = 0
        return _largest(cosines, _N_ALIKE, 1e-3)

    def worded(self, vector: FloatArray, number: int | None) -> tuple[IntArray, FloatArray]:
        """Return the requests worded most like a text vector (D,), without itself, and cosine⁴."""
        cosines = self.vectors @ vector
        if number is not None:
            cosines[number] = 0
        rows, near = _largest(cosines, _N_WORDED, _LEAST_COSINE)
        return rows, near**4

    def features(self, text: str, vector: FloatArray, history: History) -> dict[str, FloatArray]:
        """Compute all features (N,) of every item by name.

        Args:
            text: the request.
            vector: (D,) its unit text vector.
            history: the listener's.
        """
        found = self.of_request(text, vector)
        found["played"] = np.zeros(self.n_items, np.float32)
        found["played"][history.played] = history.play_weights
        found["kept"] = np.zeros(self.n_items, np.float32)
        found["kept"][history.kept] = np.log1p(history.times)
        for name, rows in (("company", history.played), ("beside", history.kept)):
            if self.neighbours is None:
                found[name] = np.zeros(self.n_items, np.float32)
            else:
                found[name] = np.log1p(_row_sum(self.neighbours, rows, np.ones(len(rows))))
        heard = np.zeros(self.n_items, np.float32)
        heard[history.played] = 1
        return found | {"heard": heard} | {f"{name}_if_played": heard * found[name] for name in _APART}

    def of_request(self, text: str, vector: FloatArray) -> dict[str, FloatArray]:
        """Compute the features (N,) that depend on the request alone."""
        number = self.number(text)
        share, alike = np.zeros(self.n_items, np.float32), np.zeros(self.n_items, np.float32)
        if number is not None:
            given = _row_sum(self.counts, np.array([number]), np.ones(1))
            share = np.log1p(100 * given / (self.n_given + 10))
            alike = np.log1p(_row_sum(self.counts, *self.alike(number)))
        worded = np.log1p(_row_sum(self.counts, *self.worded(vector, number)))
        found = {"share": share, "alike": alike, "worded": worded, "known": self.known}
        rarity = np.float32(self.rarity(text))
        return found | {f"{name}_if_rare": rarity * values for name, values in found.items()}

    def profile(self, text: str, vector: FloatArray) -> tuple[csr_array, csr_array]:
        """Return what a request, and what the requests worded like it, were answered with: two unit rows (1, N).

        Entries are log(1 + n(t, a)) / √(n(a) + 3), so that items given for everything do not stand for anything.
        """
        number = self.number(text)
        own = self._profiles[[number]] if number is not None else csr_array((1, self.n_items), dtype=np.float32)
        rows, near = self.worded(vector, number)
        weights = csr_array(
            (near.astype(np.float32), (np.zeros(len(rows), np.int64), rows)), shape=(1, len(self.texts))
        )
        return own, normalised(csr_array(weights @ self._profiles))

    @property
    def _profiles(self) -> csr_array:
        if not hasattr(self, "_profile_rows"):
            damped = self.counts.copy()
            damped.data = np.log1p(damped.data)
            scale = (1 / np.sqrt(self.n_given + 3)).astype(np.float32)
            self._profile_rows = normalised(csr_array(damped @ diags_array(scale)))
        return self._profile_rows


def _sorted_rows(values: Mapping[int, float]) -> tuple[IntArray, FloatArray]:
    rows = sorted(values)
    return np.array(rows, np.int64), np.array([values[row] for row in rows], np.float32)


def request_key(text: str) -> str:
    """Return what two wordings of one request share: the text but for case and space; "c++" is not "c"."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def cosine_neighbours(plays: csr_array, n_kept: int = _N_NEIGHBOURS) -> csr_array:
    """Return cosines (N, N) between items over the listeners (U, N) who played them, the largest of each row."""
    heard = plays.copy().astype(np.float32)
    heard.data[:] = 1
    norms = np.sqrt(np.asarray(heard.sum(axis=0)).ravel())
    unit = csr_array(heard @ diags_array(1 / np.maximum(norms, 1)))
    cosines = csr_array(unit.T @ unit)
    cosines.setdiag(0)
    cosines.eliminate_zeros()
    long = np.flatnonzero(np.diff(cosines.indptr) > n_kept)
    for row in long.tolist():
        values = cosines.data[cosines.indptr[row] : cosines.indptr[row + 1]]
        values[values < np.partition(values, -n_kept)[-n_kept]] = 0
    cosines.eliminate_zeros()
    return cosines.astype(np.float32)


def normalised(matrix: csr_array) -> csr_array:
    """Bring the rows of a sparse matrix to unit length; empty rows stay."""
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return csr_array(diags_array(1 / np.where(norms > 0, norms, 1)) @ matrix).astype(np.float32)


def _largest(values: FloatArray, k: int, least: float) -> tuple[IntArray, FloatArray]:
    """Positions and values of the k largest that reach `least`, and of all that tie with the k-th."""
    if k < len(values):
        least = max(least, float(np.partition(values, len(values) - k)[len(values) - k]))
    rows = np.flatnonzero(values >= least)
    return rows, values[rows]


def _row_sum(matrix: csr_array, rows: IntArray, weights: np.ndarray[Any, np.dtype[Any]]) -> FloatArray:
    """Σ_r weight_r · matrix[r] as a dense row (n,)."""
    out = np.zeros(matrix.shape[1], np.float32)
    for row, weight in zip(rows.tolist(), weights.tolist(), strict=True):
        here = slice(matrix.indptr[row], matrix.indptr[row + 1])
        out[matrix.indices[here]] += matrix.data[here] * np.float32(weight)
    return out


def stack(features: Mapping[str, FloatArray], names: Sequence[str] = COUNTED) -> FloatArray:
    """Put features side by side: (F, N)."""
    return np.stack([features[name] for name in names])
