"""Which tracks of the catalogue a playlist or a history of elsewhere names.

Each entry is matched by the surest way that finds anything, and the way is told:
  ids       `segue`, `isrc`, `mbid`, `spotify`, `youtube`: the same id of that service
  path      the same file; or its folder and name alone, where one track has them and its title is no other
  name      title and artist, but for case, accents, punctuation, guests and remasters
  version   the same, but another version: the studio track for a concert's. Only where nothing is better
  spelling  title or artist are all but the same (one letter in seven, two at most), and lengths do not speak against it
  title     an entry without an artist, of a title that only one work has
Among several tracks that one way finds, the same version wins, then the title as written, the album, the length, the
main artist over a guest, and the better-known one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from threading import Lock
from urllib.parse import unquote
from weakref import WeakKeyDictionary

import numpy as np

from assistant.entries import (
    ID_KINDS,
    OWN_ID,
    Entry,
    agreement,
    decoration,
    name_key,
    name_keys,
    tidy_ids,
    title_key,
    version_kinds,
    work_key,
)
from recsys.catalogue import Catalogue

#: Likeness (0–1, by edits over the longer one's letters) from which two names are one misspelt, the fewest letters of
#: such a name, and the most edits: long names differ by a word before they differ by a share.
_MIN_LIKENESS, _MIN_LETTERS, _MAX_EDITS = 0.85, 5, 2
#: Misspelt names are the same track only if their known lengths differ by no more than this, in seconds.
_MAX_GAP_S = 12.0
_HERE = re.compile(r"^//(?:localhost(?=/))?", re.IGNORECASE)
_NUMBERS = re.compile(r"\d+|\b[ivx]+\b")

NO_NAME = "it names neither a title nor a file nor an id"
NO_TITLE_HERE = "no track here has this title"
OTHER_ARTIST = "the title is here by other artists only"
ONLY_IMITATIONS = "only a cover or a karaoke version is here"
OTHER_VERSION = "only another version is here"
SEVERAL = "several tracks have this title; say the artist"
GONE = "the track has left the catalogue"


@dataclass(frozen=True, slots=True)
class Match:
    """What became of one entry: a track and how it was found, or why there is none."""

    entry: Entry
    row: int | None = None
    track_id: str | None = None
    how: str = ""
    why: str = ""

    @property
    def found(self) -> bool:
        """Whether it was matched."""
        return self.row is not None


def match(catalogue: Catalogue, entries: Sequence[Entry], *, versions: bool = True) -> list[Match]:
    """Match entries to the tracks of a catalogue, one answer per entry and in their order.

    Args:
        catalogue: matched against; its lookup table is made once and kept for as long as the catalogue lives.
        entries: as they were named.
        versions: whether another version of the same work will do where nothing is better.
    """
    table = _table(catalogue)
    return [table.match(entry, versions=versions) for entry in entries]


_TABLES: WeakKeyDictionary[Catalogue, _Table] = WeakKeyDictionary()
_TABLES_LOCK = Lock()


def _table(catalogue: Catalogue) -> _Table:
    with _TABLES_LOCK:
        table = _TABLES.get(catalogue)
        if table is None:
            table = _TABLES[catalogue] = _Table(catalogue)
        return table


class _Table:
    """Everything of a catalogue that entries are looked up by. Holds no reference to the catalogue itself."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._track_ids, self._titles, self._albums = catalogue.track_ids, catalogue.titles, catalogue.albums
        self._works = catalogue.work.tolist()
        self._seconds = catalogue.numeric["duration_s"].tolist()
        self._popularity = np.nan_to_num(catalogue.numeric["popularity"], nan=-1.0).tolist()
        self._row_of_id: dict[str, dict[str, int]] = {kind: {} for kind in ID_KINDS}
        self._rows_of_path: dict[str, list[int]] = defaultdict(list)
        self._rows_of_file: dict[str, list[int]] = defaultdict(list)
        self._paths: dict[int, tuple[str, ...]] = {}
        for row, (path, ids, _) in enumerate(catalogue.links):
            for kind in ID_KINDS:
                if one := ids.get(kind):
                    self._row_of_id[kind].setdefault(one, row)
            if path and (parts := _parts(path)):
                self._paths[row] = parts
                self._rows_of_path["/".join(parts)].append(row)
                self._rows_of_file[parts[-1].lower()].append(row)
        self._row_of_id[OWN_ID] = {track_id: row for row, track_id in enumerate(self._track_ids)}
        self._rows_of_work: dict[str, list[int]] = defaultdict(list)
        self._rows_of_artist: dict[str, list[int]] = defaultdict(list)
        self._names: list[tuple[str, ...]] = []
        for row, (title, artists) in enumerate(zip(self._titles, catalogue.artists, strict=True)):
            names = dict.fromkeys(key for artist in artists for key in name_keys(artist))
            if len(artists) > 1:
                names[name_key(", ".join(artists))] = None
            self._names.append(tuple(names))
            self._rows_of_work[work_key(title)].append(row)
            for name in names:
                self._rows_of_artist[name].append(row)

    def match(self, entry: Entry, *, versions: bool) -> Match:
        """Match one entry by the surest way that finds anything."""
        if (found := self._by_id(entry) or self._by_path(entry)) is not None:
            return found
        if not entry.title.strip():
            return Match(entry, why=GONE if OWN_ID in entry.ids else NO_TITLE_HERE if entry.ids else NO_NAME)
        readings = [entry]
        if entry.either and entry.artist:
            readings.append(_turned(entry))
        tried = [self._by_name(reading, versions=versions) for reading in readings]
        tried += [self._by_spelling(reading) for reading in readings]
        best = next((one for one in tried if one.found), None)
        if best is None:
            return Match(entry, why=_worst_first([one.why for one in tried]))
        return Match(entry, best.row, best.track_id, best.how)

    def _by_id(self, entry: Entry) -> Match | None:
        for kind, one in tidy_ids(entry.ids).items():
            if (row := self._row_of_id[kind].get(one)) is not None:
                return self._found(entry, row, kind)
        return None

    def _by_path(self, entry: Entry) -> Match | None:
        if not entry.path or not (parts := _parts(entry.path)):
            return None
        if rows := self._rows_of_path.get("/".join(parts)):
            return self._found(entry, self._best(entry, rows), "path")
        named_alike = self._rows_of_file.get(parts[-1].lower(), [])
        depth = {row: _common_end(parts, self._paths[row]) for row in named_alike}
        deepest = max(depth.values(), default=0)
        rows = [row for row, n in depth.items() if n == deepest]
        if len(rows) == 1 and deepest >= min(2, len(parts)) and self._is_titled(rows[0], entry, parts[-1]):
            return self._found(entry, rows[0], "path")
        return None

    def _is_titled(self, row: int, entry: Entry, file: str) -> bool:
        """Whether a track may have the title of an entry, which proves nothing where it is only the file's name."""
        name, here = title_key(PurePosixPath(file).stem), work_key(self._titles[row])
        words = [entry.title, entry.artist] if entry.either else [entry.title]
        return all(title_key(one) in name for one in words if one.strip()) or here in map(work_key, words)

    def _by_name(self, entry: Entry, *, versions: bool) -> Match:
        of_work = self._rows_of_work.get(work_key(entry.title))
        if not of_work:
            return Match(entry, why=NO_TITLE_HERE)
        if not entry.artist.strip():
            return self._by_title(entry, of_work)
        names = name_keys(entry.artist)
        rows = [row for row in of_work if any(name in self._names[row] for name in names)]
        if not rows:
            return Match(entry, why=OTHER_ARTIST)
        return self._version(entry, rows, versions=versions)

    def _by_title(self, entry: Entry, rows: Sequence[int]) -> Match:
        if entry.album:
            rows = [row for row in rows if title_key(self._albums[row] or "") == title_key(entry.album)] or rows
        if len({self._works[row] for row in rows}) > 1:
            return Match(entry, why=SEVERAL)
        return self._found(entry, self._best(entry, rows), "title")

    def _version(self, entry: Entry, rows: Sequence[int], *, versions: bool) -> Match:
        wanted = version_kinds(entry.title)
        by_agreement: dict[str | None, list[int]] = defaultdict(list)
        for row in rows:
            by_agreement[agreement(wanted, version_kinds(self._titles[row]))].append(row)
        if same := by_agreement["name"]:
            return self._found(entry, self._best(entry, same), "name")
        if others := by_agreement["version"]:
            return (
                self._found(entry, self._best(entry, others), "version")
                if versions
                else Match(entry, why=OTHER_VERSION)
            )
        return Match(entry, why=ONLY_IMITATIONS)

    def _by_spelling(self, entry: Entry) -> Match:
        """Compare letters where one of title and artist is as written here: two misspelt names prove nothing."""
        title, names = work_key(entry.title), name_keys(entry.artist)
        if not names:
            return Match(entry, why=NO_TITLE_HERE)
        near: dict[int, float] = {}
        for row in dict.fromkeys(row for name in names for row in self._rows_of_artist.get(name, ())):
            near[row] = _likeness(title, work_key(self._titles[row]), entry.title, self._titles[row])
        for row in self._rows_of_work.get(title, ()):
            near[row] = max(_likeness(names[0], name) for name in self._names[row])
        wanted = version_kinds(entry.title)
        sure = {
            row: likeness
            for row, likeness in near.items()
            if likeness >= _MIN_LIKENESS
            and self._lengths_agree(entry, row)
            and agreement(wanted, version_kinds(self._titles[row])) == "name"
        }
        rows = [row for row, likeness in sure.items() if likeness == max(sure.values())]
        return self._found(entry, self._best(entry, rows), "spelling") if rows else Match(entry, why=NO_TITLE_HERE)

    def _lengths_agree(self, entry: Entry, row: int) -> bool:
        gap = self._gap_s(entry, row)
        return gap != gap or gap <= _MAX_GAP_S  # NaN: one of the two is unknown

    def _gap_s(self, entry: Entry, row: int) -> float:
        return float("nan") if entry.duration_s is None else abs(entry.duration_s - self._seconds[row])

    def _best(self, entry: Entry, rows: Sequence[int]) -> int:
        """Of several tracks that are the same work, the one that was meant."""
        if len(rows) == 1:
            return rows[0]
        title, album, names = title_key(entry.title), title_key(entry.album), name_keys(entry.artist)

        def order(row: int) -> tuple[int, bool, float, bool, float, int]:
            gap = self._gap_s(entry, row)
            return (
                decoration(self._titles[row], title),
                not album or title_key(self._albums[row] or "") != album,
                0.0 if gap != gap else gap // 2,
                self._names[row][0] not in names,
                -self._popularity[row],
                row,
            )

        return min(rows, key=order)

    def _found(self, entry: Entry, row: int, how: str) -> Match:
        return Match(entry, row, self._track_ids[row], how)


