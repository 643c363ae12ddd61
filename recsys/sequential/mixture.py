"""Several models added up, with weights that were chosen on what they had not seen.

    score(i | prefix) = Σ_m w_m · s_m(i | prefix) / max_i |s_m(i | prefix)|

Scores that mean the same in every prefix (`comparable`) are not divided.

The weights are found by holding out the latest part of training (`held_out.rounds`): every model is fitted without it,
and the weights climb, one at a time, to the largest mean of 1 / log₂(1 + rank) over ranks up to 20 on the questions
held out. Then every model is fitted anew on all of training.

Shapes: B prefixes, I items, M models, Q questions, C candidates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from recsys.sequential.counted import CountingModel, item_counts, require_steps
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.held_out import Round, rounds
from recsys.sequential.port import SequentialModel, silent
from recsys.sequential.presets import By, models_for
from recsys.sequential.saved import read_arrays, read_card, write_arrays, write_card
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, IntArray, Progress

#: Steps of the climb: a weight is tried at each of these.
_GRID = (0.0, 0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
_DEPTH = 20
_SWEEPS = 4
#: Prefixes that are scored at a time: M × 32 × 60,416 scores of eight models are 62 MB.
AT_ONCE = 32
#: What the order of everything weighs that no model speaks for: less than any evidence, and never a tie.
_FALLBACK = np.float32(1e-6)


class Mixture:
    """Ranks by a weighted sum of other models."""

    name = "mixture"

    def __init__(
        self,
        models: Mapping[str, SequentialModel] | None = None,
        *,
        weights: Sequence[float] | None = None,
        by: By | None = None,
        content: Mapping[str, FloatArray] | None = None,
        n_candidates: int = 300,
        seed: int = 64,
    ) -> None:
        """Say what is added.

        Args:
            models: by what each is called in reports; they need not be fitted. None takes those of
                `recsys.sequential.presets` for the kind of training data.
            weights: of the models in their order; chosen when None.
            by: "steps" holds out the last steps of every sequence, "lines" the last tenth of the sequences; None
                takes "lines" where a sequence has an item twice, as sessions of tracks do.
            content: vectors of the items (I, d) by what they are called, for the models of the presets.
            n_candidates: items of each question among which the weights are chosen.
            seed: of drawing questions.
        """
        if weights is not None and len(weights) != len(models or ()):
            problem = f"{len(weights)} weights for {len(models or ())} models"
            raise SequentialModelError(self.name, problem, "give one weight for each")
        self.models, self.by, self.n_candidates, self.seed = dict(models or {}), by, n_candidates, seed
        self._given, self._content = weights, content
        self.weights: FloatArray | None = None if weights is None else np.asarray(weights, dtype=np.float32)
        self._shares: FloatArray | None = None

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Choose the weights on the latest part of training, and fit the models on all of it.

        `validation` changes nothing: what chooses weights is held out of `train`.
        """
        require_steps(self.name, train)
        if self._given is None:
            self.weights = self.chosen(self.held_out(train), progress)
        return self.fit_models(train, progress)

    def held_out(self, train: Sequences) -> list[Round]:
        """Return what the weights are chosen on, having decided what is mixed."""
        by: By = self.by or ("lines" if train.has_repeats() else "steps")
        self.models = self.models or models_for(by, train.n_items, self._content)
        return rounds(train, by, seed=self.seed)

    def chosen(self, held: Sequence[Round], progress: Progress = silent) -> FloatArray:
        """Return the weights (M,) that place best what was held out; the models are left fitted without it."""
        return self._climbed([self._evidence(one, progress) for one in held])

    def fit_models(self, train: Sequences, progress: Progress = silent) -> Self:
        """Fit the models and leave the weights as they are."""
        counts = item_counts(train)
        self._shares = counts / max(float(counts.max()), 1.0)
        for number, model in enumerate(self.models.values(), 1):
            model.fit(train, progress=progress)
            progress("fitting models", number, len(self.models))
        return self

    def _evidence(self, one: Round, progress: Progress) -> tuple[FloatArray, FloatArray]:
        """Return the models' scores of a round's targets (Q, M) and of its candidates (Q, C, M)."""
        self.fit_models(one.train, progress)
        even = np.ones(len(self.models), dtype=np.float32)
        of_targets, of_candidates = [], []
        for begin in range(0, len(one.questions), AT_ONCE):
            rows = np.arange(begin, min(begin + AT_ONCE, len(one.questions)))
            prefixes, targets = one.questions.prefixes.take(rows), one.questions.targets[rows]
            each = self.each(prefixes)  # (M, B, I)
            at = np.arange(len(rows))
            of_targets.append(each[:, at, targets].T)
            each[:, at, targets] = -np.inf
            if not one.repeats:
                each[:, prefixes.sequence_rows, prefixes.items] = -np.inf
            best = largest(np.einsum("mbi,m->bi", each, even), self.n_candidates)
            of_candidates.append(np.take_along_axis(each, best[None], axis=2).transpose(1, 2, 0))
        return np.concatenate(of_targets), np.concatenate(of_candidates)

    def _climbed(self, evidence: Sequence[tuple[FloatArray, FloatArray]]) -> FloatArray:
        """Climb to the weights that place the targets best."""
        weights = np.ones(len(self.models), dtype=np.float32)
        best = _worth(weights, evidence)
        for _ in range(_SWEEPS):
            before = best
            for place in range(len(weights)):
                for value in _GRID:
                    tried = weights.copy()
                    tried[place] = value
                    worth = _worth(tried, evidence) if tried.any() else 0.0
                    if worth > best:
                        best, weights = worth, tried
            if best == before:
                break
        return weights

    def each(self, prefixes: Sequences) -> FloatArray:
        """Return each model's scores (M, B, I), on one scale."""
        out = np.empty((len(self.models), len(prefixes), prefixes.n_items), dtype=np.float32)
        for place, model in enumerate(self.models.values()):
            scaled = _scaled(model, prefixes)
            out[place] = scaled.toarray() if sp.issparse(scaled) else scaled
        return out

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Return the weighted sums (B, I); what no model speaks for is in the order of popularity."""
        if self.weights is None or self._shares is None:
            raise SequentialModelError(self.name, "it was asked before it was fitted", "call fit or load first")
        out = np.zeros((len(prefixes), prefixes.n_items), dtype=np.float32)
        for begin in range(0, len(prefixes), AT_ONCE):
            rows = np.arange(begin, min(begin + AT_ONCE, len(prefixes)))
            some = prefixes.take(rows)
            total = out[rows] + _FALLBACK * self._shares
            for model, weight in zip(self.models.values(), self.weights.tolist(), strict=True):
                if not weight:
                    continue
                scaled = _scaled(model, some)
                if sp.issparse(scaled):
                    # A row has a column once, so adding in place adds all; a sum of sparse rows takes twice as long.
                    total[np.repeat(np.arange(len(rows)), np.diff(scaled.indptr)), scaled.indices] += (
                        weight * scaled.data
                    )
                else:
                    total += weight * scaled
            out[rows] = total
        return out

    def save(self, folder: Path) -> None:
        """Write every model into a folder of its own, and the weights."""
        if self.weights is None or self._shares is None:
            raise SequentialModelError(self.name, "it is saved before it was fitted", "call fit first")
        for number, model in enumerate(self.models.values()):
            model.save(folder / str(number))
        write_arrays(folder, "weights", {"weights": self.weights, "shares": self._shares})
        settings: dict[str, Any] = {"models": list(self.models), "by": self.by, "seed": self.seed}
        settings["n_candidates"] = self.n_candidates
        write_card(folder, self.name, settings, len(self._shares))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a mixture and its models.

        Raises:
            SequentialModelError: the folder holds no whole mixture, or one of its models is missing.
        """
        from recsys.sequential.registry import load_model

        card, arrays = read_card(folder, cls.name), read_arrays(folder, "weights", cls.name)
        try:
            settings = dict(card["settings"])
            models = {str(called): load_model(folder / str(row)) for row, called in enumerate(settings.pop("models"))}
            mixture = cls(models, weights=arrays["weights"], **settings)
            mixture._shares = arrays["shares"]
        except SequentialModelError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            problem = f"the card or the weights in {folder} are not as they were written ({type(error).__name__})"
            raise SequentialModelError(cls.name, problem, "fit and save the model anew") from error
        return mixture


