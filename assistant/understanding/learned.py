"""Understanding by the rules and a tagger: what was learnt from labelled requests, beside what the rules know.

The rules alone make constraints, for only they know the vocabulary and the catalogue. The tagger says which words
describe the music and how they are meant, and which are names, to be looked up in the catalogue. What is refused in
words that the rules do not know is taken out of the search text, so that the playlist does not move towards it. The
tagger learnt English: messages of another language are read by the rules alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.languages import ENGLISH
from assistant.request import Descriptor, Request
from assistant.understanding.labelled import NAMES
from assistant.understanding.matches import Name
from assistant.understanding.names import kind_of, trim
from assistant.understanding.rules import RulesUnderstanding
from assistant.understanding.tagging import Phrase, Tagger, WordReader, join
from assistant.understanding.tokens import Reading

_REFUSING = (
    r"(?:\b(?:but|and)\s+)?(?:\b(?:not|no|non|isn'?t|aren'?t|without|less|never|nothing)\b[\s-]*)?"
    r"(?:\b(?:too|so|very|that)\s+)?"
)


class LearnedUnderstanding:
    """Reads requests by the rules, and with a tagger beside them. Never raises on any text."""

    def __init__(self, rules: RulesUnderstanding, tagger: Tagger, reader: WordReader) -> None:
        """Put both together; the reader must see with the encoder that the tagger was made with."""
        self._rules, self._tagger, self._reader = rules, tagger, reader

    def understand(self, text: str, *, first_turn: bool = True) -> Request:
        """Read one message; `first_turn` says that there is no playlist to refine yet."""
        reading = self._rules.read(text)
        learnt = self._learnt(reading)
        request = self._rules.understand(text, first_turn=first_turn, told=_spans_of_names(learnt or ()))
        found = self._joined(reading, learnt)
        return request.model_copy(
            update={
                "descriptors": tuple(Descriptor(facet=p.facet, text=p.text, polarity=p.polarity) for p in found),
                "search_text": without(request.search_text, (p.text for p in found if p.polarity == "-")),
            }
        )

    def phrases(self, text: str) -> list[Phrase]:
        """Return the words that describe the music, in order, and how each is meant."""
        reading = self._rules.read(text)
        return self._joined(reading, self._learnt(reading))

    def names(self, text: str) -> list[Name]:
        """Return the names in a message, in order: those that the rules find, and those that were learnt to be some."""
        reading = self._rules.read(text)
        learnt = _spans_of_names(self._learnt(reading) or ())
        found = self._rules.names(reading, learnt)
        linked = {n for one in found for n in range(one.start, one.end)}
        for start, end in learnt:
            left = [n for n in range(start, end) if n not in linked]
            rest = trim(reading, left[0], left[-1] + 1) if left else None
            if rest is not None and linked.isdisjoint(range(*rest)):
                found.append(Name(kind_of(reading, *rest, found), *rest))
        return sorted(found, key=lambda one: one.start)

    def _learnt(self, reading: Reading) -> list[Phrase] | None:
        """What the tagger finds; None where it cannot know, for it learnt from English requests."""
        if self._rules.spoken(reading) != ENGLISH:
            return None
        return self._tagger.tag(self._reader.read(reading))

    def _joined(self, reading: Reading, learnt: list[Phrase] | None) -> list[Phrase]:
        ruled = self._rules.phrases(reading)
        return ruled if learnt is None else join(learnt, ruled, self._tagger.facets)


def _spans_of_names(learnt: Iterable[Phrase]) -> list[tuple[int, int]]:
    return [(phrase.start, phrase.end) for phrase in learnt if phrase.facet == NAMES]


def without(text: str, phrases: Iterable[str]) -> str:
    """Take phrases out of a text, with the word that refuses them; all of the text where nothing would be left."""
    left = text
    for phrase in phrases:
        left = re.sub(rf"{_REFUSING}(?<!\w){re.escape(phrase)}(?!\w)", " ", left, flags=re.IGNORECASE)
    left = " ".join(left.split()).strip(" ,;.-")
    return left or text
