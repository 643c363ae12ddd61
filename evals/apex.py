"""How well can appeal and quality be told from content alone? Every set of targets in folds by artist.

Task. Tracks are divided into folds, no artist in two of them. What is to be predicted of a fold is learnt from the
others, and whatever a system chooses (weights, penalties, numbers of trees, epochs) it chooses by folds within those
others. A figure is that of all held-out predictions together, with 95 % intervals over artists (`evals.apex_metrics`);
"A − B" is the difference on the same tracks, paired.

Every target is `human`, `model` or `proxy` (`recsys.appeal.heads`); the subsets of the report are head and kind, as in
`production_quality (human)`, and `human`, `model` and `proxy` are the means over their heads.

With `held_out`, everything is learnt from the one set, and asked about the tracks of the other by artists that the
first does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.apex_data import AESTHETICS, AppealData, read_data
from evals.apex_metrics import BINARY, ON_A_SCALE, Resamples
from evals.apex_published import with_published
from evals.apex_systems import Compared, encoder_for, systems_for
from evals.errors import EvaluationDataError, UnknownSystemError
from evals.metrics import Summary
from evals.report import Report
from recsys.appeal.heads import Head, Kind
from recsys.appeal.learners import Learner, folds_by_group
from recsys.appeal.targets import Targets
from recsys.types import FloatArray, Progress

Said = NDArray[np.float64]
_LEAST_KNOWN = 20
ALL = "all"


def evaluate(
    data: Path,
    seeds: Sequence[int],
    *,
    held_out: Path | None = None,
    n_folds: int | None = None,
    chosen: Sequence[str] = (),
    vectors: Mapping[str, FloatArray] | None = None,
    checkpoint: Path | None = None,
    kept: Path | None = None,
    threads: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Compare what predicts the targets of a set.

    Args:
        data: file or folder of the set.
        seeds: the first divides into folds and is that of the systems and the intervals.
        held_out: a second set, which is only asked about; without one, folds of the first are.
        n_folds: 10 for ratings, 5 otherwise, when None.
        chosen: systems; those that the set is meant for when empty, and every one when it is "all".
        vectors: further vectors of its rows, by name.
        checkpoint: APEX's published one, as a system of its own on those vectors.
        kept: where an exported text encoder is kept from one run to the next.
        threads: of the text encoder.
        progress: told (stage, folds done, folds).

    Raises:
        EvaluationDataError: the set cannot be read, or hardly anything of it is known.
        UnknownSystemError: a system is asked for that the set does not have.
        PublishedCheckpointError: the checkpoint is none.
    """
    read = read_data(data, held_out)
    for column, head in enumerate(read.targets.heads):
        n_known = int((~np.isnan(read.targets.values[:, column])).sum())
        if n_known < _LEAST_KNOWN:
            raise EvaluationDataError(
                f"{head.name} is known of {n_known} tracks of {data}; give at least {_LEAST_KNOWN}"
            )
    compared = systems_for(read, vectors=vectors, encoder=encoder_for(read, chosen, kept, threads))
    if checkpoint is not None:
        compared = with_published(compared, checkpoint, read, vectors or {})
    names = _chosen(compared, chosen)
    n_folds = n_folds or (10 if read.kind == AESTHETICS else 5)
    folds = folds_by_group(read.groups, n_folds, seeds[0]) if read.asked is None else [_new_artists(read, read.asked)]
    needed = {part for name in names for part in compared.means.get(name, (name,))}
    told = {
        one.name: _held_out_predictions(one, read, compared, folds, seeds[0], progress)
        for one in compared.learners
        if one.name in needed
    }
    for name in compared.means.keys() & set(names):
        told[name] = np.mean([told[part] for part in compared.means[name]], axis=0)
    said = {name: told[name] for name in names}
    kinds = {head.name: kind.value for head, kind in zip(read.targets.heads, read.targets.kinds, strict=True)}
    report = Report(
        "segue eval apex",
        {
            "data": data,
            "set": read.kind,
            "tracks": len(read),
            "artists": len(set(read.groups.tolist())),
            "folds": n_folds if held_out is None else None,
            "held out": held_out,
            "asked about": None if held_out is None else len(folds[0]),
            "targets": [f"{name} ({kind})" for name, kind in kinds.items()],
            "baseline": compared.baseline,
            "leads": compared.leads,
            "checkpoint": checkpoint,
        },
        seeds,
    )
    _report(report, read, said, compared, seeds[0])
    return report


