"""What the listener wants done with the playlist, and the words that say nothing about the music."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.request import Intent
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from recsys.text import fold
from recsys.types import Constraint, Facet

_START_OVER = re.compile(
    r"\bstart(?:ing)? (?:over|again|afresh|anew|fresh|from scratch)\b|\bfrom scratch\b|\b(?:a )?(?:brand )?new "
    r"(?:playlist|mix|list|one)\b"
    r"|\b(?:another|a different|a fresh) (?:playlist|mix)\b|\bforget (?:all |about )?(?:that|it|everything|about it"
    r"|all of (?:that|it)|the (?:previous|last))\b"
    r"|\b(?:clear|reset|scrap|delete|erase|discard)(?: (?:all|everything|it|that|this|the|my))*(?: (?:playlist|list"
    r"|constraints|filters|session))?(?= [.,]|$| and| please)"
    r"|\b(?:something|anything) (?:completely|entirely|totally) (?:different|else)\b|^(?:reset|restart|start over"
    r"|clear|scrap that)$"
)
_POLITE = r"(?:please|pls|ok|okay|no|oh|oops|sorry|hm+|wait|actually|can you|could you|i want to|let s|just|now|,| )*"
_VERSION = r"(?:one|playlist|list|mix|version|set)"
_BEFORE = r"(?:the|my) (?:previous|last|old|earlier|former)"
_UNDO = re.compile(
    rf"{_POLITE}(?:undo(?: (?:that|it|this|everything|(?:the|my) last (?:change|one|step|message)))?"
    r"|(?:go|step|move|get) back(?: one(?: step)?)?|revert(?: (?:that|it|this))?|take (?:that|it) back"
    rf"|(?:go |get |take me |bring )?back to (?:{_BEFORE} {_VERSION}|(?:the|my) {_VERSION} before)"
    rf"|(?:(?:give|show|get|bring) (?:me )?(?:back )?)?(?:the|my) (?:previous|old|earlier|former) {_VERSION}"
    rf"(?: back| again)?|i (?:liked|preferred) {_BEFORE} {_VERSION}(?: (?:more|better))?"
    rf"|{_BEFORE} {_VERSION} was better){_POLITE}"
)
_REDO = re.compile(
    rf"{_POLITE}(?:redo(?: (?:that|it|this))?|undo (?:the|that|my) undo|(?:go|step) forward(?: again)?){_POLITE}"
)
_ASK = re.compile(
    r"\b(?:make|create|build|generate|compile|put together|i need|i want|i d like|i would like|give)(?: me| us| "
    r"up)?(?: an?| some kind of)? (?:[\w]+ ){0,4}?"
    r"(?:playlist|mixtape)\b|^(?:an? )?(?:[\w]+ ){0,3}playlist (?:for|of|with)\b"
)


#: Words that take up what is on screen.
_CHANGES = re.compile(
    r"\b(?:more|less|fewer|but|also|add|include|instead|make|keep|remove|drop|swap|replace|change|these|those|them|it"
    r"|this|that|other|others|else|too|another|same|still|again|now|then|bit|little|only|just|older|newer|faster"
    r"|slower|calmer|louder|softer|happier|sadder|darker|shorter|longer|harder|heavier|quieter|mellower|brighter"
    r"|warmer|better|earlier|later|lighter|deeper|rather|prefer|mix in|as well)\b|^(?:and|or|no|not|without|yes|ok)\b"
)
_SUBJECT = re.compile(
    r"\b(?:songs?|tracks?|music|tunes?|hits?|playlist|ballads|anthems|classics|bangers)\b|^(?:play|(?:the )?best of)\b"
)
#: Facets that say what a playlist is, where moods, tempo and the like say how it should be.
_WHAT = frozenset({Facet.GENRE, Facet.ERA, Facet.ACTIVITY, Facet.ARTIST, Facet.LANGUAGE, Facet.COUNTRY})


def intent_of(
    reading: Reading, constraints: Sequence[Constraint], *, names: bool, sized: bool, first_turn: bool
) -> Intent:
    """Tell whether a message asks for a playlist, changes the one on screen, starts over, or goes back or forth.

    On the first turn there is nothing to change or to forget: everything is a request. Later, a message that stands by
    itself is a new request: it says what it wants in two ways, or with a size, or "songs" with a name, and takes up
    nothing of what is on screen ("more", "but", "instead", …).
    """
    if first_turn:
        return Intent.ASK
    if _UNDO.fullmatch(reading.line):
        return Intent.UNDO
    if _REDO.fullmatch(reading.line):
        return Intent.REDO
    if _START_OVER.search(reading.line):
        return Intent.START_OVER
    if _ASK.search(reading.line):
        return Intent.ASK
    if _CHANGES.search(reading.line):
        return Intent.REFINE
    facets = {c.facet for c in constraints if c.wanted}
    whole = bool(facets & _WHAT) and (len(facets) > 1 or sized)
    return Intent.ASK if whole or (names and _SUBJECT.search(reading.line)) else Intent.REFINE


_RESIZED = tuple(
    (factor, re.compile(pattern))
    for factor, pattern in (
        (
            2.0,
            r"\b(?:twice|two times) (?:as|the) (?:long|length|many|size)\b|\bdouble (?:it|the (?:length|size)|that)\b",
        ),
        (0.5, r"\bhalf (?:as|the) (?:long|length|many|size)\b|\bcut it in half\b|\bhalve it\b"),
        (0.6, r"\bshorter\b(?! (?:songs?|tracks?|versions?|than|ones))|\bfewer (?:songs|tracks)\b"),
        (1.5, r"(?<!no )(?<!any )\blonger\b(?! (?:songs?|tracks?|versions?|than|ones))"),
    )
)


def size_factor_of(reading: Reading, *, first_turn: bool) -> float | None:
    """How many times the playlist on screen is asked for ("shorter", "twice as long"), if that is asked."""
    if first_turn:
        return None
    return next((factor for factor, pattern in _RESIZED if pattern.search(reading.line)), None)


#: Commands and courtesies: in the middle of a request they only blur what it is about.
_FILLER = re.compile(
    r"(?<!\S)(?:(?:can|could|would|will) (?:you|i|we) (?:please |maybe |also |just )?(?:have|get|make|give|play|find"
    r"|add|show|suggest|recommend|create|do|put|hear|see|include)?(?: me| us)?"
    r"|(?:^|(?<=you )|(?<=please )|(?<=also )|(?<=and )|(?<=just )|(?<=now )|(?<=then ))(?:give|make|play|find|show"
    r"|get|create|build|suggest|recommend|send|put together|generate|gimme"
    r"|queue|add|throw in|include)(?: in)?(?: me| us| up)?(?: some| a| an| the)?"
    r"|(?:hi|hello|hey|hiya|greetings|good (?:morning|evening|afternoon|day)) ?(?:there)?|please|pls|plz|thanks?(?: "
    r"you)?(?: so much| very much)?|okay|ok|yes|yeah|sure|great|perfect|awesome"
    r"|i (?:want|need|would like|d like|would love|d love|wanna|wish)(?: to)?(?: have| hear| listen to| create| make"
    r"| get| play)?(?: a| an| some| the)?"
    r"|i(?: a)?m (?:looking|searching|in the mood|after)(?: for)?(?: some| a| an)?|(?:looking|searching) for(?: some"
    r"| a| an)?|let s|lets|how about|what about|now"
    r"|(?:a |an |the |my )?(?:new )?(?:playlist|mixtape|mix|list|set)(?: of| with| for me| please)?|start over|from "
    r"scratch|some|make it|instead|start again|i d|recommendations?|suggestions?)(?!\S)"
)


#: Nothing is left of a request that ends up with these alone.
_EDGES = words("of for with and or but to by it that a an the be about in from long is at on then so i m me")


def search_text(reading: Reading, dropped: set[int], protected: set[int]) -> str:
    """The message without filler and without the words at the positions in `dropped`.

    Words at the positions in `protected` always stay. Never empty when the message has words: then it is the message.
    What pauses set apart stands in one order, whichever was said first: encoded, "calm, for dinner" would otherwise be
    other music than "for dinner, calm".
    """
    kept = [n for n in range(len(reading)) if n not in dropped]
    line = " ".join(reading.words[n] for n in kept)
    offsets: dict[int, int] = {}
    length = 0
    for n in kept:
        offsets[n] = length
        length += len(reading.words[n]) + 1
    for match in _FILLER.finditer(line):
        inside = [n for n in kept if match.start() <= offsets[n] < match.end()]
        if protected.isdisjoint(inside):
            kept = [n for n in kept if n not in inside]
    kept = _without_loose_ends(reading, kept, protected)
    clauses: list[list[int]] = []
    if not kept:
        return _written(reading, range(len(reading)))
    for n in kept:
        named = protected.issuperset((n - 1, n))  # "Earth, Wind & Fire"
        if not clauses or (not named and any(reading.pause(at) for at in range(clauses[-1][-1] + 1, n + 1))):
            clauses.append([])
        clauses[-1].append(n)
    # Of "I'm tired of Drake" only "I'm" is left, and of "but no rap" only "but".
    said = [clause for clause in clauses if not all(_is_loose(reading, n, protected) for n in clause)]
    clauses = said or clauses
    return " ".join(sorted((_written(reading, clause) for clause in clauses), key=fold))


def _written(reading: Reading, positions: Sequence[int]) -> str:
    """Words as they were written, with what joins those that stand side by side."""
    parts: list[str] = []
    last = -1
    for n in positions:
        token = reading.tokens[n]
        glued = parts and n == last + 1 and token.gap in ("-", "'", "/", "")
        parts.append((token.gap if glued else " " if parts else "") + token.raw)
        last = n
    return "".join(parts)


def _without_loose_ends(reading: Reading, kept: list[int], protected: set[int]) -> list[int]:
    """Drop the small words at both ends that belonged to what was taken out ("of" in "45 minutes of jazz")."""
    start, end = 0, len(kept)
    while start < end and _is_loose(reading, kept[start], protected):
        start += 1
    while start < end and _is_loose(reading, kept[end - 1], protected):
        end -= 1
    # Words that still stand where they stood, up to the end of the message, belong to what was said.
    if start < end and kept[start] == start:
        start = 0
    if start < end and len(reading) - kept[end - 1] == len(kept) - end + 1:
        end = len(kept)
    return kept[start:end]


def _is_loose(reading: Reading, position: int, protected: set[int]) -> bool:
    return reading.words[position] in _EDGES and position not in protected
