"""A message as words: folded for comparison, with what stood between them kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from assistant.understanding.tables import words
from recsys.text import fold

#: Only so many characters of a message are read: far above any request, small enough to stay fast.
MAX_CHARACTERS = 2_000

#: Scripts whose vowel signs are marks: \w leaves them out, but they are part of the word.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0dff\u0e00-\u0eff"
_WORD = re.compile(
    rf"(?<![\d.])\d{{1,2}}\.\d{{1,2}}(?![\w.])"  # 1.5, and not part of a version or an address
    rf"|(?:\$(?=[^\W\d_]))?[^\W_](?:[^\W_]|[{_MARKS}]|\$(?=[^\W\d_])|(?<=[^\W\d_])!(?=[^\W\d_]))*"
    r"|&"
)
_STOP = re.compile(r"[;|\n\r\u2028\u2029]|[.!?…。！？](?=[\s\"'”’)\]]|$)|[.!?…]{2,}")
_COMMA = re.compile(r"[,:()\[\]{}<>،、，]|\s[-–—]+\s?|[–—]|[-–—]\s")
#: After these a full stop ends no sentence.
_ABBREVIATIONS = words("dr mr mrs ms st jr sr feat ft vs vol pt etc e g i e approx max min")
#: A command typed into its object: "addEd Sheeran", "playTLC", "AddCheap Trick".
_STUCK = re.compile(
    r"(?:(?:add|play|like|by|some|more|and|want|for|from|songs)(?=[A-Z][a-z])|(?:add|play)(?=[A-ZÀ-ÖØ-Þ])"
    r"|(?:Add|Play)(?=[A-ZÀ-ÖØ-Þ][^\W\d_A-Z]))"
)
_QUOTED = re.compile(r"\"([^\"\n]{1,80})\"|“([^”\n]{1,80})”|«([^»\n]{1,80})»|(?<!\w)'([^'\n]{2,60})'(?!\w)")
_LOWER_IN_TITLES = words("of to the a an for me my some and with in on by from i want songs music please")


@dataclass(frozen=True, slots=True)
class Token:
    """One word: `text` folded, `raw` as written, `start` and `end` its offsets in the message.

    `pause` says what comes before it: 0 nothing, 1 a comma or the like, 2 the end of a sentence. `gap` is what
    stands there.
    """

    text: str
    raw: str
    start: int
    end: int
    gap: str
    pause: int


@dataclass(frozen=True)
class Reading:
    """A message cut into words."""

    text: str
    tokens: tuple[Token, ...]
    cut: bool

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The folded words."""
        return tuple(token.text for token in self.tokens)

    def joined(self, start: int, end: int) -> str:
        """Words start to end (exclusive), folded and joined by spaces."""
        return " ".join(self.words[start:end])

    def raw(self, start: int, end: int) -> str:
        """The same words as the listener wrote them."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end] if start < end else ""

    def pause(self, index: int) -> int:
        """The pause before a word; before the first and after the last it is the end of a sentence."""
        return self._pauses[index]

    def left(self, index: int, n_words: int = 8) -> str:
        """Up to `n_words` words of the same sentence before a word, with "," where there is a comma."""
        known = self._lefts.get((index, n_words))
        if known is None:
            start = self.clause(index)[0] if 0 <= index < len(self) else 0
            parts: list[str] = []
            for position in range(max(start, index - n_words), index):
                parts += (",", self.words[position]) if self._pauses[position] == 1 else (self.words[position],)
            if index < len(self) and self._pauses[index] == 1:
                parts.append(",")
            known = self._lefts[index, n_words] = " ".join(parts)
        return known

    def right(self, index: int, n_words: int = 4) -> str:
        """Up to `n_words` words of the same sentence from a word on, with "," where there is a comma."""
        known = self._rights.get((index, n_words))
        if known is None:
            parts: list[str] = []
            for position in range(index, min(index + n_words, len(self))):
                if self._pauses[position] == 2:
                    break
                parts += (",", self.words[position]) if self._pauses[position] else (self.words[position],)
            known = self._rights[index, n_words] = " ".join(parts)
        return known

    @cached_property
    def _lefts(self) -> dict[tuple[int, int], str]:
        return {}

    @cached_property
    def _rights(self) -> dict[tuple[int, int], str]:
        return {}

    @cached_property
    def _pauses(self) -> list[int]:
        """The pauses before all words and after the last."""
        return [2, *(token.pause for token in self.tokens[1:]), 2]

    def clause(self, index: int) -> tuple[int, int]:
        """The sentence around a word, as positions start to end (exclusive)."""
        return self._clauses[index]

    @cached_property
    def _clauses(self) -> list[tuple[int, int]]:
        starts = [n for n in range(len(self.tokens)) if self._pauses[n] == 2]
        ends = [*starts[1:], len(self.tokens)]
        return [clause for clause in zip(starts, ends, strict=True) for _ in range(*clause)]

    @cached_property
    def line(self) -> str:
        """The whole message for patterns: words with spaces, "," and "." at pauses, "-" between numbers."""
        return self._line_and_offsets[0]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The words that characters start to end of `line` touch, as positions start to end (exclusive)."""
        _, offsets = self._line_and_offsets
        first = next((n for n, (_, stop) in enumerate(offsets) if stop > start), len(offsets))
        last = first
        while last < len(offsets) and offsets[last][0] < end:
            last += 1
        return first, last

    @cached_property
    def _line_and_offsets(self) -> tuple[str, list[tuple[int, int]]]:
        parts: list[str] = []
        offsets: list[tuple[int, int]] = []
        length = 0
        for position, token in enumerate(self.tokens):
            mark = _mark(self.tokens[position - 1], token) if position else ""
            if mark:
                parts.append(mark)
                length += len(mark) + 1
            offsets.append((length, length + len(token.text)))
            parts.append(token.text)
            length += len(token.text) + 1
        return " ".join(parts), offsets

    @cached_property
    def quotes(self) -> tuple[tuple[int, int], ...]:
        """Quoted passages, as positions start to end (exclusive)."""
        found: list[tuple[int, int]] = []
        for match in _QUOTED.finditer(self.text):
            inside = [n for n, t in enumerate(self.tokens) if t.start >= match.start() and t.end <= match.end()]
            if inside:
                found.append((inside[0], inside[-1] + 1))
        return tuple(found)

    def capital(self, index: int) -> bool:
        """Tell whether a word's capital letter says something: not in "PLAY SOME ROCK" nor "Play Some Rock"."""
        return self.tokens[index].raw[0].isupper() and not self._capitals_say_nothing

    @cached_property
    def _capitals_say_nothing(self) -> bool:
        letters = [t.raw for t in self.tokens if t.raw[0].isalpha() and t.raw != "I"]
        small = [t.raw for t in self.tokens[1:] if t.text in _LOWER_IN_TITLES and t.raw != "I"]
        if len(letters) > 2 and all(raw.isupper() for raw in letters):
            return True
        if self.tokens[0].raw[0].islower():
            return False  # "leave out The Fray"
        return bool(small) and sum(raw[0].isupper() for raw in small) > len(small) / 2


