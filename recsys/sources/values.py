"""Reading single values: text, lists, numbers, years, lengths, musical keys and ids at services.

A value comes as a string (CSV, TSV) or as JSON or Parquet gave it. What cannot be understood is unknown (None or
empty), never an error: only a row without title or artist is bad.
"""

from __future__ import annotations

import ast
import json
import math
import re
from typing import Any
from urllib.parse import unquote

#: What tables write for "unknown". A title or an artist of this name is text all the same.
MISSING = frozenset({"NA", "N/A", "n/a", "nan", "NaN", "NAN", "null", "NULL", "None", "<NA>"})

_SPACE = re.compile(r"\s+")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_FEATURING = re.compile(r"\s+[(\[]?(?:feat\.|ft\.|feat|featuring)\s+", re.IGNORECASE)
_CLOSED_ONLY = re.compile(r"^[^(\[]*[)\]]$")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):(\d{2}(?:\.\d+)?)")
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")

_PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLATS = {"DB": "C#", "EB": "D#", "FB": "E", "GB": "F#", "AB": "G#", "BB": "A#", "CB": "B"}
_SHARPS = {"E#": "F", "B#": "C"}
_KEY = re.compile(r"([A-Ga-g])\s*([#♯b♭]?|[- ]?(?:sharp|flat))\s*(major|maj|minor|min|m|M|dur|moll)?\.?")
_CAMELOT = re.compile(r"(1[0-2]|[1-9])([ABab])")

_LOUDNESS_UNIT = re.compile(r"\s*(?:dB(?:FS)?|LUFS|LKFS)\s*$", re.IGNORECASE)
#: Silence, and a little above full scale, which averages of loud masters reach.
_LOUDNESS_DB = (-70.0, 5.0)

_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
_SPOTIFY_LINK = re.compile(r"(?:spotify:track:|open\.spotify\.com/(?:intl-\w+/)?track/)([0-9A-Za-z]{22})\b")
_YOUTUBE_ID = re.compile(r"[\w-]{11}")
_YOUTUBE_LINK = re.compile(r"(?:youtu\.be/|youtube\.com/(?:watch\?(?:.*&)?v=|embed/|shorts/))([\w-]{11})(?![\w-])")
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_FILE_ADDRESS = re.compile(r"file://(?:localhost)?(?=/)", re.IGNORECASE)
_AUDIO_FILE = re.compile(r"\.(?:mp3|m4a|m4b|mp4|aac|flac|alac|ogg|oga|opus|wav|wma|aif|aiff|ape|wv)$", re.IGNORECASE)
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: ISO 639-1 codes of the commonest sung languages, which the vocabulary does not list.
_LANGUAGE_CODES = {
    "en": "english",
    "es": "spanish",
    "pt": "portuguese",
    "fr": "french",
    "it": "italian",
    "de": "german",
    "nl": "dutch",
    "sv": "swedish",
    "no": "norwegian",
    "da": "danish",
    "fi": "finnish",
    "is": "icelandic",
    "ru": "russian",
    "pl": "polish",
    "cs": "czech",
    "uk": "ukrainian",
    "hu": "hungarian",
    "ro": "romanian",
    "el": "greek",
    "tr": "turkish",
    "ar": "arabic",
    "he": "hebrew",
    "hi": "hindi",
    "ja": "japanese",
    "ko": "korean",
    "zh": "mandarin",
}


def text(value: Any) -> str:
    """Return a value as one line of text; of an object its name, of a list its first value."""
    if isinstance(value, str):
        if value.isprintable() and "  " not in value:
            return value.strip()
    elif isinstance(value, list | tuple):
        return text(value[0]) if value else ""
    elif isinstance(value, dict):
        return text(value.get("name", value.get("title")))
    elif value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    return _SPACE.sub(" ", _NOT_TEXT.sub("", str(value))).strip()


def verses(value: Any) -> str:
    """Return a value as lines of text, of a list one line each; "" where the table says that it is unknown."""
    written = "\n".join(map(str, value)) if isinstance(value, list | tuple) else value
    if not isinstance(written, str):
        return ""
    lines = (_SPACE.sub(" ", _NOT_TEXT.sub("", line)).strip() for line in written.splitlines())
    said = "\n".join(lines).strip()
    return "" if said in MISSING else said


def known(value: Any) -> str:
    """Return a value as text, "" where the table says that it is unknown."""
    words = text(value)
    return "" if words in MISSING else words


def artists(value: Any) -> tuple[str, ...]:
    """Return the artists that a value names, main artist first.

    A list (also one written as JSON or Python) is taken as it is. Other text is split where that is safe: at
    ";", "|" and "feat.", but not at "," ("Tyler, The Creator"), "&" or "/".
    """
    listed = _as_list(value)
    if listed is not None:
        names = [text(one) for one in listed]
    else:
        names = []
        for part in re.split(r"\s*[;|]\s*", text(value)):
            main, *guests = _FEATURING.split(part)
            # "Drake (feat. Rihanna)": the bracket was opened before "feat."
            names += [main, *(guest[:-1] if _CLOSED_ONLY.search(guest) else guest for guest in guests)]
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def words(value: Any) -> list[str]:
    """Return the words or phrases that a value lists, in order; text is split at ";", "|" and ","."""
    listed = _as_list(value)
    parts = [text(one) for one in listed] if listed is not None else re.split(r"[;|,]", text(value))
    return [part.strip() for part in parts if part.strip() and part.strip() not in MISSING]


