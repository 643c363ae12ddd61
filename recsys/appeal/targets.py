"""Targets of tracks: one column per head, NaN where nobody knows, each with who said it and how it is transformed.

Shapes: n tracks, H heads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.errors import AppealError
from recsys.appeal.heads import Head, Kind, find_heads
from recsys.appeal.transforms import Identity, Transform


@dataclass(frozen=True)
class Targets:
    """What is known of tracks."""

    heads: tuple[Head, ...]
    values: NDArray[np.float64]  # (n, H) raw, NaN where unknown
    kinds: tuple[Kind, ...]  # (H,)

    def __post_init__(self) -> None:
        """Check shapes and ranges.

        Raises:
            AppealError: columns and heads do not match, or a binary target is neither 0 nor 1.
        """
        if self.values.ndim != 2 or self.values.shape[1] != len(self.heads) or len(self.kinds) != len(self.heads):
            raise AppealError(
                f"targets of the shape {self.values.shape} for {len(self.heads)} heads of {len(self.kinds)} kinds; "
                "expected one column and one kind per head"
            )
        for column, head in enumerate(self.heads):
            known = self.values[~np.isnan(self.values[:, column]), column]
            if head.binary and not np.isin(known, (0.0, 1.0)).all():
                wrong = known[~np.isin(known, (0.0, 1.0))][0]
                raise AppealError(f"{head.name} is {wrong:g} somewhere; expected 0 or 1, or nothing where unknown")

    @classmethod
    def of(
        cls,
        columns: Mapping[str, Sequence[float] | NDArray[np.float64]],
        kinds: Mapping[str, Kind] | None = None,
    ) -> Targets:
        """Make them of columns by the names of heads.

        Args:
            columns: raw values, NaN where unknown, all of one length.
            kinds: who said a column, where that is not what the head's source has.

        Raises:
            UnknownHeadError: a column is of no head.
            AppealError: see above.
        """
        heads = find_heads(columns)
        said = kinds or {}
        values = np.column_stack([np.asarray(columns[head.name], np.float64) for head in heads])
        return cls(heads, values, tuple(said.get(head.name, head.kind) for head in heads))

    def rows(self, chosen: NDArray[np.int64]) -> Targets:
        """Return those of some tracks."""
        return Targets(self.heads, self.values[chosen], self.kinds)

    def only(self, names: Sequence[str]) -> Targets:
        """Return some heads, in the order given."""
        order = [[head.name for head in self.heads].index(name) for name in names]
        return Targets(
            tuple(self.heads[one] for one in order), self.values[:, order], tuple(self.kinds[one] for one in order)
        )


@dataclass(frozen=True)
class Scales:
    """How each head's raw values become what is learnt, fitted to training tracks, and back."""

    transforms: tuple[Transform, ...]

    @classmethod
    def fit(cls, targets: Targets, asked: Mapping[str, Transform]) -> Scales:
        """Fit the transform asked for of each head; none where none is asked for.

        Raises:
            AppealError: a transform cannot be fitted, or is asked of a binary head.
        """
        fitted: list[Transform] = []
        for column, head in enumerate(targets.heads):
            transform = asked.get(head.name, Identity())
            if head.binary and not isinstance(transform, Identity):
                raise AppealError(f"{head.name} is 0 or 1, so there is nothing to transform; leave its transform out")
            fitted.append(transform.fit(targets.values[:, column]))
        return cls(tuple(fitted))

    def forward(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map raw values (n, H) to what is learnt."""
        return np.column_stack([one.forward(values[:, column]) for column, one in enumerate(self.transforms)])

    def inverse(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map what is predicted (n, H) to raw values."""
        return np.column_stack([one.inverse(values[:, column]) for column, one in enumerate(self.transforms)])
