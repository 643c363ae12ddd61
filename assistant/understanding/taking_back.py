"""Wishes that a message takes back, insists on or makes optional: "forget the jazz", "vocals are a must".

What is named is a kind of wish ("the tempo doesn't matter") or a wish itself, which is read like any other words.
"""

from __future__ import annotations

import re

from assistant.request import Chip
from assistant.understanding.pointing import Describe
from assistant.understanding.tables import words as words_of
from recsys.types import Facet

_X = (
    r"(?:about )?(?:the |any |a )?(?P<x>(?:\w+ ){0,4}?\w+?)(?: (?:part|thing|requirement|wish|constraint|filter"
    r"|rule|bit))?"
)
_END = r"(?= [.,]|$| (?:and|but|please|now|then|instead|any ?more|after all)\b)"
_PATTERNS = (
    (
        "drop",
        re.compile(
            rf"\b(?:forget|never ?mind|nevermind|don t (?:care|worry) about|dont care about|ignore"
            rf"|skip the filter|no need for"
            rf"|(?:drop|remove|clear|lift|undo) (?=the \w+ (?:\w+ )?(?:requirement|wish|constraint|filter"
            rf"|rule))) {_X}{_END}"
        ),
    ),
    (
        "drop",
        re.compile(
            rf"\b(?:it |they |that )?(?:doesn t|doesnt|does not|don t|dont|do not|needn t|need not) (?:have to"
            rf"|need to|must)"
            rf" be {_X}{_END}"
        ),
    ),
    (
        "drop",
        re.compile(
            r"(?:^|(?<=[.,] )|(?<=and )|(?<=but ))(?:the |any )?(?P<x>(?:\w+ ){0,3}?\w+?) (?:doesn t|doesnt"
            r"|does not|don t"
            r"|do not) matter(?: any ?more| to me)?"
        ),
    ),
    (
        "drop",
        re.compile(
            r"(?:^|(?<=[.,] )|(?<=and )|(?<=but ))any (?P<x>(?:\w+ ){0,2}?\w+?) (?:is|are|will be"
            r"|would be) (?:fine|ok|okay|good)"
        ),
    ),
    (
        "must",
        re.compile(
            r"(?:^|(?<=[.,] )|(?<=and )|(?<=but ))(?:the |being )?(?P<x>(?:\w+ ){0,3}?\w+?) (?:is|are) (?:a must"
            r"|essential"
            r"|required|non negotiable|a hard rule)"
        ),
    ),
    (
        "must",
        re.compile(
            rf"\b(?:i )?insist on {_X}{_END}"
            rf"|\b(?:it |they )(?:really )?(?:must|has to|have to) be (?P<y>(?:\w+ ){{0,3}}?\w+?){_END}"
        ),
    ),
    (
        "prefer",
        re.compile(
            r"(?:^|(?<=[.,] )|(?<=and )|(?<=but ))(?:the |being )?(?P<x>(?:\w+ ){0,3}?\w+?) (?:is"
            r"|are) (?:optional|not a must"
            r"|just a preference|only a preference|nice to have|not essential)"
        ),
    ),
)
_ALLOWS = re.compile(
    r"(?:actually |now |well |ok |okay )?(?P<x>(?:\w+ ){0,3}?\w+?) (?:is|are) (?:fine|ok|okay|allowed|alright)"
    r"(?: again| now| too| after all| with me| by me)*"
)
#: What a kind of wish is called.
_KINDS: dict[str, tuple[Facet, ...]] = {
    "genre": (Facet.GENRE,),
    "style": (Facet.GENRE,),
    "mood": (Facet.MOOD,),
    "vibe": (Facet.MOOD,),
    "activity": (Facet.ACTIVITY,),
    "occasion": (Facet.ACTIVITY,),
    "instrument": (Facet.INSTRUMENT,),
    "era": (Facet.ERA,),
    "decade": (Facet.ERA,),
    "year": (Facet.ERA,),
    "age": (Facet.ERA,),
    "period": (Facet.ERA,),
    "language": (Facet.LANGUAGE,),
    "country": (Facet.COUNTRY,),
    "tempo": (Facet.TEMPO,),
    "speed": (Facet.TEMPO,),
    "bpm": (Facet.TEMPO,),
    "energy": (Facet.ENERGY,),
    "vocal": (Facet.VOCALS,),
    "singing": (Facet.VOCALS,),
    "artist": (Facet.ARTIST,),
    "version": (Facet.VERSION,),
    "key": (Facet.KEY,),
    "musical key": (Facet.KEY,),
    "mode": (Facet.KEY,),
    "ai": (Facet.AI,),
    "recording": (Facet.RECORDING,),
    "recording quality": (Facet.RECORDING,),
    "sound quality": (Facet.RECORDING,),
    "predicted quality": (Facet.APPEAL,),
    "ai music": (Facet.AI,),
}
_OTHERS = {
    "length": "size",
    "size": "size",
    "duration": "size",
    "popularity": "fame",
    "fame": "fame",
    "familiarity": "discovery",
    "discovery": "discovery",
    "order": "arc",
    "arc": "arc",
    "example": "likes",
}
_COMMAND = re.compile(r"/(drop|must|prefer)\s+(\S.*)", re.IGNORECASE)
_PRONOUNS = words_of("that it everything this all them these those there one name names")


def find_chips(line: str, describe: Describe) -> tuple[list[Chip], list[tuple[int, int]]]:
    """Find what a line of a `Reading` takes back or insists on, with the characters that say so."""
    chips: list[Chip] = []
    spans: list[tuple[int, int]] = []
    if (alone := _ALLOWS.fullmatch(line)) is not None and (chip := _chip("allow", alone["x"], describe)) is not None:
        return [chip], [alone.span()]
    for action, pattern in _PATTERNS:
        for found in pattern.finditer(line):
            groups = found.groupdict()
            words = (groups.get("x") or groups.get("y") or "").strip()
            if not words or words in _PRONOUNS or any(found.start() < b and a < found.end() for a, b in spans):
                continue
            if (chip := _chip(action, words, describe)) is not None:
                chips.append(chip)
                spans.append(found.span())
    return chips, spans


def command(text: str) -> Chip | None:
    """Read "/drop 2", "/must jazz" or "/prefer 3": the line of a receipt by its number, or a chip by its name."""
    found = _COMMAND.fullmatch(text.strip())
    return Chip.model_validate({"action": found[1].lower(), "chip": found[2].strip()}) if found else None


def _chip(action: str, words: str, describe: Describe) -> Chip | None:
    for name in (words, words.removesuffix("s")):
        if name in _KINDS:
            return Chip.model_validate({"action": action, "facets": _KINDS[name], "text": words})
        if name in _OTHERS and action == "drop":
            return Chip(action="drop", chip=_OTHERS[name], text=words)
    constraints = describe(words)
    if not constraints or not all(constraint.wanted for constraint in constraints):
        return None
    return Chip.model_validate({"action": action, "constraints": constraints, "text": words})
