"""Understanding by a language model beside the rules: it adds what the rules have no words for, and takes nothing away.

Everything that the rules read stays as they read it: words that they explain, and words that they see refused, are
theirs. What the model adds must stand on other words of the message (`assistant.understanding.claims`). A wish that it
adds is a preference; a refusal too, unless the rules see the words refused and only do not know what they mean. A
model that is late, down or writes nonsense leaves the reading of the rules, and a note.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from assistant.asking import Asker
from assistant.errors import NoAnswerError
from assistant.ports import Understanding
from assistant.request import QUIET, Intent, Mention, Request
from assistant.understanding.answers import Answer, messages
from assistant.understanding.claims import Claim, ClaimReader
from assistant.understanding.learned import without
from assistant.understanding.matches import Dial, Size
from assistant.understanding.rules import RulesUnderstanding
from assistant.understanding.tokens import Reading, read
from recsys.common_words import FUNCTION_WORDS
from recsys.types import Constraint, Facet
from recsys.vocabulary import load_vocabulary

#: What the listener is told where the model was asked in vain.
NOTE = "(Read without the language model, which gave no usable answer.)"
#: Facets of which one wish is enough: where the rules have one, the model's says the same or disagrees.
_ONE_OF = frozenset((Facet.ERA, Facet.TEMPO, Facet.ENERGY, Facet.LANGUAGE, Facet.COUNTRY, Facet.VOCALS, Facet.KEY))
#: Messages that are commands to the session, or questions, ask for no music.
_COMMANDS = QUIET | {Intent.UNDO, Intent.REDO}
_MOST_CACHED = 256


class ModelUnderstanding:
    """Reads requests by other means, and by a language model beside them. Never raises on any text."""

    def __init__(self, before: Understanding, rules: RulesUnderstanding, asker: Asker) -> None:
        """Put them together.

        Args:
            before: what reads a message first, and alone where the model cannot.
            rules: the rules that `before` reads by.
            asker: the model.
        """
        self.before, self._rules, self._asker = before, rules, asker
        self._claims = ClaimReader(rules)
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._lock = Lock()

    def understand(self, text: str, *, first_turn: bool = True) -> Request:
        """Read one message; `first_turn` says that there is no playlist to refine yet."""
        request = self.before.understand(text, first_turn=first_turn)
        reading = read(text)
        theirs = spoken_for(self._rules, reading)
        if request.intent in _COMMANDS or not _open_words(reading, theirs):
            return request
        if (answer := self._cached(text)) is None:
            if self._asker.paused:
                return request
            try:
                answer = self._asker.ask(messages(text), Answer)
            except NoAnswerError:
                return request.model_copy(update={"note": " ".join(filter(None, (request.note, NOTE)))})
            self._keep(text, answer)
        return join(request, self._claims.read(answer, reading), reading, theirs)

    def _cached(self, text: str) -> Answer | None:
        with self._lock:
            return self._answers.get(text)

    def _keep(self, text: str, answer: Answer) -> None:
        with self._lock:
            self._answers[text] = answer
            while len(self._answers) > _MOST_CACHED:
                self._answers.popitem(last=False)


def without_model(understanding: Understanding) -> Understanding:
    """Return what reads without asking a model."""
    return understanding.before if isinstance(understanding, ModelUnderstanding) else understanding


@dataclass(frozen=True, slots=True)
class SpokenFor:
    """Positions of the words that the rules explain, and of those that they see refused, explained or not."""

    explained: frozenset[int]
    refused: frozenset[int]


def spoken_for(rules: RulesUnderstanding, reading: Reading) -> SpokenFor:
    """Work out which words of a message are the rules' to read."""
    marks = rules.marks(reading)
    explained = {n for m in marks.marks for n in range(m.match.start, m.match.end)}
    refused = {n for m in marks.marks if m.negated for n in range(m.match.start, m.match.end)}
    refused |= {n for start, end in (*marks.refusals, *marks.unknown) for n in range(start, end)}
    return SpokenFor(frozenset(explained), frozenset(refused))


def join(request: Request, claims: Sequence[Claim], reading: Reading, theirs: SpokenFor) -> Request:
    """Add to a request what a model claims beside it; nothing of the request goes."""
    joining = _Joining(request, reading, theirs)
    for claim in sorted(claims, key=lambda claim: not claim.refuses):
        joining.take(claim)
    return joining.joined()


