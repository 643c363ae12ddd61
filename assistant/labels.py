"""Human words for machine values: constraints, lengths, and text that is safe to show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

from assistant.phrasebook import ENGLISH_BOOK, Phrasebook
from assistant.words import word_in
from recsys.appeal.serving import JUDGED
from recsys.types import NOTE as NOTE
from recsys.types import Arc, Constraint, Facet

#: Longest text that anything of a reply may hold, in characters.
MAX_TEXT = 300

#: Control (Cc), surrogate (Cs) and private-use (Co) code points show as nothing or as boxes; the directional
#: overrides among the format characters (Cf) can turn a whole line round. Joiners stay: emoji need them.
_UNSAFE_CATEGORIES = frozenset(("Cc", "Cs", "Co"))
_DIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_NEGATION = re.compile(r"^(no|not|non|never|nothing|without|less|fewer|avoid|skip)\b", re.IGNORECASE)

#: Words of the vocabulary that English writes with capitals.
_CAPITALISED = (
    "african americana arabic balkan bollywood brazilian celtic chicago christmas delta hawaiian indian italian latin "
    "mexican motown turkish"
)
_SPELLING = {word: word.capitalize() for word in _CAPITALISED.split()}
_SPELLING |= {"r&b": "R&B", "uk": "UK", "idm": "IDM"}
_VOCALS = {"male": "male vocals", "female": "female vocals", "mixed": "mixed vocals", "none": "instrumental"}
_ARCS = {Arc.RISING: "from calm to loud", Arc.FALLING: "from loud to calm", Arc.PEAK: "loudest in the middle"}
_KEYS = {"minor": "in a minor key", "major": "in a major key"}
_NOTED = {"minor": "{note} minor", "major": "{note} major"}
_MADE = {("yes", True): "made by AI", ("yes", False): "no AI music", ("no", True): "made by people"}
_JUDGED = {
    ("high", True): "high predicted quality",
    ("good", True): "well recorded",
    ("poor", False): "nothing badly recorded",
    ("poor", True): "badly recorded",
}
_VERSIONS = {"remix": "remixes", "remaster": "remasters", "cover": "covers", "demo": "demos"}
_NOT_TOO = "not too "
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_UNITS = {Facet.TEMPO: "tempo", Facet.ENERGY: "energy", Facet.POPULARITY: "popularity"}


def plain(text: str, limit: int = MAX_TEXT) -> str:
    """Make any text safe to show on one line: no control or direction tricks, at most `limit` characters."""
    if not text.isprintable() or not text.isascii():
        text = "".join(" " if c.isspace() else c for c in text if c.isspace() or _is_safe(c))
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def constraint_label(
    constraint: Constraint, names: Mapping[str, str] | None = None, book: Phrasebook = ENGLISH_BOOK
) -> str:
    """Name a constraint as one would say it: "from 1990 to 1999", "no country", "mellow", "not too famous".

    Args:
        constraint: what was asked.
        names: catalogue key → name as the catalogue writes it, for artists and tracks.
        book: the language to say it in. Other languages than English quote the listener's words for a value.
    """
    if constraint.facet is Facet.ERA:
        words = _era(constraint, book)
        return plain(words if constraint.wanted else book("not {words}", words=words))
    if constraint.facet in _UNITS:
        return plain(_measured(constraint, book))
    return plain(_worded(constraint, names or {}, book))


def arc_label(arc: Arc, book: Phrasebook = ENGLISH_BOOK) -> str:
    """Name how the energy is to go."""
    return book(_ARCS[arc])


def me_label(how_much_me: float, book: Phrasebook = ENGLISH_BOOK) -> str:
    """Name how much the listener's own taste is to count, where that is not the usual."""
    whose = "more of you" if how_much_me > 1 else "less of you"
    return book(whose if how_much_me else "without your taste")


def value_label(facet: Facet, value: str, book: Phrasebook = ENGLISH_BOOK) -> str:
    """Name a value of the vocabulary, spelt as a language spells it: "Latin jazz", "the United Kingdom"."""
    said = word_in(book, facet, value)
    if said != value:
        return said
    return place(value) if facet is Facet.COUNTRY else value.title() if facet is Facet.LANGUAGE else spelled(value)


def key_label(key: str, book: Phrasebook = ENGLISH_BOOK) -> str:
    """Name a key such as "C# minor" as a language does; the note keeps its English letter."""
    note, _, mode = key.partition(" ")
    return book(_NOTED[mode], note=note) if mode in _NOTED else plain(key)


def spelled(word: str) -> str:
    """Write a vocabulary word as English does: "Latin jazz", "UK garage", "R&B"."""
    return " ".join(_SPELLING.get(part, part) for part in word.split())


def minutes_label(seconds: float) -> str:
    """Write a length as "45 min" or "1 h 12 min", rounded to whole minutes."""
    minutes = max(round(seconds / 60), 1) if seconds > 0 else 0
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def total_label(seconds: float, n_estimated: int, book: Phrasebook = ENGLISH_BOOK) -> str:
    """Write a slate's length, saying how much of it is estimated: "45 min", "≈ 45 min (6 estimated)"."""
    length = minutes_label(seconds)
    return book("{length} ({n} estimated)", length=f"≈ {length}", n=n_estimated) if n_estimated else length


