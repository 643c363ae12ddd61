"""What plays in the pages that are open: how far each track is, so that it is stored once, however it ends.

A page tells now and then how far the track is. Nothing of that is stored until the track is over, or the page is gone.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from assistant.failures import kind_and_place
from connectors.web_chat import Conversation

if TYPE_CHECKING:
    from assistant.app import Assistant

_LOG = logging.getLogger(__name__)
#: Share of a track from which on it counts as played and not as skipped.
_HEARD = 0.5
#: Pages that are remembered at a time, tracks that one of them plays at once, and those that are known to be over.
_MAX_PAGES, _MAX_GOING, _MAX_OVER = 10_000, 8, 200
_STATES = ("on", "over", "broken")


@dataclass
class _Play:
    """A track that somebody began to hear."""

    listener_id: str
    session_id: str  # in which it was begun
    track_id: str
    talk: Conversation  # knows whether anything may be stored
    completion: float = 0.0


@dataclass
class _Page:
    """A page that is open, or was: a computer that slept comes back to it."""

    going: dict[int, _Play] = field(default_factory=dict)  # by the page's own count
    over: deque[int] = field(default_factory=lambda: deque(maxlen=_MAX_OVER))

    def end(self, number: int) -> _Play | None:
        """Take a play out, for ever; None where it never began or is over."""
        play = self.going.pop(number, None)
        if number not in self.over:
            self.over.append(number)
        return play


class Plays:
    """What plays in all pages of a server. Shared by threads."""

    def __init__(self, assistant: Assistant) -> None:
        """Store events with an assistant."""
        self._assistant = assistant
        self._pages: OrderedDict[str, _Page] = OrderedDict()
        self._lock = Lock()

    def tell(self, page: str, listener_id: str, talk: Conversation, data: Mapping[str, Any]) -> bool:
        """Take note of what a page says of a track, and store it where that is over.

        Args:
            page: names the page; nobody else knows it.
            listener_id: who listens.
            talk: the conversation on screen.
            data: `play` counts what the page began to play, `track` is an id, `completion` the share that was heard,
                `state` is "on", "over", or "broken" for what cannot be played on and counts for nothing.

        Returns:
            Whether that can be, and is about a play that is not over yet.
        """
        number, track_id, share, state = (data.get(name) for name in ("play", "track", "completion", "state"))
        if isinstance(number, bool) or not isinstance(number, int) or not isinstance(track_id, str):
            return False
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0.0 <= share <= 1.0:
            return False
        if state not in _STATES or self._assistant.media_path(track_id) is None:
            return False
        left: list[_Play] = []
        ended = None
        with self._lock:
            known = self._pages.setdefault(page, _Page())
            self._pages.move_to_end(page)
            if number in known.over or (number not in known.going and len(known.going) >= _MAX_GOING):
                return False
            play = known.going.setdefault(number, _Play(listener_id, talk.session_id, track_id, talk))
            play.completion = max(play.completion, float(share))
            if state != "on":
                ended = known.end(number)
            while len(self._pages) > _MAX_PAGES:
                left += self._pages.popitem(last=False)[1].going.values()
        self._store([ended, *left] if ended is not None and state == "over" else left)
        return True

    def gone(self, page: str) -> None:
        """Store what plays in a page that was closed, was left for another one, or is out of reach."""
        with self._lock:
            known = self._pages.get(page, _Page())
            ended = [known.end(number) for number in tuple(known.going)]
        self._store([play for play in ended if play is not None])

    def forget(self, listener_id: str) -> None:
        """Let go of what a listener hears now: nothing of it will be stored."""
        with self._lock:
            for page in self._pages.values():
                for number in [number for number, play in page.going.items() if play.listener_id == listener_id]:
                    page.end(number)

    def _store(self, plays: list[_Play]) -> None:
        for play in plays:
            kind = "play" if play.completion >= _HEARD else "skip"
            whose = (play.listener_id, play.session_id, play.track_id)
            try:
                self._assistant.feedback(*whose, kind, play.completion, incognito=play.talk.incognito)
            except Exception as error:
                _LOG.warning("what was heard of a track could not be stored: %s", kind_and_place(error))
