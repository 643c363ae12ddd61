"""Which items answer a listener's request? Every variant of JAM, its baselines and the product, on one data set.

Task. A data set in the JAM file format holds requests in the order of time, each by one listener and with the items
that answered it. Systems are fitted on `train`, of which the last tenth is for choosing (stopping early, weighing); a
system may refit on both, and one that chooses nothing is fitted on all of it. Then every query of the split asked for
is scored against all N items.

Conventions. Rankings are by score, ties by item row. Metrics are those of `evals.metrics`: Recall and NDCG @10 and @100
with binary gains, means over queries; a query's seeds are resampled together. Subsets:

    all         as given: every item is a candidate. The published masking removes the training items of the *same*
                query index, which masks nothing, for no query stands in two splits.
    discovery   the items of the listener's undated play history are taken out of candidates and targets; queries with
                no target left are skipped. Without `listening.tsv`, or where it is left out, there is no such subset:
                with nothing heard it would be `all` once more.
    cases       what `evals.jam_cases` defines, when asked for; each has its own discovery.

The play history is undated and holds many of the answers, so both are always reported; claims about personalisation
rest on discovery. A - B is the paired difference of two systems, query by query.

Beside accuracy, under `all`: what `evals.jam_beyond` defines (coverage, popularity, diversity, personalisation).

Shapes: Q queries of the split, N items, B a block of queries.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from evals.errors import EvaluationDataError, UnknownSystemError
from evals.jam_beyond import Beyond
from evals.jam_cases import Case, build_cases
from evals.jam_contract import fit_checked
from evals.jam_scores import METRICS, Questions, Scores, ranked_metrics, top
from evals.naming import choose
from evals.report import Report
from evals.trec import TrecFolder
from recsys.encoders.text import TextEncoder
from recsys.jam.dataset import JamDataset, JamSplit, statistics
from recsys.jam.files import encode_queries, read_jam
from recsys.jam.lyrics import with_lyrics
from recsys.jam.systems import SYSTEMS as TRAINED
from recsys.jam.systems import open_system
from recsys.jam.task import FoldsIn, JamSystem, JamTask
from recsys.types import FloatArray, IntArray, Progress

__all__ = [
    "BASELINES",
    "METRICS",
    "SYSTEMS",
    "UNSEEDED",
    "blocks",
    "choose_systems",
    "evaluate",
    "make_task",
    "open_named",
    "ranked_metrics",
    "read_data",
    "text_encoder",
    "top",
    "write_lines",
]

#: What nothing random enters, so that one seed stands for all, and what chooses nothing.
UNSEEDED = ("pop", "memory", "ease", "counting")
#: What a learned system has to beat: the best of these that ran.
BASELINES = ("pop", "memory", "ease", "counting", "segue-counts")
#: Share of the training requests, the latest, that is for choosing.
CHOOSE = 0.1
_BLOCK = 256
#: What a report says of a history that was left out.
_LEFT_OUT = "none, by --without-listening"


def _product(text_encoder: str | None) -> JamSystem:
    from evals.jam_product import ProductSystem

    return ProductSystem(text_encoder)


def _part(part: Any) -> Callable[[str | None], JamSystem]:
    def make(text_encoder: str | None) -> JamSystem:
        from recsys.jam.joint_system import JointSystem

        return JointSystem(part)

    return make


#: Our own: the product as it ships, JAM's translation alone, and the counts alone.
OURS: Mapping[str, Callable[[str | None], JamSystem]] = {
    "segue": _product,
    "segue-jam": _part("translation"),
    "segue-counts": _part("counts"),
}
SYSTEMS = (*OURS, *TRAINED)


def choose_systems(names: str) -> tuple[str, ...]:
    """Read a comma-separated list of systems; "all" is everything, package.module:Class one of your own.

    Raises:
        UnknownSystemError: one of them does not exist.
    """
    return choose(names, SYSTEMS, allowed=is_outside)


def is_outside(name: str) -> bool:
    """Tell whether a name is of a class of somebody's own, package.module:Class."""
    return ":" in name


