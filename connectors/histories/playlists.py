"""Playlists as histories: M3U, XSPF and JSPF. What somebody put on a playlist was kept, now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant.heard import Heard, HistoryItem
from connectors.histories.base import Context, HistoryFile
from connectors.histories.errors import HistoryError
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
            raise HistoryError(context.name, error.problem, error.remedy) from error
    for entry in found.entries:
        yield Heard(
            entry.title,
            entry.artist,
            entry.album,
            "keep",
            duration_s=entry.duration_s,
            ids=entry.ids,
            path=entry.path,
        )
