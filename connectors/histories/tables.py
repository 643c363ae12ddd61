"""Tables of what was heard: CSV with any delimiter, or JSON rows with the same fields.

Columns are known by their headers (`_FIELDS`), so that exports of Last.fm, Exportify, players and Segue itself read
alike. Two layouts of Last.fm exporters have no header and are known by where the date is. A row with a time, a count or
a length of play was heard, one that is loved or banned rated, and one that says nothing of this kept, as a track of a
playlist.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import IO, Any

from assistant.heard import Broken, Ending, Heard, HistoryItem, Kind, LeftOut
from connectors.histories.base import (
    BadValueError,
    Context,
    HistoryFile,
    Row,
    dated,
    ids_of,
    number,
    number_if_known,
    read_rows,
    says_yes,
    text,
)
from connectors.histories.files import START_BYTES
from connectors.histories.json_rows import MAX_ROW_BYTES, array_rows, line_rows
from connectors.histories.lastfm import LOG
from connectors.histories.spotify import LOG as LOG_OF_SPOTIFY

NAME = "table"
#: Field → headers that mean it, without case, spaces and signs; the best first.
_FIELDS = {
    "title": "title tracktitle trackname track songtitle songname song name",
    "artist": "artist artistname artistnames artists trackartist performer band albumartist albumartistname",
    "album": "album albumname albumtitle release releasename",
    "played_at": "playedat uts timestamp ts listenedat scrobbledat utctime endtime datetime dateplayed lastplayed "
    "playdate date",
    "time": "time timeutc",
    "added_at": "addedat addeddate dateadded",
    "plays": "plays playcount timesplayed scrobbles count",
    "times": "times",
    "counts": "counts",
    "loved": "loved liked favorite favourite starred love like",
    "hated": "hated disliked banned ban dislike",
    "kind": "kind event action",
    "ms_played": "msplayed playedms",
    "completion": "completion",
    "skipped": "skipped",
    "duration_s": "durations durationseconds lengthseconds",
    "duration_ms": "durationms trackdurationms lengthms",
    "spotify": "trackuri spotifytrackuri spotifyuri spotifyid uri",
    "isrc": "isrc",
    "mbid": "mbid trackmbid recordingmbid musicbrainzid",
    "path": "path file filepath location",
}
_FIELD_OF = {alias: name for name, aliases in _FIELDS.items() for alias in aliases.split()}
_RANK = {alias: rank for aliases in _FIELDS.values() for rank, alias in enumerate(aliases.split())}
_DONE: dict[str, tuple[Kind, Ending | None]] = {
    "play": ("play", None),
    "skip": ("play", "skipped"),
    "like": ("like", None),
    "dislike": ("dislike", None),
    "keep": ("keep", None),
    "unrate": ("unrate", None),
}
#: Layouts without a header: lastfm-to-csv, and lastfm-backup-cli.
_ARTIST_FIRST, _DATE_FIRST = ("artist", "album", "title", "played_at"), ("played_at", "time", "artist", "title")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
#: The shortest text that is a date, in characters: "1 May 2024". What is shorter is a time of day, or a length.
_DATE_CHARS = 10
#: Rows that are looked at to tell a table without a header, most of which have to say when they were played.
_SAMPLED = 50
#: A row counts no more plays than this: nobody hears a track more often.
_MAX_TIMES = 1_000_000
_READ_BYTES = 1 << 18

NOT_YOURS = "of a session that was not yours"


def columns_of(start: bytes, context: Context) -> tuple[str, tuple[str, ...], bool] | None:
    """Say how a table is to be read: its delimiter, the field of each column, and whether its first row is a header.

    None for what is no table of tracks.
    """
    delimiter = _delimiter(start)
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(csv.reader(_decoded(start).splitlines()[:_SAMPLED], delimiter=delimiter))
    if not rows:
        return None
    fields = fields_of(tuple(rows[0]))
    if "title" in fields and "artist" in fields:
        return delimiter, fields, True
    of_four = [row for row in rows if len(row) == 4]
    if 2 * len(of_four) > len(rows):
        if _mostly(_CLOCK.fullmatch(row[1].strip()) and _is_date(f"{row[0]} {row[1]}", context) for row in of_four):
            return delimiter, _DATE_FIRST, False
        if _mostly(_is_date(row[3], context) for row in of_four):
            return delimiter, _ARTIST_FIRST, False
    return None


def _mostly(said: Iterable[object]) -> bool:
    found = [bool(one) for one in said]
    return 2 * sum(found) >= len(found)


@lru_cache(maxsize=256)
def fields_of(headers: tuple[str, ...]) -> tuple[str, ...]:
    """Return the field that each header means, "" for none; of several that mean one, the best has it."""
    squeezed = [re.sub(r"[\W_]+", "", header.partition("#")[0].lower()) for header in headers]
    best: dict[str, int] = {}
    for place, name in enumerate(squeezed):
        meant = _FIELD_OF.get(name)
        if meant and (meant not in best or _RANK[name] < _RANK[squeezed[best[meant]]]):
            best[meant] = place
    of_place = {place: meant for meant, place in best.items()}
    return tuple(of_place.get(place, "") for place in range(len(headers)))


def read_csv(file: HistoryFile, context: Context) -> Iterator[HistoryItem]:
    """Read a table of which `columns_of` said how."""
    with file.open() as opened:
        start = opened.read(START_BYTES)
    found = columns_of(start, context)
    if found is None:
        return
    delimiter, fields, headed = found
    with file.open() as opened:
        rows = _csv_rows(_lines(opened, start), delimiter, fields, headed, context)
        yield from _each(rows if headed else _played(rows, context), context, "line")


def read_json(file: HistoryFile, context: Context, prefix: str | None) -> Iterator[HistoryItem]:
    """Read the objects at a place of a JSON document, or with None one on each line."""
    rows = line_rows(file, context) if prefix is None else array_rows(file, prefix, context)
    known = ((place, _known(row) if isinstance(row, Mapping) else row) for place, row in rows)
    return _each(known, context, "line" if prefix is None else "entry")


def _each(rows: Iterator[tuple[int, Any]], context: Context, unit: str) -> Iterator[HistoryItem]:
    """Read rows of known fields; what a row says beside that it was heard follows it."""
    for place, row in rows:
        yield from read_rows(iter([(place, row)]), _read_row, context, unit)
        if isinstance(row, Mapping) and (rated := _rated(row, context)) is not None:
            yield rated


def _played(rows: Iterator[tuple[int, Any]], context: Context) -> Iterator[tuple[int, Any]]:
    """Leave out what does not say when it was played, where all is plays."""
    for place, row in rows:
        played = not isinstance(row, Mapping) or bool(str(row["played_at"]).strip())
        yield place, row if played else Broken(context.place(place, "line"), "it does not say when it was played")


def _known(row: Row) -> Row:
    fields = fields_of(tuple(row))
    return {name: value for name, value in zip(fields, row.values(), strict=True) if name}


def _read_row(row: Row, place: str, context: Context) -> HistoryItem | None:
    if not text(row, "title") and not text(row, "path"):
        raise BadValueError("it has no title")
    if str(row.get("counts")).strip().lower() == "false":
        return LeftOut(NOT_YOURS)
    said = str(row.get("kind") or "").strip().lower()
    if said:
        if said not in _DONE:
            raise BadValueError(f"its kind is none of {', '.join(_DONE)}: {said[:40]!r}")
        return _heard(row, context, *_DONE[said])
    counted = bool(row.get("plays") not in (None, ""))
    if (
        _time(row, context)
        or counted
        or row.get("ms_played") not in (None, "")
        or row.get("completion") not in (None, "")
    ):
        if counted and number(row, "plays") == 0:
            return None if _rating(row) else _heard(row, context, "keep", None)
        return _heard(row, context, "play", "skipped" if says_yes(row.get("skipped")) else None)
    return None if _rating(row) else _heard(row, context, "keep", None)


def _rated(row: Row, context: Context) -> HistoryItem | None:
    """What a row says beside that it was heard: that it is loved, or banned."""
    rating = _rating(row)
    try:
        return None if rating is None else _heard(row, context, rating, None)
    except BadValueError:
        return None  # which was said of the row already


def _rating(row: Row) -> Kind | None:
    if says_yes(row.get("loved")):
        return "like"
    return "dislike" if says_yes(row.get("hated")) else None


def _time(row: Row, context: Context) -> str:
    """The time of a row as written; date and time of day may be apart, or both be in the column for the latter."""
    day, clock = str(row.get("played_at") or ""), str(row.get("time") or "").strip()
    if not day:
        return clock if len(clock) >= _DATE_CHARS and _is_date(clock, context) else ""
    return f"{day} {clock}".strip() if _CLOCK.fullmatch(clock) else day


def _heard(row: Row, context: Context, kind: Kind, ended: Ending | None) -> Heard:
    written = _time(row, context) or row.get("added_at")
    at, whole_day = dated(written, context)
    played, plays = number(row, "ms_played"), number(row, "plays")
    milliseconds = number_if_known(row, "duration_ms")
    completion = number(row, "completion")
    counted = kind == "play" and plays is not None
    times = plays if counted else number_if_known(row, "times")
    return Heard(
        text(row, "title"),
        text(row, "artist"),
        text(row, "album"),
        kind,
        at,
        ended,
        None if played is None else int(played),
        None if completion is None else min(completion, 1.0),
        milliseconds / 1000 if milliseconds else number_if_known(row, "duration_s"),
        1 if times is None else int(min(max(times, 1), _MAX_TIMES)),
        ids_of(spotify=row.get("spotify"), isrc=row.get("isrc"), mbid=row.get("mbid")),
        text(row, "path") or None,
        log="" if counted else LOG if played is None else LOG_OF_SPOTIFY,
        whole_day=whole_day,
    )


# --- the text of a table ---


def _csv_rows(
    lines: Iterator[str], delimiter: str, fields: Sequence[str], headed: bool, context: Context
) -> Iterator[tuple[int, Any]]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, Broken(context.place(reader.line_num, "line"), f"it is no row of a table ({error})")
            continue
        if headed or not any(cell.strip() for cell in row):
            headed = False
            continue
        if len(row) < len(fields) and not any(fields[len(row) :]):
            row += [""] * (len(fields) - len(row))
        if len(row) < len(fields):
            why = f"it has {len(row)} columns, not {len(fields)}"
            yield reader.line_num, Broken(context.place(reader.line_num, "line"), why)
            continue
        yield reader.line_num, {name: cell for name, cell in zip(fields, row, strict=False) if name}


def _lines(opened: IO[bytes], start: bytes) -> Iterator[str]:
    """Yield the lines of a text, in the encoding that its start shows."""
    encoding = _encoding(start)
    if encoding == "utf-16":
        yield from _wide_lines(opened)
        return
    first = True
    while line := opened.readline(MAX_ROW_BYTES):
        if first:
            line, first = line.removeprefix(codecs.BOM_UTF8), False
        yield line.decode(encoding, "replace").replace("\0", "")


def _wide_lines(opened: IO[bytes]) -> Iterator[str]:
    decoder, rest = codecs.getincrementaldecoder("utf-16")("replace"), ""
    while data := opened.read(_READ_BYTES):
        *whole, rest = (rest + decoder.decode(data)).split("\n")
        yield from (f"{line}\n".replace("\0", "") for line in whole)
        if len(rest) > MAX_ROW_BYTES:
            yield rest
            rest = ""
    yield rest


def _encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _decoded(start: bytes) -> str:
    return codecs.getincrementaldecoder(_encoding(start))("replace").decode(start).removeprefix("\ufeff")


def _delimiter(start: bytes) -> str:
    header = _decoded(start).partition("\n")[0]
    return max(",;\t", key=header.count)


def _is_date(written: str, context: Context) -> bool:
    try:
        return dated(written, context)[0] is not None
    except BadValueError:
        return False
