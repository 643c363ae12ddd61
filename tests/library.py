"""A generated library: real audio files of every format, synthesised, tagged as messily as real ones, some broken.

`build_library` makes it, the same for the same arguments; `Library.files` says what is true of every file. Tests that
only read share one (`library` in `tests/conftest.py`).
"""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from tests.library_broken import Broken, make_broken
from tests.library_sounds import Clip, clips, write_all
from tests.library_tags import Tags, write_id3v1, write_tags

#: Timbre → what taggers write for its genre, and the vocabulary's words that it comes to.
GENRES: dict[str, Sequence[tuple[Sequence[str], tuple[str, ...]]]] = {
    "plucked strings": (
        (["Folk"], ("folk",)),
        (["(80)"], ("folk",)),
        (["Folk; Singer-Songwriter"], ("folk", "singer-songwriter")),
        (["folk, bluegrass"], ("folk", "bluegrass")),
        (["FOLK MUSIC"], ("folk",)),
    ),
    "organ": (
        (["Gospel"], ("gospel",)),
        (["(38)"], ("gospel",)),
        (["Gospel/Soul"], ("gospel", "soul")),
        (["gospel", "Choral"], ("gospel", "choral")),
    ),
    "noise percussion": (
        (["Industrial"], ("industrial",)),
        (["19"], ("industrial",)),
        (["(19)Industrial"], ("industrial",)),
        (["Industrial / Noise"], ("industrial",)),
    ),
    "sine pad": (
        (["Ambient"], ("ambient",)),
        (["(26)"], ("ambient",)),
        (["Electronic|Ambient"], ("electronic", "ambient")),
        (["ambient"], ("ambient",)),
    ),
    "saw lead": (
        (["Techno"], ("techno",)),
        (["(18)"], ("techno",)),
        (["Techno;Trance"], ("techno", "trance")),
        (["TECHNO"], ("techno",)),
    ),
}

_ARTISTS = (
    *("Amber Fallow", "The Tin Harbours", "Björk Ølsson", "Noé & the Ark", "Mirador", "Петя Иванов", "Low Cathedral"),
    *(
        "Sons of Sand",
        "星野アキラ",
        "DJ Kerosene",
        "Halcyon Days",
        "Ivory/Coast",
        "Ruth Vale",
        "AC-Nine",
        "Old Weather",
    ),
)
_FIRST = ("Northern", "Silent", "Golden", "Broken", "Distant", "Paper", "Electric", "Hollow", "Crimson", "Little")
_SECOND = ("Harbour", "Mirror", "Letters", "Engine", "Garden", "Signal", "Bridges", "Summer", "Shadows", "Machine")
_LYRICS = "[00:01.20]I packed my bag at half past four\n[00:05.00]and left the key behind the door\n"
#: Formats of the albums in turn, so that of 300 tracks most are FLAC and MP3.
_FORMATS = (
    *("flac", "mp3", "ogg", "flac", "wav", "flac", "m4a", "flac", "mp3", "opus"),
    *("flac", "aiff", "mp3", "ogg", "wma", "flac", "ogg", "wav", "mp3", "m4a"),
)
_ALBUM_TRACKS = 10


@dataclass(frozen=True)
class LibraryFile:
    """A file that is a track, what it sounds like, and what reading it has to give.

    `style` says where its facts are: "full" or "sparse" tags, only in its "path", or in an "id3v1" tag. `genres` are
    the vocabulary's words, empty for the third of the albums that nobody described. `title` is cut where the tag cuts.
    """

    path: Path
    extension: str
    style: str
    timbre: str
    tempo_bpm: float
    key: str | None
    title: str
    artists: tuple[str, ...]
    album: str | None
    year: int | None
    genres: tuple[str, ...]
    described: bool


@dataclass(frozen=True)
class Library:
    """The folder, its tracks, and the files in it that are broken or odd."""

    folder: Path
    files: tuple[LibraryFile, ...]
    broken: tuple[Broken, ...]

    @property
    def skipped(self) -> tuple[Broken, ...]:
        """The broken files that are no tracks."""
        return tuple(one for one in self.broken if one.skipped)

    def of(self, timbre: str) -> list[LibraryFile]:
        """Return the files of a timbre."""
        return [one for one in self.files if one.timbre == timbre]


def build_library(folder: Path, n: int = 300, seed: int = 0) -> Library:
    """Make a library of n files, broken ones among them where n allows it, in a folder that does not exist yet.

    Raises:
        FileNotFoundError: ffmpeg, which writes M4A and WMA, is not installed.
    """
    scratch = folder.with_name(f"{folder.name}.part")
    for place in (folder, scratch):
        place.mkdir(parents=True)
    n_tracks = n - 21 if n >= 100 else n
    sounds = clips(n_tracks, seed)
    # An album is of one timbre: tracks are dealt out timbre by timbre, ten to an album.
    sounds.sort(key=lambda one: one.timbre)
    files = [_plan(folder, number, one) for number, one in enumerate(sounds)]
    for file in files:
        file.path.parent.mkdir(parents=True, exist_ok=True)
    write_all([(file.path, one.samples) for file, one in zip(files, sounds, strict=True)], scratch)
    whole = {}
    for extension in ("mp3", "flac", "opus", "m4a"):
        whole[extension] = scratch / f"whole.{extension}"
    # Sounds of their own: a broken file is no copy of a track.
    spare = clips(len(whole), seed + 1)
    if n >= 100:
        write_all([(path, one.samples) for path, one in zip(whole.values(), spare, strict=True)], scratch)
    for number, file in enumerate(files):
        _tag(file, number)
    broken: list[Broken] = []
    if n >= 100:
        odd = folder / "Unsorted" / "broken"
        odd.mkdir(parents=True)
        broken = make_broken(odd, whole)
    _litter(folder)
    shutil.rmtree(scratch)
    return Library(folder, tuple(files), tuple(broken))


