"""The files of a history: one file, or the members of a zip archive, which is read in place and never unpacked.

An archive is refused as a whole, before anything of it is read, if it could do harm: names that lead out of a folder,
links, archives inside, more members or bytes than any export has, or members that unpack to far more than is stored.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from connectors.histories.base import HistoryFile
from connectors.histories.errors import HistoryError

#: An export of twenty years has some 300 members and unpacks to a gigabyte.
MAX_MEMBERS, MAX_UNPACKED_BYTES = 10_000, 8 << 30
#: JSON of histories shrinks to a twentieth; nothing honest of some size to less than a hundred and fiftieth. What a
#: member may unpack to whatever it is stored as, and what all of them together may.
MAX_RATIO, _SMALL_BYTES, _SMALL_SUM_BYTES = 150, 1 << 20, 8 << 20
#: What is looked at to tell a format.
START_BYTES = 1 << 17
_ARCHIVE_ENDINGS = (".zip", ".7z", ".rar", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".zst")
_ZIP_MAGIC = b"PK\x03\x04"
_AGAIN = "give the export as it was downloaded"


def files_of(path: Path) -> Iterator[tuple[HistoryFile, bytes]]:
    """Yield a file, or every member of a zip archive, in the order in which they are to be read, each with its start.

    Starts are not for keeping: an archive may have ten thousand.

    Raises:
        HistoryError: it is no file, cannot be read, is empty, or is an archive that could do harm.
    """
    name = path.name
    try:
        if not path.is_file():
            problem = "it is a folder" if path.is_dir() else "there is no such file"
            raise HistoryError(name, problem, "give the file that you downloaded, zip or not")
        with path.open("rb") as opened:
            start = opened.read(START_BYTES)
    except OSError as error:
        raise HistoryError(name, error.strerror or type(error).__name__, "check that it can be read") from error
    if not start:
        raise HistoryError(name, "it is empty", _AGAIN)
    if start.startswith((_ZIP_MAGIC, b"PK\x05\x06")):
        yield from _members(path)
    else:
        yield HistoryFile(name, path.stat().st_size, partial(_open_file, path)), start


def _members(path: Path) -> Iterator[tuple[HistoryFile, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            _check(path, archive.infolist())
            for one in sorted(members, key=_order):
                with archive.open(one) as opened:
                    start = opened.read(START_BYTES)
                if start.startswith(_ZIP_MAGIC):
                    raise HistoryError(path.name, f"it has an archive inside: {_shown(one)}", _AGAIN)
                yield HistoryFile(PurePosixPath(one.filename).name, one.file_size, partial(_open, path, one)), start
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise HistoryError(path.name, f"it is a damaged or unusual archive ({error})", "download it again") from error


def _check(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive that could do harm."""

    def refuse(problem: str) -> None:
        raise HistoryError(path.name, problem, _AGAIN)

    if len(members) > MAX_MEMBERS:
        refuse(f"it has {len(members):,} members, and no export has more than {MAX_MEMBERS:,}")
    unpacked = sum(one.file_size for one in members)
    if unpacked > MAX_UNPACKED_BYTES:
        refuse(f"it unpacks to {unpacked / (1 << 30):,.0f} GB, and no export to more than {MAX_UNPACKED_BYTES >> 30}")
    stored = path.stat().st_size
    if sum(one.compress_size for one in members) > stored:
        refuse("its members overlap")
    if unpacked > max(_SMALL_SUM_BYTES, MAX_RATIO * stored):
        refuse(f"it unpacks to {unpacked / stored:,.0f} times its size")
    for one in members:
        written = one.orig_filename.replace("\\", "/")
        parts = PurePosixPath(written).parts
        if written.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")) or "\0" in written:
            refuse(f"a name in it leads out of its folder: {_shown(one)}")
        if stat.S_ISLNK(one.external_attr >> 16):
            refuse(f"it has a link inside: {_shown(one)}")
        if one.flag_bits & 0x1:
            refuse(f"it is locked with a password: {_shown(one)}")
        if one.filename.lower().endswith(_ARCHIVE_ENDINGS):
            refuse(f"it has an archive inside: {_shown(one)}")
        if one.file_size > _SMALL_BYTES and one.file_size > MAX_RATIO * max(one.compress_size, 1):
            refuse(f"{_shown(one)} unpacks to {one.file_size / max(one.compress_size, 1):,.0f} times its size")


def _order(one: zipfile.ZipInfo) -> tuple[bool, str]:
    """Read ratings last: they may name tracks by an id alone, which the listens tell."""
    return "feedback" in one.filename.lower(), one.filename


class _Member:
    """A member of an archive, closed together with it; a member that is damaged says so when it is read."""

    def __init__(self, path: Path, info: zipfile.ZipInfo) -> None:
        self._name, self._info = path.name, info
        self._archive = zipfile.ZipFile(path)
        self._file = self._archive.open(info)

    def __enter__(self) -> _Member:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the member and the archive."""
        self._file.close()
        self._archive.close()

    def read(self, size: int = -1) -> bytes:
        """Read some bytes."""
        try:
            return self._file.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise self._damaged(error) from error

    def readline(self, limit: int = -1) -> bytes:
        """Read a line, or as much of it as the limit allows."""
        try:
            return self._file.readline(limit)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> HistoryError:
        return HistoryError(self._name, f"{_shown(self._info)} is damaged ({error})", "download it again")


def _open_file(path: Path) -> IO[bytes]:
    return path.open("rb")


def _open(path: Path, info: zipfile.ZipInfo) -> IO[bytes]:
    return _Member(path, info)  # type: ignore[return-value]  # read, readline and close are all that readers use


def _shown(one: zipfile.ZipInfo) -> str:
    return repr(one.filename if len(one.filename) <= 80 else f"{one.filename[:80]}…")
