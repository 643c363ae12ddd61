"""Tells questions from requests: what a message wants to know, and the words that name what it is about.

A question is answered from data and leaves the playlist as it is, so a request must not be taken for one. A pattern has
to fit the whole message (`question_forms`), a title of the catalogue is never a question ("Who Let the Dogs Out"), and
what a question is about must be a place in the playlist, a name, or words of the vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.request import Intent, Mention, Question, Request
from assistant.understanding import question_forms as forms
from assistant.understanding.gazetteer import Gazetteer
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading, read
from recsys.common_words import FUNCTION_WORDS
from recsys.types import Constraint

#: Messages longer than this tell something rather than ask, in words.
_MAX_WORDS = 30
#: A name that the catalogue does not have is taken for one up to so many words.
_MAX_NAME_WORDS = 5
_SUM = re.compile(
    r"(?:what(?:'s| is) |how much is )?[\d\s.,()]+(?:(?:[+*×÷^]|\s[-/x]\s)[\d\s.,()]+)+[=?\s]*", re.IGNORECASE
)
_IN_NAMES = words("the of and de la le n a in at on for to you me my i we us")
_POINTING = words("it this that these those them there you we i he she they so such more less")
_OWNED = words(
    "any anything something some much many lots a an the all songs song tracks track music albums album records record "
    "artists artist bands band enough"
)
_GENERIC = words(
    "songs song tracks track tunes tune music albums album records record lps cds artists artist bands band singers "
    "titles pieces stuff any some anything something of by from the a an all different distinct various much many more "
    "other total things items do there"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message that is no request for music wants."""

    intent: Intent
    question: Question | None = None
    export_format: str | None = None


class QuestionFinder:
    """Finds questions, and other messages that change nothing, against one catalogue."""

    def __init__(self, gazetteer: Gazetteer, understand: Callable[[str], Request]) -> None:
        """Take the catalogue's names, and what reads the words that a question is about."""
        self._gazetteer, self._understand = gazetteer, understand

    def find(self, reading: Reading, *, first_turn: bool) -> Asked | None:
        """Tell what a message asks; None for every request for music.

        Args:
            reading: the message.
            first_turn: whether there is no playlist yet to ask about.
        """
        if not len(reading) or len(reading) > _MAX_WORDS:
            return None
        bare = forms.BARE.fullmatch(reading.line)
        if bare is None or not bare["core"] or "." in bare["core"].split():
            return None
        if _SUM.fullmatch(reading.text.strip()):
            return Asked(Intent.OUT_OF_SCOPE)
        asked = self._find(reading, bare["core"], bare.start("core"), first_turn)
        # "What's Going On" asks nothing where it is a track.
        is_title = asked is not None and len(reading) > 1 and self._gazetteer.title(reading.words) is not None
        return None if is_title else asked

    def _find(self, reading: Reading, core: str, offset: int, first_turn: bool) -> Asked | None:
        for pattern in forms.SAVE:
            if match := pattern.fullmatch(core):
                return Asked(Intent.SAVE, export_format=match.groupdict().get("format"))
        if _fits(forms.HELP, core):
            return Asked(Intent.HELP)
        if _fits(forms.SMALL_TALK, core):
            return Asked(Intent.SMALL_TALK)
        if _fits(forms.OUT_OF_SCOPE, core):
            return Asked(Intent.OUT_OF_SCOPE)
        for kind, patterns in forms.KINDS:
            for pattern in patterns:
                match = pattern.fullmatch(core)
                question = self._question(kind, match, reading, offset) if match else None
                if question is not None:
                    explains = kind in ("why", "why_not")
                    return Asked(Intent.EXPLAIN if explains else Intent.QUESTION, question)
        return None if first_turn else self._named(reading, core, offset)

    def _question(self, kind: forms.Kind, match: re.Match[str], reading: Reading, offset: int) -> Question | None:
        """Read what a question is about; None where that makes it no question."""
        groups = match.groupdict()
        if kind in ("asked", "taste") or (kind == "length" and not groups.get("x")):
            return Question(kind=kind)
        if kind == "count":
            return self._count(match, reading, offset)
        subject = _subject(match, "x", reading, offset)
        folded = groups.get("x") or ""
        if not subject or forms.PLACED.fullmatch(folded) or forms.PERFORMER.fullmatch(folded):
            # The whole of what cannot be pointed at is asked for: "why isn't it longer?" is a wish.
            return None if kind == "why_not" else Question(kind=kind, subject=subject)
        if kind == "why":
            return None if folded.split()[0] in _POINTING - {"this", "that"} else self._about(kind, subject)
        if kind == "why_not":
            return None if folded.split()[0] in _POINTING else self._about(kind, subject)
        return self._who(subject, folded, of_person=match.re.pattern.startswith("(?:who"))

    def _count(self, match: re.Match[str], reading: Reading, offset: int) -> Question | None:
        groups = match.groupdict()
        parts = [_subject(match, name, reading, offset) for name in ("x", "more", "mine", "listed") if groups.get(name)]
        subject = " ".join(parts)
        first = (groups.get("x") or "").split()[:1]
        if match.re.pattern.startswith(("do ", "have ")) and first and first[0] not in _OWNED:
            about = self._about("count", subject)
            if first[0] in ("to", "time") or not (about.mentions or about.constraints):
                return None
        here = " in this playlist" if groups.get("here") else ""
        return self._about("count", subject).model_copy(update={"subject": subject + here})

    def _who(self, subject: str, folded: str, *, of_person: bool) -> Question | None:
        about = self._about("who", subject)
        if about.mentions:
            return about
        if about.constraints and not of_person and _describes(about.constraints, subject):
            return about.model_copy(update={"kind": "count"})  # "what do you know about Afrobeat?"
        if about.constraints and not _is_written_as_name(subject):
            return None  # "who is the French Luis Fonsi?" wants somebody like him
        return Question(kind="who", subject=subject) if _may_be_name(folded) else None

    def _named(self, reading: Reading, core: str, offset: int) -> Asked | None:
        """Read "why not X?" and "where is X?", which ask about names and suggest everything else."""
        for pattern in forms.WHY_NOT_NAMED:
            if match := pattern.fullmatch(core):
                subject = _subject(match, "x", reading, offset)
                about = self._about("why_not", subject)
                named = bool(about.mentions) or (_is_written_as_name(subject) and _may_be_name(match["x"]))
                if named and not about.constraints:
                    return Asked(Intent.EXPLAIN, about)
        return None

    def _about(self, kind: forms.Kind, subject: str) -> Question:
        """Link what a question is about: the whole of it as one name, else whatever it says of the music."""
        if not subject.strip():
            return Question(kind=kind)
        mentions: tuple[Mention, ...] = ()
        if kind != "count":
            mentions = self._understand(f'"{subject.replace(chr(34), " ")}"').mentions
        if mentions:
            return Question(kind=kind, subject=subject, mentions=mentions)
        request = self._understand(subject)
        if kind in ("why", "why_not") and not _describes(request.constraints, subject):
            return Question(kind=kind, subject=subject)
        return Question(
            kind=kind,
            subject=subject,
            mentions=request.mentions if kind != "who" else (),
            constraints=request.constraints,
        )


