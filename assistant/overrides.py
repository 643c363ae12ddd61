"""What a connector hands over beside the words, and that beats them."""

from __future__ import annotations

import math

from assistant.reply import Message
from assistant.request import Request
from assistant.session import MAX_MINUTES, MAX_TRACKS


def with_overrides(request: Request, message: Message) -> Request:
    """Let the size that a connector hands over beat the text; what is out of range comes to the nearest possible."""
    if message.n_tracks is None and message.minutes is None:
        return request
    size: dict[str, int | float | None] = {"n_tracks": None, "minutes": None}
    if message.n_tracks is not None:
        size["n_tracks"] = min(max(message.n_tracks, 1), MAX_TRACKS)
    if message.minutes is not None and math.isfinite(message.minutes):
        size["minutes"] = min(max(message.minutes, 1.0), MAX_MINUTES)
    note = request.note
    if message.n_tracks is not None and message.n_tracks > MAX_TRACKS:
        note = f"A playlist has at most {MAX_TRACKS} tracks." + (f" {note}" if note else "")
    return request.model_copy(update=size | {"note": note, "size_factor": None})
