"""What is learnt from, what is chosen by and what is asked: hot, of items with a history, and cold, of new ones.

    hot        of each listener's items a share is held out: the latest where times are known, drawn where not
    cold       a share of the artists is held out with everything that they have
    published  learnt from one year, asked about the month after it (Tamm and Aljanaki, 2026): of what a listener first
               played then, items that somebody played in that year are hot and all others cold. Chosen by is three
               tenths of the listeners who played nothing cold

Ranked are, of hot, all items with a history in the training part, and of cold the new items; what a listener is known
to have listened to is left out. A listener who has no history or no target is not asked.

Shapes: L listeners, I items, E pairs, Q questions, P targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from recsys.cold.errors import ColdStartError
from recsys.cold.interactions import Interactions
from recsys.sequential.plays import Plays
from recsys.types import BoolArray, IntArray

Protocol = Literal["hot", "cold"]
PROTOCOLS: tuple[Protocol, ...] = ("hot", "cold")
#: Of all interactions, or artists.
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
#: Of the listeners without cold items, as published.
_CHOSEN_BY = 0.3


@dataclass(frozen=True, eq=False)
class Questions:
    """Listeners, and what each turned out to listen to."""

    listeners: IntArray  # (Q,)
    offsets: IntArray  # (Q + 1,) into `targets`
    targets: IntArray  # (P,) items
    candidates: BoolArray  # (I,) what is ranked
    known: csr_array  # (L, I) 1 where left out of the ranking

    def __len__(self) -> int:
        return len(self.listeners)

    def take(self, rows: IntArray) -> Questions:
        """Return some of the questions."""
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Questions(self.listeners[rows], offsets, self.targets[places], self.candidates, self.known)


@dataclass(frozen=True, eq=False)
class Split:
    """Pairs of one data set: those that are learnt from, chosen by, and asked."""

    protocol: Protocol
    interactions: Interactions
    train: BoolArray  # (E,)
    validation: BoolArray  # (E,)
    test: BoolArray  # (E,)

    def __post_init__(self) -> None:
        """Check that each pair has at most one part, and that something can be learnt and asked.

        Raises:
            ColdStartError: one of these is not so.
        """
        if np.any(self.train.astype(int) + self.validation + self.test > 1):
            raise ColdStartError("split", "a pair is in two parts", "give each pair one part")
        for part, questions in (("validation", self.choosing), ("test", self.asking)):
            if not len(questions):
                problem = f"no listener has both a history and something {self.protocol} in the {part} part"
                raise ColdStartError("split", problem, "give more interactions")

    @cached_property
    def history(self) -> csr_array:
        """What is learnt from (L, I)."""
        return self.interactions.matrix(self.train)

    @cached_property
    def warm(self) -> BoolArray:
        """Which items (I,) have a history."""
        counts = np.bincount(self.interactions.items[self.train], minlength=len(self.interactions.item_ids))
        return np.asarray(counts > 0)

    @cached_property
    def choosing(self) -> Questions:
        """What models are chosen by."""
        return self._questions(self.validation, np.zeros_like(self.test))

    @cached_property
    def asking(self) -> Questions:
        """What figures are told of."""
        return self._questions(self.test, self.validation)

    def _questions(self, asked: BoolArray, also_known: BoolArray) -> Questions:
        pairs = self.interactions
        if self.protocol == "hot":
            candidates = self.warm
        else:
            new = np.bincount(pairs.items[asked], minlength=len(pairs.item_ids)) > 0
            candidates = np.asarray(new & ~self.warm)
        has_history = np.bincount(pairs.listeners[self.train], minlength=len(pairs.listener_ids)) > 0
        rows = np.flatnonzero(asked & candidates[pairs.items] & has_history[pairs.listeners])
        listeners, counts = np.unique(pairs.listeners[rows], return_counts=True)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        known = pairs.matrix(self.train | also_known)
        return Questions(listeners.astype(np.int64), offsets, pairs.items[rows], candidates, known)


def hot_split(interactions: Interactions, seed: int) -> Split:
    """Hold out each listener's latest fifth, or a drawn one where times are not known; a tenth is chosen by."""
    generator = np.random.default_rng((seed, 0))
    drawn = generator.random(len(interactions))
    order = np.lexsort((drawn, interactions.listeners))
    if interactions.times is not None:
        order = np.lexsort((drawn, interactions.times, interactions.listeners))
    counts = np.bincount(interactions.listeners, minlength=len(interactions.listener_ids))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    place = np.empty(len(interactions), dtype=np.int64)
    place[order] = np.arange(len(interactions)) - np.repeat(first, counts)
    from_end = (np.repeat(counts, counts) - 1 - place).astype(np.float64)
    n_test = np.repeat(np.round(TEST_SHARE * counts), counts)
    n_validation = np.repeat(np.round(VALIDATION_SHARE * counts), counts)
    test = from_end < n_test
    validation = ~test & (from_end < n_test + n_validation)
    return Split("hot", interactions, ~test & ~validation, validation, test)


