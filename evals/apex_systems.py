"""What is compared on each set of tracks with targets: baselines, what leads, the network, and known leaks.

aesthetics      tf-idf ridge (baseline) · kernel: words, letters, likeness to phrases, caption vectors (leads) ·
                apex and apex single on the same numbers · phrases alone
hits            trees without the decade (baseline) · trees with it (leads) · apex · leak: titles
spotify-songs   trees on sound and year (baseline) · trees on sound, date and text · the same on what networks that
                also learnt genres say (leads) · the same with the playlist's genre · apex
any table       apex, apex single, and apex without the aesthetics where it has both; ridge; trees
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from evals.apex_data import AESTHETICS, HITS, SONGS, AppealData
from evals.apex_networks import NETWORKS, networks
from evals.errors import EvaluationDataError
from recsys.appeal.guided import Guide
from recsys.appeal.heads import Group, Head
from recsys.appeal.inputs import Beside, Columns, ContentInput, Text, Vectors
from recsys.appeal.kernel import KernelLearner
from recsys.appeal.learners import ApexLearner, Learner, RidgeLearner
from recsys.appeal.phrases import clauses, counts, phrase_likeness
from recsys.appeal.training import ApexSettings
from recsys.appeal.transforms import Percentile
from recsys.appeal.trees import TreeLearner
from recsys.encoders.text import TextEncoder
from recsys.types import FloatArray

_BOTH = "trees and apex"
_TITLES = "leak: titles"
_UNLABELLED = "stacked, no genres"
_WORDS_ALONE = "tf-idf ridge"
_RANKED = {"popularity": Percentile()}


@dataclass(frozen=True)
class Compared:
    """Learners with their parts in the comparison."""

    learners: tuple[Learner, ...]
    baseline: str
    leads: str  # by what was tried; only the smaller one of `recsys.appeal.serving` ships
    heads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by learner, where it learns some heads only
    means: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of what learners say, by name
    on_request: frozenset[str] = frozenset()  # scored only where they are named, or all are
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # several systems, by one name
    pairs: tuple[tuple[str, str], ...] = ()  # further differences that are told

    def with_networks(self, content: ContentInput, settings: ApexSettings, heads: Sequence[Head]) -> Compared:
        """Add every way to train the network (`evals.apex_networks`), on request."""
        learners, partly, pairs = networks(content, settings, heads)
        names = tuple(one.name for one in learners)
        return replace(
            self,
            learners=(*self.learners, *learners),
            heads={**self.heads, **partly},
            on_request=self.on_request | set(names),
            sets={NETWORKS: names},
            pairs=(*self.pairs, *pairs),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """All that is compared."""
        return (*(one.name for one in self.learners), *self.means)


def systems_for(
    data: AppealData, *, vectors: Mapping[str, FloatArray] | None = None, encoder: TextEncoder | None = None
) -> Compared:
    """Return what is compared on a set.

    Args:
        data: the set.
        vectors: further vectors of its rows, by name.
        encoder: of captions; only ratings of captions need it.

    Raises:
        EvaluationDataError: vectors have another number of rows, or there is nothing to predict from.
    """
    given = tuple(_vectors(data, name, table) for name, table in (vectors or {}).items())
    if data.kind == AESTHETICS:
        return _aesthetics(data, encoder, given)
    if data.kind == HITS:
        return _hits(data, given)
    if data.kind == SONGS:
        return _songs(data, given)
    return _any(data, given)


def _vectors(data: AppealData, name: str, table: FloatArray) -> Vectors:
    if len(table) != len(data):
        raise EvaluationDataError(
            f"--vectors {name} has {len(table):,} rows for {len(data):,} tracks; give one a track"
        )
    return Vectors(name, table)


def _aesthetics(data: AppealData, encoder: TextEncoder | None, given: tuple[Vectors, ...]) -> Compared:
    both = [f"{caption} {', '.join(aspects)}" for caption, aspects in zip(data.captions, data.aspects, strict=True)]
    said = [clauses(caption, aspects) for caption, aspects in zip(data.captions, data.aspects, strict=True)]
    rich = Columns(
        "counts", ("",) * 7, np.array([counts(*one) for one in zip(data.captions, data.aspects, strict=True)])
    )
    words = Text("words", both, longest=1, stems=True)
    pairs = Text("pairs of words", both, stems=True)
    letters = Text("letters", both, letters=True, longest=5)
    plain = Text("tf-idf", both, least=1)
    parts: list[tuple[ContentInput, tuple[float, ...]]] = [(words, (1.0,)), (pairs, (1.0,)), (letters, (1.0,))]
    parts += [(rich, (0.0, 0.3))]
    learners: list[Learner] = [RidgeLearner(plain, called=_WORDS_ALONE)]
    neural: tuple[ContentInput, ...] = (rich,)
    if encoder is not None:
        likeness = phrase_likeness(said, encoder)
        phrases = Columns("phrases", ("",) * likeness.shape[1], likeness)
        meaning = Vectors("caption", encoder.encode(data.captions))
        parts += [(phrases, (0.3, 0.6)), (meaning, (0.0, 0.5))]
        neural = (meaning, phrases, rich)
        learners.append(RidgeLearner(meaning, penalty=300.0, called="caption vector ridge"))
        learners.append(RidgeLearner(Beside((phrases, rich)), penalty=100.0, called="phrases ridge"))
    parts += [(one, (0.0, 0.5)) for one in given]
    settings = ApexSettings(learning_rate=1e-3, batch=64, scaled=True, loss="equal")
    inputs = Beside((*neural, *given))
    learners += [
        KernelLearner(tuple(parts)),
        ApexLearner(inputs, settings, called="apex"),
        ApexLearner(inputs, settings, alone=True, called="apex single-task"),
    ]
    compared = Compared(tuple(learners), _WORDS_ALONE, "kernel")
    return compared.with_networks(inputs, replace(settings, epochs=30, patience=10), data.targets.heads)


def _hits(data: AppealData, given: tuple[Vectors, ...]) -> Compared:
    sound, dated = data.features["features"], data.features["features, decade"]
    settings = ApexSettings(learning_rate=2e-3, loss="equal", scaled=True, epochs=15, patience=5)
    trees = TreeLearner(_beside(dated, given), n_seeds=3, called="trees, decade")
    network = ApexLearner(Beside((dated, *given)), settings, called="apex")
    learners = (
        TreeLearner(sound.values, called="trees"),
        trees,
        network,
        TreeLearner(
            _beside(dated, given),
            texts=(Text("title", data.texts["title"], letters=True, longest=4, least=3),),
            called=_TITLES,
        ),
    )
    means = {_BOTH: (trees.name, network.name)}
    compared = Compared(learners, "trees", trees.name, means=means, on_request=frozenset((_TITLES,)))
    return compared.with_networks(network.content, settings, data.targets.heads)


def _songs(data: AppealData, given: tuple[Vectors, ...]) -> Compared:
    titles, albums = data.texts["title"], data.texts["album"]
    texts = tuple(
        Beside((Text(name, values, least=3), Text(f"letters of {name}", values, letters=True, longest=4, least=5)))
        for name, values in (("title", titles), ("album", albums))
    )
    sound, year = data.features["sound"], data.features["sound, year"]
    words, genre = data.features["sound, date, words"], data.features["sound, date, words, genre"]
    settings = ApexSettings(
        learning_rate=1e-3, batch=256, loss="equal", scaled=True, epochs=15, patience=5, transforms=_RANKED
    )
    trees = TreeLearner(_beside(words, given), texts, _RANKED, n_seeds=3, called="trees, date, text")
    network = ApexLearner(Beside((words, *given)), settings, called="apex")
    guide = Guide(data.features["steps"].values, data.labels, texts)
    stacked = replace(trees, guide=guide, learning_rate=0.03, n_seeds=6, called="stacked, date, text")
    unlabelled = Guide(guide.steps, np.zeros_like(guide.labels))
    learners = (
        TreeLearner(sound.values, transforms=_RANKED, called="trees, sound"),
        TreeLearner(year.values, transforms=_RANKED, called="trees, year"),
        trees,
        network,
        replace(stacked, guide=unlabelled, called=_UNLABELLED),
        stacked,
        TreeLearner(_beside(genre, given), texts, _RANKED, n_seeds=3, called="trees, playlist genre"),
    )
    compared = Compared(
        learners,
        "trees, year",
        stacked.name,
        means={_BOTH: (trees.name, network.name)},
        on_request=frozenset((_UNLABELLED,)),
        pairs=((stacked.name, trees.name), (_UNLABELLED, trees.name), (stacked.name, _UNLABELLED)),
    )
    return compared.with_networks(network.content, settings, data.targets.heads)


def _any(data: AppealData, given: tuple[Vectors, ...]) -> Compared:
    parts: tuple[ContentInput, ...] = (*data.features.values(), *given)
    if not parts:
        raise EvaluationDataError(
            "the table has no numeric column beside its targets; give vectors of its rows with --vectors NAME=FILE.npy"
        )
    content = Beside(parts)
    settings = ApexSettings(learning_rate=1e-3, batch=64, scaled=True, loss="equal", epochs=30, patience=10)
    first = next(iter(data.features.values()), None)
    learners: list[Learner] = [
        RidgeLearner(content, penalty=10.0),
        TreeLearner(_beside(first, given), called="trees"),
        ApexLearner(content, settings),
    ]
    heads = data.targets.heads
    if len(heads) > 1:
        learners.append(ApexLearner(content, settings, alone=True, called="apex single-task"))
    popular = tuple(head.name for head in heads if head.group is Group.POPULARITY)
    partly = {}
    if popular and len(popular) < len(heads):
        learners.append(ApexLearner(content, settings, called="apex without aesthetics"))
        partly["apex without aesthetics"] = popular
    compared = Compared(tuple(learners), "ridge", "apex", partly)
    return compared.with_networks(content, replace(settings, epochs=20), heads)


def _beside(first: Columns | None, given: tuple[Vectors, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Features and vectors side by side, as trees read them."""
    return np.column_stack([*([first.values] if first else []), *(one.table.astype(np.float64) for one in given)])


def encoder_for(data: AppealData, chosen: Sequence[str], kept: Path | None, threads: int = 1) -> TextEncoder | None:
    """Open the built-in text encoder where the set has captions, and more than their words is chosen to be read."""
    if data.kind != AESTHETICS or set(chosen) == {_WORDS_ALONE}:
        return None
    import tempfile

    from recsys.encoders.text import open_text_encoder

    folder = kept if kept is not None else Path(tempfile.mkdtemp(prefix="segue-apex-"))
    return open_text_encoder("all-MiniLM-L6-v2", folder / "encoder", threads)
