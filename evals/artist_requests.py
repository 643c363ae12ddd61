"""Requests for artists of a catalogue, as people type them: plain, misspelt, in sentences, in conversations, refused.

Artists are drawn by the sort of their name, each sort as often as the next, since most names are easy ones. Names of
`SORTS` are told by how they are written alone, and what an ordinary word is the product's own list says.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from evals.errors import EvaluationDataError
from recsys.catalogue import Catalogue
from recsys.common_words import COMMON_WORDS, FUNCTION_WORDS
from recsys.text import artist_key, fold
from recsys.types import Facet

KINDS = ("plain", "two", "like but not", "misspelt", "sentence", "conversation", "exclusion")
#: Tracks of the first playlist in "what else by X"; the session keeps to that number.
FIRST_SIZE = 5
#: Letters of a name that is written with one slip, and with two.
_ONE_SLIP, _TWO_SLIPS = 5, 9
_MAX_TRIES = 200
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
#: What catalogues write where there is no artist.
_NOBODY = frozenset(("various artists", "various", "unknown", "unknown artist", "traditional", "anonymous"))

#: Sort of a name → whether a name is of it; the first that fits counts.
SORTS: dict[str, Callable[[str], bool]] = {
    "accents": lambda name: any(not char.isascii() and char.isalpha() for char in name),
    "numbers": lambda name: any(char.isdigit() for char in name),
    "ampersand": lambda name: bool(re.search(r"[&+,]", name)),
    "marks": lambda name: bool(re.search(r"[^\w\s]", name)),
    "ordinary words": lambda name: all(word in COMMON_WORDS | FUNCTION_WORDS for word in fold(name).split()),
    "short": lambda name: len(fold(name).replace(" ", "")) <= 4,
    "one word": lambda name: " " not in name,
    "several words": lambda name: True,
}

_PLAIN = ("best of {x}", "play {x}", "some {x} songs", "{x}", "songs by {x}", "the best {x} tracks")
_TWO = ("{x} and {y}", "play {x} and {y}", "some {x} and {y} songs", "songs by {x} or {y}", "a mix of {x} and {y}")
_LIKE_BUT_NOT = (
    "songs like {x} but not {x}",
    "similar to {x}, nothing by {x} itself",
    "something like {x}, but no {x}",
    "artists like {x}, without {x}",
    "music in the style of {x} but not by {x}",
    "sounds like {x} but isn't {x}",
)
_SENTENCE = (
    "I'm making a playlist for my sister's wedding, could you add a few songs by {x} please? she loves them",
    "hey there! my flatmate is visiting on sunday and only ever listens to {x}, so play us some {x}",
    "I haven't heard anything by {x} in years. Can you put on their best tracks?",
    "we have a long drive ahead of us and I would like to hear some {x} on the way",
    "ok so my dad was a huge fan back in the day: give me songs by {x}",
    "could you please find me some tracks by {x}, I want to get to know them better",
    "I need 15 songs by {x} for a quiz on friday",
    "do you have anything by {x}? I feel like listening to them tonight",
)
_ASK = ("some {x} songs", "play {x}", "songs by {x}", "{x}")
_MORE = ("what else by {x}", "more {x} please", "more by {x}", "what else do you have by {x}?")
_ADD = ("now add some {y}", "and some {y} too please", "add {y}", "also some songs by {y}")
_REFUSE_AT_ONCE = ("{g} but no {x}", "some {g}, anything except {x}", "{g} without {x}", "play {g}, just not {x}")
_REFUSE_LATER = (
    "no {x}",
    "anything except {x}",
    "no more {x} please",
    "everything but {x}",
    "I don't want {x}",
    "skip {x}",
)
_AFTERWARDS = ("15 songs please", "something else", "less famous ones", "30 tracks", "an hour of it")
_VERBS = ("add", "play", "Add", "Play")


@dataclass(frozen=True, slots=True)
class Named:
    """An artist of the catalogue, and how many works it has there."""

    key: str
    name: str
    sort: str
    n_works: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The messages of one session, in order, and who is wanted or refused in them."""

    kind: str
    form: str  # of the kind: the template, or how a name is misspelt
    said: tuple[str, ...]
    wanted: tuple[Named, ...] = ()  # by whom the last slate is
    refused: tuple[Named, ...] = ()  # who is in no slate from `since` on
    like: tuple[Named, ...] = ()  # whom the last slate is like
    since: int = 0  # position of the message that refuses
    again: bool = False  # asks for what was not shown yet


