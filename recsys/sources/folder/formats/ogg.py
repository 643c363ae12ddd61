"""Ogg files (RFC 3533) with Vorbis, Opus, FLAC or Speex in them.

Tags are the stream's second packet. Writing them renumbers every page behind, so a digest is over the bodies of pages
and never over their heads.
"""

from __future__ import annotations

from dataclasses import dataclass

from recsys.sources.folder.formats.base import (
    MAX_BYTES,
    BoundedFile,
    Contents,
    NotAudioError,
    TooMuchError,
    digest_of,
)
from recsys.sources.folder.formats.comments import read_comments

_HEAD = 27
#: Pages that are hashed: the first, and at the middle. A page holds up to six seconds.
_N_FIRST, _N_MIDDLE = 6, 2
#: Within so many bytes of the end lies the last page, which is at most 65,307 bytes.
_TAIL = 66_000
_VORBIS, _OPUS, _FLAC, _SPEEX = b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   "


@dataclass(frozen=True, slots=True)
class _Page:
    flags: int
    granule: int  # samples up to its end
    serial: int
    lacing: bytes
    body: int  # offset
    end: int


def read_ogg(file: BoundedFile) -> Contents:
    """Read an Ogg stream.

    Raises:
        NotAudioError: it breaks off before the sound, or holds none.
        TooMuchError: its tags are larger than may be read.
    """
    first = _page(file, 0)
    if first is None:
        raise NotAudioError("breaks off in its header")
    head = file.at(first.body, min(first.end - first.body, 100))
    contents, prefix, skipped = _stream(head)
    n_headers = 3 if contents.kind == "Ogg Vorbis" else 2
    block, place = _packets(file, first, n_headers)
    if len(block) < len(prefix):
        raise NotAudioError("breaks off in its header")
    contents.add(read_comments(block[len(prefix) :], contents.remarks))
    bodies, audio, last_granule = [], place, 0
    for _ in range(_N_FIRST):
        page = _page(file, place)
        if page is None:
            break
        bodies.append(file.at(page.body, page.end - page.body))
        place, last_granule = page.end, page.granule
    if not bodies:
        raise NotAudioError("has no sound in it")
    middle = _next_page(file, audio + (file.size - audio) // 2)
    for _ in range(_N_MIDDLE):
        if middle is not None:
            bodies.append(file.at(middle.body, middle.end - middle.body))
            middle = _page(file, middle.end)
    last = _last_page(file, audio, first.serial)
    granule = last.granule if last is not None else last_granule
    if last is None or not last.flags & 4:
        contents.remarks.append("breaks off before its end")
    rate = 48_000 if contents.kind == "Opus" else contents.rate_hz
    if rate and 0 < granule < 1 << 62:
        contents.duration_s = max(granule - skipped, 0) / rate
    contents.digest = digest_of(b"Ogg", granule.to_bytes(8, "little", signed=True), *bodies)
    return contents


def _stream(head: bytes) -> tuple[Contents, bytes, int]:
    """Read a stream's first packet: what it is, what its tags begin with, and samples before the music."""
    if head.startswith(_VORBIS) and len(head) >= 16:
        rate, channels = int.from_bytes(head[12:16], "little"), head[11]
        return Contents("Ogg Vorbis", rate_hz=rate, channels=channels), b"\x03vorbis", 0
    if head.startswith(_OPUS) and len(head) >= 19:
        rate, skipped = int.from_bytes(head[12:16], "little"), int.from_bytes(head[10:12], "little")
        return Contents("Opus", rate_hz=rate or None, channels=head[9]), b"OpusTags", skipped
    if head.startswith(_FLAC) and len(head) >= 51:
        packed = int.from_bytes(head[27:35], "big")
        return Contents("Ogg FLAC", rate_hz=packed >> 44, channels=(packed >> 41 & 7) + 1), bytes(4), 0
    if head.startswith(_SPEEX) and len(head) >= 52:
        rate, channels = int.from_bytes(head[36:40], "little"), int.from_bytes(head[48:52], "little")
        return Contents("Speex", rate_hz=rate, channels=channels), b"", 0
    raise NotAudioError("is an Ogg file without sound that is known")


def _page(file: BoundedFile, offset: int) -> _Page | None:
    head = file.at(offset, _HEAD)
    if len(head) < _HEAD or head[:4] != b"OggS":
        return None
    lacing = file.read(head[26])
    body = offset + _HEAD + head[26]
    end = body + sum(lacing)
    if len(lacing) < head[26] or end > file.size:
        return None
    granule = int.from_bytes(head[6:14], "little", signed=True)
    return _Page(head[5], granule, int.from_bytes(head[14:18], "little"), lacing, body, end)


def _packets(file: BoundedFile, first: _Page, n_headers: int) -> tuple[bytes, int]:
    """Return the second packet of a stream, and the offset of the page behind its headers."""
    block, page, n_done = b"", first, 0
    while True:
        place = page.body
        for length in page.lacing:
            if n_done == 1:
                block += file.at(place, length) if length else b""
            place += length
            n_done += length < 255
            if len(block) > MAX_BYTES:
                raise TooMuchError
        if n_done >= n_headers:
            return block, page.end
        following = _page(file, page.end)
        if following is None:
            raise NotAudioError("breaks off in its header")
        page = following


def _next_page(file: BoundedFile, offset: int) -> _Page | None:
    """Find the page that begins at or behind an offset."""
    window = file.at(offset, _TAIL)
    place = window.find(b"OggS")
    while place >= 0:
        if (page := _page(file, offset + place)) is not None:
            return page
        place = window.find(b"OggS", place + 1)
    return None


def _last_page(file: BoundedFile, audio: int, serial: int) -> _Page | None:
    begin = max(file.size - _TAIL, audio)
    window = file.at(begin, file.size - begin)
    place = window.rfind(b"OggS")
    while place >= 0:
        page = _page(file, begin + place)
        if page is not None and page.serial == serial and page.granule >= 0:
            return page
        place = window.rfind(b"OggS", 0, place)
    return None
