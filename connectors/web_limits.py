"""How much one listener may ask of the page: so many turns a minute, and messages up to a length."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

#: Longest message, in characters: as much as the assistant reads.
MAX_MESSAGE = 4_000
TOO_FAST = "That was a lot at once; please wait a moment and try again."
TOO_LONG = f"A message has at most {MAX_MESSAGE:,} characters; please say it in fewer."
#: Listeners that are remembered at a time; one who is forgotten has been still for long.
_MAX_LISTENERS = 10_000


class RateLimit:
    """Lets each listener do so many things a minute, all at once or spread (a token bucket). Shared by threads."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic, *, per_s: float = 60.0) -> None:
        """Allow `most` things in `per_s` seconds; `clock` tells seconds."""
        self._most, self._per_s, self._clock = float(most), per_s, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def allows(self, listener_id: str) -> bool:
        """Count one thing that a listener does; False where it is too much."""
        with self._lock:
            now = self._clock()
            left, at = self._left.pop(listener_id, (self._most, now))
            left = min(self._most, left + (now - at) * self._most / self._per_s)
            allowed = left >= 1.0
            self._left[listener_id] = (left - allowed, now)
            while len(self._left) > _MAX_LISTENERS:
                self._left.popitem(last=False)
            return allowed

    def give_back(self, listener_id: str) -> None:
        """Let the last thing that was allowed count no more."""
        with self._lock:
            if listener_id in self._left:
                left, at = self._left[listener_id]
                self._left[listener_id] = (min(self._most, left + 1.0), at)
