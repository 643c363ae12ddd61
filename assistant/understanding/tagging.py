"""Which words of a request describe the music, learnt from labelled requests, beside what the rules know.

A linear-chain CRF (Lafferty et al. 2001) gives every word a label: begin or go on with a phrase of a facet, or neither;
`assistant.understanding.decoding` makes phrases of that. It sees the frozen states of the text encoder for the word and
its neighbours, the words themselves, what the vocabulary calls them, and phrases of the training requests. How a phrase
is meant (wanted, unwanted, like this) is a second, small model over the words around it; what the rules find refused is
refused.

The weights are those of `assistant.understanding.tagger_training`; reading needs no torch.

Shapes: n words, L labels, S width of the encoder's states, R axes of them that are kept, F flags of a word, K members
of the ensemble.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from assistant.request import POLARITIES, Polarity
from assistant.understanding.cues import cue_for
from assistant.understanding.decoding import candidates, choose
from assistant.understanding.eras import EraFinder
from assistant.understanding.facets import FacetFinder
from assistant.understanding.labelled import NAMES
from assistant.understanding.matches import Match, Word
from assistant.understanding.negation import mark
from assistant.understanding.refusing import CUE
from assistant.understanding.tokens import Reading
from recsys.encoders.text import WordEncoder
from recsys.errors import RecsysError
from recsys.types import Facet, FloatArray, IntArray
from recsys.vocabulary import load_vocabulary

#: Buckets that words fall into by their hash: those of labels, and those of polarity.
WORD_BUCKETS, CONTEXT_BUCKETS = 1 << 14, 1 << 13
#: Phrases of training requests are looked up at so many words at most.
_MAX_PHRASE = 5
#: What a word that no rule knows is called to see whether the rules refuse it.
_UNKNOWN = Facet.TAG
_VOCABULARY = (
    Facet.GENRE,
    Facet.MOOD,
    Facet.ACTIVITY,
    Facet.INSTRUMENT,
    Facet.VOCALS,
    Facet.LANGUAGE,
    Facet.COUNTRY,
    Facet.ERA,
)
#: Facets of the rules that are part of a wider one where requests are labelled with fewer.
_WIDER = {"Vocals": "Instrument", "Language": "country", "Tempo": "Mood"}
#: A refusal that was only learnt must be likelier than not: a false one costs more than one that is missed.
_SURE = 0.5
_REFUSING = re.compile(r"\b(?:no|not|without|nothing|never)\s", re.IGNORECASE)
_LEFT, _RIGHT = 5, 2
_FORMAT = 2


class TaggerError(RecsysError, ValueError):
    """A saved tagger cannot be used."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(f"cannot use the tagger in {folder}: {problem}; run `segue train --requests FILE`")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of a message that describe the music."""

    facet: str  # as the training requests name it
    start: int  # words of the reading, end exclusive
    end: int
    polarity: Polarity
    text: str  # as written
    chance: float = field(default=1.0, compare=False)


@dataclass(frozen=True, eq=False)
class Words:
    """A message as the models see it."""

    reading: Reading
    states: FloatArray  # (n, S)
    hashes: IntArray  # (n, H) buckets of `WORD_BUCKETS`
    known: FloatArray  # (n, 2 · len(_VOCABULARY)): the vocabulary's phrases begin, go on


