"""What a predicted collaborative vector is worth to JAM: requests answered among artists that nobody has listened to.

Task. Of a data set in the JAM file format a fifth of the artists is new: no answer of theirs, no play and none of their
tags is learnt from. JAM, as the product trains it, learns from the requests that others answered, with listeners folded
in from their plays of the others. Then each request that new artists answered is asked, and all new artists are ranked
for it (NDCG@10, ties by row); one that others answered too is learnt with those answers, for all columns alike. What
differs is the modality `cf` of the new artists:

    true         folded into the space from the plays of other listeners: in five folds, so that nobody is asked with
                 a vector that their own plays made; the warm reference
    predicted    from name and caption (`recsys.cold.predicting`), as the product does
    shuffled     the same vectors, dealt out to other new artists
    absent       none, as without prediction
    popularity   not JAM: how many of the other listeners play the artist, which of a new one nobody knows

    recovered             mean NDCG over that of `true`, with the interval of the ratio over listeners
    beyond_absent         the same with what is reached without any vector taken off both

Variants of learning: `plain` never shows a predicted vector, `shown` shows artists that have both with either, `own`
makes the predicted one a modality beside `cf`. One was chosen with `--part validation`, where a tenth of the artists is
new and the fifth that is asked about with `--part test` is left out altogether.

Shapes: N artists, H new ones, U listeners, Q requests, G width of collaborative vectors.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from evals.encoders_recovered import recovered
from evals.errors import EvaluationDataError
from evals.metrics import summarise
from evals.report import Report
from recsys.cold.predicting import Predicted, predict_collaborative
from recsys.cold.weights import read_weights
from recsys.encoders.collaborative import fit_als, fold_in_als
from recsys.fitting import MIXERS
from recsys.jam.checkpoint import Checkpoint
from recsys.jam.dataset import JamDataset
from recsys.jam.train import StandIns, TrainingSettings, fold_in_all, train
from recsys.synthesis import Triple
from recsys.types import BoolArray, FloatArray, IntArray, Modality, Progress
from recsys.unit import unit_rows

VARIANTS, PARTS = ("plain", "shown", "own"), ("test", "validation")
SHOWN = ("true", "predicted", "shuffled", "absent")
_CF, _OWN = Modality("cf"), Modality("cf_predicted")
_TEST, _VALIDATION, _FOLDS = 0.2, 0.1, 5
_MOST_TRIPLES, _MOST_HISTORY, _WIDTH, _AT_ONCE, _FIRST = 12_000, 50, 64, 512, 10

Encode = Callable[[Sequence[str]], FloatArray]
Tables = dict[Modality, FloatArray]


@dataclass(frozen=True, eq=False)
class Setting:
    """Who is new, what is learnt from, and what is asked."""

    dataset: JamDataset
    new: BoolArray  # (N,)
    warm: BoolArray  # (N,)
    learnt: tuple[tuple[str, int, IntArray], ...]  # text, listener, artists that answered
    asked: tuple[tuple[str, int, IntArray], ...]

    @classmethod
    def of(cls, dataset: JamDataset, part: str) -> Setting:
        """Draw the new artists.

        Raises:
            EvaluationDataError: there are no plays, names or captions, or nothing to ask.
        """
        if dataset.plays is None or not {"name", "caption", "tags"} <= set(dataset.item_features):
            raise EvaluationDataError(
                f"{dataset.name}: expected listening.tsv and item features name, caption and tags"
            )
        order = np.random.default_rng(64).permutation(dataset.n_items)
        n_test, n_validation = round(_TEST * len(order)), round(_VALIDATION * len(order))
        new, left_out = np.zeros(len(order), dtype=np.bool_), np.zeros(len(order), dtype=np.bool_)
        new[order[:n_test] if part == "test" else order[n_test : n_test + n_validation]] = True
        left_out[order[:n_test]] = part != "test"
        warm = ~new & ~left_out
        learnt: list[tuple[str, int, IntArray]] = []
        asked: list[tuple[str, int, IntArray]] = []
        for split in dataset.splits.values():
            for number, text in enumerate(split.texts):
                items, user = split.relevant(number), int(split.users[number])
                for wanted, to in ((warm, learnt), (new, asked)):
                    if wanted[items].any():
                        to.append((text, user, items[wanted[items]]))
        if not asked or not learnt:
            raise EvaluationDataError(f"{dataset.name}: no request is answered by a new artist, or none by another")
        return cls(dataset, new, warm, tuple(learnt), tuple(asked))

    @property
    def history(self) -> csr_array:
        """Plays (U, N) of artists that are not new."""
        kept = csr_array(self.dataset.plays.multiply(self.warm[None, :].astype(np.float32)))  # type: ignore[union-attr]
        kept.eliminate_zeros()
        return kept

    def triples(self, of: Sequence[tuple[str, int, IntArray]], rng: np.random.Generator) -> list[Triple]:
        """Make examples with some of what each listener played, the answers left out."""
        history, made = self.history, []
        for text, user, items in of:
            played = history.indices[history.indptr[user] : history.indptr[user + 1]].astype(np.int64)
            played = np.setdiff1d(played, items)
            if len(played) > _MOST_HISTORY:
                played = np.sort(rng.choice(played, _MOST_HISTORY, replace=False))
            made.append(Triple(text, played, items))
        return made


def evaluate(
    dataset: JamDataset,
    seeds: Sequence[int],
    variants: Sequence[str],
    *,
    encode: Encode,
    part: str = "test",
    steps: int = 600,
    threads: int = 1,
    progress: Progress,
) -> Report:
    """Train each variant and report what new artists' vectors are worth to it.

    Args:
        dataset: with requests, plays, and item features name, caption and tags.
        seeds: of training, predictions and folds.
        variants: some of `VARIANTS`.
        encode: request texts to vectors.
        part: test, or validation to choose by.
        steps: of training.
        threads: of training.
        progress: told stages.

    Raises:
        EvaluationDataError: the data lacks something, or the variant or part is unknown.
    """
    if unknown := [one for one in variants if one not in VARIANTS] + [one for one in (part,) if one not in PARTS]:
        raise EvaluationDataError(
            f"unknown: {unknown[0]!r}; variants are {', '.join(VARIANTS)}, parts {', '.join(PARTS)}"
        )
    setting = Setting.of(dataset, part)
    said = {
        "data": dataset.name,
        "part": part,
        "variants": list(variants),
        "steps": steps,
        "new": int(setting.new.sum()),
    }
    report = Report("segue eval cold-product", {**said, "requests": len(setting.asked)}, seeds)
    values: dict[str, list[FloatArray]] = {}
    for seed in seeds:
        case = _Case.of(setting, encode, seed, progress)
        report.details[f"predictions, seed {seed}"] = case.predicted.card
        values.setdefault("popularity", []).append(case.popularity())
        for variant in variants:
            model = case.fit(variant, TrainingSettings(steps=steps, seed=seed, threads=threads), progress)
            for shown in SHOWN:
                values.setdefault(f"{variant}: {shown}", []).append(case.ndcg(model, variant, shown))
    listeners = np.tile([user for _, user, _ in setting.asked], len(seeds))
    found = {name: np.concatenate(one) for name, one in values.items()}
    for name, figures in found.items():
        report.add(name, "all", "ndcg@10", summarise(figures.tolist(), groups=listeners.tolist()))
        variant = name.split(":")[0]
        true, absent = (found.get(f"{variant}: {one}") for one in ("true", "absent"))
        if true is not None:
            report.add(name, "all", "recovered", recovered(figures, true, None, listeners))
            report.add(name, "all", "beyond_absent", recovered(figures, true, absent, listeners))
    return report


@dataclass(frozen=True, eq=False)
class _Case:
    """A setting with everything that a seed draws and fits, but for the model."""

    setting: Setting
    seed: int
    tables: Tables  # (N, D_m), `cf` zero for what is new
    folds: IntArray  # (U,)
    true: tuple[FloatArray, ...]  # by fold (N, G)
    counts: tuple[FloatArray, ...]  # by fold (N,)
    predicted: Predicted
    queries: tuple[FloatArray, FloatArray]  # vectors of what is learnt and of what is asked

    @classmethod
    def of(cls, setting: Setting, encode: Encode, seed: int, progress: Progress) -> _Case:
        dataset, new = setting.dataset, np.flatnonzero(setting.new)
        listeners, items = fit_als(setting.history, _WIDTH, seed=seed, progress=progress)
        items[~setting.warm] = 0
        folds = np.random.default_rng((seed, 8)).integers(_FOLDS, size=dataset.n_users)
        by_artist = csr_array(dataset.plays.T)[new]  # type: ignore[union-attr]
        true, counts = [], []
        for fold in range(_FOLDS):
            others = csr_array(by_artist.multiply((folds != fold)[None, :].astype(np.float32)))
            others.eliminate_zeros()
            table, heard = items.copy(), np.zeros(dataset.n_items, dtype=np.float32)
            table[new] = fold_in_als(others, listeners)
            heard[new] = np.diff(others.indptr)
            true.append(unit_rows(table))
            counts.append(heard)
        there = (setting.warm | setting.new)[:, None]
        content = {name: np.where(there, dataset.item_features[name], np.float32(0)) for name in ("name", "caption")}
        predicted = predict_collaborative(
            items, content, np.arange(dataset.n_items), weights=read_weights(), seed=seed, progress=progress
        )
        tables = {
            Modality.TEXT: unit_rows(content["name"]),
            Modality.TAGS: unit_rows(np.where(setting.warm[:, None], dataset.item_features["tags"], np.float32(0))),
            Modality("caption"): unit_rows(content["caption"]),
            _CF: unit_rows(items),
        }
        queries = encode([text for text, _, _ in setting.learnt]), encode([text for text, _, _ in setting.asked])
        return cls(setting, seed, tables, folds, tuple(true), tuple(counts), predicted, queries)

    def fit(self, variant: str, settings: TrainingSettings, progress: Progress) -> Checkpoint:
        """Train JAM on what is not new, as the product does."""
        rng = np.random.default_rng((self.seed, 11))
        warm = np.flatnonzero(self.setting.warm)
        place = np.full(len(self.setting.warm), -1, dtype=np.int64)
        place[warm] = np.arange(len(warm))
        chosen = np.sort(rng.permutation(len(self.setting.learnt))[:_MOST_TRIPLES])
        triples = [
            replace(one, history=place[one.history], answers=place[one.answers])
            for one in self.setting.triples([self.setting.learnt[number] for number in chosen], rng)
        ]
        tables = {modality: table[warm] for modality, table in self._tables(variant).items()}
        stand_ins = {}
        if variant == "shown":
            stand_ins = {_CF: StandIns(self.predicted.vectors[warm], self.predicted.stand_ins[warm])}
        with tempfile.TemporaryDirectory() as folder:
            weights, _ = train(
                triples,
                self.queries[0][chosen],
                tables,
                _present(tables),
                settings,
                Path(folder),
                progress,
                n_held_out=0,
                stand_ins=stand_ins,
            )
        card: dict[str, Any] = {
            "modalities": [one.value for one in tables],
            "mixer": settings.mixer,
            "dim": settings.dim,
        }
        return Checkpoint(weights, card)

    def ndcg(self, model: Checkpoint, variant: str, shown: str) -> FloatArray:
        """Return NDCG@10 (Q,) where the new artists have these vectors."""
        rng = np.random.default_rng((self.seed, 12))
        triples = self.setting.triples(self.setting.asked, rng)
        new, found = np.flatnonzero(self.setting.new), np.zeros(len(triples), dtype=np.float32)
        plain = self._tables(variant)
        users = fold_in_all(triples, plain, _present(plain)) @ model.weights["user.weight"].T
        fold_of = self.folds[[user for _, user, _ in self.setting.asked]]
        for fold in range(_FOLDS):
            tables = {modality: table[new] for modality, table in self._shown(plain, variant, shown, fold).items()}
            for rows in np.array_split(np.flatnonzero(fold_of == fold), 1 + int((fold_of == fold).sum()) // _AT_ONCE):
                scores = _scores(model, self.queries[1][rows], users[rows], tables)
                found[rows] = _ndcg(scores, [np.searchsorted(new, triples[row].answers) for row in rows])
        return found

    def popularity(self) -> FloatArray:
        """Return NDCG@10 (Q,) of ranking by how many other listeners play an artist."""
        new = np.flatnonzero(self.setting.new)
        scores = np.stack([self.counts[self.folds[user]][new] for _, user, _ in self.setting.asked])
        return _ndcg(scores, [np.searchsorted(new, items) for _, _, items in self.setting.asked])

    def _tables(self, variant: str) -> Tables:
        """What the model is trained with: for `own`, predictions of some of the artists that are not new."""
        if variant != "own":
            return self.tables
        stand_ins = np.where(self.predicted.stand_ins[:, None], self.predicted.vectors, np.float32(0))
        return {**self.tables, _OWN: stand_ins}

    def _shown(self, tables: Tables, variant: str, shown: str, fold: int) -> Tables:
        new = self.setting.new
        if shown == "absent":
            return tables
        if shown == "true":
            return {**tables, _CF: self.true[fold]}
        vectors = self.predicted.vectors.copy()
        if shown == "shuffled":
            rows = np.flatnonzero(new & self.predicted.missing)
            vectors[rows] = vectors[np.random.default_rng((self.seed, 13)).permutation(rows)]
        modality = _OWN if variant == "own" else _CF
        return {**tables, modality: np.where(new[:, None], vectors, tables[modality])}


def _present(tables: Mapping[Modality, FloatArray]) -> BoolArray:
    return np.stack([table.any(axis=1) for table in tables.values()], axis=1)


def _scores(model: Checkpoint, queries: FloatArray, users: FloatArray, tables: Tables) -> FloatArray:
    """Return JAM's scores (Q, H)."""
    points, keys = model.project("query", queries) + users, model.project("mixer_query", queries)
    parts = [points @ model.project(f"item.{name}", table).T for name, table in tables.items()]
    logits = [keys @ model.project(f"mixer_key.{name}", table).T for name, table in tables.items()]
    weights = np.stack(logits, axis=-1) / np.float32(np.sqrt(model.card["dim"]))  # (Q, H, M)
    present, mix = _present(tables), MIXERS[model.mixer]
    return np.stack(
        [
            (mix(of_one, present) * np.stack([part[row] for part in parts], axis=1)).sum(axis=1)
            for row, of_one in enumerate(weights)
        ]
    )


def _ndcg(scores: FloatArray, targets: Sequence[IntArray]) -> FloatArray:
    """Return NDCG@10 (Q,) of scores (Q, H)."""
    first = np.argsort(-scores, axis=1, kind="stable")[:, :_FIRST]
    gains = 1 / np.log2(2 + np.arange(first.shape[1]))
    found = [
        gains[np.isin(row, right)].sum() / gains[: len(right)].sum() for row, right in zip(first, targets, strict=True)
    ]
    return np.array(found, dtype=np.float32)
