"""A track as somebody else names it: a line of a playlist, a row of a history, a hit of a search.

What is compared is folded: case, accents, punctuation and spaces say nothing, nor do guests ("feat. …") and remasters.
Whether two titles are the same *version* (live, remix, acoustic, …) is told apart from whether they are one work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote

from assistant.errors import AssistantError
from recsys.errors import SourceError
from recsys.sources import values
from recsys.sources.headers import Columns, recognise
from recsys.text import artist_key, base_title, fold
from recsys.title_versions import versions_of

#: Under this name `Entry.ids` holds a track id of Segue itself.
OWN_ID = "segue"
#: Services whose ids name one recording, the surest first.
ID_KINDS = (OWN_ID, "isrc", "mbid", "spotify", "youtube")

_GUESTS = re.compile(r"\s*[(\[{]\s*(?:feat|ft|featuring|with)\b[^)\]}]*[)\]}]|\s+(?:feat\.?|ft\.|featuring)\s.*$", re.I)
#: Longer addresses name nothing, in characters.
_MAX_ADDRESS = 4_000
_ARTIST_LAST = re.compile(r"^(.+), (the|a|an|les|los|die|der)$", re.IGNORECASE)  # "Beatles, The"
_BETWEEN_ARTISTS = re.compile(r"\s*[,;&+/|]\s*|\s+(?:and|x|y|et|und|e|vs\.?|with|feat\.?|ft\.?|featuring)\s+", re.I)
_MUSICBRAINZ = re.compile(r"musicbrainz\.org/(?:ws/2/)?recording/([0-9a-f-]{36})|(?:urn:)?mbid:([0-9a-f-]{36})", re.I)
_ISRC_ADDRESS = re.compile(r"^(?:urn:)?isrc:\s*([A-Za-z0-9-]{12,17})$", re.IGNORECASE)
_OWN_ADDRESS = re.compile(r"^urn:x-segue:track:(.+)$", re.IGNORECASE | re.DOTALL)
#: Versions that are other recordings by other people: never taken for the one that was meant.
_IMITATIONS = frozenset(("karaoke", "cover"))
#: A remaster is the same recording.
_SAME_RECORDING = frozenset(("remaster",))

Agreement = Literal["name", "version"]


class NoColumnsError(AssistantError, ValueError):
    """A table has no column of titles, or none of artists."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}; name its columns in the first row, such as title,artist,album")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Entry:
    """A track as it was named; what is unknown is empty or None.

    `ids` is service → id (`ID_KINDS`). `either` says that which of title and artist is which was a guess.
    """

    title: str
    artist: str = ""
    album: str = ""
    duration_s: float | None = None
    path: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    either: bool = False

    def __str__(self) -> str:
        return f"{self.artist} – {self.title}" if self.artist else self.title or self.path or "(no name)"


def ids_in(addresses: Iterable[str]) -> dict[str, str]:
    """Read ids out of addresses and identifiers: Spotify, YouTube, MusicBrainz recordings, ISRCs, Segue's own.

    The first of each service counts; what names nothing known is left out.
    """
    found: dict[str, str] = {}
    for address in addresses:
        said = address[:_MAX_ADDRESS].strip()
        brainz, coded, own = _MUSICBRAINZ.search(said), _ISRC_ADDRESS.match(said), _OWN_ADDRESS.match(said)
        candidates = {
            "spotify": values.spotify_id(said, bare=False),
            "youtube": values.youtube_id(said, bare=False),
            "mbid": values.mbid(brainz[1] or brainz[2]) if brainz else None,
            "isrc": values.isrc(coded[1]) if coded else None,
            OWN_ID: unquote(own[1]) if own else None,
        }
        for kind, one in candidates.items():
            if one:
                found.setdefault(kind, one)
    return found


def addresses_of(ids: Mapping[str, str]) -> list[str]:
    """Write ids as the URIs that `ids_in` reads, the surest first."""
    forms: dict[str, Callable[[str], str]] = {
        OWN_ID: lambda one: f"urn:x-segue:track:{quote(one, safe='', errors='replace')}",
        "isrc": "urn:isrc:{}".format,
        "mbid": "https://musicbrainz.org/recording/{}".format,
        "spotify": "spotify:track:{}".format,
        "youtube": "https://www.youtube.com/watch?v={}".format,
    }
    return [form(ids[kind]) for kind, form in forms.items() if kind in ids]