def cold_split(interactions: Interactions, seed: int) -> Split:
    """Hold out a fifth of the artists, and another tenth to choose by."""
    groups = np.unique(interactions.groups)
    drawn = np.random.default_rng((seed, 1)).permutation(groups)
    n_test, n_validation = round(TEST_SHARE * len(groups)), round(VALIDATION_SHARE * len(groups))
    of_pairs = interactions.groups[interactions.items]
    test = np.isin(of_pairs, drawn[:n_test])
    validation = np.isin(of_pairs, drawn[n_test : n_test + n_validation])
    return Split("cold", interactions, ~test & ~validation, validation, test)


def split(interactions: Interactions, protocol: Protocol, seed: int) -> Split:
    """Hold out by a protocol."""
    return hot_split(interactions, seed) if protocol == "hot" else cold_split(interactions, seed)


def published_split(plays: Plays, protocol: Protocol, seed: int, *, begin: str = "2019-02-01") -> Split:
    """Learn from the year before a day and ask about the month after it, as published.

    Args:
        plays: dated.
        protocol: which of the new plays are asked.
        seed: of the listeners who are chosen by.
        begin: the first day of that month, in ISO form, UTC.

    Raises:
        ColdStartError: nothing was played in one of the two.
    """
    day = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    year_before = day.replace(year=day.year - 1, day=min(day.day, 28))
    month_after = day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1, day=min(day.day, 28))
    within = (plays.times >= year_before.timestamp()) & (plays.times < month_after.timestamp())
    if not within.any():
        raise ColdStartError("split", f"nothing was played about {begin}", "name another day with --begin")
    # Of what was played before and again in the month, the first play is before it.
    pairs = Interactions.of_plays(plays.kept(within))
    assert pairs.times is not None
    train = pairs.times < day.timestamp()
    warm = np.bincount(pairs.items[train], minlength=len(pairs.item_ids)) > 0
    new = ~train & ~warm[pairs.items]
    hot = ~train & warm[pairs.items]
    with_cold = np.bincount(pairs.listeners[new], minlength=len(pairs.listener_ids)) > 0
    without = np.flatnonzero(~with_cold & (np.bincount(pairs.listeners[hot], minlength=len(with_cold)) > 0))
    chosen = np.random.default_rng((seed, 2)).permutation(without)[: round(_CHOSEN_BY * len(without))]
    choosing = np.isin(pairs.listeners, chosen)
    if protocol == "hot":
        return Split("hot", pairs, train, hot & choosing, hot & ~choosing)
    return _cold_of(pairs, train, new, seed)


def _cold_of(pairs: Interactions, train: BoolArray, new: BoolArray, seed: int) -> Split:
    """Ask about all new items, and choose by a tenth of the artists with a history, who are held out for that."""
    generator = np.random.default_rng((seed, 3))
    warm_groups = np.unique(pairs.groups[pairs.items[train]])
    drawn = generator.permutation(warm_groups)[: max(1, round(VALIDATION_SHARE * len(warm_groups)))]
    validation = train & np.isin(pairs.groups[pairs.items], drawn)
    return Split("cold", pairs, train & ~validation, validation, new)
