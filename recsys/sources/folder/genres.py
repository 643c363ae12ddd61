"""Genre fields as taggers wrote them, mapped to the vocabulary.

Knows ID3's numbers ("17", "(17)", "(17)(9)Heavy Rock", "(RX)"), every separator in use ("; , / | \\ > ·", " & ",
" and ", " - "), abbreviations ("Alt. Rock"), decades ("80s Pop") and words that say nothing ("Other", "Misc"). A word
that the vocabulary has not is kept as a tag; if its last words are a genre ("Melodic Doom"), that genre counts too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from mutagen.id3 import TCON

from recsys.text import fold
from recsys.types import Facet
from recsys.vocabulary import load_vocabulary


@dataclass(slots=True)
class Words:
    """What genre fields say, each list in their order and without doubles. `tags` are words as they were written."""

    genres: list[str] = field(default_factory=list)
    moods: list[str] = field(default_factory=list)
    activities: list[str] = field(default_factory=list)
    instruments: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    vocal: str | None = None


#: The numbers of ID3v1, Winamp's among them.
ID3V1: tuple[str, ...] = tuple(TCON.GENRES)

_REFERENCE = re.compile(r"\((\d{1,3}|RX|CR)\)\s*", re.IGNORECASE)
_REFERENCES = {"rx": "Remix", "cr": "Cover"}
#: What parts genres from one another wherever it stands.
_ALWAYS = re.compile(r"[;|,\\>\0\n·•]|//|--|::")
#: What parts them unless the whole is a genre ("R&B", "Drum and Bass", "Pop/Rock").
_PERHAPS = re.compile(r"\s*/\s*|\s+[-–—]\s+|\s*:\s+|\s*\+\s*|\s+(?:&|and|und|et|y|n|'n')\s+", re.IGNORECASE)
_DECADE = re.compile(r"\b(?:19|20)?\d0'?s\b", re.IGNORECASE)
_JUNK = re.compile(
    "other|others|misc|miscellaneous|unknown|unknown genre|genre|none|default|blank|general|unclassifiable"
    "|unclassified|undefined|no genre|not available|n a|na|null|various|other genre|music|audio|mp3|flac|all|new"
    "|untitled|sound clip|default genre|unspecified|sonstige|autres|otros"
)
#: What people write for words of the vocabulary and it does not list, as these are no words of requests.
_ALIASES = {
    "alt": "alternative",
    "altern": "alternative",
    "alternrock": "alternative",
    "elec": "electronic",
    "electr": "electronic",
    "club": "dance",
    "rave": "techno",
    "class": "classical",
    "clas": "classical",
    "symphony": "classical",
    "sonata": "classical",
    "chamber music": "classical",
    "symphonic": "classical",
    "klassik": "classical",
    "chorus": "choral",
    "folklore": "folk",
    "national folk": "folk",
    "ethnic": "world",
    "international": "world",
    "weltmusik": "world",
    "stage": "musical",
    "screen": "soundtrack",
    "score": "soundtrack",
    "filmmusik": "soundtrack",
    "game": "video game music",
    "anime": "j-pop",
    "psychadelic": "psychedelic",
    "psychedelic rock pop": "psychedelic rock",
    "neue deutsche welle": "new wave",
    "gothic": "post-punk",
    "drum bass": "drum and bass",
    "d n b": "drum and bass",
    "singer and songwriter": "singer-songwriter",
    "liedermacher": "singer-songwriter",
    "contemporary christian": "gospel",
    "christian gangsta rap": "gangsta rap",
    "audiobook": "spoken word",
    "audio theatre": "spoken word",
    "speech": "spoken word",
    "podcast": "spoken word",
    "horbuch": "spoken word",
    "space rock": "psychedelic rock",
    "slow rock": "rock",
    "jam band": "rock",
    "vocaloid": "j-pop",
}
_FACETS = {"moods": Facet.MOOD, "activities": Facet.ACTIVITY, "instruments": Facet.INSTRUMENT}
#: More of a hostile field is not looked at.
_MAX_WORDS = 40


def read_genres(values: Iterable[str]) -> Words:
    """Map the genre fields of a file."""
    words = Words()
    for number, word in enumerate(part for value in values for part in _split(value)):
        if number >= _MAX_WORDS:
            break
        _place(word, words)
    for kept in (words.genres, words.moods, words.activities, words.instruments, words.tags):
        kept[:] = dict.fromkeys(kept)
    return words


def _split(value: str) -> Iterator[str]:
    """Cut a field into words, references to ID3's numbers among them."""
    rest = value.strip()
    while found := _REFERENCE.match(rest):
        rest = rest[found.end() :]
        yield _REFERENCES.get(found[1].lower(), "") or _numbered(found[1])
    for part in _ALWAYS.split(rest):
        word = part.strip(" \t\"'()[]{}<>.&*#_")
        if word.isdecimal():
            yield _numbered(word)
        elif word:
            yield word


def _numbered(number: str) -> str:
    return ID3V1[int(number)] if number.isdecimal() and len(number) < 4 and int(number) < len(ID3V1) else ""


def _place(word: str, words: Words) -> None:
    if _JUNK.fullmatch(fold(word)) or not fold(word):
        return
    if (genre := genre_of(word)) is not None:
        words.genres.append(genre)
        return
    decade = _DECADE.search(word)
    if decade:
        words.tags.append(decade[0])
        rest = " ".join((word[: decade.start()] + word[decade.end() :]).split()).strip(" -'&/")
        if rest:
            _place(rest, words)
        return
    parts = [part.strip() for part in _PERHAPS.split(word) if part.strip()]
    if len(parts) > 1:
        known = [genre_of(part) for part in parts]
        if any(known):
            for part in parts:
                _place(part, words)
            return
    _place_unknown(word, words)


def _place_unknown(word: str, words: Words) -> None:
    """Keep a word that is no genre as a tag, and take what can be taken from it."""
    words.tags.append(word)
    vocabulary = load_vocabulary()
    for name, facet in _FACETS.items():
        if (known := vocabulary.canonical(facet, word)) is not None:
            getattr(words, name).append(known)
    if words.vocal is None:
        words.vocal = vocabulary.canonical(Facet.VOCALS, word)
    folded = fold(word).split()
    for start in range(1, len(folded)):
        if (genre := genre_of(" ".join(folded[start:]))) is not None:
            words.genres.append(genre)
            return


@lru_cache(maxsize=10_000)
def genre_of(word: str) -> str | None:
    """Return the vocabulary's genre for a word as taggers write it, None if it has none."""
    vocabulary = load_vocabulary()
    folded = fold(word)
    bare = folded.removeprefix("general ").removeprefix("genre ")
    without_music = re.sub(r"\s+(?:music|musik|songs)$", "", bare)
    for form in dict.fromkeys((word, bare, without_music)):
        if form and (known := vocabulary.canonical(Facet.GENRE, form)) is not None:
            return known
    return _ALIASES.get(folded) or _ALIASES.get(bare) or _ALIASES.get(without_music)
