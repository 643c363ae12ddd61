"""The broken and odd files of the generated library: what real folders have beside music."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from mutagen import id3
from mutagen.flac import FLAC

from tests.library_tags import COVER, Tags, write_tags

#: Seconds of the longest file.
LONG_S = 3 * 3600

#: Makes a broken file at a path out of whole ones, extension → path.
Make = Callable[[Path, dict[str, Path]], None]


@dataclass(frozen=True)
class Broken:
    """A file that something is wrong with. `skipped` ones are no tracks; of the others a tag or the sound is odd."""

    path: Path
    what: str
    skipped: bool


def make_broken(folder: Path, whole: dict[str, Path]) -> list[Broken]:
    """Make twenty broken and odd files in a folder.

    Args:
        folder: where to; it exists.
        whole: extension → a file of that kind that is in order and not tagged: mp3, flac, ogg, opus and m4a.
    """
    made: list[Broken] = []
    for name, what, skipped, make in _KINDS:
        path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
        make(path, whole)
        made.append(Broken(path, what, skipped))
    return made


def _of(content: bytes) -> Make:
    def make(path: Path, whole: dict[str, Path]) -> None:
        path.write_bytes(content)

    return make


def _cut(extension: str, *, share: float = 0.0, n_bytes: int = 0) -> Make:
    """Keep the first share of a file, or its first bytes."""

    def make(path: Path, whole: dict[str, Path]) -> None:
        data = whole[extension].read_bytes()
        path.write_bytes(data[: n_bytes or int(share * len(data))])

    return make


def _noise(rate: int, subtype: str = "PCM_16") -> Make:
    def make(path: Path, whole: dict[str, Path]) -> None:
        samples = 0.1 * np.random.default_rng(rate).standard_normal(4 * rate)
        soundfile.write(path, samples, rate, subtype=subtype)
        write_tags(path, Tags(title=f"Recorded at {rate} Hz", artists=["The Odd Rates"], album="Rates"))

    return make


def _three_hours(path: Path, whole: dict[str, Path]) -> None:
    """Silence at a low rate: three hours that are small and quickly written."""
    rate = 1_000
    soundfile.write(path, np.zeros(LONG_S * rate, np.int16), rate, compression_level=0.0)
    write_tags(path, Tags(title="The Whole Night", artists=["The Sleepers"], album="Nights"))


def _only_cover(path: Path, whole: dict[str, Path]) -> None:
    tags = id3.ID3()
    tags.add(id3.TIT2(encoding=3, text=["Nothing but a Cover"]))
    tags.add(id3.TPE1(encoding=3, text=["The Sleeves"]))
    tags.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=COVER))
    tags.save(path)


def _tags_not_text(path: Path, whole: dict[str, Path]) -> None:
    """Vorbis comments must be UTF-8; these are Latin-1."""
    path.write_bytes(whole["flac"].read_bytes())
    write_tags(path, Tags(title="Caf@ M@ller", artists=["Bj@rk und S@hne"], album="Stra@en"))
    data = path.read_bytes()
    path.write_bytes(
        data.replace(b"Caf@ M@ller", b"Caf\xe9 M\xfcller")
        .replace(b"Bj@rk und S@hne", b"Bj\xf6rk und S\xf6hne")
        .replace(b"Stra@en", b"Stra\xdfen")
    )


def _id3_not_text(path: Path, whole: dict[str, Path]) -> None:
    """A frame that says UTF-8 and holds Windows-1252."""
    path.write_bytes(whole["mp3"].read_bytes())
    write_tags(path, Tags(title="D@j@ vu", artists=["Ren@e"], album="Souvenirs"))
    path.write_bytes(path.read_bytes().replace(b"D@j@ vu", b"D\xe9j\xe0 vu").replace(b"Ren@e", b"Ren\xe9e"))


def _endless_tag(path: Path, whole: dict[str, Path]) -> None:
    """An ID3 header that announces 256 MB, in a small file."""
    path.write_bytes(b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f" + b"\0" * 2_000)


def _huge_cover(path: Path, whole: dict[str, Path]) -> None:
    """A FLAC file the most of which is its cover."""
    from mutagen.flac import Picture

    path.write_bytes(whole["flac"].read_bytes())
    audio = FLAC(path)
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", COVER + bytes(8 << 20)
    audio.add_picture(picture)
    audio["title"], audio["artist"] = "Behind a Huge Cover", "The Sleeves"
    audio.save()


def _pipe(path: Path, whole: dict[str, Path]) -> None:
    """A named pipe: who opens it waits for ever."""
    os.mkfifo(path)


def _dangling(path: Path, whole: dict[str, Path]) -> None:
    path.symlink_to(path.with_name("not there.mp3"))


_TEXT = b"This is a shopping list, whatever it is called.\n" * 40
_KINDS: tuple[tuple[bytes, str, bool, Make], ...] = (
    (b"truncated.flac", "truncated", False, _cut("flac", share=0.4)),
    (b"truncated in its header.flac", "truncated in its header", True, _cut("flac", n_bytes=30)),
    (b"truncated.m4a", "truncated", True, _cut("m4a", share=0.5)),
    (b"truncated.opus", "truncated in its header", True, _cut("opus", n_bytes=20)),
    (b"empty.mp3", "zero bytes", True, _of(b"")),
    (b"empty.flac", "zero bytes", True, _of(b"")),
    (b"FLAC inside.mp3", "wrong extension", False, _cut("flac", share=1.0)),
    (b"shopping list.mp3", "no audio", True, _of(_TEXT)),
    (b"picture.flac", "no audio", True, _of(COVER)),
    (b"random.ogg", "no audio", True, _of(np.random.default_rng(1).bytes(20_000))),
    (b"zeros.mp3", "no audio", True, _of(bytes(50_000))),
    (b"three hours.flac", "3-hour", False, _three_hours),
    (b"8 kHz.wav", "8 kHz mono", False, _noise(8_000)),
    (b"192 kHz.flac", "192 kHz", False, _noise(192_000)),
    (b"cover only.mp3", "cover-art only", True, _only_cover),
    (b"not UTF-8.flac", "invalid UTF-8 tags", False, _tags_not_text),
    (b"not UTF-8.mp3", "invalid UTF-8 tags", False, _id3_not_text),
    (b"endless tag.mp3", "a tag longer than the file", True, _endless_tag),
    (b"huge cover.flac", "a cover of 8 MB", False, _huge_cover),
    (b"pipe.mp3", "a named pipe", True, _pipe),
    (b"dangling.mp3", "a link to nothing", True, _dangling),
)
