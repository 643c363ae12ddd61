"""One synthetic conversation: what is wished for, what each turn asks, what is shown, and what of it is liked.

The odds below are those of the 400 training dialogues of CPCD (Chaganty et al. 2023, CC BY 4.0), counted; "share"s that
could not be counted were chosen to look like them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from recsys.dialogues import DialogueTurn
from recsys.types import Facet, IntArray
from recsys.walk_ground import Ground, Key, drawn
from recsys.walk_words import Act, Ask, WordSettings, Writer, draw_persona, purposes, respond, rewrite, say
from recsys.walk_words import facet_words as worded

#: Turns of a conversation, and the odds.
_LENGTHS = {3: 0.03, 4: 0.18, 5: 0.52, 6: 0.11, 7: 0.07, 8: 0.05, 9: 0.04}
#: By turn, the last for all later ones: how often nothing is rated, and the mean number of likes where any is liked.
_NOTHING_RATED = (0.74, 0.085, 0.075, 0.085, 0.05, 0.12, 0.06)
_MEAN_LIKES = (4.7, 5.1, 4.9, 4.7, 4.3, 3.1, 3.1)
#: Slates of named artists are longer, as a catalogue does not have enough of each to be liked.
_MORE_IF_NAMED = 1.5
#: How often nothing is liked of a slate that is shown, and the mean number of dislikes.
_NOTHING_LIKED = 0.05
_MEAN_DISLIKES = 1.1
#: Likes are spread more than by chance: 15 of a turn are not rare. Shape of the negative binomial distribution.
_SPREAD = 2.5
_MAX_LIKES = 20
#: Liked tracks of a turn that are of the artists it names.
_LIKED_OF_NAMED = 0.9
#: Of the likes that the artists named fall short of, those that others make up for.
_MADE_UP_FOR = 0.3
#: How often, against others, tracks of artists liked before are liked where none is named, and those of related ones.
_KNOWN, _NEAR = 0.3, 3.0
#: How often tracks of one artist are liked together where none is named.
_TOGETHER = 0.8
#: How often, against others, an artist is named of whom something was liked before.
_AGAIN_NAMED = 0.1
#: Artists that a turn names that names any.
_N_NAMED = (0.68, 0.23, 0.06, 0.03)

_OPENING = {
    Act.GREET: 0.08,
    Act.PURPOSE: 0.33,
    Act.BOTH: 0.05,
    Act.FACETS: 0.4,
    Act.ARTISTS: 0.07,
    Act.LIKE_ARTIST: 0.02,
    Act.TRACK: 0.02,
}
_ANSWER = {
    Act.ARTISTS: 0.38,
    Act.FACETS: 0.4,
    Act.PURPOSE: 0.05,
    Act.LIKE_ARTIST: 0.06,
    Act.TRACK: 0.03,
    Act.MORE: 0.04,
}
_AGAIN = {Act.ARTISTS: 0.55, Act.FACETS: 0.2, Act.LIKE_ARTIST: 0.05, Act.TRACK: 0.05, Act.MORE: 0.15}
_NEXT = {
    Act.ARTISTS: 0.44,
    Act.LIKE_ARTIST: 0.03,
    Act.LIKE_TRACK: 0.03,
    Act.TRACK: 0.035,
    Act.ALBUM: 0.01,
    Act.FACETS: 0.15,
    Act.MORE: 0.15,
    Act.PRAISE: 0.16,
}
#: Of turns after a slate with dislikes: how often an artist is turned down in it, or everything.
_TURNED_DOWN, _ELSE = 0.05, 0.35
#: Of turns after a slate with likes: how often an artist or a track of it is praised by name.
_LOVED_ARTIST, _LOVED_TITLE = 0.05, 0.02

#: How many artists of a stop the listener has in mind, and tracks of each beyond the stop's own.
_ARTISTS_IN_MIND = (4, 8)
_MORE_OF_ARTIST = 12
_OF_RELATED = 4  # tracks of artists related to each of them that would be liked
_BY_CHANCE = 24  # other tracks of a stop that would be liked
_BRACKETED = re.compile(r"\s*[(\[{].*?[)\]}]|\s+[-–—]\s+.*$")


@dataclass(frozen=True, slots=True)
class WalkSettings:
    """How conversations are made."""

    stops: tuple[float, ...] = (0.45, 0.35, 0.2)  # odds of one, two, … places in a walk
    bias: float = 2.0  # how much a walk is drawn to its target
    made_share: float = 0.35  # of targets that are made of the catalogue, where there are playlists
    n_made: int = 600  # places made of the catalogue
    beyond: bool = False  # goals may hold tracks that no collection handed in has
    say_names: bool = True  # playlists may be asked for by their names, which tags of their tracks may hold
    more_of_artist: float = 0.85  # of the artists in mind, those of whom more than the stop has would be liked
    words: WordSettings = field(default_factory=WordSettings)
    written_share: float = 1.0  # of utterances that a writer is asked for, where there is one


class Talk:
    """One conversation over the stops of a walk."""

    def __init__(self, ground: Ground, stops: Sequence[int], settings: WalkSettings, rng: np.random.Generator) -> None:
        """Decide what the listener wishes for; `hold` makes the turns."""
        self.ground, self.settings, self.rng = ground, settings, rng
        self.places = [ground.places[stop] for stop in stops]
        self.in_mind: set[int] = set()  # artists that the listener will name, if anybody
        self.wishes = [self._wish(place.rows.tolist()) for place in self.places]
        self.wished = {row for wish in self.wishes for row in wish}
        self.shown: set[int] = set()
        self.liked: list[int] = []  # so far
        self.last_liked: list[int] = []
        self.last_disliked: list[int] = []
        self.asks: list[Ask] = []

    def hold(self, writer: Writer | None) -> list[DialogueTurn]:
        """Make the turns; their facts are in `asks` then."""
        rng, ids = self.rng, self.ground.catalogue.track_ids
        persona = draw_persona(self.settings.words, rng)
        n_turns = list(_LENGTHS)[drawn(list(_LENGTHS.values()), rng)]
        turns: list[DialogueTurn] = []
        for number in range(n_turns):
            stop = number * len(self.places) // n_turns
            ask, focus = self._ask(number, stop, last=number == n_turns - 1)
            text = say(ask, persona, self.settings.words, rng)
            liked, disliked = self._slate(number, stop, ask, focus)
            answer = respond(ask, len(liked) + len(disliked), rng)
            written = rng.random() < self.settings.written_share  # drawn in any case: a writer changes no fact
            if writer is not None and written:
                strangers = {self.ground.artist_names[a] for row in self.wished for a in self.ground.artists_of[row]}
                others = sorted(strangers.difference(ask.named))
                text = rewrite(ask, text, [turn.utterance for turn in turns], others, writer)
            turns.append(DialogueTurn(text, answer, tuple(ids[r] for r in liked), tuple(ids[r] for r in disliked)))
            self.asks.append(ask)
            self.last_liked, self.last_disliked = liked, disliked
            self.liked += liked
            self.shown.update(liked, disliked)
        return turns

    def _wish(self, rows: list[int]) -> dict[int, None]:
        """Choose what of a place would be liked: tracks of some artists in mind, more of these, and some by chance."""
        ground, rng = self.ground, self.rng
        counts = Counter(ground.artists_of[row][0] for row in rows if ground.nameable[ground.artists_of[row][0]])
        artists, odds = list(counts), np.array(list(counts.values()), dtype=np.float64)
        in_mind: set[int] = set()
        for _ in range(min(len(artists), int(rng.integers(*_ARTISTS_IN_MIND)))):
            at = drawn(odds, rng)
            odds[at] = 0
            in_mind.add(artists[at])
        chosen = dict.fromkeys(row for row in rows if in_mind.intersection(ground.artists_of[row]))
        for artist in sorted(in_mind):
            if rng.random() < self.settings.more_of_artist:
                tracks = ground.tracks_of[artist]
                tracks = tracks[ground.allowed[tracks]]
                fame = np.nan_to_num(ground.catalogue.numeric["popularity"][tracks])
                best = tracks[np.argsort(-(fame + rng.random(len(tracks))), kind="stable")]
                chosen.update(dict.fromkeys(best[: int(rng.integers(1, _MORE_OF_ARTIST + 1))].tolist()))
        others = self._some([row for row in rows if row not in chosen], _BY_CHANCE)
        for artist in sorted(in_mind):
            near = ground.near_allowed(artist)
            others += self._together(near, np.ones(len(near)), _OF_RELATED)
        chosen.update(dict.fromkeys(others))
        self.in_mind |= in_mind
        return chosen

    def _ask(self, number: int, stop: int, *, last: bool) -> tuple[Ask, set[int]]:
        """Decide what a turn asks for, and which tracks that is; none where it says nothing of tracks."""
        rng = self.rng
        n_shown = len(self.last_liked) + len(self.last_disliked)
        said = Ask(Act.MORE, first=number == 0, last=last)
        if n_shown:
            said = replace(said, liked=len(self.last_liked) / n_shown)
        missing = [row for row in self.wishes[stop] if row not in self.shown]
        if number and n_shown and not self.last_liked and rng.random() < _ELSE:
            return self._turn_down(said)
        moved = number > 0 and stop != (number - 1) * len(self.places) // max(len(self.asks), 1)
        if moved and rng.random() < 0.15 and (left := self._away(said, missing)) is not None:
            return left
        odds = _OPENING if number == 0 else _NEXT if n_shown else _ANSWER if number == 1 else _AGAIN
        for _ in range(4):
            act = list(odds)[drawn(list(odds.values()), rng)]
            if (asked := self._asking(act, replace(said, act=act), stop, missing)) is not None:
                return self._with_reaction(asked[0]), asked[1]
        if number > 1:
            return said, set()
        return replace(said, act=Act.PURPOSE, purpose=self._purpose(stop)), set()

    def _asking(self, act: Act, said: Ask, stop: int, missing: list[int]) -> tuple[Ask, set[int]] | None:
        """Fill an ask with facts; None where the missing tracks have none of that kind."""
        ground, rng = self.ground, self.rng
        if act in (Act.GREET, Act.MORE, Act.PRAISE):
            return said, set()
        if act is Act.PURPOSE:
            return replace(said, purpose=self._purpose(stop)), set()
        if act in (Act.FACETS, Act.BOTH):
            purpose = self._purpose(stop) if act is Act.BOTH else ""
            if (name := self.places[stop].name) and rng.random() < (0.6 if said.first else 0.15):
                return replace(said, facets=name, purpose=purpose), set(self.places[stop].rows.tolist())
            keys = self._facets(missing, plain=bool(purpose))
            if not keys:
                return None
            focus = set.intersection(*(ground.tracks_with[key] for key in keys))
            return replace(said, facets=worded(keys, rng), purpose=purpose), focus
        if act is Act.LIKE_TRACK:
            if not self.last_liked:
                return None
            row = self.last_liked[int(rng.integers(len(self.last_liked)))]
            return replace(said, title=_spoken(ground.catalogue.titles[row])), self._near(ground.artists_of[row][:1])
        named = self._artists(missing, 1 if act is not Act.ARTISTS else 1 + drawn(_N_NAMED, rng))
        if not named:
            return None
        names = tuple(ground.artist_names[artist] for artist in named)
        by_them = {row for artist in named for row in ground.tracks_of[artist].tolist()}
        if act is Act.ARTISTS:
            return replace(said, artists=names), by_them
        if act is Act.LIKE_ARTIST:
            return replace(said, artists=names), self._near(named)
        row = next(row for row in missing if named[0] in ground.artists_of[row])
        names = names if rng.random() < 0.6 else ()
        if act is Act.TRACK:
            return replace(said, artists=names, title=_spoken(ground.catalogue.titles[row])), {row}
        album = ground.catalogue.albums[row]
        if album is None or album not in ground.albums:
            return None
        return replace(said, artists=names, album=_spoken(album)), set(ground.albums[album])

    def _with_reaction(self, said: Ask) -> Ask:
        """Sometimes speak of what was just shown by name."""
        ground, rng = self.ground, self.rng
        kind = rng.random()
        if said.liked is None or said.act in (Act.PRAISE, Act.LIKE_TRACK):
            return said
        if self.last_disliked and kind < _TURNED_DOWN and (artist := self._disowned()) is not None:
            return replace(said, disowned_artist=ground.artist_names[artist])
        if self.last_liked and kind > 1 - _LOVED_ARTIST - _LOVED_TITLE:
            row = self.last_liked[int(rng.integers(len(self.last_liked)))]
            if kind > 1 - _LOVED_TITLE:
                return replace(said, loved_title=_spoken(ground.catalogue.titles[row]))
            if ground.nameable[artist := ground.artists_of[row][0]]:
                return replace(said, loved_artist=ground.artist_names[artist])
        return said

    def _turn_down(self, said: Ask) -> tuple[Ask, set[int]]:
        """Refuse a slate: by the name of an artist of it, or as a whole."""
        artist = self._disowned()
        if artist is not None and self.rng.random() < 0.4:
            return replace(said, act=Act.AWAY, artists=(self.ground.artist_names[artist],)), set()
        return replace(said, act=Act.ELSE), set()

    def _disowned(self) -> int | None:
        """An artist of the last slate by whom nothing is wished for."""
        wanted = {artist for row in self.wished for artist in self.ground.artists_of[row]}
        found = [self.ground.artists_of[row][0] for row in self.last_disliked]
        return next((one for one in found if one not in wanted and self.ground.nameable[one]), None)

    def _away(self, said: Ask, missing: list[int]) -> tuple[Ask, set[int]] | None:
        """Leave the facet of what was liked for one of the next stop's."""
        old, new = self._facets(self.liked, plain=True, one=True), self._facets(missing, plain=True, one=True)
        if not old or not new or old[0] == new[0] or old[0][0] is not new[0][0]:
            return None
        words = worded(new, self.rng), worded(old, self.rng)
        ask = replace(said, act=Act.AWAY_FACETS, facets=words[0], away=words[1])
        return ask, self.ground.tracks_with[new[0]]

    def _artists(self, missing: list[int], n: int) -> list[int]:
        """Draw artists of the missing tracks: the more of theirs are missing, the more likely."""
        artists_of, nameable = self.ground.artists_of, self.ground.nameable
        counts = Counter(artists_of[row][0] for row in missing if nameable[artists_of[row][0]])
        found = list(counts)
        known = {artist for row in self.liked for artist in artists_of[row]}
        odds = np.array([min(n, 8) ** 2.0 * (_AGAIN_NAMED if one in known else 1) for one, n in counts.items()])
        named: list[int] = []
        while len(named) < min(n, len(found)):
            at = drawn(odds, self.rng)
            odds[at] = 0
            named.append(found[at])
        return named

    def _facets(self, rows: Sequence[int], *, plain: bool = False, one: bool = False) -> list[Key]:
        """Draw one or two facets that tell these tracks from the catalogue; `plain` leaves activities out."""
        ground = self.ground
        counts = Counter(key for row in rows for key in ground.facets_of[row])
        odds: dict[Key, float] = {}
        for key, count in counts.items():
            lift = count / len(rows) * len(ground.catalogue) / len(ground.tracks_with[key])
            if count >= min(2, len(rows)) and lift > 1.3 and not (plain and key[0] is Facet.ACTIVITY):
                odds[key] = count * float(np.log(lift)) * (2 if key[0] is Facet.GENRE else 1)
        if not odds:
            return []
        first = list(odds)[drawn(list(odds.values()), self.rng)]
        both = {key: odd for key, odd in odds.items() if key[0] is not first[0]}
        if one or not both or self.rng.random() < 0.6:
            return [first]
        second = list(both)[drawn(list(both.values()), self.rng)]
        together = any({first, second} <= set(ground.facets_of[row]) for row in rows)
        return [first, second] if together else [first]

    def _purpose(self, stop: int) -> str:
        """What the playlist is for: an activity of its tracks where they have one, else anything."""
        activities = Counter(word for row in self.wishes[stop] for facet, word in self.ground.facets_of[row]
                             if facet is Facet.ACTIVITY)  # fmt: skip
        if activities and self.rng.random() < 0.7:
            said = list(activities)[drawn([n**2 for n in activities.values()], self.rng)]
        else:
            said = purposes()[int(self.rng.integers(len(purposes())))]
        return f"when i'm {said}" if said.split()[0].endswith("ing") and self.rng.random() < 0.4 else said

    def _near(self, artists: Collection[int]) -> set[int]:
        """Tracks of artists related to some, without their own."""
        own = {row for artist in artists for row in self.ground.tracks_of[artist].tolist()}
        return set().union(*(self.ground.near(artist) for artist in artists)) - own

    def _slate(self, number: int, stop: int, ask: Ask, focus: set[int]) -> tuple[list[int], list[int]]:
        """Draw what is shown: the liked and the disliked tracks, each in the slate's order."""
        rng = self.rng
        at = min(number, len(_NOTHING_RATED) - 1)
        if ask.act is Act.GREET or rng.random() < _NOTHING_RATED[at] * (1.5 if ask.act is Act.PRAISE else 0.7):
            return [], []
        mean = _MEAN_LIKES[at] * (_MORE_IF_NAMED if ask.artists else 1) - 1
        n = 1 + int(rng.negative_binomial(_SPREAD, _SPREAD / (_SPREAD + mean)))
        n = 0 if rng.random() < _NOTHING_LIKED else min(n, _MAX_LIKES)
        missing = [row for row in self.wishes[stop] if row not in self.shown]
        inside = [row for row in missing if row in focus]
        if ask.act in (Act.ARTISTS, Act.TRACK, Act.ALBUM):  # whoever names it means it, wherever the walk is
            others = (row for wish in self.wishes for row in wish if row in focus and row not in self.shown)
            inside = list(dict.fromkeys([*inside, *others]))
        outside = [row for row in missing if row not in focus]
        n_inside = min(len(inside), int(rng.binomial(n, _LIKED_OF_NAMED))) if focus else 0
        # What was asked for by name and is not there is not made up for by as many others.
        n_outside = int(rng.binomial(n - n_inside, _MADE_UP_FOR)) if focus else n
        liked = self._some(inside, n_inside) + self._related(outside, n_outside)
        n_disliked = int(rng.geometric(1 / (1 + _MEAN_DISLIKES))) - 1
        disliked = self._disliked(stop, focus, liked, n_disliked)
        return self._some(liked, len(liked)), disliked

    def _disliked(self, stop: int, focus: set[int], liked: list[int], n: int) -> list[int]:
        """Draw what is shown for the ask and not wished for: of what was asked for, else of related artists."""
        ground = self.ground
        if not n:
            return []
        pool = sorted(focus - self.wished - self.shown)
        if len(pool) < n:
            around = liked or self.liked or list(self.wishes[stop])
            near = self._near({ground.artists_of[row][0] for row in around[-6:]})
            pool += sorted(near - self.wished - self.shown - focus)
        if len(pool) < n:
            pool += [row for row in self.places[stop].rows.tolist() if row not in self.wished | self.shown | set(pool)]
        return self._some(pool, n)

    def _related(self, rows: list[int], n: int) -> list[int]:
        """Draw some rows: of artists related to what was liked often, of the same ones and of those in mind rarely."""
        if len(rows) <= n:
            return self._some(rows, n)
        artists_of = self.ground.artists_of
        known = {artist for row in self.liked for artist in artists_of[row]}
        near = self._near({artists_of[row][0] for row in self.liked[-6:]})
        rare = known | self.in_mind
        odds = [_KNOWN if rare.intersection(artists_of[row]) else _NEAR if row in near else 1.0 for row in rows]
        return self._together(np.array(rows, dtype=np.int64), np.array(odds), n)

    def _together(self, rows: IntArray, odds: NDArray[np.float64], n: int) -> list[int]:
        """Draw at most n of the rows with these odds; mostly, tracks of one main artist come together."""
        draws = self.rng.random(len(rows))
        if self.rng.random() < _TOGETHER:
            draws = draws[np.unique(self.ground.main_artist[rows], return_inverse=True)[1]]
        chosen: list[int] = rows[np.argsort(-(draws ** (1 / odds)), kind="stable")[:n]].tolist()
        return chosen

    def _some(self, rows: Sequence[int], n: int) -> list[int]:
        """Draw at most n of the rows, in any order."""
        return [rows[at] for at in self.rng.permutation(len(rows))[:n].tolist()]


def _spoken(title: str) -> str:
    """A title or album as people say it: without brackets and what is behind a dash."""
    return _BRACKETED.sub("", title).strip() or title
