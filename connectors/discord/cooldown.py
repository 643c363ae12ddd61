"""How long somebody waits between two requests."""

from __future__ import annotations

import time

#: People whose last request is remembered; beyond that the oldest are forgotten.
_MOST_RECENT = 10_000


class Cooldown:
    """When people last asked for something, by server; in memory alone."""

    def __init__(self) -> None:
        """Nobody asked yet."""
        self._asked: dict[tuple[str, int], float] = {}

    def take(self, guild: str, user: int, every_s: float) -> float:
        """Ask now, if that is soon enough after the last time; return the seconds to wait otherwise, else 0."""
        now, who = time.monotonic(), (guild, user)
        wait = self._asked[who] + every_s - now if who in self._asked else 0.0
        if wait > 0:
            return wait
        self._asked.pop(who, None)
        self._asked[who] = now
        while len(self._asked) > _MOST_RECENT:
            del self._asked[next(iter(self._asked))]
        return 0.0

    def forget(self, user: int) -> None:
        """Forget when a person asked."""
        for who in [who for who in self._asked if who[1] == user]:
            del self._asked[who]
