"""One slate for several listeners: each one's own scores, blended so that nobody is left out.

All members ask the same, each with their own taste, and the candidates are those of all of them. What any member
dislikes or never wants is kept out for all. From there on, G members and C candidates, for a slate of n tracks:

    normal scores   z[g, c] = Φ⁻¹((C - rank[g, c] + ½) / C), where a member's best candidate has rank 1: whatever the
                    spread of somebody's scores, they count as much as everybody's (van der Waerden, 1952)
    blend           a quarter the least of the members' normal scores, the rest their mean: least misery (O'Connor et
                    al., 2001) tempered by the average, for the least alone brings what nobody loves (Masthoff, 2004)
    fits            a candidate fits a member who, asking alone, would be shown it among the first ⌊n / G⌋ + `spare`
                    that are new to them. What is in a member's history, in any version, comes after all that is not
                    (`KNOWN`), unless they have liked it in this very session: a playlist whose tracks say whom they
                    are for must not be read as somebody's history, and what one knows is no find
    floor           after k picks everybody is owed k / G that fit them, rounded down. Who would be short lifts the
                    first that fit them and can still be picked, as many as they are owed in the whole slate, by `lift`
                    each: the greedy choice of Serbos et al. (2017) for m-proportionality, here at every length of the
                    slate, as Kaya et al. (2020) ask of a ranking

So nearly every pick is one of somebody's very first. The blend decides in which order they come, which of them others
like as well, and what fills up a slate where one track fits several. It counts what others know: that pleases both, and
tells nothing of whose it is. We deviate from Serbos et al. in that the blend goes on deciding among tracks that help
alike, and that nobody's floor goes before a hard wish of the request, a title or a pin.

References: Masthoff, "Group modeling: selecting a sequence of television items to suit a group of viewers", UMUAI
2004. O'Connor, Cosley, Konstan, Riedl, "PolyLens: a recommender system for groups of users", ECSCW 2001. Serbos, Qi,
Mamoulis, Pitoura, Tsaparas, "Fairness in package-to-group recommendations", WWW 2017. Kaya, Bridge, Tintarev, "Ensuring
fairness in group recommendations by rank-sensitive balancing of relevance", RecSys 2020.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from recsys.filling import usual_size
from recsys.index.base import TrackIndex
from recsys.portrait import lift_shares
from recsys.recommendation import Pick, Query
from recsys.turn import Found, Turn
from recsys.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from recsys.slate import Candidates


#: What a track loses for a member who knows it: more than scores differ by, and less than going against a wish costs.
KNOWN = 8.0


@dataclass(frozen=True, slots=True)
class Fairness:
    """How several listeners' scores become one slate; chosen by `segue eval group` with seeds 1, 2 and 3."""

    least: float = 0.25  # what the least of the members' scores counts in the blend; their mean counts the rest
    lift: float = 5.0  # what a track gains for each who would be short, in standard deviations of the blend
    spare: int = 3  # so many tracks more than a member is owed fit them, since not all can be taken
    finds: bool = True  # whether what is new to a member fits them before what they know
    by_rank: bool = True  # whether scores are compared by their ranks, or as they are

    def blend(self, scores: FloatArray) -> FloatArray:
        """Make one score (C,) of the members' (G, C)."""
        compared = _normal_scores(scores) if self.by_rank else scores
        least = np.float32(self.least) * compared.min(axis=0)
        blended: FloatArray = least + np.float32(1 - self.least) * compared.mean(axis=0)
        return blended

    def fitting(self, scores: FloatArray, candidates: Candidates, n_tracks: int, max_per_artist: int) -> BoolArray:
        """Tell which candidates fit which members (G, C): what they would be shown first, alone.

        Args:
            scores: the members' own (G, C), of what they know less `KNOWN`.
            candidates: C of them; what less gave way for comes first.
            n_tracks: of the slate.
            max_per_artist: of a slate; of one work, one version fits.
        """
        n_top = owed(n_tracks, len(scores)) + self.spare
        fits = np.zeros(scores.shape, dtype=bool)
        for own, fitting in zip(scores, fits, strict=True):
            works, artists = set[int](), Counter[int]()
            for place in np.lexsort((-own, candidates.tiers)).tolist():
                work, artist = int(candidates.works[place]), int(candidates.artists[place])
                if work in works or artists[artist] >= max_per_artist:
                    continue
                works.add(work)
                artists[artist] += 1
                fitting[place] = True
                if len(works) == n_top:
                    break
        return fits

    def judged(self, scores: FloatArray, candidates: Candidates, turns: Sequence[Turn], works: IntArray) -> Candidates:
        """Return the candidates with whom they fit, to be chosen from in this way.

        Args:
            scores: the members' own (G, C).
            candidates: C of them.
            turns: of the members, G of them.
            works: of all tracks (N,).
        """
        query = turns[0].query
        known = known_to(turns, candidates.works, works).astype(np.float32)
        own = scores - np.float32(KNOWN if self.finds else 0) * known
        fits = self.fitting(own, candidates, usual_size(query), query.max_per_artist)
        return replace(candidates, fits=fits, own=own, fairness=self)

    def lifted(self, candidates: Candidates, picked: Sequence[int], open_: BoolArray) -> FloatArray:
        """What each candidate (C,) gains for those members who would be short of their share after one more pick.

        Args:
            candidates: as `judged` returns them.
            picked: their places so far.
            open_: which of them can be picked (C,).
        """
        gained = np.zeros(len(open_), dtype=np.float32)
        if candidates.fits is None or candidates.own is None:
            return gained
        n_got = candidates.fits[:, list(picked)].sum(axis=1)  # (G,)
        n_fitting = candidates.fits.sum(axis=1)  # (G,)
        for member in np.flatnonzero(n_got < (len(picked) + 1) / len(n_got)).tolist():
            left = np.flatnonzero(candidates.fits[member] & open_)
            first = left[np.lexsort((-candidates.own[member, left], candidates.tiers[left]))]
            gained[first[: max(n_fitting[member] - self.spare - n_got[member], 1)]] += np.float32(self.lift)
        return gained


