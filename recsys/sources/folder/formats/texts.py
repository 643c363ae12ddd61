"""Bytes of tags as text, where what they say of their own encoding is wrong or nothing.

ID3v1, RIFF INFO and the "Latin-1" frames of ID3v2 hold whatever the system of the tagger wrote: UTF-8, Windows-1252,
Windows-1251. Vorbis comments and UTF-8 frames that are not UTF-8 are the same.
"""

from __future__ import annotations

import re

#: What is said of a file whose tags are read in this way.
NOT_TEXT = "has tags that are not valid text; they were read as what they may be"

#: Bytes that are letters in Windows-1251; in a Latin text so many accented letters do not stand together.
_CYRILLIC = re.compile(rb"[\xc0-\xff\xa8\xb8]{3,}")
_LETTERS = re.compile(rb"[A-Za-z\xc0-\xff\xa8\xb8]")


def decode(raw: bytes) -> str:
    """Read bytes of unknown encoding: UTF-8 if they are, else Windows-1251 if most is Cyrillic then, else 1252."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    in_runs = sum(len(run) for run in _CYRILLIC.findall(raw))
    if in_runs > 0.6 * len(_LETTERS.findall(raw)):
        return raw.decode("cp1251", "replace")
    # The five bytes that Windows-1252 leaves out are control characters in Latin-1.
    return "".join(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in raw)


def relabelled(text: str) -> str:
    """Read text anew that was decoded as Latin-1 because its frame said so."""
    if text.isascii():
        return text
    try:
        return decode(text.encode("latin-1"))
    except UnicodeEncodeError:
        return text
