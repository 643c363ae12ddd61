"""Sessions and turns in the database: every turn with its request, the state after it and the reply."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from assistant.reply import Reply
from assistant.request import Request
from assistant.session import SessionState
from recsys.store import Store

_LOG = logging.getLogger(__name__)
#: Longest listener or session id that is stored as it is, in characters.
_MAX_ID = 200


@dataclass(frozen=True)
class StoredTurn:
    """A turn of a session."""

    state: SessionState
    reply: Reply


class SessionStore:
    """Sessions of listeners. A session id means nothing without its listener: two never meet in a row."""

    def __init__(self, store: Store) -> None:
        """Keep turns in an open database."""
        self._store = store

    def check(self) -> None:
        """Go on only if nobody was forgotten for whom the thread acts.

        Raises:
            ForgottenError: somebody was.
        """
        self._store.presence.check()

    def last(self, session_id: str, listener_id: str) -> StoredTurn | None:
        """Return the newest turn, or None for a new session and for one that belongs to somebody else."""
        return self._read(self._store.last_turn(session_id, listener_id))

    def at(self, session_id: str, listener_id: str, turn: int) -> StoredTurn | None:
        """Return a turn by its number, or None where the session has none."""
        return self._read(self._store.last_turn(session_id, listener_id, turn=turn))

    def _read(self, row: dict[str, Any] | None) -> StoredTurn | None:
        if row is None:
            return None
        try:
            return StoredTurn(SessionState.model_validate(row["state"]), Reply.model_validate(row["reply"]))
        except ValidationError:
            # Written by a version whose state meant something else: better a new session than a wrong one.
            _LOG.warning("a session has a state of another version; it starts anew")
            return None

    def save(self, message: str, listener_id: str, request: Request, state: SessionState, reply: Reply) -> None:
        """Remember a turn."""
        self._store.save_turn(
            reply.session_id,
            listener_id,
            reply.turn,
            message,
            request.model_dump(mode="json"),
            state.model_dump(mode="json"),
            reply.model_dump(mode="json"),
            time.time(),
        )


def identity(name: str) -> str:
    """Make any string an id that every database takes: itself where it is printable and short, else its digest."""
    if name.isprintable() and len(name) <= _MAX_ID:
        return name
    return "sha256-" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
