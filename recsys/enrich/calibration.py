"""How sure a kind of evidence makes: how often it was right for tracks of the catalogue that state the field.

Every source says of described tracks too what it would say if they were not, and is counted right or wrong. That share
is drawn towards an expected one, which alone counts where a catalogue describes nothing:

    confidence = (right + WEIGHT · expected) / (seen + WEIGHT)

This is the mean of a beta posterior (Gelman et al., "Bayesian Data Analysis", section 2.4).
"""

from __future__ import annotations

from collections import Counter

#: Described tracks that outweigh what is expected beforehand.
WEIGHT = 20.0
#: Described tracks of a field that a source is tried on at most: more make no share much surer.
MOST_TRIED = 5_000


class Calibration:
    """Counts of right and wrong by kind of evidence."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._seen: Counter[str] = Counter()
        self._right: Counter[str] = Counter()

    def learn(self, kind: str, right: bool) -> None:
        """Count one value for a track that states the field."""
        self._seen[kind] += 1
        self._right[kind] += right

    def confidence(self, kind: str, expected: float) -> float:
        """How sure evidence of a kind makes, 0–1; `expected` where none was seen."""
        return (self._right[kind] + WEIGHT * expected) / (self._seen[kind] + WEIGHT)

    def seen(self, kind: str) -> int:
        """How many values of a kind were counted."""
        return self._seen[kind]


def spread(n: int, most: int = MOST_TRIED) -> range:
    """At most `most` numbers below n, evenly apart."""
    return range(0, n, max(1, -(-n // most)))
