"""Which words of a message are a name, of what kind, and what it is in the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from assistant.understanding.cues import names_song
from assistant.understanding.gazetteer import Artist, Gazetteer, Title
from assistant.understanding.matches import Entity, Match, Name, Unlinked
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from recsys.common_words import COMMON_WORDS, FUNCTION_WORDS

_BEFORE_ARTIST = words("by feat ft featuring artist artists band bands singer rapper group")
_JOINING = words("and or by from of ft feat featuring with x vs plus a like")
_MAX_MORE = 3  # words by which a name may go on behind those that are told
_MIN_PLURAL = 4  # letters of a name with its "s": "radioheads kid a"
#: Looks words (start, end) of a message up: the names in them, with where each stands.
LookUp = Callable[[Gazetteer, Reading, int, int], list[tuple[int, int, Artist | Title]]]


def names_in(reading: Reading, matches: Iterable[Match]) -> list[Name]:
    """Return the names that the rules found, in order: title and artist apart, those not in the catalogue as well."""
    found: list[Name] = []
    for match in matches:
        for payload in match.payloads:
            if isinstance(payload, Entity):
                found += payload.names or (Name(payload.kind, match.start, match.end, payload.keys),)
            elif isinstance(payload, Unlinked):
                found.append(Name(kind_of(reading, match.start, match.end, found), match.start, match.end))
    return sorted(found, key=lambda one: one.start)


def kind_of(reading: Reading, start: int, end: int, others: Iterable[Name] = ()) -> Literal["artist", "track"]:
    """Tell by the words around it what a name is that the catalogue does not have.

    Args:
        reading: the message.
        start: its first word.
        end: the word behind it.
        others: the other names of the message, for a title stands beside its artist.
    """
    if reading.right(end, 1) == "by" or names_song(reading, start):
        return "track"
    before = reading.words[start - 1] if start else ""
    beside = any(one.kind == "artist" and (one.end == start or one.start == end) for one in others)
    return "track" if beside and before not in _BEFORE_ARTIST else "artist"


def look_up(gazetteer: Gazetteer, reading: Reading, start: int, end: int) -> Artist | Title | None:
    """Return what words that are a name are called in the catalogue, spelt as there or as a plural of it.

    A title is preferred where the words around say so, else the artist.
    """
    said = reading.words[start:end]
    single = (*said[:-1], said[-1][:-1]) if said[-1].endswith("s") and len(said[-1]) >= _MIN_PLURAL else None
    artist = gazetteer.artist(said) or (gazetteer.artist(single) if single else None)
    title = gazetteer.title(said)
    return title or artist if kind_of(reading, start, end) == "track" else artist or title


def look_up_apart(
    gazetteer: Gazetteer, reading: Reading, start: int, end: int
) -> list[tuple[int, int, Artist | Title]]:
    """Return what words that hold a name are in the catalogue: all of them, or the artists that they begin or end with.

    "nxworries droogs" holds an artist and what it made; "chance" goes on in "chance the rapper".
    """
    limit = reading.clause(start)[1]
    for last in range(min(end + _MAX_MORE, limit), end, -1):
        artist = gazetteer.artist(reading.words[start:last])
        if artist is not None:
            return [(start, last, artist)]
    whole = look_up(gazetteer, reading, start, end)
    if whole is not None:
        return [(start, end, whole)]
    for length in range(end - start - 1, 0, -1):
        for first in (start, end - length):
            part = (first, first + length)
            artist = None if _is_plain(reading, *part) else gazetteer.artist(reading.words[slice(*part)])
            if artist is not None:
                rest = trim(reading, *((part[1], end) if first == start else (start, first)))
                return [(*part, artist), *(look_up_apart(gazetteer, reading, *rest) if rest else [])]
    return []


def trim(reading: Reading, start: int, end: int) -> tuple[int, int] | None:
    """Leave out the words at the ends of a stretch that join names; None where nothing else is in it."""
    while start < end and reading.words[start] in _JOINING:
        start += 1
    while start < end and reading.words[end - 1] in _JOINING:
        end -= 1
    return (start, end) if start < end else None


def _is_plain(reading: Reading, start: int, end: int) -> bool:
    """Tell whether words are too ordinary to be a name within a longer one."""
    return all(word in COMMON_WORDS or word in FUNCTION_WORDS or len(word) < 3 for word in reading.words[start:end])


def look_up_misspelt(
    gazetteer: Gazetteer, reading: Reading, start: int, end: int
) -> list[tuple[int, int, Artist | Title]]:
    """Return what the words are the nearest misspelling of; a title where the words around say so, else an artist."""
    said = reading.words[start:end]
    near = gazetteer.title_like(said) if kind_of(reading, start, end) == "track" else gazetteer.artist_like(said)
    return [] if near is None else [(start, end, near[0])]
