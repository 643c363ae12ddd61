"""What a conversation says of every track, in numbers: the retrievers of a session, and the features that rank.

Each number has a name and a meaning, none depends on how a catalogue was put together, and a catalogue of bare names is
enough for all but those that the facts of well-known artists add. A track about which one of them knows nothing has
NaN there. Shapes: N tracks, C candidates, A credited artists, D encoder width, F known artists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from recsys.artist_facts import Knowledge, decade_vector, decades_in
from recsys.catalogue import Catalogue
from recsys.recommendation import Conversation
from recsys.retrieval.lexical import LexicalIndex
from recsys.retrieval.mentions import Mentions, refused, wanted
from recsys.retrieval.together import Together
from recsys.text import base_title
from recsys.types import FloatArray, IntArray
from recsys.vocabulary import Vocabulary

#: From this weight on a mention counts as a name that was meant.
_MEANT = 0.6
#: Stands for "never" where turns are counted.
_NEVER = 50.0
#: What each turn counts less than the one after it, where all utterances speak together.
_FADING = 0.7
_BEST_OF = re.compile(r"greatest|best of|essential|\bhits\b|collection|anthology|\bgold\b|ultimate|number 1", re.I)

Encode = Callable[[Sequence[str]], FloatArray]


class Conversing:
    """Reads conversations against one catalogue. Safe to share between threads."""

    def __init__(
        self,
        catalogue: Catalogue,
        vocabulary: Vocabulary,
        lexical: LexicalIndex,
        encode: Encode,
        texts: FloatArray,
        facts: FloatArray,
        together: Together,
        *,
        mentions: Mentions | None = None,
        knowledge: Knowledge | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            catalogue: the tracks.
            vocabulary: for genres in words.
            lexical: the words of every track.
            encode: texts to unit vectors (n, D).
            texts: unit vectors of the tracks' names (N, D).
            facts: unit vectors of the known artists' facts (F, D), in the order of `knowledge.artists`.
            together: counts over playlists.
            mentions: names of the catalogue, where they were numbered already.
            knowledge: its facts, where they were looked up already.
        """
        self.catalogue, self.lexical, self.encode = catalogue, lexical, encode
        self.texts, self.facts, self.together = texts, facts, together
        self.mentions = mentions or Mentions(catalogue)
        self.knowledge = knowledge or Knowledge(catalogue, vocabulary)

    def with_playlists(self, together: Together) -> Conversing:
        """The same catalogue beside other playlists."""
        other = object.__new__(Conversing)
        other.__dict__.update(self.__dict__)
        other.together = together
        return other

    @cached_property
    def artist_texts(self) -> FloatArray:
        """The unit mean of the text vectors of each artist's tracks (A, D)."""
        total = np.zeros((self.mentions.n_artists, self.texts.shape[1]), dtype=np.float32)
        np.add.at(total, self.mentions.main, self.texts)
        mean: FloatArray = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-6)
        return mean

    @cached_property
    def of_tracks(self) -> dict[str, FloatArray]:
        """What does not depend on the conversation, (N,) each."""
        catalogue = self.catalogue
        albums = [album or "" for album in catalogue.albums]
        found = {kind: np.asarray(tracks, dtype=np.float32) for kind, tracks in catalogue.versions.items()}
        found["best_of_album"] = np.array([_BEST_OF.search(album) is not None for album in albums], dtype=np.float32)
        titles = [base_title(title) for title in catalogue.titles]
        named = [base_title(album) if album else "" for album in albums]
        found["title_track"] = np.array([t == a for t, a in zip(titles, named, strict=True)], dtype=np.float32)
        found["title_words"] = np.array([title.count(" ") + 1 for title in titles], dtype=np.float32)
        found["fame"], found["song_rank"], found["known"] = (
            self.knowledge.fame,
            self.knowledge.rank,
            self.knowledge.known,
        )
        return found

    def turn(self, conversation: Conversation, *, without: int | None = None) -> Turn:
        """Read a conversation; `without` is a playlist of `together` that must not speak for itself."""
        return Turn(self, conversation, without)


