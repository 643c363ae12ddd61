"""FLAC files (RFC 9639): the blocks before the sound, and whether the sound goes on to its end."""

from __future__ import annotations

from recsys.sources.folder.formats.base import (
    BoundedFile,
    Contents,
    NotAudioError,
    digest_of,
    digest_of_range,
    note_pictures,
)
from recsys.sources.folder.formats.comments import read_comments
from recsys.sources.folder.formats.id3 import id3_size

_STREAMINFO, _COMMENTS, _PICTURE = 0, 4, 6
_MAX_BLOCKS = 1_000
#: No frame is larger in practice, so that the head of the last one is within the end of the file.
_TAIL = 40_000
#: Samples of a block, by the four bits of a frame's head; 0 where they stand elsewhere.
_BLOCK_SIZES = (0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)


def read_flac(file: BoundedFile, start: int) -> Contents:
    """Read a FLAC stream that begins at an offset.

    Raises:
        NotAudioError: it breaks off before the sound.
        TooMuchError: its tags are larger than may be read.
    """
    contents = Contents("FLAC")
    place, last, n_samples, md5, n_blocks = start + 4, False, 0, b"", 0
    block_size = n_pictures = 0
    while not last:
        head = file.at(place, 4)
        n_blocks += 1
        if len(head) < 4 or n_blocks > _MAX_BLOCKS:
            raise NotAudioError("breaks off in its header")
        last, kind, size = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        if kind == _STREAMINFO:
            info = file.at(place + 4, 34)
            if len(info) < 34:
                raise NotAudioError("breaks off in its header")
            block_size = int.from_bytes(info[:2], "big")
            packed = int.from_bytes(info[10:18], "big")
            contents.rate_hz = packed >> 44
            contents.channels = (packed >> 41 & 7) + 1
            n_samples, md5 = packed & 0xFFFFFFFFF, info[18:34]
        elif kind == _COMMENTS:
            contents.add(read_comments(file.at(place + 4, size), contents.remarks))
        elif kind == _PICTURE:
            n_pictures += size
        place += 4 + size
    note_pictures(contents, n_pictures)
    if not contents.rate_hz or place >= file.size:
        raise NotAudioError("has no sound in it")
    contents.duration_s = n_samples / contents.rate_hz if n_samples else None
    if md5.strip(b"\0"):  # of the samples, so that it is the same however they are packed
        contents.digest = digest_of(b"FLAC", md5, n_samples.to_bytes(8, "little"))
    else:
        contents.digest = digest_of_range(file, "FLAC", place, file.size)
    if n_samples and not _reaches(file, place, n_samples, block_size):
        contents.remarks.append("breaks off before its end")
    return contents


def flac_start(file: BoundedFile) -> int | None:
    """Return where a FLAC stream begins in a file, behind an ID3 tag that some taggers put there; None if none does."""
    head = file.at(0, 10)
    offset = id3_size(head)
    return offset if (file.at(offset, 4) if offset else head[:4]) == b"fLaC" else None


def _reaches(file: BoundedFile, start: int, n_samples: int, block_size: int) -> bool:
    """Tell whether the last frames are those of the last samples; True where that cannot be seen."""
    begin = max(file.size - _TAIL, start)
    tail = file.at(begin, file.size - begin)
    place = len(tail)
    for _ in range(200):
        place = tail.rfind(b"\xff", 0, place)
        if place < 0:
            return True
        if (samples := _frame(tail[place : place + 16] + bytes(16), block_size)) is not None:
            first, length = samples
            return first + length >= n_samples
    return True


def _frame(head: bytes, block_size: int) -> tuple[int, int] | None:
    """Read a frame's head: its first sample and how many it has; None where it is none (by its checksum)."""
    if head[1] & 0xFE != 0xF8:
        return None
    lead = head[4]
    n_more = 0 if lead < 0x80 else 7 - (lead ^ 0xFF).bit_length()  # as in UTF-8
    if lead >= 0x80 and not 1 <= n_more <= 6:
        return None
    number = lead & (0x7F if not n_more else 0x3F >> n_more)
    for byte in head[5 : 5 + n_more]:
        number = number << 6 | byte & 0x3F
    place = 5 + n_more
    code = head[2] >> 4
    size = _BLOCK_SIZES[code]
    if code in (6, 7):
        size = int.from_bytes(head[place : place + code - 5], "big") + 1
        place += code - 5
    place += {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    if not size or _crc8(head[:place]) != head[place]:
        return None
    return (number if head[1] & 1 else number * block_size), size


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc
