"""What reading one audio file gives, and the bounds within which it is read.

A file is opened once and read through `BoundedFile`, whatever it says of its own sizes: a tag that announces 256 MB, or
a parser that turns in circles, ends as an error and not as a full memory or a run that stands still.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

#: Bytes that are read of one file at most, and in how many pieces. Covers are skipped; what is left of a tag is small.
MAX_BYTES, MAX_READS = 16 << 20, 20_000

#: Pictures of more bytes are worth a remark.
_LARGE_PICTURES = 5_000_000
#: Bytes of each of the blocks of sound that a digest is over.
_BLOCK = 8_192


class NotAudioError(Exception):
    """A file has no sound in it that could be found; the message completes "it …"."""


class TooMuchError(Exception):
    """More was asked of a file than `MAX_BYTES` or `MAX_READS`."""

    def __init__(self) -> None:
        super().__init__(f"its tags are larger than {MAX_BYTES >> 20} MB")


@dataclass(slots=True)
class Contents:
    """What an audio file says: the words of its tags, how long it is, and a digest of its sound.

    `tags` is field (see `fields`) → the values in their order. `digest` does not change when a file is renamed or
    tagged anew; None where the sound could not be told from the rest. `remarks` complete "it …".
    """

    kind: str  # such as "FLAC"
    tags: dict[str, list[str]] = field(default_factory=dict)
    duration_s: float | None = None
    rate_hz: int | None = None
    channels: int | None = None
    digest: str | None = None
    remarks: list[str] = field(default_factory=list)

    def add(self, tags: Mapping[str, Sequence[str]]) -> None:
        """Take values of fields that nothing was said of yet."""
        for name, values in tags.items():
            if values and name not in self.tags:
                self.tags[name] = list(values)


def note_pictures(contents: Contents, n_bytes: int) -> None:
    """Remark on a file that is mostly pictures."""
    if n_bytes > _LARGE_PICTURES:
        contents.remarks.append(f"holds {n_bytes / 1e6:.0f} MB of pictures")


class BoundedFile:
    """A file that is read within bounds. Use as a context manager."""

    def __init__(self, path: str) -> None:
        """Open a file; a named pipe is not waited for.

        Raises:
            OSError: it cannot be opened.
        """
        self.name = path
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        self._file: BinaryIO = os.fdopen(descriptor, "rb", buffering=_BLOCK)
        self.size = os.fstat(descriptor).st_size
        self._bytes_left, self._reads_left = MAX_BYTES, MAX_READS

    def read(self, n: int = -1) -> bytes:
        """Read n bytes, or all that are left.

        Raises:
            TooMuchError: that is more than may be read.
        """
        if n is None or n < 0:
            n = max(self.size - self._file.tell(), 0)
        self._reads_left -= 1
        self._bytes_left -= min(n, max(self.size - self._file.tell(), 0))
        if self._bytes_left < 0 or self._reads_left < 0:
            raise TooMuchError
        return self._file.read(min(n, self.size))

    def at(self, offset: int, n: int) -> bytes:
        """Read n bytes at an offset; fewer where the file ends."""
        self.seek(offset)
        return self.read(n)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to an offset from the start (0), from here (1) or from the end (2)."""
        if whence != 1:
            self._reads_left -= 1
            if self._reads_left < 0:
                raise TooMuchError
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the offset at which is read next."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> BoundedFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def digest_of(*pieces: bytes) -> str:
    """Hash pieces of a sound to 24 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=12)
    for piece in pieces:
        digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


def digest_of_range(file: BoundedFile, kind: str, start: int, end: int) -> str:
    """Hash the length of a range of a file, and blocks at its beginning, middle and end.

    Reading all of it would read the whole library; tags are outside the range, so writing them changes nothing.
    """
    n = end - start
    places = sorted({start, start + max(n // 2 - _BLOCK // 2, 0), max(end - _BLOCK, start)})
    blocks = [file.at(place, min(_BLOCK, end - place)) for place in places]
    return digest_of(kind.encode(), n.to_bytes(8, "little"), *blocks)


def digest_of_file(path: Path | str, size: int) -> str:
    """Hash a file as a whole in the same way, where nothing is known of what is in it."""
    with BoundedFile(str(path)) as file:
        return digest_of_range(file, "file", 0, size)