def open_named(name: str, *, text_encoder: str | None = None, grid: bool = False) -> JamSystem:
    """Make a system, not yet fitted.

    Args:
        name: of the system.
        text_encoder: of the product, by name; None leaves it to the settings. The others take the run's.
        grid: whether the paper's models search its grid.
    """
    return OURS[name](text_encoder) if name in OURS else open_system(name, grid=grid)


def evaluate(
    folder: Path,
    seeds: Sequence[int],
    systems: Sequence[str],
    *,
    split: str,
    encoder: TextEncoder,
    lyrics: Callable[[], TextEncoder] | None = None,
    make: Callable[[str], JamSystem] = open_named,
    cases: Sequence[str] = (),
    against: Sequence[str] = (),
    listening: bool = True,
    trec: Path | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Report, list[dict[str, Any]]]:
    """Fit and score every system; return the report, and one line of figures per query, system and seed.

    Args:
        folder: the data set, or its `processed` subfolder.
        seeds: one fit each.
        systems: which systems.
        split: val or test.
        encoder: of the request texts.
        lyrics: opens what encodes `lyrics.tsv`; by default it is left alone.
        make: opens a system by its name.
        cases: of `evals.jam_cases`, reported as subsets; each fits every system once more.
        against: which systems every other is compared with; by default the best of `BASELINES` that ran.
        listening: whether the play history is used; without it everything is as if `listening.tsv` were not there.
        trec: folder for run and qrels files, if they are wanted.
        kept: where encoded texts and the state of killed runs are kept, if anywhere.
        progress: told about every stage.

    Raises:
        JamFormatError: the folder is not in the format.
        EvaluationDataError: it lacks the split, or training requests; or a system gives no proper scores.
        ContractError: a class of somebody's own breaks a clause of `evals.jam_contract`.
        UnknownSystemError: a system to compare with does not run.
    """
    for name in against:
        if name not in systems:
            raise UnknownSystemError(name, tuple(systems))
    if split == "train":
        raise EvaluationDataError("systems are fitted on train; give --split val or test")
    dataset = read_data(folder, split)
    if not listening:
        dataset = replace(dataset, plays=None)
    cache = None if kept is None else kept / "cache" / "embeddings"
    if lyrics is not None:
        dataset = with_lyrics(dataset, folder, lyrics, cache, progress)
    encode = text_encoder(encoder, cache)
    asked = dataset.splits[split]
    beyond = Beyond(asked, dataset.item_features, dataset.splits["train"], dataset.n_items)
    scores = Scores(beyond, None if trec is None else TrecFolder(trec))
    told: dict[str, Any] = {}
    grids: dict[str, Any] = {}
    for case in chain([as_given(dataset, asked)], build_cases(cases, dataset, asked, encode, progress)):
        told |= case.said
        for system in systems:
            for seed in seeds if system not in UNSEEDED else seeds[:1]:
                fitted = make(system)
                _fit_and_ask(system, fitted, seed, case, encode, scores, kept, progress)
                tried = getattr(fitted, "card", {}).get("grid", ())
                if len(tried) > 1:
                    grids.setdefault(system, {}).setdefault(case.stages[-1][0].name, {})[str(seed)] = tried
    said = {
        "data": folder,
        "split": split,
        "models": list(systems),
        "encoder": encoder.name,
        "history": ("listening.tsv" if dataset.plays is not None else "none") if listening else _LEFT_OUT,
        "discovery": "none, for no history can be left out" if dataset.plays is None else "without the history",
        "against": list(against),
        "cases": told,
        "statistics": statistics(dataset),
    }
    report = Report("segue eval jam", said, seeds, selection={"grid": grids} if grids else {})
    scores.fill(report, systems, baselines=BASELINES, against=against)
    return report, scores.lines


