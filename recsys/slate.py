"""From ranked candidates to one slate: versions shown once, artists capped, minutes met, a sensible order.

What a listener keeps is fixed: it is always picked, and stands where it stood. All functions are pure. Candidates come
best first, with a tier: tier 0 meets every hard constraint, a higher tier only after something was relaxed, and no
track of a higher tier is taken while a lower one can still fill the slate. C candidates, D width of the track vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recsys.groups import FAIR, Fairness
from recsys.types import Arc, BoolArray, FloatArray, IntArray

#: Cost of similarity to what is already picked, against scores that differ by about 1 from track to track.
DIVERSITY = 0.6
#: Minutes are met when the total is within this share of what was asked; the search aims for half of it.
MINUTES_TOLERANCE = 0.05
_POOL = 150  # candidates beyond the pick that the search for exact minutes may use
_MAX_TRACKS = 500
#: An arc is chosen from so many times the tracks of the slate; and what a step of energy costs in scores.
_ARC_POOL, _ARC_COST = 3, 4.0
#: What a step that came most often gains in an order: as much as two sounds that have nothing in common lose.
_LEARNT_STEP = 0.5
#: Quantiles of the pool's energy between which an arc runs.
_ARC_ENDS = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the slate is made from, one entry per candidate (C,)."""

    rows: IntArray
    scores: FloatArray
    tiers: IntArray
    works: IntArray  # same number = versions of one work
    artists: IntArray  # main artist
    durations_s: FloatArray
    vectors: FloatArray  # (C, D), unit rows or zero
    energy: FloatArray  # NaN where unknown
    first: frozenset[int]  # positions of candidates asked for by title: they open the slate
    fixed: Mapping[int, int] = field(default_factory=dict)  # position of a candidate → its place in the slate, from 0
    must: frozenset[int] = frozenset()  # positions of candidates that are always picked, at any place
    fits: BoolArray | None = None  # (G, C) which of several listeners each candidate fits; None for one listener
    own: FloatArray | None = None  # (G, C) and the members' own scores
    fairness: Fairness = FAIR

    @property
    def stay(self) -> frozenset[int]:
        """Positions of candidates that are picked whatever they repeat."""
        return self.must.union(self.fixed)


