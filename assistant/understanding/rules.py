"""Understanding by rules: always there, without a model, in a few milliseconds.

One message goes through finders that claim words (entities, eras, sizes, facets, dials), the claims are settled, the
words between them say what is refused, softened or insisted on, and the rest becomes the text to search with.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.request import Descriptor, Intent, Polarity, Request
from assistant.understanding import numbers
from assistant.understanding.composing import compose
from assistant.understanding.cues import cue_for
from assistant.understanding.entities import EntityLinker
from assistant.understanding.eras import EraFinder
from assistant.understanding.facets import FacetFinder
from assistant.understanding.gazetteer import Gazetteer
from assistant.understanding.intents import intent_of, search_text, size_factor_of
from assistant.understanding.labelled import NAMES
from assistant.understanding.matches import Bounds, Entity, Match, Name, Size, Unlinked, Word, settle
from assistant.understanding.names import names_in
from assistant.understanding.negation import Marks, mark
from assistant.understanding.tables import words
from assistant.understanding.tagging import Phrase
from assistant.understanding.tokens import MAX_CHARACTERS, Reading, read
from recsys.catalogue import Catalogue
from recsys.types import Facet
from recsys.vocabulary import Vocabulary, load_vocabulary

#: Taken as the newest year of a catalogue that states no years.
_NEWEST_YEAR = 2020
_AROUND = words("no not non without sans zero w o less fewer from the of with in some by a an to for")
_BEHIND = words("songs song tracks music free")
_LESS = words("less fewer")
_KINDS = {
    "Version": words("live remix remixes remaster remasters remastered cover covers version edit edits"),
    "Explicit": words("explicit clean swearing swear profanity cursing curse"),
    "Vocals": words(
        "lyrics lyric vocals vocal voices singing singers talking speech screaming screams shouting growling growls "
        "rapping falsetto"
    ),
    "Instrument": words("strings drums horns"),
    "Mood": words(
        "loud quiet noisy heavy cheesy corny boring sad happy angry aggressive whiny slow fast mournful depressing "
        "dark harsh weird creepy generic mainstream"
    ),
}
#: Facets as MusicRecoIntent names them, and beside its seven those that it has not.
_FACETS = {
    Facet.GENRE: "Genre",
    Facet.MOOD: "Mood",
    Facet.ENERGY: "Mood",
    Facet.ACTIVITY: "ListeningContext",
    Facet.INSTRUMENT: "Instrument",
    Facet.VOCALS: "Vocals",
    Facet.ERA: "Decade",
    Facet.COUNTRY: "country",
    Facet.LANGUAGE: "Language",
    Facet.TEMPO: "Tempo",
}


class RulesUnderstanding:
    """Reads requests against one catalogue and the music vocabulary. Never raises on any text."""

    def __init__(self, catalogue: Catalogue, vocabulary: Vocabulary | None = None) -> None:
        years = catalogue.numeric["year"]
        known = years[~np.isnan(years)]
        self._eras = EraFinder(int(known.max()) if known.size else _NEWEST_YEAR)
        self._facets = FacetFinder(vocabulary or load_vocabulary())
        self._entities = EntityLinker(Gazetteer(catalogue))

    def understand(self, text: str, *, first_turn: bool = True, told: Sequence[tuple[int, int]] = ()) -> Request:
        """Read one message.

        Args:
            text: anything; only the first MAX_CHARACTERS characters are read.
            first_turn: whether there is no playlist to refine yet.
            told: words (start, end) of its reading that others take for names.

        Returns:
            The request; one without any constraint for text that says nothing about music.
        """
        reading = read(text)
        if not len(reading):
            intent = Intent.ASK if first_turn else Intent.REFINE
            return Request(text=text, intent=intent, search_text=reading.text.strip())
        matches = self._matches(reading, told)
        marks = mark(reading, matches)
        composed = compose(reading, marks, first_turn=first_turn)
        described = _phrases(reading, marks)
        return Request(
            text=text,
            intent=intent_of(
                reading,
                composed.constraints,
                names=any(mention.polarity != "-" for mention in composed.mentions),
                sized=composed.n_tracks is not None or composed.minutes is not None,
                first_turn=first_turn,
            ),
            constraints=composed.constraints,
            mentions=composed.mentions,
            n_tracks=composed.n_tracks,
            minutes=composed.minutes,
            size_factor=size_factor_of(reading, first_turn=first_turn),
            discovery=composed.discovery,
            fame=composed.fame,
            descriptors=tuple(Descriptor(facet=p.facet, text=p.text, polarity=p.polarity) for p in described),
            search_text=search_text(reading, composed.unsearchable, _entity_words(matches)),
            note=_note(reading, matches),
        )

    def phrases(self, reading: Reading) -> list[Phrase]:
        """Return the words that describe the music, in order, and how each is meant."""
        return _phrases(reading, mark(reading, self._matches(reading)))

    def names(self, reading: Reading, told: Sequence[tuple[int, int]] = ()) -> list[Name]:
        """Return the names in a message, in order, given the words (start, end) that others take for names."""
        return names_in(reading, self._matches(reading, told))

    def _matches(self, reading: Reading, told: Sequence[tuple[int, int]] = ()) -> list[Match]:
        facets = self._facets.find(reading)
        genres = {m.start for m in facets if any(word.facet is Facet.GENRE for word in m.words)}
        facets += self._eras.find(reading, genres.__contains__)
        names = [m for m in self._entities.link(reading, settle(facets), told) if not _is_part(m, facets)]
        claimed = [m for m in (*facets, *names) if m.tier <= 1]

        def taken(start: int, end: int) -> bool:
            return any(m.start < end and start < m.end for m in claimed)

        sizes = numbers.find_minutes(reading, taken)
        claimed += sizes
        sizes += numbers.find_tracks(reading, taken)
        settled = settle([*facets, *names, *sizes])
        explained = {n for m in settled for n in range(m.start, m.end)}
        slips = (self._facets.find_slips(reading, n) for n in range(len(reading)) if n not in explained)
        return sorted([*settled, *(slip for slip in slips if slip)], key=lambda m: m.start)


def _phrases(reading: Reading, marks: Marks) -> list[Phrase]:
    found = []
    for one in marks.marks:
        facet, (start, end) = _facet_of(one.match), _bare(reading, one.match)
        if facet is None or one.dropped:
            continue
        entity = one.match.entity
        cue = entity.cue if entity else cue_for(reading, start, end).polarity if facet == NAMES else "+"
        said_so = one.match.negates or _refuses_itself(reading, one.match)
        polarity: Polarity = "-" if one.negated != said_so else cue
        spans = [(name.start, name.end) for name in entity.names] if entity and entity.names else [(start, end)]
        found += [Phrase(facet, first, last, polarity, reading.raw(first, last)) for first, last in spans]
    taken = {n for one in found for n in range(one.start, one.end)}
    for start, end in marks.unknown:
        if taken.isdisjoint(range(start, end)):
            found.append(Phrase(_kind(reading.words[start:end]), start, end, "-", reading.raw(start, end)))
    return sorted(found, key=lambda one: one.start)


def _bare(reading: Reading, match: Match) -> tuple[int, int]:
    """A match without the words around it that describe nothing: "from the 80s", "no vocals", "Christmas songs"."""
    start, end = match.start, match.end
    if match.entity is None and not any(isinstance(payload, Unlinked) for payload in match.payloads):
        while start + 1 < end and reading.words[start] in _AROUND:
            start += 1
        while start + 1 < end and reading.words[end - 1] in _BEHIND:
            end -= 1
    return start, end


def _refuses_itself(reading: Reading, match: Match) -> bool:
    """Tell whether a match holds its own refusal: "less aggressive", "lyric free"."""
    n_words = match.end - match.start
    return n_words > 1 and (reading.words[match.start] in _LESS or reading.words[match.end - 1] == "free")


def _kind(said: Sequence[str]) -> str:
    """Guess the facet of refused words that no finder knows."""
    kinds = (kind for kind, known in _KINDS.items() if any(word in known for word in said))
    return next(kinds, "Genre")


def _facet_of(match: Match) -> str | None:
    """Name a match's facet as MusicRecoIntent does; None for sizes and dials."""
    for payload in match.payloads:
        if isinstance(payload, Entity | Unlinked):
            return NAMES
        if isinstance(payload, Word | Bounds) and payload.facet in _FACETS:
            return _FACETS[payload.facet]
    return None


