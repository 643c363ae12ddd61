"""Why a track is in a playlist, in words for one person."""

from __future__ import annotations

from assistant.phrasebook import Phrasebook
from assistant.reply import SlateTrack
from connectors.discord.slates import track_name
from connectors.discord.words import safe

_MAX_CAUSE = 300


def why_text(track: SlateTrack, book: Phrasebook) -> str:
    """Say all that is known of why a track was picked."""
    lines = [f"`{track.position}.` {track_name(track)}", safe(track.reason, _MAX_CAUSE)]
    lines += [f"• {safe(cause, _MAX_CAUSE)}" for cause in track.causes]
    if track.facets:
        lines.append(safe(", ".join(track.facets), _MAX_CAUSE))
    if track.query_share or track.user_share:
        shares = {"words": book.number(100 * track.query_share), "you": book.number(100 * track.user_share)}
        lines.append(book("Your words count for {words} %, your taste for {you} %.", **shares))
    return "\n".join(filter(None, lines))