def _describes(constraints: Sequence[Constraint], subject: str) -> bool:
    """Tell whether all of a subject is words of the vocabulary: "French jazz", not "Radiohat Orchestra"."""
    known = {word for c in constraints for word in read(" ".join((c.text, *c.values))).words}
    return all(word in known or word in _GENERIC or word in FUNCTION_WORDS for word in read(subject).words)


def says_nothing(subject: str) -> bool:
    """Tell whether what is counted is everything: "songs", "different artists"."""
    return all(word in _GENERIC for word in read(subject).words)


def _fits(patterns: tuple[re.Pattern[str], ...], core: str) -> bool:
    return any(pattern.fullmatch(core) for pattern in patterns)


def _subject(match: re.Match[str], name: str, reading: Reading, offset: int) -> str:
    """The words of a group as the listener wrote them; "" where the pattern has no such group."""
    if match.groupdict().get(name) is None:
        return ""
    start, end = reading.span(offset + match.start(name), offset + match.end(name))
    tokens = reading.tokens[start:end]
    if all(token.raw == reading.text[token.start : token.end] for token in tokens):
        return reading.raw(start, end)
    # Of a gloss: English words, and names as they were written, which German puts into small letters to read them.
    said = ((token.raw, reading.text[token.start : token.end]) for token in tokens)
    return " ".join(written if raw == written.lower() else raw for raw, written in said)


def _is_written_as_name(subject: str) -> bool:
    tokens = [token for token in read(subject).tokens if token.text not in _IN_NAMES]
    return bool(tokens) and all(token.raw[0].isupper() for token in tokens)


def _may_be_name(folded: str) -> bool:
    said = folded.split()
    plain = [word for word in said if word not in _IN_NAMES]
    return bool(plain) and len(said) <= _MAX_NAME_WORDS and not any(word in FUNCTION_WORDS for word in plain)
