"""Reading an audio file without decoding it: its tags, its length and a digest of its sound, whatever its format."""

from __future__ import annotations

from recsys.sources.folder.formats.asf import HEADER as ASF_HEADER
from recsys.sources.folder.formats.asf import read_asf
from recsys.sources.folder.formats.base import BoundedFile, Contents, NotAudioError, TooMuchError
from recsys.sources.folder.formats.flac import flac_start, read_flac
from recsys.sources.folder.formats.mp3 import read_mpeg
from recsys.sources.folder.formats.mp4 import read_mp4
from recsys.sources.folder.formats.ogg import read_ogg
from recsys.sources.folder.formats.other import read_other
from recsys.sources.folder.formats.riff import read_aiff, read_wav

__all__ = ["EXTENSIONS", "BoundedFile", "Contents", "NotAudioError", "TooMuchError", "read_contents"]

#: Extension → the kinds of contents that it stands for.
EXTENSIONS = {
    ".mp3": ("MP3",),
    ".mp2": ("MP3",),
    ".flac": ("FLAC",),
    ".ogg": ("Ogg Vorbis", "Opus", "Ogg FLAC", "Speex"),
    ".oga": ("Ogg Vorbis", "Opus", "Ogg FLAC", "Speex"),
    ".opus": ("Opus",),
    ".spx": ("Speex",),
    ".m4a": ("M4A",),
    ".m4b": ("M4A",),
    ".mp4": ("M4A",),
    ".wav": ("WAV",),
    ".wave": ("WAV",),
    ".aif": ("AIFF",),
    ".aiff": ("AIFF",),
    ".aifc": ("AIFF",),
    ".wma": ("WMA",),
    ".aac": ("AAC", "M4A"),
    ".ape": ("MonkeysAudio",),
    ".wv": ("WavPack",),
    ".mpc": ("Musepack",),
    ".tta": ("TrueAudio",),
    ".dsf": ("DSF",),
    ".dff": ("DSDIFF",),
}


def read_contents(file: BoundedFile, extension: str) -> Contents:
    """Read an audio file, taken for what its first bytes say it is.

    Args:
        file: to read.
        extension: of its name, in lower case with its dot.

    Raises:
        NotAudioError: it has no sound in it.
        TooMuchError: its tags are larger than may be read.
    """
    head = file.at(0, 16)
    if (start := flac_start(file)) is not None:
        contents = read_flac(file, start)
    elif head[:4] == b"OggS":
        contents = read_ogg(file)
    elif head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        contents = read_wav(file)
    elif head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        contents = read_aiff(file)
    elif head[4:8] == b"ftyp":
        contents = read_mp4(file)
    elif head == ASF_HEADER:
        contents = read_asf(file)
    elif head[:3] == b"ID3" or head[:1] == b"\xff" or extension in (".mp3", ".mp2"):
        contents = read_other(file) if extension == ".aac" or head[:3] in (b"MP+", b"MAC") else read_mpeg(file)
    else:
        contents = read_other(file)
    said = EXTENSIONS.get(extension)
    if said is not None and contents.kind not in said:
        contents.remarks.append(f"is {contents.kind} by its contents, whatever its name says")
    return contents
