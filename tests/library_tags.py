"""Tagging the files of the generated library, in the words and frames that real libraries have."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mutagen import id3
from mutagen.aiff import AIFF
from mutagen.asf import ASF, ASFUnicodeAttribute
from mutagen.flac import FLAC, Picture
from mutagen.mp3 import MP3
from mutagen.mp4 import MP4, AtomDataType, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

#: A picture that opens: one white pixel.
COVER = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=")


@dataclass(frozen=True)
class Tags:
    """What a file's tags are to say, whatever its format calls it. `free` is for names that only programs use."""

    title: str
    artists: Sequence[str]
    album: str = ""
    album_artist: str = ""
    number: str = ""  # "3" or "3/10"
    disc: str = ""
    date: str = ""
    original_date: str = ""
    genres: Sequence[str] = ()
    compilation: bool = False
    isrc: str = ""
    recording_id: str = ""  # MusicBrainz
    work_id: str = ""  # MusicBrainz
    gain: str = ""  # ReplayGain, such as "-7.30 dB"
    lyrics: str = ""
    bpm: str = ""
    key: str = ""
    cover: bool = False
    free: Mapping[str, str] = field(default_factory=dict)


def write_tags(path: Path, tags: Tags) -> None:
    """Write tags into a file, in the way of its format."""
    extension = path.suffix[1:].lower()
    if extension in ("mp3", "wav", "aiff"):
        _write_id3(path, extension, tags)
    elif extension in ("flac", "ogg", "opus"):
        _write_vorbis(path, extension, tags)
    elif extension == "m4a":
        _write_mp4(path, tags)
    else:
        _write_asf(path, tags)


def write_id3v1(path: Path, title: str, artist: str, album: str, year: str, number: int, genre: int) -> None:
    """Put the 128 bytes of an ID3v1.1 tag behind an MP3 file that has no tag; genre is a number."""

    def field_of(text: str, n: int) -> bytes:
        return text.encode("latin-1", "replace")[:n].ljust(n, b"\0")

    words = field_of(title, 30) + field_of(artist, 30) + field_of(album, 30) + field_of(year, 4)
    with path.open("ab") as file:
        file.write(b"TAG" + words + b"\0" * 29 + bytes((number, genre)))


def _write_id3(path: Path, extension: str, tags: Tags) -> None:
    audio: Any = {"mp3": MP3, "wav": WAVE, "aiff": AIFF}[extension](path)
    if audio.tags is None:
        audio.add_tags()
    lists: dict[str, Sequence[str]] = {"TPE1": tags.artists, "TCON": tags.genres}
    single = {
        "TIT2": tags.title,
        "TALB": tags.album,
        "TPE2": tags.album_artist,
        "TRCK": tags.number,
        "TPOS": tags.disc,
        "TDRC": tags.date,
        "TDOR": tags.original_date,
        "TCMP": "1" if tags.compilation else "",
        "TSRC": tags.isrc,
        "TBPM": tags.bpm,
        "TKEY": tags.key,
    }
    for name, texts in (lists | {name: [text] for name, text in single.items()}).items():
        if kept := [text for text in texts if text]:
            audio.tags.add(getattr(id3, name)(encoding=3, text=kept))
    free = {"MusicBrainz Work Id": tags.work_id, "REPLAYGAIN_TRACK_GAIN": tags.gain, **tags.free}
    for name, text in free.items():
        if text:
            audio.tags.add(id3.TXXX(encoding=3, desc=name, text=[text]))
    if tags.recording_id:
        audio.tags.add(id3.UFID(owner="http://musicbrainz.org", data=tags.recording_id.encode()))
    if tags.lyrics:
        audio.tags.add(id3.USLT(encoding=3, lang="eng", desc="", text=tags.lyrics))
    if tags.cover:
        audio.tags.add(id3.APIC(encoding=0, mime="image/png", type=3, desc="", data=COVER))
    audio.save()