def shared_library(base: Path) -> Library:
    """Return the library of 300 files in a folder that the processes of one test run share; the first makes it."""
    from filelock import FileLock

    folder = base / "library"
    with FileLock(base / "library.lock"):
        known = base / "library.pickle"
        if not known.exists():
            known.write_bytes(pickle.dumps(build_library(folder)))
        library: Library = pickle.loads(known.read_bytes())
        return library


def _plan(folder: Path, number: int, sound: Clip) -> LibraryFile:
    album_number, place = divmod(number, _ALBUM_TRACKS)
    extension = _FORMATS[album_number % len(_FORMATS)]
    artist = _ARTISTS[album_number % len(_ARTISTS)]
    title = f"{_FIRST[(number * 7 + number // 10) % 10]} {_SECOND[(number * 3 + number // 100) % 10]}"
    album, year = f"{_SECOND[album_number % 10]} of {_FIRST[(album_number * 3) % 10]}", 1967 + album_number
    described = album_number % 3 != 2
    style = "sparse" if place in (3, 8) else "full"
    if album_number % 6 == 4:
        style = "path"
    if extension == "mp3" and album_number % 20 == 12:
        style = "id3v1"
    genres = GENRES[sound.timbre][place % len(GENRES[sound.timbre])][1] if described and style == "full" else ()
    if style == "id3v1" and described:
        genres = (GENRES[sound.timbre][1][1][0],)
    safe = artist.replace("/", "_")
    where = folder / safe / f"{year} - {album}" / f"{place + 1:02} - {title}.{extension}"
    if style == "path" and place % 2:
        where, album_said, year_said = folder / "Loose" / f"{safe} - {title}.{extension}", None, None
    else:
        album_said, year_said = album, year
    if style == "full" and place == 5:  # a name that is not UTF-8
        where = Path(os.fsdecode(os.fsencode(where.parent) + f"/06 - {title} \xe9t\xe9.{extension}".encode("latin-1")))
    artists = (artist, "Vera Stone") if style == "full" and place == 4 else (artist,)
    return LibraryFile(
        path=where,
        extension=extension,
        style=style,
        timbre=sound.timbre,
        tempo_bpm=sound.tempo_bpm,
        key=sound.key,
        title=title[:30] if style == "id3v1" else title,
        artists=(safe,) if style == "path" else artists,
        album=album_said,
        year=year_said,
        genres=genres,
        described=described and style in ("full", "id3v1"),
    )


def _tag(file: LibraryFile, number: int) -> None:
    album_number, place = divmod(number, _ALBUM_TRACKS)
    if file.style == "path":
        return
    if file.style == "id3v1":
        codes = {"folk": 80, "gospel": 38, "industrial": 19, "ambient": 26, "techno": 18}
        code = codes[file.genres[0]] if file.genres else 255
        write_id3v1(file.path, file.title, file.artists[0], file.album or "", str(file.year), place + 1, code)
        return
    if file.style == "sparse":
        write_tags(file.path, Tags(file.title, file.artists, album=file.album or "", date=str(file.year)))
        return
    written = GENRES[file.timbre][place % len(GENRES[file.timbre])][0] if file.described else ()
    reissued = place == 2
    write_tags(
        file.path,
        Tags(
            title=file.title,
            artists=["; ".join(file.artists)] if file.extension == "mp3" and place == 4 else file.artists,
            album=file.album or "",
            album_artist=file.artists[0],
            number=f"{place + 1}/{_ALBUM_TRACKS}",
            disc=f"{1 + place // 5}/2",
            date="2011-05-09" if reissued else f"{file.year}-03-01",
            original_date=str(file.year) if reissued else "",
            genres=written,
            isrc=f"QZABC{70 + album_number % 30}{number:05}" if place == 0 else "",
            recording_id=str(uuid5(NAMESPACE_URL, f"{file.title}{number}")) if place in (0, 1) else "",
            gain=f"-{place}.50 dB" if place % 2 else "",
            lyrics=_LYRICS if place == 6 else "",
            cover=place == 7,
        ),
    )
    if place == 9:
        file.path.with_suffix(".lrc").write_text(_LYRICS, encoding="utf-8")


def _litter(folder: Path) -> None:
    """Leave what music folders have beside music."""
    (folder / ".hidden").mkdir()
    for name in (".hidden/hidden.mp3", "._resource fork.mp3", "cover.jpg", "Thumbs.db", "playlist.m3u"):
        (folder / name).write_bytes(b"\0\x05\x16\x07" * 100)
    (folder / "loop").symlink_to(".", target_is_directory=True)
