"""Rows of a table into tracks: rows of one id fold together, playlists are collected, units are settled.

Of a track that several rows state, the first known value of each fact counts and its lists are joined. A row
without an id gets one from its folded artists, title and album, the same in every reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import Any

import numpy as np

from recsys import explicitness, made_by
from recsys.sources import scales, values
from recsys.sources.base import BadRow
from recsys.sources.headers import Columns
from recsys.text import artist_key, fold
from recsys.types import Collection, Facet, Track
from recsys.vocabulary import load_vocabulary
from recsys.works import WORK_ID

#: Longer titles and artists are two rows that ran into each other.
MAX_NAME_CHARS = 1_000

_FEATURES = ("energy", "valence", "danceability", "acousticness", "instrumentalness")

#: Unit-less numbers: their scale is known only once all rows are read.
_RAW = (*_FEATURES, "popularity", "duration")

_TEMPO_BPM = (20.0, 400.0)

#: Word list of a track → the facet whose vocabulary its words come from.
_FACET_OF = {
    "genres": Facet.GENRE,
    "moods": Facet.MOOD,
    "activities": Facet.ACTIVITY,
    "instruments": Facet.INSTRUMENT,
}
#: As many characters of lyrics as are kept: no song has more, and what has may be anything.
_MAX_LYRICS = 20_000


@dataclass(slots=True)
class _Draft:
    """A track under construction. `words` are ordered sets."""

    line: int
    title: str
    artists: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, float] = field(default_factory=dict)
    words: dict[str, dict[str, None]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, words: list[str]) -> None:
        if words:
            self.words.setdefault(name, {}).update(dict.fromkeys(map(intern, words)))


class TrackBuilder:
    """Takes rows one by one and gives tracks and collections at the end."""

    def __init__(self, columns: Columns, path: Path, *, youtube_ids: bool, steps: int | None) -> None:
        """Prepare for rows of a table.

        Args:
            columns: what its columns mean.
            path: the table's file; relative paths in it start from its folder.
            youtube_ids: its ids are YouTube's.
            steps: the scale of energy and popularity where it is known, such as 5 for 1–5.
        """
        self._columns, self._folder = columns, path.absolute().parent
        self._youtube_ids, self._steps = youtube_ids, steps
        self._drafts: dict[str, _Draft] = {}
        self._collections: dict[str, tuple[str, dict[str, None]]] = {}
        #: The lyrics of the tracks that have any, by the table's own ids.
        self.lyrics: dict[str, str] = {}

    def add(self, line: int, row: Mapping[str, Any]) -> BadRow | None:
        """Take a row; return why it cannot be used, if so."""
        first = self._columns.first
        title, artists = values.text(first(row, "title")), values.artists(first(row, "artist"))
        album = values.text(first(row, "album"))
        if reason := _unusable(title, artists, album):
            return BadRow(line, reason)
        ids = self._ids(row)
        native = values.known(first(row, "id")) or ids.get("spotify") or ids.get("youtube") or ""
        native = native or _hashed(artists, title, album)
        draft = self._drafts.get(native)
        if draft is None:
            draft = self._drafts[native] = _Draft(line, title, artists)
        elif _differ(draft, title, artists):
            return BadRow(
                line, f"the id {native!r} is {draft.title!r} by {', '.join(draft.artists)} on line {draft.line}"
            )
        for service, known in ids.items():
            draft.ids.setdefault(service, known)
        self._add_facts(draft, row, values.known(album))
        self._add_words(draft, row)
        self._add_to_collection(draft, row, native)
        if lyrics := values.verses(self._columns.first(row, "lyrics")):
            self.lyrics.setdefault(native, lyrics[:_MAX_LYRICS])
        return None

    def collections(self) -> list[Collection]:
        """Return the playlists that rows named, members in row order."""
        return [Collection(key, name, tuple(members)) for key, (name, members) in self._collections.items()]

    def tracks(self) -> list[Track]:
        """Return the tracks in the order of their first rows."""
        drafts = list(self._drafts.values())
        for name in _RAW:
            stated = [draft for draft in drafts if name in draft.raw]
            if not stated:
                continue
            numbers = np.array([draft.raw[name] for draft in stated], np.float64)
            for draft, number in zip(stated, self._settle(name)(numbers).tolist(), strict=True):
                if number == number:
                    draft.facts.setdefault("duration_s" if name == "duration" else name, round(number, 6))
        for draft in drafts:
            draft.facts["duration_s"] = scales.plausible_duration_s(draft.facts.get("duration_s"))
        return [
            Track(
                track_id=native,
                title=draft.title,
                artists=draft.artists,
                ids=draft.ids,
                **draft.facts,
                **{name: tuple(words) for name, words in draft.words.items()},  # type: ignore[arg-type]
            )
            for native, draft in self._drafts.items()
        ]

    def _settle(self, name: str) -> Callable[[scales.Numbers], scales.Numbers]:
        if name == "duration":
            return scales.duration_s
        if name == "popularity":
            return lambda numbers: scales.popularity(numbers, steps=self._steps)
        return lambda numbers: scales.feature(numbers, steps=self._steps if name == "energy" else None)

    def _ids(self, row: Mapping[str, Any]) -> dict[str, str]:
        first = self._columns.first
        native, link = first(row, "id"), first(row, "link")
        found = {
            "spotify": values.spotify_id(first(row, "spotify"))
            or values.spotify_id(link, bare=False)
            or values.spotify_id(native, bare=self._columns.from_spotify),
            "youtube": values.youtube_id(first(row, "youtube"))
            or values.youtube_id(link, bare=False)
            or values.youtube_id(native, bare=self._youtube_ids),
            "isrc": values.isrc(first(row, "isrc")),
            "mbid": values.mbid(first(row, "mbid")),
            "url": values.web_address(link),
            WORK_ID: values.known(first(row, "work")),
        }
        if found["spotify"] or found["youtube"]:
            found["url"] = None
        return {service: one for service, one in found.items() if one}

    def _add_facts(self, draft: _Draft, row: Mapping[str, Any], album: str) -> None:
        first = self._columns.first
        tempo = values.number(first(row, "tempo_bpm"))
        facts = {
            "album": intern(album) or None,
            "year": values.year(first(row, "year")),
            "tempo_bpm": tempo if tempo is not None and _TEMPO_BPM[0] <= tempo <= _TEMPO_BPM[1] else None,
            "key": values.musical_key(first(row, "key"), first(row, "mode")),
            "loudness_db": values.loudness_db(first(row, "loudness_db")),
            "ai_generated": made_by.mark(values.known(first(row, "ai_generated"))),
            "vocal": _canonical(Facet.VOCALS, values.known(first(row, "vocal"))),
            "language": _name(Facet.LANGUAGE, values.language(first(row, "language"))),
            "country": _name(Facet.COUNTRY, values.known(first(row, "country"))),
            "path": self._path(first(row, "path")),
            "duration_s": self._duration_s(row),
        }
        for name, fact in facts.items():
            if fact is not None:
                draft.facts.setdefault(name, fact)
        for name in _RAW:
            if (number := values.number(first(row, name))) is not None:
                draft.raw.setdefault(name, number)

    def _duration_s(self, row: Mapping[str, Any]) -> float | None:
        first = self._columns.first
        if (milliseconds := values.number(first(row, "duration_ms"))) is not None:
            return milliseconds / 1_000
        for name in ("duration_s", "duration"):
            if (seconds := values.clock_s(first(row, name))) is not None:
                return seconds
        return values.number(first(row, "duration_s"))

    def _path(self, value: Any) -> str | None:
        written = values.file_path(value)
        if not written or "://" in written or written[1:3] in (":\\", ":/"):
            return written or None
        return str(self._folder / written)

    def _add_words(self, draft: _Draft, row: Mapping[str, Any]) -> None:
        each = self._columns.each
        for name, facet in _FACET_OF.items():
            for value in each(row, name):
                known, unknown = _split(facet, value)
                draft.add(name, known)
                draft.add("tags", unknown)
        for value in each(row, "themes"):
            known, unknown = _split(Facet.THEME, value)
            draft.add("themes", known)
            draft.add("tags", unknown)
        for value in each(row, "subgenres"):
            draft.add("genres", _split(Facet.GENRE, value)[0])
            draft.add("tags", values.words(value))
        if said := explicitness.mark(values.known(self._columns.first(row, "explicit"))):
            draft.add("tags", [said])
        for value in each(row, "tags"):
            for name, facet in _FACET_OF.items():
                draft.add(name, _split(facet, value)[0])
            draft.add("tags", values.words(value))

    def _add_to_collection(self, draft: _Draft, row: Mapping[str, Any], native: str) -> None:
        name = values.known(self._columns.first(row, "playlist_name"))
        key = values.known(self._columns.first(row, "playlist_id")) or name
        if key:
            stored, members = self._collections.setdefault(key, (name or key, {}))
            members[native] = None
            if name:
                draft.add("tags", [stored])


def _unusable(title: str, artists: tuple[str, ...], album: str) -> str:
    if not title:
        return "has no title"
    if not artists:
        return "has no artist"
    if max(len(title), *map(len, artists)) > MAX_NAME_CHARS:
        return f"has a title or artist of more than {MAX_NAME_CHARS:,} characters"
    if title in values.MISSING and set(artists) <= values.MISSING and (not album or album in values.MISSING):
        return f"title, artist and album are all {title!r}" if album else f"title and artist are {title!r}"
    return ""


def _differ(draft: _Draft, title: str, artists: tuple[str, ...]) -> bool:
    """Tell whether a row names another track: neither title nor main artist agree."""
    if title == draft.title or artists == draft.artists:
        return False
    return fold(title) != fold(draft.title) and artist_key(artists[0]) != artist_key(draft.artists[0])


def _hashed(artists: tuple[str, ...], title: str, album: str) -> str:
    parts = [fold(part) or part.lower() for part in ("; ".join(artists), title, album)]
    return hashlib.sha1("\x1f".join(parts).encode()).hexdigest()[:20]


@lru_cache(maxsize=50_000)
def _canonical(facet: Facet, phrase: str) -> str | None:
    return load_vocabulary().canonical(facet, phrase) if phrase else None


def _name(facet: Facet, phrase: str) -> str | None:
    """Return the vocabulary's word for a language or country; one that it does not know keeps its name."""
    return _canonical(facet, phrase) or phrase.lower() or None


def _split(facet: Facet, value: Any) -> tuple[list[str], list[str]]:
    """Sort the words of a value into canonical ones and ones that the vocabulary does not know, as written.

    "R&B/Soul" is looked up whole, then at its slashes.
    """
    known: list[str] = []
    unknown: list[str] = []
    for word in values.words(value):
        parts = [word] if _canonical(facet, word) or "/" not in word else [p.strip() for p in word.split("/")]
        found = [one for part in parts if (one := _canonical(facet, part))]
        known.extend(found)
        if not found:
            unknown.append(word)
    return known, unknown