def day_label(at: float, book: Phrasebook = ENGLISH_BOOK) -> str:
    """Name the day (UTC) of a time in seconds since the epoch: "3 March 2026"."""
    day = datetime.fromtimestamp(at, UTC)
    return book("{day} {month} {year}", day=day.day, month=book(_MONTHS[day.month - 1]), year=day.year)


def listing(words: list[str]) -> str:
    """Join words as a sentence does: "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _is_safe(character: str) -> bool:
    if unicodedata.category(character) in _UNSAFE_CATEGORIES or character in _DIRECTIONAL:
        return False
    return ord(character) & 0xFFFE != 0xFFFE and not 0xFDD0 <= ord(character) <= 0xFDEF  # noncharacters


def _era(constraint: Constraint, book: Phrasebook) -> str:
    low = None if constraint.low is None else f"{constraint.low:.0f}"
    high = None if constraint.high is None else f"{constraint.high:.0f}"
    if low is not None and high is not None:
        return book("from {low}", low=low) if low == high else book("from {low} to {high}", low=low, high=high)
    if low is not None:
        return book("from {low} on", low=low)
    return book("up to {high}", high=high) if high is not None else book("of any year")


def _measured(constraint: Constraint, book: Phrasebook) -> str:
    """Tempo, energy and popularity: the listener's words where there are some, else the interval."""
    if constraint.text:
        words = book.either(constraint.text)
        if words.startswith(_NOT_TOO):
            words = book("not too {words}", words=words.removeprefix(_NOT_TOO))
        return words if constraint.wanted or _NEGATION.match(words) else book("not {words}", words=words)
    name, words = book(_UNITS[constraint.facet]), ""
    low, high = (None if bound is None else f"{bound:g}" for bound in (constraint.low, constraint.high))
    if low is not None and high is not None:
        words = book("{name} {low} to {high}", name=name, low=low, high=high)
    elif low is not None:
        words = book("{name} from {low}", name=name, low=low)
    elif high is not None:
        words = book("{name} up to {high}", name=name, high=high)
    unit = "{words} BPM" if constraint.facet is Facet.TEMPO else "{words} of 1"
    words = book(unit, words=words) if words else name
    return words if constraint.wanted else book("not {words}", words=words)


def _worded(constraint: Constraint, names: Mapping[str, str], book: Phrasebook) -> str:
    facet, values, wanted = constraint.facet, constraint.values, constraint.wanted
    if facet is Facet.VOCALS:
        words = book.either(" or ".join(book(_VOCALS.get(value, value)) for value in values))
        template = "{words}" if wanted else "not {words}" if values == ("none",) else "no {words}"
        return book(template, words=words)
    quoted = book.either(constraint.text) if constraint.text and not book.is_english else ""
    said = book.either(" or ".join(value_label(facet, value, book) for value in values))
    if facet is Facet.INSTRUMENT:
        return book("with {words}" if wanted else "no {words}", words=quoted or said)
    if facet is Facet.THEME:
        return book("about {words}" if wanted else "not about {words}", words=quoted or " or ".join(values))
    if quoted and facet in (Facet.LANGUAGE, Facet.COUNTRY):
        return quoted if wanted else book("not {words}", words=quoted)
    if facet is Facet.LANGUAGE:
        return book("in {words}" if wanted else "not in {words}", words=said)
    if facet is Facet.COUNTRY:
        return book("from {place}" if wanted else "not from {place}", place=said)
    if facet in (Facet.ARTIST, Facet.TRACK):
        known = [names[value] for value in values if value in names]
        words = " or ".join(known) if len(known) == len(values) else constraint.text or " or ".join(values)
        words = book("by {words}" if facet is Facet.ARTIST else "the track {words}", words=book.either(words))
        return words if wanted else book("not {words}", words=words)
    if facet is Facet.KEY:
        keys = (book(_KEYS[key]) if key in _KEYS else book("in {words}", words=key_label(key, book)) for key in values)
        words = book.either(" or ".join(keys))
        return words if wanted else book("not {words}", words=words)
    if facet is Facet.ATTRIBUTE:
        words = book.either(constraint.text or " or ".join(values))
        return words if wanted else book("no {words}", words=words)
    if facet is Facet.AI and (values[0], wanted) in _MADE:
        return book(_MADE[values[0], wanted])
    if facet in JUDGED:
        judged = _JUDGED.get((values[0], wanted))
        return book(judged) if judged else book("not {words}", words=book(_JUDGED[values[0], True]))
    if facet is Facet.VERSION:
        words = quoted or " or ".join(_VERSIONS.get(value, f"{value} versions") for value in values)
        return words if wanted else book("no {words}", words=words)
    words = quoted or said or constraint.text or facet.value
    if constraint.spared:
        spared = book.listing([value_label(facet, value, book) for value in constraint.spared])
        words = book("{words} but {spared}", words=words, spared=spared)
    return words if wanted else book("no {words}", words=words)


def place(country: str) -> str:
    """Write a country's name: "the United Kingdom", "Trinidad and Tobago"."""
    words = " ".join(word if word in ("and", "of") else word.capitalize() for word in country.split())
    return f"the {words}" if words.startswith(("United ", "Netherlands", "Philippines")) else words
