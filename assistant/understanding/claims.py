"""From a language model's answer to claims in our own terms, each tied to the words of the message that say it.

Values are read by the vocabulary and the rules, names are linked to the catalogue by us, and both must stand on words
that the message has: what a model makes up comes to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA

from assistant.request import Mention, Polarity
from assistant.understanding.answers import Answer
from assistant.understanding.gazetteer import squeeze
from assistant.understanding.matches import Dial, Size
from assistant.understanding.numbers import MAX_MINUTES, MAX_TRACKS
from assistant.understanding.rules import RulesUnderstanding
from assistant.understanding.tokens import Reading, read
from recsys.common_words import COMMON_WORDS, FUNCTION_WORDS
from recsys.text import fold
from recsys.types import Constraint, Facet
from recsys.vocabulary import load_vocabulary

_WORD_FACETS = {
    "genres": Facet.GENRE,
    "moods": Facet.MOOD,
    "activities": Facet.ACTIVITY,
    "instruments": Facet.INSTRUMENT,
    "languages": Facet.LANGUAGE,
    "countries": Facet.COUNTRY,
    "vocals": Facet.VOCALS,
}
_OTHER_FACETS = ("eras", "tempo", "energy", "familiarity", "fame")
_NAMES: dict[str, Polarity] = {
    "artists": "+",
    "tracks": "+",
    "similar_to": "~",
    "avoid_artists": "-",
    "avoid_tracks": "-",
}
#: Letters from which 1, 2 and 3 slips are accepted, as in the gazetteer.
_SLIPS_FROM = (5, 9, 15)
_MAX_PHRASE_WORDS = 4
_MIN_SHARED = 4  # letters of a word by which a full name stands on a part of it
#: How sure a name is that a model saw and the catalogue has.
_CONFIDENCE = 0.7


@dataclass(frozen=True, slots=True)
class Claim:
    """What words start to end (exclusive) of a message say, by a model."""

    start: int
    end: int
    said: Constraint | Mention | Size | Dial
    refuses: bool = False


class ClaimReader:
    """Reads answers against one catalogue and the vocabulary."""

    def __init__(self, rules: RulesUnderstanding) -> None:
        """Take the rules, which read single values and know the catalogue's names."""
        self._rules, self._gazetteer, self._vocabulary = rules, rules.gazetteer, load_vocabulary()

    def read(self, answer: Answer, reading: Reading) -> list[Claim]:
        """Return what an answer claims of a message, refusals first; never raises on any answer."""
        found = [claim for entry in answer.avoid for claim in self._refused(entry, reading)]
        for field, polarity in _NAMES.items():
            found += (c for entry in getattr(answer, field) for c in self._named(field, entry, polarity, reading))
        for field in (*_WORD_FACETS, *_OTHER_FACETS):
            for entry in getattr(answer, field):
                found += self._wanted(entry, _WORD_FACETS.get(field), reading)
        for field in ("minutes", "n_tracks"):
            found += (claim for entry in getattr(answer, field)[:1] for claim in self._sized(field, entry, reading))
        return list(dict.fromkeys(found))

    # -- music -----------------------------------------------------------------------------------------------------

    def _wanted(self, entry: str, facet: Facet | None, reading: Reading) -> Iterator[Claim]:
        value, words = _parts(entry)
        canonical = None if facet is None else self._vocabulary.canonical(facet, value)
        span = find(reading, words) or (self._phrase_of(facet, canonical, reading) if facet and canonical else None)
        if span is None:
            return
        text = _text(reading, span)
        if facet is not None and canonical is not None:
            yield Claim(*span, Constraint(facet, (canonical,), text=text))
            return
        request = self._rules.understand(value.lower())
        for constraint in request.constraints:
            if constraint.wanted and constraint.facet not in (Facet.ARTIST, Facet.TRACK):
                yield Claim(*span, replace(constraint, hard=False, text=text))
        yield from _dials(span, request.fame, request.discovery)

    def _refused(self, entry: str, reading: Reading) -> Iterator[Claim]:
        value, words = _parts(entry)
        span = find(reading, words) or find(reading, value)
        if span is None:
            return
        request = self._rules.understand(f"no {value.lower()}")
        for constraint in request.constraints:
            # "No vocals" is a wish: for music without.
            if constraint.facet is Facet.VOCALS or not constraint.wanted:
                if constraint.facet in (Facet.ARTIST, Facet.TRACK):
                    continue
                yield Claim(*span, replace(constraint, hard=False, text=_text(reading, span)), refuses=True)
        yield from _dials(span, request.fame, request.discovery)

    def _phrase_of(self, facet: Facet, canonical: str, reading: Reading) -> tuple[int, int] | None:
        """The first words of a message that the vocabulary knows as a canonical word."""
        for start in range(len(reading)):
            for end in range(min(start + _MAX_PHRASE_WORDS, len(reading)), start, -1):
                if self._vocabulary.canonical(facet, reading.joined(start, end)) == canonical:
                    return start, end
        return None

    # -- sizes -----------------------------------------------------------------------------------------------------

    def _sized(self, field: str, entry: str, reading: Reading) -> Iterator[Claim]:
        value, words = _parts(entry)
        span = find(reading, words)
        try:
            number = float(value.split()[0])
        except (ValueError, IndexError):
            return
        if span is None:
            return
        if field == "minutes" and 0 < number <= MAX_MINUTES:
            yield Claim(*span, Size(minutes=number))
        elif field == "n_tracks" and 1 <= number <= MAX_TRACKS and number.is_integer():
            yield Claim(*span, Size(n_tracks=int(number)))

    # -- names -----------------------------------------------------------------------------------------------------

    def _named(self, field: str, entry: str, polarity: Polarity, reading: Reading) -> Iterator[Claim]:
        for name, words in dict.fromkeys([(entry, entry), _parts(entry)]):
            span = find(reading, words)
            if span is None or not _stands_on(name, reading.words[span[0] : span[1]]):
                continue
            if all(word in FUNCTION_WORDS for word in reading.words[span[0] : span[1]]):
                continue
            mention = self._linked(name, polarity, _text(reading, span), tracks=field.endswith("tracks"))
            if mention is None and field == "similar_to":
                mention = self._linked(name, polarity, _text(reading, span), tracks=True)
            if mention is not None:
                yield Claim(*span, mention, refuses=polarity == "-")
                return

    def _linked(self, name: str, polarity: Polarity, text: str, *, tracks: bool) -> Mention | None:
        words = read(name).words
        if not tracks:
            near = self._gazetteer.artist_like(words)
            if near is None:
                return None
            artist, sure = near
            confidence = round(_CONFIDENCE * sure, 3)
            return Mention(
                kind="artist", key=artist.key, name=artist.name, polarity=polarity, confidence=confidence, text=text
            )
        title = self._gazetteer.title(words)
        if title is None and "by" in words[1:-1]:
            position = len(words) - 1 - words[::-1].index("by")
            near = self._gazetteer.artist_like(words[position + 1 :])
            title = None if near is None else self._gazetteer.title(words[:position], near[0])
        if title is None:
            return None
        return Mention(
            kind="track", key=title.track_ids[0], name=title.name, polarity=polarity, confidence=_CONFIDENCE, text=text
        )


