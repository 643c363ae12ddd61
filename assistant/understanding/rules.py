"""Understanding by rules: always there, without a model, in a few milliseconds.

One message goes through finders that claim words (entities, eras, sizes, facets, dials), the claims are settled, the
words between them say what is refused, softened or insisted on, and the rest becomes the text to search with.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.languages import ENGLISH
from assistant.request import Descriptor, Intent, Polarity, Request
from assistant.understanding import numbers
from assistant.understanding.alternatives import alternatives
from assistant.understanding.composing import compose
from assistant.understanding.cues import cue_for
from assistant.understanding.edits import EditFinder, intent_of_edits
from assistant.understanding.entities import EntityLinker
from assistant.understanding.eras import EraFinder
from assistant.understanding.explicitness import wants_clean, without_explicitness
from assistant.understanding.facets import FacetFinder
from assistant.understanding.gazetteer import Gazetteer
from assistant.understanding.gloss import Glossed, gloss
from assistant.understanding.homonyms import refused_artists
from assistant.understanding.intents import intent_of, phrase_starts, search_text, size_factor_of
from assistant.understanding.labelled import NAMES
from assistant.understanding.matches import Bounds, Entity, Match, Name, Unlinked, Word, settle
from assistant.understanding.names import names_in
from assistant.understanding.negation import Marks, mark
from assistant.understanding.notes import note, unlinked
from assistant.understanding.questions import QuestionFinder
from assistant.understanding.refusing import CUE, GENERIC
from assistant.understanding.spoken import spoken
from assistant.understanding.tables import words
from assistant.understanding.tagging import Phrase
from assistant.understanding.taking_back import command
from assistant.understanding.tokens import Reading, read
from assistant.understanding.tongues import load_tongues
from assistant.understanding.topics import with_topics
from assistant.understanding.traits import with_traits
from assistant.understanding.unsticking import unstick
from assistant.understanding.whole_names import names_to_keep
from assistant.understanding.wishes_as_names import wishes_as_names
from assistant.wishes import constraints_of
from recsys.catalogue import Catalogue
from recsys.text import fold as folded
from recsys.title_versions import kinds_in
from recsys.types import Constraint, Facet
from recsys.vocabulary import Vocabulary, load_vocabulary

#: From this tier on a name is only words that a title or an artist also has.
_DOUBTFUL = 3
#: What is refused begins at most so many words behind the words that refuse it.
_NEAR = 3
#: Taken as the newest year of a catalogue that states no years.
_NEWEST_YEAR = 2020
_AROUND = words("no not non without sans zero w o less fewer from the of with in some by a an to for")
_BEHIND = words("songs song tracks music free")
_LESS = words("less fewer")
_KINDS = {
    "Version": words("live karaoke remix remixes remaster remasters remastered cover covers version edit edits"),
    "Explicit": words("explicit clean swearing swear profanity cursing curse"),
    "Vocals": words(
        "lyrics lyric vocals vocal voices singing singers talking speech screaming screams shouting growling growls "
        "rapping falsetto growl autotune mc"
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
    Facet.VERSION: "Version",
}
#: Genres of the vocabulary that MusicRecoIntent labels by when or for whom they are played.
_OCCASIONS = words("christmas children's")


class RulesUnderstanding:
    """Reads requests against one catalogue and the music vocabulary. Never raises on any text."""

    def __init__(self, catalogue: Catalogue, vocabulary: Vocabulary | None = None) -> None:
        years = catalogue.numeric["year"]
        known = years[~np.isnan(years)]
        self._eras = EraFinder(int(known.max()) if known.size else _NEWEST_YEAR)
        self._facets = FacetFinder(vocabulary or load_vocabulary())
        self._has_attributes = catalogue.attributes.known
        self.gazetteer = Gazetteer(catalogue)
        self._entities = EntityLinker(self.gazetteer)
        self._questions = QuestionFinder(self.gazetteer, lambda text: self._whole(text, read(text)))
        load_tongues()  # read now, half a second, and not in the first message

    def read(self, text: str) -> Reading:
        """Cut a message into words; a command that is typed into an artist's name is a word of its own."""
        return unstick(read(text), self.gazetteer)

    def understand(self, text: str, *, first_turn: bool = True, told: Sequence[tuple[int, int]] = ()) -> Request:
        """Read one message.

        Args:
            text: anything; only the first MAX_CHARACTERS characters are read.
            first_turn: whether there is no playlist to refine yet.
            told: words (start, end) of its reading that others take for names.

        Returns:
            The request; one without any constraint for text that says nothing about music.
        """
        request = self._understand(text, first_turn, told)
        if (clean := wants_clean(text)) is None:
            return request
        # "Keep it clean" is not about cleaning.
        constraints = tuple(c for c in request.constraints if folded(c.text) != "clean")
        found = {"clean": clean, "constraints": constraints, "search_text": without_explicitness(request.search_text)}
        return request.model_copy(update=found)

    def _understand(self, text: str, first_turn: bool, told: Sequence[tuple[int, int]]) -> Request:
        original = self.read(text)
        if not len(original):
            intent = Intent.ASK if first_turn else Intent.REFINE
            return Request(text=text, intent=intent, search_text=original.text.strip())
        reading, matches, language = self._read(original, told, commands=not first_turn)
        request = self._request(text, reading, matches, language, first_turn=first_turn)
        if language != ENGLISH and first_turn:
            reading, _, _ = self._read(original, commands=True)
        asked = self._questions.find(reading, first_turn=first_turn)
        if asked is None and language != ENGLISH:
            return request
        if asked is None:
            others = alternatives(request, self._by_vocabulary(request.search_text), self.gazetteer)
            return request.model_copy(update={"alternatives": others}) if others else request
        what = {"intent": asked.intent, "question": asked.question, "export_format": asked.export_format}
        return request.model_copy(update={**what, "edits": (), "chips": (), "arc": None, "less": False})

    def _request(
        self, text: str, reading: Reading, matches: list[Match], language: str, *, first_turn: bool
    ) -> Request:
        """Read a message as a request for music, whatever it is."""
        if not first_turn and (chip := command(text)) is not None:
            return Request(text=text, spoken=language, intent=Intent.REFINE, chips=(chip,))
        artists = [(m.start, m.end) for m in matches if m.entity and m.entity.kind == "artist"]
        finder = EditFinder(reading, self._describe, glossed=language != ENGLISH, artists=artists)
        chips = [] if first_turn else finder.chips()
        edits = [] if first_turn else finder.find()
        arc, less = finder.arc(), not first_turn and finder.less()
        if not (edits or chips or arc or less):
            return self._composed(text, reading, matches, language, first_turn=first_turn)
        left = self.read(finder.rest())
        request = Request(text=text, spoken=language)
        if len(left):
            request = self._composed(text, left, self._matches(left), language, first_turn=first_turn)
        intent = request.intent if len(left) or first_turn else Intent.REFINE
        intent = intent_of_edits(edits) if edits else intent
        found = {"edits": tuple(edits), "chips": tuple(chips), "arc": arc, "less": less}
        return request.model_copy(update={"intent": intent} | found)

    def _by_vocabulary(self, words: str) -> tuple[Constraint, ...]:
        """Read words by the vocabulary and as eras, whatever names they may be."""
        reading = read(words)
        matches = settle([*self._facets.find(reading), *self._eras.find(reading, lambda _: False)])
        return compose(reading, mark(reading, matches), first_turn=True).constraints

    def _describe(self, words: str) -> tuple[Constraint, ...]:
        """Read words that describe tracks, as in "the slow ones"; none where they say nothing of the music."""
        if kinds := kinds_in(words):
            return (Constraint(Facet.VERSION, kinds, text=words),)
        reading = read(words)
        return constraints_of(self._whole(words, reading)) if len(reading) else ()

    def _whole(self, text: str, reading: Reading) -> Request:
        """Read English words as a request by themselves."""
        return self._composed(text, reading, self._matches(reading), ENGLISH, first_turn=True)

    def _composed(
        self, text: str, reading: Reading, matches: list[Match], language: str, *, first_turn: bool
    ) -> Request:
        """Say what a message that is about the whole playlist asks for."""
        marks = mark(reading, matches)
        composed = compose(reading, marks, first_turn=first_turn)
        described = _phrases(reading, marks, language)
        request = Request(
            text=text,
            spoken=language,
            intent=intent_of(
                reading,
                composed.constraints,
                names=any(mention.polarity != "-" for mention in composed.mentions),
                sized=composed.n_tracks is not None or composed.minutes is not None,
                first_turn=first_turn,
            ),
            constraints=composed.constraints + refused_artists(reading, marks, self.gazetteer, first_turn=first_turn),
            mentions=composed.mentions,
            n_tracks=composed.n_tracks,
            minutes=composed.minutes,
            size_factor=size_factor_of(reading, first_turn=first_turn),
            discovery=composed.discovery,
            fame=composed.fame,
            how_much_me=composed.how_much_me,
            descriptors=tuple(Descriptor(facet=p.facet, text=p.text, polarity=p.polarity) for p in described),
            search_text=search_text(
                reading, composed.unsearchable, _entity_words(matches), phrase_starts(reading, matches)
            ),
            unlinked=unlinked(matches),
            note=note(reading, matches, language, composed.contradiction),
        )
        return with_traits(with_topics(request, reading), reading, marks, known=self._has_attributes)

    def phrases(self, reading: Reading) -> list[Phrase]:
        """Return the words that describe the music, in order, and how each is meant."""
        glossed, matches, language = self._read(reading)
        return _phrases(glossed, mark(glossed, matches), language)

    def marks(self, reading: Reading) -> Marks:
        """Return every word that the rules explain, and how it is meant."""
        glossed, matches, _ = self._read(reading)
        return mark(glossed, matches)

    def names(self, reading: Reading, told: Sequence[tuple[int, int]] = ()) -> list[Name]:
        """Return the names in a message, in order, given the words (start, end) that others take for names."""
        glossed, matches, _ = self._read(reading, told)
        return names_in(glossed, matches)

    def spoken(self, reading: Reading) -> str:
        """Tell in which language a message is: "en", or a code of `TONGUES`."""
        tongue = spoken(reading, self._entities.whole_name(reading))
        return ENGLISH if tongue is None else tongue.code

    def _read(
        self, reading: Reading, told: Sequence[tuple[int, int]] = (), *, commands: bool = False
    ) -> tuple[Reading, list[Match], str]:
        """Find what a message says, in its English gloss where it is of another language; with that language.

        `commands` are read where a playlist is on screen, and in questions.
        """
        tongue = spoken(reading, self._entities.whole_name(reading))
        if tongue is None:
            return reading, self._matches(reading, told=told), ENGLISH
        names = names_to_keep(self.gazetteer, reading, tongue.is_ordinary)
        glossed = gloss(reading, tongue, names, commands=commands)
        if not len(glossed.reading):
            return reading, [], tongue.code
        return glossed.reading, self._matches(glossed.reading, glossed), tongue.code

    def _matches(
        self, reading: Reading, glossed: Glossed | None = None, told: Sequence[tuple[int, int]] = ()
    ) -> list[Match]:
        """Find what a message says, given its gloss where it is of another language."""
        refusing = _refusing(reading)
        facets = self._facets.find(reading) if glossed is None else self._facets.find(reading, glossed.kept)
        # "Fed up with soul" is not about what is "with soul".
        facets = [m for m in facets if not any(a < m.start < b < m.end for a, b in refusing)]
        facets = facets if glossed is None else [*glossed.matches, *facets]
        genres = {m.start for m in facets if any(word.facet is Facet.GENRE for word in m.words)}
        facets += self._eras.find(reading, genres.__contains__)
        names = [m for m in self._entities.link(reading, settle(facets), told) if not _is_part(m, facets)]
        names = _not_refusing(names, facets, refusing)
        names += wishes_as_names(reading, facets, names)
        claimed = [m for m in (*facets, *names) if m.tier <= 1]

        def taken(start: int, end: int) -> bool:
            return any(m.start < end and start < m.end for m in claimed)

        sizes = numbers.find_minutes(reading, taken)
        claimed += sizes
        sizes += numbers.find_tracks(reading, taken)
        settled = settle([*facets, *names, *sizes])
        if glossed is not None:
            return settled  # a word of another language is no misspelt English one
        explained = {n for m in settled for n in range(m.start, m.end)}
        slips = (self._facets.find_slips(reading, n) for n in range(len(reading)) if n not in explained)
        return sorted([*settled, *(slip for slip in slips if slip)], key=lambda m: m.start)


