"""How much one listener may ask of the page: so many turns a minute and at a time, messages up to a length."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

#: Longest message, in characters: as much as the assistant reads.
MAX_MESSAGE = 4_000
TOO_FAST = "That was a lot at once; please wait a moment and try again."
TOO_MANY = "You have several things under way; please wait until one of them is done."
TOO_LONG = f"A message has at most {MAX_MESSAGE:,} characters; please say it in fewer."
#: Listeners that are remembered at a time; one who is forgotten has been still for long.
_MAX_LISTENERS = 10_000
#: Things that one listener may have under way at a time: each takes a thread of the server, which has some forty.
AT_ONCE = 4


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


class AtOnce:
    """Lets each listener have so many things under way at a time. Shared by threads."""

    def __init__(self, most: int = AT_ONCE) -> None:
        """Allow `most` things."""
        self._most = most
        self._going: Counter[str] = Counter()
        self._lock = Lock()

    @contextmanager
    def one(self, listener_id: str) -> Iterator[bool]:
        """Count a thing as under way within; False where there are too many already, and it is not to be done."""
        with self._lock:
            free = self._going[listener_id] < self._most
            self._going[listener_id] += free
        try:
            yield free
        finally:
            with self._lock:
                self._going[listener_id] -= free
                if not self._going[listener_id]:
                    del self._going[listener_id]
