"""What a playlist is like and how its tracks fit together: pure functions over a catalogue's rows.

Conventions. A playlist is a sequence of rows in order; a row may occur more than once, and is then counted each time.
The *distance* of two tracks, in about 0–1, is a weighted mean of three: half of one minus the cosine of their vectors
in the joint space, whether they share no genre, and the step in energy. What a track does not state is left out.
A track is *out of place* where its mean distance to all others is far above the usual one of that playlist:

    z = (distance - median) / max(1.4826 · MAD, MIN_SPREAD)

A z above 3.5 stands out, as Iglewicz and Hoaglin (1993) recommend for scores by median and MAD. Shapes: n tracks of
the playlist, d joint width.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np

from recsys.catalogue import Catalogue
from recsys.title_versions import versions_of
from recsys.types import FloatArray, IntArray

#: From this robust z-score on a track stands out.
STANDS_OUT = 3.5
#: In fewer tracks than this nothing is usual, so that nothing stands out.
MIN_TRACKS = 5
#: The least spread of distances that counts: where all are alike, small differences are none. Tried on the starter: of
#: 120 playlists of one genre with a track of another all are found with 0.02 to 0.05, and of 40 slates by Segue itself
#: 0.75 tracks each stand out with 0.02, and 0.17 with this.
MIN_SPREAD = 0.05
#: Parts of the distance of two tracks: joint space, genres, energy.
_PARTS = (0.5, 0.3, 0.2)
#: Lengths of one recording on two records differ by this much at most, in seconds.
_SAME_LENGTH_S = 3.0
#: Rounds of improvement that an order gets at most.
_MAX_ROUNDS = 200
_SAME_ARTIST = 2.0
#: Lengths that a shortened playlist is told apart by: more would cost memory and be no better to hear.
_MAX_STEPS = 20_000
#: A total this near the one asked for is as good as the very same, in seconds: then what fits better decides.
_NEAR_S = 15.0


def distances(catalogue: Catalogue, vectors: FloatArray, rows: Sequence[int]) -> FloatArray:
    """Return the distance of every track to every other (n, n), 0 on the diagonal.

    Args:
        catalogue: states genres and energy.
        vectors: unit rows of the joint space (N, d), or zero.
        rows: the playlist.
    """
    own = vectors[list(rows)]
    total = np.float32(_PARTS[0]) * (1 - own @ own.T) / 2
    weight = np.full(total.shape, _PARTS[0], dtype=np.float32)
    genres = [frozenset(catalogue.genres[row]) for row in rows]
    numbers = {genre: number for number, genre in enumerate(sorted(frozenset().union(*genres)))}
    has = np.zeros((len(rows), max(len(numbers), 1)), dtype=np.float32)
    for place, names in enumerate(genres):
        has[place, [numbers[name] for name in names]] = 1
    stated = has.any(axis=1)
    both = np.outer(stated, stated)
    total += np.where(both, _PARTS[1] * (has @ has.T == 0), 0)
    weight += _PARTS[1] * both
    energy = catalogue.numeric["energy"][list(rows)]
    step = np.abs(energy[:, None] - energy[None, :])
    total += np.where(np.isnan(step), 0, _PARTS[2] * step)
    weight += _PARTS[2] * ~np.isnan(step)
    result: FloatArray = (total / weight).astype(np.float32)
    np.fill_diagonal(result, 0)
    return result


def standing_out(between: FloatArray) -> FloatArray:
    """Return how far each track stands out from the rest, as a robust z-score (n,); see the module.

    Args:
        between: distances (n, n).
    """
    n = len(between)
    if n < MIN_TRACKS:
        return np.zeros(n, dtype=np.float32)
    mean = between.sum(axis=1) / (n - 1)
    away = mean - np.median(mean)
    result: FloatArray = (away / max(1.4826 * float(np.median(np.abs(away))), MIN_SPREAD)).astype(np.float32)
    return result


def repeats(catalogue: Catalogue, rows: Sequence[int]) -> list[tuple[bool, tuple[int, ...]]]:
    """Find what is in a playlist more than once: (whether it is one recording, places from 0), in order.

    One recording is one row, one ISRC or MusicBrainz id, or one work whose tracks are the same kind of version and of
    nearly one length, where both are known. Other tracks of one work are versions of it.
    """
    of_work: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        of_work[int(catalogue.work[row])].append(place)
    found: list[tuple[bool, tuple[int, ...]]] = []
    for places in of_work.values():
        if len(places) < 2:
            continue
        groups: list[list[int]] = []
        for place in places:
            same = [group for group in groups if _is_same(catalogue, rows[group[0]], rows[place])]
            if same:
                same[0].append(place)
            else:
                groups.append([place])
        found += [(True, tuple(group)) for group in groups if len(group) > 1]
        if len(groups) > 1:
            found.append((False, tuple(group[0] for group in groups)))
    return sorted(found, key=lambda one: one[1])


def _is_same(catalogue: Catalogue, one: int, other: int) -> bool:
    if one == other:
        return True
    left, right = catalogue.track(one), catalogue.track(other)
    for service in ("isrc", "mbid"):
        if service in left.ids and service in right.ids:
            return left.ids[service] == right.ids[service]
    if versions_of(left.title, left.album) != versions_of(right.title, right.album):
        return False
    if left.duration_s is None or right.duration_s is None:
        return True
    return abs(left.duration_s - right.duration_s) <= _SAME_LENGTH_S


def without_repeats(catalogue: Catalogue, rows: Sequence[int], *, versions: bool = True) -> list[int]:
    """Return the places (from 0) that stay when each recording is left once, or each work.

    Of versions of one work the first that is no live take, remix and so on stays; of the same recording the first.
    """
    gone: set[int] = set()
    for same, places in repeats(catalogue, rows):
        if not (same or versions):
            continue
        tracks = [catalogue.track(rows[place]) for place in places]
        plain = [p for p, t in zip(places, tracks, strict=True) if not versions_of(t.title, t.album) - {"remaster"}]
        best = places[0] if same else (plain or places)[0]
        gone.update(place for place in places if place != best)
        if not same:
            rest = {rows[place] for place in places} - {rows[best]}
            gone.update(place for place, row in enumerate(rows) if row in rest)
    return [place for place in range(len(rows)) if place not in gone]


def smooth(catalogue: Catalogue, between: FloatArray, rows: Sequence[int]) -> list[int]:
    """Order a playlist so that neighbours fit: places from 0, the first track first.

    Begins with the order as it is and with the nearest neighbour each time, and improves both by turning stretches
    round (2-opt; Croes 1958). The steps are never longer in sum than before.
    """
    cost = steps(catalogue, between, rows)
    greedy, left = [0], list(range(1, len(rows)))
    while left:
        greedy.append(left.pop(int(np.argmin(cost[greedy[-1], left]))))
    orders = [_turned(cost, list(range(len(rows)))), _turned(cost, greedy)]
    return min(orders, key=lambda order: path_length(cost, order))


def steps(catalogue: Catalogue, between: FloatArray, rows: Sequence[int]) -> FloatArray:
    """Return what each step from track to track costs (n, n): their distance, and more within one artist."""
    artists = catalogue.artist_rows[list(rows)]
    result: FloatArray = (between + _SAME_ARTIST * (artists[:, None] == artists[None, :])).astype(np.float32)
    return result


def path_length(cost: FloatArray, order: Sequence[int]) -> float:
    """Sum the steps of an order."""
    return float(sum(cost[a, b] for a, b in pairwise(order)))


def _turned(cost: FloatArray, order: list[int]) -> list[int]:
    """Turn stretches round as long as that makes the way shorter; the first track stays."""
    for _ in range(_MAX_ROUNDS):
        o = np.array(order)
        after = np.append(o[1:], -1)
        # Turning order[i..j] round replaces the steps into i and out of j; the last one has no step out.
        into = cost[o[:-1]][:, o]  # (n - 1, n): from before i to j
        out = np.where(after >= 0, cost[o[1:]][:, after], 0)  # (n - 1, n): from i to after j
        now = cost[o[:-1], o[1:]][:, None] + np.where(after >= 0, cost[o, after], 0)[None, :]
        gain = now - into - out
        gain[np.arange(1, len(o))[:, None] >= np.arange(len(o))[None, :]] = -np.inf
        best = int(np.argmax(gain)) if gain.size else 0
        if not gain.size or gain.flat[best] <= 1e-6:
            break
        i, j = best // len(o) + 1, best % len(o)
        order = [*order[:i], *order[i : j + 1][::-1], *order[j + 1 :]]
    return order


def fitting_length(
    seconds: Sequence[float], worth: Sequence[float], target_s: float, keep: Collection[int] = ()
) -> list[int]:
    """Choose the places (from 0) whose lengths sum to nearly a target, giving up what is worth least.

    Of all choices within 15 seconds of the target that loses least worth by the second; where none comes so near, the
    nearest does. What is kept is always chosen.

    Args:
        seconds: lengths (n,).
        worth: how well each fits (n,), above 0.
        target_s: total wanted.
        keep: places that stay in any case.
    """
    stay = sorted(set(keep))
    loose = [place for place in range(len(seconds)) if place not in set(stay)]
    room = target_s - sum(seconds[place] for place in stay)
    total = sum(seconds[place] for place in loose)
    if room <= 0:
        return stay
    if total <= room:
        return sorted([*stay, *loose])
    longest = max((seconds[place] for place in loose), default=0.0)
    unit = max(1.0, (room + longest) / _MAX_STEPS)
    n_steps = int(np.ceil((room + longest) / unit)) + 1
    best = np.full(n_steps, -np.inf)
    best[0] = 0
    taken = np.zeros((len(loose), n_steps), dtype=bool)
    for number, place in enumerate(loose):
        length = max(round(seconds[place] / unit), 1)
        if length >= n_steps:
            continue
        with_it = np.full(n_steps, -np.inf)
        with_it[length:] = best[:-length] + worth[place] * seconds[place]
        taken[number] = with_it > best
        best = np.where(taken[number], with_it, best)
    off = np.abs(np.arange(n_steps) * unit - room)
    off[np.isinf(best)] = np.inf
    near = np.flatnonzero(off <= max(_NEAR_S, float(off.min())))
    at = int(near[np.argmax(best[near])])
    chosen = []
    for number in range(len(loose) - 1, -1, -1):
        if taken[number, at]:
            chosen.append(loose[number])
            at -= max(round(seconds[loose[number]] / unit), 1)
    return sorted([*stay, *chosen])


def kept_order(before: Sequence[str], after: Sequence[str]) -> frozenset[int]:
    """Return the places of `after` that belong to its longest stretch of ids in the order that `before` has them.

    Ids that occur more than once count by occurrence.
    """
    at: dict[tuple[str, int], int] = {}
    seen: dict[str, int] = defaultdict(int)
    for place, one in enumerate(before):
        at[one, seen[one]] = place
        seen[one] += 1
    seen.clear()
    known: list[tuple[int, int]] = []  # (place after, place before)
    for place, one in enumerate(after):
        if (found := at.get((one, seen[one]))) is not None:
            known.append((place, found))
        seen[one] += 1
    return frozenset(known[n][0] for n in _longest_rise([old for _, old in known]))


def _longest_rise(numbers: Sequence[int]) -> list[int]:
    """The longest rising subsequence, as positions (patience sorting; Fredman 1975)."""
    tails: list[int] = []
    ends: IntArray = np.zeros(0, dtype=np.int64)
    previous: list[int] = []
    for position, number in enumerate(numbers):
        place = int(np.searchsorted(ends, number))
        previous.append(tails[place - 1] if place else -1)
        if place == len(tails):
            tails.append(position)
            ends = np.append(ends, number)
        else:
            tails[place] = position
            ends[place] = number
    chain: list[int] = []
    at = tails[-1] if tails else -1
    while at >= 0:
        chain.append(at)
        at = previous[at]
    return chain[::-1]