def _turned(entry: Entry) -> Entry:
    return Entry(entry.artist, entry.title, entry.album, entry.duration_s, entry.path, entry.ids)


def _worst_first(whys: Iterable[str]) -> str:
    """Of several reasons, the one that comes nearest to a match."""
    said = set(whys)
    return next(why for why in (OTHER_VERSION, ONLY_IMITATIONS, SEVERAL, OTHER_ARTIST, NO_TITLE_HERE) if why in said)


def _likeness(one: str, other: str, *written: str) -> float:
    """How alike two folded names are, 0–1; 0 where that would be no misspelling. Numbers have to be the same."""
    from rapidfuzz.distance import OSA

    longer = max(len(one), len(other))
    if one == other or longer < _MIN_LETTERS:
        return float(one == other)
    if len({tuple(_NUMBERS.findall(text.lower())) for text in written or (one, other)}) > 1:
        return 0.0
    edits = OSA.distance(one, other, score_cutoff=_MAX_EDITS)
    return 1 - edits / longer if edits <= _MAX_EDITS else 0.0


def _parts(path: str) -> tuple[str, ...]:
    """The folders and the name of a path of any system, or of a file address, in one spelling."""
    if path[:5].lower() == "file:":
        # By hand: many programs write names as they are, and "#", "?" and "[" mean something to a parser of addresses.
        path = unquote(_HERE.sub("", path[5:]))
    path = unicodedata.normalize("NFC", path).replace("\\", "/")
    return tuple(part for part in PurePosixPath(path).parts if part not in (".", "/"))


def _common_end(one: Sequence[str], other: Sequence[str]) -> int:
    """How many parts two paths share, from their end."""
    n = 0
    for ours, theirs in zip(reversed(one), reversed(other), strict=False):
        if ours.lower() != theirs.lower():
            break
        n += 1
    return n
