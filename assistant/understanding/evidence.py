"""Are these words a name? What a word is by itself, how it is written, and what its sentence makes of it.

The more ordinary the words of a name are, the more evidence it needs: "metallica" needs none, "queen" a cue, "yes" a
"by" or a "like", and the genre "soul" stays a genre unless somebody writes "the band Soul".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from assistant.understanding.cues import Cue, Strength, asks_to_play, cue_for, ends_phrase, names_song
from assistant.understanding.gazetteer import Artist, Gazetteer, squeeze
from assistant.understanding.matches import Match
from assistant.understanding.name_bounds import STOPS
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading
from recsys.common_words import COMMON_WORDS, FUNCTION_WORDS
from recsys.types import Facet

Kind = Literal["rare", "common", "function", "vocabulary"]

#: An artist without any cue must be worth the risk: so many letters and tracks.
_BARE_LETTERS, _BARE_TRACKS = 5, 3
_MIN_TITLE_LETTERS = 3
#: Ordinary words that are all of a message name an artist if no more than these stand around: "queen please".
_MAX_COURTESY = 2
_MAX_LONGER = 4  # words by which a refused name may be longer: "skip james newton howard" is not Skip James
_MIN_RESPELT = 8  # letters of a name of ordinary words that may be spaced differently: "boy with uke"
PRONOUNS = words("this that these those it them him her you me us myself mine yours one ones which what")
_NO_SUCH = words("rush pressure stress hurry worries wonder")  # "no rush" is no word against the band
#: What refuses the last words of a message, and words that are no name even there.
_REFUSING = re.compile(
    r"(?:^|[ ,])(?:no|no more|skip|without|not|(?:any|every)(?:thing|one) (?:but|except)|remove|leave out|avoid|exclude"
    r"|i (?:don t|do not|dont) want(?: any)?)$"
)
_NO_NAMES = (
    PRONOUNS
    | _NO_SUCH
    | words("more way thanks thank good problem problems idea music song songs track tracks artist artists i it")
)
_NOTHING_MORE = re.compile(r"$|,|(?:please|songs|tracks|music|and|but)\b")
#: "The band" and "the best" are no artists before somebody writes them as names.
_BEHIND_THE = words(
    "band bands best better first last next same other others rest most more one ones music song songs track tracks "
    "album albums artist artists group groups list playlist playlists mix original originals hits style sound kind"
)
#: Signs that stand in a name for letters or for the rest of them, not between words: "P!nk", "T.K. Soul".
_STOPS = frozenset(".!?$")
#: How sure a name of several of the most ordinary words is: "some ll cool j".
_OF_FUNCTION_WORDS = 0.8
#: How sure a name is that is only known by being said twice.
_SAID_AGAIN = 0.8
#: "Songs about X" is about the thing, not by the artist; "how about X" is.
_ABOUT = re.compile(r"(?<!how )(?<!what )\babout(?: the| a)?$")
_PLAY = re.compile(r"\b(?:add|play|hear|sing|put on)$")
_SMALL_IN_NAMES = words("the of and a in to")
#: Facets whose words people capitalise without meaning a name.
_PLAIN = frozenset((Facet.GENRE, Facet.LANGUAGE, Facet.COUNTRY, Facet.VOCALS))


def is_year(words: Sequence[str]) -> bool:
    """Tell whether the words are one year: "the 1975" is a band, "1975" a year."""
    return len(words) == 1 and words[0].isdigit() and len(words[0]) == 4


class Evidence:
    """What speaks for names in one message. `taken` is shared with the linker: words that are already claimed."""

    def __init__(self, reading: Reading, facets: Sequence[Match], gazetteer: Gazetteer, taken: set[int]) -> None:
        self._reading, self._facets, self._gazetteer, self._taken = reading, facets, gazetteer, taken
        self._contents: dict[tuple[int, int], tuple[int, int]] = {}
        self._vocabulary = {n for match in facets for n in range(match.start, match.end)}

    def kind(self, position: int) -> Kind:
        """What a word is by itself."""
        word = self._reading.words[position]
        if position in self._vocabulary:
            return "vocabulary"
        if word in FUNCTION_WORDS or len(word) == 1:
            return "function"
        return "common" if word in COMMON_WORDS or word.isdigit() else "rare"

    def kinds(self, start: int, end: int) -> list[Kind]:
        """What each of some words is."""
        return [self.kind(n) for n in range(start, end)]

    def is_capitalised(self, start: int, end: int) -> bool:
        """Tell whether words are written as a name, and not only because they begin a sentence."""
        words = [n for n in range(start, end) if self._reading.words[n] not in _SMALL_IN_NAMES]
        says = len(words) > 1 or any(self._reading.pause(n) < 2 for n in words)
        return says and all(self._reading.capital(n) or self._reading.words[n].isdigit() for n in words)

    def capital_run_begins(self, start: int) -> bool:
        """Tell whether a capital in the middle of a sentence announces a name."""
        inside = self._reading.pause(start) < 2 and self._reading.capital(start)
        return inside and self.kind(start) in ("rare", "common")

    def content(self, position: int) -> tuple[int, int]:
        """The sentence around a word without the ordinary words at its ends."""
        clause = self._reading.clause(position)
        if clause not in self._contents:
            start, end = clause
            while start < end - 1 and self.kind(start) == "function":
                start += 1
            while end - 1 > start and self.kind(end - 1) == "function":
                end -= 1
            self._contents[clause] = start, end
        return self._contents[clause]

    def is_message(self, start: int, end: int) -> bool:
        """Tell whether the words are all that the message says, but for ordinary words around them."""
        whole = (0, len(self._reading))
        return self._reading.clause(start) == whole and (start, end) in (whole, self.content(start))

    def is_name_with_signs(self, start: int, end: int) -> bool:
        """Tell whether words that are a name with its signs say nothing else: "N.W.A", not "R&B" nor "you & me"."""
        kinds = set(self.kinds(start, end))
        if kinds <= {"vocabulary"}:
            return False
        initials = all(len(word) == 1 or word == "and" for word in self._reading.words[start:end])
        stops = not _STOPS.isdisjoint(self._reading.raw(start, end))
        return initials or stops or not kinds.isdisjoint(("rare", "common"))

    def confidence_in_list(self, start: int, end: int, artist: Artist) -> float:
        """How sure it is that the name of ordinary words is meant which stands in a list of names, 0–1."""
        words, kinds = self._reading.words[start:end], self.kinds(start, end)
        the = words[0] == "the" and len(words) > 1
        begins = start == self._reading.clause(start)[0] or self._reading.tokens[start].raw[0].isupper()
        enough = end - start - the > 1 or (kinds[-1] == "common" and (the or begins))
        same = _spaced(artist.key.split(" ")) in (_spaced(words), _spaced(words[the:]))
        ordinary = "vocabulary" not in kinds and not PRONOUNS.issuperset(words) and not is_year(words)
        return 0.8 if enough and same and ordinary and ends_phrase(self._reading, end) else 0.0

    def confidence(self, start: int, end: int, artist: Artist, cue: Cue) -> float:
        """How sure it is that words which are an artist's name mean the artist, 0–1; 0 is not enough."""
        sure = self._confidence(start, end, artist, cue)
        if not sure and self.is_written_alike(start, end, artist) and "function" not in self.kinds(start, end):
            return 0.9
        again = self.is_said_again(start, end) or self._is_refused(start, end)
        return sure or (_SAID_AGAIN if again else 0.0)

    def is_said_again(self, start: int, end: int) -> bool:
        """Tell whether words that are compared with elsewhere in the message: "like tender, but isn't tender".

        Nobody asks for what is like a mood or a genre and is not of it: the words are a name.
        """
        said, reading = self._reading.words[start:end], self._reading
        places = [n for n in range(len(reading) - len(said) + 1) if reading.words[n : n + len(said)] == said]
        if len(places) < 2 or (PRONOUNS | STOPS).issuperset(said):
            return False
        cues = [cue_for(reading, n, n + len(said)) for n in places]
        return any(cue.strength is Strength.STRONG and cue.polarity == "~" for cue in cues)

    def is_sure(self, start: int, end: int, artist: Artist) -> bool:
        """Tell whether one word is a name even where the vocabulary knows it."""
        return self.is_said_again(start, end) or self.is_written_alike(start, end, artist)

    def is_written_alike(self, start: int, end: int, artist: Artist) -> bool:
        """Tell whether a word is in capitals that only the name explains: "some TENDER songs"."""
        raw = self._reading.raw(start, end)
        return len(raw) > 2 and raw.isupper() and raw == artist.name and self._reading.capital(start)

    def _is_refused(self, start: int, end: int) -> bool:
        """Tell whether a message ends with words that it refuses: "no guy", "rock, just not nothing more"."""
        words = self._reading.words[start:end]
        ends = self._reading.right(end) in ("", "please", ", please") and not STOPS.issuperset(words)
        return ends and _REFUSING.search(self._reading.left(start)) is not None and not _NO_NAMES.issuperset(words)

    def _confidence(self, start: int, end: int, artist: Artist, cue: Cue) -> float:
        words = self._reading.words[start:end]
        the = words[0] == "the" and len(words) > 1
        kinds = set(self.kinds(start + the, end))
        n_content = end - start - the
        capital = self.is_capitalised(start, end)
        if self._is_about(start, capital=capital) or self._reading.right(end, 1) == "by":
            return 0.0
        if self._reading.tokens[start].gap == "'" or self._is_refusal(start, end):
            return 0.0  # "isn't Rex …" is not T. Rex
        if n_content > 2 and all(len(word) == 1 for word in words):
            return 0.9  # "A R I Z O N A"
        if words[0] in _NO_SUCH and n_content == 1 and self._reading.left(start, 1) == "no":
            return 0.0
        if n_content == 1 and capital and self._capital_goes_on(end):
            return 0.0
        complete = self._is_complete(start, end)
        if the and is_year(words[1:]):
            return 0.9 if complete and artist.name.lower().startswith("the ") else 0.0
        same_words = _spaced(artist.key.split(" ")) in (_spaced(words), _spaced(words[the:]))
        needed = Strength.WEAK if len(squeeze(words)) >= _MIN_RESPELT else Strength.STRONG
        # "No ne-yo" is not "None", nor "And One".
        certain = "rare" in kinds and not (needed is Strength.STRONG and "function" in kinds)
        if not same_words and not certain and cue.strength < needed:
            return 0.0
        if "rare" in kinds:
            return self._rare_confidence(start + the, end, artist, cue, capital=capital)
        if kinds <= {"vocabulary"}:
            return self._vocabulary_confidence(start, end, cue, capital=capital, complete=complete)
        if kinds <= {"function"}:
            return self._function_confidence(start, end, cue, capital=capital, complete=complete)
        if cue.strength is Strength.STRONG and (capital or complete):
            return 0.95
        if same_words and n_content > 2 and (n_content > 3 or complete):
            return 0.7
        if capital and (cue.strength or complete):
            return 0.9
        courtesy = len(self._reading) - (end - start)
        if not courtesy and same_words and n_content > 1 and "vocabulary" not in kinds and words[0] != "no":
            return 0.8
        if self._is_all(start, end) and "function" not in kinds and courtesy <= _MAX_COURTESY:
            return 0.8
        return 0.8 if cue.strength and complete and (end - start > 1 or kinds == {"common"}) else 0.0

    def may_begin_title(self, start: int) -> bool:
        """Tell whether a title could begin at a word at all: a cheap look before trying all its ends."""
        if self._reading.capital(start) or start in (self._reading.clause(start)[0], self.content(start)[0]):
            return True
        return names_song(self._reading, start) or asks_to_play(self._reading, start)

    def may_be_title(self, start: int, end: int) -> bool:
        """Tell whether words could be meant as a title, before looking whether they are one."""
        words = self._reading.words[start:end]
        n_words = end - start
        kinds = set(self.kinds(start, end))
        if all(word.isdigit() for word in words) or sum(map(len, words)) < _MIN_TITLE_LETTERS:
            return False
        complete = ends_phrase(self._reading, end)
        if names_song(self._reading, start):
            return complete and (n_words > 1 or "function" not in kinds)
        courtesy = len(self._reading) - n_words
        ordinary = kinds <= {"vocabulary", "function"}
        if self.is_message(start, end):
            known = sum(kind in ("vocabulary", "function") for kind in self.kinds(start, end))
            if known > n_words / 2 and n_words > 4:
                return False
            return not ordinary and (n_words > 1 or (kinds == {"rare"} and courtesy <= _MAX_COURTESY))
        capital = self.is_capitalised(start, end)
        if not complete or self._is_about(start, capital=capital):
            return False
        asked = asks_to_play(self._reading, start)
        if n_words == 1:
            return capital and kinds <= {"rare", "common"} and _PLAY.search(self._reading.left(start)) is not None
        if ordinary:
            return capital and asked
        return capital or (asked and (n_words > 2 or "rare" in kinds))

    def worth_guessing(self, start: int, end: int) -> bool:
        """Tell whether words that are no name of the catalogue may be a misspelt one."""
        kinds = self.kinds(start, end)
        left = self._reading.left(start)
        if self._is_about(start, capital=self.is_capitalised(start, end)):
            return False
        if left.endswith((" by", " by the")):
            return any(kind != "function" for kind in kinds)
        capital = self.is_capitalised(start, end)
        if kinds[0] in ("vocabulary", "function") and not capital:
            return False
        if "rare" in kinds or capital:
            return True
        return left.split(" ")[-1] == "like" and kinds.count("common") == len(kinds)

    def is_unknown_name(self, start: int, end: int, cue: Cue) -> bool:
        """Tell whether words that nothing knows are surely meant as a name."""
        words = self._reading.words[start:end]
        kinds = self.kinds(start, end)
        if "vocabulary" in kinds or "rare" not in kinds or sum(map(len, words)) < _MIN_TITLE_LETTERS:
            return False
        if self._reading.pause(start) < 2 and self.is_capitalised(start, end) and cue.strength:
            return True
        before, after = self._reading.left(start).split(" ")[-1], self._reading.right(end, 1)
        plain = kinds[0] != "function" and not words[0].endswith("ing") and len(words) <= 4
        return cue.strength is Strength.STRONG and plain and before in ("by", "like", "to") and after not in _MAKERS

    # -- parts of the judgement ------------------------------------------------------------------------------------

    def _rare_confidence(self, start: int, end: int, artist: Artist, cue: Cue, *, capital: bool) -> float:
        whole = self._is_all(start, end)
        if end - start > 1:
            return 1.0
        word = self._reading.words[start]
        if self._goes_on(end) or (len(word) < 3 and not (capital and cue.strength) and not whole):
            return 0.0
        if cue.strength is Strength.STRONG or whole:
            return 1.0
        if capital or cue.strength:
            return 0.95
        return 0.6 if len(word) >= _BARE_LETTERS and artist.n_tracks >= _BARE_TRACKS else 0.0

    def _vocabulary_confidence(self, start: int, end: int, cue: Cue, *, capital: bool, complete: bool) -> float:
        longer = any(m.start <= start and end <= m.end and m.end - m.start > end - start for m in self._facets)
        if not complete or longer:
            return 0.0
        if cue.strength is Strength.STRONG and (capital or self._reading.left(start).endswith((" by", "band"))):
            return 0.9
        matches = [m for m in self._facets if m.start < end and start < m.end]
        if capital and cue.strength and len(matches) > 1:
            return 0.7  # "Panama Wedding"
        facets = {word.facet for m in matches for word in m.words}
        return 0.7 if capital and cue.strength and start > 0 and facets.isdisjoint(_PLAIN) else 0.0

    def _function_confidence(self, start: int, end: int, cue: Cue, *, capital: bool, complete: bool) -> float:
        if end - start == 2 and self._reading.words[start] == "the" and self._ends_after(start, end, cue):
            return _OF_FUNCTION_WORDS
        if not capital and not PRONOUNS.isdisjoint(self._reading.words[start:end]):
            return 0.0
        digits = any(word.isdigit() for word in self._reading.words[start:end])
        if end - start > 2 - digits and complete and cue.strength:
            return _OF_FUNCTION_WORDS
        named = cue.strength is Strength.STRONG and (capital or self._reading.left(start).endswith("by"))
        bare = capital or end - start == len(self._reading)
        alone = bare and end - start > 1 and self._is_all(start, end)
        return 0.9 if (complete and named) or alone else 0.0

    def _is_refusal(self, start: int, end: int) -> bool:
        """Tell whether a name is another one with a refusal before it: "no maná", if there is also a No Mana."""
        words, capital = self._reading.words[start:end], self._reading.pause(start) < 2 and self._reading.capital(start)
        if capital or len(words) < 2 or words[0] not in ("no", "not", "skip", "without"):
            return False
        longest = min(end + _MAX_LONGER, self._reading.clause(start)[1])
        others = (self._reading.words[start + 1 : stop] for stop in range(end, longest + 1))
        return any(self._gazetteer.artist(other) is not None for other in others)

    def _ends_after(self, start: int, end: int, cue: Cue) -> bool:
        """Tell whether "the who" is asked for and nothing follows that it could belong to."""
        behind = self._reading.right(end)
        asked = cue.strength or start == 0
        noun = self._reading.words[end - 1] in _BEHIND_THE
        return (
            bool(asked)
            and not noun
            and (not behind or re.match(r"(?:,|please|songs|tracks|music|and)\b", behind) is not None)
        )

    def _is_complete(self, start: int, end: int) -> bool:
        """Tell whether a name can end here: before a noun or a pause, or before another name."""
        if ends_phrase(self._reading, end):
            return True
        if end >= len(self._reading) or self.kind(end) not in ("rare", "common"):
            return False
        next_is_name = self._gazetteer.artist(self._reading.words[end : end + 1]) is not None
        return next_is_name or (end - start > 1 and self.kind(end) == "rare")

    def _is_all(self, start: int, end: int) -> bool:
        content = self.content(start)
        return content == (start, end) or (self._reading.words[start] == "the" and content == (start + 1, end))

    def _is_about(self, start: int, *, capital: bool) -> bool:
        return not capital and _ABOUT.search(self._reading.left(start)) is not None

    def _next_is_free(self, end: int) -> bool:
        return end < len(self._reading) and not self._reading.pause(end) and end not in self._taken

    def _capital_goes_on(self, end: int) -> bool:
        """Tell whether the next word belongs to the same name by its capital: "Queen" in "Queen Latifah"."""
        free = self._next_is_free(end)
        return free and self._reading.capital(end) and self.kind(end) in ("rare", "common")

    def _goes_on(self, end: int) -> bool:
        """Tell whether a name seems to continue: "bobby" in "bobby dylan", unless another one follows."""
        if not self._next_is_free(end) or self._gazetteer.artist(self._reading.words[end : end + 1]) is not None:
            return False
        return self.kind(end) == "rare" or self._capital_goes_on(end)


#: "By heavier bands" names nobody.
_MAKERS = words("bands band artists artist singers singer people musicians composers rappers groups djs")


def _spaced(words: Sequence[str]) -> list[str]:
    return ["n" if word == "and" else word for word in words]