def _as_list(value: Any) -> list[Any] | None:
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str) and value[:1] == "[" and value[-1:] == "]":
        for parse in (json.loads, ast.literal_eval):
            try:
                parsed = parse(value)
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                continue
            if isinstance(parsed, list):
                return parsed
    return None


def number(value: Any) -> float | None:
    """Return a finite number, or None."""
    if isinstance(value, str):
        value = value.strip().replace(",", ".") if _DECIMAL_COMMA.fullmatch(value.strip()) else value
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        parsed = float(value)
    except (ValueError, OverflowError):
        return None
    return parsed if math.isfinite(parsed) else None


def year(value: Any) -> int | None:
    """Return the first year from 1500 to 2099 in a number, a year or a date in any order."""
    found = _YEAR.search(text(value))
    return int(found[1]) if found else None


def clock_s(value: Any) -> float | None:
    """Return the seconds of a length written as "3:45" or "1:02:03", else None."""
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3])


def musical_key(key: Any, mode: Any) -> str | None:
    """Return a key such as "C# minor" ("C#" if the mode is unknown).

    Reads pitch classes 0–11 with mode 0 (minor) or 1 (major), names ("Bbm", "a minor", "D♭ major") and Camelot
    codes ("8A").
    """
    pitch = number(key)
    quality = {"0": "minor", "1": "major", "minor": "minor", "major": "major"}.get(text(mode).lower(), "")
    if pitch is not None:
        return f"{_PITCHES[int(pitch)]} {quality}".strip() if pitch in range(12) else None
    written = text(key)
    if code := _CAMELOT.fullmatch(written):
        minor = code[2] in "Aa"
        steps = 7 * (int(code[1]) - 8) + (9 if minor else 0)  # 8A is A minor, 8B C major; one step is a fifth
        return f"{_PITCHES[steps % 12]} {'minor' if minor else 'major'}"
    named = _KEY.fullmatch(written)
    if named is None:
        return None
    accidental = named[2].strip(" -")
    sign = "#" if accidental in ("#", "♯", "sharp") else "B" if accidental in ("b", "♭", "flat") else ""
    note = named[1].upper() + sign
    note = _FLATS.get(note, _SHARPS.get(note, note))
    if named[3]:
        quality = "minor" if named[3] in ("m", "min", "minor", "moll") else "major"
    return f"{note} {quality}".strip()


def loudness_db(value: Any) -> float | None:
    """Return a loudness in dB below full scale, as in "-6.5", "-6.5 dB" and "-14 LUFS"; None where it cannot be one."""
    written = _LOUDNESS_UNIT.sub("", value) if isinstance(value, str) else value
    found = number(written)
    return found if found is not None and _LOUDNESS_DB[0] <= found <= _LOUDNESS_DB[1] else None


def language(value: Any) -> str:
    """Return a language by name where it is given by its ISO 639-1 code, in lower case."""
    written = known(value).lower()
    return _LANGUAGE_CODES.get(written, written)


def spotify_id(value: Any, *, bare: bool = True) -> str | None:
    """Return the track id in a Spotify address or URI; with `bare` also a plain id."""
    return _id_in(text(value), _SPOTIFY_LINK, _SPOTIFY_ID if bare else None)


def youtube_id(value: Any, *, bare: bool = True) -> str | None:
    """Return the video id in a YouTube address; with `bare` also a plain id."""
    return _id_in(text(value), _YOUTUBE_LINK, _YOUTUBE_ID if bare else None)


def _id_in(written: str, link: re.Pattern[str], plain: re.Pattern[str] | None) -> str | None:
    if found := link.search(written):
        return found[1]
    return written if plain is not None and plain.fullmatch(written) else None


def isrc(value: Any) -> str | None:
    """Return an ISRC without hyphens."""
    code = re.sub(r"[-\s]", "", text(value)).upper()
    return code if _ISRC.fullmatch(code) else None


def mbid(value: Any) -> str | None:
    """Return a MusicBrainz id."""
    written = text(value).lower()
    return written if _MBID.fullmatch(written) else None


def web_address(value: Any) -> str | None:
    """Return an http or https address."""
    written = text(value)
    return written if _WEB_ADDRESS.fullmatch(written) else None


def file_path(value: Any) -> str:
    """Return the path of an audio file, decoded if it is a file:// address; "" for anything else."""
    written = known(value)
    found = _FILE_ADDRESS.match(written)
    path = unquote(written[found.end() :]) if found else written
    return path if _AUDIO_FILE.search(path) else ""
