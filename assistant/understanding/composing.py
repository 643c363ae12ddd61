"""From marked matches to constraints, mentions, size and dials.

Conventions. Genre, era, language, country, vocals and wanted artists are hard, and so is every refusal; mood, activity,
tempo, energy and instrument are soft unless insisted on. "Maybe" makes soft, "only" makes hard, "not too" never
refuses but bounds. Two genres side by side ("latin jazz rock") must both hold; joined by "and", "or" or a comma either
will do. Constraints come out in a fixed order, so that the order of independent clauses does not matter.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from assistant.request import Mention
from assistant.understanding.contradicting import Contradiction, FameSaid, settle_fame
from assistant.understanding.eras import union
from assistant.understanding.matches import Bounds, Dial, Entity, Size, Word
from assistant.understanding.negation import Mark, Marks
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from recsys.appeal.serving import GOOD, JUDGED
from recsys.types import Constraint, Facet
from recsys.vocabulary import load_vocabulary

_HARD = frozenset((Facet.GENRE, Facet.ERA, Facet.LANGUAGE, Facet.COUNTRY, Facet.VOCALS, Facet.ARTIST, Facet.VERSION))
#: Facets of which one track has one: several wanted values can only mean any of them.
_ALTERNATIVES = frozenset((Facet.LANGUAGE, Facet.COUNTRY, Facet.VOCALS, Facet.ACTIVITY))
_ORDER = tuple(Facet)
#: Facets of which no encoder of texts knows how they sound.
_UNSOUNDED = frozenset((Facet.KEY, Facet.AI, *JUDGED))
#: What is left of a dial that is refused ("no hits"), or only toned down ("nothing too famous").
_DIAL_REFUSED, _DIAL_TONED = 1.0, 0.6
#: "Not too fast" still lets a little beyond: the far end of the interval moves by so much.
_LEEWAY = {Facet.TEMPO: 5.0, Facet.ENERGY: -0.05, Facet.ERA: 0.0}
#: Moods that are really about energy, for "not too …": the bound that is meant.
_NOT_TOO = {
    "intense": (None, 0.65),
    "aggressive": (None, 0.65),
    "energetic": (None, 0.65),
    "euphoric": (None, 0.7),
    "calm": (0.3, None),
    "mellow": (0.3, None),
}
_TOGETHER = words("with meets x infused blended mixed fused")
_BLEND_REACH = 3  # words between two genres of a blend: "jazz mixed with hip-hop"


_COUNTED = words("song songs track tracks tune tunes")


@dataclass
class Composed:
    """What a message says, ready for a `Request`, and the positions of words that are no search text."""

    constraints: tuple[Constraint, ...] = ()
    mentions: tuple[Mention, ...] = ()
    n_tracks: int | None = None
    minutes: float | None = None
    discovery: float | None = None
    fame: float | None = None
    contradiction: Contradiction | None = None  # of wishes for fame
    how_much_me: float | None = None
    unsearchable: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class _Wanted:
    """A wanted word with where it stands."""

    word: Word
    start: int
    end: int
    text: str
    hard: bool


def compose(reading: Reading, marks: Marks, *, first_turn: bool) -> Composed:
    """Turn marked matches into what the message asks for."""
    return _Composing(reading, marks, first_turn=first_turn).run()


class _Composing:
    def __init__(self, reading: Reading, marks: Marks, *, first_turn: bool) -> None:
        self._reading, self._marks, self._first_turn = reading, marks, first_turn
        self._wanted: list[_Wanted] = []
        self._bounds: list[tuple[Bounds, str]] = []
        self._artists: list[tuple[str, str, bool]] = []
        self._refused: list[Constraint] = []
        self._mentions: list[Mention] = []
        self._fame: list[FameSaid] = []
        self._out = Composed()

    def run(self) -> Composed:
        for mark in self._marks.marks:
            if not mark.dropped:
                self._take(mark)
        self._out.fame, self._out.contradiction = settle_fame(self._fame, self._reading)
        for start, end in self._marks.refusals:
            self._out.unsearchable.update(range(start, end))
        wanted = [*self._genres(), *self._words(), *self._numbers(), *self._artist()]
        refused = [self._sparing(c) for c in self._refused if not _is_wanted(c, wanted)]
        unique = {replace(c, text=""): c for c in (*refused, *wanted)}
        self._out.constraints = tuple(sorted(unique.values(), key=_sort_key))
        self._out.mentions = tuple(dict.fromkeys(self._mentions))
        return self._out

    def _sparing(self, refused: Constraint) -> Constraint:
        """Spare the kinds of a refused thing that the message allows, or even asks for."""
        allowed = [word for mark in self._marks.marks if mark.allowed for word in mark.match.words]
        allowed += [wanted.word for wanted in self._wanted]
        below = {w for value in refused.values for w in load_vocabulary().descendants(refused.facet, value)}
        spared = dict.fromkeys(w.value for w in allowed if w.facet is refused.facet and w.value in below)
        return replace(refused, spared=tuple(w for w in spared if w not in refused.values))

    # -- sorting what was found ------------------------------------------------------------------------------------

    def _take(self, mark: Mark) -> None:
        match = mark.match
        text = " ".join(self._reading.raw(match.start, match.end).split())
        for payload in match.payloads:
            if isinstance(payload, Word):
                self._take_word(payload, mark, text)
            elif isinstance(payload, Bounds):
                self._take_bounds(payload, mark, text)
            elif isinstance(payload, Entity):
                self._take_entity(payload, mark, text)
            else:
                self._out.unsearchable.update(range(match.start, match.end))
                if isinstance(payload, Dial):
                    self._take_dial(payload, mark)
                elif isinstance(payload, Size) and payload.n_tracks is not None:
                    self._out.n_tracks = payload.n_tracks
                    if self._reading.joined(match.end, match.end + 1) in _COUNTED:
                        self._out.unsearchable.add(match.end)
                elif isinstance(payload, Size):
                    self._out.minutes = payload.minutes
                else:
                    self._out.unsearchable.difference_update(range(match.start, match.end))

    def _take_word(self, word: Word, mark: Mark, text: str) -> None:
        if word.facet in _UNSOUNDED:
            self._out.unsearchable.update(range(mark.match.start, mark.match.end))
        if word.facet is Facet.APPEAL and mark.negated:
            return  # "no hidden gems" asks for no bad music: the dial alone turns
        if mark.negated != (not word.wanted):
            if mark.toned and word.facet is Facet.MOOD and word.value in _NOT_TOO:
                low, high = _NOT_TOO[word.value]
                self._bounds.append((Bounds(Facet.ENERGY, low, high, hard=False), f"not too {text}"))
                return
            # What is surely well recorded is no fault: only what is surely bad is left out.
            hard = not mark.toned and (word.facet, word.value) != (Facet.RECORDING, GOOD)
            self._refused.append(Constraint(word.facet, (word.value,), wanted=False, hard=hard, text=text))
            return
        hard = word.facet in _HARD if word.hard is None else word.hard
        softened = mark.soft or (mark.more and not self._first_turn and word.facet is Facet.GENRE)
        hard = (mark.only or (hard and not softened)) and word.facet not in JUDGED
        self._wanted.append(_Wanted(word, mark.match.start, mark.match.end, text, hard))

    def _take_bounds(self, bounds: Bounds, mark: Mark, text: str) -> None:
        if bounds.facet is Facet.TEMPO and any(letter.isdigit() for letter in text):
            self._out.unsearchable.update(range(mark.match.start, mark.match.end))  # no encoder counts beats
        if mark.negated and mark.toned:
            self._bounds.append((_beyond(bounds), f"not too {text}"))
        elif mark.negated:
            self._refused.append(
                Constraint(bounds.facet, low=bounds.low, high=bounds.high, wanted=False, hard=True, text=text)
            )
        else:
            hard = bounds.facet in _HARD if bounds.hard is None else bounds.hard
            self._bounds.append((replace(bounds, hard=mark.only or (hard and not mark.soft)), text))

    def _take_entity(self, entity: Entity, mark: Mark, text: str) -> None:
        polarity = "-" if mark.negated else entity.cue
        self._mentions.append(
            Mention(
                kind=entity.kind,
                key=entity.keys[0],
                name=entity.name,
                polarity=polarity,
                confidence=entity.confidence,
                text=text,
            )
        )
        facet = Facet.ARTIST if entity.kind == "artist" else Facet.TRACK
        if polarity == "-":
            hard = not mark.toned
            self._refused.append(Constraint(facet, entity.keys, wanted=False, hard=hard, text=text))
        elif polarity == "+" and facet is Facet.ARTIST:
            self._artists.append((entity.keys[0], text, mark.only or not mark.soft))

    def _take_dial(self, dial: Dial, mark: Mark) -> None:
        value = dial.value
        if dial.name == "how_much_me":
            # Refused, it is the other side of the usual 1: "not my taste", "don't ignore my taste".
            self._out.how_much_me = max(2.0 - value, 0.0) if mark.negated else value
            return
        if mark.negated:
            value = -value * (_DIAL_TONED if mark.toned else _DIAL_REFUSED)
        value = round(value, 2)
        if dial.name == "fame":
            self._fame.append(FameSaid(value, mark.match.start, mark.match.end, mark.negated))
        else:
            self._out.discovery = value

    # -- composing -------------------------------------------------------------------------------------------------

    def _genres(self) -> Iterable[Constraint]:
        """Genres side by side must both hold, unless one is a kind of the other; all others are alternatives."""
        genres = [w for w in self._wanted if w.word.facet is Facet.GENRE]
        if not genres:
            return ()
        runs: list[list[_Wanted]] = [[genres[0]]]
        for before, genre in itertools.pairwise(genres):
            between = self._reading.words[before.end : genre.start]
            paused = any(self._reading.pause(n) for n in range(before.end, genre.start + 1))
            slashed = "/" in self._reading.tokens[genre.start].gap
            blended = not _TOGETHER.isdisjoint(between) and len(between) <= _BLEND_REACH
            joined = genre.start == before.end or blended
            if joined and not paused and not slashed:
                runs[-1].append(genre)
            else:
                runs.append([genre])
        runs = [_most_specific(run) for run in runs]
        if len(runs) == 1 and len(runs[0]) == 2:
            return [_any_of([genre]) for genre in runs[0]]
        return [_any_of([genre for run in runs for genre in run])]

    def _words(self) -> Iterable[Constraint]:
        for facet in _ORDER:
            found = [w for w in self._wanted if w.word.facet is facet]
            if facet is Facet.GENRE or not found:
                continue
            if facet in _ALTERNATIVES:
                yield _any_of(found)
                continue
            group = [found[0]]
            for before, word in itertools.pairwise(found):
                if self._reading.words[before.end : word.start] == ("or",):
                    group.append(word)
                else:
                    yield _any_of(group)
                    group = [word]
            yield _any_of(group)

    def _numbers(self) -> Iterable[Constraint]:
        for facet in (Facet.ERA, Facet.TEMPO, Facet.ENERGY):
            found = [(bounds, text) for bounds, text in self._bounds if bounds.facet is facet]
            if not found:
                continue
            texts = " or ".join(dict.fromkeys(text for _, text in found))
            hard = any(bounds.hard for bounds, _ in found)
            if facet is Facet.ERA:
                firm = [b for b, _ in found if bool(b.hard) == hard]
                whole, gaps = union(firm)
                for gap in gaps:
                    yield Constraint(facet, low=gap.low, high=gap.high, wanted=False, hard=hard, text=texts)
            else:
                whole = _intersection([bounds for bounds, _ in found])
            yield Constraint(facet, low=whole.low, high=whole.high, hard=hard, text=texts)

    def _artist(self) -> Iterable[Constraint]:
        if self._artists:
            keys = tuple(dict.fromkeys(key for key, _, _ in self._artists))
            text = " or ".join(dict.fromkeys(text for _, text, _ in self._artists))
            yield Constraint(Facet.ARTIST, keys, hard=all(hard for _, _, hard in self._artists), text=text)


def _any_of(words: Sequence[_Wanted]) -> Constraint:
    values = tuple(dict.fromkeys(w.word.value for w in words))
    text = " or ".join(dict.fromkeys(w.text for w in words))
    return Constraint(words[0].word.facet, values, hard=all(w.hard for w in words), text=text)


def _most_specific(run: Sequence[_Wanted]) -> list[_Wanted]:
    """ "Trance electronic" is trance: leave out genres of which another one of the run is a kind."""
    vocabulary = load_vocabulary()
    unique = list({w.word.value: w for w in run}.values())
    below = {w.word.value: vocabulary.descendants(Facet.GENRE, w.word.value) for w in unique}
    return [w for w in unique if not any(o is not w and o.word.value in below[w.word.value] for o in unique)]


def _beyond(bounds: Bounds) -> Bounds:
    """What "not too …" leaves: the other side of an interval, with some leeway."""
    leeway = _LEEWAY.get(bounds.facet, 0.0)
    if bounds.low is not None and bounds.high is None:
        return Bounds(bounds.facet, high=round(bounds.low + leeway, 2), hard=False)
    if bounds.high is not None and bounds.low is None:
        return Bounds(bounds.facet, low=round(bounds.high - leeway, 2), hard=False)
    return replace(bounds, hard=False)


def _intersection(bounds: Sequence[Bounds]) -> Bounds:
    """Where all bounds hold; the last one where they exclude each other."""
    lows = [b.low for b in bounds if b.low is not None]
    highs = [b.high for b in bounds if b.high is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    if low is not None and high is not None and low > high:
        return bounds[-1]
    return Bounds(bounds[0].facet, low, high)


def _is_wanted(refused: Constraint, wanted: Sequence[Constraint]) -> bool:
    """Tell whether a refusal contradicts a wish of the same message word for word: the wish is then meant."""
    return bool(refused.values) and any(
        c.facet is refused.facet and set(refused.values) <= set(c.values) for c in wanted
    )


def _sort_key(constraint: Constraint) -> tuple[int, bool, tuple[str, ...], float, float]:
    low = -1.0 if constraint.low is None else constraint.low
    high = -1.0 if constraint.high is None else constraint.high
    return _ORDER.index(constraint.facet), not constraint.wanted, constraint.values, low, high