def _new_artists(data: AppealData, asked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows of the second set by artists that the first does not have.

    Raises:
        EvaluationDataError: there are hardly any.
    """
    new = np.flatnonzero(asked & ~np.isin(data.groups, data.groups[~asked]))
    if len(new) < _LEAST_KNOWN:
        raise EvaluationDataError(
            f"{len(new)} of the {int(asked.sum()):,} held-out tracks are by artists that are not learnt from; give at "
            f"least {_LEAST_KNOWN}"
        )
    return new


def _chosen(compared: Compared, names: Sequence[str]) -> tuple[str, ...]:
    if tuple(names) == (ALL,):
        return compared.names
    names = [one for name in names for one in compared.sets.get(name, (name,))]
    for name in names:
        if name not in compared.names:
            raise UnknownSystemError(name, (*compared.names, *compared.sets, ALL))
    wanted = names or set(compared.names) - compared.on_request
    return tuple(name for name in compared.names if name in wanted)


def _held_out_predictions(
    learner: Learner,
    data: AppealData,
    compared: Compared,
    folds: Sequence[NDArray[np.int64]],
    seed: int,
    progress: Progress | None,
) -> Said:
    """Predict every track by what learnt from other folds: (n, H), NaN for heads that it does not learn."""
    names = [head.name for head in data.targets.heads]
    learnt = compared.heads.get(learner.name, tuple(names))
    columns = np.array([names.index(name) for name in learnt])
    targets: Targets = data.targets.only(learnt)
    said = np.full(data.targets.values.shape, np.nan)
    for number, held in enumerate(folds):
        rows = np.setdiff1d(np.arange(len(data)) if data.asked is None else np.flatnonzero(~data.asked), held)
        said[np.ix_(held, columns)] = learner.fit(rows, targets, data.groups, seed)(held)
        if progress:
            progress(learner.name, number + 1, len(folds))
    return said


def _report(report: Report, data: AppealData, said: Mapping[str, Said], compared: Compared, seed: int) -> None:
    """Add the figures of every system, and its differences from the baseline."""
    drawn: dict[bytes, Resamples] = {}
    for system, values in said.items():
        _add(report, system, _figures(data, values, None, drawn, seed))
    pairs = [(system, compared.baseline) for system in said if system != compared.baseline]
    for one, other in [*pairs, *compared.pairs]:
        if one in said and other in said:
            _add(report, f"{one} − {other}", _figures(data, said[one], said[other], drawn, seed))


def _figures(
    data: AppealData, values: Said, other: Said | None, drawn: dict[bytes, Resamples], seed: int
) -> dict[str, tuple[Head, Kind, dict[str, Summary]]]:
    """Figures of every head that both sides predict, or their differences."""
    found = {}
    for column, head in enumerate(data.targets.heads):
        true = data.targets.values[:, column]
        there = ~np.isnan(true) & ~np.isnan(values[:, column])
        if other is not None:
            there &= ~np.isnan(other[:, column])
        if not there.any():
            continue
        draws = _draws(drawn, there, data, seed)
        metrics = BINARY if head.binary else ON_A_SCALE
        if other is None:
            figures = {
                name: draws.figure(metric, true[there], values[there, column]) for name, metric in metrics.items()
            }
        else:
            leading = "auc" if head.binary else "spearman"
            figures = {
                leading: draws.difference(metrics[leading], true[there], values[there, column], other[there, column])
            }
        found[head.name] = (head, data.targets.kinds[column], figures)
    return found


def _draws(drawn: dict[bytes, Resamples], there: NDArray[np.bool_], data: AppealData, seed: int) -> Resamples:
    """The resamples of these rows, drawn once for all systems."""
    key = there.tobytes()
    if key not in drawn:
        drawn[key] = Resamples(data.groups[there].tolist(), seed=seed)
    return drawn[key]


def _add(report: Report, system: str, found: Mapping[str, tuple[Head, Kind, dict[str, Summary]]]) -> None:
    """Note the mean over heads as `all` and by kind, then every head by itself."""
    groups = {"all": list(found)}
    for kind in Kind:
        groups[kind.value] = [name for name, (_, said_by, _) in found.items() if said_by is kind]
    for group, names in groups.items():
        metrics = list(dict.fromkeys(metric for name in names for metric in found[name][2]))
        for metric in metrics:
            parts = [found[name][2][metric] for name in names if metric in found[name][2]]
            if len(parts) == len(names):
                report.add(system, group, metric, _mean(parts))
    for name, (_, kind, figures) in found.items():
        for metric, summary in figures.items():
            report.add(system, f"{name} ({kind.value})", metric, summary)


def _mean(parts: Sequence[Summary]) -> Summary:
    """The mean over heads; its interval is the mean of theirs, which is no narrower than the mean's own."""
    of = {name: float(np.mean([getattr(one, name) for one in parts])) for name in ("mean", "low", "high", "sd")}
    return Summary(of["mean"], of["low"], of["high"], of["sd"], max(one.n for one in parts))
