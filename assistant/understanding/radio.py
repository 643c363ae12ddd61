"""Reads "keep going", "more like the last three" and "radio from …": messages that want music to go on.

What follows may refine it: "keep going but calmer", "radio from Portishead, nothing before 1990". A message is cut at
its pauses and its words such as "but" and "with"; whatever wants no music to go on before the cut is a request like any
other. The words of the other languages are in `assistant/languages`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from assistant.languages import ENGLISH, TONGUES
from assistant.radio_start import RadioStart
from assistant.understanding.radio_counts import (
    ENGLISH_NUMBER,
    PAUSE,
    Counts,
    any_of,
    counted,
    counts_of,
    english_counts,
    number_in,
)
from assistant.understanding.tongues import Tongue, load_tongues
from recsys.text import fold

_POLITE = "please|ok|okay|yes|great|nice|cool|now|just|and|can you|could you|let s"
_STARTS = "play|play me|give me|start|make|make me|turn on|i want|i d like|let s have|put on"
_AFTER = (
    r"(?: (?:please|thanks|now|with that|with this|like this|like that|then|from here|for ?ever|endlessly|non ?stop"
    r"|all (?:day|night|evening)(?: long)?|without (?:end|stopping|a break)|until (?:further notice"
    r"|i (?:say|tell you)(?: to)? stop)|for a (?:while|bit)|some more|a bit))*"
)
_BEFORE = rf"(?:(?:{_POLITE}|{_STARTS}) )*"
_ON = re.compile(
    rf"(?:(?:{_POLITE}) )*(?:keep (?:it |them |the music |(?:the |this )?radio |this |that )?(?:going|playing|coming)"
    r"|(?:carry|play|go) on"
    r"|continue(?: (?:playing|the (?:music|radio|session|playlist|list)|it|this|that|from here))?"
    rf"|(?:what|whatever) (?:comes|is|s) next|don t stop(?: the music)?){_AFTER}"
    rf"|{_BEFORE}(?:the )?next (?:tracks|songs|ones|batch){_AFTER}"
)
_NEXT = re.compile(rf"{_BEFORE}(?:the )?next ({ENGLISH_NUMBER})(?: (?:tracks|songs|ones))?{_AFTER}")
_ALONE = re.compile(rf"{_BEFORE}(?:a |the |some )?radio{_AFTER}")
_NUMBERS = {"couple": 2, "two": 2, "few": 3, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
_N = r"(couple|few|two|three|four|five|six|seven|ten|\d{1,9})"
_LAST = re.compile(
    rf"{_BEFORE}(?:more|others|some more|something|music|songs|tracks)(?: (?:songs|tracks|music|of the same))? like"
    rf" (?:the|those|these|my) last {_N}(?: of)?(?: (?:ones|songs|tracks))?(?: (?:i heard|played|you played))?{_AFTER}"
)
#: How many, before "more like the last three".
_SOME = re.compile(
    rf"{_BEFORE}(?:only |just |another )?({ENGLISH_NUMBER})(?: (?:more|others|other))?(?: (?:songs|tracks|ones))?"
    r"(?: of the same)? (?=like )"
)
_FROM = re.compile(
    rf"{_BEFORE}(?:an? |the |some )?radio(?: station)? (?:from|of|off|based on|around|for|like|with|out of"
    r"|starting (?:from|with|at)) (.+)"
)
_NAMED = re.compile(r"(?:(?:please|play(?: me)?|start|give me|turn on|put on) )+(.+) radio(?: please| now)?")
_THIS = {
    "track": re.compile(r"(?:this|that|the current|the last) (?:one|track|song|tune)|this|that|it|here"),
    "artist": re.compile(r"(?:this|that|the same|the current) (?:artist|band|singer|musician|group)"),
    "playlist": re.compile(
        r"(?:this|that|the(?: current)?|my|these|all(?: of)? (?:this|these)) (?:playlist|list|mix|slate|tracks|songs)"
        r"|these|them|all of (?:it|them)|(?:what|everything) (?:is|s) on screen"
    ),
}
#: Places in a list, first to tenth, and what stands before a number of one.
_NTH = (
    "first|1st; second|2nd; third|3rd; fourth|4th; fifth|5th; sixth|6th; seventh|7th; eighth|8th; ninth|9th; tenth|10th"
)
_AT = "track; song; tune; number; no; position; track number; song number; track no; song no"
_THE_LAST = re.compile(rf"(?:the|my) last {_N}(?: (?:ones|songs|tracks))?")
_SOME_LAST = re.compile(rf"like (?:the|those|these|my) last {_N}(?: of)?(?: (?:ones|songs|tracks))?{_AFTER}")
_KINDS = ("track", "artist", "playlist")
#: Tracks at most that "the last …" goes back.
_MOST_BACK = 20
#: Cuts of a message that are tried, beginning with the last.
_MOST_CUTS = 8
#: Names of tracks stand between these; what is said between them is no wish for music to go on.
_QUOTED = re.compile(r"[\"“”„«»]")
_WORD = re.compile(r"\w")
#: Words that a refinement begins with: those that only join, and those that say more.
_JOIN = "but|and|then"
#: What wants a radio to go on that is on, and what ends it.
_AGAIN = re.compile(
    r"(?:(?:please|ok|okay|and|yes|give me|gimme|play|some|even|now) )*(?:more|next|on|further)"
    r"(?: (?:please|now|then|of (?:that|this|it|the same)|and more|more|music|tracks|songs))*"
)
_ANOTHER = re.compile(
    r"(?:(?:please|ok|okay|and|yes|give me|play|just) )*(?:another|next one|the next one)(?: please)?"
)
_OFF = re.compile(
    r"(?:(?:please|ok|okay|now|can you|could you) )*(?:(?:stop|end|quit|kill|cancel|finish|leave|turn off|switch off"
    r"|shut off|shut down|no more|enough of) (?:playing )?(?:the |this |that |my )?radio|turn (?:the |this )?radio off"
    r"|switch (?:the |this )?radio off|radio (?:off|stop)|(?:that s )?enough radio)(?: (?:please|now|thanks))*"
)
_NOT_THEM = re.compile(
    r"(?:please )?(?:play )?(?:nothing|none|no more|not|without|no)(?: else| more)?"
    r"(?: (?:anything|songs|tracks|music))?(?: (?:by|from|of))?"
    r" (?:them|him|her|(?:this|that|the same) (?:artist|band|singer|group|guy|musician|rapper))"
    r"(?: please| any ?more| again| themselves| himself| herself)*"
)
#: Slips in words that let music go on.
_SLIPS = {
    **dict.fromkeys(("keeep", "kepp", "kep", "kepe", "keap", "keeo", "kee", "leep", "kkep"), "keep"),
    **dict.fromkeys(("goin", "goign", "giong", "gonig", "gooing", "goimg", "goingg", "gong", "ging"), "going"),
    **dict.fromkeys(("playin", "plaing", "palying", "playng"), "playing"),
    **dict.fromkeys(("contiue", "coninue", "continu", "contine", "conitnue", "countinue", "cntinue"), "continue"),
    **dict.fromkeys(("comin", "comming"), "coming"),
}
_SAY = (
    r"with|without|no|only|just|nothing|not|more|less|a bit|a little|another"
    rf"|(?:for )?(?:\d{{1,5}}|{ENGLISH_NUMBER} (?:more|others?|tracks|songs))|for (?:an?|half|another|{ENGLISH_NUMBER})"
)
_RELAX = r"(?:relax|loosen|ease)(?: up)?(?: on)?|be less strict (?:about|with)|less strict (?:about|with)"


@dataclass(frozen=True, slots=True)
class RadioWish:
    """What a message wants to go on from."""

    start: RadioStart
    name: str = ""  # words that name the track or artist, to be looked up
    rest: str = ""  # what refines it, as written
    n: int | None = None  # tracks, 1 at least; there may be more than a playlist has
    place: int | None = None  # of the track on screen, from 1, that the name may point at
    joined: bool = field(default=False, compare=False)  # whether a word joins the rest, and no mere pause
    whole: bool = field(default=False, compare=False)  # whether "radio" may be part of a name: "TV on the Radio"
    languages: tuple[str, ...] = field(default=(), compare=False)  # that say it so


def radio_wishes(text: str, *, on: bool = False) -> tuple[RadioWish, ...]:
    """Read a message that wants music to go on: its readings, the longest name first; none for any other.

    Where a radio is `on`, "5 more" wants it to go on.
    """
    found: dict[RadioWish, list[str]] = {}
    line = f" {_unslipped(fold(text))} "
    heard = [language for language in (ENGLISH, *TONGUES) if any(said in line for said in _telling(language))]
    for head, rest, spoken, joined in _cuts(text, heard) if heard else ():
        for language in (spoken,) if spoken else heard:
            words = _words(language)
            wish = words.read(head, alone=not rest)
            if wish is not None:
                if rest and not wish.name and (again := words.read(fold(rest), alone=True)) is not None:
                    wish, rest = again, ""  # "keep going, 5 more like the last two"
                n, left = words.counts.take(rest)
                wish = replace(wish, rest=left, n=n or wish.n, joined=joined)
                found.setdefault(wish, []).append(language)
    heard = [language for language in (ENGLISH, *TONGUES) if any(said in line for said in _telling_more(language))]
    if on and not found:
        for language in heard:
            n, left = _words(language).counts.take(text.strip(), only_more=True)
            if n is not None:
                found.setdefault(RadioWish(RadioStart(), rest=left, n=n), []).append(language)
    if on and not found and heard:
        for head, rest, spoken, joined in _cuts(text, heard):
            for language in (spoken,) if spoken else heard:
                words = _words(language)
                some = words.again(head)
                if some is not None:
                    n, left = words.counts.take(rest)
                    wish = RadioWish(RadioStart(), rest=left, n=n or some or None, joined=joined)
                    found.setdefault(wish, []).append(language)
    readings = [replace(wish, languages=tuple(dict.fromkeys(languages))) for wish, languages in found.items()]
    names = list(dict.fromkeys(wish.name for wish in readings))
    readings.sort(key=lambda wish: (names.index(wish.name), wish.n is None))  # who knows a number knows the language
    return tuple([wish for wish in readings if not wish.name][:1] or readings)


def radio_wish(text: str) -> RadioWish | None:
    """Read a message that wants music to go on, with the longest name; None for any other."""
    return next(iter(radio_wishes(text)), None)


def turns_off(text: str) -> tuple[str, ...]:
    """The languages in which a message ends a radio; none where it says anything else."""
    said = fold(text)
    if " radio" not in f" {said}":
        return ()
    return tuple(language for language in (ENGLISH, *TONGUES) if _off(language).fullmatch(said))


def refuses_them(rest: str, languages: Sequence[str]) -> bool:
    """Tell whether a refinement wants nothing by whoever is spoken of: "nothing by them"."""
    return any(_words(language).not_them.fullmatch(fold(rest)) for language in languages)


def relaxes(rest: str, languages: Sequence[str]) -> str:
    """What of a refinement names the demands that it relaxes, as written; "" where it relaxes none."""
    found = (_words(language).relax.match(rest) for language in languages)
    return next((rest[one.end() :] for one in found if one is not None), "")


def _cuts(text: str, languages: Sequence[str]) -> Iterator[tuple[str, str, str, bool]]:
    """Cut a message into what wants music to go on, folded, and what refines it, as written; the longest first.

    The third is the language of the word it is cut at, "" where there is none; the last, whether a word joins both.
    """
    said = text.strip()
    yield _unslipped(fold(said)) if not _QUOTED.search(said) else _unquoted(said), "", "", False
    cuts: dict[tuple[int, int], str] = {}
    for language in languages:
        for cut in _words(language).cut.finditer(said):
            joins = _WORD.search(said[cut.start() : cut.start("rest")]) is not None
            cuts.setdefault((cut.start(), cut.start("rest")), language if joins else "")
    for (end, begin), language in sorted(cuts.items(), reverse=True)[:_MOST_CUTS]:
        head = said[:end]
        if fold(head) and fold(said[begin:]):
            yield (
                _unslipped(fold(head)) if not _QUOTED.search(head) else _unquoted(head),
                said[begin:].strip(),
                language,
                _WORD.search(said[end:begin]) is not None or said[end:begin].isspace(),
            )


def _unslipped(said: str) -> str:
    """Mend slips in folded words that let music go on."""
    return " ".join(_SLIPS.get(word, word) for word in said.split())


def _unquoted(text: str) -> str:
    """Fold words that quote a name; nothing where they are the name."""
    bare = text.strip()
    return "" if _QUOTED.match(bare) else fold(bare)


class _Words:
    """The words of one language for music that goes on."""

    def __init__(
        self, patterns: Mapping[str, re.Pattern[str]], numbers: Mapping[str, int], counts: Counts, cut: str, relax: str
    ) -> None:
        self._patterns, self._numbers, self.counts = patterns, numbers, counts
        #: What refuses whoever is spoken of, folded.
        self.not_them = patterns["not them"]
        #: Where a message may be cut: what refines begins at "rest".
        self.cut = re.compile(cut, re.IGNORECASE)
        #: What begins a refinement that relaxes demands.
        self.relax = re.compile(rf"(?:{relax})\s+", re.IGNORECASE)

    def read(self, said: str, *, alone: bool) -> RadioWish | None:
        """Read folded words that want music to go on, and nothing else; `alone` if nothing more is said."""
        patterns = self._patterns
        if patterns["on"].fullmatch(said) or (alone and patterns["alone"].fullmatch(said)):
            return RadioWish(RadioStart())
        if (following := patterns["next"].fullmatch(said)) is not None:
            return RadioWish(RadioStart(), n=self.counts.value(_said(following)))
        if (some := patterns["some"].match(said)) is not None:
            last = patterns["some last"].fullmatch(said[some.end() :])
            return RadioWish(self._last(_said(last)), n=self.counts.value(_said(some))) if last else None
        if (last := patterns["last"].fullmatch(said)) is not None:
            return RadioWish(self._last(_said(last)))
        begun = patterns["from"].fullmatch(said)
        found = begun or patterns["named"].fullmatch(said)
        if found is None:
            return None
        rest = patterns["after"].sub("", _said(found))
        if (last := patterns["the last"].fullmatch(rest)) is not None:
            return RadioWish(self._last(_said(last)))
        for of in _KINDS:
            if patterns[of].fullmatch(rest):
                return RadioWish(RadioStart.model_validate({"of": of}))
        if not rest:
            return None
        place = self._place(rest) if begun is not None else None
        return RadioWish(RadioStart(of="artist"), name=rest, place=place, whole=begun is None)

    def again(self, said: str) -> int | None:
        """How many tracks folded words want of a radio that is on, 0 for as many as usual; None for other words."""
        return next((n for n, name in enumerate(("again", "another")) if self._patterns[name].fullmatch(said)), None)

    def _place(self, said: str) -> int | None:
        """The place in a list, from 1, that folded words may point at: "track 2", "the first song"."""
        if (numbered := self._patterns["at"].fullmatch(said)) is not None:
            return self.counts.value(_said(numbered)) if _said(numbered).strip("0") else None
        if (nth := self._patterns["nth"].fullmatch(said)) is None:
            return None
        return nth.lastindex

    def _last(self, n: str) -> RadioStart:
        return RadioStart(of="last", n=min(max(self._numbers.get(n) or int(n), 1), _MOST_BACK))


def _said(found: re.Match[str]) -> str:
    """What the one group says that took part in a match."""
    return next(one for one in found.groups() if one is not None)


@lru_cache(maxsize=8)
def _telling(language: str) -> tuple[str, ...]:
    """Phrases, between spaces, of which a message has one if it wants music to go on: patterns are slow to make."""
    if language == ENGLISH:
        return (" keep ", " on ", " continue ", " next ", " stop ", " radio ", " last ")
    table = _tongue(language).radio
    phrases = [phrase for name in ("on", "next", "like", "as") for phrase in table[name].split("; ")]
    phrases += [max(phrase.split("{n}"), key=len) for phrase in table["next_n"].split("; ")]
    return " radio ", *(f" {fold(phrase)} " for phrase in phrases)


@lru_cache(maxsize=8)
def _telling_more(language: str) -> tuple[str, ...]:
    """Phrases, between spaces, of which a message has one if it wants a radio that is on to go on."""
    if language == ENGLISH:
        return (" more ", " next ", " on ", " further ", " another ", " other ", " others ", " extra ", " additional ")
    table = _tongue(language).radio
    phrases = [max(phrase.split("{n}"), key=len) for phrase in table["more"].split("; ")]
    return tuple(f" {fold(phrase)} " for phrase in (*phrases, *table["again"].split("; ")))


@lru_cache(maxsize=8)
def _off(language: str) -> re.Pattern[str]:
    """What ends a radio, folded."""
    if language == ENGLISH:
        return _OFF
    table = _tongue(language).radio
    polite = any_of(table, "polite", "after")
    return re.compile(f"(?:(?:{polite}) )*(?:{any_of(table, 'off')})(?: (?:{polite}))*")


def _tongue(language: str) -> Tongue:
    return next(tongue for tongue in load_tongues() if tongue.code == language)


@lru_cache(maxsize=8)
def _words(language: str) -> _Words:
    if language == ENGLISH:
        patterns = {"on": _ON, "last": _LAST, "the last": _THE_LAST, "from": _FROM, "named": _NAMED, **_THIS}
        patterns |= {"alone": _ALONE, "after": re.compile(r"(?: (?:please|now|thanks))+$")}
        patterns |= {"next": _NEXT, "some": _SOME, "some last": _SOME_LAST}
        patterns |= {"again": _AGAIN, "another": _ANOTHER}
        patterns["not them"] = _NOT_THEM
        patterns |= _places(_NTH, _AT, ENGLISH_NUMBER)
        return _Words(patterns, _NUMBERS, english_counts(_JOIN), _cut(_JOIN, _SAY), _RELAX)
    return _of_tongue(_tongue(language))


def _of_tongue(tongue: Tongue) -> _Words:
    """Put a language's table of phrases into patterns; {n} stands for a number."""
    table = tongue.radio
    numbers = {fold(word): n for word, n in table["numbers"].items()}

    def one_of(*names: str) -> str:
        return any_of(table, *names)

    polite, before = f"(?:(?:{one_of('polite')}) )*", f"(?:(?:{one_of('polite', 'start')}) )*"
    after = f"(?: (?:{one_of('polite', 'after')}))"
    radio, tracks = f"(?:(?:{one_of('article')}) )?radio", f"(?: (?:{one_of('tracks')}))?"
    the_last = f"(?:{counted(tongue, 'last')}){tracks}"
    patterns = {of: one_of(of) for of in _KINDS}
    this = "|".join(patterns.values())  # "radio desta faixa" is one word for "from" and "this"
    patterns |= {
        "on": f"(?:{polite}(?:{one_of('on')})|{before}(?:{one_of('next')})){after}*",
        "next": f"{before}(?:{counted(tongue, 'next_n')}){tracks}{after}*",
        "alone": f"{before}{radio}{after}*",
        "last": f"{before}(?:{one_of('like')}){tracks} {the_last}{after}*",
        "some": f"{before}(?:{counted(tongue, 'more')}|({number_in(tongue)})){tracks} (?:{one_of('as')}) ",
        "some last": f"{the_last}{after}*",
        "the last": the_last,
        "from": f"{before}{radio} (?:{one_of('from')}) (.+)|{before}{radio} ({this})",
        "named": f"(?:(?:{one_of('start')}) )+(?:(?:{one_of('article')}) )?(.+) radio",
        "after": f"{after}+$",
        "again": f"{polite}(?:{one_of('again')}){after}*",
        "another": r"(?!)",
        "not them": f"(?:{one_of('not_them')}){after}*",
    }
    join, say, relax = ("|".join(map(re.escape, table[name].split("; "))) for name in ("but", "with", "relax"))
    compiled = {name: re.compile(one) for name, one in patterns.items()}
    compiled |= _places(table["nth"], table["at"], rf"\d{{1,4}}|{'|'.join(numbers)}")
    return _Words(compiled, numbers, counts_of(tongue, join), _cut(join, rf"{say}|\d{{1,5}}"), relax)


def _places(nth: str, at: str, number: str) -> dict[str, re.Pattern[str]]:
    """Patterns for places in a list on screen: with a number behind a noun, and by which one, in a group each."""
    nouns = "|".join(fold(noun) for noun in at.split("; "))
    groups = "|".join(f"({'|'.join(fold(word) for word in words.split('|'))})" for words in nth.split("; "))
    article = r"(?:the|[dl]\w{1,2}|il|l|as?|os?|el)"
    return {
        "at": re.compile(rf"(?:{article} )?(?:{nouns}) ({number})"),
        "nth": re.compile(rf"(?=\S+ )(?:{article} )?(?:{groups})(?: (?:{nouns}|one))?"),
    }


def _cut(join: str, say: str) -> str:
    return rf"(?:(?:{PAUSE})(?:(?:{join})\s+)?|\s+(?:{join})\s+|\s+(?=(?:{say})\b))(?P<rest>)"
