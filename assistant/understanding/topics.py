"""What lyrics are to be about: "songs about leaving home", "lyrics about war", "love songs but not about breakups".

A topic that the vocabulary knows is one of its themes. Any other ("songs about my dog") stands for itself, in the
listener's words: the recommender compares those with the lyrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from assistant.request import Request
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from recsys.text import fold
from recsys.types import Constraint, Facet
from recsys.vocabulary import load_vocabulary

#: Fewer characters beside what is refused say nothing of what is wanted ("i", from "I want no songs about war").
_LEAST_LEFT = 3
#: Longer topics are told stories; their first words say what they are about. More topics are a game.
MAX_WORDS, MAX_TOPICS = 10, 4
_SONGS = (
    r"(?:songs?|music|tracks?|tunes?|lyrics?|ballads?|anthems?|hymns?|ones|something|anything|nothing|stuff|playlist"
    r"|rap|rock|pop|jazz|blues|country|folk|metal|punk|soul|raps)"
)
_THAT = r"(?: (?:that|which|who|whose lyrics|where the lyrics|with lyrics|with words|lyrics))?"
_NOT = r"(?:not|no|never|aren t|arent|isn t|isnt|are not|is not|don t|dont|do not)"
_SPEAK = (
    r"(?: (?:are|is|s|re|be|all|mostly|mainly|really|only|just|talks?|talking|speaks?|speaking|sings?|singing|sung"
    r"|tells?|deals?|dealing|written|stories?|a story))*"
)
_ABOUT = re.compile(
    rf"(?<!\S)(?:(?P<no>{_NOT}|without|avoid|skip|hate|any)(?: \w+)? )?(?P<songs>{_SONGS}){_THAT}"
    rf"(?P<denied> {_NOT})?{_SPEAK}(?P<denied_too> {_NOT})?{_SPEAK} (?:about|dealing with)(?= )"
    rf"|(?<!\S)(?P<else>(?:but|and|just|only|please)?(?: ?(?:{_NOT}|nothing))) (?:(?:songs?|ones) )?about(?= )"
)
#: Songs whose titles have the word: "Something About Us".
_TITLED = re.compile(r"\b(?:something about us|song is not about a girl|the way)\b")
_REFUSING = re.compile(rf"^(?:{_NOT}|nothing|without|avoid|skip|hate)$")
#: Where a topic ends: what follows says something else of the music.
_ENDS = words("but by please without except instead like sung performed released feel feeling preferably ideally not")
_ENDING = re.compile(
    r"^(?:from (?:the|\d)|in (?:the \d|english|spanish|french|german|italian|portuguese)"
    r"|with (?:some|lots|female|male|no|heavy|piano|guitars?|strings|drums)\b|for (?:tonight|when|if|while|\d)"
    r"|that (?:are|is|s|have|has|don|do|aren|isn|i|you|make)"
    r"|and (?:i|not|no|some|more|make|keep|please|then|also)\b|or (?:something|so|anything)"
    r"|to (?:listen|play|sing|dance|put)\b|if (?:possible|you)|on my|which|i |no )"
)
_DETERMINERS = words("the a an my our your his her their some any being having someone somebody s")
_POINTING = words("it that this them these those you me us him her anything something everything nothing what which")
_JOINED = re.compile(r" (?:and|or|nor) | , ")
_NUMBER = re.compile(r"^\d")


@dataclass(frozen=True, slots=True)
class Topic:
    """Words start to end (exclusive) that say what lyrics are to be about, or not to be."""

    start: int
    end: int
    wanted: bool
    about: int  # where the words that lead to it begin


def topics(reading: Reading) -> list[Topic]:
    """Find the topics of a message, in order; "songs about it" has none."""
    said = (one for one in _topics(reading) if any(_says_something(w) for w in reading.words[one.start : one.end]))
    return list(islice(said, MAX_TOPICS))


def _says_something(word: str) -> bool:
    return word not in _POINTING and word not in _DETERMINERS


def with_topics(request: Request, reading: Reading) -> Request:
    """Add what the lyrics are to be about to a request that was read from the same words."""
    found = topics(reading)
    if not found:
        return request
    constraints, text = list(request.constraints), request.search_text
    for one in found:
        said = reading.raw(one.start, one.end)
        if not one.wanted:
            refused = f" {fold(reading.raw(one.about, one.end))} "
            # "Not about love" wants no love songs, whatever its words say by themselves.
            constraints = [
                c
                for c in constraints
                if not (c.wanted and c.facet in (Facet.MOOD, Facet.ACTIVITY) and f" {fold(c.text)} " in refused)
            ]
            left = " ".join(f" {fold(text)} ".replace(refused, " ").split())
            text = left if len(left) > _LEAST_LEFT else text
        constraints.append(_constraint(said, wanted=one.wanted))
    unique = {(c.facet, c.values, c.low, c.high, c.wanted): c for c in reversed(constraints)}
    return request.model_copy(update={"constraints": tuple(reversed(unique.values())), "search_text": text})


def _constraint(said: str, *, wanted: bool) -> Constraint:
    """Read a topic as themes of the vocabulary, or as itself where it names none."""
    topic = fold(said)
    parts = (topic,) if _theme(topic) is not None else tuple(part for part in _JOINED.split(topic) if part)
    themes = dict.fromkeys(theme for part in parts if (theme := _theme(part)) is not None)
    return Constraint(Facet.THEME, tuple(themes) or (topic,), wanted=wanted, hard=not wanted, text=said)


def _theme(topic: str) -> str | None:
    """The theme that a topic names, with or without the words that only point at it ("my", "being")."""
    vocabulary, left = load_vocabulary(), topic.split()
    while left:
        if (theme := vocabulary.canonical(Facet.THEME, " ".join(left))) is not None:
            return theme
        if left[0] not in _DETERMINERS:
            return None
        left = left[1:]
    return None


def _topics(reading: Reading) -> Iterator[Topic]:
    line = reading.line
    for found in _ABOUT.finditer(line):
        about, start = reading.span(*found.span())
        if _TITLED.match(line, found.start()):
            continue
        end = _end(reading, start)
        if end > start and not _NUMBER.match(reading.words[start]):
            denied = found["denied"] or found["denied_too"] or found["else"] or found["songs"] == "nothing"
            refused = denied or (found["no"] and _REFUSING.match(found["no"]))
            yield Topic(start, end, wanted=not refused, about=about)


def _end(reading: Reading, start: int) -> int:
    """The word behind the last one of a topic that begins at `start`."""
    for position in range(start, min(start + MAX_WORDS, len(reading))):
        paused = position > start and reading.pause(position)
        behind = " ".join(reading.words[position : position + 3])
        if paused or (position > start and (reading.words[position] in _ENDS or _ENDING.match(behind))):
            return position
    return min(start + MAX_WORDS, len(reading))
