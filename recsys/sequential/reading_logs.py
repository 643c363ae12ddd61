"""Published logs of listening, read line by line, and the listeners' own events.

    LastFM-1K        userid-timestamp-artid-artname-traid-traname.tsv: no header, six columns, newest first
    Music4All-Onion  userid_trackid_timestamp.tsv[.bz2]: a header with user_id, track_id and timestamp; durations from
                     Music4All's id_metadata.csv (tabs; id and duration_ms)
    events           what the app recorded or imported, through `recsys.store`

Times without a zone are taken as UTC. Sources: Celma (2010), "Music Recommendation and Discovery in the Long Tail";
Moscati et al. (2022), "Music4All-Onion"; Santana et al. (2020), "Music4All".
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from recsys.sequential.errors import SequenceDataError
from recsys.sequential.plays import TOLD_EVERY, Plays, PlaysBuilder
from recsys.sequential.port import silent
from recsys.sequential.reading import open_text
from recsys.types import EventKind, Progress

if TYPE_CHECKING:
    from recsys.store import Store

_DAY_S = 86_400
_MUSIC4ALL = "userid_trackid_timestamp.tsv"
_N_COLUMNS = 6
#: Share of rows that may be broken before the file is taken for another kind.
_MOST_BAD = 0.2


def read_lastfm_1k(path: Path, *, item: Literal["track", "artist"] = "track", progress: Progress = silent) -> Plays:
    """Read LastFM-1K as published; rows that are broken are counted and left out.

    A track is told by artist and title, since many have no MusicBrainz id. The text is read a line at a time: what is
    held is 16 bytes for each play (some 60 while they are put in order) and every name once.

    Args:
        path: the file of plays, or the folder that holds it.
        item: what a step is.
        progress: told bytes of the file.

    Raises:
        SequenceDataError: it cannot be read, or is another kind of file.
    """
    if path.is_dir():
        path = path / "userid-timestamp-artid-artname-traid-traname.tsv"
    builder, clock = PlaysBuilder(), _Clock()
    with _reading(path) as file:
        for number, line in enumerate(file, 1):
            cells = line.rstrip("\r\n").split("\t")
            at = clock.seconds(cells[1]) if len(cells) == _N_COLUMNS else None
            if at is None or not cells[0] or not cells[3] or not (cells[5] or item == "artist"):
                builder.n_bad_rows += 1
            else:
                builder.add(cells[0], cells[3] if item == "artist" else f"{cells[3]} – {cells[5].rstrip()}", at)
            if not number % TOLD_EVERY:
                _tell(file, path, progress)
    return _checked(path, builder, "userid, timestamp, artist id, artist, track id, track between tabs")


def read_music4all(path: Path, *, metadata: Path | None = None, progress: Progress = silent) -> Plays:
    """Read the listening events of Music4All-Onion, with durations where Music4All's metadata is there.

    Args:
        path: `userid_trackid_timestamp.tsv`, which may be packed by bzip2, or the folder that holds it.
        metadata: Music4All's `id_metadata.csv`; None takes the one beside the file, where there is one.
        progress: told bytes of the file.

    Raises:
        SequenceDataError: a file cannot be read, or has other columns.
    """
    if path.is_dir():
        packed = path / f"{_MUSIC4ALL}.bz2"
        path = packed if packed.is_file() else path / _MUSIC4ALL
    if metadata is None and (beside := path.with_name("id_metadata.csv")).is_file():
        metadata = beside
    builder, clock = PlaysBuilder(), _Clock()
    with _reading(path) as file:
        user, track, when = _places(path, file.readline(), ("user_id", "track_id", "timestamp"))
        for number, line in enumerate(file, 1):
            cells = line.rstrip("\r\n").split("\t")
            at = clock.seconds(cells[when]) if len(cells) > max(user, track, when) else None
            if at is None or not cells[user] or not cells[track]:
                builder.n_bad_rows += 1
            else:
                builder.add(cells[user], cells[track], at)
            if not number % TOLD_EVERY:
                _tell(file, path, progress)
    durations = None if metadata is None else _durations(metadata)
    return _checked(path, builder, "user_id, track_id, timestamp between tabs", durations)


def read_events(store: Store, durations_s: Mapping[str, float] | None = None, *, progress: Progress = silent) -> Plays:
    """Read what the listeners of this installation played, one person at a time.

    Listeners that were joined are one person, read once, under the first of their ids. A play counts where it is known
    when it was: those that a history only gives the number of are left out. Sessions that were not the listener's are
    left out, as everywhere.

    Args:
        store: where the events are.
        durations_s: track_id → seconds, where known.
        progress: told listeners.
    """
    builder, listeners = PlaysBuilder(), sorted(store.listener_ids())
    people = dict.fromkeys(min(store.joined.of(listener_id)) for listener_id in listeners)
    for number, listener_id in enumerate(people, 1):
        for event in store.past(listener_id):
            if event.kind is EventKind.PLAY and event.times == 1:
                known = float("nan") if event.completion is None else float(event.completion)
                builder.add(listener_id, event.track_id, event.at, known)
        progress("reading what was played", number, len(people))
    return builder.build(durations_s)


@contextmanager
def _reading(path: Path) -> Iterator[Any]:
    """Open a text, and say which file it is that cannot be read on.

    Raises:
        SequenceDataError: it cannot be read, or is no text in UTF-8.
    """
    try:
        with open_text(path) as file:
            yield file
    except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
        problem = f"cannot be read on ({type(error).__name__})"
        raise SequenceDataError(path, None, problem, "give text in UTF-8, whole") from error


class _Clock:
    """Reads times as text, each day once: 19 million rows have a few thousand days."""

    def __init__(self) -> None:
        self._days: dict[str, int | None] = {}

    def seconds(self, text: str) -> float | None:
        """Return seconds since the epoch of "2009-05-04T23:08:57Z" or "2019-03-14 20:13"; None if it is no time."""
        day, clock = text[:10], text[11:].rstrip("Z")
        if day not in self._days:
            self._days[day] = _day(day)
        begin = self._days[day]
        parts = clock.split(":")
        if begin is None or len(parts) not in (2, 3) or not all(part.isdecimal() for part in parts):
            return None
        hours, minutes, *seconds = map(int, parts)
        if hours > 23 or minutes > 59 or any(one > 60 for one in seconds):
            return None
        return float(begin + hours * 3600 + minutes * 60 + sum(seconds))


def _day(text: str) -> int | None:
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) // _DAY_S * _DAY_S
    except ValueError:
        return None


def _tell(file: object, path: Path, progress: Progress) -> None:
    """Tell how far a file is read, in bytes as they lie on disk."""
    buffer = file.buffer if isinstance(file, TextIOWrapper) else None
    packed = getattr(buffer, "fileobj", None) or getattr(buffer, "_fp", None) or buffer
    if packed is not None:
        progress("reading plays", packed.tell(), os.path.getsize(path))


def _places(path: Path, header: str, wanted: tuple[str, ...]) -> list[int]:
    columns = header.rstrip("\r\n").split("\t")
    if missing := [name for name in wanted if name not in columns]:
        problem = f"its header has no column {missing[0]!r}"
        raise SequenceDataError(path, 1, problem, f"name the columns {', '.join(wanted)} in line 1, between tabs")
    return [columns.index(name) for name in wanted]


def _durations(path: Path) -> dict[str, float]:
    """Read track → seconds from Music4All's metadata."""
    with _reading(path) as file:
        track, length = _places(path, file.readline(), ("id", "duration_ms"))
        found = {}
        for line in file:
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) > max(track, length) and cells[length].isdecimal():
                found[cells[track]] = int(cells[length]) / 1000
    return found


def _checked(path: Path, builder: PlaysBuilder, form: str, durations: Mapping[str, float] | None = None) -> Plays:
    n_bad = builder.n_bad_rows
    if not len(builder) or n_bad > _MOST_BAD * (n_bad + len(builder)):
        problem = f"{n_bad:,} of {n_bad + len(builder):,} rows cannot be read"
        raise SequenceDataError(path, None, problem, f"give rows of {form}")
    return builder.build(durations)
