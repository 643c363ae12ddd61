"""From plays to sessions, and from sessions to training, validation and test.

    sessions     1. listeners with fewer than `least_plays` plays go   2. a pause of more than `gap_s` ends a session
                 3. items with fewer than `least_item_plays` go        4. sessions of fewer than `least_steps` go
    completion   c = clip((t_next - t) / duration, 0, 1) within a session. It is missing (NaN) where the duration is
                 not known, and for the last step, after which nothing tells when it ended. What a player recorded
                 goes first.
    split        by one time for all listeners: what began before it is learnt from, what begins after it is asked
                 about. A session that runs over the border is in neither.

Every filter is applied once, in this order, so pauses and completion are those of what was really played next, rare or
not. `least_plays` counts all plays of a listener before any pause is looked at, those too that end up in no session;
`least_item_plays` counts the plays of all listeners that are left, those too of sessions that are too short in the end.

A pause is counted from the beginning of one play to that of the next. Source: multimodal E4SRec (arXiv 2606.00125),
whose values are `PAPER`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.sequential.errors import SequenceDataError
from recsys.sequential.plays import Plays
from recsys.sequential.sequences import Sequences
from recsys.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How sessions are cut and which are kept."""

    gap_s: float = 20 * 60  # a longer pause between the beginnings of two plays ends a session
    least_steps: int = 2  # of a session
    least_plays: int = 1  # of a listener
    least_item_plays: int = 1
    most_steps: int | None = None  # longer sessions keep their last ones
    first_listens: bool = False  # keep each item of a session where it came first alone

    def __post_init__(self) -> None:
        """Check the values."""
        if self.gap_s <= 0 or min(self.least_steps, self.least_plays, self.least_item_plays) < 1:
            raise ValueError(f"{self} has a gap or a least number below 1; all count from 1 on")
        if self.most_steps is not None and self.most_steps < self.least_steps:
            raise ValueError(f"at most {self.most_steps} steps are fewer than at least {self.least_steps}")


#: The values of the multimodal E4SRec paper: 20 minutes, 10 tracks, listeners of 1,000 plays, tracks of 7.
PAPER = SessionSettings(gap_s=20 * 60, least_steps=10, least_plays=1_000, least_item_plays=7)
PRESETS = {"paper": PAPER, "own": SessionSettings()}


@dataclass(frozen=True)
class Split:
    """Sequences by when they were; names of items are the same in all."""

    train: Sequences
    validation: Sequences
    test: Sequences
    n_dropped: int = 0  # sequences over a border


def sessions_of(plays: Plays, settings: SessionSettings = PAPER) -> Sequences:
    """Cut plays into sessions, named `LISTENER/NUMBER` and in the order of listeners, then of time.

    Only items that are in a session have a name in the result.

    Raises:
        SequenceDataError: nothing is left.
    """
    kept = plays.kept(np.bincount(plays.listeners)[plays.listeners] >= settings.least_plays) if len(plays) else plays
    begins = np.ones(len(kept), dtype=np.bool_)
    begins[1:] = (kept.listeners[1:] != kept.listeners[:-1]) | (np.diff(kept.times) > settings.gap_s)
    starts = np.flatnonzero(begins)
    whole = Sequences(
        kept.items.astype(np.int64),
        np.append(starts, len(kept)).astype(np.int64),
        kept.names,
        _named(kept, starts),
        kept.times,
        completion_of(kept, begins),
    )
    often = np.bincount(whole.items, minlength=whole.n_items) >= settings.least_item_plays
    whole = whole.kept(often[whole.items])
    if settings.first_listens:
        whole = whole.first_listens()
    whole = whole.take(np.flatnonzero(whole.lengths >= settings.least_steps))
    if settings.most_steps is not None:
        age = np.repeat(whole.offsets[1:], whole.lengths) - 1 - np.arange(len(whole.items))
        whole = whole.kept(age < settings.most_steps)
    if not len(whole):
        problem = f"none of {len(plays):,} plays is in a session of {settings.least_steps} steps"
        raise SequenceDataError("plays", None, problem, "lower the least numbers, or give a longer history")
    return _compact(whole)


def completion_of(plays: Plays, begins: NDArray[np.bool_]) -> FloatArray | None:
    """Return the share of each play (E,) that was heard, NaN where it is not known; None where none is.

    Args:
        plays: each listener's together, oldest first.
        begins: which plays (E,) begin a session.
    """
    share = np.full(len(plays), np.nan, dtype=np.float32)
    if plays.durations is not None and len(plays):
        until_next = np.append(np.diff(plays.times), np.nan)
        until_next[np.append(begins[1:], True)] = np.nan
        share = np.clip(until_next / plays.durations[plays.items], 0, 1).astype(np.float32)
    if plays.stated is not None:
        share = np.where(np.isnan(plays.stated), share, np.clip(plays.stated, 0, 1)).astype(np.float32)
    return None if np.isnan(share).all() else share


def split_by_time(sequences: Sequences, *, validation: float = 0.1, test: float = 0.1) -> Split:
    """Divide sequences at two times: the shares are of all steps.

    Raises:
        SequenceDataError: a share is not between 0 and 1, the sequences have no times, or a part would be empty.
    """
    check_shares(validation, test)
    if sequences.times is None:
        raise SequenceDataError("sequences", None, "they have no times", "divide them by their order instead")
    first, last = sequences.times[sequences.offsets[:-1]], sequences.times[sequences.offsets[1:] - 1]
    sooner, later = np.quantile(sequences.times, [1 - validation - test, 1 - test])
    parts = [last < sooner, (first >= sooner) & (last < later), first >= later]
    train, asked, last_asked = (_by_start(sequences, np.flatnonzero(part), first) for part in parts)
    sizes = [len(train), len(asked), len(last_asked)]
    if not all(sizes):
        problem = f"parts of {', '.join(map(str, sizes))} sequences"
        raise SequenceDataError("sequences", None, problem, "give more sequences, or larger shares")
    return Split(train, asked, last_asked, len(sequences) - sum(sizes))


def check_shares(validation: float, test: float) -> None:
    """Check the shares of a split.

    Raises:
        SequenceDataError: one is not above 0, or nothing would be left to learn from.
    """
    if not (validation > 0 and test > 0 and validation + test < 1):
        problem = f"shares of {validation:g} for validation and {test:g} for test leave a part empty"
        raise SequenceDataError("split", None, problem, "give shares above 0 that are below 1 together, such as 0.1")


def _by_start(sequences: Sequences, rows: IntArray, first: NDArray[np.float64]) -> Sequences:
    return sequences.take(rows[np.argsort(first[rows], kind="stable")])


def _named(plays: Plays, starts: IntArray) -> tuple[str, ...]:
    """Name sessions by listener and number, from 1 on."""
    listeners = plays.listeners[starts].astype(np.int64)
    _, first = np.unique(listeners, return_index=True)
    of_first = np.zeros(len(plays.listener_ids), dtype=np.int64)
    of_first[listeners[first]] = first
    numbers = np.arange(len(listeners)) - of_first[listeners] + 1
    pairs = zip(listeners.tolist(), numbers.tolist(), strict=True)
    return tuple(f"{plays.listener_ids[listener]}/{number}" for listener, number in pairs)


def _compact(sequences: Sequences) -> Sequences:
    """Leave out the items that no sequence holds."""
    used, items = np.unique(sequences.items, return_inverse=True)
    return replace(sequences, items=items.astype(np.int64), names=tuple(sequences.names[row] for row in used))
