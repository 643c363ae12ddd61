"""What the messages with playlists show just now, so that presses on one message follow one another.

A press works, and then draws the message anew. Two that did so at once could draw in the other order than they worked,
and the message would show what is no longer so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from connectors.discord.desk import Answer


class Screens:
    """The messages that are being pressed on, or wait for words, by their tokens; used in one event loop."""

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._watched: dict[str, Answer] = {}

    def one_by_one(self, token: str) -> asyncio.Lock:
        """Return what is held from the work of a press to the drawing of what came of it."""
        return self._locks.setdefault(token, asyncio.Lock())

    def turned(self, answer: Answer) -> None:
        """Note that a message shows something else now: another turn, page or track."""
        if answer.shown is not None and answer.shown.token in self._watched:
            self._watched[answer.shown.token] = answer

    @contextmanager
    def watched(self, answer: Answer) -> Iterator[None]:
        """Keep in mind what a message shows until the block ends."""
        assert answer.shown is not None
        self._watched[answer.shown.token] = answer
        try:
            yield
        finally:
            del self._watched[answer.shown.token]

    def seen(self, token: str) -> Answer:
        """Return what a message shows that is watched."""
        return self._watched[token]