class Artists:
    """The artists of a catalogue who have works enough, by the sort of their name."""

    def __init__(self, catalogue: Catalogue, fewest: int) -> None:
        """Count works.

        Raises:
            EvaluationDataError: fewer than two artists have as many.
        """
        names = dict(zip(catalogue.artist_keys, catalogue.artist_names, strict=True))
        self.all: list[Named] = []
        for key in catalogue.values(Facet.ARTIST):
            n_works = len(np.unique(catalogue.work[catalogue.postings(Facet.ARTIST, key)]))
            name = names.get(key, key)
            if n_works >= fewest and key not in _NOBODY and fold(name):
                self.all.append(Named(key, name, sort_of(name), n_works))
        if len(self.all) < 2:
            raise EvaluationDataError(
                f"{len(self.all)} artists of the catalogue have {fewest} works, and two are needed; "
                "give --catalogue a larger table or lower --works"
            )
        self.by_sort = {sort: [one for one in self.all if one.sort == sort] for sort in SORTS}
        self.by_sort = {sort: found for sort, found in self.by_sort.items() if found}
        self.spelt = {_squeezed(key) for key in catalogue.values(Facet.ARTIST)}
        self.titles = {_squeezed(fold(title)) for title in catalogue.titles}

    def draw(self, rng: np.random.Generator) -> Named:
        """Draw a sort of name, and an artist with such a name."""
        sorts = list(self.by_sort)
        found = self.by_sort[sorts[int(rng.integers(len(sorts)))]]
        return found[int(rng.integers(len(found)))]

    def draw_two(self, rng: np.random.Generator) -> tuple[Named, Named]:
        """Draw two artists of whom neither name holds the other."""
        for _ in range(_MAX_TRIES):
            x, y = self.draw(rng), self.draw(rng)
            if x.key not in y.key and y.key not in x.key:
                return x, y
        raise EvaluationDataError(
            "no two artists of the catalogue have different names; give --catalogue a larger table"
        )

    def is_clear(self, spelling: str, meant: Named) -> bool:
        """Tell whether a misspelling can mean one artist only: it is no name itself, and no other one is as near."""
        compact, right = _squeezed(fold(spelling)), _squeezed(meant.key)
        if compact in self.titles or (compact in self.spelt and compact != right):
            return False
        slips = OSA.distance(compact, right)
        near = process.extract(compact, self.spelt - {right}, scorer=OSA.distance, score_cutoff=slips, limit=1)
        return not near


def sort_of(name: str) -> str:
    """The first of `SORTS` that a name is of."""
    return next(sort for sort, fits in SORTS.items() if fits(name))


