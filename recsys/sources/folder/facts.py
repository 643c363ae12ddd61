"""What tags and names say of a file, as a track.

Tags go first, the file's path fills what they leave open. `Track.year` is when the music first came out where that is
said; the year of a reissue is a detail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from recsys import explicitness
from recsys.paths import written
from recsys.sources import scales, values
from recsys.sources.folder.formats import Contents
from recsys.sources.folder.genres import Words, read_genres
from recsys.sources.folder.names import Named, is_various
from recsys.text import fold
from recsys.types import Facet, Track
from recsys.vocabulary import load_vocabulary
from recsys.works import MUSICBRAINZ_WORK, SOUND

#: The artist of a file of which neither tags nor path name one.
UNKNOWN_ARTIST = "Unknown artist"
_VARIOUS = "Various Artists"

#: Titles, artists and albums that programs write where they know none.
_NO_TITLE = re.compile(
    r"(?:audio ?)?(?:track|titel|piste|pista|spur)\s*\d*|untitled|unknown|no title|\d{1,2}", re.IGNORECASE
)
_NOBODY = frozenset(("unknown artist", "unknown", "unknown album", "untitled", "artist", "album", "no artist", "n a"))
_SLASH = re.compile(r"\s+/\s+|\\\\")
_LEADING = re.compile(r"\s*(\d{1,4})")
_GAIN = re.compile(r"([-+]?\d+(?:[.,]\d+)?)\s*(?:db)?\s*", re.IGNORECASE)
#: Loudness at which ReplayGain 2.0 adds nothing, in LUFS; R128 tags of Opus add nothing at -23.
_REFERENCE_LUFS, _R128_LUFS = -18.0, -23.0
_LANGUAGES = {
    "eng": "en",
    "spa": "es",
    "por": "pt",
    "fra": "fr",
    "fre": "fr",
    "ita": "it",
    "deu": "de",
    "ger": "de",
    "nld": "nl",
    "dut": "nl",
    "swe": "sv",
    "nor": "no",
    "dan": "da",
    "fin": "fi",
    "isl": "is",
    "ice": "is",
    "rus": "ru",
    "pol": "pl",
    "ces": "cs",
    "cze": "cs",
    "ukr": "uk",
    "hun": "hu",
    "ron": "ro",
    "rum": "ro",
    "ell": "el",
    "gre": "el",
    "tur": "tr",
    "ara": "ar",
    "heb": "he",
    "hin": "hi",
    "jpn": "ja",
    "kor": "ko",
    "zho": "zh",
    "chi": "zh",
}
_TEMPO_BPM = (20.0, 400.0)
_ID3V1_CHARS = (28, 29, 30)  # without the spaces at which it was cut


def track_of(track_id: str, path: str, contents: Contents, named: Named) -> Track:
    """Make the track of a file.

    Args:
        track_id: what to call it.
        path: of the file.
        contents: what its tags say.
        named: what its path says.
    """
    tags = contents.tags
    title, artists = _title(tags, named), _artists(tags, named)
    album = _known(_first(tags, "album")) or named.album
    album_artist = _known(_first(tags, "album_artist"))
    words = _words(tags)
    date, original = values.year(_first(tags, "date")), values.year(_first(tags, "original_date"))
    year = min(date, original) if date and original else original or date or named.year
    gain = _gain_db(tags)
    details: dict[str, Any] = {
        "disc": _count(_first(tags, "disc")) or named.disc,
        "number": _count(_first(tags, "number")) or named.number,
        "album_artist": album_artist if album_artist and (album_artist,) != artists else None,
        "compilation": "yes" if _is_compilation(tags, album_artist, named) else None,
        "reissue_year": date if date and year and date > year else None,
        "replaygain_db": gain,
    }
    ids = {
        "isrc": values.isrc(_first(tags, "isrc")),
        "mbid": values.mbid(_first(tags, "recording_id")),
        # A medley is of several works and a version of none.
        MUSICBRAINZ_WORK: values.mbid(_first(tags, "work_id")) if len(tags.get("work_id", ())) == 1 else None,
        SOUND: contents.digest,
    }
    tempo = values.number(_first(tags, "bpm"))
    return Track(
        track_id=track_id,
        title=title,
        artists=artists,
        album=album or None,
        year=year,
        duration_s=scales.plausible_duration_s(None if contents.duration_s is None else round(contents.duration_s, 3)),
        genres=tuple(words.genres),
        moods=tuple(words.moods),
        activities=tuple(words.activities),
        instruments=tuple(words.instruments),
        tags=tuple(words.tags),
        vocal=words.vocal,
        language=_language(tags),
        tempo_bpm=tempo if tempo is not None and _TEMPO_BPM[0] <= tempo <= _TEMPO_BPM[1] else None,
        key=values.musical_key(_first(tags, "key"), None),
        loudness_db=None if gain is None else round(_REFERENCE_LUFS - gain, 2),
        path=written(path),
        ids={service: one for service, one in ids.items() if one},
        details={name: one for name, one in details.items() if one is not None},
    )


def _first(tags: Mapping[str, Sequence[str]], field: str) -> str:
    return next((text for value in tags.get(field, ()) if (text := values.text(value))), "")


def _known(text: str) -> str:
    return "" if fold(text) in _NOBODY else text


def _title(tags: Mapping[str, Sequence[str]], named: Named) -> str:
    title, from_path = _first(tags, "title"), values.text(named.title)
    if not title or (_NO_TITLE.fullmatch(title) and not _NO_TITLE.fullmatch(from_path) and from_path):
        return from_path or "Untitled"
    if len(title) in _ID3V1_CHARS and from_path.startswith(title):  # ID3v1 has no room for more
        return from_path
    return title


def _artists(tags: Mapping[str, Sequence[str]], named: Named) -> tuple[str, ...]:
    listed = _people(tags.get("artists", ()))
    said = _people(tags.get("artist", ()))
    if len(listed) > len(said):
        said = listed
    said = said or tuple(filter(None, (values.text(named.artist),)))
    if not said:
        album_artist = _people(tags.get("album_artist", ()))
        said = album_artist or ((_VARIOUS,) if named.various else ())
    return said or (UNKNOWN_ARTIST,)


def _people(listed: Sequence[str]) -> tuple[str, ...]:
    """Split the artists of a field where that is safe: "A; B", "A feat. B", "A / B", and never "AC/DC"."""
    parts = [part for value in listed for part in _SLASH.split(value)]
    names = [name for part in parts for name in values.artists(part)]
    return tuple(dict.fromkeys(name for name in names if _known(name)))


def _words(tags: Mapping[str, Sequence[str]]) -> Words:
    words = read_genres((*tags.get("genre", ()), *tags.get("style", ())))
    vocabulary = load_vocabulary()
    for mood in (word for value in tags.get("mood", ()) for word in values.words(value)):
        known = vocabulary.canonical(Facet.MOOD, mood)
        (words.moods if known else words.tags).append(known or mood)
    advisory = _first(tags, "advisory")
    if advisory in ("1", "4"):
        words.tags.append(explicitness.EXPLICIT)
    elif advisory == "2":
        words.tags.append(explicitness.NOT_EXPLICIT)
    words.tags = [text for tag in dict.fromkeys(words.tags) if (text := values.text(tag))]
    words.moods = list(dict.fromkeys(words.moods))
    return words


def _language(tags: Mapping[str, Sequence[str]]) -> str | None:
    said = _first(tags, "language").lower()
    return load_vocabulary().canonical(Facet.LANGUAGE, values.language(_LANGUAGES.get(said, said))) if said else None


def _count(text: str) -> int | None:
    """Read "3" and "3/12"; an empty or absurd number is unknown."""
    found = _LEADING.match(text)
    return int(found[1]) or None if found else None


def _is_compilation(tags: Mapping[str, Sequence[str]], album_artist: str, named: Named) -> bool:
    return _first(tags, "compilation").lower() in ("1", "true", "yes") or is_various(album_artist) or named.various


def _gain_db(tags: Mapping[str, Sequence[str]]) -> float | None:
    """Return the ReplayGain of a track in dB; None where it is absent or absurd."""
    if found := _GAIN.fullmatch(_first(tags, "gain")):
        gain = float(found[1].replace(",", "."))
    elif (steps := values.number(_first(tags, "r128"))) is not None:
        gain = steps / 256 + _REFERENCE_LUFS - _R128_LUFS
    else:
        return None
    return round(gain, 2) if -40 <= gain <= 60 else None
