"""What the names of a file and its folders say: artist, album, year, disc, number and title.

Reads "Artist/2003 - Album/03 - Title", "Artist - Album (2003)/1-03 Title", "Artist - Title",
"Artist - Album - 03 - Title", "01-the_artist-the_title" and their relatives. Names are guesses: tags go first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from recsys.sources.folder.formats.texts import decode
from recsys.text import base_title, fold


@dataclass(frozen=True, slots=True)
class Named:
    """What a path says; None is nothing."""

    title: str
    artist: str | None = None
    album: str | None = None
    year: int | None = None
    number: int | None = None
    disc: int | None = None
    various: bool = False  # the folder says that it holds several artists


_DASH = re.compile(r"\s+[-–—]+\s+")
_NUMBER = re.compile(
    r"^(?:(?P<disc>\d)[-.](?=\d\d))?(?P<number>\d{1,3})(?P<between>\s*[.)\]]\s*|\s*[-–—_]+\s*|\s+)(?=\S)"
)
_NUMBERED_PART = re.compile(r"\d{1,3}")
_DISC = re.compile(r"^(?:cd|disc|disk|disque|dvd|vol|volume|part)[\s._-]*(\d{1,2})\b", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"^[(\[]?((?:19|20)\d\d)(?:[-.]\d\d){0,2}[)\]]?\s*(?:[-–—.:]\s*|\s)(?=\S)")
_YEAR_LAST = re.compile(r"\s*[(\[]((?:19|20)\d\d)(?:[-.]\d\d){0,2}[)\]]$|\s+[-–—]\s+((?:19|20)\d\d)$")
_RIP = re.compile(
    r"\s*[(\[{][^)\]}]*\b"
    r"(?:flac|mp3|aac|alac|ogg|opus|web|vinyl|cd-?rip|\d{2}[-/ ]?bit|\d{3}\s?k(?:bps)?|320|v0|lossless)"
    r"\b[^)\]}]*[)\]}]",
    re.IGNORECASE,
)
_VARIOUS = re.compile(
    "various artists|various|va|v a|compilations|compilation|soundtracks|soundtrack|ost|diverse|verschiedene|samplers"
    "|varios artistas|artistes divers|vari artisti"
)
#: Folders that are named after no artist and no album.
_GENERIC = re.compile(
    "music|musik|musique|musica|my music|audio|songs|tracks|downloads|download|unsorted|unknown|unknown artist|misc"
    "|miscellaneous|loose|singles|single|mp3|mp3s|flac|lossless|albums|artists|new|new folder|incoming|media|itunes"
    "|itunes media|library|collection|sorted|other|others|broken|temp|tmp|unknown album|untitled|no album|sd card"
)
_LAST_THE = re.compile(r"^(.+), (the|a|an|die|der|das|les|los)$", re.IGNORECASE)


def read_names(parts: Sequence[str], *, numbered: bool = False) -> Named:
    """Read the path of a file within its library.

    Args:
        parts: names of the folders from the library down, and of the file.
        numbered: whether the names of the files beside it begin with numbers, too.
    """
    stem = _readable(os.path.splitext(parts[-1])[0])
    folders = [_readable(part) for part in parts[:-1]]
    disc: int | None = None
    while folders and (found := _DISC.match(folders[-1])):
        disc = disc or int(found[1])
        folders.pop()
    artist, album, year, various = _folders(folders)
    stem, number, disc_said = _without_number(stem, numbered=numbered, many=numbered or various)
    named = _stem(stem, artist, album, deep=len(folders) > 1)
    if not named.artist and not various and artist is None and len(folders) == 1:
        artist = _without_rip(folders[0]) if not _GENERIC.fullmatch(fold(folders[0])) else None
        album = None if artist is not None and artist == album else album
    return Named(
        title=named.title,
        artist=_turned(named.artist or artist),
        album=named.album or album,
        year=year,
        number=named.number or number,
        disc=disc_said or disc,
        various=various,
    )


def is_various(name: str) -> bool:
    """Tell whether a name stands for several artists."""
    return bool(_VARIOUS.fullmatch(fold(name)))


def _readable(name: str) -> str:
    text = decode(os.fsencode(name))
    if " " not in text:
        text = text.replace("_", " ") if "-" not in text else _scene(text)
    return " ".join(text.split()) or text


def _scene(text: str) -> str:
    """Read "01-the_artist-the_title": underscores are spaces, hyphens stand between the parts."""
    return text.replace("-", " - ").replace("_", " ") if "_" in text else text


def _folders(folders: list[str]) -> tuple[str | None, str | None, int | None, bool]:
    """Return artist, album, year, and whether there are several artists."""
    if not folders:
        return None, None, None, False
    last, above = folders[-1], folders[-2] if len(folders) > 1 else None
    album, year = _without_year(_without_rip(last))
    various = is_various(last) or (above is not None and is_various(above))
    if _GENERIC.fullmatch(fold(last)) or is_various(last):
        return None, None, None, various
    artist = (
        _without_rip(above)
        if above is not None and not _GENERIC.fullmatch(fold(above)) and not is_various(above)
        else None
    )
    parts = _DASH.split(album)
    if len(parts) > 1 and is_various(parts[0]):
        return None, " - ".join(parts[1:]), year, True
    if len(parts) > 1 and (artist is None or fold(parts[0]) == fold(artist)) and not various:
        middle = _without_year(" - ".join(parts[1:]))
        return parts[0], middle[0], year or middle[1], False
    return artist, album, year, various


def _without_rip(name: str) -> str:
    return _RIP.sub("", name).strip() or name


def _without_year(name: str) -> tuple[str, int | None]:
    if first := _YEAR_FIRST.match(name):
        return name[first.end() :].strip(), int(first[1])
    if last := _YEAR_LAST.search(name):
        return name[: last.start()].strip() or name, int(last[1] or last[2])
    return name, None


def _without_number(stem: str, *, numbered: bool, many: bool) -> tuple[str, int | None, int | None]:
    """Take the number off a name; one that only a space follows counts where it begins with 0 or others have one.

    Numbers of three digits, such as 203 for the third track of disc two, count only where there are `many`.
    """
    found = _NUMBER.match(stem)
    if found is None:
        return stem, None, None
    sure = found["between"].strip() or found["number"].startswith("0") or found["disc"] or numbered
    if not sure or (len(found["number"]) == 3 and not many and not found["number"].startswith("0")):
        return stem, None, None
    number, disc = int(found["number"]), int(found["disc"]) if found["disc"] else None
    if number > 99 and disc is None:
        number, disc = number % 100, number // 100
    return stem[found.end() :].strip(), number or None, disc


def _stem(stem: str, artist: str | None, album: str | None, *, deep: bool) -> Named:
    """Read what is left of a file's name: one, two, three or four parts between dashes."""
    parts = [part for part in _DASH.split(stem) if part]
    for place in range(1, len(parts) - 1):
        if _NUMBERED_PART.fullmatch(parts[place]):
            before, title = parts[:place], " - ".join(parts[place + 1 :])
            said = before[1] if len(before) > 1 else None
            if said is None and album is not None and fold(before[0]) == fold(album):
                return Named(title, number=int(parts[place]))
            return Named(title, before[0], said, number=int(parts[place]))
    while len(parts) > 1 and base_title(stem) == base_title(" - ".join(parts[:-1])):  # "Title - Live"
        parts[-2:] = [f"{parts[-2]} - {parts[-1]}"]
        if len(parts) == 1 or base_title(parts[-1]) != fold(parts[-1]):
            break
    known = {fold(name) for name in (artist, album) if name}
    while len(parts) > 1 and fold(parts[0]) in known:
        said_artist = fold(parts[0]) == fold(artist or "")
        parts = parts[1:]
        if said_artist and len(parts) == 1:
            return Named(parts[0])
    if len(parts) == 1 or (deep and artist is not None):
        return Named(" - ".join(parts))
    if len(parts) == 2:
        return Named(parts[1], parts[0])
    return Named(" - ".join(parts[2:]), parts[0], parts[1])


def _turned(name: str | None) -> str | None:
    """Write "Beatles, The" as "The Beatles"."""
    last = _LAST_THE.match(name) if name else None
    return f"{last[2]} {last[1]}" if last else name
