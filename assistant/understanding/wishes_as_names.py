"""Words that mean a wish, said as a name that the catalogue does not have: "songs by the band Underrated".

"By underrated bands" wishes; behind "the band", or after "songs by" with nothing to describe, the same word can only be
a name. What describes music in other ways ("the band Soul") is one only with a capital, and so is every word behind a
noun in languages that put what describes there: "del artista desconocido".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.understanding.matches import Dial, Match, Unlinked, Word
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from recsys.appeal.serving import JUDGED
from recsys.text import fold

#: Who makes music, behind which a name stands: in English and German, and in the others, folded.
_MAKER = re.compile(
    r"\b(?:the|by|from|of|der|des|die|den|dem|von|vom) (?:band|group|artist|singer|rapper|duo|trio|act|musician"
    r"|songwriter|composer|producer|dj|gruppe|kunstlers?|kunstlerin|sangers?|sangerin|rappers|rapperin|duos|interpreten"
    r"|interpretin|musikers?|musikerin)(?: (?:named|called|known as|namens))?(?: the)?$"
)
_MAKER_FIRST = re.compile(
    r"\b(?:del?|de la|el|la|du|de l|le|l|della|dell|dello|il|lo|do|da|o|a) (?:grupo|banda|artista|cantante|duo|rapero"
    r"|rapera|compositora?|musico|cantautora?|conjunto|groupe|artiste|chanteur|chanteuse|rappeur|rappeuse|compositeur"
    r"|compositrice|gruppo|band|compositore|cantautore|cantautrice|cantora?|dupla|rapper)"
    r"(?: (?:llamad[oa]|nommee?|appelee?|chiamat[oa]|chamad[oa]))?$"
)
_BY = re.compile(
    r"\b(?:songs?|tracks?|music|tunes?|something|anything|everything|stuff|more|hits|albums?|titles?|pieces?)"
    r"(?: \w+)? by$"
)
_GOES_ON = words("and or but from with for in please then too also")


def wishes_as_names(reading: Reading, facets: Sequence[Match], names: Sequence[Match]) -> Iterator[Match]:
    """Yield such names, of what the vocabulary takes for wishes and nothing takes for a name of the catalogue."""
    taken = {n for match in names for n in range(match.start, match.end)}
    for match in facets:
        start, end = match.start, match.end
        if not taken.isdisjoint(range(start, end)) or reading.pause(start):
            continue
        capital = _has_capitals(reading, start, end)
        if _is_name(reading, start, end, wishes=_only_wishes(match), capital=capital) and _ends(reading, end, capital):
            start -= capital and start > 0 and reading.raw(start - 1, start) == "The"
            yield Match(start, end, (Unlinked(" ".join(reading.raw(start, end).split())),), tier=0)


def _has_capitals(reading: Reading, start: int, end: int) -> bool:
    """Tell whether all of some words are written with capitals, also where the reading has others in their place."""
    said = reading.raw(start, end)
    return all(reading.capital(n) for n in range(start, end)) or (
        fold(said) != reading.joined(start, end) and all(word[0].isupper() for word in said.split())
    )


def _is_name(reading: Reading, start: int, end: int, *, wishes: bool, capital: bool) -> bool:
    """Tell whether what stands before words makes a name of them."""
    before = fold(reading.text[: reading.tokens[start].start])
    if _MAKER.search(before) is not None:
        return wishes or capital
    if _MAKER_FIRST.search(before) is not None:
        return capital
    as_written = fold(reading.raw(start, end)) == reading.joined(start, end)  # and not put into English
    return wishes and as_written and _BY.search(reading.left(start)) is not None


def _only_wishes(match: Match) -> bool:
    """Tell whether a match turns dials or asks for quality, and says nothing else."""
    return all(isinstance(one, Dial) or (isinstance(one, Word) and one.facet in JUDGED) for one in match.payloads)


def _ends(reading: Reading, end: int, capital: bool) -> bool:
    """Tell whether nothing follows that words could describe or go on to."""
    if end == len(reading) or reading.pause(end):
        return True
    return reading.words[end] == "please" or (capital and reading.words[end] in _GOES_ON)
