"""Which signal helps E4SRec, by which fusion, on which backbone: the paper's ablation, with what it left out.

One table: {SASRec, BERT4Rec, GRU4Rec} × signals (the ID, content, completion; alone, with the ID, all, all but one) ×
fusions, late fusion (the sum of the log-softmaxes of one model per signal) among them; controls with shuffled and with
random content; the published zero-shot (`untrained`); the backbone by itself. Systems are named
BACKBONE/SIGNALS/FUSION, `~` before a control. `zero-shot/SIGNAL` is the honest one: the cosine of an item's vector with
those of the history, nothing learnt; with a language model's weights `zero-shot/embeds` and `zero-shot/ranks` ask it
(`recsys.sequential.text_zero_shot`).

The last step of each sequence is the question, the one before it chooses the epoch, the rest is learnt from. Metrics
are of the full ranking (items of the prefix left out where no sequence repeats), and, with `_of_200`, of the target
among 199 items drawn uniformly, the paper's protocol; the same are drawn for every system. Ties count against the
target. `chance` is what a system that knows nothing reaches on average, exactly: for n candidates hr@k = k / n and
ndcg@k = Σ_{r ≤ k} 1 / log2(r + 1) / n. `ndcg@10_over_id` is the difference to the same backbone's ID alone, question by
question, `…_over_backbone` that to the backbone without a language model, `…_over_popularity` that to the counts of the
training steps, `…_over_without_SIGNAL` that to the same signals but one, fused in the same way, `…_over_shuffled` and
`…_over_random` that to the same with other content. More vectors can help a model to tell items apart that tell nothing
about them, so what content brings is what it adds to its controls.

A system's value of a question is its mean over the seeds. The intervals are of a paired bootstrap over the questions,
one of each listener: they say what other listeners would bring, given the seeds. `details` holds paired t-tests, over
the questions (their means over seeds) and over the seeds (their means over questions): what other seeds would bring.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.metrics import Summary, summarise
from evals.naming import choose
from evals.report import Report
from evals.sequential_ablation_cells import (
    ALONE,
    COMPLETION,
    CONTROLS,
    ID,
    POPULARITY,
    ZERO_SHOT,
    Cell,
    Material,
    Run,
    Runner,
    cells,
)
from evals.sequential_planted import DECIDING, listening
from recsys.sequential.e4srec_settings import E4SRecSettings, LanguageModel
from recsys.sequential.item_vectors import ALLOWED, read_item_vectors
from recsys.sequential.reading import read_sequences
from recsys.types import IntArray, Progress

_CUTS = (5, 10)
#: What each signal may know of what is asked.
_LEAKAGE = {
    ID: "item vectors of a backbone fitted on the training steps alone; the validation targets choose when it stops, "
    "and those of the test are not in them",
    "name": "a text vector of the artist's name; nothing of any listener",
    "caption": "a text vector of a description of the artist, written by a language model that may know how famous "
    "the artist is; nothing of any listener of this data. Absent for more than half of the artists",
    "audio": "drawn for this evaluation: where it decides, it tells a track's family, of which the next one is, "
    "and else nothing; no real data here",
    "attributes": "drawn for this evaluation at random: it tells one track from another and nothing else; no real data "
    "here",
    COMPLETION: "of steps before the target alone. That of the last one says when the target began, as a player knows "
    "when it has to choose; drawn for this evaluation, no real data here",
}


def read_material(
    data: Path | None, names: Path | None, content: Path | None, planted: Collection[str] = DECIDING
) -> Material:
    """Read what the table is about; without `data` it is made up.

    Args:
        data: one listener's sequence a line.
        names: a JSON object that says what its items are called.
        content: a folder of content vectors by name.
        planted: which signals decide in what is made up.

    Raises:
        SequenceDataError: a file cannot be read.
    """
    if data is None:
        return Material.of(*listening(np.random.default_rng(0), decides=planted))
    sequences = read_sequences(data, names=names)
    kinds = ALLOWED if content is not None else ()
    return Material.of(
        sequences, {kind: read_item_vectors(content, sequences.names, kind) for kind in kinds if content}
    )


def evaluate(
    material: Material,
    backbones: Sequence[str],
    fusions: Sequence[str],
    seeds: Sequence[int],
    *,
    settings: E4SRecSettings,
    backbone_settings: Mapping[str, Mapping[str, Any]],
    kept: Path,
    stated: Mapping[str, Any],
    progress: Progress,
    systems: str = "all",
    told: LanguageModel | None = None,
) -> Report:
    """Run the table, or what is left of it.

    Args:
        material: what is learnt from and asked.
        backbones: whose item vectors are the ID.
        fusions: which of the four, and `late`.
        seeds: of everything that is drawn.
        settings: of the language model.
        backbone_settings: of each backbone.
        kept: the folder of finished runs.
        stated: what the report says of the run.
        progress: told of each run.
        systems: names of rows with commas between, or all.
        told: the language model that answers by the items' texts; without it there are no rows of one.

    Raises:
        UnknownSystemError: the table has no such row.
    """
    runner = Runner(material, settings, backbone_settings, kept, told)
    table = cells(backbones, material.signals, fusions, texts_told=told is not None)
    chosen = choose(systems, tuple(cell.name for cell in table))
    table = [cell for cell in table if cell.name in chosen]
    runs: dict[Cell, list[Run]] = {cell: [] for cell in table}
    done = 0
    for seed in seeds:
        for cell in table:
            progress(f"ablation · {cell.name}", done, len(table) * len(seeds))
            runs[cell].append(runner.run(cell, seed))
            done += 1
    progress("ablation", done, done)
    shared = dict(stated) | {
        "e4srec": asdict(settings),
        "backbone": {name: dict(backbone_settings[name]) for name in backbones},
    }
    report = Report("segue eval sequential-ablation", shared, seeds)
    _add_chance(report, material)
    tests: dict[str, Any] = {}
    for cell in table:
        for metric, values in _metrics(runs[cell]).items():
            report.add(cell.name, "all", metric, _over_seeds(values))
        for suffix, against in compared_with(cell).items():
            if against in runs and against != cell:
                gain = _ndcg(runs[cell], 10) - _ndcg(runs[against], 10)
                report.add(cell.name, "all", f"ndcg@10_over_{suffix}", _over_seeds(gain))
                tests.setdefault(cell.name, {})[suffix] = {
                    "questions": paired_t(gain.mean(axis=0)),
                    "seeds": paired_t(gain.mean(axis=1)),
                }
    leakage = {
        name: _LEAKAGE.get(name, "vectors given from outside; what made them is not known here")
        for name in material.signals
    }
    if told is not None:
        leakage[ZERO_SHOT] = (
            "a language model reads the items' names alone; what it was trained on may tell what is heard together"
        )
    report.details = {"leakage": leakage, "paired_t": tests}
    return report


def compared_with(cell: Cell) -> dict[str, Cell]:
    """Return what a cell is compared with: simpler ones, itself without each signal, and its controls."""
    others = {
        "id": Cell(cell.backbone, (ID,), ALONE),
        "backbone": Cell(cell.backbone, (), ALONE),
        POPULARITY: Cell(POPULARITY, (), ALONE),
    }
    if cell.control:
        return others
    others |= {control: replace(cell, control=control) for control in CONTROLS}
    if len(cell.signals) > 2:
        for gone in cell.signals[1:]:
            left = tuple(name for name in cell.signals if name != gone)
            others[f"without_{gone}"] = Cell(cell.backbone, left, cell.fusion)
    return others


def paired_t(differences: NDArray[np.float64]) -> dict[str, float | int | None]:
    """Test whether the mean of paired differences (N,) is zero.

    Returns:
        t, p of both sides and n; None where all differences are the same, for then there is nothing to test.
    """
    from scipy.stats import ttest_1samp

    if len(differences) < 2 or np.ptp(differences) == 0:
        return {"t": None, "p": None, "n": len(differences)}
    found = ttest_1samp(differences, 0.0)
    return {"t": float(found.statistic), "p": float(found.pvalue), "n": len(differences)}


def _add_chance(report: Report, material: Material) -> None:
    n_drawn = np.full(len(material.test), material.drawn(0).shape[1] + 1)
    for suffix, candidates in (("", material.n_candidates()), ("_of_200", n_drawn)):
        for k in _CUTS:
            gains = (1 / np.log2(np.arange(2, k + 2))).sum()
            for metric, reached in (("hr", np.minimum(k / candidates, 1)), ("ndcg", gains / candidates)):
                mean = float(reached.mean())
                report.add("chance", "all", f"{metric}@{k}{suffix}", Summary(mean, mean, mean, 0.0, len(reached)))


def _metrics(runs: Sequence[Run]) -> dict[str, NDArray[np.float64]]:
    """Values (seeds, Q) by metric."""
    found = {}
    for suffix, places in (
        ("", np.stack([run.places for run in runs])),
        ("_of_200", np.stack([run.among_drawn for run in runs])),
    ):
        for k in _CUTS:
            found[f"hr@{k}{suffix}"] = (places <= k).astype(np.float64)
            found[f"ndcg@{k}{suffix}"] = _gain(places, k)
    return found


def _ndcg(runs: Sequence[Run], k: int) -> NDArray[np.float64]:
    return _gain(np.stack([run.places for run in runs]), k)


def _gain(places: IntArray, k: int) -> NDArray[np.float64]:
    return np.where(places <= k, 1 / np.log2(places + 1.0), 0.0)


def _over_seeds(values: NDArray[np.float64]) -> Summary:
    """Summarise values (seeds, Q), the seeds of a question drawn together."""
    n_seeds, n_questions = values.shape
    return summarise(values.ravel().tolist(), groups=np.tile(np.arange(n_questions), n_seeds).tolist())
