"""What comes next in a session, by the model of what comes next that is switched on for the catalogue.

    s(t) = max(0, model(t | session) - median) / (best - median)

over all tracks the model knows; 0 for the others. Shapes: N tracks of the catalogue, I items of the model, h steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys.catalogue import Catalogue
from recsys.listeners import was_heard_out
from recsys.past import Past
from recsys.recommendation import Pick, Query
from recsys.sequential.port import SequentialModel
from recsys.sequential.sequences import Sequences
from recsys.sequential.successors import Successors
from recsys.types import EventKind, FloatArray, IntArray

#: Steps of a session that are looked back on.
_MOST_STEPS = 50
#: How often one track must have followed another for it to be said.
_OFTEN = 2
#: How many people must have made a step for it to be said or to order a playlist: nobody's plays are to be read off it.
_PEOPLE = 3


@dataclass(frozen=True)
class Following:
    """A model of what comes next, in the rows of a catalogue. Safe to share between threads."""

    name: str
    model: SequentialModel
    successors: Successors  # how often what came right after what, for reasons
    items: IntArray  # (N,) the model's item of each track, -1 where it knows none
    #: What the likeliest track gains in the radio, in units of a catalogue's usual spread; measured when it is learnt.
    weight: float
    rows: IntArray  # (I,) the track of each of its items, -1 where the catalogue has it no more
    of_playlists: bool = False  # whether it was learnt from the catalogue's playlists, which are nobody's secret

    @classmethod
    def over(
        cls,
        catalogue: Catalogue,
        name: str,
        model: SequentialModel,
        successors: Successors,
        track_ids: Sequence[str],
        *,
        weight: float = 4.0,
        of_playlists: bool = False,
    ) -> Following:
        """Place a model's items (I), given by track id, in a catalogue."""
        number = {track_id: item for item, track_id in enumerate(track_ids)}
        items = np.array([number.get(track_id, -1) for track_id in catalogue.track_ids], dtype=np.int64)
        rows = np.full(len(track_ids), -1, dtype=np.int64)
        known = np.flatnonzero(items >= 0)
        rows[items[known]] = known
        return cls(name, model, successors, items, weight, rows, of_playlists)

    def scores(self, session: Sequence[int] | IntArray) -> FloatArray:
        """Score every track (N,), in 0–1, as what comes after the rows of a session, oldest first.

        All zero where the model knows none of them.
        """
        found = np.zeros(len(self.items), dtype=np.float32)
        prefix = self._prefix(session)
        if not len(prefix):
            return found
        raw = self.model.scores(Sequences.of([prefix], self._names))[0]
        finite = np.where(np.isfinite(raw), raw, np.float32(np.min(raw, initial=0.0, where=np.isfinite(raw))))
        usual, best = float(np.median(finite)), float(finite.max())
        if best > usual:
            known = self.rows >= 0
            found[self.rows[known]] = np.maximum(finite[known] - usual, 0) / np.float32(best - usual)
        return found

    def after(self, session: Sequence[int] | IntArray, row: int) -> tuple[int, int] | None:
        """Say which of a session's rows a track came right after most often, and how often.

        None where not twice, or in the sessions of fewer than three people.
        """
        item, prefix = int(self.items[row]), self._prefix(session)
        if item < 0 or not len(prefix):
            return None
        counted = self.steps(prefix, item)
        # Of equals, the one that was there last.
        best = len(prefix) - 1 - int(np.argmax(counted[::-1]))
        n = int(counted[best])
        return (int(self.rows[prefix[best]]), n) if n and self.rows[prefix[best]] != row else None

    def steps(self, before: IntArray, after: int) -> IntArray:
        """Return how often an item came right after each of some others (n,), 0 for what must not be told."""
        counted = self.successors.counts(before, after)
        counted[counted < _OFTEN] = 0
        if not self.of_playlists:
            counted[self.successors.people(before, after) < _PEOPLE] = 0
        return counted

    def knows(self, session: Sequence[int] | IntArray) -> bool:
        """Tell whether the model knows any of a session's rows."""
        return bool(len(self._prefix(session)))

    def next_of(self, catalogue: Catalogue, query: Query) -> FloatArray | None:
        """Score every track (N,), in 0–weight, as what comes after this session; None where nothing tells."""
        session = session_rows(catalogue, query)
        if not self.weight or not self.knows(session):
            return None
        return np.float32(self.weight) * self.scores(session)

    def told(self, catalogue: Catalogue, query: Query, picks: Sequence[Pick]) -> tuple[Pick, ...]:
        """Note of which tracks of the session that goes on picks came right after."""
        session = session_rows(catalogue, query)
        return tuple(replace(pick, comes_after=self.after(session, pick.row)) for pick in picks)

    def _prefix(self, session: Sequence[int] | IntArray) -> IntArray:
        items = self.items[np.asarray(session, dtype=np.int64)[-_MOST_STEPS:]]
        return items[items >= 0]

    @property
    def _names(self) -> tuple[str, ...]:
        return ("",) * len(self.rows)


def steps_between(following: Following | None, rows: IntArray) -> FloatArray | None:
    """Say how often the second of two tracks came right after the first (n, n), in 0–1; None where that is not known.

    1 is the step of them all that was made most often; what was made once, or by fewer than three people, counts as
    never.
    """
    if following is None or not following.weight or not len(rows):
        return None
    items = following.items[rows]
    known = np.flatnonzero(items >= 0)
    counted = np.zeros((len(rows), len(rows)), dtype=np.float32)
    for place in known.tolist():
        counted[known, place] = following.steps(items[known], int(items[place]))
    return np.log1p(counted) / np.log1p(counted.max()) if counted.any() else None


def session_rows(catalogue: Catalogue, query: Query) -> IntArray:
    """Return what speaks for itself in the session that goes on, in the order in which it did: liked, kept, heard out.

    What was skipped or disliked since is left out.
    """
    if query.session_id is None:
        return np.zeros(0, dtype=np.int64)
    so_far: dict[str, None] = {}
    for event in Past.of(query.listener_events).own:
        if event.session_id != query.session_id:
            continue
        if event.kind in (EventKind.SKIP, EventKind.DISLIKE, EventKind.UNRATE):
            so_far.pop(event.track_id, None)
        elif event.kind in (EventKind.LIKE, EventKind.KEEP) or was_heard_out(event):
            so_far.setdefault(event.track_id)
    return catalogue.rows(so_far)[-_MOST_STEPS:]
