"""Synthetic listeners and requests from a catalogue, so that JAM can be trained where nobody has listened yet.

One *triple* is (request in words, history of a listener, tracks that answer). Kinds, drawn by seed:

- **playlist**: a real playlist of the catalogue (its owner's, or its source's); the history is a random part of it,
  the request its name or facets of the rest, the answer the rest. Tracks whose tags come from this playlist alone are
  taken to have none: otherwise its own name in their tags gives every answer away, as no new playlist's name will.
- **taste**: a listener whose history comes from one or two anchors (a genre, an artist's neighbourhood, a decade); the
  request is composed from one to three facets of a track, mostly one near that taste; the answer is what meets these
  facets, the near ones first.
- **artist**: "songs by X" or "like X"; the answer is X, or tracks that share X's genres and decade.
- **vague**: "play something good"; the words say nothing, so the answer is more of the listener's taste. Without these
  the model learns that the words decide everything.

Requests vary in wording, order and length, use the vocabulary's synonyms and have occasional typing slips. Source of
the idea: Leszczynski et al., "Talk the Walk" (2023); the grammar is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recsys.catalogue import Catalogue
from recsys.constraints import YES, property_of
from recsys.query_text import template_query
from recsys.types import BoolArray, Constraint, Facet, FloatArray, IntArray
from recsys.vocabulary import Vocabulary

#: Word facets a request is composed from, with the odds of each being mentioned.
_ASKABLE = {
    Facet.GENRE: 1.0,
    Facet.MOOD: 0.8,
    Facet.ACTIVITY: 0.7,
    Facet.INSTRUMENT: 0.25,
    Facet.LANGUAGE: 0.25,
    Facet.COUNTRY: 0.15,
    Facet.VOCALS: 0.15,
    Facet.ERA: 0.5,
}
_OPENINGS = (
    *("", "", "", "some ", "give me ", "I want ", "I'd like ", "play ", "play me some ", "something "),
    *("can you make a playlist of ", "looking for ", "I need ", "a playlist with "),
)
_VAGUE = (
    *("something nice", "play something good", "surprise me", "music for me", "what should I listen to", "anything"),
    *("some music", "a playlist please", "you choose", "songs I would like", "play me something", "a mix for today"),
)
_NOUNS = ("music", "songs", "tracks", "tunes", "", "stuff", "playlist")
_MIN_POSTINGS = 4
_MIN_PLAYLIST = 6
_MAX_HISTORY = 20
_MAX_ANSWERS = 24


@dataclass(frozen=True)
class Triple:
    """One training example. Rows are catalogue rows."""

    text: str
    history: IntArray  # (h,), may be empty
    answers: IntArray  # (a,), at least one
    untagged: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # rows taken to have no tags
    listener_id: str = ""  # whose history it is, where it is a real listener's
    weights: FloatArray | None = None  # (h,) signed weights of the history; one each where there are none


def synthesise(
    catalogue: Catalogue, vocabulary: Vocabulary, n: int, rng: np.random.Generator, *, tidy_names: bool = False
) -> list[Triple]:
    """Draw n triples; the same generator state gives the same triples.

    With `tidy_names`, the names of playlists are written as queries (`recsys.query_text`) before they are requests.
    """
    synthesiser = _Synthesiser(catalogue, vocabulary, rng)
    if tidy_names:
        synthesiser.playlist_names = [template_query("", name) or name for name in synthesiser.playlist_names]
    return synthesiser.draw(n)


def from_histories(
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    histories: Mapping[str, IntArray],
    n_each: int,
    rng: np.random.Generator,
) -> list[Triple]:
    """Draw triples of real listeners: part of what each likes as the history, the rest as the answer.

    Half of them have no history at all, so that a vector of the listener's own has to speak for itself.

    Args:
        catalogue: what the rows are of.
        vocabulary: for requests.
        histories: liked rows by listener id; of fewer than two nothing can be learnt.
        n_each: triples of each listener.
        rng: decides.
    """
    synthesiser = _Synthesiser(catalogue, vocabulary, rng)
    drawn = [
        synthesiser.from_listener(listener_id, np.unique(rows))
        for listener_id, rows in sorted(histories.items())
        for _ in range(n_each)
        if len(np.unique(rows)) >= 2
    ]
    return [drawn[number] for number in rng.permutation(len(drawn))]


def _era_words(low: int, rng: np.random.Generator) -> str:
    short = f"{low % 100:02d}s"
    return str(rng.choice([f"{low}s", short, f"from the {short}", f"from the {low}s"]))


class _Synthesiser:
    def __init__(self, catalogue: Catalogue, vocabulary: Vocabulary, rng: np.random.Generator) -> None:
        self.catalogue, self.vocabulary, self.rng = catalogue, vocabulary, rng
        self.postings: dict[tuple[Facet, str], IntArray] = {}
        self.synonyms: dict[tuple[Facet, str], list[str]] = {}
        for facet in _ASKABLE:
            if facet is not Facet.ERA:
                self._collect(facet)
        years = catalogue.numeric["year"]
        with np.errstate(invalid="ignore"):
            for decade in range(1950, 2030, 10):
                rows = np.flatnonzero((years >= decade) & (years < decade + 10))
                if len(rows) >= _MIN_POSTINGS:
                    self.postings[Facet.ERA, str(decade)] = rows
        self.facets_of: list[list[tuple[Facet, str]]] = [[] for _ in range(len(catalogue))]
        self.having: dict[tuple[Facet, str], BoolArray] = {}
        for key, rows in self.postings.items():
            self.having[key] = np.zeros(len(catalogue), dtype=bool)
            self.having[key][rows] = True
            for row in rows.tolist():
                self.facets_of[row].append(key)
        self.by_artist = self._group(catalogue.artist_rows)
        members = [np.unique(rows) for rows in catalogue.collection_rows]
        long = [number for number, rows in enumerate(members) if len(rows) >= _MIN_PLAYLIST]
        self.playlists = [members[number] for number in long]
        self.playlist_names = [catalogue.collections[number].name for number in long]
        n_playlists = np.bincount(np.concatenate([np.empty(0, dtype=np.int64), *members]), minlength=len(catalogue))
        self.only_here = [rows[n_playlists[rows] == 1] for rows in self.playlists]

    def _collect(self, facet: Facet) -> None:
        for word in self.vocabulary.words(facet):
            rows = np.flatnonzero(property_of(self.catalogue, self.vocabulary, Constraint(facet, (word,))) == YES)
            if len(rows) >= _MIN_POSTINGS:
                self.postings[facet, word] = rows
        for phrase, word in self.vocabulary.phrases(facet).items():
            if phrase != word:
                self.synonyms.setdefault((facet, word), []).append(phrase)

    @staticmethod
    def _group(numbers: IntArray) -> list[IntArray]:
        order = np.argsort(numbers, kind="stable")
        edges = np.flatnonzero(np.diff(numbers[order])) + 1
        return [group for group in np.split(order, edges) if len(group)]

    def draw(self, n: int) -> list[Triple]:
        triples: list[Triple] = []
        while len(triples) < n:
            kind = self.rng.random()
            triple: Triple | None
            if kind < 0.12:
                triple = self._vague()
            elif self.playlists and kind < 0.55:
                triple = self._from_playlist()
            elif kind < 0.93:
                triple = self._from_taste()
            else:
                triple = self._from_artist()
            if triple is not None:
                triples.append(triple)
        return triples

    def _sample(self, rows: IntArray, at_most: int) -> IntArray:
        return rows if len(rows) <= at_most else np.sort(self.rng.choice(rows, at_most, replace=False, shuffle=False))

    def _from_playlist(self) -> Triple:
        number = int(self.rng.integers(len(self.playlists)))
        rows = self.rng.permutation(self.playlists[number])
        cut = max(1, int(len(rows) * self.rng.uniform(0.2, 0.6)))
        history, rest = self._sample(rows[:cut], _MAX_HISTORY), rows[cut:]
        if self.rng.random() < 0.6:
            text, answers = self._slip(self.playlist_names[number]), rest
        else:
            keys = self._facets_of_a(int(self.rng.choice(rest)))
            text, answers = self._word(keys), self._meeting(keys, rest)
        return Triple(text, history, self._sample(answers, _MAX_ANSWERS), self.only_here[number])

    def _from_taste(self) -> Triple | None:
        anchors = [self._anchor(int(self.rng.integers(len(self.catalogue)))) for _ in range(self.rng.integers(1, 3))]
        taste = anchors[0] if len(anchors) == 1 else np.unique(np.concatenate(anchors))
        history = self._sample(taste, int(self.rng.integers(3, _MAX_HISTORY)))
        near = self.rng.random() < 0.75
        target = int(self.rng.choice(taste)) if near else int(self.rng.integers(len(self.catalogue)))
        keys = self._facets_of_a(target)
        if not keys:
            return None
        answers = self._meeting(keys)
        answers = answers[~np.isin(answers, history)]
        both = answers[np.isin(answers, taste, kind="table")]
        if near and len(both) >= 2:
            answers = both
        if not len(answers):
            return None
        return Triple(self._word(keys), history, self._sample(answers, _MAX_ANSWERS))

    def _vague(self) -> Triple | None:
        untagged = np.empty(0, dtype=np.int64)
        if self.playlists and self.rng.random() < 0.5:
            number = int(self.rng.integers(len(self.playlists)))
            taste, untagged = self.playlists[number], self.only_here[number]
        else:
            taste = self._anchor(int(self.rng.integers(len(self.catalogue))))
        if len(taste) < 3:
            return None
        rows = self.rng.permutation(taste)
        cut = max(1, min(_MAX_HISTORY, int(len(rows) * self.rng.uniform(0.2, 0.7))))
        text = self._slip(_VAGUE[int(self.rng.integers(len(_VAGUE)))])
        return Triple(text, np.sort(rows[:cut]), self._sample(rows[cut:], _MAX_ANSWERS), untagged)

    def from_listener(self, listener_id: str, liked: IntArray) -> Triple:
        rows = self.rng.permutation(liked)
        cut = max(1, int(len(rows) * self.rng.uniform(0.2, 0.7)))
        history, answers = np.sort(rows[:cut][:_MAX_HISTORY]), rows[cut:]
        if self.rng.random() < 0.5:
            history, answers = history[:0], rows
        keys = self._facets_of_a(int(self.rng.choice(answers))) if self.rng.random() < 0.5 else []
        text = self._word(keys) if keys else self._slip(_VAGUE[int(self.rng.integers(len(_VAGUE)))])
        return Triple(text, history, self._sample(self._meeting(keys, answers), _MAX_ANSWERS), listener_id=listener_id)

    def _from_artist(self) -> Triple:
        rows = self.by_artist[int(self.rng.integers(len(self.by_artist)))]
        name = self.catalogue.artists[int(rows[0])][0]
        history = self._sample(self._anchor(int(self.rng.choice(rows))), 8)
        if self.rng.random() < 0.5:
            shape = self.rng.choice(["songs by {}", "best of {}", "some {}", "{}", "play {}", "more {}"])
            return Triple(self._slip(str(shape).format(name)), history, self._sample(rows, _MAX_ANSWERS))
        shape = self.rng.choice(["like {}", "songs like {}", "similar to {}", "artists like {}", "in the style of {}"])
        near = self._anchor(int(self.rng.choice(rows)))
        return Triple(self._slip(str(shape).format(name)), history, self._sample(near, _MAX_ANSWERS))

    def _anchor(self, row: int) -> IntArray:
        """Grow a coherent taste around a track: one of its genres or decades, tightened by a second facet."""
        keys = self.facets_of[row]
        genres = [k for k in keys if k[0] is Facet.GENRE]
        others = [k for k in keys if k[0] in (Facet.ERA, Facet.MOOD, Facet.COUNTRY)]
        pool = genres or others
        if not pool:
            return np.array([row])
        # the narrowest genres make tastes; "pop" alone is none
        sizes = np.array([len(self.postings[k]) for k in pool], dtype=np.float64)
        chosen = [pool[int(self.rng.choice(len(pool), p=(1 / sizes) / (1 / sizes).sum()))]]
        if others and self.rng.random() < 0.6:
            chosen.append(others[int(self.rng.integers(len(others)))])
        rows = self._meeting(chosen)
        return rows if len(rows) >= 3 else self.postings[chosen[0]]

    def _facets_of_a(self, row: int, at_most: int = 3) -> list[tuple[Facet, str]]:
        keys = self.facets_of[row]
        if not keys:
            return []
        odds = np.array([_ASKABLE[facet] for facet, _ in keys])
        n = min(len(keys), int(self.rng.integers(1, at_most + 1)))
        numbers = self.rng.choice(len(keys), n, replace=False, p=odds / odds.sum())
        chosen: list[tuple[Facet, str]] = []
        for number in numbers:
            facet, word = keys[int(number)]
            if facet not in (f for f, _ in chosen) or facet is Facet.MOOD:
                chosen.append((facet, word))
        return chosen

    def _meeting(self, keys: Sequence[tuple[Facet, str]], within: IntArray | None = None) -> IntArray:
        """Return the rows that have every facet, in ascending order unless `within` gives another."""
        if not keys:
            return np.empty(0, dtype=np.int64) if within is None else within
        rows = min((self.postings[key] for key in keys), key=len) if within is None else within
        for key in keys:
            rows = rows[self.having[key][rows]]
        return rows

    def _word(self, keys: Sequence[tuple[Facet, str]]) -> str:
        """Compose a request from facets, in one of many wordings."""
        before: list[str] = []
        after: list[str] = []
        for facet, word in keys:
            said = self._say(facet, word)
            if facet in (Facet.MOOD, Facet.GENRE):
                before.append(said)
            elif facet is Facet.ERA:
                (after if said.startswith("from") else before).append(said)
            elif facet is Facet.ACTIVITY:
                after.append(f"for {said}" if self.rng.random() < 0.7 else said)
            elif facet is Facet.INSTRUMENT:
                after.append(f"with {said}")
            elif facet is Facet.LANGUAGE:
                after.append(f"in {said}") if self.rng.random() < 0.5 else before.append(said)
            elif facet is Facet.COUNTRY:
                after.append(f"from {said}")
            else:
                after.append("instrumental" if word == "none" else f"with {word} vocals")
        noun = str(self.rng.choice(_NOUNS))
        opening = str(self.rng.choice(_OPENINGS))
        text = opening + " ".join([*before, noun, *after])
        return self._slip(" ".join(text.split()))

    def _say(self, facet: Facet, word: str) -> str:
        if facet is Facet.ERA:
            return _era_words(int(word), self.rng)
        synonyms = self.synonyms.get((facet, word))
        if synonyms and self.rng.random() < 0.4:
            return synonyms[int(self.rng.integers(len(synonyms)))]
        return word

    def _slip(self, text: str) -> str:
        """Sometimes type the way people do: no capitals, a letter lost or swapped."""
        if self.rng.random() < 0.5:
            text = text.lower()
        if len(text) > 6 and self.rng.random() < 0.06:
            at = int(self.rng.integers(1, len(text) - 2))
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text