#: What is served.
FAIR = Fairness()


def pooled(query: Query, others: Sequence[Query]) -> Query:
    """Keep out what any of the members is not to be shown; the rest is the asker's."""
    if not others:
        return query
    kept_out = query.exclude.union(*(other.exclude.union(other.dislike_rows) for other in others))
    return replace(query, exclude=kept_out - {row for _, row in query.fixed})


def known_to(turns: Sequence[Turn], candidates: IntArray, works: IntArray) -> BoolArray:
    """Tell which candidates, by their works (C,), members have in their histories (G, C), given the works (N,) of all.

    What somebody has liked in the session that is going on is known to everybody, and is no secret.
    """
    known = [np.setdiff1d(works[turn.taste.rows], works[list(turn.query.liked_rows)]) for turn in turns]
    return np.stack([np.isin(candidates, of_one) for of_one in known])


def united(found: Sequence[Found]) -> Found:
    """Unite the candidates of all members."""
    if len(found) == 1:
        return found[0]
    by: dict[str, IntArray] = {}
    for one in found:
        for name, rows in one.by.items():
            by[name] = np.union1d(by.get(name, rows), rows)
    rows = np.unique(np.concatenate([one.rows for one in found]))
    return Found(rows, by, all(one.certified for one in found))


def for_all(
    picks: Sequence[Pick],
    turns: Sequence[Turn],
    index: TrackIndex,
    candidates: Candidates,
    places: Sequence[int],
) -> tuple[Pick, ...]:
    """Say whom each pick is for, and let its shares be the mean of all members'.

    Args:
        picks: n of them.
        turns: of the members, G of them.
        index: where their points are looked up.
        candidates: as `Fairness.judged` returns them.
        places: of the picks among the candidates (n,).
    """
    if not picks or candidates.fits is None or candidates.own is None:
        return tuple(picks)
    rows = candidates.rows[list(places)]
    each = [lift_shares(index.explain(t.point, rows), index.explain(t.point, candidates.rows)) for t in turns]
    query_share, user_share = np.mean(each, axis=0)  # (n,) each
    fits = candidates.fits[:, list(places)]  # (G, n)
    keenest = _ranks(candidates.own[:, list(places)]).argmin(axis=0)
    return tuple(
        replace(
            pick,
            query_share=float(query_share[n]),
            user_share=float(user_share[n]),
            fits=tuple(np.flatnonzero(fits[:, n]).tolist()),
            keenest=int(keenest[n]),
        )
        for n, pick in enumerate(picks)
    )


def owed(n_tracks: int, n_members: int) -> int:
    """Say how many of a slate's tracks are to fit each member at least."""
    return n_tracks // n_members


def _ranks(scores: FloatArray) -> IntArray:
    """Ranks (G, C) within each row of scores (G, C), 1 for the best; of equals the first one comes first."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, scores.shape[1] + 1)[None, :], axis=1)
    return ranks


def _normal_scores(scores: FloatArray) -> FloatArray:
    return _quantiles(scores.shape[1])[_ranks(scores) - 1]


@lru_cache(maxsize=64)
def _quantiles(n: int) -> FloatArray:
    """The normal scores (n,) of ranks 1 … n."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((n - rank + 0.5) / n) for rank in range(1, n + 1)], dtype=np.float32)
