"""What is lost where a modality is missing? Requests are ranked with each modality of the items taken away in turn.

Task. CrossMixing is fitted listwise on everything, and then asked the same queries with every item's modality of one
kind absent; once as it is, and (`cross-dropout`) fitted while modalities of candidates were taken for absent at random
(`TrainerSettings.modality_dropout`), so that it has seen items that lack any of them. An item that has nothing else is
then nowhere. Listeners keep their own vectors.

    ndcg@10         as in `evals.jam`
    loss_ndcg@10    with everything less without the modality, paired by query; `all` has none
    gain_ndcg@10    of `cross-dropout` over `cross`, paired by query and seed

Shapes: Q queries, N items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evals.errors import EvaluationDataError
from evals.jam import blocks, make_task, read_data, text_encoder
from evals.jam_scores import ranked_metrics, top
from evals.metrics import summarise
from evals.report import Report
from recsys.encoders.text import TextEncoder
from recsys.jam.dataset import JamSplit
from recsys.types import FloatArray, Progress

if TYPE_CHECKING:
    from recsys.jam.trained import TrainedSystem
    from recsys.jam.trainer import TrainerSettings

_CUT = 10
#: Items drawn beside the answers of a batch: all of them would take many times as long.
_CANDIDATES = 512
#: Share of the candidates' modalities that are taken for absent in training.
DROPOUT = 0.3


def evaluate_removal(
    folder: Path,
    seeds: Sequence[int],
    *,
    split: str,
    encoder: TextEncoder,
    dropout: float = DROPOUT,
    settings: TrainerSettings | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Fit with and without modality dropout, take every modality away, and report what that costs.

    Args:
        folder: the data set, or its `processed` subfolder.
        seeds: one fit each.
        split: val or test.
        encoder: of the request texts.
        dropout: share of the candidates' modalities that are taken for absent in training.
        settings: how the model is fitted otherwise; listwise on `_CANDIDATES` by default.
        kept: where encoded texts and the state of killed runs are kept, if anywhere.
        progress: told about every stage.

    Raises:
        JamFormatError: the folder is not in the format.
        EvaluationDataError: it lacks the split, or the items have fewer than two modalities.
    """
    from recsys.jam.trained import TrainedSystem, mixing
    from recsys.jam.trainer import LISTWISE

    dataset = read_data(folder, split)
    if len(dataset.item_features) < 2:
        raise EvaluationDataError(
            f"{folder} has {len(dataset.item_features)} item_*_features.npy; two or more are needed"
        )
    encode = text_encoder(encoder, None if kept is None else kept / "cache" / "embeddings")
    asked, task = dataset.splits[split], make_task(dataset, encode)
    said = {"data": folder, "split": split, "encoder": encoder.name, "dropout": dropout}
    report = Report("segue eval modalities --remove", said, seeds)
    usual = settings or replace(LISTWISE, n_candidates=_CANDIDATES)
    systems = {"cross": usual, "cross-dropout": replace(usual, modality_dropout=dropout)}
    groups = list(range(len(asked))) * len(seeds)
    of_cross: dict[str, FloatArray] = {}
    for name, how in systems.items():
        found: dict[str, list[FloatArray]] = {}
        for seed in seeds:
            system = TrainedSystem(mixing(name, "cross"), how)
            system.fit(task, seed=seed, folder=None if kept is None else kept / "jam", progress=progress)
            found.setdefault("all", []).append(_ndcg(system, asked, dataset.n_items, progress))
            for modality in dataset.item_features:
                scored = _ndcg(system.without(modality), asked, dataset.n_items, progress)
                found.setdefault(f"without {modality.lower()}", []).append(scored)
        for subset, values in found.items():
            ndcg = np.concatenate(values)
            report.add(name, subset, f"ndcg@{_CUT}", summarise(ndcg.tolist(), groups=groups))
            if subset != "all":
                lost = np.concatenate(found["all"]) - ndcg
                report.add(name, subset, f"loss_ndcg@{_CUT}", summarise(lost.tolist(), groups=groups))
            if name == "cross":
                of_cross[subset] = ndcg
            else:
                gained = (ndcg - of_cross[subset]).tolist()
                report.add(name, subset, f"gain_ndcg@{_CUT}", summarise(gained, groups=groups))
    return report


def _ndcg(system: TrainedSystem, asked: JamSplit, n_items: int, progress: Progress | None) -> FloatArray:
    """NDCG@10 of every query (Q,)."""
    values = np.zeros(len(asked), np.float32)
    for numbers, scores in blocks(system, asked, n_items, progress):
        shown = top(scores, _CUT)
        for line, number in enumerate(numbers.tolist()):
            values[number] = ranked_metrics(shown[line], asked.relevant(number))[f"ndcg@{_CUT}"]
    return values
