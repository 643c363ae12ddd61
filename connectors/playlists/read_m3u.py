"""M3U and M3U8: a file or an address a line, and what `#EXTINF`, `#EXTALB` and `#PLAYLIST` say beside."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from assistant.entries import Entry, ids_in
from connectors.playlists.pasted import split_name

#: What is read is not read again in another way (*+, ++): attributes without end would take for ever.
_EXTINF = re.compile(
    r"#EXTINF:\s*+(-?\d++(?:\.\d++)?)?((?:\s++[\w-]++=(?:\"[^\"]*+\"|[^\s\",][^\s,]*+))*+)\s*+,(.*)$", re.IGNORECASE
)
_TRACK_NUMBER = re.compile(r"^\d{1,3}(?:\s*[-._]\s*|\s+)(?=\D)")
_ADDRESS = re.compile(r"https?://\S+")
#: Segue's own word for a track without a file.
_NO_FILE = "# no file: "


def read_m3u(text: str) -> tuple[str, list[Entry]]:
    """Read a playlist's name and entries; one that only `#EXTINF` names, without a file, counts too."""
    name = album = artist = ""
    said: tuple[float | None, str] | None = None
    entries: list[Entry] = []

    def take(place: str) -> None:
        nonlocal said, album, artist
        entries.append(_entry(said, place, album, artist))
        said, album, artist = None, "", ""

    for line in text.splitlines():
        line = line.strip()
        if found := _EXTINF.match(line):
            if said is not None:
                take("")
            said = (float(found[1] or -1), found[3].strip())
        elif line.upper().startswith("#PLAYLIST:"):
            name = line.partition(":")[2].strip()
        elif line.upper().startswith("#EXTALB:"):
            album = line.partition(":")[2].strip()
        elif line.upper().startswith("#EXTART:"):
            artist = line.partition(":")[2].strip()
        elif line.startswith(_NO_FILE):
            take(line.removeprefix(_NO_FILE))
        elif line and not line.startswith("#"):
            take(line)
    if said is not None:
        take("")
    return name, entries


def _entry(said: tuple[float | None, str] | None, place: str, album: str, by: str) -> Entry:
    seconds, words = said or (None, "")
    address = _ADDRESS.fullmatch(place)
    path = place if place and not address else None
    if not words:
        # "07 - Slowdive - Alison.mp3": the file's name is all there is.
        stem = "" if path is None else PurePosixPath(path.replace("\\", "/")).stem
        words = _TRACK_NUMBER.sub("", stem)
    artist, title = split_name(words)
    return Entry(
        title=title,
        artist=artist or by,
        album=album,
        duration_s=seconds if seconds and seconds > 0 else None,
        path=path,
        ids=ids_in([place]),
        either=bool(artist),
    )