def _phrases(reading: Reading, marks: Marks, language: str) -> list[Phrase]:
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
            said = reading.raw(start, end)
            kind = NAMES if _is_name(said, language) else _kind(reading.words[start:end])
            beside = [other for other in found if other.polarity == "-" and _adjoin(reading, other, start, end)]
            for other in beside if kind != "Mood" else ():  # "no vocal samples", but "no cheesy country" refuses two
                found.remove(other)
                kind, start, end = other.facet, min(start, other.start), max(end, other.end)
            found.append(Phrase(kind, start, end, "-", reading.raw(start, end)))
    return sorted(found, key=lambda one: one.start)


def _adjoin(reading: Reading, phrase: Phrase, start: int, end: int) -> bool:
    """Tell whether a phrase stands beside other words without a pause."""
    return (phrase.end == start and not reading.pause(start)) or (phrase.start == end and not reading.pause(end))


def _bare(reading: Reading, match: Match) -> tuple[int, int]:
    """A match without the words around it that describe nothing: "from the 80s", "no vocals", "Christmas songs"."""
    start, end = match.start, match.end
    if match.entity is None and not any(isinstance(payload, Unlinked) for payload in match.payloads):
        while start + 1 < end and (reading.words[start] in _AROUND or _free_of(reading, start)):
            start += 1
        behind = _BEHIND | GENERIC if reading.words[start] in _KINDS["Version"] else _BEHIND
        while start + 1 < end and reading.words[end - 1] in behind:
            end -= 1
    return start, end