def choose(
    candidates: Candidates,
    *,
    size: int,
    minutes: float | None,
    caps: Mapping[int, int],
    max_per_artist: int,
    arc: Arc | None = None,
) -> list[int]:
    """Pick positions into `candidates`: at most `size` tracks, or as many as fill `minutes`.

    Args:
        candidates: best first.
        size: number of tracks; not looked at when `minutes` is given.
        minutes: total length asked for.
        caps: most tracks of single artists that differ from `max_per_artist`.
        max_per_artist: most tracks of every other artist.
        arc: how the energy is to go; the tracks are then chosen over a wide range of it.

    Returns:
        Positions in the order picked; fewer than asked where the candidates run out.
    """
    target_s = None if minutes is None else minutes * 60.0
    if arc is None:
        picked = _greedy(candidates, size, target_s, caps, max_per_artist)
    else:
        more = None if target_s is None else target_s * _ARC_POOL
        pool = _greedy(candidates, size * _ARC_POOL, more, caps, max_per_artist)
        picked = _over_energy(candidates, pool, size if target_s is None else len(pool) // _ARC_POOL)
    if target_s is not None and picked:
        picked = _fit_minutes(candidates, picked, target_s, caps, max_per_artist)
    return picked


def _greedy(
    c: Candidates, size: int, target_s: float | None, caps: Mapping[int, int], max_per_artist: int
) -> list[int]:
    open_ = np.ones(len(c.rows), dtype=bool)
    open_[_unfixed(c, np.isin(c.artists, [artist for artist, most in caps.items() if most < 1]))] = False
    nearest = np.zeros(len(c.rows), dtype=np.float32)  # greatest cosine to a picked track
    of_artist: dict[int, int] = {}
    picked: list[int] = []
    total = 0.0
    # tracks asked for by title come before everything, in the order of their scores
    value = c.scores - 1000.0 * c.tiers
    stay = c.stay
    value[list(c.first)] += 1e6
    value[list(c.must)] += 1e8
    value[list(c.fixed)] += 1e9
    limit = size if target_s is None else _MAX_TRACKS + len(c.stay)
    while open_.any() and len(picked) < limit:
        gain = np.where(open_, value - DIVERSITY * nearest + c.fairness.lifted(c, picked, open_), -np.inf)
        best = int(np.argmax(gain))
        if target_s is not None and total >= target_s * (1 - MINUTES_TOLERANCE / 4) and best not in stay:
            break
        picked.append(best)
        total += float(c.durations_s[best])
        artist = int(c.artists[best])
        of_artist[artist] = of_artist.get(artist, 0) + 1
        open_[_unfixed(c, c.works == c.works[best])] = False
        open_[best] = False
        if of_artist[artist] >= caps.get(artist, max_per_artist):
            open_[_unfixed(c, c.artists == artist)] = False
        nearest = np.maximum(nearest, c.vectors @ c.vectors[best])
    return picked


def _unfixed(c: Candidates, which: BoolArray) -> BoolArray:
    """Leave what stays out of a mask (C,), whatever it repeats."""
    if c.stay:
        which[list(c.stay)] = False
    return which


def _over_energy(c: Candidates, pool: Sequence[int], size: int) -> list[int]:
    """Choose about evenly over the energy of a pool, the best scores at each level, what is fixed and titles first."""
    stay = c.first | c.stay
    chosen = [p for p in pool if p in stay]
    left = [p for p in pool if p not in chosen]
    known = c.energy[left][~np.isnan(c.energy[left])]
    if known.size < 2:
        return list(pool[: max(size, len(chosen))])
    low, high = np.quantile(known, _ARC_ENDS)
    for level in np.linspace(low, high, max(size - len(chosen), 0)):
        if not left:
            break
        away = np.nan_to_num(np.abs(c.energy[left] - level), nan=1.0)
        fair = c.fairness.lifted(c, chosen, np.isin(np.arange(len(c.rows)), left))[left]
        chosen.append(left.pop(int(np.argmax(c.scores[left] - 1000.0 * c.tiers[left] - _ARC_COST * away + fair))))
    return chosen


def _fit_minutes(
    c: Candidates, picked: list[int], target_s: float, caps: Mapping[int, int], max_per_artist: int
) -> list[int]:
    """Swap, drop or add single tracks until the total is near the target, giving up as little score as possible."""
    for _ in range(30):
        total = float(c.durations_s[picked].sum())
        error = abs(total - target_s)
        if error <= target_s * MINUTES_TOLERANCE / 2:
            break
        move = _best_move(c, picked, target_s - total, caps, max_per_artist, target_s * MINUTES_TOLERANCE / 2)
        if move is None or abs(total + move[2] - target_s) >= error - 1e-6:
            break
        leaving, coming, _ = move
        picked = [p for p in picked if p != leaving]
        if coming is not None:
            picked.append(coming)
    return picked


def _best_move(
    c: Candidates,
    picked: list[int],
    gap_s: float,
    caps: Mapping[int, int],
    max_per_artist: int,
    good_enough_s: float,
) -> tuple[int | None, int | None, float] | None:
    """Find the one change (leaving, coming, seconds gained) that closes the gap at the least loss of score."""
    worst_tier = int(c.tiers[picked].max())
    taken_works = set(c.works[picked].tolist())
    spare = np.flatnonzero(c.tiers <= worst_tier)
    outside = [int(p) for p in spare if p not in set(picked)][:_POOL]
    stay = c.first | c.stay
    leaving: list[int | None] = [None, *[p for p in picked if p not in stay]]
    best: tuple[tuple[float, float], tuple[int | None, int | None, float]] | None = None
    for old in leaving:
        rest = [p for p in picked if p != old]
        counts: dict[int, int] = {}
        for p in rest:
            counts[int(c.artists[p])] = counts.get(int(c.artists[p]), 0) + 1
        works = taken_works - ({int(c.works[old])} if old is not None else set())
        gone_s = float(c.durations_s[old]) if old is not None else 0.0
        gone_score = float(c.scores[old]) if old is not None else 0.0
        if old is not None and len(rest) > 0:
            best = _better(best, gap_s, -gone_s, gone_score, (old, None, -gone_s), good_enough_s)
        for new in outside:
            artist = int(c.artists[new])
            if int(c.works[new]) in works or counts.get(artist, 0) >= caps.get(artist, max_per_artist):
                continue
            gained = float(c.durations_s[new]) - gone_s
            loss = gone_score - float(c.scores[new])
            best = _better(best, gap_s, gained, loss, (old, new, gained), good_enough_s)
    return None if best is None else best[1]


def _better(
    best: tuple[tuple[float, float], tuple[int | None, int | None, float]] | None,
    gap_s: float,
    gained_s: float,
    loss: float,
    move: tuple[int | None, int | None, float],
    good_enough_s: float,
) -> tuple[tuple[float, float], tuple[int | None, int | None, float]] | None:
    # Inside the tolerance all lengths are equally good and the score decides.
    key = (max(abs(gap_s - gained_s) - good_enough_s, 0.0), loss)
    return (key, move) if best is None or key < best[0] else best


def arrange(
    candidates: Candidates, picked: list[int], arc: Arc | None = None, follows: FloatArray | None = None
) -> list[int]:
    """Order the picks so that neighbours fit: small steps in energy and sound, no artist twice in a row.

    What is fixed keeps its place. Tracks asked for by title open; otherwise the best pick does, and each next track is
    the one that follows best, with a little patience for the ranking so that strong picks do not end up last. Tracks
    that meet everything come before those for which something was relaxed. An arc orders by energy alone. Where it is
    learnt what comes after what, `follows` (n, n) says in 0–1 how often the second of two picks came right after the
    first, and that draws them together.
    """
    c = candidates
    place_of = {p: place for place, p in enumerate(picked)}
    order = _places(c, picked)
    free = [n for n, taken in enumerate(order) if taken is None]
    left = [p for p in picked if p not in c.fixed]
    if arc is not None:
        for place, p in zip(free, along(c.energy, left, arc), strict=True):
            order[place] = p
        return [p for p in order if p is not None]
    opening = [p for p in left if p in c.first] or sorted(left, key=lambda p: int(c.tiers[p]))[:1]
    for place in free:
        last = order[place - 1] if place else None
        if opening and (last is None or opening[0] in c.first or place == free[0] == 0):
            step = opening.pop(0)
            left.remove(step)
        else:
            learnt = None
            if follows is not None and last is not None:
                learnt = follows[place_of[last], [place_of[p] for p in left]]
            step = left.pop(_next(c, left, last, learnt))
            opening = [p for p in opening if p != step]
        order[place] = step
    return [p for p in order if p is not None]


def _places(c: Candidates, picked: Sequence[int]) -> list[int | None]:
    """The slate with what is fixed in its place, or in the last free one where the slate is shorter now."""
    order: list[int | None] = [None] * len(picked)
    kept = sorted((p for p in picked if p in c.fixed), key=lambda p: c.fixed[p])
    for p in kept:
        if c.fixed[p] < len(order):
            order[c.fixed[p]] = p
    beyond = [p for p in kept if c.fixed[p] >= len(order)]
    for p in reversed(beyond):
        order[max(n for n, taken in enumerate(order) if taken is None)] = p
    return order


def _next(c: Candidates, left: Sequence[int], last: int | None, learnt: FloatArray | None) -> int:
    """Which of the tracks that are left follows best: its number among them."""
    if last is None:
        return 0
    energy_step = np.abs(c.energy[left] - c.energy[last])
    cost = (
        np.where(np.isnan(energy_step), 0.15, energy_step)
        + 0.5 * (1.0 - c.vectors[left] @ c.vectors[last])
        + 2.0 * (c.artists[left] == c.artists[last])
        + 0.03 * np.arange(len(left))
        + 100.0 * c.tiers[left]
    )
    if learnt is not None:
        cost = cost - np.float32(_LEARNT_STEP) * learnt
    return int(np.argmin(cost))


def along(energy: FloatArray, picked: Sequence[int], arc: Arc) -> list[int]:
    """Order positions by their energy (C,); a track whose energy is not known counts as middling.

    Rising and falling leave tracks of one energy in their order, and all arcs do where there is no other energy.
    """
    known = energy[list(picked)]
    middle = float(np.nanmedian(known)) if np.isfinite(known).any() else 0.0
    level = {p: middle if np.isnan(energy[p]) else float(energy[p]) for p in picked}
    if len(set(level.values())) < 2:
        return list(picked)
    if arc is Arc.FALLING:
        return sorted(picked, key=lambda p: -level[p])
    rising = sorted(picked, key=lambda p: level[p])
    return rising[::2] + rising[1::2][::-1] if arc is Arc.PEAK else rising
