"""What lies beyond accuracy, measured on the first ten items of every list.

    coverage@10          the share of all items that some list shows; one number per seed
    popularity@10        mean popularity percentile (0–1) of what a list shows, by training answers
    diversity@10         one minus the mean cosine of the pairs of a list (intra-list diversity; Ziegler et al., 2005)
    personalisation@10   one minus the overlap (Jaccard) of the lists of two listeners with the same request
    own_choice@10        by how much more of a listener's answers their own list finds than the other's does

The cosine of two items is the mean, over the modalities that both have, of the cosine of their input features; a pair
that shares no modality is left out, and so is a list without any pair. Which two listeners: each query is paired with
the next one that says the same by somebody else.

Shapes: Q queries, N items, k items of a list, M modalities, D_m width of one.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.jam.dataset import JamSplit
from recsys.types import FloatArray, IntArray

#: Lists whose features are gathered at a time: some 40 MB.
_BLOCK = 256

Values = tuple[list[float], list[Hashable] | None]  # and the groups that are resampled together


@dataclass(frozen=True, eq=False)
class Beyond:
    """The figures of lists of item rows (Q, k)."""

    asked: JamSplit
    features: Mapping[str, FloatArray]  # modality -> (N, D_m); a zero row is absent
    train: JamSplit  # whose answers make an item popular
    n_items: int

    def of(self, shown: Mapping[int, IntArray]) -> dict[str, Values]:
        """Compute every figure, given lists (Q, k) by seed; a query's seeds are one group."""
        percentile = popularity_percentile(self.train, self.n_items)
        pairs = same_requests(self.asked)
        found: dict[str, Values] = {"coverage@10": ([], None)}
        for lists in shown.values():
            found["coverage@10"][0].append(len(np.unique(lists)) / self.n_items)
            per_query = {
                "popularity@10": percentile[lists].mean(axis=1),
                "diversity@10": diversity(lists, self.features),
            }
            for metric, values in per_query.items():
                known = np.flatnonzero(np.isfinite(values))
                _extend(found, metric, values[known].tolist(), known.tolist())
            if pairs:
                apart, own = zip(*(self._two(lists, *pair) for pair in pairs), strict=True)
                _extend(found, "personalisation@10", apart, pairs)
                _extend(found, "own_choice@10", own, pairs)
        return found

    def _two(self, lists: IntArray, a: int, b: int) -> tuple[float, float]:
        both = set(lists[a].tolist()), set(lists[b].tolist())
        apart = 1 - len(both[0] & both[1]) / len(both[0] | both[1])
        gains = []
        for query, own, other in ((a, *both), (b, *reversed(both))):
            relevant = set(self.asked.relevant(query).tolist())
            gains.append((len(own & relevant) - len(other & relevant)) / len(relevant))
        return apart, float(np.mean(gains))


def diversity(lists: IntArray, features: Mapping[str, FloatArray]) -> NDArray[np.float64]:
    """Return one minus the mean cosine of each list's (Q, k) pairs: (Q,), NaN where no pair shares a modality."""
    n_items = lists.shape[1]
    above = np.triu_indices(n_items, 1)
    out = np.full(len(lists), np.nan)
    units = []
    for table in features.values():
        norms = np.linalg.norm(table, axis=1, keepdims=True)
        units.append((table / np.where(norms > 0, norms, 1), norms[:, 0] > 0))
    for start in range(0, len(lists), _BLOCK):
        rows = lists[start : start + _BLOCK]
        total = np.zeros((len(rows), n_items, n_items))  # Σ over shared modalities
        shared = np.zeros_like(total)
        for unit, present in units:
            x, here = unit[rows], present[rows]
            total += x @ x.transpose(0, 2, 1)  # absent rows are zero
            shared += here[:, :, None] & here[:, None, :]
        total, shared = total[:, *above], shared[:, *above]  # (B, pairs)
        cosines = np.divide(total, shared, out=np.full_like(total, np.nan), where=shared > 0)
        known = np.flatnonzero((shared > 0).any(axis=1))
        out[start + known] = 1 - np.nanmean(cosines[known], axis=1)
    return out


def popularity_percentile(train: JamSplit, n_items: int) -> NDArray[np.float64]:
    """Return each item's place (N,) from 0, least often an answer, to 1."""
    given = np.bincount(train.items, minlength=n_items)
    places: NDArray[np.float64] = given.argsort(kind="stable").argsort(kind="stable") / max(n_items - 1, 1)
    return places


def same_requests(asked: JamSplit) -> list[tuple[int, int]]:
    """Pair each query with the next one that says the same by another listener."""
    last: dict[str, int] = {}
    pairs = []
    for number, text in enumerate(asked.texts):
        if text in last and asked.users[last[text]] != asked.users[number]:
            pairs.append((last[text], number))
        last[text] = number
    return pairs


def _extend(found: dict[str, Values], metric: str, values: Sequence[float], groups: Sequence[Hashable]) -> None:
    so_far, grouped = found.setdefault(metric, ([], []))
    so_far.extend(values)
    if grouped is not None:
        grouped.extend(groups)