def read(message: str) -> Reading:
    """Cut a message into words. Reads at most MAX_CHARACTERS, ending at a space where there is one."""
    cut = len(message) > MAX_CHARACTERS
    text = message[:MAX_CHARACTERS]
    if cut and (space := text.rfind(" ")) > MAX_CHARACTERS // 2:
        text = text[:space]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)[: 2 * MAX_CHARACTERS].replace("’", "'").replace("‘", "'")
    tokens: list[Token] = []
    last = 0
    for match in _WORD.finditer(text):
        gap = text[last : match.start()]
        last = match.end()
        for raw, start in _unstick(match.group(), match.start()):
            # An ASCII word of letters and digits folds to its lower case: the fast path.
            plain = raw.isascii() and raw.isalnum()
            folded = raw.lower() if plain or "." in raw else fold(raw)
            for word in folded.split():
                pause = _pause(gap, tokens, word) if tokens else 2
                tokens.append(Token(word, raw, start, start + len(raw), gap, pause))
                gap = ""
    return Reading(text, tuple(tokens), cut)


def _unstick(raw: str, start: int) -> list[tuple[str, int]]:
    if (stuck := _STUCK.match(raw)) is None:
        return [(raw, start)]
    return [(raw[: stuck.end()], start), (raw[stuck.end() :], start + stuck.end())]


def _pause(gap: str, tokens: Sequence[Token], after: str) -> int:
    before = tokens[-1]
    if gap in (" ", "", "-", "'") or (gap == "." and 1 in (len(before.text), len(after))):
        return 0  # "b.i.g."
    if gap == " .":
        return 1  # "Anderson .Paak"
    if _STOP.search(gap):
        initial = len(before.text) == 1 and before.text.isalpha() and before.text not in "ai"
        joined = len(tokens) > 1 and tokens[-2].text in ("and", "n")
        initial = initial and not joined and (bool(before.gap) or not before.start)  # "J. Cole", not "no R&B. Jazz"
        short = before.text in _ABBREVIATIONS or (before.text == "no" and after[0].isdigit())  # "Symphony No. 5"
        return 0 if gap == ". " and (short or initial) else 2
    return 1 if _COMMA.search(gap) else 0


def _mark(before: Token, token: Token) -> str:
    if token.pause:
        return "." if token.pause == 2 else "-" if _is_range(before, token) else ","
    if _is_range(before, token):
        return "-"
    return "/" if "/" in token.gap else ""


def _is_range(before: Token, token: Token) -> bool:
    return before.text[0].isdigit() and token.text[0].isdigit() and token.gap.strip() in ("-", "–", "—")
