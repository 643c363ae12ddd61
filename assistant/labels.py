"""Human words for machine values: constraints, lengths, and text that is safe to show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

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
_VERSIONS = {"remix": "remixes", "remaster": "remasters", "cover": "covers", "demo": "demos"}
_UNITS = {
    Facet.TEMPO: ("tempo", " BPM"),
    Facet.ENERGY: ("energy", " of 1"),
    Facet.POPULARITY: ("popularity", " of 1"),
}


def plain(text: str, limit: int = MAX_TEXT) -> str:
    """Make any text safe to show on one line: no control or direction tricks, at most `limit` characters."""
    if not text.isprintable() or not text.isascii():
        text = "".join(" " if c.isspace() else c for c in text if c.isspace() or _is_safe(c))
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def constraint_label(constraint: Constraint, names: Mapping[str, str] | None = None) -> str:
    """Name a constraint as one would say it: "from 1990 to 1999", "no country", "mellow", "not too famous".

    Args:
        constraint: what was asked.
        names: catalogue key → name as the catalogue writes it, for artists and tracks.
    """
    if constraint.facet is Facet.ERA:
        words = _era(constraint)
        return plain(words if constraint.wanted else f"not {words}")
    if constraint.facet in _UNITS:
        return plain(_measured(constraint))
    return plain(_worded(constraint, names or {}))


def arc_label(arc: Arc) -> str:
    """Name how the energy is to go."""
    return {Arc.RISING: "from calm to loud", Arc.FALLING: "from loud to calm", Arc.PEAK: "loudest in the middle"}[arc]


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


def total_label(seconds: float, n_estimated: int) -> str:
    """Write a slate's length, saying how much of it is estimated: "45 min", "≈ 45 min (6 estimated)"."""
    return f"≈ {minutes_label(seconds)} ({n_estimated} estimated)" if n_estimated else minutes_label(seconds)


def listing(words: list[str]) -> str:
    """Join words as a sentence does: "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def _is_safe(character: str) -> bool:
    if unicodedata.category(character) in _UNSAFE_CATEGORIES or character in _DIRECTIONAL:
        return False
    return ord(character) & 0xFFFE != 0xFFFE and not 0xFDD0 <= ord(character) <= 0xFDEF  # noncharacters


def _era(constraint: Constraint) -> str:
    low, high = constraint.low, constraint.high
    if low is not None and high is not None:
        return f"from {low:.0f}" if low == high else f"from {low:.0f} to {high:.0f}"
    if low is not None:
        return f"from {low:.0f} on"
    return f"up to {high:.0f}" if high is not None else "of any year"


def _measured(constraint: Constraint) -> str:
    """Tempo, energy and popularity: the listener's words where there are some, else the interval."""
    if constraint.text:
        words = constraint.text
        return words if constraint.wanted or _NEGATION.match(words) else f"not {words}"
    name, unit = _UNITS[constraint.facet]
    low, high = constraint.low, constraint.high
    if low is not None and high is not None:
        words = f"{name} {low:g} to {high:g}{unit}"
    elif low is not None:
        words = f"{name} from {low:g}{unit}"
    else:
        words = f"{name} up to {high:g}{unit}" if high is not None else name
    return words if constraint.wanted else f"not {words}"


def _worded(constraint: Constraint, names: Mapping[str, str]) -> str:
    facet, values, wanted = constraint.facet, constraint.values, constraint.wanted
    if facet is Facet.VOCALS:
        words = " or ".join(_VOCALS.get(value, value) for value in values)
        return words if wanted else f"not {words}" if values == ("none",) else f"no {words}"
    if facet is Facet.INSTRUMENT:
        return f"{'with' if wanted else 'no'} {' or '.join(values)}"
    if facet is Facet.LANGUAGE:
        return f"{'in' if wanted else 'not in'} {' or '.join(value.title() for value in values)}"
    if facet is Facet.COUNTRY:
        return f"{'from' if wanted else 'not from'} {' or '.join(place(value) for value in values)}"
    if facet in (Facet.ARTIST, Facet.TRACK):
        known = [names[value] for value in values if value in names]
        words = " or ".join(known) if len(known) == len(values) else constraint.text or " or ".join(values)
        words = f"by {words}" if facet is Facet.ARTIST else f"the track {words}"
        return words if wanted else f"not {words}"
    if facet is Facet.VERSION:
        words = " or ".join(_VERSIONS.get(value, f"{value} versions") for value in values)
        return words if wanted else f"no {words}"
    words = " or ".join(map(spelled, values)) or constraint.text or facet.value
    if constraint.spared:
        words += f" but {listing([spelled(value) for value in constraint.spared])}"
    return words if wanted else f"no {words}"


def place(country: str) -> str:
    """Write a country's name: "the United Kingdom", "Trinidad and Tobago"."""
    words = " ".join(word if word in ("and", "of") else word.capitalize() for word in country.split())
    return f"the {words}" if words.startswith(("United ", "Netherlands", "Philippines")) else words