class WordReader:
    """Turns messages into what the models see."""

    def __init__(self, encoder: WordEncoder, newest_year: int = 2026) -> None:
        """Read with an encoder's states and the music vocabulary."""
        self.encoder = encoder
        self._facets, self._eras = FacetFinder(load_vocabulary()), EraFinder(newest_year)

    def read(self, reading: Reading) -> Words:
        """Encode the words of one message."""
        spans = [(token.start, token.end) for token in reading.tokens]
        states = self.encoder.states(reading.text, spans) if spans else np.zeros((0, self.encoder.state_dim))
        hashes = [[bucket(name) for name in _word_features(reading, n)] for n in range(len(reading))]
        return Words(
            reading,
            states.astype(np.float32),
            np.array(hashes, np.int64).reshape(len(reading), len(hashes[0]) if hashes else 0),
            self._known(reading),
        )

    def _known(self, reading: Reading) -> FloatArray:
        flags = np.zeros((len(reading), 2 * len(_VOCABULARY)), np.float32)
        for match in (*self._facets.find(reading), *self._eras.find(reading, lambda _: False)):
            for facet in {facet for p in match.payloads if (facet := getattr(p, "facet", None)) in _VOCABULARY}:
                column = 2 * _VOCABULARY.index(facet)
                flags[match.start, column] = 1
                flags[match.start + 1 : match.end, column + 1] = 1
        return flags


