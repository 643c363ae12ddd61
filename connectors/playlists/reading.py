"""Playlists of elsewhere: files of every common format, and lists as people paste them.

The format is told by what a text is, not by what its file is called. Nothing is fetched, no entity of XML is expanded,
and no file that an entry names is opened.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.entries import Entry, NoColumnsError, entries_of_rows
from assistant.labels import plain
from connectors.playlists.errors import UnreadablePlaylistError
from connectors.playlists.pasted import read_lines
from connectors.playlists.read_json import read_json
from connectors.playlists.read_m3u import read_m3u
from connectors.playlists.read_xspf import read_xspf

__all__ = ["Entry", "PlaylistIn", "parse_playlist", "read_playlist"]

#: Larger files are no playlists; and no more entries than this are taken from one.
MAX_BYTES, MAX_ENTRIES = 32 << 20, 100_000
#: Longer names are cut, in characters; and shorter or longer tracks than this, in seconds, are none.
MAX_NAME, _MIN_S, _MAX_S = 1_000, 1.0, 86_400.0
_FORMULA_GUARD = "'"
_GUARDED = ("'=", "'+", "'-", "'@", "'\t", "'\r")


@dataclass(frozen=True, slots=True)
class PlaylistIn:
    """A playlist as somebody else wrote it: its name, "" where it has none, and its entries in order.

    Names are on one line and safe to show.
    """

    name: str
    entries: tuple[Entry, ...]
    cut: frozenset[int] = frozenset()  # places, from 0, of entries of which a name was too long


def read_playlist(path: Path) -> PlaylistIn:
    """Read a playlist file: M3U, M3U8, XSPF, JSPF, CSV, TSV, JSON as Segue writes it, or lines of plain text.

    Raises:
        UnreadablePlaylistError: it is missing, no text, too large, damaged, or names no track.
    """
    name = path.name
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise UnreadablePlaylistError(name, problem, "check the path") from error
    if len(data) > MAX_BYTES:
        raise UnreadablePlaylistError(
            name, f"it is larger than {MAX_BYTES >> 20} MB", "give a playlist, not a library or a recording"
        )
    found = parse_playlist(_decoded(data, name), source=name)
    return found if found.name else replace(found, name=path.stem)


def parse_playlist(text: str, *, source: str = "that was pasted") -> PlaylistIn:
    """Read a playlist from its text, in any of the formats that `read_playlist` reads.

    Args:
        text: the whole playlist.
        source: what errors call it.

    Raises:
        UnreadablePlaylistError: it is damaged, or names no track.
    """
    if len(text) > MAX_BYTES:
        raise UnreadablePlaylistError(source, f"it is longer than {MAX_BYTES:,} letters", "give a part of it")
    text = text.removeprefix("\ufeff")
    reader = _reader(text)
    try:
        name, entries = reader(text)
    except UnreadablePlaylistError:
        raise
    except ValueError as error:
        raise UnreadablePlaylistError(source, str(error), "save it again, or paste its lines as text") from error
    tidied = ((_tidied(entry), max(map(len, _names(entry))) > MAX_NAME) for entry in entries)
    kept = tuple(islice((one for one in tidied if one[0].title or one[0].path or one[0].ids), MAX_ENTRIES + 1))
    if not kept:
        raise UnreadablePlaylistError(
            source, "it names no track", 'give one track a line, such as "Slowdive - Alison", or a playlist file'
        )
    if len(kept) > MAX_ENTRIES:
        raise UnreadablePlaylistError(source, f"it has more than {MAX_ENTRIES:,} tracks", "give a part of it")
    cut = frozenset(place for place, (_, too_long) in enumerate(kept) if too_long)
    return PlaylistIn(plain(name), tuple(entry for entry, _ in kept), cut)


def _names(entry: Entry) -> tuple[str, str, str]:
    return entry.title, entry.artist, entry.album


def _tidied(entry: Entry) -> Entry:
    title, artist, album = (plain(name, MAX_NAME) for name in _names(entry))
    seconds = entry.duration_s
    known = seconds is not None and _MIN_S <= seconds <= _MAX_S
    return replace(entry, title=title, artist=artist, album=album, duration_s=seconds if known else None)


_Reader = Callable[[str], tuple[str, list[Entry]]]


def _reader(text: str) -> _Reader:
    start = text.lstrip()[:4096]
    if start.startswith("<"):
        return read_xspf
    if start.startswith(("{", "[")) and _is_json(text):
        return read_json
    if start.startswith(("#EXTM3U", "#EXTINF")) or "\n#EXTINF" in text:
        return read_m3u
    return _read_table if _is_table(start) else read_lines


def _is_json(text: str) -> bool:
    """Tell JSON from a pasted line such as "[3:45] Slowdive - Alison"."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        # An object that was cut short is still meant as one.
        return text.lstrip().startswith("{")
    return True


def _is_table(text: str) -> bool:
    """Tell whether the first line is the header of a table: it names a column of titles and one of artists."""
    rows = _rows(text)
    try:
        entries_of_rows((), next(rows, []), Path())
    except (NoColumnsError, csv.Error):
        return False
    return True


def _read_table(text: str) -> tuple[str, list[Entry]]:
    rows = _rows(text)
    header = next(rows)
    try:
        return "", entries_of_rows((dict(zip(header, row, strict=False)) for row in rows), header, Path())
    except csv.Error as error:
        raise ValueError(f"it is no table ({error})") from error


def _rows(text: str) -> Any:
    """Yield the rows of a table of any delimiter, without the apostrophes that keep cells from being formulas."""
    header = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    for row in csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter):
        yield [cell.removeprefix(_FORMULA_GUARD) if cell.startswith(_GUARDED) else cell for cell in row]


def _decoded(data: bytes, name: str) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig"), (b"", "cp1252")):
        if data.startswith(mark):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if "\x00" not in text:
                return text
    raise UnreadablePlaylistError(name, "it is no text", "give an M3U, XSPF, JSPF, CSV, JSON or text file")
