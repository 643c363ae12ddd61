"""What a listener did, where much of it came with a history: imported events as columns, the others one by one.

Years of listening are hundreds of thousands of events, none of them of a session, and every turn weighs all of them.
As columns that takes milliseconds. Whoever needs single events iterates over a `Past` and gets all of them in order.

Shapes: E imported events of T tracks.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from recsys.types import BoolArray, Event, EventKind, IntArray, TrackId

KINDS = tuple(EventKind)
_RATINGS = (EventKind.LIKE, EventKind.DISLIKE, EventKind.UNRATE)
_SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True)
class ImportedEvents:
    """Imported events of one person, oldest first. They belong to no session. Shared; must not be changed."""

    track_ids: tuple[TrackId, ...]  # (T,)
    tracks: IntArray  # (E,) positions in `track_ids`
    kinds: IntArray  # (E,) positions in KINDS
    at: NDArray[np.float64]  # (E,) seconds since the epoch, not falling
    completions: NDArray[np.float64]  # (E,) NaN where unknown
    times: IntArray  # (E,)
    worth: NDArray[np.float64]  # (E,) times the worth of one, before recency

    def __len__(self) -> int:
        return len(self.at)

    def events(self, listener_id: str) -> Iterator[Event]:
        """Yield them one by one, as those of a listener who is this person."""
        columns = (self.tracks, self.kinds, self.at, self.completions, self.times)
        for track, kind, at, completion, times in zip(*(column.tolist() for column in columns), strict=True):
            known = None if math.isnan(completion) else completion
            yield Event(listener_id, self.track_ids[track], KINDS[kind], at, known, None, times)

    def recency(self, now: float, half_life_days: float) -> NDArray[np.float64]:
        """Say what each event (E,) counts at a time, in seconds since the epoch, for its age."""
        return np.asarray(np.exp2(-np.maximum(0.0, now - self.at) / _SECONDS_PER_DAY / half_life_days))

    def sums(self, recency: NDArray[np.float64], rated_at: Mapping[TrackId, float]) -> NDArray[np.float64]:
        """Add up what the events of each track (T,) are worth, without ratings that a later one took the place of.

        Args:
            recency: what each event (E,) counts for its age.
            rated_at: when tracks were last rated by events that are not imported.
        """
        counted = self.worth * recency
        last = self._last_rated
        if later := [(n, at) for track, at in rated_at.items() if (n := self.number.get(track)) is not None]:
            last = last.copy()
            numbers = np.array([number for number, _ in later])
            last[numbers] = np.maximum(last[numbers], [at for _, at in later])
        lapsed = self._ratings[self.at[self._ratings] < last[self.tracks[self._ratings]]]
        counted[lapsed] = 0.0
        return np.asarray(np.bincount(self.tracks, counted, minlength=len(self.track_ids)), np.float64)

    @cached_property
    def number(self) -> dict[TrackId, int]:
        """Where a track is in `track_ids`."""
        return {track_id: number for number, track_id in enumerate(self.track_ids)}

    @cached_property
    def rated(self) -> dict[TrackId, tuple[float, EventKind]]:
        """The last rating of every track that was ever rated, and when that was."""
        found = {}
        for n in self._ratings.tolist():
            found[self.track_ids[int(self.tracks[n])]] = (float(self.at[n]), KINDS[int(self.kinds[n])])
        return found

    @cached_property
    def did(self) -> dict[EventKind, frozenset[TrackId]]:
        """The tracks of each kind of event."""
        return {
            kind: frozenset(self.track_ids[n] for n in np.unique(self.tracks[self.kinds == code]).tolist())
            for code, kind in enumerate(KINDS)
        }

    @cached_property
    def counts(self) -> Counter[EventKind]:
        """How often each kind of thing was done."""
        found = np.bincount(self.kinds, self.times, minlength=len(KINDS))
        return Counter({kind: round(n) for kind, n in zip(KINDS, found.tolist(), strict=True) if n})

    @cached_property
    def _ratings(self) -> IntArray:
        of_rating: BoolArray = np.isin(self.kinds, [KINDS.index(kind) for kind in _RATINGS])
        return np.flatnonzero(of_rating)

    @cached_property
    def _last_rated(self) -> NDArray[np.float64]:
        last = np.full(len(self.track_ids), -np.inf)
        np.maximum.at(last, self.tracks[self._ratings], self.at[self._ratings])
        return last


class Past(Sequence[Event]):
    """All that a listener did, oldest first: `own` events one by one, `imported` ones as columns."""

    def __init__(
        self, own: Iterable[Event] = (), imported: ImportedEvents | None = None, listener_id: str = ""
    ) -> None:
        """Put both together; `own` are oldest first, and none is imported. Whose the imported ones are must be said."""
        self.own = tuple(own)
        self.imported = imported if imported is not None and len(imported) else None
        self.listener_id = listener_id or (self.own[0].listener_id if self.own else "")

    @classmethod
    def of(cls, events: Sequence[Event]) -> Past:
        """Return the same events as a past."""
        return events if isinstance(events, Past) else cls(events)

    def then(self, events: Iterable[Event]) -> Past:
        """Return this and what was done after it."""
        return Past((*self.own, *events), self.imported, self.listener_id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Past) and self.own == other.own and self.imported is other.imported

    def __hash__(self) -> int:
        return hash((self.own, id(self.imported)))

    @property
    def counts(self) -> Counter[EventKind]:
        """How often each kind of thing was done."""
        counted = Counter(self.imported.counts) if self.imported else Counter[EventKind]()
        for event in self.own:
            counted[event.kind] += event.times
        return counted

    @property
    def since(self) -> float | None:
        """When it began, in seconds since the epoch; None for an empty one."""
        first = [event.at for event in self.own[:1]] + ([float(self.imported.at[0])] if self.imported else [])
        return min(first, default=None)

    def __len__(self) -> int:
        return len(self.own) + (len(self.imported) if self.imported else 0)

    def __iter__(self) -> Iterator[Event]:
        if self.imported is None:
            return iter(self.own)
        return heapq.merge(self.imported.events(self.listener_id), self.own, key=lambda event: event.at)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        return self._all[place]

    @cached_property
    def _all(self) -> tuple[Event, ...]:
        return tuple(self)