@dataclass
class Turn:
    """One turn's evidence."""

    of: Conversing
    said: Conversation
    without: int | None = None
    everything: dict[str, FloatArray] = field(init=False)

    def __post_init__(self) -> None:
        """Compute every feature of every track once: (N,) each."""
        self.everything = {
            **self._named(),
            **self._rated(),
            **self._words(),
            **self._meant(),
            **self._known(),
            **self._together(),
            **self.of.of_tracks,
            **self._how_it_goes(),
        }

    @property
    def n_turns(self) -> int:
        """How many turns lie behind, t."""
        return len(self.said.utterances) - 1

    @cached_property
    def liked(self) -> IntArray:
        """Rows of what was liked, oldest first."""
        return np.array([row for rows in self.said.liked for row in rows], dtype=np.int64)

    @cached_property
    def disliked(self) -> IntArray:
        """Rows of what was disliked, oldest first."""
        return np.array([row for rows in self.said.disliked for row in rows], dtype=np.int64)

    @cached_property
    def per_turn(self) -> list[FloatArray]:
        """How surely each artist (A,) is wanted by name, utterance by utterance."""
        return [self.of.mentions.artists_in(text, wanted) for text in self.said.utterances]

    def _named(self) -> dict[str, FloatArray]:
        """Artists, titles and albums that are named, with their age in turns."""
        mentions, t = self.of.mentions, self.n_turns
        none = np.zeros(mentions.n_artists, dtype=np.float32)
        now, before = self.per_turn[-1], self.per_turn[-2] if t else none
        earlier = np.max([none, *self.per_turn[:-2]], axis=0)
        ages = np.full(mentions.n_artists, _NEVER, dtype=np.float32)
        for number, weights in enumerate(self.per_turn):
            ages[weights >= _MEANT] = t - number
        answered = [mentions.artists_in(text, wanted) for text in self.said.responses]
        newest = self.said.utterances[-1]
        spread = mentions.of_tracks
        found = {
            "artist_named_now": spread(now),
            "artist_share_of_words": spread(mentions.artists_in(newest, lambda s: s.shares * (1 - s.refused))),
            "artist_refused_now": spread(mentions.artists_in(newest, refused)),
            "artist_named_before": spread(before),
            "artist_named_earlier": spread(earlier),
            "artist_named_times": spread(np.sum(self.per_turn, axis=0)),
            "artist_named_age": _NEVER - spread(_NEVER - ages),
            "artist_in_last_response": spread(answered[-1] if t else none),
            "artist_in_earlier_response": spread(np.max([none, *answered[:-1]], axis=0)),
        }
        older, responses = self.said.utterances[:-1], self.said.responses
        for name, numbers, read in (
            ("title", mentions.titles, mentions.titles_in),
            ("album", mentions.albums, mentions.albums_in),
        ):
            said_now = read(newest)
            nothing = np.zeros_like(said_now)
            found[f"{name}_named_now"] = said_now[numbers]
            found[f"{name}_named_before"] = np.max([nothing, *map(read, older)], axis=0)[numbers]
            found[f"{name}_in_response"] = np.max([nothing, *map(read, responses)], axis=0)[numbers]
        return found

    def _rated(self) -> dict[str, FloatArray]:
        """Artists and albums of what was liked and disliked."""
        mentions, t = self.of.mentions, self.n_turns
        liked, last, featured, disliked, disliked_last = np.zeros((5, mentions.n_artists), dtype=np.float32)
        ages = np.full(mentions.n_artists, _NEVER, np.float32)
        for number, rows in enumerate(self.said.liked):
            for row in rows:
                artist = mentions.main[row]
                liked[artist] += 1
                last[artist] += number == t - 1
                ages[artist] = t - number
                featured[mentions.featured_on(row)] += 1
        for number, rows in enumerate(self.said.disliked):
            for row in rows:
                disliked[mentions.main[row]] += 1
                disliked_last[mentions.main[row]] += number == t - 1
        main = mentions.main
        found = {
            "liked_of_artist": liked[main],
            "liked_last_of_artist": last[main],
            "liked_age_of_artist": ages[main],
            "liked_with_artist": mentions.of_tracks(liked + featured),
            "disliked_of_artist": disliked[main],
            "disliked_last_of_artist": disliked_last[main],
            "liked_share_of_artist": (liked / (liked + disliked + 1))[main],
        }
        for name, rated in (("liked_of_album", self.liked), ("disliked_of_album", self.disliked)):
            albums = np.array([n for n in mentions.albums[rated] if mentions.album_name(n)], dtype=np.int64)
            found[name] = np.bincount(albums, minlength=mentions.n_albums).astype(np.float32)[mentions.albums]
        return found

    def _words(self) -> dict[str, FloatArray]:
        """Shares of the words (BM25) that tracks carry in their names."""
        lexical, catalogue = self.of.lexical, self.of.catalogue
        whole = " ".join(self.said.utterances)
        names = [f"{catalogue.titles[row]} {' '.join(catalogue.artists[row])}" for row in self.liked.tolist()]
        return {
            "words_now": lexical.scores(self.said.utterances[-1]),
            "words_of_all": lexical.scores(whole),
            "words_with_liked": lexical.scores(" ".join([whole, *names])),
            "words_of_response": lexical.scores(self.said.responses[-1] if self.said.responses else ""),
        }

    @cached_property
    def _vectors(self) -> dict[str, FloatArray]:
        """What was said and liked, as unit vectors (D,)."""
        utterances, texts = self.said.utterances, self.of.texts
        encoded = self.of.encode([*utterances, " ".join(utterances)])
        fading = np.array([_FADING ** (self.n_turns - number) for number in range(len(utterances))], dtype=np.float32)
        found = {
            "now": encoded[-2],
            "all": encoded[-1],
            "first": encoded[0],
            "fading": _unit(fading @ encoded[:-1]),
        }
        if len(self.liked):
            found["liked"] = _unit(texts[self.liked].mean(axis=0))
            last = np.array(self.said.liked[-1], dtype=np.int64)
            found["liked_last"] = _unit(texts[last].mean(axis=0)) if len(last) else found["liked"]
            found["now_and_liked"] = _unit(found["now"] + found["liked"])
        return found

    def _meant(self) -> dict[str, FloatArray]:
        """Cosines of names with what was said and liked: of tracks, and of artists by all their tracks."""
        main, directions = self.of.mentions.main, self._vectors
        rated = self.of.texts[np.concatenate([self.liked, self.disliked])]
        cosines = np.concatenate([np.stack(list(directions.values())), rated]) @ self.of.texts.T
        found = {f"text_{name}": cosines[number] for number, name in enumerate(directions)}
        nothing = np.zeros(len(main), dtype=np.float32)
        if "liked" not in directions:
            found |= {"text_liked": nothing, "text_liked_last": nothing, "text_now_and_liked": found["text_now"]}
        of_liked, of_disliked = np.split(cosines[len(directions) :], [len(self.liked)])
        found["text_nearest_liked"] = of_liked.max(axis=0) if len(of_liked) else nothing
        found["text_nearest_disliked"] = of_disliked.max(axis=0) if len(of_disliked) else nothing
        artists = self.of.artist_texts
        for name in ("now", "all", "liked"):
            found[f"artist_text_{name}"] = (artists @ directions[name])[main] if name in directions else nothing
        return found

    def _known(self) -> dict[str, FloatArray]:
        """What the facts of well-known artists make of what was asked for and liked."""
        knowledge = self.of.knowledge
        rows = np.arange(len(knowledge.artist))
        utterances = self.said.utterances
        genres = [knowledge.genres_in(text) for text in utterances]
        faded = np.max([_FADING ** (self.n_turns - n) * vector for n, vector in enumerate(genres)], axis=0)
        decades = [decade_vector(decades_in(text)) for text in utterances]
        found = {
            "genre_asked_now": knowledge.genre_agreement(genres[-1], rows),
            "genre_asked": knowledge.genre_agreement(faded, rows) / max(float(faded.sum()) ** 0.5, 1.0),
            "decade_asked_now": _or_unknown(knowledge.decades @ decades[-1], knowledge.moment, decades[-1]),
            "decade_asked": _or_unknown(
                knowledge.decades @ np.max(decades, axis=0), knowledge.moment, np.max(decades, axis=0)
            ),
        }
        named = np.flatnonzero(np.max(self.per_turn, axis=0) >= _MEANT)
        of_named = np.flatnonzero(np.isin(self.of.mentions.main, named)) if len(named) else named
        _, first = np.unique(self.of.mentions.main[of_named], return_index=True)
        last = np.array(self.said.liked[-1] if self.said.liked else (), dtype=np.int64)
        groups = {
            "liked": self.liked,
            "liked_last": last,
            "disliked": self.disliked,
            "wanted": np.concatenate([self.liked, of_named[first]]),
        }
        found |= self._facts(groups)
        for name, group in groups.items():
            taste = knowledge.taste(group) if len(group) else np.zeros(knowledge.n_genres, dtype=np.float32)
            found[f"genre_like_{name}"] = knowledge.genre_likeness(taste, rows)
            years = knowledge.moment[group]
            known = years[~np.isnan(years)]
            middle = np.float32(known.mean()) if len(known) else np.float32(np.nan)
            found[f"years_from_{name}"] = np.abs(knowledge.moment - middle)
        return found

    def _facts(self, groups: Mapping[str, IntArray]) -> dict[str, FloatArray]:
        """Cosines of what is known of artists with what was said, and with what is known of those liked and named."""
        knowledge, facts = self.of.knowledge, self.of.facts
        directions = {name: self._vectors[name] for name in ("now", "all", "first")}
        if self.said.responses:
            directions["response"] = self.of.encode([self.said.responses[-1]])[0]
        for name in ("liked", "wanted", "disliked"):
            numbers = knowledge.artist[groups[name]]
            if len(numbers := numbers[numbers >= 0]):
                directions[name] = _unit(facts[numbers].mean(axis=0))
        cosines = np.full((len(directions), len(facts) + 1), np.nan, dtype=np.float32)
        cosines[:, :-1] = np.stack(list(directions.values())) @ facts.T
        found = {f"facts_{name}": cosines[number][knowledge.artist] for number, name in enumerate(directions)}
        unknown = np.full(len(knowledge.artist), np.nan, dtype=np.float32)
        for name in ("response", "liked", "wanted", "disliked"):
            found.setdefault(f"facts_{name}", unknown)
        known = knowledge.known[self.liked]
        known = known[~np.isnan(known)]
        found["known_beside_liked"] = knowledge.known - np.float32(known.mean()) if len(known) else unknown
        return found

    @cached_property
    def _liked_artists(self) -> FloatArray:
        """How often a track of each artist (A,) was liked."""
        mentions = self.of.mentions
        return np.bincount(mentions.main[self.liked], minlength=mentions.n_artists).astype(np.float32)

    def _together(self) -> dict[str, FloatArray]:
        """Counts over playlists."""
        named = (np.max(self.per_turn, axis=0) >= _MEANT).astype(np.float32)
        works = self.of.catalogue.work[self.liked]
        return self.of.together.counts(
            self._liked_artists, named, works, self._vectors["now"], self._vectors["fading"], without=self.without
        )

    def _how_it_goes(self) -> dict[str, FloatArray]:
        """The same for all tracks of a turn: what decides how much each of the others says."""
        ones = np.ones(len(self.of.catalogue), dtype=np.float32)
        named = [int((weights >= _MEANT).sum()) for weights in self.per_turn]
        return {
            "turn": ones * self.n_turns,
            "n_liked": ones * len(self.liked),
            "n_disliked": ones * len(self.disliked),
            "n_words": ones * len(self.said.utterances[-1].split()),
            "n_named_now": ones * named[-1],
            "n_named_before": ones * sum(named[:-1]),
        }


def _unit(vector: FloatArray) -> FloatArray:
    return (vector / max(float(np.linalg.norm(vector)), 1e-6)).astype(np.float32)


def _or_unknown(agreement: FloatArray, moment: FloatArray, asked: FloatArray) -> FloatArray:
    """Agreement (N,) with decades, NaN where none was asked for or the track's is unknown."""
    unknown = np.isnan(moment) if np.any(asked) else np.ones(len(moment), dtype=bool)
    return np.where(unknown, np.float32(np.nan), agreement).astype(np.float32)
