"""What each recommender of the study is given, and what it gives.

Shapes: L listeners, I items, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from recsys.cold.content import Content
from recsys.cold.measure import Scorer
from recsys.cold.splits import Split
from recsys.types import FloatArray, Progress

#: What of the public code of the study is done as it is there, and not as the papers say.
#:
#:   knn-rows    a listener's mean is over rows of the whole file, at the numbers that items have among those used
#:   k50         every cut is 50, whatever it is called
#:   negatives   negative listeners are drawn from the first 17,052 of 21,018, or as large a share
#:   freeze      what is to be frozen is trained, and the other way round
FAULTS = ("knn-rows", "k50", "negatives", "freeze")


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, eq=False)
class Problem:
    """One split of one data set with one table of content."""

    split: Split
    content: Content
    seed: int
    collaborative: FloatArray | None = None  # (I, D) of the training part: never a content, but a target
    faults: tuple[str, ...] = ()
    progress: Progress = silent


@dataclass(frozen=True, eq=False)
class Outcome:
    """A fitted recommender, and what choosing came to."""

    scorer: Scorer
    chosen: Mapping[str, Any] = field(default_factory=dict)  # figure of what is chosen by, epoch, and the like


class Recommender(Protocol):
    """Learns to recommend from content."""

    def __call__(self, problem: Problem) -> Outcome:
        """Fit on the training part, choosing by the validation part alone."""