class Tagger:
    """Finds phrases in messages with learnt weights."""

    def __init__(
        self,
        facets: Sequence[str],
        phrases: Mapping[str, Sequence[str]],
        weights: Mapping[str, FloatArray],
        encoder: str,
    ) -> None:
        """Take what training made.

        Args:
            facets: as the training requests name them.
            phrases: facets that the training requests name with a phrase, folded.
            weights: `mean` (S,) and `axes` (S, R) of states; `words` (K, WORD_BUCKETS + 1, L), `inner`
                (K, 3 (R + F), D), `inner_bias` (K, D), `outer` (K, D, L), `outer_bias` (K, L); `steps` (L, L),
                `starts` (L,) of the CRF, impossible ones far below 0; `context` (CONTEXT_BUCKETS, 3), `meaning` (S, 3)
                and `polarity_bias` (3,) of polarity.
            encoder: the name of the text encoder whose states were seen.
        """
        self.facets, self.phrases, self.weights, self.encoder = tuple(facets), dict(phrases), weights, encoder

    def tag(self, words: Words) -> list[Phrase]:
        """Return the phrases of a message, in order."""
        reading = words.reading
        if not len(reading):
            return []
        meant: dict[tuple[int, int, int], Polarity] = {}
        found = []
        for one in candidates(self._emissions(words), self.weights["steps"], self.weights["starts"]):
            polarities = self._polarities(words, self.facets[one.facet], one.start, one.end)
            likeliest = int(np.argmax(polarities))
            meant[one.facet, one.start, one.end] = POLARITIES[likeliest]
            # A phrase that is meant otherwise is as wrong as one that is none.
            found.append(replace(one, chance=one.chance * float(polarities[likeliest])))
        chosen = choose(found)
        refused = refused_spans(reading, [(one.start, one.end) for one in chosen])
        return [
            Phrase(
                self.facets[one.facet],
                one.start,
                one.end,
                "-" if (one.start, one.end) in refused else meant[one.facet, one.start, one.end],
                reading.raw(one.start, one.end),
                one.chance,
            )
            for one in chosen
        ]

    def _emissions(self, words: Words) -> FloatArray:
        """Return what every member says of every label of every word (K, n, L)."""
        w = self.weights
        flags = phrase_flags(words.reading, self.phrases, self.facets)
        seen = neighbours(inputs(words, flags, w["mean"], w["axes"]))
        inner = np.maximum(seen @ w["inner"] + w["inner_bias"][:, None], 0)  # (K, n, D)
        emissions: FloatArray = inner @ w["outer"] + w["outer_bias"][:, None] + w["words"][:, words.hashes].sum(axis=2)
        # Those who typed the training requests used no commas, and no phrase goes on behind one.
        behind = [n for n in range(1, len(words.reading)) if words.reading.pause(n)]
        emissions[:, behind, 2::2] = -np.inf
        return emissions

    def _polarities(self, words: Words, facet: str, start: int, end: int) -> FloatArray:
        """Return how likely a phrase is meant in each way (3,)."""
        w = self.weights
        logits = words.states[start:end].mean(axis=0) @ w["meaning"] + w["polarity_bias"]
        logits = logits + w["context"][context_buckets(words.reading, facet, start, end)].sum(axis=0)
        chances: FloatArray = np.exp(logits - logits.max())
        chances /= chances.sum()
        return chances

    def save(self, folder: Path) -> None:
        """Write `tagger.safetensors`, and last `tagger.json`, which makes the folder loadable."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tagger.json").unlink(missing_ok=True)
        save_file(
            {name: np.ascontiguousarray(table) for name, table in self.weights.items()}, folder / "tagger.safetensors"
        )
        card = {"format": _FORMAT, "facets": self.facets, "phrases": self.phrases, "encoder": self.encoder}
        unfinished = folder / "tagger.json.part"
        unfinished.write_text(json.dumps(card, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(folder / "tagger.json")

    @classmethod
    def load(cls, folder: Path, encoder: str) -> Tagger | None:
        """Read what `save` wrote; None where nothing was.

        Raises:
            TaggerError: it is damaged, of another version or made with another encoder.
        """
        from safetensors.numpy import load_file

        if not (folder / "tagger.json").is_file():
            return None
        try:
            card: dict[str, Any] = json.loads((folder / "tagger.json").read_text(encoding="utf-8"))
            weights = load_file(folder / "tagger.safetensors")
            found = cls(card["facets"], card["phrases"], weights, card["encoder"])
        except Exception as error:  # whatever safetensors says of a damaged file
            raise TaggerError(folder, f"it cannot be read ({error})") from error
        if card["format"] != _FORMAT:
            raise TaggerError(folder, f"it has format {card['format']}, not {_FORMAT}")
        if found.encoder != encoder:
            raise TaggerError(folder, f"it was made with the text encoder {found.encoder}, not {encoder}")
        return found


def join(learnt: Sequence[Phrase], ruled: Sequence[Phrase], facets: Collection[str]) -> list[Phrase]:
    """Put together what was learnt and what the rules found.

    The rules add what is refused, and on words of theirs that are no names they are right: refusals are rare among
    training requests. What else they find and the tagger does not is seldom meant to describe the music, unless it is
    of a facet that the training requests do not have.

    Args:
        learnt: what the tagger found.
        ruled: what the rules found.
        facets: those that the tagger has learnt.
    """
    refused = [one for one in ruled if one.polarity == "-"]
    kept = []
    for one in learnt:
        beside = [other for other in refused if _overlap(one, other)]
        doubtful = one.polarity == "-" and one.chance < _SURE and not beside
        if not doubtful and not any(_gives_way(one, other) for other in beside):
            kept.append(one)
    added = [
        one
        for one in ruled
        if (one.polarity == "-" or {one.facet, _WIDER.get(one.facet)}.isdisjoint(facets))
        and not any(_overlap(one, other) for other in kept)
    ]
    return sorted([*kept, *added], key=lambda one: one.start)


def _gives_way(learnt: Phrase, refused: Phrase) -> bool:
    """Tell whether a learnt phrase is wrong where the rules find some of its words refused."""
    if learnt.facet == NAMES and _REFUSING.search(learnt.text):
        return learnt.polarity != "~"  # "no bad bunny", but "songs like no rain"
    if learnt.polarity == "-" and learnt.start <= refused.start and refused.end <= learnt.end:
        # "no guitar solos": what was learnt knows better how far it goes, but not by a lone letter ("not pop y")
        beyond = Counter(learnt.text.split()) - Counter(refused.text.split())
        return bool(beyond) and all(len(word) == 1 for word in beyond)
    return refused.facet != NAMES


def _overlap(one: Phrase, other: Phrase) -> bool:
    return one.start < other.end and other.start < one.end


def bucket(feature: str, n_buckets: int = WORD_BUCKETS) -> int:
    """The bucket of a feature by its name, the same in every process."""
    return crc32(feature.encode()) % n_buckets


def labels_of(facets: Sequence[str]) -> list[str]:
    """Name the labels: O, then B- and I- of every facet."""
    return ["O", *(f"{prefix}-{facet}" for facet in facets for prefix in "BI")]


def phrase_flags(
    reading: Reading, phrases: Mapping[str, Iterable[str]], facets: Sequence[str], own: Mapping[str, str] | None = None
) -> FloatArray:
    """Flag (n, 2 · facets) where phrases of training requests begin and go on.

    Args:
        reading: the message.
        phrases: facets by folded phrase.
        facets: their order.
        own: phrases and facets that only this message has; what it says itself must not help to learn from it.
    """
    flags = np.zeros((len(reading), 2 * len(facets)), np.float32)
    for start in range(len(reading)):
        for end in range(start + 1, min(start + _MAX_PHRASE, len(reading)) + 1):
            phrase = reading.joined(start, end)
            for facet in phrases.get(phrase, ()):
                if own is None or own.get(phrase) != facet:
                    flags[start, 2 * facets.index(facet)] = 1
                    flags[start + 1 : end, 2 * facets.index(facet) + 1] = 1
    return flags


def inputs(words: Words, flags: FloatArray, mean: FloatArray, axes: FloatArray) -> FloatArray:
    """What the network sees of every word (n, R + F): its state along the principal axes (S, R), and its flags."""
    return np.hstack([(words.states - mean) @ axes, words.known, flags])


def neighbours(seen: FloatArray) -> FloatArray:
    """Every word beside the one before and the one after it (n, 3 (R + F))."""
    nothing = np.zeros_like(seen[:1])
    return np.hstack([np.concatenate([nothing, seen[:-1]]), seen, np.concatenate([seen[1:], nothing])])


def refused_spans(reading: Reading, found: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those of some disjoint stretches of words, in order, that the rules read as refused or toned down."""
    matches = [Match(start, end, (Word(_UNKNOWN, reading.joined(start, end)),)) for start, end in found]
    refused = {(m.match.start, m.match.end) for m in mark(reading, matches).marks if m.negated and not m.dropped}
    if not refused:
        return refused
    # "Non stop" refuses nothing, also where "stop" was learnt to be a phrase.
    idioms = [reading.span(*cue.span()) for cue in CUE.finditer(reading.line) if cue["pseudo"]]
    return {(a, b) for a, b in refused if not any(first <= a and b <= last for first, last in idioms)}


