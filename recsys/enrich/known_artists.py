"""The shipped facts of artists, for enriching: those with songs (`recsys.artist_facts`) and a plain wider list.

The wider list, `recsys/data/artist_groups.txt`, is written from general knowledge and taken from no data set. A line
beginning with ">" states genres, decades, country and language; the artists of whom that is true follow, divided by
";". What is not the same for all of them, or not sure, is left empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

from recsys.artist_facts import load_artist_facts
from recsys.text import artist_key

_TOGETHER = re.compile(r"\s+(?:feat\.?|ft\.?|featuring|with|vs\.?|x|&|and|y|e|und|et)\s+|\s*[,;/+]\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KnownArtist:
    """What is generally known of an artist; empty where it is not."""

    name: str
    genres: tuple[str, ...]  # most typical first
    decades: tuple[int, ...] = ()  # of the well-known work: 1980, 1990
    country: str = ""
    voice: str = ""  # male, female, mixed or instrumental
    language: str = ""
    songs: Mapping[str, tuple[int, float]] = field(default_factory=dict)  # folded title → rank, year or NaN
    listed: bool = False  # of the wider list, whose artists were described in groups


@lru_cache(maxsize=1)
def known_artists() -> Mapping[str, KnownArtist]:
    """Every known artist by `artist_key`, read once per process."""
    text = resources.files("recsys").joinpath("data/artist_groups.txt").read_text(encoding="utf-8")
    found = {artist_key(one.name): one for one in parse_groups(text)}
    for key, facts in load_artist_facts().items():
        country = "" if facts.country == "country" else facts.country
        found[key] = KnownArtist(
            facts.name, facts.genres, facts.decades, country, facts.voice.replace("voice", ""), "", facts.songs
        )
    return found


def parse_groups(text: str) -> Iterator[KnownArtist]:
    """Read the wider list.

    Raises:
        ValueError: a heading has other than four parts, or names come before any.
    """
    genres: tuple[str, ...] = ()
    decades: tuple[int, ...] = ()
    country = language = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith(">"):
            parts = [part.strip() for part in line[1:].split("|")]
            if len(parts) != 4:
                raise ValueError(
                    f"line {number} has {len(parts)} parts; expected genres | decades | country | language"
                )
            genres, country, language = tuple(parts[0].split(";")), parts[2], parts[3]
            decades = tuple(int(one[:4]) for one in parts[1].split(";") if one)
            continue
        if not genres:
            raise ValueError(f"line {number} names artists before any heading with their genres")
        for name in filter(None, map(str.strip, line.split(";"))):
            yield KnownArtist(name, genres, decades, country, "", language, listed=True)


def find_artist(names: tuple[str, ...]) -> KnownArtist | None:
    """The known artist of a track: its main artist, also where one name holds several ("A feat. B", "A & B")."""
    known = known_artists()
    if not names:
        return None
    if (whole := known.get(artist_key(names[0]))) is not None:
        return whole
    return known.get(artist_key(_TOGETHER.split(names[0], maxsplit=1)[0]))
