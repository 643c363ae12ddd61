"""Lyrics from tags and from `.lrc` files beside the audio, without their time stamps."""

from __future__ import annotations

import re

from recsys.sources.folder.formats.base import BoundedFile
from recsys.sources.folder.formats.texts import decode

_STAMP = re.compile(r"\[\d{1,3}:\d{2}(?:[.:]\d{1,3})?\]|<\d{1,3}:\d{2}(?:[.:]\d{1,3})?>")
#: Lines such as "[ar:Artist]" and "[offset:+250]", which are about the file.
_ABOUT = re.compile(r"^\s*\[(?:ar|al|ti|au|by|re|ve|la|id|length|offset|tool|#)\s*:[^\]]*\]\s*$", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n{3,}")
#: Larger sidecars are no lyrics, in bytes.
_MAX_BYTES = 1 << 20
MAX_CHARS = 200_000


def clean(text: str) -> str:
    """Return lyrics as lines of words: no time stamps, no lines about the file, no control characters."""
    lines = re.sub(r"\r\n?", "\n", text).split("\n")
    kept = [" ".join(_STAMP.sub(" ", line).split()) for line in lines if not _ABOUT.match(line)]
    words = "\n".join("".join(c for c in line if c.isprintable()) for line in kept)
    return _BLANK_LINES.sub("\n\n", words).strip()[:MAX_CHARS]


def read_sidecar(path: str) -> str:
    """Read an `.lrc` file of any encoding; empty if it is too large to be lyrics.

    Raises:
        OSError: it cannot be read.
    """
    with BoundedFile(path) as file:
        if file.size > _MAX_BYTES:
            return ""
        raw = file.read()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return clean(raw.decode("utf-16", "replace"))
    return clean(decode(raw.removeprefix(b"\xef\xbb\xbf")))
