"""A radio: what comes next, and next, and never again the same; pure data in and out.

Every track that may come is scored anew after each pick, in units of a catalogue's usual spread:

    + w · what comes after the start and all that was heard, by the model switched on for the catalogue, where one is
    + 1.0 · nearness to the start            + 1.0 · nearness to the last three heard
    + 4.0 · the company of both (shared playlists)
    + 0.8 · the wishes of the session, as it ranks      + 4.0 · how far what it prefers is met
    - 2.0 · nearness to each skipped track, the latest most, and 3.0 for its artist
    + 4.0 · what the dial lacks of familiar artists among the last ten, for the familiar, and against them otherwise
    + a little seeded chance

w is measured when the model is learnt (`Radio.weight_of`). The others are set by hand, but for the company's: on the
playlists of 28,356 Spotify songs, of a fifth of which the first three or six tracks were given, 4.0 finds more of the
rest than 1.5 (NDCG@10 .215 and .142). No artist comes again within ten tracks, and no version of what was given, ever.
Where the tracks that may come have too few artists for a pick, the distance is halved for it until one fits, which is
said.

Shapes: N tracks of the catalogue, d joint width, n picks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recsys.catalogue import Catalogue
from recsys.retrieval.company import Company
from recsys.retrieval.sequential import Following
from recsys.trial import DEPTH, compare, ndcg
from recsys.types import BoolArray, FloatArray, IntArray

#: Tracks within which no artist comes twice.
ARTIST_GAP = 10
#: Share of familiar artists among the last ten with the dial in its middle, and at its familiar end.
_FAMILIAR, _ALL_FAMILIAR = 0.35, 0.95
_START, _RECENT, _COMPANY, _WISHES, _PREFERRED = 1.0, 1.0, 4.0, 0.8, 4.0
#: Weights of the model that are tried, and on how many sequences at most.
_WEIGHTS, _MOST_TRIED = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0), 300
_SKIPPED, _SKIPPED_ARTIST, _DIAL = 2.0, 3.0, 4.0
_CHANCE = 0.15
#: How much less a skip counts than the one after it, and how many count.
_FADES, _MOST_SKIPS = 0.8, 12
_N_RECENT = 3
#: Nearness below which it is no reason.
_CLOSE = 0.5
#: Cosines that differ by less are as good a reason.
_ABOUT = 0.05


@dataclass(frozen=True, slots=True)
class Station:
    """Where a radio stands."""

    start: tuple[int, ...] = ()  # rows that it began from, oldest first
    heard: tuple[int, ...] = ()  # heard since, and not skipped, oldest first
    given: tuple[int, ...] = ()  # everything given so far, skipped or not, oldest first: never again
    skipped: tuple[int, ...] = ()  # oldest first
    known: tuple[int, ...] = ()  # rows that the listener knows, whose artists are familiar
    discovery: float = 0.0  # -1 familiar … +1 new
    one_artist: bool = False  # only one artist is asked for, who then comes all the time
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Next:
    """One track of a radio, and why it came."""

    row: int
    score: float
    #: next, start, recent, company, wishes, preferred, skipped, dial, chance; they sum to the score
    parts: Mapping[str, float]
    after: tuple[int, int] | None  # (row, how often it came right after that), where more than once
    near: tuple[int, float] | None  # (row, cosine) of about the closest of the start and what was heard, where close
    together: tuple[int, int] | None  # (row of these, playlists that have both), where more than one
    away_from: int | None  # the skipped track that moved the choice most, where any did
    familiar: bool  # whether its artist is among those of what the listener knows


@dataclass(frozen=True, slots=True)
class Batch:
    """The next tracks of a radio."""

    picks: tuple[Next, ...]
    by: Literal["sequence", "neighbours"]  # whether a model of what comes next took part
    gap: int  # tracks within which no artist came twice, by the pick that had to come nearest
    ended: bool  # whether nothing is left that may come


class Radio:
    """Goes on over one catalogue. Safe to share between threads."""

    def __init__(
        self, catalogue: Catalogue, vectors: FloatArray, company: Company, following: Following | None = None
    ) -> None:
        """Take the catalogue, unit vectors of its tracks (N, d), its playlists counted, and what comes next."""
        self._catalogue, self._vectors = catalogue, vectors
        self._company, self._following = company, following

    def next(
        self,
        station: Station,
        n: int,
        *,
        allowed: BoolArray | None = None,
        wishes: FloatArray | None = None,
        preferred: FloatArray | None = None,
        full: Callable[[Sequence[Next]], bool] | None = None,
    ) -> Batch:
        """Choose the next n tracks, each as if those before it had been heard.

        Args:
            station: where the radio stands.
            n: how many at most.
            allowed: which tracks (N,) meet all that is demanded; None for all.
            wishes: what the session wants of each track (N,), in any unit; None for nothing.
            preferred: how far each track (N,) meets what is preferred and not demanded, in 0–1; None for nothing.
            full: tells of what was picked so far whether it is enough; None where only n does.
        """
        works, artists = self._catalogue.work, self._catalogue.artist_rows
        gone = np.array([*station.given, *station.skipped], dtype=np.int64)
        open_ = np.ones(len(self._catalogue), dtype=np.bool_) if allowed is None else allowed.copy()
        open_ &= ~np.isin(works, works[gone])
        still = self._still(station, wishes)
        if preferred is not None:
            still["preferred"] = np.float32(_PREFERRED) * _spread(preferred)
        heard, given = [*station.start, *station.heard], [*station.given]
        following = self._following
        followed = following is not None and following.weight > 0 and following.knows(heard)
        gap = closest = 0 if station.one_artist else ARTIST_GAP
        picks = list[Next]()
        familiar = np.isin(artists, artists[np.array(station.known, dtype=np.int64)])
        ended = False
        while len(picks) < n and not (full is not None and full(picks)):
            kept, may = self._apart(open_, given, gap)
            if not may.any():
                ended = True
                break
            closest = min(closest, kept)
            parts = {**still, **self._moving(station, heard, given, familiar)}
            score = np.sum(list(parts.values()), axis=0)
            row = int(np.argmax(np.where(may, score, -np.inf)))
            told = {one.near[0] for one in picks if one.near} | {one.together[0] for one in picks if one.together}
            picks.append(self._told(row, score, parts, may, station, heard, told, familiar=bool(familiar[row])))
            open_ &= works != works[row]
            heard.append(row)
            given.append(row)
        return Batch(tuple(picks), "sequence" if followed else "neighbours", closest, ended)

    def parts(self, station: Station) -> dict[str, FloatArray]:
        """Say what every track (N,) is worth as the next one, part by part: `Next.parts` of each."""
        heard, artists = [*station.start, *station.heard], self._catalogue.artist_rows
        familiar = np.isin(artists, artists[np.array(station.known, dtype=np.int64)])
        return {**self._still(station, None), **self._moving(station, heard, station.given, familiar)}

    def weight_of(self, following: Following, sequences: Sequence[IntArray], people: Sequence[str], seed: int) -> float:
        """Choose what a model of what comes next counts: what finds most of the second halves of new sequences.

        Args:
            following: the model, fitted without those.
            sequences: rows of tracks, oldest first; none of them a playlist that is counted here.
            people: whose each is; the sequences of one are drawn together.
            seed: of drawing which are chosen by, and of the bootstrap.

        Returns:
            The least of the weights with the largest mean NDCG@10 on half of them; 0 where it is not surely better
            than 0 on the others.
        """
        told = [(rows, whose) for rows, whose in zip(sequences, people, strict=True) if len(rows) > 1]
        drawn = np.random.default_rng(seed).permutation(len(told))[:_MOST_TRIED]
        if len(drawn) < 2:
            return 0.0
        found = np.array([self._found(following, told[number][0]) for number in drawn])
        half = len(drawn) // 2
        best = int(np.argmax(found[:half].mean(axis=0)))
        judges = found[half:]
        groups = [told[number][1] for number in drawn[half:]]
        sure = compare(judges[:, 0].tolist(), judges[:, best].tolist(), groups, seed).better
        return _WEIGHTS[best] if sure else 0.0

    def _found(self, following: Following, rows: IntArray) -> list[float]:
        """NDCG@10 of a sequence's second half after its first, by the weight of the model."""
        half = (len(rows) + 1) // 2
        begun, rest = rows[:half].tolist(), rows[half:].tolist()
        base = np.sum(list(self.parts(Station(start=tuple(begun), given=tuple(begun))).values()), axis=0)
        base[begun] = -np.inf
        comes = following.scores(begun)
        return [ndcg(_top(base + np.float32(weight) * comes), rest) for weight in _WEIGHTS]

    # --- what a track is worth ---

    def _still(self, station: Station, wishes: FloatArray | None) -> dict[str, FloatArray]:
        """The parts (N,) that one batch does not change."""
        n_tracks, so_far = len(self._catalogue), np.array([*station.start, *station.heard], dtype=np.int64)
        chance = np.random.default_rng([station.seed, len(station.given)]).standard_normal(n_tracks, dtype=np.float32)
        parts = {"chance": np.float32(_CHANCE) * chance, "skipped": self._against(station)}
        if station.start:
            parts["start"] = np.float32(_START) * self._near(station.start)
        if len(so_far):
            parts["company"] = np.float32(_COMPANY) * self._company.scores(so_far, np.ones(len(so_far), np.float32))
        if wishes is not None:
            parts["wishes"] = np.float32(_WISHES) * _spread(wishes)
        return parts

    def _moving(
        self, station: Station, heard: Sequence[int], given: Sequence[int], familiar: BoolArray
    ) -> dict[str, FloatArray]:
        """The parts (N,) that each pick changes."""
        parts: dict[str, FloatArray] = {}
        if self._following is not None and self._following.weight:
            parts["next"] = np.float32(self._following.weight) * self._following.scores(heard)
        if recent := heard[-_N_RECENT:]:
            parts["recent"] = np.float32(_RECENT) * self._near(recent)
        if station.known:
            dial = station.discovery
            wanted = _FAMILIAR * (1 - dial) if dial >= 0 else _FAMILIAR + (_ALL_FAMILIAR - _FAMILIAR) * -dial
            lately = list(given[-ARTIST_GAP:])
            lacks = wanted - (float(familiar[lately].mean()) if lately else wanted)
            parts["dial"] = np.where(familiar, np.float32(_DIAL * (lacks - dial)), np.float32(-_DIAL * lacks))
        return parts

    def _against(self, station: Station) -> FloatArray:
        """What skips take from every track (N,)."""
        lost = np.zeros(len(self._catalogue), dtype=np.float32)
        for age, row in enumerate(reversed(station.skipped[-_MOST_SKIPS:])):
            weight = _FADES**age
            lost -= np.float32(_SKIPPED * weight) * np.maximum(self._near([row]), 0)
            same = self._catalogue.artist_rows == self._catalogue.artist_rows[row]
            lost -= np.float32(_SKIPPED_ARTIST * weight) * same
        return lost

    def _near(self, rows: Sequence[int]) -> FloatArray:
        """How near every track (N,) is to some, on the mean, beside what is usual."""
        return _spread(self._vectors @ np.asarray(self._vectors[list(rows)]).mean(axis=0))

    def _apart(self, open_: BoolArray, given: Sequence[int], gap: int) -> tuple[int, BoolArray]:
        """Keep the artists of the last tracks out, as far as that leaves any: the distance kept, and what may come."""
        artists = self._catalogue.artist_rows
        while gap:
            may = open_ & ~np.isin(artists, artists[np.array(given[-gap:], dtype=np.int64)])
            if may.any():
                return gap, may
            gap //= 2
        return 0, open_

    def _told(
        self,
        row: int,
        score: FloatArray,
        parts: Mapping[str, FloatArray],
        may: BoolArray,
        station: Station,
        heard: Sequence[int],
        told: Collection[int],
        *,
        familiar: bool,
    ) -> Next:
        """Say what a pick is for; of what is about as near, that which was not `told` of in this batch."""
        near = together = None
        of_others = self._catalogue.work[list(heard)] != self._catalogue.work[row]
        if others := np.asarray(heard, dtype=np.int64)[of_others].tolist():
            cosines = np.asarray(self._vectors[others]) @ self._vectors[row]
            n_shared = self._company.shared(row, np.asarray(others))
            place = _newest(cosines, others, told, within=_ABOUT)
            near = (others[place], float(cosines[place])) if cosines[place] >= _CLOSE else None
            place = _newest(n_shared.astype(np.float32), others, told, within=0)
            together = (others[place], int(n_shared[place])) if n_shared[place] > 1 else None
        return Next(
            row=row,
            score=float(score[row]),
            parts={name: float(values[row]) for name, values in parts.items()},
            after=None if self._following is None else self._following.after(heard, row),
            near=near,
            together=together,
            away_from=_moved_by(row, score - parts["skipped"], may, station),
            familiar=familiar,
        )


def _newest(values: FloatArray, rows: Sequence[int], told: Collection[int], *, within: float) -> int:
    """The place of the last of the largest of some values (h,), or of one about as large that was not told of."""
    best = np.flatnonzero(values >= values.max() - within).tolist()
    return max(best, key=lambda place: (rows[place] not in told, values[place], place))


def _moved_by(row: int, without: FloatArray, may: BoolArray, station: Station) -> int | None:
    """The last skipped track, where another track would have come by the scores (N,) without skips."""
    if not station.skipped:
        return None
    return station.skipped[-1] if int(np.argmax(np.where(may, without, -np.inf))) != row else None


def _top(scores: FloatArray) -> IntArray:
    """Rows of the ten largest scores, best first."""
    found = np.argpartition(-scores, DEPTH)[:DEPTH] if len(scores) > DEPTH else np.arange(len(scores))
    return np.asarray(found[np.argsort(-scores[found], kind="stable")])


def _spread(values: FloatArray) -> FloatArray:
    """Values (N,) around their mean, in units of their standard deviation."""
    result: FloatArray = (values - values.mean()) / max(float(values.std()), 1e-6)
    return result.astype(np.float32)