def context_buckets(reading: Reading, facet: str, start: int, end: int) -> IntArray:
    """Buckets of what tells how a phrase is meant: its facet, the words around it and the cue before a name."""
    words = reading.words
    features = [f"facet={facet}"]
    for distance in range(1, min(_LEFT, start) + 1):
        word = words[start - distance]
        features += [f"left={word}", f"left{distance}={word}", f"{facet} left={word}"]
    features += [f"right{n - end}={words[n]}" for n in range(end, min(end + _RIGHT, len(words)))]
    cue = cue_for(reading, start, end)
    features += [f"cue={cue.strength.name}{cue.polarity}", f"{facet} cue={cue.polarity}"]
    return np.array([bucket(feature, CONTEXT_BUCKETS) for feature in features], np.int64)


def _word_features(reading: Reading, position: int) -> list[str]:
    words = reading.words

    def at(offset: int) -> str:
        return words[position + offset] if 0 <= position + offset < len(words) else "<>"

    word = at(0)
    shape = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d", "0", word))
    features = [f"word={word}", f"ends={word[-3:]}", f"ends={word[-2:]}", f"begins={word[:3]}", f"shape={shape}"]
    features += [f"word{offset}={at(offset)}" for offset in (-2, -1, 1, 2)]
    features += [f"pair-={at(-1)} {word}", f"pair+={word} {at(1)}"]
    return [*features, f"first={position == 0}", f"last={position == len(words) - 1}"]
