"""MPEG audio (MP3) files: frames, with ID3 before them and any of ID3v1, APE and Lyrics3 behind."""

from __future__ import annotations

from mutagen import MutagenError
from mutagen.apev2 import APEv2
from mutagen.mp3 import MPEGInfo

from recsys.sources.folder.formats.base import BoundedFile, Contents, NotAudioError, digest_of_range
from recsys.sources.folder.formats.fields import field_of, gather
from recsys.sources.folder.formats.id3 import id3_size, read_id3, read_id3v1

_MAX_TAGS = 8
_APE_FOOTER = 32
_MAX_APE = 1 << 22
#: Bytes after which no more zeros are looked past for the first frame.
_MAX_PADDING = 1 << 20


def read_mpeg(file: BoundedFile) -> Contents:
    """Read an MP3 file.

    Raises:
        NotAudioError: it has no frames of MPEG audio.
        TooMuchError: its tags are larger than may be read.
    """
    contents = Contents("MP3")
    start = read_head(file, contents)
    end = read_tail(file, contents, start)
    if end - start < 64:
        raise NotAudioError("has tags and no sound" if start or contents.tags else "is too short to have sound in it")
    try:
        info = MPEGInfo(file, start)
    except MutagenError as error:
        raise NotAudioError("has tags and no sound" if contents.tags else "has no sound in it") from error
    if info.sketchy and not contents.tags:
        raise NotAudioError("has no sound in it")
    contents.duration_s, contents.rate_hz, contents.channels = info.length, info.sample_rate, info.channels
    if info.track_gain is not None:
        contents.add({"gain": [f"{info.track_gain:.2f} dB"]})
    contents.digest = digest_of_range(file, "MPEG", start, end)
    if _n_stated(file, start) > end - start:
        contents.remarks.append("breaks off before its end")
    return contents


def read_head(file: BoundedFile, contents: Contents) -> int:
    """Read the ID3 tags that a file begins with, and return where they end; some taggers put one before another."""
    start = 0
    for _ in range(_MAX_TAGS):
        size = id3_size(file.at(start, 10))
        if not size:
            break
        if start + size > file.size:
            contents.remarks.append("has a tag that says it is longer than the file")
        contents.add(read_id3(file, start, contents.remarks))
        start += size
    return min(start, file.size)


def read_tail(file: BoundedFile, contents: Contents, start: int) -> int:
    """Read the tags that a file ends with, where earlier ones leave them open, and return where the sound ends."""
    end, ape_tags, v1_tags = file.size, {}, {}
    block = file.at(max(end - 128, start), 128)
    if len(block) == 128 and block[:3] == b"TAG":
        v1_tags = read_id3v1(block)
        end -= 128
    footer = file.at(max(end - 9, start), 9)
    if footer == b"LYRICS200" and (size := file.at(end - 15, 6)).isdigit():
        end = max(end - 15 - int(size), start)
    footer = file.at(max(end - _APE_FOOTER, start), _APE_FOOTER)
    if footer[:8] == b"APETAGEX":
        size_of_tag = int.from_bytes(footer[12:16], "little")
        has_header = bool(int.from_bytes(footer[20:24], "little") & 1 << 31)
        if 0 < size_of_tag <= _MAX_APE:
            ape_tags = _ape(file)
            end = max(end - size_of_tag - (_APE_FOOTER if has_header else 0), start)
    contents.add(ape_tags)
    contents.add(v1_tags)
    return end


def _ape(file: BoundedFile) -> dict[str, list[str]]:
    try:
        file.seek(0)
        tag = APEv2(file)
    except (MutagenError, ValueError, KeyError, IndexError):
        return {}
    named = [(field_of(name), str(one)) for name, value in tag.items() if value.kind == 0 for one in value]
    return gather(named)


def _n_stated(file: BoundedFile, start: int) -> int:
    """Return how many bytes of sound the first frame announces (Xing, Info); 0 where it does not."""
    head = file.at(start, 200)
    place = max(head.find(b"Xing"), head.find(b"Info"))
    if place < 0 or len(head) < place + 16:
        return 0
    flags = int.from_bytes(head[place + 4 : place + 8], "big")
    if not flags & 2:
        return 0
    offset = place + 8 + (4 if flags & 1 else 0)
    return int.from_bytes(head[offset : offset + 4], "big")
