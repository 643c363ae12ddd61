"""XSPF 0 and 1 (xspf.org/spec): a stream of elements, read without entities, document types or network."""

from __future__ import annotations

from xml.parsers import expat

from assistant.entries import Entry, ids_in
from connectors.playlists.base import place_of

_MAX_DEPTH = 32
_FIELDS = frozenset(("title", "creator", "album", "duration", "location", "identifier", "annotation"))


class _Reader:
    """Gathers the texts of the elements that count, by where they stand."""

    def __init__(self) -> None:
        self.name, self.tracks = "", list[dict[str, list[str]]]()
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, tag: str, _: dict[str, str]) -> None:
        self._path.append(tag.rpartition(" ")[2])
        self._text.clear()
        if len(self._path) > _MAX_DEPTH:
            raise ValueError(f"its elements are nested more than {_MAX_DEPTH} deep")
        if self._path == ["playlist", "trackList", "track"]:
            self.tracks.append({})
        elif len(self._path) == 1 and self._path != ["playlist"]:
            raise ValueError(f"it begins with <{self._path[0][:40]}>, not with <playlist>")

    def text(self, words: str) -> None:
        self._text.append(words)

    def end(self, _: str) -> None:
        words = "".join(self._text).strip()
        self._text.clear()
        match self._path:
            case ["playlist", "title"]:
                self.name = words
            case ["playlist", "trackList", "track", field] if field in _FIELDS and words:
                self.tracks[-1].setdefault(field, []).append(words)
        self._path.pop()


def read_xspf(text: str) -> tuple[str, list[Entry]]:
    """Read a playlist's name and entries.

    Raises:
        ValueError: it is no XML, no XSPF, or it declares a document type or entities.
    """
    reader, parser = _Reader(), expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = reader.text, _refuse
    parser.buffer_text = True
    try:
        parser.Parse(text.lstrip().encode("utf-8", errors="replace"), True)
    except expat.ExpatError as error:
        raise ValueError(f"it is no XML ({error})") from error
    return reader.name, [_entry(track) for track in reader.tracks]


def _refuse(*_: object) -> None:
    raise ValueError("it declares a document type, which a playlist has no use for and which can do harm")


def _entry(track: dict[str, list[str]]) -> Entry:
    def first(field: str) -> str:
        return track.get(field, [""])[0]

    milliseconds = first("duration")
    return Entry(
        title=first("title"),
        artist=first("creator"),
        album=first("album"),
        duration_s=float(milliseconds) / 1000 if milliseconds.isascii() and milliseconds.isdigit() else None,
        path=place_of(track.get("location", [])),
        ids=ids_in([*track.get("identifier", []), *track.get("location", [])]),
    )