def _scaled(model: SequentialModel, prefixes: Sequences) -> Any:
    """Return a model's scores (B, I) on one scale, sparse where they are."""
    if isinstance(model, CountingModel) and type(model).scores is CountingModel.scores:
        rows = model.sparse_scores(prefixes)
        if model.comparable:
            return rows
        of_row = np.repeat(np.arange(len(prefixes)), np.diff(rows.indptr))
        most = np.full(len(prefixes), 1e-9, dtype=np.float32)
        np.maximum.at(most, of_row, np.abs(rows.data))
        rows.data /= most[of_row]
        return rows
    scores = model.scores(prefixes)
    least, most = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    if not (np.isfinite(least).all() and np.isfinite(most).all()):
        finite = np.isfinite(scores)
        least = np.where(finite, scores, np.float32(np.inf)).min(axis=1, keepdims=True)
        scores = np.where(finite, scores, np.where(np.isfinite(least), least, np.float32(0)))
        least, most = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return scores / np.maximum(np.maximum(np.abs(least), np.abs(most)), 1e-9)


def largest(scores: FloatArray, count: int) -> IntArray:
    """Return the columns of the largest scores of each row (B, count), in no order; all where there are no more."""
    if scores.shape[1] <= count:
        return np.tile(np.arange(scores.shape[1]), (len(scores), 1))
    return np.argpartition(scores, -count, axis=1)[:, -count:]


def _worth(weights: FloatArray, evidence: Sequence[tuple[FloatArray, FloatArray]]) -> float:
    gains, asked = 0.0, 0
    for of_targets, of_candidates in evidence:
        # One product over the models that count: what was left out is -inf, and 0 · -inf is no number.
        used = np.flatnonzero(weights)
        known = of_targets[:, used] @ weights[used]
        ranks = 1 + (of_candidates[:, :, used] @ weights[used] >= known[:, None]).sum(axis=1)
        gains += float(np.where(ranks <= _DEPTH, 1 / np.log2(1 + ranks), 0.0).sum())
        asked += len(ranks)
    return gains / max(asked, 1)
