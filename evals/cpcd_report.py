"""What the answers of `segue eval cpcd` come to: averages with intervals, differences, slates and seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.cpcd_files import Predictions
from evals.cpcd_metrics import K_VALUES, Figures, Found, average, find_turns, official_table
from evals.metrics import summarise, summarise_quantile
from evals.report import Report
from recsys.dialogues import Dialogue
from recsys.types import TrackId

#: Metrics of the table; every other one is in the details.
SHOWN = ("hit@1", "hit@5", "hit@10", "hit@20", "hit@100", "recall@10", "recall@100", "mrr@10", "map@100")
OF_SLATES = ("hit@20", "recall@20")
#: Turns of the table, from 0, as in the dataset's script; differences are told of the first alone and of the rest.
N_TURNS = 10


@dataclass
class Answers:
    """What one system answered under one seed, and how long that took."""

    ranked: Predictions = field(default_factory=dict)
    shown: Predictions = field(default_factory=dict)  # empty for a system without slates
    united: Predictions = field(default_factory=dict)  # all candidates, of a system that tells them
    rank_s: list[float] = field(default_factory=list)  # one per turn
    show_s: list[float] = field(default_factory=list)
    fit_s: list[float] = field(default_factory=list)  # one per fold


#: Turn → figures, of one dialogue under one seed, and which dialogue that is.
Unit = tuple[str, dict[int, Figures]]


def report_on(
    report: Report,
    dialogues: Sequence[Dialogue],
    runs: Sequence[Mapping[str, Answers]],
    clusters: Mapping[TrackId, str],
    *,
    against: str,
) -> None:
    """Fill a report.

    Args:
        report: to fill.
        dialogues: that were answered.
        runs: for each seed of the report, system → answers.
        clusters: track id → cluster.
        against: the system that all others are compared with.
    """
    found = {name: [_find(dialogues, run[name].ranked, clusters) for run in runs] for name in runs[0]}
    units = {name: [_units(one) for one in of_seeds] for name, of_seeds in found.items()}
    together = {name: [unit for of_seed in of_seeds for unit in of_seed] for name, of_seeds in units.items()}
    for name, scored in together.items():
        _averages(report, name, scored, [])
        _slates(report, name, dialogues, runs, clusters)
        _candidates(report, name, dialogues, runs, clusters)
        _seconds(report, name, runs)
    for name in together:
        if name != against:
            _averages(report, f"{name} - {against}", together[name], together[against])
    report.details["averages"] = {
        name: {
            str(seed): official_table([figures for _, figures in of_seed])
            for seed, of_seed in zip(report.seeds, of, strict=True)
        }
        for name, of in units.items()
    }
    report.details["dialogues"] = {
        name: {str(seed): _told(of_seed) for seed, of_seed in zip(report.seeds, of_seeds, strict=True)}
        for name, of_seeds in found.items()
    }


def _find(
    dialogues: Sequence[Dialogue],
    ranked: Predictions,
    clusters: Mapping[TrackId, str],
    depth: int = max(K_VALUES),
) -> dict[str, dict[int, Found]]:
    return {one.id: find_turns(one, ranked[one.id], clusters, depth) for one in dialogues}


def _units(found: Mapping[str, Mapping[int, Found]]) -> list[Unit]:
    """Every dialogue with a turn that counts."""
    return [(name, {turn: one.figures() for turn, one in turns.items()}) for name, turns in found.items() if turns]


def _averages(report: Report, title: str, scored: Sequence[Unit], minus: Sequence[Unit]) -> None:
    """Put averages by subset into the report; of differences where there is something to take away.

    Which turns count depends on the dialogue alone, so that the units of two systems are the same.
    """
    subsets: dict[str, tuple[list[str], list[Figures]]] = {}
    for number, (name, turns) in enumerate(scored):
        if minus:
            other = minus[number][1]
            turns = {turn: {m: value - other[turn][m] for m, value in of.items()} for turn, of in turns.items()}
        parts = [("all", average(list(turns.values())))]
        if not minus:
            parts += [("micro", of) for of in turns.values()]
        if later := [of for turn, of in turns.items() if turn > 0]:
            parts.append(("turns 1+", average(later)))
        parts += [(f"turn {turn}", of) for turn, of in turns.items() if turn < (1 if minus else N_TURNS)]
        for subset, figures in parts:
            names, values = subsets.setdefault(subset, ([], []))
            names.append(name)
            values.append(figures)
    for subset, (names, values) in subsets.items():
        for metric in SHOWN:
            report.add(title, subset, metric, summarise([one[metric] for one in values], groups=names))


def _slates(
    report: Report,
    name: str,
    dialogues: Sequence[Dialogue],
    runs: Sequence[Mapping[str, Answers]],
    clusters: Mapping[TrackId, str],
) -> None:
    scored = [unit for run in runs if run[name].shown for unit in _units(_find(dialogues, run[name].shown, clusters))]
    for metric in OF_SLATES if scored else ():
        values = [average(list(turns.values()))[metric] for _, turns in scored]
        report.add(name, "slate as shown", metric, summarise(values, groups=[dialogue for dialogue, _ in scored]))


def _candidates(
    report: Report,
    name: str,
    dialogues: Sequence[Dialogue],
    runs: Sequence[Mapping[str, Answers]],
    clusters: Mapping[TrackId, str],
) -> None:
    """How much of the goal is among the candidates, and how many they are."""
    for run in runs:
        if not any(rows for turns in run[name].united.values() for rows in turns):
            continue
        counts = [len(rows) for turns in run[name].united.values() for rows in turns]
        report.add(name, "candidates", "candidates", summarise([float(count) for count in counts]))
        for subset, is_in in (("candidates, turn 0", lambda turn: not turn), ("candidates, turns 1+", bool)):
            shares = {
                one: [len(found.ranks) / found.n_gold for turn, found in turns.items() if is_in(turn)]
                for one, turns in _find(dialogues, run[name].united, clusters, max(counts)).items()
            }
            report.add(name, subset, "recall", summarise([sum(v) / len(v) for v in shares.values() if v]))


def _seconds(report: Report, name: str, runs: Sequence[Mapping[str, Answers]]) -> None:
    for subset, field_name in (("ranking", "rank_s"), ("showing", "show_s")):
        taken = [1_000 * seconds for run in runs for seconds in getattr(run[name], field_name)]
        for q, metric in ((0.5, "p50_ms"), (0.99, "p99_ms")) if taken else ():
            report.add(name, subset, metric, summarise_quantile(taken, q))
    if fitted := [seconds for run in runs for seconds in run[name].fit_s]:
        report.add(name, "fitting", "seconds", summarise(fitted))


def _told(found: Mapping[str, Mapping[int, Found]]) -> dict[str, Any]:
    """Each dialogue's averages, and at each of its turns the ranks of what was found and how much there was to find."""
    told: dict[str, Any] = {}
    for name, turns in found.items():
        if turns:
            figures = average([one.figures() for one in turns.values()])
            told[name] = {metric: figures[metric] for metric in SHOWN} | {
                "turns": {str(turn): {"n_gold": one.n_gold, "ranks": list(one.ranks)} for turn, one in turns.items()}
            }
    return told
