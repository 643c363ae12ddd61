"""So many turns at once as there are cores for: turns that hinder one another all end later than one after another.

A turn is mostly arithmetic, which already uses `Settings.threads` cores. Fifty turns begun together keep throwing one
another's data out of the caches and wait for one another's locks; taken in order, half of them wait half as long, and
the last one, too, ends sooner. A turn that waits for something outside lets another go on meanwhile (`waiting`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore, local

_mine = local()


class Pace:
    """Lets a number of turns go on and the others wait, in order. Shared by threads."""

    def __init__(self, n: int) -> None:
        """Let `n` turns go on at once, at least one."""
        self._free = Semaphore(max(n, 1))

    @classmethod
    def of_machine(cls, threads: int) -> Pace:
        """As many as the cores that this process may use are enough for, with so many threads in each turn."""
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return cls(usable // threads)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the block's turn to go on; within a turn, go on at once."""
        if getattr(_mine, "free", None) is not None:
            yield
            return
        with self._free:
            _mine.free = self._free
            try:
                yield
            finally:
                _mine.free = None


@contextmanager
def waiting() -> Iterator[None]:
    """Let another turn go on while this thread's own waits for something outside; nothing outside of a turn."""
    free = getattr(_mine, "free", None)
    if free is None:
        yield
        return
    free.release()
    try:
        yield
    finally:
        free.acquire()
