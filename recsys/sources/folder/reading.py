"""One audio file as a track: its contents, its names and its lyrics, or why it is none."""

from __future__ import annotations

import os
from dataclasses import dataclass

from recsys.sources.folder.facts import UNKNOWN_ARTIST, track_of
from recsys.sources.folder.formats import BoundedFile, Contents, NotAudioError, TooMuchError, read_contents
from recsys.sources.folder.formats.base import digest_of_file
from recsys.sources.folder.lyrics import clean, read_sidecar
from recsys.sources.folder.names import read_names
from recsys.sources.folder.walk import FoundFile
from recsys.types import Track

#: What is worth a remark: rates outside these in Hz, and more seconds than this.
_RATES_HZ, _LONG_S = (11_025, 96_000), 7_200.0


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as read. One without a track has a problem; a problem beside a track is a remark. Both complete "it …"."""

    found: FoundFile
    digest: str
    track: Track | None = None  # its track_id is empty
    lyrics: tuple[str, str] | None = None  # text, and where it stood: "tag" or "lrc"
    problem: str | None = None


def read_file(found: FoundFile, root: str) -> ReadFile:
    """Read a file without decoding it; whatever is wrong with it becomes its problem."""
    extension = os.path.splitext(found.path)[1].lower()
    try:
        if not os.path.getsize(found.path):
            raise NotAudioError("is empty")
        with BoundedFile(found.path) as file:
            try:
                contents = read_contents(file, extension)
            except TooMuchError as error:
                contents = Contents(extension[1:].upper(), remarks=[f"was read by its name alone: {error}"])
    except NotAudioError as error:
        return ReadFile(found, "", problem=str(error))
    except OSError as error:
        return ReadFile(found, "", problem=f"cannot be read: {error.strerror or type(error).__name__}")
    # What a tag reader makes of a hostile file is not to end the run, whatever it raises.
    except Exception as error:
        return ReadFile(found, "", problem=f"cannot be read: its tags are damaged ({type(error).__name__})")
    digest = contents.digest or digest_of_file(found.path, os.path.getsize(found.path))
    contents.digest = digest
    parts = os.path.relpath(found.path, root).split(os.sep)
    track = track_of("", found.path, contents, read_names(parts, numbered=found.numbered))
    remarks = [*contents.remarks, *_remarks(contents)]
    if track.artists == (UNKNOWN_ARTIST,):
        remarks.append("names no artist, neither in its tags nor in its path")
    lyrics, trouble = _lyrics(found, contents)
    remarks += trouble
    return ReadFile(found, digest, track, lyrics, "; ".join(dict.fromkeys(remarks)) or None)


def _remarks(contents: Contents) -> list[str]:
    remarks = []
    rate, low, high = contents.rate_hz, *_RATES_HZ
    if rate and not low <= rate <= high:
        channels = " mono" if contents.channels == 1 else ""
        remarks.append(f"is recorded at {rate / 1000:g} kHz{channels}")
    if contents.duration_s and contents.duration_s > _LONG_S:
        minutes = round(contents.duration_s / 60)
        remarks.append(f"lasts {minutes // 60} h {minutes % 60} min")
    return remarks


def _lyrics(found: FoundFile, contents: Contents) -> tuple[tuple[str, str] | None, list[str]]:
    """Return the words in the tags, else those in the file beside it, and what went wrong."""
    words = clean(next(iter(contents.tags.get("lyrics", ())), ""))
    if words:
        return (words, "tag"), []
    if found.sidecar is None:
        return None, []
    try:
        words = read_sidecar(found.sidecar)
    except OSError as error:
        return None, [f"has lyrics beside it that cannot be read: {error.strerror or type(error).__name__}"]
    return ((words, "lrc") if words else None), []
