"""Going back and forth between the playlists of a session.

Every turn that makes a playlist is a version, stored with the state that made it. Undo shows the version before as it
was, track by track, and what held then holds again; redo takes that back. A new wish after an undo makes a new version,
and what had been undone can then no longer be redone. Ratings are no part of a version: they stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assistant.phrasebook import ENGLISH_BOOK, Phrasebook
from assistant.reply import Reply
from assistant.request import Intent
from assistant.session import SessionState
from assistant.slates import diff
from assistant.store import StoredTurn

#: Versions that a session can go back to.
MAX_VERSIONS = 100
_NO_EARLIER = "There is nothing to undo: this is the first playlist."
_NO_LATER = "There is nothing to redo: this is the latest playlist."
_BEFORE, _AGAIN = "Back to the playlist before: {slate}.", "Forward again: {slate}."
_EMPTY_BEFORE, _EMPTY_AGAIN = "Back to the playlist before, which was empty.", "Forward again, which was empty."


def with_version(state: SessionState, before: SessionState, *, changed: bool = True) -> SessionState:
    """Count a turn's playlist as the newest version after what was on screen, if the turn `changed` anything."""
    if not changed:
        return state.model_copy(update={"past": before.past, "future": before.future, "shows": _shown_at(before)})
    past = (*before.past, _shown_at(before))[-MAX_VERSIONS:] if before.begun() else ()
    return state.model_copy(update={"past": past, "future": (), "shows": state.turn})


def step(
    intent: Intent,
    before: StoredTurn,
    find: Callable[[int], StoredTurn | None],
    rated: Mapping[str, bool],
    book: Phrasebook = ENGLISH_BOOK,
) -> tuple[SessionState, Reply]:
    """Go one version back (`Intent.UNDO`) or forth (`Intent.REDO`); where there is none, stay and say so.

    Args:
        intent: which way.
        before: the newest turn.
        find: a turn of the session by its number, None if it is no longer there.
        rated: track id → whether the listener likes it now.
        book: the language to say it in.

    Returns:
        The state and the reply of a new turn.
    """
    state, back = before.state, intent is Intent.UNDO
    here = _shown_at(state)
    past, future = state.past, state.future
    target = (past[-1] if past else 0) if back else (future[0] if future else 0)
    found = find(target) if target else None
    if found is None:
        said = book(_NO_EARLIER if back else _NO_LATER)
        found, shows = before, here
    else:
        past, future = (past[:-1], (here, *future)) if back else ((*past, here), future[1:])
        shows = target
        n = len(found.reply.tracks)
        slate = book("{n} tracks, {length}" if n != 1 else "{n} track, {length}", n=n, length=found.reply.total)
        empty = _EMPTY_BEFORE if back else _EMPTY_AGAIN
        said = book(_BEFORE if back else _AGAIN, slate=slate) if n else book(empty)
    kept = {"turn": state.turn + 1, "past": past, "future": future, "shows": shows, "shown": state.shown}
    kept |= {"language": book.language}
    tracks = tuple(
        t.model_copy(update={"liked": rated.get(t.track_id), "new": t.track_id not in state.slate})
        for t in found.reply.tracks
    )
    changed = diff(state.slate, [track.track_id for track in tracks])
    reply = found.reply.model_copy(update={"turn": state.turn + 1, "text": said, "tracks": tracks, "diff": changed})
    return found.state.model_copy(update=kept), reply


def _shown_at(state: SessionState) -> int:
    """The turn whose playlist is on screen."""
    return state.shows or state.turn
