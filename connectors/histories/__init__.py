"""Listening histories of elsewhere, read as streams: what comes out is the same whatever the format.

A file of one entry's size is in memory at a time, however long the history is. docs/history.md says how to get each
export, and what is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assistant.heard import HistoryItem, Opened
from assistant.labels import plain
from connectors.histories.base import Context, HistoryFile, Progress
from connectors.histories.errors import HistoryError
from connectors.histories.files import files_of
from connectors.histories.formats import Format, format_of

if TYPE_CHECKING:
    from assistant.app import Assistant
    from assistant.history_reports import HistoryReport

__all__ = ["HistoryError", "import_history", "read_history"]

#: Files of an archive by `segue mydata`: its events are the history, its playlists are what was shown.
_OWN_EVENTS, _OWN_LISTENER = "events.jsonl", "listener.json"
#: Bytes between two words of progress.
_TELL_BYTES = 1 << 20


def import_history(
    assistant: Assistant,
    listener_id: str,
    path: Path | Sequence[Path],
    progress: Progress | None = None,
    timezone: str | None = None,
) -> HistoryReport:
    """Read what a listener heard elsewhere, and remember it; see `Assistant.add_listens`.

    Args:
        assistant: who remembers it.
        listener_id: whose history it is.
        path: a file, an archive, or several of them.
        progress: told about reading, in bytes, and about indexing.
        timezone: of times that do not say theirs, such as "Europe/Berlin"; UTC by default.

    Raises:
        HistoryError: a file is no history, is not safe to read, or breaks the archive's promises; or there is no such
            time zone. Unless it says that a member is damaged, nothing has changed then.
    """
    return assistant.add_listens(listener_id, read_history(path, progress, timezone), progress)


def read_history(
    path: Path | Sequence[Path], progress: Progress | None = None, timezone: str | None = None
) -> Iterator[HistoryItem]:
    """Yield what files say, entry by entry. What they are is looked at before the first entry.

    Raises:
        HistoryError: as `import_history`, when it is called.
    """
    zone = _zone(timezone)
    found: list[tuple[HistoryFile, Format | None]] = []
    for one in [path] if isinstance(path, Path) else path:
        formats = [(file, format_of(start, Context(file.name, zone))) for file, start in files_of(one)]
        if {_OWN_EVENTS, _OWN_LISTENER} <= {file.name for file, _ in formats}:
            formats = [(file, form if file.name == _OWN_EVENTS else None) for file, form in formats]
        if not any(form for _, form in formats):
            raise HistoryError(
                plain(one.name, 80), "it is no history that Segue knows", "docs/history.md lists what can be imported"
            )
        found += formats
    return _read(found, zone, progress)


def _read(
    found: Sequence[tuple[HistoryFile, Format | None]], zone: tzinfo, progress: Progress | None
) -> Iterator[HistoryItem]:
    total = sum(file.size for file, form in found if form is not None)
    before = 0
    for file, form in found:
        name = plain(file.name, 80)
        yield Opened(name, "" if form is None else form.name)
        if form is None:
            continue
        counted = _Counter(progress, before, min(before + file.size, total), total)
        yield from form.read(replace(file, open=counted.opener(file)), Context(name, zone))
        before += file.size
        if progress:
            progress("read history", before, total)


class _Counter:
    """Tells how many bytes of all files have been read."""

    def __init__(self, progress: Progress | None, done: int, end: int, total: int) -> None:
        self._progress, self._done, self._end, self._total = progress, done, end, total

    def opener(self, file: HistoryFile) -> Callable[[], IO[bytes]]:
        """Return what opens a file and counts what is read of it."""
        return lambda: cast(IO[bytes], _Counted(file.open(), self))

    def count(self, n_bytes: int) -> None:
        """So many bytes more have been read."""
        self._done = min(self._done + n_bytes, self._end)
        if self._progress:
            self._progress("read history", self._done, self._total)


class _Counted:
    """A file that counts what is read of it; what readers use of a file is all that it has."""

    def __init__(self, file: IO[bytes], counter: _Counter) -> None:
        self._file, self._counter = file, counter
        self._uncounted = 0

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        """Read some bytes."""
        return self._counted(self._file.read(size))

    def readline(self, limit: int = -1) -> bytes:
        """Read a line, or as much of it as the limit allows."""
        return self._counted(self._file.readline(limit))

    def _counted(self, data: bytes) -> bytes:
        self._uncounted += len(data)
        if self._uncounted >= _TELL_BYTES:
            self._counter.count(self._uncounted)
            self._uncounted = 0
        return data


def _zone(name: str | None) -> tzinfo:
    if name is None or name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise HistoryError(
            "with this time zone", f"{plain(name, 40)!r} is none", "name one such as Europe/Berlin or UTC"
        ) from None
