"""Artists and tracks in a message: quoted, as "title by artist", by name, by title, and misspelt, in this order.

A name in a list shares the sense of the list: "like Abba, Queen and Wham" gives three examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assistant.understanding.cues import Cue, Strength, are_listed, cue_for, ends_phrase, names_song
from assistant.understanding.entity import linked, names_of, of_artist, of_title
from assistant.understanding.evidence import PRONOUNS, Evidence, is_year
from assistant.understanding.gazetteer import Artist, Gazetteer, Title
from assistant.understanding.matches import Entity, Match, Unlinked
from assistant.understanding.misspelt import misspelt_message, misspelt_pairs
from assistant.understanding.name_bounds import NO_TITLES, REFUSING, STOPS
from assistant.understanding.names import LookUp, look_up_apart, look_up_misspelt
from assistant.understanding.signed_names import signed_names
from assistant.understanding.tokens import Reading
from assistant.understanding.whole_names import listed_names, whole_name
from recsys.common_words import FUNCTION_WORDS

_MAX_ARTIST_WORDS, _MAX_TITLE_WORDS, _MAX_GUESSED_WORDS = 7, 10, 6
#: Of misspelt names, per message: on 28,000 tracks an artist costs about 1 ms to look up, a title about 5 ms.
_MAX_LOOKUPS, _MAX_TITLE_LOOKUPS = 6, 2
_MIN_POSSESSIVE = 5  # letters of a name with its "s": "beyonces new album"


class EntityLinker:
    """Finds the names of one catalogue in messages."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer

    def link(self, reading: Reading, facets: Sequence[Match], told: Sequence[tuple[int, int]] = ()) -> list[Match]:
        """Claim the words that name artists or tracks.

        Args:
            reading: the message.
            facets: what the vocabulary makes of its words.
            told: words (start, end) that somebody else takes for names; they need no evidence but the catalogue.
        """
        return _Linking(self._gazetteer, reading, facets).run(told)

    def whole_name(self, reading: Reading) -> frozenset[int]:
        """The positions of the words of a name that is all of a message; see `whole_names`."""
        return whole_name(self._gazetteer, reading)