def as_given(dataset: JamDataset, asked: JamSplit) -> Case:
    """The whole data set, asked all queries of a split."""
    return Case(
        replace(dataset, splits={"train": dataset.splits["train"]}), [(Questions("all", asked, dataset.plays), None)]
    )


def _fit_and_ask(
    system: str,
    fitted: JamSystem,
    seed: int,
    case: Case,
    encode: Callable[[Sequence[str]], FloatArray],
    scores: Scores,
    kept: Path | None,
    progress: Progress | None,
) -> None:
    """Fit a system on what a case leaves, and score what it is asked."""
    task = make_task(case.dataset, encode)
    if system in UNSEEDED:
        task = replace(task, train=case.dataset.splits["train"], choose=None)
    folder = None if kept is None else kept / "jam"
    if is_outside(system):
        fit_checked(system, fitted, task, seed=seed, folder=folder, progress=progress)
    else:
        fitted.fit(task, seed=seed, folder=folder, progress=progress)
    for questions, listeners in case.stages:
        if listeners is not None and isinstance(fitted, FoldsIn):
            fitted.fold_in(listeners)
        stage = f"rank: {system}, seed {seed}, {questions.name}"
        scored = blocks(fitted, questions.asked, case.dataset.n_items, progress, stage)
        scores.add(system, seed, questions, scored)


def write_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write one JSON object per line."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")


def make_task(dataset: JamDataset, encode: Callable[[Sequence[str]], FloatArray]) -> JamTask:
    """Take what systems may see of a data set: its training requests, the last tenth for choosing."""
    train = dataset.splits["train"]
    cut = len(train) - max(int(len(train) * CHOOSE), 1)
    return JamTask(
        replace(dataset, splits={}), train.take(np.arange(cut)), train.take(np.arange(cut, len(train))), encode
    )


def blocks(
    system: JamSystem, asked: JamSplit, n_items: int, progress: Progress | None = None, stage: str = "rank"
) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield positions of queries (B,) with their scores (B, N), block by block.

    Raises:
        EvaluationDataError: the scores have another shape, or one is NaN or plus infinity.
    """
    for start in range(0, len(asked), _BLOCK):
        numbers = np.arange(start, min(start + _BLOCK, len(asked)))
        scores = np.asarray(system.score(asked.texts[start : start + _BLOCK], asked.users[numbers]))
        if scores.shape != (len(numbers), n_items) or not (scores < np.inf).all():  # NaN is not less either
            found = "scores that are not numbers" if scores.shape == (len(numbers), n_items) else str(scores.shape)
            raise EvaluationDataError(
                f"{type(system).__name__}.score gave {found}, expected one number for each of {len(numbers)} requests "
                f"and {n_items} items; return -inf for what is not to be shown"
            )
        yield numbers, scores
        if progress:
            progress(stage, int(numbers[-1]) + 1, len(asked))


def read_data(folder: Path, split: str) -> JamDataset:
    """Read a data set and make sure that it can be evaluated on.

    Raises:
        JamFormatError: the folder is not in the format.
        EvaluationDataError: it lacks the split, or training requests.
    """
    dataset = read_jam(folder)
    for name in ("train", split):
        if name not in dataset.splits:
            raise EvaluationDataError(
                f"{folder} has no {name}_split.tsv; it has {', '.join(dataset.splits)}: give --split one of those"
            )
    return dataset


def text_encoder(encoder: TextEncoder, cache: Path | None) -> Callable[[Sequence[str]], FloatArray]:
    """Encode texts, each distinct one once while the evaluation runs."""
    known: dict[str, FloatArray] = {}

    def encode(texts: Sequence[str]) -> FloatArray:
        new = sorted({text for text in texts if text not in known})
        if new:
            vectors = encode_queries(new, encoder, cache)
            known.update(zip(new, vectors, strict=True))
        return np.stack([known[text] for text in texts]) if texts else np.empty((0, encoder.dim), np.float32)

    return encode
