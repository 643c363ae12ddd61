"""WAV and AIFF files: chunks, of which one is the sound."""

from __future__ import annotations

import math
from collections.abc import Iterator

from recsys.sources.folder.formats.base import BoundedFile, Contents, NotAudioError, digest_of_range
from recsys.sources.folder.formats.fields import OF_FRAME, gather
from recsys.sources.folder.formats.id3 import read_id3
from recsys.sources.folder.formats.texts import decode

_MAX_CHUNKS = 2_000
_MAX_INFO = 1 << 16


def read_wav(file: BoundedFile) -> Contents:
    """Read a WAV file; RF64 and BW64 are the same with sizes that do not fit.

    Raises:
        NotAudioError: it has no sound in it.
        TooMuchError: its tags are larger than may be read.
    """
    contents, bytes_per_second, data = Contents("WAV"), 0, (0, 0)
    large = 0
    for name, place, size in _chunks(file, "little"):
        if name == b"fmt " and size >= 16:
            form = file.at(place, 16)
            contents.channels = int.from_bytes(form[2:4], "little")
            contents.rate_hz = int.from_bytes(form[4:8], "little")
            bytes_per_second = int.from_bytes(form[8:12], "little")
        elif name == b"ds64" and size >= 16:
            large = int.from_bytes(file.at(place + 8, 8), "little")
        elif name == b"data" and not data[1]:
            data = (place, large if size == 0xFFFFFFFF and large else size)
        elif name in (b"id3 ", b"ID3 "):
            contents.add(read_id3(file, place, contents.remarks))
        elif name == b"LIST" and file.at(place, 4) == b"INFO":
            contents.add(_info(file.at(place + 4, min(size - 4, _MAX_INFO))))
    _finish(file, contents, data, bytes_per_second)
    return contents


def read_aiff(file: BoundedFile) -> Contents:
    """Read an AIFF or AIFF-C file.

    Raises:
        NotAudioError: it has no sound in it.
        TooMuchError: its tags are larger than may be read.
    """
    contents, n_frames, data = Contents("AIFF"), 0, (0, 0)
    for name, place, size in _chunks(file, "big"):
        if name == b"COMM" and size >= 18:
            common = file.at(place, 18)
            contents.channels, n_frames = int.from_bytes(common[:2], "big"), int.from_bytes(common[2:6], "big")
            contents.rate_hz = _extended(common[8:18])
        elif name == b"SSND":
            data = (place, size)
        elif name in (b"ID3 ", b"id3 "):
            contents.add(read_id3(file, place, contents.remarks))
        elif name in (b"NAME", b"AUTH"):
            text = decode(file.at(place, min(size, _MAX_INFO)).strip(b"\0"))
            contents.add(gather([("title" if name == b"NAME" else "artist", text)]))
    _finish(file, contents, data, 0)
    if n_frames and contents.rate_hz:
        contents.duration_s = n_frames / contents.rate_hz
    return contents


def _finish(file: BoundedFile, contents: Contents, data: tuple[int, int], bytes_per_second: int) -> None:
    place, size = data
    end = min(place + size, file.size)
    if not contents.rate_hz or end <= place:
        raise NotAudioError("has no sound in it")
    if place + size > file.size:
        contents.remarks.append("breaks off before its end")
    if bytes_per_second:
        contents.duration_s = (end - place) / bytes_per_second
    contents.digest = digest_of_range(file, contents.kind, place, end)


def _chunks(file: BoundedFile, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, offset and stated size of each chunk."""
    place = 12
    for _ in range(_MAX_CHUNKS):
        head = file.at(place, 8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:8], "big" if order == "big" else "little")
        yield head[:4], place + 8, size
        place += 8 + size + size % 2


def _info(block: bytes) -> dict[str, list[str]]:
    named: list[tuple[str | None, str]] = []
    place = 0
    while place + 8 <= len(block):
        name, size = (
            block[place : place + 4].decode("ascii", "replace"),
            int.from_bytes(block[place + 4 : place + 8], "little"),
        )
        named.append((OF_FRAME["riff"].get(name), decode(block[place + 8 : place + 8 + size].split(b"\0")[0])))
        place += 8 + size + size % 2
    return gather(named)


def _extended(ten: bytes) -> int | None:
    """Read an 80-bit floating point number, as which AIFF writes its rate."""
    exponent, mantissa = int.from_bytes(ten[:2], "big") & 0x7FFF, int.from_bytes(ten[2:], "big")
    if not 16_383 <= exponent <= 16_383 + 62:
        return None
    return round(math.ldexp(mantissa, exponent - 16_383 - 63))