class _Linking:
    """One message being searched for names. Claims of earlier steps are kept by later ones."""

    def __init__(self, gazetteer: Gazetteer, reading: Reading, facets: Sequence[Match]) -> None:
        self._gazetteer, self._reading = gazetteer, reading
        self._claims: list[Match] = []
        self._taken: set[int] = set()
        self._evidence = Evidence(reading, facets, gazetteer, self._taken)
        self._lookups = self._title_lookups = 0

    def run(self, told: Sequence[tuple[int, int]]) -> list[Match]:
        self._link_signed()
        self._link_quotes()
        self._link_titles_by_artists()
        self._link_told(told, look_up_apart)
        self._link_long()
        self._link_artists()
        self._link_artists(again=True)  # what stands before a name in a list may be one, too
        self._link_titles()
        self._link_told(told, look_up_misspelt)
        self._link_misspelt()
        return self._claims

    def _link_told(self, told: Sequence[tuple[int, int]], find: LookUp) -> None:
        for span in told:
            for start, end, found in find(self._gazetteer, self._reading, *span) if self._free(*span) else ():
                self._claim(start, end, linked(found, self._cue(start, end).polarity), tier=1)

    # -- quoted ----------------------------------------------------------------------------------------------------

    def _link_quotes(self) -> None:
        for start, end in (span for span in self._reading.quotes if self._free(*span)):
            words = self._reading.words[start:end]
            cue = self._cue(start, end)
            artist, title = self._gazetteer.artist(words), self._gazetteer.title(words)
            by = self._artist_after_by(end)
            if by is not None:
                self._claim_quoted_by(start, end, cue, *by)
            elif title is not None and (artist is None or names_song(self._reading, start)):
                self._claim(start, end, of_title(title, cue.polarity, 1.0), tier=0)
            elif artist is not None:
                self._claim(start, end, of_artist(artist, cue.polarity, 1.0), tier=0)
            elif not self._guess(start, end, cue) and not self._is_vocabulary(start, end):
                self._claim(start, end, Unlinked(self._name(start, end)), tier=0)

    def _claim_quoted_by(
        self, start: int, end: int, cue: Cue, artist: Artist, artist_start: int, artist_end: int
    ) -> None:
        words = self._reading.words[start:end]
        exact = self._gazetteer.title(words, artist)
        near = (exact, 1.0) if exact is not None else self._gazetteer.title_like(words, artist)
        if near is not None:
            names = names_of((start, end), near[0], (artist_start, artist_end), artist)
            self._claim(start, artist_end, of_title(near[0], cue.polarity, near[1], names), tier=0)
        else:
            self._claim(start, end, Unlinked(self._name(start, end)), tier=0)
            self._claim(artist_start, artist_end, of_artist(artist, "~", 0.9), tier=0)

    def _is_vocabulary(self, start: int, end: int) -> bool:
        return all(kind == "vocabulary" for kind in self._evidence.kinds(start, end))

    def _link_signed(self) -> None:
        for start, end, artist in signed_names(self._reading, self._gazetteer):
            if self._free(start, end) and self._evidence.is_name_with_signs(start, end):
                self._claim(start, end, of_artist(artist, self._cue(start, end).polarity, 1.0), tier=0)

    # -- title by artist -------------------------------------------------------------------------------------------

    def _link_titles_by_artists(self) -> None:
        for position in range(1, len(self._reading)):
            found = None if position in self._taken else self._artist_after_by(position)
            if found is None:
                continue
            artist, artist_start, end = found
            exact = self._title_before(position, artist)
            if exact is not None:
                start, title = exact
                names = names_of((start, position), title, (artist_start, end), artist)
                self._claim(start, end, of_title(title, self._cue(start, end).polarity, 1.0, names), tier=0)
            elif self._reading.words[position] == "by" and not self._guess_title_by(position, artist, end):
                self._set_title_aside(position)

    def _title_before(self, position: int, artist: Artist) -> tuple[int, Title] | None:
        """The longest title of an artist that ends at a position, with where it starts."""
        first = max(position - _MAX_TITLE_WORDS, self._reading.clause(position)[0])
        for start in range(first, position):
            words = self._reading.words[start:position]
            if self._free(start, position) and not (len(words) == 1 and words[0] in NO_TITLES):
                title = self._gazetteer.title(words, artist)
                if title is not None:
                    return start, title
        return None

    def _artist_after_by(self, position: int) -> tuple[Artist, int, int] | None:
        """The artist after a "by", "of" or "from" at a position, with where the name starts and ends."""
        words = self._reading.words
        start = position + 1
        if start >= len(words) or words[position] not in ("by", "from", "of"):
            return None
        if self._reading.pause(position) == 2 or words[start] in PRONOUNS:
            return None
        for end in range(self._limit(start, _MAX_ARTIST_WORDS), start, -1):
            artist = self._gazetteer.artist(words[start:end])
            ordinary = end - start == 1 and words[start] in FUNCTION_WORDS
            if artist is not None and (not ordinary or ends_phrase(self._reading, end)):
                return artist, start, end
        end = self._phrase_end(start)
        if words[position] != "by" or self._lookups >= _MAX_LOOKUPS or end <= start:
            return None
        if not self._evidence.worth_guessing(start, end):
            return None
        self._lookups += 1
        near = self._gazetteer.artist_like(words[start:end])
        return None if near is None else (near[0], start, end)

    def _guess_title_by(self, position: int, artist: Artist, end: int) -> bool:
        """Claim "bohemian rapsody by queen": a misspelt title of a known artist."""
        start, words = position, self._reading.words
        first = max(self._reading.clause(position)[0], position - _MAX_TITLE_WORDS)
        while start > first and self._free(start - 1, position) and not self._reading.pause(start):
            if words[start - 1] in ("song", "play", "add", "like", "to", "songs"):
                break
            start -= 1
        kinds = set(self._evidence.kinds(start, position))
        near = (
            None if kinds <= {"function", "vocabulary"} else self._gazetteer.title_like(words[start:position], artist)
        )
        if near is None:
            return False
        names = names_of((start, position), near[0], (position + 1, end), artist)
        self._claim(start, end, of_title(near[0], self._cue(start, end).polarity, 0.9 * near[1], names), tier=0)
        return True

    def _set_title_aside(self, position: int) -> None:
        """Keep the words of an unknown title from meaning anything else: "like gypsy blues by zeb"."""
        first = max(self._reading.clause(position)[0] + 1, position - _MAX_GUESSED_WORDS)
        for start in range(first, position):
            announced = self._reading.words[start - 1] in ("like", "to") and self._free(start, position)
            said = self._reading.words[start:position]
            if not announced or not (NO_TITLES | REFUSING).isdisjoint(said):
                continue
            if cue_for(self._reading, start, position).polarity == "~":
                self._claim(start, position, Unlinked(self._name(start, position)), tier=0)
                return

    # -- by name ---------------------------------------------------------------------------------------------------

    def _link_artists(self, *, again: bool = False) -> None:
        start = 0
        while start < len(self._reading):
            found = self._artist_at(start, again=again)
            if found is None:
                start += 1
                continue
            artist, end, cue, confidence = found
            if not self._claim_with_title(start, end, artist, cue):
                year = is_year(self._reading.words[start + 1 : end])
                sure = end - start > 1 or cue.strength is Strength.STRONG or self._evidence.is_sure(start, end, artist)
                tier = 0 if year else 1 if sure else 3
                self._claim(start, end, of_artist(artist, cue.polarity, confidence), tier=tier)
            start = end

    def _artist_at(self, start: int, *, again: bool) -> tuple[Artist, int, Cue, float] | None:
        """The longest artist name that begins at a word and has evidence enough."""
        reading = self._reading
        for end in range(self._limit(start, _MAX_ARTIST_WORDS), start, -1):
            paused = any(reading.pause(n) for n in range(start + 1, end))
            if not self._free(start, end) or (paused and end - start < 3):
                continue
            words = reading.words[start:end]
            artist = self._gazetteer.artist(words)
            possessive = artist is None and words[-1].endswith("s") and len(words[-1]) >= _MIN_POSSESSIVE
            if possessive:
                artist = self._gazetteer.artist((*words[:-1], words[-1][:-1]))
            if artist is None:
                continue
            stop = end + 1 if reading.joined(end, end + 1) == "s" and "'" in reading.tokens[end].gap else end
            cue = self._cue(start, stop)
            enough = Strength.STRONG if end - start == 1 else Strength.WEAK
            confidence = 0.0 if again else self._evidence.confidence(start, end, artist, cue)
            if not confidence and self._is_listed(start, stop, cue):
                confidence = self._evidence.confidence_in_list(start, end, artist)
            if not (confidence or again) and self._title_beside(start, stop, artist) is not None:
                confidence = 0.9
            if confidence and (not possessive or cue.strength >= enough):
                return artist, stop, cue, confidence
        return None

    def _claim_with_title(self, start: int, end: int, artist: Artist, cue: Cue) -> bool:
        """Claim "drake nonstop" and "nonstop - drake" as the track that they name."""
        beside = self._title_beside(start, end, artist)
        if beside is None:
            return False
        first, last, title = beside
        span = min(first, start), max(last, end)
        polarity = (self._cue(*span) if first < start else cue).polarity
        self._claim(*span, of_title(title, polarity, 0.9, names_of((first, last), title, (start, end), artist)), tier=1)
        return True

    def _title_beside(self, start: int, end: int, artist: Artist) -> tuple[int, int, Title] | None:
        """A title of an artist right after or before its name, with where it starts and ends."""
        for first, last in self._beside(start, end):
            gap = self._reading.tokens[first if first == end else start].gap
            kinds = set(self._evidence.kinds(first, last))
            ordinary = (last - first == 1 and kinds != {"rare"}) or kinds <= {"function", "vocabulary"}
            title = None
            if not ordinary or gap.strip() in ("-", "–", "—"):
                title = self._gazetteer.title(self._reading.words[first:last], artist)
            if title is not None:
                return first, last, title
        return None

    def _beside(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Stretches right after and right before an artist's name, longest first."""
        first_of = self._reading.clause(start)[0]
        for last in range(self._limit(end, _MAX_TITLE_WORDS) if end < len(self._reading) else end, end, -1):
            if self._reading.pause(end) < 2 and self._free(end, last) and ends_phrase(self._reading, last):
                yield end, last
        for first in range(max(start - _MAX_TITLE_WORDS, first_of), start):
            if self._free(first, start) and "," not in self._reading.tokens[start].gap:
                yield first, start

    def _link_long(self) -> None:
        """Claim what is all of the message, and names with an "and" in them, before a part is taken for the name."""
        listed = listed_names(self._gazetteer, self._reading, self._evidence.kind)
        for start, end, artist, sure in (
            *((*one, 0.9) for one in listed),
            *misspelt_message(self._reading, self._gazetteer, self._evidence),
            *misspelt_pairs(self._reading, self._gazetteer, self._evidence),
        ):
            if self._free(start, end):
                self._claim(start, end, of_artist(artist, self._cue(start, end).polarity, 0.9 * sure), tier=1)

    # -- by title --------------------------------------------------------------------------------------------------

    def _link_titles(self) -> None:
        for start in range(len(self._reading)):
            if start in self._taken or not self._evidence.may_begin_title(start):
                continue
            for end in range(self._limit(start, _MAX_TITLE_WORDS), start, -1):
                if not self._free(start, end) or not self._evidence.may_be_title(start, end):
                    continue
                title = self._gazetteer.title(self._reading.words[start:end])
                if title is not None:
                    self._claim(start, end, of_title(title, self._cue(start, end).polarity, 0.8), tier=1)
                    break

    # -- misspelt --------------------------------------------------------------------------------------------------

    def _link_misspelt(self) -> None:
        for start in range(len(self._reading)):
            if start in self._taken or self._lookups >= _MAX_LOOKUPS:
                continue
            cue = self._cue(start, start + 1)
            end = self._phrase_end(start)
            if not self._may_be_misspelt(start, end, cue) or not self._evidence.worth_guessing(start, end):
                continue
            kinds = self._evidence.kinds(start, end)
            shorter = start + kinds.index("function") if "function" in kinds[1:] else end
            if self._guess(start, end, cue) or (start < shorter < end and self._guess(start, shorter, cue)):
                continue
            if self._evidence.is_unknown_name(start, end, cue):
                self._claim(start, end, Unlinked(self._name(start, end)), tier=4)
                if start and self._reading.words[start - 1] == "by":
                    self._set_title_aside(start - 1)

    def _may_be_misspelt(self, start: int, end: int, cue: Cue) -> bool:
        word = self._reading.words[start]
        if end <= start or (word in FUNCTION_WORDS and word != "the" and not self._reading.capital(start)):
            return False
        if cue.strength or self._evidence.capital_run_begins(start):
            return True
        content = self._evidence.content(start)
        return content[0] == start and self._evidence.is_message(*content) and content[1] - start < _MAX_GUESSED_WORDS

    def _guess(self, start: int, end: int, cue: Cue) -> bool:
        """Claim the words as a misspelt name if there is a near one."""
        words = self._reading.words[start:end]
        self._lookups += 1
        said = bool(cue.strength) or self._evidence.is_capitalised(start, end)
        if len(words) == 1 and said and self._evidence.kind(start) == "rare":
            known = self._gazetteer.artist_by_part(words[0])
            if known is not None:
                self._claim(start, end, of_artist(known, cue.polarity, 0.7), tier=3)
                return True
        near = self._gazetteer.artist_like(words)
        if near is not None:
            # A number in a misspelt name is no number of tracks: "the best Maoroon 5 tracks".
            tier = 1 if cue.strength is Strength.STRONG or any(map(str.isdigit, words)) else 3
            self._claim(start, end, of_artist(near[0], cue.polarity, 0.9 * near[1]), tier=tier)
            return True
        self._title_lookups += 1
        if self._title_lookups > _MAX_TITLE_LOOKUPS or (len(words) < 2 and not names_song(self._reading, start)):
            return False
        near_title = self._gazetteer.title_like(words)
        if near_title is None or (len(words) < 3 and near_title[1] < 0.85):
            return False
        self._claim(start, end, of_title(near_title[0], cue.polarity, 0.8 * near_title[1]), tier=3)
        return True

    # -- small things ----------------------------------------------------------------------------------------------

    def _cue(self, start: int, end: int) -> Cue:
        """The cue of a name, or that of the list in which it stands."""
        cue = cue_for(self._reading, start, end)
        before = max((c for c in self._claims if c.end <= start and c.entity), key=lambda c: c.end, default=None)
        if before is None or before.entity is None:
            return cue
        listed = are_listed(self._reading, before.end, start) or self._listed_across(before.end, start)
        beside = before.end == start and self._evidence.kind(start) == "rare"
        return Cue(max(cue.strength, Strength.WEAK), before.entity.cue) if listed or beside else cue

    def _is_listed(self, start: int, end: int, cue: Cue) -> bool:
        """Tell whether a name would stand beside another one in a list, and nothing else before it."""
        begins = bool(cue.strength) or start == self._reading.clause(start)[0]
        ahead = [(end, one.start) for one in self._claims if one.entity and begins and end < one.start]
        behind = [(one.end, start) for one in self._claims if one.entity and one.end <= start]
        return any(are_listed(self._reading, *gap) for gap in (*ahead, *behind))

    def _listed_across(self, end: int, start: int) -> bool:
        """Tell whether a list runs on over one capitalised name that nothing knows: "Abba, Xyzzy, Queen"."""
        if not 1 < start - end <= _MAX_GUESSED_WORDS:
            return False
        first = next((n for n in range(end, start) if self._reading.capital(n)), start)
        last = first
        while last < start and self._reading.capital(last) and (last == first or not self._reading.pause(last)):
            last += 1
        return first < last and are_listed(self._reading, end, first) and are_listed(self._reading, last, start)

    def _phrase_end(self, start: int) -> int:
        limit = self._limit(start, _MAX_GUESSED_WORDS)
        for end in range(start, limit):
            stops = end > start and (self._reading.pause(end) or self._reading.words[end] in STOPS)
            if end in self._taken or stops:
                return end
        return limit

    def _limit(self, start: int, n_words: int) -> int:
        """Where a name of so many words that starts at a word ends at the latest."""
        return min(start + n_words, self._reading.clause(start)[1])

    def _free(self, start: int, end: int) -> bool:
        return self._taken.isdisjoint(range(start, end))

    def _claim(self, start: int, end: int, payload: Entity | Unlinked, *, tier: int) -> None:
        self._taken.update(range(start, end))
        self._claims.append(Match(start, end, (payload,), tier=tier))

    def _name(self, start: int, end: int) -> str:
        return " ".join(self._reading.raw(start, end).split())