class Requests:
    """Draws requests for the artists of a catalogue."""

    def __init__(self, artists: Artists, genres: Mapping[str, Sequence[str]], rng: np.random.Generator) -> None:
        """Draw from these artists; `genres` are those of each artist's tracks by its key, in words, often none."""
        self._artists, self._genres, self._rng = artists, genres, rng

    def draw(self, kind: str) -> Asked:
        """Draw a request of one of the `KINDS`."""
        return {
            "plain": self._plain,
            "two": self._two,
            "like but not": self._like_but_not,
            "misspelt": self._misspelt,
            "sentence": self._sentence,
            "conversation": self._conversation,
            "exclusion": self._exclusion,
        }[kind]()

    def _one_of(self, choices: Sequence[str]) -> str:
        return choices[int(self._rng.integers(len(choices)))]

    def _written(self, artist: Named) -> str:
        """A name as the catalogue writes it, or in small letters, as most people type."""
        return artist.name if self._rng.random() < 0.5 else artist.name.lower()

    def _plain(self) -> Asked:
        x, form = self._artists.draw(self._rng), self._one_of(_PLAIN)
        return Asked("plain", form, (form.format(x=self._written(x)),), wanted=(x,))

    def _two(self) -> Asked:
        (x, y), form = self._artists.draw_two(self._rng), self._one_of(_TWO)
        return Asked("two", form, (form.format(x=self._written(x), y=self._written(y)),), wanted=(x, y))

    def _like_but_not(self) -> Asked:
        x, form = self._artists.draw(self._rng), self._one_of(_LIKE_BUT_NOT)
        return Asked("like but not", form, (form.format(x=self._written(x)),), refused=(x,), like=(x,))

    def _sentence(self) -> Asked:
        x, form = self._artists.draw(self._rng), self._one_of(_SENTENCE)
        return Asked("sentence", form, (form.format(x=self._written(x)),), wanted=(x,))

    def _conversation(self) -> Asked:
        stocked = [one for one in self._artists.all if one.n_works >= 2 * FIRST_SIZE]
        if stocked and self._rng.random() < 0.5:
            x, form = stocked[int(self._rng.integers(len(stocked)))], self._one_of(_MORE)
            first = f"{FIRST_SIZE} songs by {self._written(x)}"
            return Asked("conversation", form, (first, form.format(x=self._written(x))), wanted=(x,), again=True)
        (x, y), form = self._artists.draw_two(self._rng), self._one_of(_ADD)
        said = (self._one_of(_ASK).format(x=self._written(x)), form.format(y=self._written(y)))
        return Asked("conversation", form, said, wanted=(x, y))

    def _exclusion(self) -> Asked:
        x, y = self._artists.draw_two(self._rng)
        genres = self._genres.get(x.key, ())
        afterwards = self._one_of(_AFTERWARDS)
        if genres and self._rng.random() < 0.5:
            form = self._one_of(_REFUSE_AT_ONCE)
            said = form.format(g=self._one_of(genres), x=self._written(x))
            return Asked("exclusion", form, (said, afterwards), refused=(x,))
        form = self._one_of(_REFUSE_LATER)
        first = self._one_of(_TWO).format(x=self._written(x), y=self._written(y))
        return Asked("exclusion", form, (first, form.format(x=self._written(x)), afterwards), refused=(x,), since=1)

    # -- misspelt --------------------------------------------------------------------------------------------------

    def _misspelt(self) -> Asked:
        """Draw how the name is misspelt, then an artist whose name can be, so that every way is as frequent."""
        ways = (self._slip, self._two_slips, self._joined, self._spaceless, self._bare, self._cased)
        way = ways[int(self._rng.integers(len(ways)))]
        for _ in range(_MAX_TRIES):
            x = self._artists.draw(self._rng)
            spelling = way(x)
            if spelling is not None and self._artists.is_clear(spelling, x):
                name = way.__name__.strip("_").replace("_", " ")
                form = "{verb}{x}" if name == "joined" else self._one_of(_PLAIN)
                said = form.format(x=spelling, verb=self._one_of(_VERBS))
                return Asked("misspelt", name, (said,), wanted=(x,))
        return self._plain()  # no name of the catalogue can be written so

    def _slip(self, x: Named) -> str | None:
        """One letter wrong: left out, doubled, another, one too many, or two in the wrong order."""
        return self._slipped(x.name, 1) if _n_letters(x) >= _ONE_SLIP else None

    def _two_slips(self, x: Named) -> str | None:
        return self._slipped(x.name, 2) if _n_letters(x) >= _TWO_SLIPS else None

    def _slipped(self, name: str, n: int) -> str | None:
        slipped = name.lower() if self._rng.random() < 0.5 else name
        for _ in range(n):
            # The first letter is the one that people get right.
            places = [i for i in range(1, len(slipped)) if slipped[i].lower() in _LETTERS]
            if not places:
                return None
            slipped = self._slip_at(slipped, places[int(self._rng.integers(len(places)))])
        wrong = OSA.distance(_squeezed(fold(name)), _squeezed(fold(slipped)))
        return slipped if wrong == n and fold(slipped)[:1] == fold(name)[:1] else None

    def _slip_at(self, name: str, place: int) -> str:
        before, letter, after = name[:place], name[place], name[place + 1 :]
        match int(self._rng.integers(5)):
            case 0:
                return before + after
            case 1:
                return before + letter * 2 + after
            case 2:
                return before + self._beside(letter.lower()) + after
            case 3:
                return before + letter + self._beside(letter.lower()) + after
            case _:
                return before[:-1] + letter.lower() + before[-1] + after if place > 1 else before + after

    def _beside(self, letter: str) -> str:
        """Another vowel for a vowel, else a letter beside it on the keyboard."""
        if letter in "aeiou":
            return self._one_of([other for other in "aeiou" if other != letter])
        row = next(row for row in _KEYBOARD if letter in row)
        place = row.index(letter)
        return self._one_of([row[i] for i in (place - 1, place + 1) if 0 <= i < len(row)])

    def _joined(self, x: Named) -> str | None:
        """The word before runs into the name: "addQueen"."""
        return x.name if self._rng.random() < 0.7 else x.name.lower()

    def _spaceless(self, x: Named) -> str | None:
        return x.name.replace(" ", "").lower() if " " in x.name else None

    def _bare(self, x: Named) -> str | None:
        """Without accents and marks, "&" as "and" or "n": "beyonce", "acdc", "guns n roses"."""
        spelt = fold(x.name)
        if x.sort == "ampersand" and self._rng.random() < 0.5:
            spelt = re.sub(r"\band\b", "n", spelt)
        elif x.sort == "marks" and self._rng.random() < 0.5:
            spelt = "".join(char for char in x.name.lower() if char not in string.punctuation)
        return spelt if spelt != x.name.lower() and artist_key(spelt) else None

    def _cased(self, x: Named) -> str | None:
        """In capitals, or with some of them anywhere."""
        if self._rng.random() < 0.5:
            return x.name.upper()
        return "".join(char.upper() if self._rng.random() < 0.5 else char.lower() for char in x.name)


def _n_letters(x: Named) -> int:
    return len(_squeezed(fold(x.name)))


def _squeezed(key: str) -> str:
    """A key without spaces, "and" as "n": names that sound alike are written alike."""
    return "".join("n" if word == "and" else word for word in key.split())
