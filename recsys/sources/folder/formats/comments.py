"""Vorbis comments, as FLAC, Ogg Vorbis and Opus files have them."""

from __future__ import annotations

import io

from mutagen import MutagenError
from mutagen.flac import VCFLACDict

from recsys.sources.folder.formats.fields import field_of, gather
from recsys.sources.folder.formats.texts import NOT_TEXT, decode


def read_comments(block: bytes, remarks: list[str]) -> dict[str, list[str]]:
    """Read a block of comments, pictures left out; what is not UTF-8 in it is read as what it may be."""
    comments = VCFLACDict()
    try:
        comments.load(io.BytesIO(block), errors="surrogateescape")
    except (MutagenError, ValueError, TypeError, OverflowError, MemoryError) as error:
        if not comments:
            remarks.append(f"has tags that cannot be read ({type(error).__name__})")
            return {}
        remarks.append("has tags that break off")
    named = []
    for name, value in comments:
        field = field_of(name)
        if field is None:
            continue
        if not value.isascii():
            raw = value.encode("utf-8", "surrogateescape")
            text = decode(raw)
            if text != value and NOT_TEXT not in remarks:
                remarks.append(NOT_TEXT)
            value = text
        named.append((field, value))
    return gather(named)