def _refuses_itself(reading: Reading, match: Match) -> bool:
    """Tell whether a match holds its own refusal: "less aggressive", "lyric free", "free of lyrics"."""
    start, end = match.start, match.end
    first, last = reading.words[start], reading.words[end - 1]
    return end - start > 1 and (first in _LESS or last == "free" or _free_of(reading, start))


def _free_of(reading: Reading, start: int) -> bool:
    return list(reading.words[start : start + 2]) == ["free", "of"]


def _is_name(said: str, language: str) -> bool:
    """Tell whether refused words of another language are a name by their capitals; German nouns all have one."""
    capitals = [word[0].isupper() for word in said.split()]
    return language != ENGLISH and all(capitals) and len(capitals) > (language == "de")


def _kind(said: Sequence[str]) -> str:
    """Guess the facet of refused words that no finder knows."""
    kinds = (kind for kind, known in _KINDS.items() if any(word in known for word in said))
    return next(kinds, "Genre")


def _facet_of(match: Match) -> str | None:
    """Name a match's facet as MusicRecoIntent does; None for sizes and dials."""
    for payload in match.payloads:
        if isinstance(payload, Entity | Unlinked):
            return NAMES
        if isinstance(payload, Word) and payload.value in _OCCASIONS:
            return _FACETS[Facet.ACTIVITY]
        if isinstance(payload, Word | Bounds) and payload.facet in _FACETS:
            return _FACETS[payload.facet]
    return None


