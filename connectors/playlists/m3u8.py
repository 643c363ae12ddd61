"""Extended M3U in UTF-8, for players.

A track with a file is `#EXTINF:<seconds>,<artist> - <title>` and its path; one without a file is the same and a
comment with its address. Seconds are -1 where the length is not known, as the format has it.
"""

from __future__ import annotations

from assistant.reply import Reply, SlateTrack
from connectors.playlists.base import one_line


def m3u8(reply: Reply) -> str:
    """Write a reply's slate as extended M3U."""
    lines = ["#EXTM3U", f"#PLAYLIST:{one_line(reply.query)}"]
    for track in reply.tracks:
        lines += [f"#EXTINF:{_seconds(track)},{_name(track)}", _place(track)]
    return "\n".join(lines) + "\n"


def _seconds(track: SlateTrack) -> int:
    if track.duration_s is None or track.duration_estimated:
        return -1
    return max(round(track.duration_s), 0)


def _name(track: SlateTrack) -> str:
    title, artist = one_line(track.title), one_line(track.artist)
    return f"{artist} - {title}" if artist else title


def _place(track: SlateTrack) -> str:
    if track.path is None:
        return f"# no file: {one_line(track.link)}"
    # Readers strip lines and skip those with "#": a path they would not see is written as its encoded address.
    readable = track.path.splitlines() == [track.path.strip()] and not track.path.startswith("#")
    return track.path if readable else one_line(track.link)
