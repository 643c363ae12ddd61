"""The catalogue as columns: packing tracks into arrays and string lists, and keeping those on disk.

N tracks, sorted by (source, track_id). A list-valued column is a `WordLists`: the distinct words, and for
each row a slice of word numbers. The snapshot is a cache of the database: `arrays.npz` and `strings.json`
hold what every process needs at once, `links.json` what only shown tracks need.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from recsys.attributes.columns import pack_attributes
from recsys.errors import DuplicateTrackError, SnapshotError
from recsys.text import artist_key
from recsys.types import NUMERIC_COLUMNS, Collection, IntArray, Track
from recsys.works import number_works

#: Raised whenever the layout changes, so that an old snapshot is refused instead of misread.
SCHEMA = 1

#: Columns with several words per track, and columns with at most one.
LIST_COLUMNS = ("artists", "genres", "moods", "activities", "instruments", "tags")
WORD_COLUMNS = ("vocal", "language", "country", "key", "source")
#: Columns that only some catalogues have anything in; the snapshot of another has none of them.
RARE_NUMBERS, RARE_WORDS = ("loudness_db",), ("themes", "ai_generated")

_ARRAYS, _STRINGS, _LINKS = "arrays.npz", "strings.json", "links.json"

#: Of one track: the audio file path, the ids at services and the details.
Links = tuple[str | None, dict[str, str], dict[str, str | float]]


@dataclass(frozen=True)
class WordLists:
    """A short list of words per row: row i has `words[code]` for the codes in `starts[i]:starts[i + 1]`."""

    words: list[str]
    starts: NDArray[np.int32]  # (rows + 1,)
    codes: NDArray[np.int32]  # (entries,)

    @classmethod
    def pack(cls, rows: Iterable[Sequence[str]]) -> WordLists:
        """Number the words in order of first appearance."""
        numbers: dict[str, int] = {}
        starts: list[int] = [0]
        codes: list[int] = []
        for row in rows:
            codes.extend(numbers.setdefault(word, len(numbers)) for word in row)
            starts.append(len(codes))
        return cls(list(numbers), np.array(starts, np.int32), np.array(codes, np.int32))

    def row(self, row: int) -> tuple[str, ...]:
        """Return the words of one row, in the order in which they were stated."""
        return tuple(self.words[code] for code in self.codes[self.starts[row] : self.starts[row + 1]].tolist())

    def rows(self) -> list[tuple[str, ...]]:
        """Return the words of all rows."""
        words, codes, starts = self.words, self.codes.tolist(), self.starts.tolist()
        return [tuple([words[code] for code in codes[start:end]]) for start, end in pairwise(starts)]

    def row_of_entry(self) -> IntArray:
        """Return the row number of every entry of `codes`."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int64), np.diff(self.starts))


class Postings:
    """Which rows state a value: value → sorted row numbers."""

    def __init__(self, lists: WordLists, keys: Sequence[str] | None = None) -> None:
        """Invert `lists`; `keys` (one per word) merges words that are spellings of one value."""
        n_rows = max(len(lists.starts) - 1, 1)
        numbers: dict[str, int] = {}
        of_word = [numbers.setdefault(key, len(numbers)) for key in (keys if keys is not None else lists.words)]
        values = np.array(of_word, np.int64)[lists.codes] if of_word else np.zeros(0, np.int64)
        pairs = np.unique(values * n_rows + lists.row_of_entry())
        self._rows = pairs % n_rows
        self._rows.setflags(write=False)
        self._starts = np.searchsorted(pairs, np.arange(len(numbers) + 1, dtype=np.int64) * n_rows)
        self._numbers = numbers

    @cached_property
    def values(self) -> list[str]:
        """All values that some row states, sorted."""
        return sorted(
            value for value, number in self._numbers.items() if self._starts[number] < self._starts[number + 1]
        )

    def __getitem__(self, value: str) -> IntArray:
        """Return the rows (n,) that state `value`, sorted; empty for a value nobody states."""
        number = self._numbers.get(value)
        if number is None:
            return self._rows[:0]
        return self._rows[self._starts[number] : self._starts[number + 1]]


