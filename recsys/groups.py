"""One slate for several listeners: each one's own scores, blended so that nobody is left out.

All members ask the same, each with their own taste, and the candidates are those of all of them. What any member
dislikes or never wants is kept out for all. From there on, G members and C candidates:

    normal scores   z[g, c] = Φ⁻¹((C - rank[g, c] + ½) / C), where a member's best candidate has rank 1: whatever the
                    spread of somebody's scores, they count as much as everybody's (van der Waerden, 1952)
    blend           a quarter the least of the members' normal scores, the rest their mean: least misery (O'Connor et
                    al., 2001) tempered by the average, for the least alone brings what nobody loves (Masthoff, 2004)
    fits            a candidate fits a member who, asking alone, has it among the first `slack` · n / G, where the slate
                    has n tracks
    floor           after k picks everybody is owed k / G that fit them, rounded down. A track that fits those who would
                    be short is lifted by `lift` for each of them: the greedy choice of Serbos et al. (2017) for
                    m-proportionality, here at every length of the slate, as Kaya et al. (2020) ask of a ranking

We deviate from Serbos et al. in that the blend goes on deciding among tracks that help alike, and that nobody's floor
goes before a hard wish of the request, a title or a pin.

References: Masthoff, "Group modeling: selecting a sequence of television items to suit a group of viewers", UMUAI
2004. O'Connor, Cosley, Konstan, Riedl, "PolyLens: a recommender system for groups of users", ECSCW 2001. Serbos, Qi,
Mamoulis, Pitoura, Tsaparas, "Fairness in package-to-group recommendations", WWW 2017. Kaya, Bridge, Tintarev, "Ensuring
fairness in group recommendations by rank-sensitive balancing of relevance", RecSys 2020.
"""

from __future__ import annotations

import math
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


@dataclass(frozen=True, slots=True)
class Fairness:
    """How several listeners' scores become one slate; chosen by `segue eval group` with seed 1."""

    least: float = 0.25  # what the least of the members' scores counts in the blend; their mean counts the rest
    lift: float = 3.0  # what a track gains for each it fits who would be short, in standard deviations of the blend
    slack: float = 1.5  # so many times a member's share fits them, since not all can be taken
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
            scores: the members' own (G, C).
            candidates: C of them; what less gave way for comes first.
            n_tracks: of the slate.
            max_per_artist: of a slate; of one work, one version fits.
        """
        n_top = math.ceil(self.slack * n_tracks / len(scores))
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

    def judged(self, scores: FloatArray, candidates: Candidates, query: Query) -> Candidates:
        """Return the candidates with whom they fit, by the members' scores (G, C), to be chosen from in this way."""
        fits = self.fitting(scores, candidates, usual_size(query), query.max_per_artist)
        return replace(candidates, fits=fits, fairness=self)

    def lifted(self, fits: BoolArray, picked: Sequence[int]) -> FloatArray:
        """What each candidate (C,) gains for those members (G, C) who would be short of their share after one more."""
        n_members = len(fits)
        short = fits[:, list(picked)].sum(axis=1) < (len(picked) + 1) / n_members  # (G,)
        if not short.any():
            return np.zeros(fits.shape[1], dtype=np.float32)
        gained: FloatArray = np.float32(self.lift) * fits[short].sum(axis=0, dtype=np.float32)
        return gained


#: What is served.
FAIR = Fairness()


def pooled(query: Query, others: Sequence[Query]) -> Query:
    """Keep out what any of the members is not to be shown; the rest is the asker's."""
    if not others:
        return query
    kept_out = query.exclude.union(*(other.exclude.union(other.dislike_rows) for other in others))
    return replace(query, exclude=kept_out - {row for _, row in query.fixed})


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
    found: IntArray,
    fits: BoolArray,
    scores: FloatArray,
) -> tuple[Pick, ...]:
    """Say whom each pick is for, and let its shares be the mean of all members'.

    Args:
        picks: n of them.
        turns: of the members, G of them.
        index: where their points are looked up.
        found: rows of all candidates (C,).
        fits: (G, n).
        scores: the members' own (G, n).
    """
    if not picks:
        return ()
    rows = np.array([pick.row for pick in picks])
    each = [lift_shares(index.explain(t.point, rows), index.explain(t.point, found)) for t in turns]
    query_share, user_share = np.mean(each, axis=0)  # (n,) each
    keenest = _ranks(scores).argmin(axis=0)
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
