"""One conversation of one browser tab: what was said, what is on screen, and what goes to the assistant."""

from __future__ import annotations

import logging
import re
import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from html import escape
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal

from assistant.errors import DELIBERATE
from assistant.failures import kind_and_place
from assistant.labels import plain
from assistant.radio_start import RadioStart
from assistant.reply import Message, Reply, SlateTrack, with_reasons
from connectors.errors import ConnectorError
from connectors.web_limits import MAX_MESSAGE, TOO_LONG

if TYPE_CHECKING:
    from assistant.app import Assistant

_LOG = logging.getLogger(__name__)
#: Longest message that the page repeats, in characters; the assistant gets all of it.
_MAX_SHOWN = 600
#: Messages of a conversation that the page keeps on screen.
_MAX_MESSAGES = 200
_LISTENER = re.compile(r"web-[0-9a-f]{32}")
#: The folders of an absolute path, not of an address.
_FOLDERS = re.compile(r"(?<![\w.:/\\])(?:[A-Za-z]:[/\\]|/)(?:[^\s/\\:'\"`<>]+[/\\])+")
#: What the dials stand at before anybody turns them; the length is in tracks.
DIALS = {"how_much_me": 1.0, "discovery": 0.0, "fame": 0.0, "n_tracks": 20.0}

STILL_INCOGNITO = (
    "Incognito is still on: nothing is stored or learnt from. What was said incognito before the page was loaded anew "
    "is gone."
)
GONE = (
    "This conversation is no longer here: it was held incognito, or deleted, and Segue was started anew. Press "
    "“Start over” to go on."
)
_INCOGNITO = " incognito"

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


class _Turn:
    """A lock of one conversation; a copy of it is another one, so that what holds it can be copied."""

    def __init__(self) -> None:
        self._lock = RLock()

    def __deepcopy__(self, _: object) -> _Turn:
        return _Turn()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@dataclass
