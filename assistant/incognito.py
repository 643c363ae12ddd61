"""Turns that leave nothing behind: they are kept in memory while they are needed, and nowhere else."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from assistant.reply import Reply, without
from assistant.request import Request
from assistant.session import SessionState
from assistant.store import SessionStore, StoredTurn
from recsys.types import Event

#: Sessions that are remembered at a time, of all listeners and of one, and turns of each: enough to go on and to undo.
_MAX_SESSIONS, _MAX_OF_ONE, _MAX_TURNS = 200, 20, 100


@dataclass
class _Session:
    turns: OrderedDict[int, StoredTurn] = field(default_factory=OrderedDict)
    events: list[Event] = field(default_factory=list)

    def has(self, speaker: str) -> bool:
        """Whether somebody other than whose session it is wrote in it."""
        return any(speaker in turn.state.speakers for turn in self.turns.values())


class IncognitoSessions(SessionStore):
    """Sessions in memory over those that are stored: an incognito turn goes on from what was said before it.

    What is stored is read and never written.
    """

    def __init__(self, stored: SessionStore) -> None:
        """Read what these sessions lack from those that are stored."""
        self._stored = stored
        self._sessions: OrderedDict[tuple[str, str], _Session] = OrderedDict()
        self._lock = Lock()

    def check(self) -> None:
        """Go on only if nobody was forgotten for whom the thread acts.

        Raises:
            ForgottenError: somebody was.
        """
        self._stored.check()

    def last(self, session_id: str, listener_id: str) -> StoredTurn | None:
        """Return the newest turn, or None for a new session and for one that belongs to somebody else."""
        with self._lock:
            known = self._sessions.get((session_id, listener_id))
            if known is not None and known.turns:
                return known.turns[next(reversed(known.turns))]
        return self._stored.last(session_id, listener_id)

    def at(self, session_id: str, listener_id: str, turn: int) -> StoredTurn | None:
        """Return a turn by its number, or None where the session has none."""
        with self._lock:
            known = self._sessions.get((session_id, listener_id))
            if known is not None and turn in known.turns:
                return known.turns[turn]
        return self._stored.at(session_id, listener_id, turn)

    def save(self, message: str, listener_id: str, request: Request, state: SessionState, reply: Reply) -> None:
        """Remember a turn for a while."""
        with self._lock:
            self.check()
            session = self._session(reply.session_id, listener_id)
            session.turns[reply.turn] = StoredTurn(state, reply)
            while len(session.turns) > _MAX_TURNS:
                session.turns.popitem(last=False)

    def add_event(self, event: Event) -> None:
        """Remember for a while what was done in a session."""
        with self._lock:
            self.check()
            self._session(event.session_id or "", event.listener_id).events.append(event)

    def events(self, session_id: str, listener_id: str) -> tuple[Event, ...]:
        """Return what was done in a session, oldest first."""
        with self._lock:
            known = self._sessions.get((session_id, listener_id))
            return tuple(known.events) if known is not None else ()

    def forget(self, listener_id: str) -> None:
        """Drop all sessions of a listener, and those in which they wrote; and their part in the playlists of groups."""
        with self._lock:
            for key in [key for key, held in self._sessions.items() if key[1] == listener_id or held.has(listener_id)]:
                del self._sessions[key]
            for session in self._sessions.values():
                for turn, stored in session.turns.items():
                    session.turns[turn] = StoredTurn(stored.state, without(stored.reply, listener_id))

    def drop(self, session_id: str, listener_id: str) -> bool:
        """Let go of a session; tell whether it was remembered."""
        with self._lock:
            return self._sessions.pop((session_id, listener_id), None) is not None

    def _session(self, session_id: str, listener_id: str) -> _Session:
        session = self._sessions.setdefault((session_id, listener_id), _Session())
        self._sessions.move_to_end((session_id, listener_id))
        own = [key for key in self._sessions if key[1] == listener_id]
        for key in own[: max(len(own) - _MAX_OF_ONE, 0)]:
            del self._sessions[key]
        while len(self._sessions) > _MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return session
