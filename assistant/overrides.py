"""What a connector hands over beside the words, and that beats them."""

from __future__ import annotations

import math

from assistant.phrasebook import phrasebook
from assistant.reply import Message
from assistant.request import MAX_ME, Intent, Request
from assistant.session import MAX_MINUTES, MAX_TRACKS, SessionState


def with_overrides(request: Request, message: Message, note: str = "", *, begun: bool = True) -> Request:
    """Let the size and the dials that a connector hands over beat the text; what is out of range comes to the nearest.

    A `note` of what else was done stands before what understanding noted. What is usual with a connector counts where a
    conversation has not `begun`, or begins anew.
    """
    changes: dict[str, int | float | str | None] = {}
    sizes = (request.n_tracks, request.minutes, request.size_factor)
    anew = not begun or request.intent is Intent.START_OVER
    if message.usual_tracks is not None and anew and sizes == (None, None, None):
        changes["n_tracks"] = min(max(message.usual_tracks, 1), MAX_TRACKS)
    if message.n_tracks is not None or message.minutes is not None:
        changes |= {"n_tracks": None, "minutes": None, "size_factor": None}
    if message.n_tracks is not None:
        changes["n_tracks"] = min(max(message.n_tracks, 1), MAX_TRACKS)
    if message.minutes is not None and math.isfinite(message.minutes):
        changes["minutes"] = min(max(message.minutes, 1.0), MAX_MINUTES)
    for name, value, least, most in (
        ("discovery", message.discovery, -1.0, 1.0),
        ("fame", message.fame, -1.0, 1.0),
        ("how_much_me", message.how_much_me, 0.0, MAX_ME),
    ):
        if value is not None and math.isfinite(value):
            changes[name] = min(max(value, least), most)
    notes = [note] if note else []
    if message.n_tracks is not None and message.n_tracks > MAX_TRACKS:
        book = phrasebook(request.spoken)
        notes.append(book("A playlist has at most {most}.", most=book("{n} tracks", n=MAX_TRACKS)))
    notes += [request.note] if request.note else []
    return request.model_copy(update=changes | {"note": " ".join(notes) or None})


def as_request(message: Message, before: SessionState) -> Request | None:
    """Return what a button asks for, which has no words; None for a message that has any, or that asks for nothing."""
    if message.step is not None:
        return Request(text="", spoken=before.language, intent=Intent(message.step))
    dials = (message.n_tracks, message.minutes, message.discovery, message.fame, message.how_much_me)
    acts = message.edits or message.chips or any(dial is not None for dial in dials)
    if message.text.strip() or not acts or not before.begun():
        return None
    return Request(text="", spoken=before.language, intent=Intent.REFINE, edits=message.edits)
