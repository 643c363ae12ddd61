"""What playlist formats share: safe lines of text and files that appear whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.reply import Reply
from connectors.errors import PlaylistFileError

#: Makes the whole text of a playlist file from a reply.
PlaylistFormat = Callable[[Reply], str]

#: An address that is no file: it names a scheme of at least two letters (one letter is a drive) other than file.
_OF_NETWORK = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def one_line(text: str) -> str:
    """Join a text to one line: every line break, tab and other control character becomes a single space."""
    return " ".join("".join(" " if _breaks(c) else c for c in text).split())


def place_of(addresses: Sequence[str]) -> str | None:
    """Return the first of some addresses that is a file, as it is written; None where all are of the network."""
    return next((one for one in addresses if not _OF_NETWORK.match(one)), None)


def check_place(path: Path) -> None:
    """Find out before the work is done that a file cannot be written.

    Raises:
        PlaylistFileError: the folder does not exist, or there is a folder of that name.
    """
    if path.is_dir():
        raise PlaylistFileError(path, "it is a folder", "name a file in it, such as " + str(path / "list.m3u8"))
    if not path.parent.is_dir():
        raise PlaylistFileError(path, f"there is no folder {path.parent}", f"make it with `mkdir -p {path.parent}`")


def write_whole(path: Path, text: str) -> None:
    """Write a UTF-8 file so that a reader sees the old one or the new one, never a part.

    A link is followed, and an existing file keeps its permissions.

    Raises:
        PlaylistFileError: the place cannot be written.
    """
    check_place(path)
    target = path.resolve()
    # A short name of its own: the target's may already be as long as the file system allows.
    part = target.parent / f".segue-{secrets.token_hex(6)}.part"
    try:
        with part.open("xb") as file:
            file.write(text.encode("utf-8", errors="replace"))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        problem = error.strerror or type(error).__name__
        raise PlaylistFileError(path, problem, "choose another place or make room") from error


def _breaks(character: str) -> bool:
    return character.isspace() or ord(character) < 0x20 or 0x7F <= ord(character) <= 0x9F
