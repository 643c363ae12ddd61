"""Which modality decides? The share of query–item pairs in which each has the largest weight.

Task. CrossMixing and MoEMixing give every item's modalities weights under the eye of the query (`recsys.jam.mixing`).
The modality of the largest weight is the heaviest of that pair; of equal ones, the first. Melchiorre et al. (RecSys
2025) found the collaborative modality to be the heaviest nearly always and suppose that this is so because their
listeners are collaborative vectors too. So every model is fitted twice: with the listeners' vectors as given, and
(`<model>-taste`) with multimodal summaries of their taste instead.

A taste summary is, for each modality of the items, the mean of the unit vectors of those items of the listener's
history that have it; zero where none has. The history is `listening.tsv`, or, without it, what training gave the
listener.

    heaviest_<modality>@10          mean over queries of the share of the ten items ranked first
    heaviest_<modality>_of_targets  the same share of the items that answer the query
    weight_<modality>@10            mean weight in the ten items ranked first
    ndcg@10                         as in `evals.jam`, so that the price of other listeners' vectors is seen

Shapes: Q queries, U listeners, N items, M modalities, B a block of queries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, diags_array

from evals.errors import EvaluationDataError
from evals.jam import make_task, open_named, read_data, text_encoder
from evals.jam_scores import ranked_metrics, top
from evals.metrics import summarise
from evals.naming import choose
from evals.report import Report
from evals.trec import Ranked, TrecFolder
from recsys.encoders.text import TextEncoder
from recsys.jam.counting import listener_pairs
from recsys.jam.dataset import JamSplit
from recsys.jam.task import JamSystem, JamTask
from recsys.types import FloatArray, Progress
from recsys.unit import unit_rows

if TYPE_CHECKING:
    from recsys.jam.mixing import MixingModel

#: The models that weigh modalities by the query.
MODELS = ("cross", "moe1", "moe2", "moe2-query")
_BLOCK = 64


def choose_models(names: str) -> tuple[str, ...]:
    """Read a comma-separated list of `MODELS`; "all" is everything.

    Raises:
        UnknownSystemError: one of them does not exist.
    """
    return choose(names, MODELS)


def evaluate(
    folder: Path,
    seeds: Sequence[int],
    models: Sequence[str],
    *,
    split: str,
    encoder: TextEncoder,
    make: Callable[[str], JamSystem] = open_named,
    trec: Path | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Fit every model on listeners as given and on taste summaries, and report what weighs most.

    Args:
        folder: the data set, or its `processed` subfolder.
        seeds: one fit each.
        models: some of `MODELS`.
        split: val or test.
        encoder: of the request texts.
        make: opens a model by its name.
        trec: folder for run and qrels files, if they are wanted; ten items a query.
        kept: where encoded texts and the state of killed runs are kept, if anywhere.
        progress: told about every stage.

    Raises:
        JamFormatError: the folder is not in the format.
        EvaluationDataError: it lacks the split or the items' features, or a model has no weights.
    """
    dataset = read_data(folder, split)
    if not dataset.item_features:
        raise EvaluationDataError(f"{folder} has no item features to weigh; add item_<modality>_features.npy files")
    encode = text_encoder(encoder, None if kept is None else kept / "cache" / "embeddings")
    asked = dataset.splits[split]
    task = make_task(dataset, encode)
    taste = replace(task, dataset=replace(task.dataset, user_features=taste_summaries(task)))
    said = {"data": folder, "split": split, "models": list(models), "encoder": encoder.name}
    report = Report("segue eval modalities", said, seeds)
    files = None if trec is None else TrecFolder(trec)
    for name in models:
        for title, seen in ((name, task), (f"{name}-taste", taste)):
            found: dict[str, list[float]] = {}
            for seed in seeds:
                system = make(name)
                system.fit(seen, seed=seed, folder=None if kept is None else kept / "jam", progress=progress)
                weighed, rankings = weigh(system, asked, encode)
                for metric, values in weighed.items():
                    found.setdefault(metric, []).extend(values)
                if files is not None:
                    files.write("all", title, seed, rankings)
            groups = list(range(len(asked))) * len(seeds)
            for metric, values in found.items():
                report.add(title, "all", metric, summarise(values, groups=groups))
    return report


def weigh(
    system: JamSystem, asked: JamSplit, encode: Callable[[Sequence[str]], FloatArray]
) -> tuple[dict[str, list[float]], list[Ranked]]:
    """Return the metrics of every query (Q,) by name, and the first ten items of each.

    Raises:
        EvaluationDataError: the system gives modalities no weights.
    """
    import torch

    model = _model_of(system)
    names = [name.lower() for name in model.items.names]
    found: dict[str, list[float]] = {}
    rankings: list[Ranked] = []
    with torch.no_grad():
        items = model.project()
    for start in range(0, len(asked), _BLOCK):
        numbers = np.arange(start, min(start + _BLOCK, len(asked)))
        texts = asked.texts[start : start + _BLOCK]
        scores = system.score(texts, asked.users[numbers])
        shown = top(scores, 10)
        with torch.no_grad():
            vectors = torch.from_numpy(np.array(encode(texts), np.float32)).to(items.vectors.device)
            weights = model.modality_weights(vectors, items).cpu().numpy()  # (M, B, N)
        for line, number in enumerate(numbers.tolist()):
            relevant = asked.relevant(number)
            best = scores[line, shown[line]]
            rankings.append(Ranked(number, int(asked.query_idxs[number]), shown[line], best, relevant))
            found.setdefault("ndcg@10", []).append(ranked_metrics(shown[line], relevant)["ndcg@10"])
            first, right = weights[:, line, shown[line]], weights[:, line, relevant]  # (M, 10), (M, targets)
            for column, name in enumerate(names):
                for metric, value in (
                    (f"heaviest_{name}@10", (first.argmax(axis=0) == column).mean()),
                    (f"heaviest_{name}_of_targets", (right.argmax(axis=0) == column).mean()),
                    (f"weight_{name}@10", first[column].mean()),
                ):
                    found.setdefault(metric, []).append(float(value))
    return found, rankings


def taste_summaries(task: JamTask) -> dict[str, FloatArray]:
    """Return for each modality the mean (U, D_m) of the unit vectors of each listener's history."""
    dataset = task.dataset
    history = csr_array(listener_pairs(task) if dataset.plays is None else dataset.plays > 0).astype(np.float32)
    summaries = {}
    for modality, table in dataset.item_features.items():
        present = table.any(axis=1).astype(np.float32)
        counts = history @ present  # (U,)
        mean = csr_array(diags_array(1 / np.maximum(counts, 1)) @ history)
        summaries[modality] = np.asarray(mean @ unit_rows(table), np.float32)
    return summaries


def _model_of(system: JamSystem) -> MixingModel:
    from recsys.jam.mixing import MixingModel
    from recsys.jam.trained import TrainedSystem

    if isinstance(system, TrainedSystem) and isinstance(system.model, MixingModel):
        return system.model
    name = type(system).__name__
    raise EvaluationDataError(f"{name} gives modalities no weights; choose some of {', '.join(MODELS)}")