def find(reading: Reading, said: str) -> tuple[int, int] | None:
    """Find words in a message, exactly or with a slip in longer ones: positions start to end (exclusive)."""
    words = fold(said).split()
    n = len(words)
    if not words or n > len(reading):
        return None
    for start in range(len(reading) - n + 1):
        if list(reading.words[start : start + n]) == words:
            return start, start + n
    compact = squeeze(words)
    slips = sum(len(compact) >= least for least in _SLIPS_FROM)
    best: tuple[int, tuple[int, int]] | None = None
    for length in (n, n - 1, n + 1):
        for start in range(len(reading) - length + 1) if length else ():
            window = reading.words[start : start + length]
            if all(word in COMMON_WORDS or word in FUNCTION_WORDS for word in window) and squeeze(window) != compact:
                continue
            distance = OSA.distance(compact, squeeze(window), score_cutoff=slips)
            if distance <= slips and (best is None or distance < best[0]):
                best = distance, (start, start + length)
    return None if best is None else best[1]


def _parts(entry: str) -> tuple[str, str]:
    """Split "value: words of the message"; an entry without a colon is both."""
    value, separator, words = entry.partition(": ")
    return (value.strip(), words.strip()) if separator and words.strip() else (entry.strip(), entry.strip())


def _stands_on(name: str, words: Iterable[str]) -> bool:
    """Tell whether a name is what words of the message say: the same but for slips, or a name in full of its part."""
    given = [word for word in words if word not in FUNCTION_WORDS]
    own = fold(name).split()
    compact, said = squeeze(own), squeeze(given)
    slips = sum(len(compact) >= least for least in _SLIPS_FROM)
    if OSA.distance(compact, said, score_cutoff=slips) <= slips:
        return True
    return any(len(word) >= _MIN_SHARED and word in own for word in given)


def _dials(span: tuple[int, int], fame: float | None, discovery: float | None) -> Iterator[Claim]:
    if fame is not None:
        yield Claim(*span, Dial("fame", fame))
    if discovery is not None:
        yield Claim(*span, Dial("discovery", discovery))


def _text(reading: Reading, span: tuple[int, int]) -> str:
    return " ".join(reading.raw(*span).split())
