"""Paths of files as text that every database, playlist and page takes.

A file's name is bytes. One that is not UTF-8 reaches Python as text with surrogates (PEP 383), which no database stores
and no UTF-8 file holds. Such a path is written as its `file://` address, in which every byte has a place; any other is
written as it is. Players open both.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

_SCHEME = "file://"


def written(path: str) -> str:
    """Return an absolute path as text without surrogates."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return _SCHEME + quote_from_bytes(os.fsencode(path))
    return path


def place_of(text: str) -> Path:
    """Return the path that `written` wrote, or that a `file://` address of another program names."""
    if not text.startswith(_SCHEME):
        return Path(text)
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(text).path)))
