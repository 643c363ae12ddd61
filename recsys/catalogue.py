"""The catalogue: all tracks as immutable columns in memory, with the rows that state each facet value.

Row numbers are positions in (source, track_id) order and mean something only together with `fingerprint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys.attributes.columns import AttributeColumns
from recsys.columns import exact, groups
from recsys.derived_columns import DerivedColumns
from recsys.errors import UnknownTrackError
from recsys.explicitness import MARKS, is_explicit
from recsys.guests import guests_in
from recsys.snapshot import Links, Postings, Snapshot, WordLists, pack
from recsys.text import fold
from recsys.title_versions import KINDS, versions_of
from recsys.types import (
    NUMERIC_COLUMNS,
    BoolArray,
    Collection,
    Facet,
    FloatArray,
    IntArray,
    Track,
    TrackId,
)

if TYPE_CHECKING:
    from recsys.appeal.serving import Appeal

#: Length in seconds assumed where nothing at all is known: about the mean of popular recordings.
TYPICAL_DURATION_S = 215.0
#: A genre's median of so many known lengths counts as much as the whole catalogue's: two long punk tracks are no rule.
_FEW_LENGTHS = 5

#: Longest tags text of a track, in characters: a track of fifty playlists must not drown its genres.
MAX_TAGS_CHARS = 400

_COLUMN_OF = {
    Facet.GENRE: "genres",
    Facet.MOOD: "moods",
    Facet.ACTIVITY: "activities",
    Facet.INSTRUMENT: "instruments",
    Facet.TAG: "tags",
    Facet.LANGUAGE: "language",
    Facet.COUNTRY: "country",
    Facet.VOCALS: "vocal",
    Facet.ARTIST: "artists",
    Facet.KEY: "key",
    Facet.THEME: "themes",
    Facet.AI: "ai_generated",
}
_NUMERIC_OF = {
    Facet.ERA: "year",
    Facet.TEMPO: "tempo_bpm",
    Facet.ENERGY: "energy",
    Facet.POPULARITY: "popularity",
}


class Catalogue:
    """N tracks, by row. Everything handed out is shared and must not be changed; arrays are read-only.

    `fingerprint` is over ids and all facts that are embedded or filtered on; `content` also over file paths
    and links. Both are independent of the order in which tracks were given.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        """Wrap a snapshot; use `from_tracks` or `load`."""
        for array in snapshot.arrays.values():
            array.setflags(write=False)
        strings, arrays = snapshot.strings, snapshot.arrays
        self._snapshot = snapshot
        self._postings: dict[Facet, Postings] = {}
        self.fingerprint: str = strings["fingerprint"]
        self.content: str = strings["content"]
        self.track_ids: list[TrackId] = strings["track_ids"]
        self.titles: list[str] = strings["titles"]
        self.albums: list[str | None] = strings["albums"]
        #: Name and key of every artist, by artist number.
        self.artist_names: list[str] = strings["artist_names"]
        self.artist_keys: list[str] = strings["artist_keys"]
        #: Number of each track's main artist (N,).
        self.artist_rows: IntArray = arrays["artist_rows"]
        #: Versions of one work share a number (N,).
        self.work: IntArray = arrays["work"]
        #: One float32 column (N,) per name in NUMERIC_COLUMNS; NaN is unknown.
        self.numeric: dict[str, FloatArray] = {name: arrays[name] for name in NUMERIC_COLUMNS}
        self._derived = DerivedColumns(snapshot)
        self.attributes = AttributeColumns(snapshot, len(self.track_ids))
        #: What is predicted of the tracks; set by whoever opens the catalogue to serve it, before it is shared.
        self.appeal: Appeal | None = None

    @classmethod
    def from_tracks(cls, tracks: Sequence[Track], collections: Sequence[Collection] = ()) -> Catalogue:
        """Build a catalogue; members of collections that are not among the tracks are left out.

        Raises:
            DuplicateTrackError: two tracks have one id.
        """
        return cls(pack(tracks, collections))

    @classmethod
    def load(cls, folder: Path) -> Catalogue:
        """Read what `save` wrote.

        Raises:
            SnapshotError: the snapshot is missing, damaged or of another version.
        """
        return cls(Snapshot.read(folder))

    def save(self, folder: Path) -> None:
        """Write the catalogue into `folder` for `load`."""
        self._snapshot.write(folder)

    def __len__(self) -> int:
        return len(self.track_ids)

    @cached_property
    def artists(self) -> list[tuple[str, ...]]:
        """The artists of every track as its source writes them, main artist first."""
        return self._lists("artists").rows()

    @cached_property
    def genres(self) -> list[tuple[str, ...]]:
        """The genres that every track states, in canonical words."""
        return self._lists("genres").rows()

    def row(self, track_id: TrackId) -> int:
        """Return the row of a track.

        Raises:
            UnknownTrackError: the catalogue has no such track.
        """
        try:
            return self._row_of[track_id]
        except KeyError:
            raise UnknownTrackError(track_id) from None

    def rows(self, track_ids: Iterable[TrackId]) -> IntArray:
        """Return the rows of those ids that the catalogue has, in the order given."""
        found = (self._row_of.get(track_id) for track_id in track_ids)
        return np.array([row for row in found if row is not None], np.int64)

    def track(self, row: int) -> Track:
        """Return everything that is known about the track of a row."""
        path, ids, details = self.links[row]
        number = {name: exact(column[row]) for name, column in self.numeric.items()}
        year = number.pop("year")
        return Track(
            track_id=self.track_ids[row],
            title=self.titles[row],
            artists=self._lists("artists").row(row),
            album=self.albums[row],
            year=None if year is None else int(year),
            genres=self._lists("genres").row(row),
            moods=self._lists("moods").row(row),
            activities=self._lists("activities").row(row),
            instruments=self._lists("instruments").row(row),
            tags=self._lists("tags").row(row),
            vocal=self._word("vocal", row),
            language=self._word("language", row),
            country=self._word("country", row),
            key=self._word("key", row),
            loudness_db=exact(self.loudness_db[row]),
            themes=self._lists("themes").row(row),
            ai_generated=self._word("ai_generated", row),
            source=self._word("source", row) or "",
            path=path,
            ids=ids,
            details=details,
            derived=self._derived.of(row),
            attributes=self.attributes.of(row),
            **number,
        )

    def postings(self, facet: Facet, value: str) -> IntArray:
        """Return the sorted rows that state exactly `value`: no vocabulary expansion, no folding.

        Artists are filed under `artist_key`, tags under `fold`, tracks under their id; the other word facets
        under their canonical word. Numeric facets have no postings: the result is empty.
        """
        if facet is Facet.TRACK:
            return self.rows((value,))
        if facet not in _COLUMN_OF:
            return np.zeros(0, np.int64)
        return self._facet_postings(facet)[value]

    def values(self, facet: Facet) -> list[str]:
        """Return all values that have postings, sorted; none for a numeric facet."""
        if facet is Facet.TRACK:
            return sorted(self.track_ids)
        return self._facet_postings(facet).values if facet in _COLUMN_OF else []

    def words(self, facet: Facet, row: int) -> tuple[str, ...]:
        """Return what the track of a row states of a word facet, in the order in which it was stated."""
        return self._lists(_COLUMN_OF[facet]).row(row)

    def stated(self, facet: Facet) -> BoolArray:
        """Tell for every row (N,) whether the track states anything about the facet."""
        if facet in (Facet.TRACK, Facet.VERSION):
            return np.ones(len(self), np.bool_)
        if facet in (Facet.APPEAL, Facet.RECORDING):  # nobody states what only is predicted
            return np.zeros(len(self), np.bool_)
        if facet is Facet.ATTRIBUTE:
            return self.attributes.any()
        if facet in _NUMERIC_OF:
            return ~np.isnan(self.numeric[_NUMERIC_OF[facet]])
        return np.diff(self._lists(_COLUMN_OF[facet]).starts) > 0

    @cached_property
    def versions(self) -> dict[str, BoolArray]:
        """Kind of version → the tracks (N,) whose titles say that they are one; see `recsys.title_versions`."""
        said = {kind: np.zeros(len(self), np.bool_) for kind in KINDS}
        for row, (title, album) in enumerate(zip(self.titles, self.albums, strict=True)):
            for kind in versions_of(title, album):
                said[kind][row] = True
        return said

    @cached_property
    def explicit(self) -> NDArray[np.int8]:
        """Tell for every row (N,) whether the track is explicit: 1, 0, or -1 where that is not known."""
        said = np.full(len(self), -1, np.int8)
        tags, vocals = self._lists("tags").rows(), self._lists("vocal").rows()
        for row, (title, words, vocal) in enumerate(zip(self.titles, tags, vocals, strict=True)):
            if (known := is_explicit(title, words, vocal[0] if vocal else None)) is not None:
                said[row] = known
        said.setflags(write=False)
        return said

    @cached_property
    def guests(self) -> dict[int, str]:
        """Row → the guests whom the track's title names, for the rows that name any; see `recsys.guests`."""
        named = ((row, guests_in(title)) for row, title in enumerate(self.titles))
        return {row: guests for row, guests in named if guests}

    @cached_property
    def collections(self) -> list[Collection]:
        """The playlists that came with the catalogue, members in their order."""
        stored = self._snapshot.strings["collections"]
        return [
            Collection(collection_id, name, tuple(self.track_ids[row] for row in rows.tolist()), source)
            for (collection_id, name, source), rows in zip(stored, self.collection_rows, strict=True)
        ]

    @cached_property
    def collection_rows(self) -> list[IntArray]:
        """The member rows of every collection, in the order of `collections`."""
        arrays = self._snapshot.arrays
        members = arrays["collections_codes"].astype(np.int64)
        members.setflags(write=False)
        return np.split(members, arrays["collections_starts"][1:-1]) if len(arrays["collections_starts"]) > 1 else []

    def text_of(self, row: int) -> str:
        """Name a track for the text modality: "title – artists – album (year)", without what is unknown."""
        parts = [self.titles[row], ", ".join(self._lists("artists").row(row)), self.albums[row]]
        text = " – ".join(part for part in parts if part)
        year = self.numeric["year"][row]
        return text if np.isnan(year) else f"{text} ({int(year)})"

    def tags_of(self, row: int) -> str:
        """Describe a track for the tags modality: "jazz, mellow, dinner, piano"; "" when nothing is stated.

        Genres, moods, activities, instruments, tags and playlist names in that order, folded, each once, as
        many as fit into MAX_TAGS_CHARS.
        """
        words: dict[str, None] = {}
        for column in ("genres", "moods", "activities", "instruments", "tags"):
            words.update(dict.fromkeys(self._folded(column)[code] for code in self._codes(column, row)))
        for said in MARKS & words.keys():
            del words[said]
        words.update(dict.fromkeys(fold(name) for name in self._names_of_collections(row)))
        kept, length = [], -2
        for word in words:
            length += len(word) + 2
            if word and length <= MAX_TAGS_CHARS:
                kept.append(word)
        return ", ".join(kept)

    def duration_s(self, row: int) -> tuple[float, bool]:
        """Return the length in seconds and whether it is an estimate; see `durations_s`."""
        return float(self.durations_s[row]), bool(np.isnan(self.numeric["duration_s"][row]))

    @cached_property
    def durations_s(self) -> FloatArray:
        """The length of every track in seconds (N,), estimated where it is unknown.

        An estimate is the median of the same main artist, else of the track's first genre with a known length, drawn
        towards the catalogue's as far as few lengths are known, else that of the catalogue, else TYPICAL_DURATION_S.
        """
        known = self.numeric["duration_s"]
        unknown = np.flatnonzero(np.isnan(known))
        if not len(unknown):
            return known
        estimated = known.copy()
        usual = self._median_duration_s(np.arange(len(self))) or TYPICAL_DURATION_S
        estimated[unknown] = usual
        of_genre: dict[str, float | None] = {}
        for row in unknown.tolist():
            for genre in self._lists("genres").row(row):
                if genre not in of_genre:
                    rows = self.postings(Facet.GENRE, genre)
                    median, n = self._median_duration_s(rows), int((~np.isnan(known[rows])).sum())
                    few = _FEW_LENGTHS / (n + _FEW_LENGTHS)
                    of_genre[genre] = None if median is None else (1 - few) * median + few * usual
                if (median := of_genre[genre]) is not None:
                    estimated[row] = median
                    break
        for rows in groups(self.artist_rows, among=unknown):
            if (median := self._median_duration_s(rows)) is not None:
                estimated[rows[np.isnan(known[rows])]] = median
        estimated.setflags(write=False)
        return estimated

    def _median_duration_s(self, rows: IntArray) -> float | None:
        known = self.numeric["duration_s"][rows]
        known = known[~np.isnan(known)]
        return float(np.median(known)) if known.size else None

    def _lists(self, column: str) -> WordLists:
        if column not in self._columns:
            self._columns[column] = self._snapshot.lists(column)
        return self._columns[column]

    @cached_property
    def _columns(self) -> dict[str, WordLists]:
        return {}

    def _codes(self, column: str, row: int) -> list[int]:
        lists = self._lists(column)
        codes: list[int] = lists.codes[lists.starts[row] : lists.starts[row + 1]].tolist()
        return codes

    def _word(self, column: str, row: int) -> str | None:
        words = self._lists(column).row(row)
        return words[0] if words else None

    def _folded(self, column: str) -> list[str]:
        if column not in self._folded_words:
            self._folded_words[column] = [fold(word) for word in self._lists(column).words]
        return self._folded_words[column]

    @cached_property
    def _folded_words(self) -> dict[str, list[str]]:
        return {}

    def _facet_postings(self, facet: Facet) -> Postings:
        if facet not in self._postings:
            keys = None
            if facet is Facet.ARTIST:
                keys = self._snapshot.strings["artist_spelling_keys"]
            elif facet is Facet.TAG:
                keys = self._folded("tags")
            self._postings[facet] = Postings(self._lists(_COLUMN_OF[facet]), keys)
        return self._postings[facet]

    def _names_of_collections(self, row: int) -> list[str]:
        return [self._snapshot.strings["collections"][number][1] for number in self._collections_of.get(row, ())]

    @cached_property
    def _collections_of(self) -> dict[int, list[int]]:
        of: dict[int, list[int]] = {}
        for number, rows in enumerate(self.collection_rows):
            for row in rows.tolist():
                of.setdefault(row, []).append(number)
        return of

    @cached_property
    def _row_of(self) -> dict[TrackId, int]:
        return {track_id: row for row, track_id in enumerate(self.track_ids)}

    @cached_property
    def links(self) -> list[Links]:
        """The audio file of every track, if any, its ids (service → id) and its details."""
        return self._snapshot.links()

    @cached_property
    def loudness_db(self) -> FloatArray:
        """The loudness of every track (N,) in dB below full scale; NaN is unknown."""
        return self._snapshot.arrays.get("loudness_db", np.full(len(self), np.nan, np.float32))

    def derived(self, facet: Facet, *, heard: bool) -> BoolArray:
        """Tell for every row (N,) whether what it says of a facet was heard, or with `heard=False` inferred otherwise.

        What a source states is neither; see `recsys.annotations`.
        """
        column = _COLUMN_OF.get(facet) or _NUMERIC_OF.get(facet, "")
        return self._derived.mask(column, len(self), heard=heard)

    def doubt(self, facet: Facet) -> FloatArray | None:
        """How unsure what each row says of a facet is: (N,) in 0–1, 0 where stated; None where all of it is."""
        return self._derived.doubt(_COLUMN_OF.get(facet) or _NUMERIC_OF.get(facet, ""), len(self))