def _write_vorbis(path: Path, extension: str, tags: Tags) -> None:
    audio: Any = {"flac": FLAC, "ogg": OggVorbis, "opus": OggOpus}[extension](path)
    number, _, total = tags.number.partition("/")
    texts: dict[str, Sequence[str]] = {"artist": tags.artists, "genre": tags.genres}
    texts |= {
        name: [text]
        for name, text in {
            "title": tags.title,
            "album": tags.album,
            "albumartist": tags.album_artist,
            "tracknumber": number,
            "tracktotal": total,
            "discnumber": tags.disc,
            "date": tags.date,
            "originaldate": tags.original_date,
            "compilation": "1" if tags.compilation else "",
            "isrc": tags.isrc,
            "musicbrainz_trackid": tags.recording_id,
            "musicbrainz_workid": tags.work_id,
            "replaygain_track_gain": tags.gain,
            "lyrics": tags.lyrics,
            "bpm": tags.bpm,
            "initialkey": tags.key,
            **tags.free,
        }.items()
    }
    for name, some in texts.items():
        if kept := [text for text in some if text]:
            audio[name] = kept
    if tags.cover:
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "image/png", COVER
        if extension == "flac":
            audio.add_picture(picture)
        else:
            audio["metadata_block_picture"] = [base64.b64encode(picture.write()).decode()]
    audio.save()


def _write_mp4(path: Path, tags: Tags) -> None:
    audio = MP4(path)
    texts: dict[str, Sequence[str]] = {
        "\xa9nam": [tags.title],
        "\xa9ART": tags.artists,
        "\xa9alb": [tags.album],
        "aART": [tags.album_artist],
        "\xa9day": [tags.date],
        "\xa9gen": tags.genres,
        "\xa9lyr": [tags.lyrics],
    }
    for name, some in texts.items():
        if kept := [text for text in some if text]:
            audio[name] = kept
    for name, said in (("trkn", tags.number), ("disk", tags.disc)):
        if said:
            one, _, total = said.partition("/")
            audio[name] = [(int(one), int(total or 0))]
    if tags.compilation:
        audio["cpil"] = True
    if tags.bpm:
        audio["tmpo"] = [int(float(tags.bpm))]
    free = {
        "MusicBrainz Track Id": tags.recording_id,
        "MusicBrainz Work Id": tags.work_id,
        "ISRC": tags.isrc,
        "replaygain_track_gain": tags.gain,
        "initialkey": tags.key,
        "ORIGINALDATE": tags.original_date,
        **tags.free,
    }
    for name, text in free.items():
        if text:
            audio[f"----:com.apple.iTunes:{name}"] = [MP4FreeForm(text.encode(), AtomDataType.UTF8)]
    audio.save()


def _write_asf(path: Path, tags: Tags) -> None:
    audio = ASF(path)
    texts: dict[str, Sequence[str]] = {
        "Title": [tags.title],
        "Author": tags.artists,
        "WM/AlbumTitle": [tags.album],
        "WM/AlbumArtist": [tags.album_artist],
        "WM/TrackNumber": [tags.number.partition("/")[0]],
        "WM/PartOfSet": [tags.disc],
        "WM/Year": [tags.date],
        "WM/OriginalReleaseYear": [tags.original_date],
        "WM/Genre": tags.genres,
        "WM/ISRC": [tags.isrc],
        "MusicBrainz/Track Id": [tags.recording_id],
        "MusicBrainz/Work Id": [tags.work_id],
        "WM/Lyrics": [tags.lyrics],
        "WM/BeatsPerMinute": [tags.bpm],
        "WM/InitialKey": [tags.key],
        "WM/IsCompilation": ["1" if tags.compilation else ""],
        "replaygain_track_gain": [tags.gain],
        **{name: [text] for name, text in tags.free.items()},
    }
    for name, some in texts.items():
        if kept := [ASFUnicodeAttribute(text) for text in some if text]:
            audio[name] = kept
    audio.save()