class _Joining:
    def __init__(self, request: Request, reading: Reading, theirs: SpokenFor) -> None:
        self._request, self._reading, self._theirs = request, reading, theirs
        self._constraints: list[Constraint] = []
        self._mentions: list[Mention] = []
        self._changes: dict[str, Any] = {}
        self._refused_words: list[str] = []

    def take(self, claim: Claim) -> None:
        content = _content(self._reading, claim)
        if content <= self._theirs.explained:
            return
        in_refusal = not self._theirs.refused.isdisjoint(content)
        if in_refusal and not claim.refuses and not isinstance(claim.said, Dial | Size):
            return
        if isinstance(claim.said, Constraint):
            self._take_constraint(claim.said, refuses=claim.refuses, hard=claim.refuses and in_refusal)
        elif isinstance(claim.said, Mention):
            self._take_mention(claim.said)
        elif isinstance(claim.said, Dial):
            if getattr(self._request, claim.said.name) is None:
                self._changes.setdefault(claim.said.name, claim.said.value)
        else:
            self._take_size(claim.said)

    def joined(self) -> Request:
        if not (self._constraints or self._mentions or self._changes):
            return self._request
        request = self._request
        return request.model_copy(
            update={
                **self._changes,
                "constraints": (*request.constraints, *self._constraints),
                "guessed": tuple(self._constraints),
                "mentions": (*request.mentions, *self._mentions),
                "search_text": without(request.search_text, self._refused_words),
            }
        )

    def _take_constraint(self, said: Constraint, *, refuses: bool, hard: bool) -> None:
        known = [*self._request.constraints, *self._constraints]
        if any(_excludes(one, said) or _excludes(said, one) for one in known if one.wanted != said.wanted):
            return
        alike = [one for one in known if one.wanted == said.wanted and one.facet is said.facet]
        if said.wanted and said.facet in _ONE_OF and any(one not in self._constraints for one in alike):
            return
        if any(_says_as_much(one, said) for one in alike):
            return
        self._constraints.append(replace(said, hard=hard))
        if refuses:
            self._refused_words.append(said.text)

    def _take_mention(self, said: Mention) -> None:
        known = {mention.key for mention in (*self._request.mentions, *self._mentions)}
        refused = {v for c in (*self._request.constraints, *self._constraints) if not c.wanted for v in c.values}
        if said.key not in known | refused:
            self._mentions.append(said)
            if said.kind == "artist" and said.polarity == "+":
                self._constraints.append(Constraint(Facet.ARTIST, (said.key,), text=said.text))
            if said.polarity == "-":
                self._refused_words.append(said.text)

    def _take_size(self, said: Size) -> None:
        request = self._request
        if (request.n_tracks, request.minutes, request.size_factor) != (None, None, None):
            return
        if not {"n_tracks", "minutes"} & set(self._changes):
            self._changes |= {"n_tracks": said.n_tracks, "minutes": said.minutes}


def _excludes(refused: Constraint, wanted: Constraint) -> bool:
    """Tell whether a refusal takes away what a wish asks for; of numbers, any refusal of the facet may."""
    if refused.wanted or refused.facet is not wanted.facet:
        return False
    if not refused.values:
        return True
    vocabulary = load_vocabulary()
    below = {word for value in refused.values for word in vocabulary.descendants(refused.facet, value)}
    return not below.isdisjoint(wanted.values)


def _says_as_much(one: Constraint, other: Constraint) -> bool:
    """Tell whether a constraint already says what another of its facet and sense says, or says it more closely."""
    if not other.values:
        return True
    vocabulary = load_vocabulary()
    below = {word for value in other.values for word in vocabulary.descendants(other.facet, value)}
    above = {value for value in one.values if set(other.values) <= vocabulary.descendants(one.facet, value)}
    return not below.isdisjoint(one.values) if other.wanted else bool(above)


def _content(reading: Reading, claim: Claim) -> frozenset[int]:
    """The positions of a claim's words that say something; all of them where none does."""
    span = range(claim.start, claim.end)
    return frozenset(n for n in span if reading.words[n] not in FUNCTION_WORDS) or frozenset(span)


def _open_words(reading: Reading, theirs: SpokenFor) -> bool:
    """Tell whether the rules leave words to explain: a model could add nothing to the others."""
    return any(n not in theirs.explained and reading.words[n] not in FUNCTION_WORDS for n in range(len(reading)))