def tidy_ids(ids: Mapping[str, str]) -> dict[str, str]:
    """Write ids as the catalogue does, without those that cannot be one: an ISRC without hyphens, a bare Spotify id."""
    tidied: dict[str, str] = {}
    for kind, read in (
        (OWN_ID, values.text),
        ("isrc", values.isrc),
        ("mbid", values.mbid),
        ("spotify", values.spotify_id),
        ("youtube", values.youtube_id),
    ):
        if (said := ids.get(kind)) and (one := read(said)):
            tidied[kind] = one
    return tidied


def entries_of_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], path: Path) -> list[Entry]:
    """Read the rows of a table, whose columns are recognised as those of a catalogue file are.

    Rows that name nothing are left out.

    Raises:
        NoColumnsError: no column is a title, or none is an artist.
    """
    try:
        known = recognise(columns, None, path)
    except SourceError as error:
        raise NoColumnsError(error.problem) from error
    read = (_entry_of_row(row, known) for row in rows)
    return [entry for entry in read if entry.title or entry.ids or entry.path]


def _entry_of_row(row: Mapping[str, Any], columns: Columns) -> Entry:
    def first(name: str) -> Any:
        return columns.first(row, name)

    seconds = values.number(first("duration_s"))
    if seconds is None and (milliseconds := values.number(first("duration_ms"))) is not None:
        seconds = milliseconds / 1000
    if seconds is None:
        seconds = values.clock_s(first("duration"))
    ids = tidy_ids(
        {kind: values.text(first(kind)) for kind in ("isrc", "mbid", "spotify", "youtube")}
        | {OWN_ID: values.known(first("id"))}
    )
    written = [values.text(first(name)) for name in ("link", "path", "id")]
    return Entry(
        title=values.text(first("title")),
        artist=", ".join(values.artists(first("artist"))),
        album=values.known(first("album")),
        duration_s=seconds if seconds and seconds > 0 else None,
        path=next((path for path in map(values.file_path, written[1::-1]) if path), None),
        ids=ids_in(written) | ids,
    )


# --- what is compared ---


@lru_cache(maxsize=1 << 16)
def title_key(title: str) -> str:
    """Fold a title without guests and spaces; what names a version stays: "yellowliveatglastonbury"."""
    return (fold(_GUESTS.sub("", " ".join(title.split()))) or fold(title) or title.strip().lower()).replace(" ", "")


@lru_cache(maxsize=1 << 16)
def work_key(title: str) -> str:
    """Fold a title without guests, spaces and what only names a version: the same for all versions of a work."""
    return base_title(title).replace(" ", "")


@lru_cache(maxsize=1 << 16)
def name_key(artist: str) -> str:
    """Fold an artist's name without spaces and a leading or trailing "the": "Beatles, The" and "beatles" are one."""
    last = _ARTIST_LAST.match(artist.strip())
    return artist_key(f"{last[2]} {last[1]}" if last else artist).replace(" ", "")


def search_title(title: str) -> str:
    """Reduce a title to the words to search another catalogue for: folded, without guests and versions."""
    return base_title(title)


@lru_cache(maxsize=1 << 16)
def name_keys(artist: str) -> tuple[str, ...]:
    """All keys under which the artists of one text may be filed: the whole first, then each part, without doubles."""
    artist = " ".join(artist.split())
    parts = [artist, *(_BETWEEN_ARTISTS.split(artist) if _BETWEEN_ARTISTS.search(artist) else ())]
    return tuple(dict.fromkeys(key for part in parts if part.strip() and (key := name_key(part))))


def version_kinds(title: str, album: str | None = None) -> frozenset[str]:
    """Return the kinds of version that a title says it is, but for remasters, which are the same recording."""
    return versions_of(title, album) - _SAME_RECORDING


def decoration(title: str, wanted: str) -> int:
    """Rank how far a title of a work is from the `title_key` wanted: the same, a remaster of it, or another cut."""
    return 0 if title_key(title) == wanted else 1 if _SAME_RECORDING & versions_of(title) else 2


def agreement(ours: frozenset[str], theirs: frozenset[str]) -> Agreement | None:
    """Say how two titles of one work agree: as the same version, as another one, or not at all (an imitation)."""
    differing = ours ^ theirs
    if differing & _IMITATIONS:
        return None
    return "version" if differing else "name"


def same_track(entry: Entry, title: str, artists: Sequence[str]) -> Agreement | None:
    """Say whether a title by some artists is what an entry names: as the same version, as another, or not at all."""
    if work_key(entry.title) != work_key(title):
        return None
    theirs = {key for artist in (*artists, ", ".join(artists)) for key in name_keys(artist)}
    if not theirs.intersection(name_keys(entry.artist)):
        return None
    return agreement(version_kinds(entry.title), version_kinds(title))