def _is_part(name: Match, facets: list[Match]) -> bool:
    """Tell whether a name is only a piece of a longer phrase of music ("west coast" in "west coast rap")."""
    longer = (m for m in facets if m.end - m.start > name.end - name.start)
    return name.tier > 0 and any(m.start <= name.start and name.end <= m.end for m in longer)


def _entity_words(matches: list[Match]) -> set[int]:
    return {n for m in matches if m.entity for n in range(m.start, m.end)}


def _note(reading: Reading, matches: list[Match]) -> str | None:
    notes: list[str] = []
    unknown = dict.fromkeys(p.name for m in matches for p in m.payloads if isinstance(p, Unlinked))
    if unknown:
        names = ", ".join(f"“{name}”" for name in unknown)
        notes.append(f"{names} {'is' if len(unknown) == 1 else 'are'} not in this catalogue.")
    for size in (p for m in matches for p in m.payloads if isinstance(p, Size) and p.cut):
        most = f"{numbers.MAX_TRACKS} tracks" if size.n_tracks else f"{numbers.MAX_MINUTES / 60:.0f} hours"
        notes.append(f"A playlist has at most {most}.")
    if reading.cut:
        notes.append(f"Only the first {MAX_CHARACTERS:,} characters were read.")
    return " ".join(dict.fromkeys(notes)) or None
