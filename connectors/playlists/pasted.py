"""Lists of tracks as people write and paste them: one a line, with or without numbers, bullets, lengths and links."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.entries import Entry, ids_in
from connectors.playlists.base import place_of

_ADDRESS = re.compile(r"(?:https?|file)://\S+|spotify:track:\w+")
_BULLET = re.compile(r"^\s*(?:[-*+•·‣▪◦▶►♪♫–—]\s+)")
_NUMBER = re.compile(r"^\s*\(?#?(\d{1,4})\s*[.):\]]\s*(?=\S)|^\s*#(\d{1,4})\s+")
#: Might be a number or the name itself, "1979 - The Smashing Pumpkins": a number where the list counts on.
_BARE_NUMBER = re.compile(r"^\s*(\d{1,4})(?:\s+[-–—]\s+|\t+|\s+)(?=\S)")
_LENGTH = re.compile(r"[\s\t]*(?:[-–—]\s*)?[(\[]?\b(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)[)\]]?\s*$")
_APART = re.compile(r"\s+[-–—~|·]+\s+|\s*\t+\s*|\s+//\s+|\s*[–—]\s*")
_QUOTED_FIRST = re.compile(r"^[\"“”«„](.+?)[\"“”»]\s*,?\s*(?:(?:by|von|de|di|por|par|of)\s+|[-–—,:]\s*)(.+)$", re.I)
#: The first quote opens and the last one closes: where either could be any, a line of quotes would take for ever.
_QUOTED_LAST = re.compile(r"^(.[^\"“”«„]*)[\"“”«„](.+)[\"“”»]\s*(?:\(\d{4}\))?$")
_BY = re.compile(r"^(.+\S)\s+by\s+(\S.+)$")
_HEADING = re.compile(r"^#{1,6}\s+(.+)$")
_SPACE = re.compile(r"\s+")
#: No track is named by a longer line, in characters; the rest of it is left out.
_MAX_LINE = 2_000


def split_name(words: str) -> tuple[str, str]:
    """Split "Artist - Title" at its first dash that stands apart: (artist, title), the artist "" if none."""
    words = _spaced(words)
    parts = _APART.split(words, maxsplit=1)
    if len(parts) == 2 and all(part.strip() for part in parts):
        return parts[0].strip(), parts[1].strip()
    return "", words


def read_lines(text: str) -> tuple[str, list[Entry]]:
    """Read a list's heading, if it has one, and its entries.

    "Artist - Title" and "Title - Artist" look alike: such an entry says that `either` may be meant.
    """
    lines = [_spaced(line[:_MAX_LINE]) for line in text.splitlines()]
    name, lines = _heading(lines)
    counted = _counts_on(lines)
    spoken = _is_spoken([line for line in lines if line.strip()])
    entries: list[Entry] = []
    linked = True  # nothing is there for an address of its own line to belong to
    for line in lines:
        addresses = _ADDRESS.findall(line)
        words = _ADDRESS.sub(" ", line).strip(" \t<>[]()") if addresses else line.strip()
        if not words and addresses:
            ids, path = ids_in(addresses), place_of(addresses)
            if linked:
                entries.append(Entry(title="" if ids or path else addresses[0], ids=ids, path=path))
            else:
                entries[-1] = replace(entries[-1], ids=ids | dict(entries[-1].ids), path=path)
            linked = True
        elif words:
            entries.append(_entry(words, ids_in(addresses), counted=counted, spoken=spoken))
            linked = bool(addresses)
    return name, entries


def _spaced(line: str) -> str:
    """Make every gap in a line one space, or one tab where it has any: the forms above try all ways to divide a gap."""
    return _SPACE.sub(lambda gap: "\t" if "\t" in gap[0] else " ", line).strip()


def _heading(lines: list[str]) -> tuple[str, list[str]]:
    """Take a list's name off: a first line of "# …" or "…:", or one that stands apart and names no track."""
    at = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    rest = lines[at + 1 :]
    if not any(line.strip() for line in rest):
        return "", lines
    first = lines[at].strip()
    if found := _HEADING.match(first):
        return found[1].strip(), rest
    if first.endswith(":") and not split_name(first)[0]:
        return first[:-1].strip(), rest
    apart = not rest[0].strip()
    names_none = not split_name(first)[0] and not _NUMBER.match(first) and not _ADDRESS.search(first)
    return (first, rest) if apart and names_none else ("", lines)


def _counts_on(lines: list[str]) -> bool:
    """Tell whether bare numbers before the names count the list: 1, 2, 3 …"""
    numbers = [int(found[1]) if (found := _BARE_NUMBER.match(line)) else None for line in lines if line.strip()]
    return len(numbers) > 1 and numbers[0] is not None and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _is_spoken(lines: list[str]) -> bool:
    """Tell whether a list says "Title by Artist": most of its lines do. One line alone may be "Stand by Me"."""
    return len(lines) > 1 and sum(bool(_BY.match(line)) for line in lines) > len(lines) / 2


def _entry(words: str, ids: dict[str, str], *, counted: bool, spoken: bool) -> Entry:
    words = (_BARE_NUMBER if counted else _NUMBER).sub("", _BULLET.sub("", words), count=1)
    seconds = None
    if length := _LENGTH.search(words):
        seconds = float(int(length[1] or 0) * 3600 + int(length[2]) * 60 + int(length[3]))
        words = words[: length.start()].strip() or words
    if found := _QUOTED_FIRST.match(words):
        return Entry(title=found[1].strip(), artist=found[2].strip(), duration_s=seconds, ids=ids)
    if found := _QUOTED_LAST.match(words):
        return Entry(title=found[2].strip(), artist=found[1].strip(" \t-–—,:"), duration_s=seconds, ids=ids)
    if spoken and not split_name(words)[0] and (found := _BY.match(words)):
        return Entry(title=found[1].strip(), artist=found[2].strip(), duration_s=seconds, ids=ids)
    artist, title = split_name(words)
    return Entry(title=title.strip('"“”«»„'), artist=artist, duration_s=seconds, ids=ids, either=bool(artist))
