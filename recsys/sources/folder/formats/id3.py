"""ID3 tags, as MP3, WAV and AIFF files have them: version 2 by mutagen without its pictures, and version 1."""

from __future__ import annotations

import io
from collections.abc import Iterator

from mutagen import MutagenError
from mutagen.id3 import ID3, Frame

from recsys.sources.folder.formats.base import BoundedFile
from recsys.sources.folder.formats.fields import OF_FRAME, field_of, gather
from recsys.sources.folder.formats.texts import NOT_TEXT, decode, relabelled

#: Larger frames are left out: no words of tags are so long.
_MAX_FRAME = 1 << 20
_PICTURES = frozenset((b"APIC", b"PIC", b"GEOB", b"GEO", b"PRIV", b"MCDI", b"MCI", b"AENC", b"RGAD", b"NCON"))


def id3_size(head: bytes) -> int:
    """Return how many bytes the ID3v2 tag takes that begins with these ten; 0 if none does."""
    if len(head) < 10 or head[:3] != b"ID3" or head[3] == 0xFF:
        return 0
    footer = 10 if head[5] & 0x10 else 0
    return 10 + _synchsafe(head[6:10]) + footer


def read_id3(file: BoundedFile, start: int, remarks: list[str]) -> dict[str, list[str]]:
    """Read the tag that begins at an offset; what cannot be read of it is left out.

    Raises:
        TooMuchError: it is larger than may be read.
    """
    head = file.at(start, 10)
    size = min(id3_size(head), file.size - start)
    if size <= 10:
        return {}
    version, flags = head[3], head[5]
    # Before version 2.4 a tag is unsynchronised as a whole, and frames cannot be walked as they lie.
    plain = not (flags & 0x40 or (flags & 0x80 and version < 4))
    frames: list[bytes] = []
    if plain and version in (2, 3, 4):
        frames = list(_without_pictures(file, start + 10, start + size, version))
        length = sum(map(len, frames))
        raw = head[:6] + bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0)) + b"".join(frames)
    else:
        raw = file.at(start, size)
    try:
        tag = ID3(io.BytesIO(raw), load_v1=False)
    except (MutagenError, ValueError, IndexError, KeyError, TypeError, OverflowError, EOFError) as error:
        remarks.append(f"has an ID3 tag that cannot be read ({type(error).__name__})")
        return {}
    found, salvaged = gather(_values(tag)), gather(_salvaged(frames, version))
    if salvaged:
        remarks.append(NOT_TEXT)
    return found | salvaged


def read_id3v1(block: bytes) -> dict[str, list[str]]:
    """Read the 128 bytes of a version 1 tag."""

    def text(start: int, n: int) -> str:
        return decode(block[start : start + n].split(b"\0")[0])

    has_number = block[125] == 0 and block[126] != 0
    named: list[tuple[str | None, str]] = [
        ("title", text(3, 30)),
        ("artist", text(33, 30)),
        ("album", text(63, 30)),
        ("date", text(93, 4)),
        ("number", str(block[126]) if has_number else ""),
        ("genre", f"({block[127]})" if block[127] < 192 else ""),
    ]
    return gather(named)


def _synchsafe(four: bytes) -> int:
    return (four[0] & 0x7F) << 21 | (four[1] & 0x7F) << 14 | (four[2] & 0x7F) << 7 | four[3] & 0x7F


def _without_pictures(file: BoundedFile, start: int, end: int, version: int) -> Iterator[bytes]:
    """Yield the frames between two offsets, those with pictures and other data passed over unread."""
    id_bytes, head_bytes = (3, 6) if version == 2 else (4, 10)
    while start + head_bytes <= end:
        head = file.at(start, head_bytes)
        name = head[:id_bytes]
        if not (name.isalnum() and name.isupper()):
            return
        if version == 2:
            size = int.from_bytes(head[3:6], "big")
        else:
            size = int.from_bytes(head[4:8], "big")
            if version == 4 and not _frame_at(file, start + 10 + size, end):  # iTunes once wrote plain numbers
                size = _synchsafe(head[4:8])
        following = start + head_bytes + size
        if following > end:
            return
        if name not in _PICTURES and size <= _MAX_FRAME:
            yield head + file.at(start + head_bytes, size)
        start = following


def _frame_at(file: BoundedFile, offset: int, end: int) -> bool:
    if offset >= end:
        return offset == end
    name = file.at(offset, 4)
    return name == b"\0\0\0\0" or (len(name) == 4 and name.isalnum() and name.isupper())


def _values(tag: ID3) -> Iterator[tuple[str | None, str]]:
    for frame in tag.values():
        name = frame.FrameID
        if name == "TXXX":
            field = field_of(frame.desc)
            if field is None:
                continue
        elif name in OF_FRAME["id3"]:
            field = OF_FRAME["id3"][name]
        elif name == "UFID":
            if "musicbrainz.org" in frame.owner:
                yield "recording_id", frame.data.decode("ascii", "replace")
            continue
        elif name == "USLT":
            yield "lyrics", _text(frame, frame.text)
            continue
        elif name == "RVA2" and frame.desc.lower() == "track":
            yield "gain", f"{frame.gain:.2f} dB"
            continue
        else:
            continue
        for value in frame.text:
            yield field, _text(frame, str(value))


def _text(frame: Frame, text: str) -> str:
    return relabelled(text) if frame.encoding == 0 else text


def _salvaged(frames: list[bytes], version: int) -> Iterator[tuple[str | None, str]]:
    """Read the text frames that mutagen drops: they say UTF-8 and are not."""
    for raw in frames if version == 4 else ():
        name, words = raw[:4].decode("ascii"), raw[11:]
        if name in OF_FRAME["id3"] and raw[10:11] == b"\x03" and not _is_utf8(words):
            for value in words.split(b"\0"):
                yield OF_FRAME["id3"][name], decode(value)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
