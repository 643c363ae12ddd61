"""Laps of one turn, in milliseconds by name."""

from __future__ import annotations

import time


class Clock:
    """Measures how long each stage takes, one after the other."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End a stage."""
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 3)
        self._last = now
