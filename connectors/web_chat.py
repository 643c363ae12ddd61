"""One conversation of one browser tab: what was said, what is on screen, and what goes to the assistant."""

from __future__ import annotations

import logging
import re
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from html import escape
from threading import Lock
from typing import TYPE_CHECKING, Literal

from assistant.errors import DELIBERATE
from assistant.labels import plain
from assistant.reply import Message, Reply, with_reasons

if TYPE_CHECKING:
    from assistant.app import Assistant

_LOG = logging.getLogger(__name__)
#: Longest message that the page repeats, in characters; the assistant gets all of it.
_MAX_SHOWN = 600
#: Messages of a conversation that the page keeps on screen.
_MAX_MESSAGES = 200
_LISTENER = re.compile(r"web-[0-9a-f]{32}")

Rating = Literal["like", "dislike"]
ChatMessage = dict[str, str]


def listener_of(stored: object) -> str:
    """Return the listener id that a browser remembers, or a new one.

    What a browser sends is anybody's invention: only ids of the form that is given out here are taken, so that no
    browser can pass for the listener of the terminal or of another connector.
    """
    if isinstance(stored, str) and _LISTENER.fullmatch(stored):
        return stored
    return f"web-{secrets.token_hex(16)}"


@dataclass
class Conversation:
    """What one tab has said and sees. It lives on the server, so no browser can name another's session."""

    session_id: str = field(default_factory=lambda: secrets.token_hex(16))
    messages: list[ChatMessage] = field(default_factory=list)
    reply: Reply | None = None
    rated: dict[str, bool | None] = field(default_factory=dict)  # track id → liked, as pressed on this page
    _waiting: deque[str] = field(default_factory=deque)
    _turn: Lock = field(default_factory=Lock, repr=False, compare=False)

    def hear(self, text: str) -> bool:
        """Put a message on screen to be answered next; False where there is nothing in it."""
        if not text.strip():
            return False
        self._waiting.append(text)
        self._say("user", plain(text, _MAX_SHOWN) or "…")
        return True

    def answer(self, assistant: Assistant, listener_id: str) -> bool:
        """Answer the oldest message that waits; False where nothing is to be shown. An error becomes a sentence."""
        with self._turn:
            if not self._waiting:
                return False
            session_id, text = self.session_id, self._waiting.popleft()
            try:
                reply = assistant.reply(Message(listener_id=listener_id, session_id=session_id, text=text))
                said = reply.text or "Here you are."
            except Exception as error:
                reply, said = None, _apology(error)
            if self.session_id != session_id:
                return False  # started over in the meantime
            self._say("assistant", said)
            if reply is not None and not reply.last_resort:
                self.reply = reply
            return True

    def reword(self, assistant: Assistant) -> Iterator[bool]:
        """Put reasons into other words as a language model writes them; yield whenever one of those on screen changed.

        It ends as soon as another slate is on screen.
        """
        reply = self.reply
        if reply is None or not reply.tracks or not assistant.rewords:
            return
        turn = (reply.session_id, reply.turn)
        with closing(assistant.reword(reply)) as sentences:
            for track_id, sentence in sentences:
                shown = self.reply
                if shown is None or (shown.session_id, shown.turn) != turn:
                    return
                self.reply = with_reasons(shown, {track_id: sentence})
                yield True

    def rate(self, assistant: Assistant, listener_id: str, track_id: object, kind: object) -> bool:
        """Store a like or dislike of a track on screen, or take it back where it was pressed; False for all else."""
        shown = {track.track_id: track for track in self.reply.tracks} if self.reply else {}
        if not isinstance(track_id, str) or track_id not in shown or kind not in ("like", "dislike"):
            return False
        liked: bool | None = kind == "like"
        if self.rated.get(track_id, shown[track_id].liked) is liked:
            liked, kind = None, "unrate"
        try:
            assistant.feedback(listener_id, self.session_id, track_id, kind)
        except Exception as error:
            self._say("assistant", _apology(error))
            return True
        self.rated[track_id] = liked
        return True

    def start_over(self) -> None:
        """Begin a new session on an empty screen; what is still being answered is no longer awaited."""
        self.session_id = secrets.token_hex(16)
        self.messages, self.reply, self.rated = [], None, {}
        self._waiting.clear()

    def _say(self, role: Literal["user", "assistant"], text: str) -> None:
        # Even with its markdown switched off, Gradio's chat inserts messages as HTML.
        self.messages.append({"role": role, "content": escape(text, quote=False)})
        del self.messages[:-_MAX_MESSAGES]


def _apology(error: Exception) -> str:
    """Turn an error into a sentence for a listener; what is unexpected is logged under a reference."""
    if isinstance(error, DELIBERATE):
        return plain(str(error))
    reference = secrets.token_hex(4)
    _LOG.error("web chat failed, reference %s", reference, exc_info=error)
    return f"Something went wrong on my side (reference {reference}). Nothing is lost; please try again."
