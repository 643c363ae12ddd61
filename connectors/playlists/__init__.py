"""Playlists as files: one format per file extension."""

from __future__ import annotations

import re
from pathlib import Path

from assistant.errors import UnknownFormatError
from assistant.reply import Reply
from connectors.playlists.base import PlaylistFormat, check_place, write_whole
from connectors.playlists.csv_ import csv_table
from connectors.playlists.json_ import json_document
from connectors.playlists.jspf import jspf
from connectors.playlists.m3u8 import m3u8
from connectors.playlists.names import free_file, safe_file_name
from connectors.playlists.text import plain_text
from connectors.playlists.xspf import xspf

__all__ = ["FORMATS", "check_destination", "format_of", "free_file", "free_path", "safe_file_name", "write_playlist"]

#: File extension → format.
FORMATS: dict[str, PlaylistFormat] = {
    ".m3u8": m3u8,
    ".m3u": m3u8,
    ".xspf": xspf,
    ".jspf": jspf,
    ".csv": csv_table,
    ".json": json_document,
    ".txt": plain_text,
}

#: Words of the wishes that name a file.
_MAX_NAME_WORDS = 6


def format_of(path: Path) -> PlaylistFormat:
    """Return the format that a file's extension names.

    Raises:
        UnknownFormatError: it names none.
    """
    extension = path.suffix.lower()
    if extension not in FORMATS:
        raise UnknownFormatError(extension or path.name, tuple(FORMATS))
    return FORMATS[extension]


def check_destination(path: Path) -> None:
    """Find out, before a playlist is made, that it could not be written to a file.

    Raises:
        UnknownFormatError: the extension names no format.
        PlaylistFileError: the folder does not exist, or the name is a folder's.
    """
    format_of(path)
    check_place(path)


def free_path(reply: Reply, extension: str) -> Path:
    """Name a file of this folder that does not exist yet after what a playlist was made for: `segue-jazz-mellow.m3u8`.

    Args:
        reply: the playlist.
        extension: without its dot.
    """
    words: list[str] = []
    for line in reply.receipt:
        said = re.findall(r"[a-z0-9]+", line.constraint.lower()) if line.n_total else []
        words += said if len(words) + len(said) <= _MAX_NAME_WORDS else []
    return free_file(Path(), "-".join(["segue", *(words or ["playlist"])]), f".{extension}")


def write_playlist(reply: Reply, path: Path) -> None:
    """Write a reply's slate to a file in the format of its extension; the file appears whole or not at all.

    Raises:
        UnknownFormatError: the extension names no format.
        PlaylistFileError: the place cannot be written.
    """
    write_whole(path, format_of(path)(reply))
