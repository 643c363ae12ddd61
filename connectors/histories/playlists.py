"""Playlists as histories: M3U, XSPF and JSPF. What somebody put on a playlist was kept, now.

A playlist that cannot be read, or names no track, is told as one entry that was not read: the rest of an archive is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant.heard import Broken, Heard, HistoryItem
from connectors.histories.base import MAX_NAME_CHARS, Context, HistoryFile
from connectors.playlists.errors import UnreadablePlaylistError
from connectors.playlists.reading import MAX_BYTES, read_playlist

NAME = "playlist"


def read(file: HistoryFile, context: Context) -> Iterator[HistoryItem]:
    """Read a playlist file."""
    with TemporaryDirectory() as folder, file.open() as opened:
        path = Path(folder, "playlist")
        path.write_bytes(opened.read(MAX_BYTES + 1))
        try:
            found = read_playlist(path)
        except UnreadablePlaylistError as error:
            yield Broken(context.name, f"{error.problem}; {error.remedy}")
            return
    for number, entry in enumerate(found.entries, start=1):
        if number - 1 in found.cut:
            why = f"a name has more than {MAX_NAME_CHARS:,} characters"
            yield Broken(context.place(number), why)
            continue
        yield Heard(
            entry.title,
            entry.artist,
            entry.album,
            "keep",
            duration_s=entry.duration_s,
            ids=entry.ids,
            path=entry.path,
        )
