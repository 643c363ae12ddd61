"""Artists whose names have signs in them, written with the same signs: "N.W.A", "P!nk", "Tony! Toni! Toné!".

Elsewhere such signs end sentences and part words; where all of them stand as the catalogue writes them, the words
between are that name, whatever they mean by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.understanding.gazetteer import Artist, Gazetteer
from assistant.understanding.tokens import Reading

_MAX_WORDS = 8
_SIGN = re.compile(r"[.!?&+/$\"(]| - ")
_NO_WORD = re.compile(r"[^\w\s]")
_EDGES = re.compile(r"^\W+|\W+$")


def signed_names(reading: Reading, gazetteer: Gazetteer) -> Iterator[tuple[int, int, Artist]]:
    """Yield such names, the longest at each word, with where they start and end (exclusive)."""
    if _SIGN.search(reading.text) is None:
        return
    start = 0
    while start < len(reading):
        found = _name_at(reading, start, gazetteer)
        if found is None:
            start += 1
            continue
        yield start, *found
        start = found[0]


def _name_at(reading: Reading, start: int, gazetteer: Gazetteer) -> tuple[int, Artist] | None:
    for end in range(min(start + _MAX_WORDS, len(reading)), start, -1):
        said = reading.raw(start, end)
        if _SIGN.search(said) is None:
            return None  # nor do shorter ones have a sign
        artist = gazetteer.artist(reading.words[start:end])
        if artist is not None and _signs(artist.name) and _signs(said) == _signs(artist.name):
            return end, artist
    return None


def _signs(name: str) -> list[str]:
    return _NO_WORD.findall(_EDGES.sub("", name.replace("’", "'")))
