"""Plain text, for messages and notes: a numbered list, each track with its address or a search for it below."""

from __future__ import annotations

from assistant.reply import Reply, SlateTrack
from connectors.playlists.base import one_line


def plain_text(reply: Reply) -> str:
    """Write a reply's slate as text; the first line is what was asked for, with "#" before it."""
    lines = [f"# {one_line(reply.query) or 'Playlist'}", ""]
    for track in reply.tracks:
        lines += [f"{track.position}. {_name(track)}{_length(track)}", f"   {one_line(track.link)}"]
    return "\n".join(lines) + "\n"


def _name(track: SlateTrack) -> str:
    title, artist = one_line(track.title), one_line(track.artist)
    return f"{artist} – {title}" if artist else title


def _length(track: SlateTrack) -> str:
    if track.duration_s is None or track.duration_estimated:
        return ""
    minutes, seconds = divmod(round(track.duration_s), 60)
    return f" ({minutes}:{seconds:02})"