class Conversation:
    """What one tab has said and sees. It lives on the server, so no browser can name another's session."""

    session_id: str = field(default_factory=lambda: secrets.token_hex(16))
    messages: list[ChatMessage] = field(default_factory=list)
    reply: Reply | None = None
    rated: dict[str, bool | None] = field(default_factory=dict)  # track id → liked, as pressed on this page
    said: str = ""  # of the last press of a button
    whys: dict[str, str] = field(default_factory=dict)  # track id → answer, of the rows that are opened
    stranger: tuple[SlateTrack, ...] | None = None  # what somebody else would get, while that is shown
    incognito: bool = False
    touched: bool = False  # something was done here: it is not only what a page begins with
    listener_id: str = ""  # as the first event of the page had it: others may come before the browser has stored it
    dials: dict[str, float] = field(default_factory=lambda: dict(DIALS))
    _turned: dict[str, Any] = field(default_factory=dict)  # dials that the next message takes along
    _waiting: deque[str] = field(default_factory=deque)
    _turn: _Turn = field(default_factory=_Turn, repr=False, compare=False)

    def __deepcopy__(self, _: object) -> Conversation:
        """Begin another conversation: Gradio copies the first value of a state for each page that is opened."""
        return Conversation()

    @property
    def here(self) -> str:
        """What the page sends along with every act, to go on from should the server know it no more."""
        shown = self.session_id if self.messages or self.reply is not None else ""
        return f"{shown}{_INCOGNITO if self.incognito else ''}"

    @property
    def awaits(self) -> bool:
        """Whether a message waits for its answer."""
        return bool(self._waiting)

    def hear(self, text: str) -> bool:
        """Put a message on screen to be answered next; False where there is nothing in it."""
        if not text.strip():
            return False
        self._say("user", plain(text, _MAX_SHOWN) or "…")
        if len(text) > MAX_MESSAGE:
            self.tell(TOO_LONG)
            return True
        self._waiting.append(text)
        return True

    def tell(self, words: str) -> None:
        """Say something that is no answer of the assistant's; what waits for one is let go."""
        self._waiting.clear()
        self._say("assistant", words)

    def refuse(self, words: str) -> None:
        """Say why the newest message that waits is not answered."""
        if self._waiting:
            self._waiting.pop()
            self._say("assistant", words)

    def answer(self, assistant: Assistant, listener_id: str) -> bool:
        """Answer the oldest message that waits; False where nothing is to be shown. An error becomes a sentence."""
        with self._turn:
            if not self._waiting:
                return False
            session_id, text = self.session_id, self._waiting.popleft()
            reply, said = self._ask(assistant, listener_id, text=text, **self._turned)
            if self.session_id != session_id:
                return False  # started over in the meantime
            self._say("assistant", said or "Here you are.")
            if reply is not None:
                self._turned = {}
                self.show(assistant, listener_id, reply)
            return True

    def press(self, assistant: Assistant, listener_id: str, **wanted: Any) -> bool:
        """Do what a button asks for, in a turn without words; what came of it is in `said`. False where it failed."""
        with self._turn:
            session_id = self.session_id
            reply, said = self._ask(assistant, listener_id, text="", **wanted)
            if self.session_id != session_id:
                return False
            self.said = said
            if reply is not None:
                self.show(assistant, listener_id, reply)
            return reply is not None

    def ask_aside(self, assistant: Assistant, listener_id: str, text: str) -> str:
        """Ask something of the playlist whose answer is shown beside it."""
        with self._turn:
            reply, said = self._ask(assistant, listener_id, text=text)
            if reply is not None and self.reply is not None:
                self.reply = self.reply.model_copy(update={"turn": reply.turn})
            return said

    def turn_dial(self, assistant: Assistant, listener_id: str, name: str, value: float) -> None:
        """Set a dial: it ranks the playlist on screen anew, turns the radio that is on, or counts for the first one."""
        before, self.dials[name] = self.dials[name], value
        wanted: dict[str, Any] = {name: round(value) if name == "n_tracks" else value}
        if self.reply is not None and self.reply.radio is not None:
            wanted |= {"radio": RadioStart()}
        if self.reply is None:
            self._turned |= wanted
        elif not self.press(assistant, listener_id, **wanted):
            self.dials[name] = before

    def show(self, assistant: Assistant, listener_id: str, reply: Reply) -> None:
        """Put a turn's playlist on screen; the dials go where the turn left them."""
        self.reply = reply
        self._follow(reply)
        ids = {track.track_id for track in reply.tracks}
        self.whys = {track_id: why for track_id, why in self.whys.items() if track_id in ids}
        if reply.radio is not None:
            self.stranger = None  # a stranger's radio would begin from other tracks
        elif self.stranger is not None:
            self.compare(assistant, listener_id)

    def compare(self, assistant: Assistant, listener_id: str) -> None:
        """Find out what a stranger would get where the conversation stands."""
        try:
            self.stranger = assistant.without_me(self.session_id, listener_id)
        except Exception as error:
            self.stranger, self.said = None, apology(error)

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
        track = self.track(track_id)
        if track is None or kind not in ("like", "dislike"):
            return False
        liked: bool | None = kind == "like"
        if self.rated.get(track.track_id, track.liked) is liked:
            liked, kind = None, "unrate"
        try:
            assistant.feedback(listener_id, self.session_id, track.track_id, kind, incognito=self.incognito)
        except Exception as error:
            self._say("assistant", apology(error))
            return True
        self.rated[track.track_id] = liked
        return True

    def skip(self, assistant: Assistant, listener_id: str, track: SlateTrack) -> None:
        """Let a track of the radio be skipped, and go on away from it."""
        try:
            assistant.feedback(listener_id, self.session_id, track.track_id, "skip", 0.0, incognito=self.incognito)
        except Exception as error:
            self.said = apology(error)
            return
        self.press(assistant, listener_id, radio=RadioStart())

    def track(self, track_id: object) -> SlateTrack | None:
        """Return a track that is on screen."""
        tracks = self.reply.tracks if self.reply else ()
        return next((track for track in tracks if track.track_id == track_id), None)

    def start_over(self) -> None:
        """Begin a new session on an empty screen; what is still being answered is no longer awaited."""
        self.touched = True
        self.session_id = secrets.token_hex(16)
        self.messages, self.reply, self.rated, self.said = [], None, {}, ""
        self.whys, self.stranger, self.dials, self._turned = {}, None, dict(DIALS), {}
        self._waiting.clear()

    def resume(self, assistant: Assistant, listener_id: str, here: object) -> bool:
        """Go on where a page is, should this be all that a server that was started anew knows of it.

        Args:
            assistant: keeps the conversations; those of others are never found.
            listener_id: whose page it is.
            here: what the page sent, as `here` gave it.

        Returns:
            False where what is on the page's screen is gone: it was deleted, or held incognito.
        """
        if self.touched:
            return True
        with self._turn:
            if self.touched:
                return True
            session_id, mark, _ = here.partition(_INCOGNITO) if isinstance(here, str) else ("", "", "")
            self.incognito = self.incognito or bool(mark)
            if session_id and (mark or not self.open(assistant, listener_id, session_id)):
                return False
            self.touched = True
            return True

    def arrive(self, assistant: Assistant, listener_id: str, session_id: object, *, incognito: bool) -> None:
        """Begin as the page's address says: with an earlier conversation, and still incognito after a reload."""
        if isinstance(session_id, str) and not self.touched:  # whoever is quick has asked something already
            try:
                if incognito:
                    assistant.end_incognito(session_id, listener_id)
                self.open(assistant, listener_id, session_id)
            except Exception as error:
                self.said = apology(error)
        self.touched = True
        if incognito:
            self.incognito, self.said = True, STILL_INCOGNITO

    def open(self, assistant: Assistant, listener_id: str, session_id: str) -> bool:
        """Put an earlier conversation on screen; False where this listener has none of that id."""
        turns = assistant.turns(session_id, listener_id)
        if not turns:
            return False
        self.start_over()
        self.session_id = session_id
        for turn in turns:
            if turn.message.strip():
                self._say("user", plain(turn.message, _MAX_SHOWN) or "…")
                self._say("assistant", turn.reply.text)
            self._follow(turn.reply)
        self.reply = _rated_now(turns[-1].reply, assistant.rated(listener_id))
        return True

    def _follow(self, reply: Reply) -> None:
        """Let the dials stand where a turn left them; an empty playlist says nothing of its length."""
        told = DIALS if reply.tracks else DIALS.keys() - {"n_tracks"}
        self.dials |= {name: reply.dials[name] for name in told if name in reply.dials}

    def _ask(self, assistant: Assistant, listener_id: str, **wanted: Any) -> tuple[Reply | None, str]:
        """Have a turn: the reply, None where it failed, and what is said."""
        try:
            reply = assistant.reply(
                Message(listener_id=listener_id, session_id=self.session_id, incognito=self.incognito, **wanted)
            )
        except Exception as error:
            return None, apology(error)
        return (None if reply.last_resort else reply), reply.text

    def _say(self, role: Literal["user", "assistant"], text: str) -> None:
        # Even with its markdown switched off, Gradio's chat inserts messages as HTML.
        self.messages.append({"role": role, "content": escape(text, quote=False)})
        del self.messages[:-_MAX_MESSAGES]


def _rated_now(reply: Reply, rated: Mapping[str, bool]) -> Reply:
    """Return an earlier reply with the likes and dislikes of now."""
    tracks = (track.model_copy(update={"liked": rated.get(track.track_id)}) for track in reply.tracks)
    return reply.model_copy(update={"tracks": tuple(tracks)})


def apology(error: Exception) -> str:
    """Turn an error into a sentence for a listener; what is unexpected is logged under a reference.

    It does not say where something lies on this machine: listeners may be at another one.
    """
    if isinstance(error, (*DELIBERATE, ConnectorError)):
        return plain(_FOLDERS.sub("…/", str(error)))
    reference = secrets.token_hex(4)
    _LOG.error("web chat failed, reference %s: %s", reference, kind_and_place(error))
    return f"Something went wrong on my side (reference {reference}). Nothing is lost; please try again."
