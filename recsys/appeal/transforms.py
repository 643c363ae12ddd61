"""From raw values of a target to what is learnt, and back: explicit, fitted on training data alone, and invertible.

    percentile    x → 100·(share of training values below x, half of those equal to it)     (play counts)
    power p       x → top·(x / top)^p on 0–top                  (p > 1 spreads the upper tail, p < 1 the lower)
    chain         one after the other

APEX maps counts to percentiles and raises them to a power, so that the many tracks that hardly anybody played do not
fill the scale. Shapes: n values. NaN is a missing value and stays one, in either direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.errors import AppealError

Values = NDArray[np.float64]
_TOP = 100.0


class Transform(Protocol):
    """Maps raw values to what is learnt."""

    def fit(self, values: Values) -> Transform:
        """Return it as fitted to training values (n,)."""

    def forward(self, values: Values) -> Values:
        """Map raw values (n,)."""

    def inverse(self, values: Values) -> Values:
        """Map back (n,); exact on training values, between them by straight lines."""

    def to_json(self) -> dict[str, Any]:
        """What `read_transform` makes it of again."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Learns raw values."""

    def fit(self, values: Values) -> Transform:
        """Return itself."""
        return self

    def forward(self, values: Values) -> Values:
        """Return the values."""
        return np.asarray(values, np.float64)

    def inverse(self, values: Values) -> Values:
        """Return the values."""
        return np.asarray(values, np.float64)

    def to_json(self) -> dict[str, Any]:
        """Its name."""
        return {"name": "identity"}


@dataclass(frozen=True, slots=True)
class Percentile:
    """Percentile rank among the training values, 0–100; ties share their middle rank."""

    steps: Values = field(default_factory=lambda: np.zeros(0))  # the distinct training values, ascending
    ranks: Values = field(default_factory=lambda: np.zeros(0))  # the percentile of each

    def fit(self, values: Values) -> Transform:
        """Learn the percentile of each value.

        Raises:
            AppealError: there are fewer than two distinct ones.
        """
        known = np.asarray(values, np.float64)
        known = known[~np.isnan(known)]
        steps, counts = np.unique(known, return_counts=True)
        if len(steps) < 2:
            raise AppealError(
                f"a percentile rank of {len(known):,} values of which {len(steps)} are distinct says nothing; "
                "give a target with at least two different values, or no transform"
            )
        below = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return Percentile(steps, _TOP * (below + counts / 2) / len(known))

    def forward(self, values: Values) -> Values:
        """Return percentiles, by straight lines between training values; what is beyond them gets the outermost."""
        self._check()
        return _kept(values, lambda known: np.interp(known, self.steps, self.ranks))

    def inverse(self, values: Values) -> Values:
        """Return the values that have these percentiles."""
        self._check()
        return _kept(values, lambda known: np.interp(known, self.ranks, self.steps))

    def to_json(self) -> dict[str, Any]:
        """Its name and what it was fitted to."""
        return {"name": "percentile", "steps": self.steps.tolist(), "ranks": self.ranks.tolist()}

    def _check(self) -> None:
        if not len(self.steps):
            raise AppealError("this percentile rank was fitted to nothing yet; call fit on training values first")


@dataclass(frozen=True, slots=True)
class Power:
    """top·(x / top)^exponent for x in 0–top; what is outside is drawn to the nearer end first."""

    exponent: float
    top: float = _TOP

    def __post_init__(self) -> None:
        """Refuse what has no inverse.

        Raises:
            AppealError: the exponent or the top is not above 0.
        """
        if self.exponent <= 0 or self.top <= 0:
            raise AppealError(
                f"a power of {self.exponent:g} on 0–{self.top:g} cannot be undone; both have to be above 0"
            )

    def fit(self, values: Values) -> Transform:
        """Return itself."""
        return self

    def forward(self, values: Values) -> Values:
        """Raise to the exponent."""
        return _kept(values, lambda known: self.top * (np.clip(known, 0, self.top) / self.top) ** self.exponent)

    def inverse(self, values: Values) -> Values:
        """Take the root."""
        return _kept(values, lambda known: self.top * (np.clip(known, 0, self.top) / self.top) ** (1 / self.exponent))

    def to_json(self) -> dict[str, Any]:
        """Its name and figures."""
        return {"name": "power", "exponent": self.exponent, "top": self.top}


@dataclass(frozen=True, slots=True)
class Chain:
    """One transform after another."""

    parts: tuple[Transform, ...]

    def fit(self, values: Values) -> Transform:
        """Fit each to what those before it make of the values."""
        fitted: list[Transform] = []
        for part in self.parts:
            fitted.append(part.fit(values))
            values = fitted[-1].forward(values)
        return Chain(tuple(fitted))

    def forward(self, values: Values) -> Values:
        """Map through all, first to last."""
        for part in self.parts:
            values = part.forward(values)
        return values

    def inverse(self, values: Values) -> Values:
        """Map back through all, last to first."""
        for part in reversed(self.parts):
            values = part.inverse(values)
        return values

    def to_json(self) -> dict[str, Any]:
        """Its parts."""
        return {"name": "chain", "parts": [part.to_json() for part in self.parts]}


def parse_transform(text: str) -> Transform:
    """Read "none", "percentile", "power:0.5" or several with "+" between.

    Raises:
        AppealError: it is something else.
    """
    parts: list[Transform] = []
    for word in text.split("+"):
        name, _, number = word.strip().partition(":")
        if name == "none" and not number:
            parts.append(Identity())
        elif name == "percentile" and not number:
            parts.append(Percentile())
        elif name == "power" and _is_number(number):
            parts.append(Power(float(number)))
        else:
            raise AppealError(
                f"no transform {word.strip()!r}; write none, percentile, power:0.5, or percentile+power:0.5"
            )
    return parts[0] if len(parts) == 1 else Chain(tuple(parts))


def read_transform(said: Mapping[str, Any]) -> Transform:
    """Make a transform of what `to_json` says.

    Raises:
        AppealError: it says of none that is known.
    """
    try:
        name = said["name"]
        if name == "identity":
            return Identity()
        if name == "percentile":
            return Percentile(np.array(said["steps"], np.float64), np.array(said["ranks"], np.float64))
        if name == "power":
            return Power(float(said["exponent"]), float(said["top"]))
        if name == "chain":
            parts: Sequence[Mapping[str, Any]] = said["parts"]
            return Chain(tuple(read_transform(one) for one in parts))
    except (KeyError, TypeError, ValueError) as error:
        raise AppealError(f"a saved transform is not readable ({type(error).__name__}); train anew") from error
    raise AppealError(f"no transform is called {name!r}; train anew")


def _kept(values: Values, change: Any) -> Values:
    """Change what is known; what is missing stays NaN."""
    given = np.asarray(values, np.float64)
    result = np.full_like(given, np.nan)
    known = ~np.isnan(given)
    result[known] = change(given[known])
    return result


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