def _is_part(name: Match, facets: list[Match]) -> bool:
    """Tell whether a name is only a piece of a longer phrase of music ("west coast" in "west coast rap")."""
    longer = (m for m in facets if m.end - m.start > name.end - name.start)
    return name.tier > 0 and any(m.start <= name.start and name.end <= m.end for m in longer)


def _refusing(reading: Reading) -> list[tuple[int, int]]:
    """Where several words together refuse ("fed up with"), as positions start to end (exclusive)."""
    cues = (cue for cue in CUE.finditer(reading.line) if cue["neg"] and " " in cue["neg"])
    return [reading.span(*cue.span()) for cue in cues]


def _not_refusing(names: list[Match], facets: list[Match], refusing: list[tuple[int, int]]) -> list[Match]:
    """The names without the doubtful ones that are how something is refused: "Fed Up" in "fed up with pop"."""
    starts = {m.start for m in (*facets, *names)}
    cues = [(start, end) for start, end in refusing if not starts.isdisjoint(range(end, end + _NEAR))]
    return [m for m in names if m.tier < _DOUBTFUL or not any(a <= m.start and m.end <= b for a, b in cues)]


def _entity_words(matches: list[Match]) -> set[int]:
    return {n for m in matches if m.entity for n in range(m.start, m.end)}
