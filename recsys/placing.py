"""Where single tracks stand among all that a turn may show, and what their scores are made of.

Shapes: N tracks of the catalogue, n tracks asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from recsys.constraints import NO, UNKNOWN, Checked
from recsys.jam.score import ScoreParts
from recsys.recommendation import Pick, Place
from recsys.types import BoolArray, FloatArray, IntArray


def split(
    jam: ScoreParts, scale: float, learnt: FloatArray | None, terms: Iterable[tuple[str, FloatArray]]
) -> dict[str, FloatArray]:
    """Split scores (n,) into named parts (n,) that add up to them.

    Args:
        jam: the joint-space scores (n,), the words' and the listener's.
        scale: what the ranking multiplies them with.
        learnt: (n,) what the head of a learnt space adds, scaled; None without one.
        terms: everything else that the ranking adds up, by part; its own "translation" stands for `jam` and is skipped.
    """
    parts = {"words": np.float32(scale) * jam.query, "taste": np.float32(scale) * jam.user}
    if learnt is not None:
        parts["learnt"] = learnt
    for name, term in terms:
        if name != "translation":
            parts[name] = parts[name] + term if name in parts else term
    return parts


def place(
    picks: Sequence[Pick],
    scores: FloatArray,
    tiers: IntArray,
    checked: Checked,
    parts: Mapping[str, FloatArray],
    banned: BoolArray,
) -> tuple[Place, ...]:
    """Rank the whole catalogue and say where each pick stands.

    Args:
        picks: the tracks asked about (n).
        scores: of every track (N,).
        tiers: of every track (N,), -1 for one that may not be shown.
        checked: the turn's constraints.
        parts: of the scores of the picks (n,).
        banned: (N,) whether a track is kept out whatever the constraints say.
    """
    order = np.lexsort((np.arange(len(scores)), -scores, tiers))
    order = order[tiers[order] >= 0]
    ranks = np.zeros(len(scores), dtype=np.int64)
    ranks[order] = np.arange(1, len(order) + 1)
    hard = [(c, met) for c, met in checked.pairs() if c.hard]
    return tuple(
        Place(
            pick=pick,
            rank=int(ranks[pick.row]),
            n_allowed=len(order),
            parts={name: float(values[number]) for name, values in parts.items()},
            failed=tuple(c for c, met in hard if met[pick.row] == NO),
            unknown=tuple(c for c, met in hard if c.wanted and met[pick.row] == UNKNOWN),
            banned=bool(banned[pick.row]),
        )
        for number, pick in enumerate(picks)
    )
