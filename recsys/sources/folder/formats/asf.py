"""ASF files (WMA), read by mutagen."""

from __future__ import annotations

from mutagen import MutagenError
from mutagen.asf import ASF

from recsys.sources.folder.formats.base import BoundedFile, Contents, NotAudioError, digest_of_range
from recsys.sources.folder.formats.fields import field_of, gather

HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_OBJECT = 24


def read_asf(file: BoundedFile) -> Contents:
    """Read an ASF file.

    Raises:
        NotAudioError: its header cannot be read, or it has no sound.
        TooMuchError: its tags are larger than may be read.
    """
    contents = Contents("WMA")
    file.seek(0)
    try:
        audio = ASF(file)
    except (MutagenError, ValueError, KeyError, IndexError, TypeError, AssertionError) as error:
        raise NotAudioError("breaks off in its header, or it is damaged") from error
    info = audio.info
    if not info.sample_rate:
        raise NotAudioError("has no sound in it")
    contents.duration_s, contents.rate_hz, contents.channels = info.length or None, info.sample_rate, info.channels
    contents.add(gather((field_of(name), str(value)) for name, value in audio.tags if value.TYPE in (0, 2, 3, 4, 5)))
    start = int.from_bytes(file.at(16, 8), "little")
    head = file.at(start, _OBJECT)
    if head[:16] == _DATA:
        size = int.from_bytes(head[16:24], "little") or file.size - start
        end = min(start + size, file.size)
        if start + size > file.size:
            contents.remarks.append("breaks off before its end")
        if end - start <= 50:
            raise NotAudioError("has no sound in it")
        contents.digest = digest_of_range(file, "ASF", start + 50, end)
    return contents
