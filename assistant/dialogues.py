"""Conversations as dialogues in the format of CPCD (`recsys.dialogue_files`), out of what is stored anyway.

A session is a dialogue, and each of its turns, whatever it did, a turn: the message, what Segue answered, and which
tracks were rated before the next turn, in the order in which they were. Ratings count that hold: a like that was taken
back, or became a dislike, is none. The *goal* is what was liked or kept in the session, and the playlists that were
saved in it, less what the listener dislikes. Tracks that have left the catalogue are left out.

Dialogues are named by a digest of session and listener, so that a file names nobody; the words are the listeners' own.
"""

from __future__ import annotations

import hashlib
import logging
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.labels import plain
from assistant.reply import Reply
from assistant.reports import DialoguesReport
from recsys.catalogue import Catalogue
from recsys.dialogue_files import DIALOGUES, TRACKS, write_folder
from recsys.dialogues import Dialogue, DialogueTurn
from recsys.store import Store
from recsys.types import Event, EventKind, Progress, TrackId

_LOG = logging.getLogger(__name__)
_RATINGS = (EventKind.LIKE, EventKind.DISLIKE, EventKind.UNRATE)


@dataclass
class _Session:
    """The turns of a session by time, and what was done in it that still holds."""

    listener_id: str
    session_id: str
    turns: list[tuple[float, str, Reply]] = field(default_factory=list)  # when, what was said, and the answer
    events: list[Event] = field(default_factory=list)  # likes, dislikes and keeps, oldest first
    disliked: frozenset[TrackId] = frozenset()  # by its listener, wherever


def export_dialogues(
    folder: Path, store: Store, catalogue: Catalogue, listener_id: str | None, progress: Progress | None = None
) -> DialoguesReport | None:
    """Write conversations; see `Assistant.export_dialogues`. If none has a goal, write nothing and return None."""
    known = set(catalogue.track_ids)
    dialogues, listeners, n_left_out, n_gone = [], set(), 0, 0
    for session in _sessions(store, listener_id):
        n_gone += sum(event.track_id not in known for event in session.events)
        dialogue = _dialogue(session, known)
        if dialogue.goal:
            dialogues.append(dialogue)
            listeners.add(session.listener_id)
        else:
            n_left_out += 1
    if not dialogues:
        return None
    if progress:
        progress("write files", 0, 0)
    write_folder(folder, dialogues, catalogue)
    return DialoguesReport(
        folder=str(folder),
        dialogs=str(folder / DIALOGUES),
        tracks=str(folder / TRACKS),
        n_dialogues=len(dialogues),
        n_turns=sum(len(one.turns) for one in dialogues),
        n_listeners=len(listeners),
        n_goal=sum(len(one.goal) for one in dialogues),
        n_left_out=n_left_out,
        n_gone=n_gone,
        n_tracks=len(catalogue),
    )


def conversations_of(store: Store, catalogue: Catalogue) -> list[Dialogue]:
    """Return every conversation that has a goal, of all listeners: those that are exported."""
    known = set(catalogue.track_ids)
    told = (_dialogue(session, known) for session in _sessions(store, None))
    return [one for one in told if one.goal]


def _sessions(store: Store, listener_id: str | None) -> Iterator[_Session]:
    """Yield sessions by listener and time."""
    for listener, rows in groupby(store.turns(listener_id), key=lambda row: str(row["listener_id"])):
        sessions: dict[str, _Session] = {}
        for row in rows:
            session_id = str(row["session_id"])
            if (reply := _reply(row)) is not None:
                session = sessions.setdefault(session_id, _Session(listener, session_id))
                session.turns.append((float(row["at"]), plain(row["message"]), reply))
        holding, disliked = _holding(store.events(listener))
        for event in holding:
            if event.session_id in sessions:
                sessions[event.session_id].events.append(event)
        for session in sessions.values():
            session.disliked = disliked
            yield session


def _holding(events: Sequence[Event]) -> tuple[list[Event], frozenset[TrackId]]:
    """Return the likes, dislikes and keeps of a listener that hold, oldest first, and all tracks disliked at last."""
    rating: dict[TrackId, EventKind] = {}
    since: dict[TrackId, int] = {}  # number of the event from which on it is the last rating
    for number, event in enumerate(events):
        if event.kind in _RATINGS and rating.get(event.track_id) is not event.kind:
            rating[event.track_id], since[event.track_id] = event.kind, number
    disliked = frozenset(track_id for track_id, kind in rating.items() if kind is EventKind.DISLIKE)
    holding = []
    for number, event in enumerate(events):
        if event.kind is EventKind.KEEP:
            holds = event.track_id not in disliked
        else:
            holds = event.kind in (EventKind.LIKE, EventKind.DISLIKE) and number >= since[event.track_id]
        if holds:
            holding.append(event)
    return holding, disliked


def _reply(row: dict[str, Any]) -> Reply | None:
    try:
        return Reply.model_validate(row["reply"])
    except ValidationError:
        _LOG.warning("turn %s of a session is of another version; it is left out", row["turn"])
        return None


def _dialogue(session: _Session, known: Collection[TrackId]) -> Dialogue:
    began = [at for at, _, _ in session.turns]
    liked: list[dict[TrackId, None]] = [{} for _ in session.turns]
    disliked: list[dict[TrackId, None]] = [{} for _ in session.turns]
    rated: set[TrackId] = set()
    goal: dict[TrackId, None] = {}
    for event in session.events:
        if event.track_id not in known:
            continue
        if event.kind is not EventKind.DISLIKE:
            goal[event.track_id] = None
        turn = bisect_right(began, event.at) - 1
        if event.kind is not EventKind.KEEP and turn >= 0 and event.track_id not in rated:
            rated.add(event.track_id)
            (liked if event.kind is EventKind.LIKE else disliked)[turn][event.track_id] = None
    for _, _, reply in session.turns:
        saved = (track.track_id for track in reply.tracks if reply.export is not None)
        goal |= dict.fromkeys(one for one in saved if one in known and one not in session.disliked)
    turns = tuple(
        DialogueTurn(said, reply.text, tuple(likes), tuple(dislikes))
        for (_, said, reply), likes, dislikes in zip(session.turns, liked, disliked, strict=True)
    )
    return Dialogue(_name(session), turns, tuple(goal))


def _name(session: _Session) -> str:
    """Name a dialogue as CPCD names its own: 16 hexadecimal digits."""
    whole = f"{len(session.listener_id)} {session.listener_id} {session.session_id}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]