@dataclass(frozen=True)
class Snapshot:
    """Everything a catalogue knows, as plain arrays and JSON values.

    `links` yields, per row, the audio file path, the ids at services and the details.
    """

    arrays: dict[str, NDArray[Any]]
    strings: dict[str, Any]
    links: Callable[[], list[Links]]

    def lists(self, column: str) -> WordLists:
        """Return the list column `column`; empty lists for a rare one that nothing is in."""
        if column not in self.strings["words"]:
            return WordLists([], np.zeros(len(self.strings["track_ids"]) + 1, np.int32), np.zeros(0, np.int32))
        return WordLists(self.strings["words"][column], self.arrays[f"{column}_starts"], self.arrays[f"{column}_codes"])

    def write(self, folder: Path) -> None:
        """Write the snapshot into `folder`, which is created."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / _ARRAYS, allow_pickle=False, **self.arrays)
        (folder / _LINKS).write_text(json.dumps(_short(self.links()), ensure_ascii=False), encoding="utf-8")
        (folder / _STRINGS).write_text(json.dumps(self.strings, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Snapshot:
        """Read the snapshot in `folder`.

        Raises:
            SnapshotError: it is missing, damaged or of another version.
        """

        def links() -> list[Links]:
            return [(path, ids, details[0] if details else {}) for path, ids, *details in _read_json(folder / _LINKS)]

        strings = _read_json(folder / _STRINGS)
        if not isinstance(strings, dict) or strings.get("schema") != SCHEMA:
            raise SnapshotError(folder, f"its layout is not version {SCHEMA}")
        try:
            with (folder / _ARRAYS).open("rb") as file, np.load(file, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            raise SnapshotError(folder, str(error)) from error
        return cls(arrays, strings, links)


def pack(tracks: Sequence[Track], collections: Sequence[Collection]) -> Snapshot:
    """Pack tracks and collections into columns; the order in which they are given does not matter.

    Raises:
        DuplicateTrackError: two tracks have one id.
    """
    tracks = sorted(tracks, key=lambda track: (track.source, track.track_id))
    collections = sorted(collections, key=lambda one: (one.source, one.collection_id))
    row_of = {track.track_id: row for row, track in enumerate(tracks)}
    if len(row_of) < len(tracks):
        raise DuplicateTrackError(next(i for i, n in Counter(t.track_id for t in tracks).items() if n > 1))
    arrays: dict[str, NDArray[Any]] = {
        name: np.array([_number(getattr(track, name)) for track in tracks], np.float32) for name in NUMERIC_COLUMNS
    }
    words: dict[str, list[str]] = {}
    for name in RARE_NUMBERS:
        if any(getattr(track, name) is not None for track in tracks):
            arrays[name] = np.array([_number(getattr(track, name)) for track in tracks], np.float32)
    rare = [column for column in RARE_WORDS if any(getattr(track, column) for track in tracks)]
    for column in (*LIST_COLUMNS, *WORD_COLUMNS, *rare):
        lists = WordLists.pack(_as_list(getattr(track, column)) for track in tracks)
        words[column] = lists.words
        arrays[f"{column}_starts"], arrays[f"{column}_codes"] = lists.starts, lists.codes
    members = [[row_of[i] for i in dict.fromkeys(one.track_ids) if i in row_of] for one in collections]
    arrays["collections_starts"] = np.cumsum([0, *map(len, members)], dtype=np.int32)
    arrays["collections_codes"] = np.array([row for rows in members for row in rows], np.int32)
    strings: dict[str, Any] = {
        "schema": SCHEMA,
        "track_ids": [track.track_id for track in tracks],
        "titles": [track.title for track in tracks],
        "albums": [track.album for track in tracks],
        "words": words,
        "collections": [[one.collection_id, one.name, one.source] for one in collections],
    }
    links: list[Links] = [
        (track.path, dict(sorted(track.ids.items())), dict(sorted(track.details.items()))) for track in tracks
    ]
    pack_attributes(tracks, arrays, strings)
    fingerprint = _digest(arrays, strings)
    _number_artists(tracks, arrays, strings)
    arrays["work"] = number_works(tracks)
    told = f"{fingerprint}{json.dumps(_short(links))}"
    if any(track.derived for track in tracks):
        told += _pack_derived(tracks, arrays, strings)
    content = hashlib.sha256(told.encode()).hexdigest()
    strings.update(fingerprint=fingerprint, content=content)
    return Snapshot(arrays, strings, lambda: links)


def _short(links: Sequence[Links]) -> list[Sequence[Any]]:
    """Leave out the details of those that have none: most have none."""
    return [one if one[2] else one[:2] for one in links]


def _pack_derived(tracks: Sequence[Track], arrays: dict[str, NDArray[Any]], strings: dict[str, Any]) -> str:
    """Note which values were not stated, from where and how sure, by column; return a digest of it."""
    columns = sorted({column for track in tracks for column in track.derived})
    numbers: dict[str, int] = {}
    made: dict[str, NDArray[Any]] = {}
    for column in columns:
        of = [(row, track.derived[column]) for row, track in enumerate(tracks) if column in track.derived]
        made[f"derived_{column}_rows"] = np.array([row for row, _ in of], np.int32)
        made[f"derived_{column}_sources"] = np.array(
            [numbers.setdefault(one.source, len(numbers)) for _, one in of], np.int16
        )
        made[f"derived_{column}_confidence"] = np.array([one.confidence for _, one in of], np.float32)
    strings["derived"] = {"columns": columns, "sources": list(numbers)}
    arrays.update(made)
    return _digest(made, strings["derived"])


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _as_list(value: str | Sequence[str] | None) -> Sequence[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _digest(arrays: dict[str, NDArray[Any]], strings: dict[str, Any]) -> str:
    """Hash ids and facts, in row order; words are numbered by first appearance, so the numbers are stable."""
    digest = hashlib.sha256(json.dumps(strings, sort_keys=True).encode())
    for name in sorted(arrays):
        digest.update(name.encode() + arrays[name].dtype.str.encode() + arrays[name].tobytes())
    return digest.hexdigest()


def _number_artists(tracks: Sequence[Track], arrays: dict[str, NDArray[Any]], strings: dict[str, Any]) -> None:
    """Number the artists by key, name each by its commonest spelling, and note each track's main artist."""
    spellings = Counter(name for track in tracks for name in track.artists or ("",))
    key_of = {name: artist_key(name) for name in spellings}
    numbers: dict[str, int] = {}
    names: list[str] = []
    for name, key in key_of.items():
        number = numbers.setdefault(key, len(numbers))
        if number == len(names):
            names.append(name)
        elif spellings[name] > spellings[names[number]]:
            names[number] = name
    arrays["artist_rows"] = np.array([numbers[key_of[(t.artists or ("",))[0]]] for t in tracks], np.int64)
    strings["artist_names"], strings["artist_keys"] = names, list(numbers)
    strings["artist_spelling_keys"] = [key_of[name] for name in strings["words"]["artists"]]


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SnapshotError(path.parent, str(error)) from error
