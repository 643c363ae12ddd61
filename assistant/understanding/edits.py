"""Changes of single tracks in a message: what is kept, removed, swapped, added, moved, liked or an example.

"Keep 1–4 and swap the rest for something calmer" is two edits and a wish. The words of the edits are taken out of the
message; what is left is read like any other request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from assistant.request import Chip, Edit, Intent, Reference
from assistant.understanding.pointing import Describe, find_reference, number_of
from assistant.understanding.taking_back import find_chips
from assistant.understanding.tokens import Reading
from recsys.types import Arc

_Action = Literal["keep", "release", "remove", "swap", "example", "like", "dislike"]

#: Verb phrases before what they are about.
_VERBS: tuple[tuple[_Action, str], ...] = (
    ("release", r"unpin|unlock|release|let go of"),
    ("keep", r"keep|pin|lock(?: in)?|hold(?: on to)?|leave"),
    (
        "remove",
        r"remove|delete|drop|cut(?: out)?|take(?: (?:out|off|away))?|throw out|kick(?: out)?|lose|ditch|get rid of"
        r"|skip|scratch|strike"
        r"|i (?:don t|dont|do not) want|no more of",
    ),
    ("swap", r"swap(?: out)?|replace|change|switch(?: out)?|exchange|refresh|reroll|renew"),
    (
        "example",
        r"(?:more|others?|something|anything|tracks|songs|music|ones|stuff)(?: (?:tracks|songs|music|ones|stuff|more))?"
        r" (?:like|similar to|in the (?:vein|style|spirit) of|along the lines of)",
    ),
    (
        "dislike",
        r"i (?:really |just |also )?(?:don t|dont|do not|didn t|didnt) (?:really |much )?(?:like|love|care for|enjoy)"
        r"|(?:i (?:really |just |also )?|(?<=and ))(?:hate|dislike|can t stand|cant stand)|thumbs down (?:for|to"
        r"|on)|less like|not a fan of",
    ),
    (
        "like",
        r"(?:i (?:really |absolutely |also |do |just )?|(?<=and ))(?:like|love|adore|enjoy|dig)(?:d|ed)?"
        r"|thumbs up (?:for|to|on)",
    ),
)
_DIGITS_OF_NAME = 3  # from which on a number that is an artist's name is no position
_VERB = re.compile("|".join(rf"(?P<{action}>\b(?:{verbs})\b)" for action, verbs in _VERBS))
_ALONE = re.compile(r"(?:please )?(?P<like>like|love)|(?:please )?(?P<dislike>dislike|hate)")
_GOOD = (
    r"great|good|perfect|amazing|awesome|lovely|beautiful|fantastic|nice|excellent|brilliant|wonderful|a keeper"
    r"|my favou?rite"
)
_BAD = (
    r"bad|terrible|awful|boring|annoying|horrible|too much|not (?:good|great|for me|my (?:thing|taste|style"
    r"|cup of tea))"
    r"|a no|out|trash|rubbish|meh"
)
_JUDGED = re.compile(
    rf" (?:is|are|was|were|s) (?:so |really |just |absolutely |very |pretty )*(?:(?P<like>{_GOOD})"
    rf"|(?P<dislike>{_BAD}))(?= |$)"
)
_ONLY = re.compile(r"\b(?:keep (?:only|just)|(?:only|just) keep)\b")
_ADD = re.compile(
    r"\b(?:add|include|throw in|put in|append|give me|i want)(?: me)? (?:(?P<few>a couple(?: of)?|a few)(?: more)?"
    r"|(?P<single>an?(?: more)?|another|one more)|(?P<n>\d{1,3}|\w+)(?P<more> more)?(?! (?:minutes?|mins?|hours?"
    r"|h)\b))(?P<noun> (?:songs?|tracks?|tunes?|ones?))?\b"
)
#: A whole message that asks for so many on top of those there are.
_N_MORE = re.compile(
    r" ?(?:(?:please|and|ok|okay|now|just|maybe) )*"
    r"(?:(?P<n>\d{1,3}|\w+) more|another (?P<other>\d{1,3}|\w+))"
    r"(?: (?:songs?|tracks?|tunes?|ones?))?(?: like (?:this|that|these|those|them))?(?: please)?[ .!]*"
)
_LESS = re.compile(r"\b(?:(?:a (?:bit|little|lot) |much )?less|not so much) of (?:that|this|it|those)\b")
#: What these are said of in words is refused for good, and not only taken out.
_REFUSES = re.compile(r"\b(?:want|skip|no more of)\b")
_ADDS = re.compile(r"\b(?:add|include|throw in|put in|append)\b")
_MOVE = re.compile(
    r" (?:up |down )?(?:to|at|in|into) (?:the )?(?:(?P<top>top|start|beginning|front|opening)|(?P<end>end|bottom|close)"
    r"|(?:very )?(?:(?P<first>first)|(?P<last>last)) (?:place|position|spot)|(?:place|position|number|no|spot"
    r"|slot) (?P<n>\w+)|(?P<bare>\d{1,3}))"
    r"(?: of (?:the|my) (?:list|playlist))?(?= |$)"
)
_TO_EDGE = re.compile(r" (?:(?P<top>first)|(?P<end>last))(?= |$)")
_MOVES = re.compile(r"\b(?:move|put|play|bring|push)\b")
_WITH = re.compile(r" (?:with|for|by|to|into|against)\b")
_AND = re.compile(r" (?:with|and) ")
_MORE = re.compile(r" (?:, and|,|and) ")
_OUT = re.compile(r" (?:out|off|away)(?: of (?:the|my) (?:list|playlist))?(?= |$)")
#: Behind what is liked: "ich mag die 5 nicht", put into English word for word.
_NOT_LIKED = re.compile(r" (?:is out|not)(?=$| [,.]| and\b)")
_JOINING = re.compile(r"^(?:and|then|also)\s+", re.IGNORECASE)
_LEFTOVERS = re.compile(r"^(?:and|but|then|so|or|,|\.|please|also|now|just|from (?:the|this|my) (?:list|playlist)| )+$")

_LOW = (
    "calm|calmer|slow|slower|mellow|quiet|quieter|soft|softer|chill|gentle|relaxed|relaxing|easy|low|sleepy"
    "|peaceful|laid back"
)
_HIGH = (
    "loud|louder|energetic|fast|faster|upbeat|intense|hard|harder|wild|heavy|heavier|high|party|danceable|big"
    "|strong|banging"
    "|high energy|lively"
)
_BEGIN = (
    r"(?:start|begin|open|kick off)(?:s|ing)?(?: off| out| it| with| things)*(?: something| very| really"
    r"| nice and| all)*"
)
_FINISH = (
    r"(?:end|finish|close|build|ramp|work|get|grow|turn|go|move)(?:s|ing)?(?: up| off| with| on| it| to| more| into)*"
)
_TOWARDS = r"(?: something| very| really| nice and| all| more)*"
_BETWEEN = r"(?: ?,| then| and| but| to| slowly| gradually| things)* "
_ARCS: tuple[tuple[Arc, re.Pattern[str]], ...] = (
    (
        Arc.PEAK,
        re.compile(
            rf"\b{_BEGIN} (?:{_LOW}){_BETWEEN}(?:peak|build|climax|{_FINISH})\w*(?: up| to| in| the| a| middle"
            rf"| and| then|{_TOWARDS})*"
            rf"(?: (?:{_HIGH}))?(?: in the middle)?{_BETWEEN}(?:end|finish|wind|cool|calm|come)(?:s"
            rf"|ing)?(?: down| off| up)*(?: (?:{_LOW}))?"
            rf"(?: again)?|\bpeak(?:s|ing)? in the middle\b"
        ),
    ),
    (
        Arc.RISING,
        re.compile(
            rf"\b{_BEGIN} (?:{_LOW})(?: songs| tracks| music| ones)?{_BETWEEN}{_FINISH}{_TOWARDS} (?:{_HIGH})\b"
            rf"|\bfrom (?:{_LOW}) to (?:{_HIGH})\b|\bbuild(?:s|ing)?(?: it| things)? up (?:slowly|gradually"
            rf"|over time|the energy)"
            rf"|\b(?:slowly|gradually|progressively) (?:build(?:s|ing)? up|get(?:s|ting)? (?:{_HIGH})|(?:louder"
            rf"|faster|heavier|more (?:energetic|upbeat|intense)))"
            rf"|\bget(?:s|ting)? (?:gradually|progressively|slowly) (?:more )?(?:{_HIGH})\b|\bcrescendo\b"
        ),
    ),
    (
        Arc.FALLING,
        re.compile(
            rf"\b{_BEGIN} (?:{_HIGH})(?: songs| tracks| music| ones)?{_BETWEEN}(?:wind|calm|cool|slow|come"
            rf"|{_FINISH})(?:s|ing)?(?: down)?{_TOWARDS} (?:{_LOW})\b"
            rf"|\bfrom (?:{_HIGH}) to (?:{_LOW})\b|\b(?:slowly|gradually|progressively) (?:wind(?:s|ing)? down"
            rf"|get(?:s|ting)? (?:{_LOW})"
            rf"|(?:calmer|slower|softer|quieter|mellower))|\bget(?:s|ting)? (?:gradually|progressively"
            rf"|slowly) (?:{_LOW})\b"
            rf"|\b{_BEGIN} (?:{_HIGH}){_BETWEEN}(?:wind|calm|cool|slow|come)(?:s|ing)? down\b"
            rf"|\bwinds? down (?:at|towards?) the end\b"
        ),
    ),
)


class EditFinder:
    """Finds the edits of one message, and what is left of it without them."""

    def __init__(
        self,
        reading: Reading,
        describe: Describe,
        *,
        glossed: bool = False,
        artists: Iterable[tuple[int, int]] = (),
    ) -> None:
        """Take a message, or its English gloss.

        Args:
            reading: the words.
            describe: reads English words that describe tracks.
            glossed: whether it is a gloss.
            artists: words (start, end) that are an artist's name: "add 5 seconds of summer" adds no five tracks.
        """
        self._glossed, self._artists = glossed, tuple(artists)
        self._reading, self._line, self._describe = reading, reading.line, describe
        self._spans: list[tuple[int, int]] = []  # characters of the line

    def find(self) -> list[Edit]:
        """Find the edits in the order of the message."""
        found = [*self._moves(), *self._additions(), *self._only(), *self._verbs(), *self._judgements()]
        return [edit for _, edit in sorted(found, key=lambda one: one[0])]

    def chips(self) -> list[Chip]:
        """Find what is taken back, insisted on or made optional."""
        chips, spans = find_chips(self._line, self._describe)
        self._spans += spans
        return chips

    def less(self) -> bool:
        """Tell whether there is to be less of what was asked for last."""
        found = _LESS.search(self._line)
        return found is not None and self._take(*found.span())

    def arc(self) -> Arc | None:
        """Find how the energy is to go."""
        for arc, pattern in _ARCS:
            if (found := pattern.search(self._line)) is not None:
                self._take(*found.span())
                return arc
        return None

    def rest(self) -> str:
        """What is left of the message, as written or as glossed; empty where nothing but joining words is."""
        taken = {n for span in self._spans for n in range(*self._reading.span(*span))}
        tokens = self._reading.tokens
        parts: list[str] = []
        for number, token in enumerate(tokens):
            if number in taken:
                parts.append(" , " if parts and parts[-1] != " , " else "")
            else:
                gap, word = (" ", token.text) if self._glossed else (token.gap, token.raw)
                parts.append(gap + word if number else word)
        rest = "".join(parts).strip(" ,")
        return (
            ""
            if _LEFTOVERS.fullmatch(rest.lower())
            else re.sub(r"^(?:and|then|also)\s+", "", rest, flags=re.IGNORECASE)
        )

    # -- one kind of edit after the other; words that one has taken are no other's ------------------------------------

    def _moves(self) -> Iterator[tuple[int, Edit]]:
        for verb in _MOVES.finditer(self._line):
            what = self._reference(verb.end() + 1, many=False)
            to = what and (_MOVE.match(self._line, what[1]) or _TO_EDGE.match(self._line, what[1]))
            if what is None or not to:
                continue
            said = to.groupdict()
            at_edge = 1 if said["top"] or said.get("first") else -1 if said["end"] or said.get("last") else None
            place = at_edge or number_of(said["n"] or said["bare"])
            if place is not None and self._take(verb.start(), to.end()):
                yield verb.start(), Edit(action="move", what=what[0], to=place)

    def _additions(self) -> Iterator[tuple[int, Edit]]:
        if (alone := _N_MORE.fullmatch(self._line)) is not None:
            counted = number_of(alone["n"] or alone["other"])
            if counted is not None and 1 <= counted <= 200 and self._take(*alone.span()):
                yield alone.start(), Edit(action="add", n=counted)
        for found in _ADD.finditer(self._line):
            n = 2 if (found["few"] or "").startswith("a couple") else 3 if found["few"] else 1
            if found["n"]:
                counted = number_of(found["n"])
                plain = counted is not None and _ADDS.match(self._line, found.start()) is not None
                if counted is None or not 1 <= counted <= 200 or not (plain or found["more"]):
                    continue
                n = counted
            elif _ADDS.match(self._line, found.start()) is None or (found["single"] and not found["noun"]):
                continue
            if self._take(*found.span()):
                yield found.start(), Edit(action="add", n=n)

    def _only(self) -> Iterator[tuple[int, Edit]]:
        """ "Keep only 1–4" says what goes."""
        for verb in _ONLY.finditer(self._line):
            what = self._reference(verb.end() + 1)
            if what is not None and what[0].which != "it" and self._take(verb.start(), what[1]):
                yield verb.start(), Edit(action="keep", what=what[0])
                yield verb.start(), Edit(action="remove", what=Reference(which="rest", text="the rest"))

    def _verbs(self) -> Iterator[tuple[int, Edit]]:
        verbs = [(m.start(), m.end(), m.lastgroup or "") for m in _VERB.finditer(self._line)]
        if (alone := _ALONE.match(self._line)) is not None:
            verbs.append((alone.start(), alone.end(), alone.lastgroup or ""))
        for start, end, action in verbs:
            wants_none = _REFUSES.search(self._line, start, end) is not None
            many = action not in ("like", "dislike", "example")
            what = self._reference(end + 1, described=not wants_none, many=many)
            if what is None or not self._is_meant(action, what[0]):
                continue
            end = what[1]
            if action == "swap":
                end, other = self._other(what[0], end)
                if other is not None and self._take(start, end):
                    both = Reference(positions=(*what[0].positions, *other.positions), text=self._line[start:end])
                    yield start, Edit(action="exchange", what=both)
                    continue
            elif action == "remove":
                out = _OUT.match(self._line, end)
                if out is None and self._line[start : start + 5 + len(what[0].text)] == f"take {what[0].text}":
                    continue
                end = end if out is None else out.end()
            elif action == "like" and (refused := _NOT_LIKED.match(self._line, end)) is not None:
                action, end = "dislike", refused.end()
            if self._take(start, end):
                yield start, Edit.model_validate({"action": action, "what": what[0]})

    def _judgements(self) -> Iterator[tuple[int, Edit]]:
        """ "3 is great", "the second one is boring"."""
        for judged in _JUDGED.finditer(self._line):
            for start in (m.start() for m in re.finditer(r"(?<!\S)\S", self._line[: judged.start()])):
                what = self._reference(start, many=False)
                if what is not None and what[1] == judged.start() and what[0].which in ("positions", "described"):
                    if self._take(start, judged.end()):
                        yield start, Edit.model_validate({"action": judged.lastgroup, "what": what[0]})
                    break

    def _is_meant(self, action: str, what: Reference) -> bool:
        """Tell whether a verb with such a reference is an edit: "keep it mellow" and "more like these" are none."""
        if what.which == "it":
            return what.text not in ("it", "this", "that") or action in ("like", "dislike", "remove", "example")
        if what.which == "all":
            return action in ("keep", "like", "dislike", "release")
        if what.which == "described" and action in ("keep", "swap") and not what.constraints:
            return what.text.startswith(("the ", "all the "))
        return True

    def _other(self, what: Reference, end: int) -> tuple[int, Reference | None]:
        """What tracks are swapped for: another track of the slate, or whatever the message says next."""
        if (joined := _AND.match(self._line, end)) is not None and len(what.positions) == 1:
            other = self._reference(joined.end(), described=False)
            if other is not None and len(other[0].positions) == 1:
                return other[1], other[0]
        instead = _WITH.match(self._line, end)
        return (end if instead is None else instead.end()), None

    def _reference(self, start: int, *, described: bool = True, many: bool = True) -> tuple[Reference, int] | None:
        """Read a reference, and positions that a list goes on with: "3 and the last one"."""
        found = find_reference(self._line, start, self._describe, described=described, many=many)
        while found is not None and found[0].positions and (more := _MORE.match(self._line, found[1])) is not None:
            other = find_reference(self._line, more.end(), self._describe, described=False)
            if other is None or not other[0].positions:
                break
            positions = dict.fromkeys((*found[0].positions, *other[0].positions))
            found = Reference(positions=tuple(positions), text=self._line[start : other[1]]), other[1]
        return found

    def _is_number(self, first: int, begin: int, stop: int, last: int) -> bool:
        """Tell whether an artist within some words is a number that no playlist on screen reaches: "skip 112"."""
        said = self._reading.joined(begin, stop)
        return first <= begin and stop <= last and said.isdigit() and len(said) >= _DIGITS_OF_NAME

    def _take(self, start: int, end: int) -> bool:
        if any(start < stop and begin < end for begin, stop in self._spans):
            return False
        first, last = self._reading.span(start, end)
        if any(begin < last < stop or self._is_number(first, begin, stop, last) for begin, stop in self._artists):
            return False
        self._spans.append((start, end))
        return True


def intent_of_edits(edits: list[Edit]) -> Intent:
    """Name what a message with edits wants most."""
    actions = {edit.action for edit in edits}
    if actions <= {"like", "dislike"}:
        return Intent.FEEDBACK
    return Intent.MORE_LIKE if actions <= {"example", "like", "dislike"} else Intent.EDIT
