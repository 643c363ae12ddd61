"""Rarer formats, which mutagen reads as a whole: Monkey's Audio, WavPack, Musepack, True Audio, AAC, DSF and others."""

from __future__ import annotations

import mutagen
from mutagen import MutagenError

from recsys.sources.folder.formats.base import BoundedFile, Contents, NotAudioError, digest_of_range
from recsys.sources.folder.formats.fields import field_of, gather
from recsys.sources.folder.formats.mp3 import read_head, read_tail


def read_other(file: BoundedFile) -> Contents:
    """Read a file of any format that mutagen knows.

    Raises:
        NotAudioError: it knows none that this is of.
        TooMuchError: its tags are larger than may be read.
    """
    file.seek(0)
    try:
        audio = mutagen.File(file)
    except (MutagenError, ValueError, KeyError, IndexError, TypeError, AssertionError, AttributeError) as error:
        raise NotAudioError("is damaged or not audio") from error
    if audio is None or not getattr(audio.info, "length", 0):
        raise NotAudioError("is not audio of any kind that is known")
    contents = Contents(type(audio).__name__)
    contents.duration_s = audio.info.length
    contents.rate_hz, contents.channels = (
        getattr(audio.info, "sample_rate", None),
        getattr(audio.info, "channels", None),
    )
    start = read_head(file, contents)
    end = read_tail(file, contents, start)
    tags = audio.tags or {}
    contents.add(gather((field_of(str(name)), str(one)) for name, value in tags.items() for one in _each(value)))
    contents.digest = digest_of_range(file, contents.kind, start, max(end, start))
    return contents


def _each(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]
