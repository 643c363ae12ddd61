"""The cells of the ablation of the multimodal E4SRec, and running one: a cell is a model, a seed makes it a run.

A run is kept under a key of all that it depends on, so that a run that was stopped goes on where it was.

Shapes: Q questions, I items, D_m width of a signal.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, cast

import numpy as np

from evals.errors import EvaluationError
from evals.sequential_planted import random_like, shuffled
from recsys.sequential.backbones import item_vectors, open_backbone
from recsys.sequential.e4srec import E4SRec
from recsys.sequential.e4srec_settings import E4SRecSettings, LanguageModel
from recsys.sequential.fusion import Fusion
from recsys.sequential.language_models import require_for
from recsys.sequential.measure import placed_among
from recsys.sequential.sequences import Questions, Sequences, leave_one_out
from recsys.sequential.text_zero_shot import TextZeroShot, Way, likeness, unit_about_mean
from recsys.types import FloatArray, IntArray

#: One right item and 199 drawn ones, as in the paper.
N_CANDIDATES = 200
LATE, ALONE = "late", "alone"
ID, COMPLETION = "id", "completion"
POPULARITY = "popularity"
#: What content is set against: each item has the vector of another, or one that is drawn.
CONTROLS = ("shuffled", "random")
#: What answers by the items' texts and vectors alone, and what it does with a language model's.
ZERO_SHOT = "zero-shot"
_WAYS = ("ranks", "embeds")


@dataclass(frozen=True, eq=False)
class Material:
    """What every cell is fitted on and asked."""

    train: Sequences
    validation: Questions
    test: Questions
    content: Mapping[str, FloatArray]  # (I, D_m) by signal
    repeats: bool

    @classmethod
    def of(cls, sequences: Sequences, content: Mapping[str, FloatArray]) -> Material:
        """Hold out the last step of each sequence for the test and the one before it for validation."""
        repeats = sequences.has_repeats()
        known, test = leave_one_out(sequences)
        train, validation = leave_one_out(known)
        return cls(train, validation, test, content, repeats)

    def key(self) -> str:
        """Name this material by what it holds."""
        known = self.test.prefixes
        completion = known.completion if known.completion is not None else np.zeros(0)
        columns = (known.items, known.offsets, self.test.targets, completion, *self.content.values())
        digest = hashlib.sha256(str(list(self.content)).encode())
        for column in columns:
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()

    @property
    def signals(self) -> tuple[str, ...]:
        """The signals there are, the ID first."""
        told = (COMPLETION,) if self.train.completion is not None else ()
        return (ID, *self.content, *told)

    def drawn(self, seed: int) -> IntArray:
        """Draw items (Q, 199), none of them the target or of the prefix where nothing repeats."""
        rng = np.random.default_rng((seed, 200))
        n_items = self.train.n_items
        rows = []
        for prefix, target in zip(self.test.prefixes, self.test.targets, strict=True):
            free = np.ones(n_items, dtype=np.bool_)
            free[target] = False
            if not self.repeats:
                free[prefix] = False
            rows.append(rng.permutation(np.flatnonzero(free))[: N_CANDIDATES - 1])
        least = min(map(len, rows))
        return np.stack([row[:least] for row in rows])

    def n_candidates(self) -> IntArray:
        """Return among how many items each question (Q,) places its target in the full ranking."""
        if self.repeats:
            return np.full(len(self.test), self.train.n_items, dtype=np.int64)
        return np.array([self.train.n_items - len(np.unique(prefix)) for prefix in self.test.prefixes], dtype=np.int64)


@dataclass(frozen=True)
class Cell:
    """One row of the table."""

    backbone: str  # "none" where no ID is read; `ZERO_SHOT` where nothing is learnt
    signals: tuple[str, ...]  # () is the backbone itself, without a language model
    fusion: str  # one of the four, `late`, or `alone` for a single signal
    control: str = ""  # `shuffled` or `random` content, or an `untrained` head

    @property
    def name(self) -> str:
        """What the report calls it."""
        if not self.signals:
            return self.backbone
        what = "+".join(self.signals) + (f"~{self.control}" if self.control else "")
        if self.backbone == ZERO_SHOT:
            return f"{self.backbone}/{what}"
        return f"{self.backbone}/{what}/{self.fusion}"


def cells(
    backbones: Sequence[str], signals: Sequence[str], fusions: Sequence[str], *, texts_told: bool = False
) -> list[Cell]:
    """List the table: each signal alone and with the ID, all together, all but one, and the controls.

    Args:
        backbones: whose item vectors are the ID.
        signals: of the material, the ID first.
        fusions: of the four, and `late`.
        texts_told: whether there is a language model that answers by the items' texts.
    """
    content = tuple(name for name in signals if name not in (ID, COMPLETION))
    everything = tuple(signals)
    found = [Cell(POPULARITY, (), ALONE), *(Cell("none", (name,), ALONE) for name in content)]
    found += [Cell(ZERO_SHOT, (way,), ALONE) for way in (*content, *(_WAYS if texts_told else ()))]
    if len(content) > 1:
        found += [Cell("none", content, fusion) for fusion in fusions]  # the ID removed
    for backbone in backbones:
        found += [Cell(backbone, (), ALONE), Cell(backbone, (ID,), ALONE), Cell(backbone, (ID,), ALONE, "untrained")]
        others = everything[1:]
        with_id = [(ID, name) for name in others]
        removed = [tuple(name for name in everything if name != gone) for gone in others]
        for chosen, fusion in product(dict.fromkeys([*with_id, everything, *removed]), fusions):
            if len(chosen) > 1 and not (fusion == LATE and COMPLETION in chosen):
                found.append(Cell(backbone, chosen, fusion))
        if content:
            found += [
                Cell(backbone, (ID, *content), fusion, control)
                for fusion, control in product((one for one in fusions if one != LATE), CONTROLS)
            ]
    return found


@dataclass(frozen=True, eq=False)
class Run:
    """Where a cell places the targets."""

    places: IntArray  # (Q,) among all
    among_drawn: IntArray  # (Q,) among the 200


class Runner:
    """Runs cells, each once."""

    def __init__(
        self,
        material: Material,
        settings: E4SRecSettings,
        backbone_settings: Mapping[str, Mapping[str, Any]],
        kept: Path,
        told: LanguageModel | None = None,
    ) -> None:
        """Take what cells are made of.

        Args:
            material: what they are fitted on and asked.
            settings: of the language model; backbone, fusion, completion and seed are the cell's.
            backbone_settings: of each backbone, but its seed.
            kept: the folder of finished runs.
            told: the language model that answers by the items' texts.

        Raises:
            SequentialModelError: this machine lacks what a language model needs.
        """
        for model in (settings.language_model, told):  # before any backbone is trained
            if model is not None:
                require_for(model, settings.device)
        self._told = told
        self.material, self.settings, self.backbone_settings = material, settings, backbone_settings
        self._kept, self._of_material = kept, material.key()
        self._drawn: dict[int, IntArray] = {}
        kept.mkdir(parents=True, exist_ok=True)

    def run(self, cell: Cell, seed: int) -> Run:
        """Return a cell's places, from the folder where they are there."""
        found = self._once(self._key(cell, seed), lambda: self._placed(self._scores(cell, seed), seed))
        return Run(found["places"], found["among_drawn"])

    def _key(self, cell: Cell, seed: int) -> str:
        of_backbone = self.backbone_settings.get(cell.backbone)
        # A backbone by itself, and counts, are the same whatever the language model is.
        of_model = asdict(self.settings) if cell.signals else None
        if cell.backbone == ZERO_SHOT:
            of_model = asdict(self._told) if self._told is not None and cell.signals[0] in _WAYS else None
        stated = (of_model, of_backbone, asdict(cell), seed, self._of_material)
        return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:32]

    def _once(self, key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        path = self._kept / f"{key}.npz"
        if not path.exists():
            part = path.with_suffix(".part.npz")
            np.savez(part, **make())
            os.replace(part, path)
        with np.load(path, allow_pickle=False) as found:
            return dict(found)

    def _placed(self, scores: FloatArray, seed: int) -> dict[str, Any]:
        test = self.material.test
        left_out = None if self.material.repeats else (test.prefixes.sequence_rows, test.prefixes.items)
        if seed not in self._drawn:
            self._drawn[seed] = self.material.drawn(seed)
        columns = np.concatenate([test.targets[:, None], self._drawn[seed]], axis=1)
        some = np.take_along_axis(scores, columns, axis=1)
        return {
            "places": placed_among(scores, test.targets, left_out),
            "among_drawn": placed_among(some, np.zeros(len(test), dtype=np.int64)),
        }

    def _scores(self, cell: Cell, seed: int) -> FloatArray:
        if cell.backbone == POPULARITY:
            counts = np.bincount(self.material.train.items, minlength=self.material.train.n_items)
            return np.tile(counts.astype(np.float32), (len(self.material.test), 1))
        if cell.backbone == ZERO_SHOT:
            # Nothing of it is drawn, and a large language model is asked once.
            made = self._once(self._key(cell, 0) + "-scores", lambda: {"scores": self._untaught(cell.signals[0])})
            return np.asarray(made["scores"])
        if not cell.signals:
            return np.asarray(self._backbone(cell.backbone, seed)["scores"], dtype=np.float32)
        if cell.fusion == LATE:
            parts = [Cell(cell.backbone if name == ID else "none", (name,), ALONE) for name in cell.signals]
            return np.asarray(sum(_log_shares(self._single(part, seed)) for part in parts), dtype=np.float32)
        if cell.fusion == ALONE and not cell.control:
            return self._single(cell, seed)
        return self._fitted(cell, seed)

    def _untaught(self, way: str) -> FloatArray:
        """Scores (Q, I) of what has learnt from no listening."""
        prefixes = self.material.test.prefixes
        if way not in _WAYS:
            return likeness(unit_about_mean(self.material.content[way]), prefixes)
        if self._told is None:
            raise EvaluationError(f"{ZERO_SHOT}/{way} needs a language model; give --language-model NAME")
        model = TextZeroShot(self._told, way=cast(Way, way), device=self.settings.device)
        return model.fit(self.material.train).scores(prefixes)

    def _single(self, cell: Cell, seed: int) -> FloatArray:
        """Scores (Q, I) of one signal alone, which late fusions add up."""
        return np.asarray(
            self._once(self._key(cell, seed) + "-scores", lambda: {"scores": self._fitted(cell, seed)})["scores"]
        )

    def _backbone(self, name: str, seed: int) -> dict[str, Any]:
        def make() -> dict[str, Any]:
            model = open_backbone(name, **self.backbone_settings[name], seed=seed)
            model.fit(self.material.train, validation=self.material.validation)
            return {"vectors": item_vectors(model), "scores": model.scores(self.material.test.prefixes)}

        return self._once(self._key(Cell(name, (), ALONE), seed) + "-vectors", make)

    def _fitted(self, cell: Cell, seed: int) -> FloatArray:
        material, rng = self.material, np.random.default_rng((seed, 7))
        changed = {"shuffled": shuffled, "random": random_like}.get(cell.control)
        signals = {}
        for name in cell.signals:
            if name == ID:
                signals[name] = np.asarray(self._backbone(cell.backbone, seed)["vectors"])
            elif name != COMPLETION:
                table = material.content[name]
                signals[name] = table if changed is None else changed(rng, table)
        settings = replace(
            self.settings,
            fusion="concatenation" if cell.fusion == ALONE else cast(Fusion, cell.fusion),
            completion="scalar" if COMPLETION in cell.signals else "none",
            trained=cell.control != "untrained",
            seed=seed,
        )
        if cell.control == "untrained":
            settings = replace(settings, reading="response", head="linear")
        model = E4SRec(settings, signals).fit(material.train, validation=material.validation)
        return model.scores(material.test.prefixes)


def _log_shares(scores: FloatArray) -> FloatArray:
    """Bring each row (Q, I) to logarithms of shares of 1, so that none outweighs another by its size."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), dtype=np.float32)
