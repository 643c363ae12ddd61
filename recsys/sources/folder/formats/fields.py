"""The fields that are read out of tags, and the names that formats and taggers have for them."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Squeezed name → field, for all formats whose fields go by name: Vorbis comments, APE, MP4's free ones, ASF, TXXX.
_NAMES = {
    "title": "title",
    "artist author": "artist",
    "artists": "artists",
    "albumartist ensemble": "album_artist",
    "album albumtitle": "album",
    "tracknumber track": "number",
    "discnumber disc partofset": "disc",
    "date year releasedate": "date",
    "originaldate originalyear originalreleaseyear originalreleasetime originalreleasedate origyear": "original_date",
    "genre": "genre",
    "style styles": "style",
    "mood": "mood",
    "compilation itunescompilation iscompilation": "compilation",
    "isrc": "isrc",
    "musicbrainztrackid": "recording_id",
    "musicbrainzworkid": "work_id",
    "replaygaintrackgain": "gain",
    "r128trackgain": "r128",
    "lyrics unsyncedlyrics": "lyrics",
    "bpm tempo beatsperminute": "bpm",
    "initialkey key": "key",
    "language": "language",
    "itunesadvisory": "advisory",
}
FIELD_OF = {name: field for names, field in _NAMES.items() for name in names.split()}

_ID3 = {
    "TIT2": "title",
    "TPE1": "artist",
    "TPE2": "album_artist",
    "TALB": "album",
    "TRCK": "number",
    "TPOS": "disc",
    "TDRC": "date",
    "TDRL": "date",
    "TDOR": "original_date",
    "TCON": "genre",
    "TCMP": "compilation",
    "TSRC": "isrc",
    "TBPM": "bpm",
    "TKEY": "key",
    "TLAN": "language",
    "TMOO": "mood",
}
_MP4 = {
    "\xa9nam": "title",
    "\xa9ART": "artist",
    "aART": "album_artist",
    "\xa9alb": "album",
    "trkn": "number",
    "disk": "disc",
    "\xa9day": "date",
    "\xa9gen": "genre",
    "cpil": "compilation",
    "tmpo": "bpm",
    "\xa9lyr": "lyrics",
    "rtng": "advisory",
}
_RIFF = {"INAM": "title", "IART": "artist", "IPRD": "album", "ICRD": "date", "IGNR": "genre", "ITRK": "number"}
OF_FRAME = {"id3": _ID3, "mp4": _MP4, "riff": _RIFF}

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")

#: Values of one field, and characters of one, that are kept: a hostile tag has millions.
_MAX_VALUES, _MAX_CHARS, _MAX_LYRICS = 64, 2_000, 200_000


def field_of(name: str) -> str | None:
    """Return the field that a name such as "MUSICBRAINZ_TRACKID" or "WM/AlbumTitle" means."""
    squeezed = _NOT_LETTERS.sub("", name.lower().removeprefix("wm/"))
    return FIELD_OF.get(squeezed)


def gather(named: Iterable[tuple[str | None, str]]) -> dict[str, list[str]]:
    """Put values under their fields, those of no field left out, overlong ones cut."""
    found: dict[str, list[str]] = {}
    for field, value in named:
        if field is None:
            continue
        values = found.setdefault(field, [])
        if len(values) < _MAX_VALUES and (kept := value[: _MAX_LYRICS if field == "lyrics" else _MAX_CHARS].strip()):
            values.append(kept)
    return {field: values for field, values in found.items() if values}
