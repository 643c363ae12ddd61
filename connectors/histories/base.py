"""What the readers of all formats share: a file with its name and start, times, and text that is safe to store."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import IO, Any

from assistant.heard import Broken, HistoryItem
from assistant.labels import plain

#: Longer names are two rows that ran into each other.
MAX_NAME_CHARS = 1_000
_MAX_ID_CHARS = 200
#: Times above this are milliseconds, and above its thousandfold microseconds.
_IN_MILLISECONDS = 1e11
#: How dates are written, beside ISO 8601; those without a time of day are the last.
_WRITTEN = (
    "%d %b %Y, %H:%M",
    "%d %b %Y %H:%M",
    "%d %b %Y %H:%M:%S",
    "%d %B %Y, %H:%M",
    "%b %d %Y %H:%M",
    "%b %d, %Y %I:%M %p",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
)
_DAYS = ("%Y/%m/%d", "%d %b %Y", "%d.%m.%Y")
_ISO, _ISO_DAY_CHARS = ("",), len("2024-05-01")
_SPOTIFY = re.compile(r"^spotify:track:([A-Za-z0-9]{22})$")
_WORDS_FOR_YES = frozenset(("1", "true", "yes", "y", "loved", "love", "liked", "like", "x", "♥", "❤"))

#: What a number of JSON is read as.
_Number = int | float | Decimal

#: Called with (stage, done, total) while a history is read and indexed.
Progress = Callable[[str, int, int], None]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class HistoryFile:
    """One file of a history, or one member of an archive."""

    name: str
    size: int  # bytes
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True)
class Context:
    """How a file is read."""

    name: str  # of the file
    timezone: tzinfo = UTC  # of times that do not say theirs

    def place(self, number: int, unit: str = "entry") -> str:
        """Name where something is, for a report."""
        return f"{self.name}, {unit} {number:,}"


Reader = Callable[[HistoryFile, Context], Iterator[HistoryItem]]
ReadRow = Callable[[Row, str, Context], HistoryItem | None]


class BadValueError(ValueError):
    """A field of an entry cannot be read; the message says which and why."""


def text(row: Row, *names: str) -> str:
    """Return the first of some fields that has text, on one line; "" where none has.

    Raises:
        BadValueError: it is no text, or too long for a name.
    """
    for name in names:
        value = row.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, _Number) and not isinstance(value, bool):
            value = str(value)  # a band called 311
        if not isinstance(value, str):
            raise BadValueError(f"{name} is no text")
        if len(value) > MAX_NAME_CHARS:
            raise BadValueError(f"{name} has more than {MAX_NAME_CHARS:,} characters")
        if said := plain(value, MAX_NAME_CHARS):
            return said
    return ""


def inside(row: Row, name: str) -> Row:
    """Return an object inside another one, empty where there is none."""
    value = row.get(name)
    return value if isinstance(value, Mapping) else {}


def number(row: Row, name: str) -> float | None:
    """Return a number that is not negative, None where there is none.

    Raises:
        BadValueError: it is something else.
    """
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        read = float(value)
    except (TypeError, ValueError, OverflowError):
        raise BadValueError(f"{name} is no number: {_shown(value)}") from None
    if not math.isfinite(read) or read < 0:
        raise BadValueError(f"{name} is no length of time or count: {_shown(value)}")
    return read


def number_if_known(row: Row, name: str) -> float | None:
    """Return a number that is not negative, None where there is none or something else: an entry is good without it."""
    try:
        return number(row, name)
    except BadValueError:
        return None


def says_yes(value: Any) -> bool:
    """Tell whether a field that says yes or no says yes."""
    return str(value).strip().lower() in _WORDS_FOR_YES


def ids_of(**found: Any) -> dict[str, str]:
    """Keep the ids that are there, Spotify's without what is around them."""
    kept = {}
    for service, value in found.items():
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str) and 0 < len(value) <= _MAX_ID_CHARS:
            bare = _SPOTIFY.match(value)
            kept[service] = bare[1] if bare else value
    return kept


def moment(value: Any, context: Context) -> float | None:
    """Read a time, in seconds since the epoch (UTC); None where there is none. See `dated` for what is understood.

    Raises:
        BadValueError: it is no time.
    """
    return dated(value, context)[0]


def dated(value: Any, context: Context) -> tuple[float | None, bool]:
    """Read a time and whether it is only a day.

    Numbers are seconds, milliseconds or microseconds since the epoch; texts are ISO 8601, or dates as Last.fm and
    tables write them. What does not say its time zone is in that of the context.

    Raises:
        BadValueError: it is no time.
    """
    if value is None or value == "":
        return None, False
    if isinstance(value, str):
        said = " ".join(value.split())
        if not said.replace(".", "", 1).isdecimal() or len(said) <= 8:
            return _written(said, context)
        value = float(said)
    try:
        seconds = math.nan if isinstance(value, bool) or not isinstance(value, _Number) else float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise BadValueError(f"its time is none: {_shown(value)}")
    while abs(seconds) > _IN_MILLISECONDS:
        seconds /= 1000
    return seconds, False


def _written(said: str, context: Context) -> tuple[float, bool]:
    for forms, whole_day in ((_ISO, False), (_WRITTEN, False), (_DAYS, True)):
        for form in forms:
            if (found := _parsed(said, form)) is not None:
                only_day = whole_day or len(said) == _ISO_DAY_CHARS
                return _seconds(found.replace(hour=12) if only_day else found, context), only_day
    raise BadValueError(f"its time is none: {_shown(said)}")


def _parsed(said: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(said, form) if form else datetime.fromisoformat(said.replace(" UTC", "+00:00"))
    except ValueError:
        return None


def _seconds(found: datetime, context: Context) -> float:
    try:
        return (found if found.tzinfo else found.replace(tzinfo=context.timezone)).timestamp()
    except (OverflowError, ValueError, OSError):
        raise BadValueError(f"its time is none: {found!s}") from None


def _shown(value: Any) -> str:
    return plain(str(value) if isinstance(value, Decimal) else repr(value), 40)


def read_rows(
    rows: Iterator[tuple[int, Any]], read: ReadRow, context: Context, unit: str = "entry"
) -> Iterator[HistoryItem]:
    """Read numbered rows one by one; those that cannot be read are named and left out."""
    for place, row in rows:
        if isinstance(row, Broken):
            yield row
            continue
        if not isinstance(row, Mapping):
            yield Broken(context.place(place, unit), "it is no object with fields")
            continue
        try:
            item = read(row, context.place(place, unit), context)
        except BadValueError as error:
            yield Broken(context.place(place, unit), str(error))
            continue
        if item is not None:
            yield item
