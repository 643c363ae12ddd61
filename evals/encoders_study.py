"""The study of content vectors from beginning to end: what it is run on, what is run, and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from evals.encoders import RECOMMENDERS, WITHOUT_CONTENT, Plan, run_grid
from evals.encoders_data import (
    Facts,
    StudyData,
    read_embeddings,
    read_preset,
    read_table_of_pairs,
)
from evals.encoders_home import read_home
from evals.encoders_plot import bars, counts
from evals.encoders_probe import agreement, probe
from evals.encoders_recovered import ndcgs, recovered, warm_references
from evals.encoders_report import Figures, chosen, exposure, fill, genre_counts
from evals.encoders_tables import exposure_table, grid_table
from evals.encoders_words import as_markdown, in_words, plot_of, time_in_words, weights_of
from evals.errors import EvaluationDataError, UnknownSystemError
from evals.metrics import Summary, summarise
from evals.report import Report
from recsys.cold.content import Content
from recsys.cold.interactions import Interactions
from recsys.cold.splits import PROTOCOLS, Protocol, Split, published_split
from recsys.sequential.plays import Plays
from recsys.types import FloatArray, Progress

_CONTROLS = ("shuffled", "random", *WITHOUT_CONTENT)
_PUBLISHED_HEADER = ("user_id", "track_id", "timestamp")
#: Which of the recommenders make vectors that can stand in for collaborative ones.
_PREDICTING = ("contrastive", "hybrid")


@dataclass(frozen=True)
class Published:
    """Splits dated plays as published; a class, so that other processes can be given it."""

    plays: Plays
    begin: str

    def __call__(self, protocol: Protocol, seed: int) -> Split:
        """Hold out by a protocol."""
        return published_split(self.plays, protocol, seed, begin=self.begin)


def open_data(
    interactions: Path | None,
    embeddings: Sequence[str],
    ids: Path | None,
    preset: str | None,
    folder: Path | None,
    home: Path | None,
    begin: str,
    *,
    progress: Progress,
) -> StudyData:
    """Read what the command line names.

    Raises:
        EvaluationDataError: something is missing, or cannot be read.
    """
    if preset is not None:
        if folder is None:
            raise EvaluationDataError(f"--data {preset} is assembled from files; give --folder, where they are")
        data = read_preset(preset, folder)
    elif home is not None:
        data = read_home(home, progress=progress)
    else:
        assert interactions is not None
        data = _of_file(interactions, begin, progress)
    given = read_embeddings(embeddings, ids, data.interactions.item_ids) if embeddings else {}
    encoders = {**data.encoders, **given}
    if not encoders:
        raise EvaluationDataError("no encoder is named; give --embeddings NAME=FILE.npy, and --ids FILE")
    return replace(data, encoders=encoders)


def choose_plan(
    data: StudyData,
    protocols: str,
    seeds: tuple[int, ...],
    recommenders: str,
    encoders: str | None,
    controls: str,
    faults: tuple[str, ...],
) -> Plan:
    """Read what the command line says is to be run.

    Raises:
        UnknownSystemError: there is no such protocol, recommender, encoder or control.
    """
    wanted = cast(tuple[Protocol, ...], _named(protocols, PROTOCOLS, "protocol"))
    tables = (
        tuple(data.encoders)
        if encoders is None
        else _named(encoders, (*data.encoders, *(data.extra.known if data.extra else ())), "encoder")
    )
    beside = () if controls.strip() == "none" else _named(controls, _CONTROLS, "control")
    return Plan(wanted, seeds, _named(recommenders, RECOMMENDERS, "recommender"), tables, beside, faults)


def evaluate(
    data: StudyData,
    plan: Plan,
    *,
    kept: Path | None,
    workers: int,
    recover: bool,
    folder: Path | None,
    progress: Progress,
) -> Report:
    """Run the study and tell of it.

    Args:
        data: what it is run on.
        plan: what is run.
        kept: where cells that are done are kept.
        workers: processes at a time.
        recover: whether cold is compared with a reference that knows the held-out items' plays by others.
        folder: where words, plots and weights go.
        progress: told cells.
    """
    pairs = data.interactions
    _, left_out = plan.cells(dated=data.dated, n_items=len(pairs.item_ids))
    figures = Figures(list(run_grid(data, plan, kept=kept, workers=workers, progress=progress)))
    began = time.process_time()
    took = time_in_words(len(figures.measured), figures.seconds())
    stated = {
        "data": data.name,
        "listeners": len(pairs.listener_ids),
        "items": len(pairs.item_ids),
        "pairs": len(pairs),
        "encoders": {name: _told(data.content(name, 0)) for name in plan.encoders},
        "as_published": list(plan.faults),
        "left_out": left_out,
        "grid": took,
    }
    report = Report("segue eval encoders", stated, plan.seeds)
    fill(report, figures, plan)
    probes = _probes(data, plan, report, progress)
    agreements = _agreements(figures, plan, probes)
    again = _recovered(data, figures, plan, report, progress) if recover and "cold" in plan.protocols else {}
    words = in_words(data, figures, plan, probes, agreements, again)
    weights = weights_of(data, figures, plan)
    shown = {protocol: exposure(data, figures, protocol) for protocol in plan.protocols}
    report.selection = {"chosen": chosen(figures), "encoder_weights": weights.to_json()}
    report.details = {
        "in_words": words,
        "rank_correlation": agreements,
        "exposure": shown,
        "genre_counts": genre_counts(data.facts),
        "facts": dict(data.facts.about),
        "cpu_seconds": round(figures.seconds(), 1),
    }
    report.details["cpu_seconds_beside"] = round(time.process_time() - began, 1)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        plots, tables = list[str](), [took]
        legend = ("content", "shuffled or random", "no content")
        for protocol in plan.protocols:
            tables += [f"## {protocol}, NDCG@10 (shuffled)", grid_table(figures, plan, protocol)]
            tables += [
                f"## {protocol}, away from what could be shown",
                exposure_table(figures, shown[protocol], protocol),
            ]
            plots.append(f"{data.name}-{protocol}.svg")
            drawn = bars(f"{data.name}, {protocol}", plot_of(figures, plan, protocol), unit="NDCG@10", legend=legend)
            (folder / plots[-1]).write_text(drawn, encoding="utf-8")
        plots.append(f"{data.name}-genres.svg")
        drawn = counts(f"{data.name}: items by first genre", genre_counts(data.facts))
        (folder / plots[-1]).write_text(drawn, encoding="utf-8")
        (folder / f"{data.name}.md").write_text(as_markdown(report.command, [*words, *tables], plots), encoding="utf-8")
        weights.write(folder / f"{data.name}-weights.json")
    return report


def _probes(data: StudyData, plan: Plan, report: Report, progress: Progress) -> dict[str, dict[str, Summary]]:
    """Read genre and tags from every encoder's vectors, random ones among them."""
    found: dict[str, dict[str, Summary]] = {}
    names = [*plan.encoders, "random"]
    for number, name in enumerate(names, 1):
        content = data.content(name, plan.seeds[0])
        for kind in ("genre", "tag"):
            summary = probe(data, content, kind, seed=plan.seeds[0])
            if summary is not None:
                found.setdefault(name, {})[kind] = summary
                report.add(f"probe: {name}", "all", f"auc_{kind}", summary)
        progress("probing", number, len(names))
    return found


def _agreements(figures: Figures, plan: Plan, probes: dict[str, dict[str, Summary]]) -> dict[str, Any]:
    found = {}
    for kind in ("genre", "tag"):
        read = {name: one[kind].mean for name, one in probes.items() if kind in one}
        for protocol in plan.protocols:
            for recommender in plan.recommenders:
                systems = {name: f"{recommender} of {name}" for name in read}
                there = {name: one for name, one in systems.items() if one in figures.systems(protocol)}
                figure = {name: figures.mean(protocol, one) for name, one in there.items()}
                if (one := agreement(read, figure)) is not None:
                    # Noise is last in both, which alone makes them agree.
                    without = agreement({name: read[name] for name in plan.encoders if name in read}, figure)
                    found[f"{kind}, {protocol}, {recommender}"] = one | {"without_random": without}
    return found


def _recovered(data: StudyData, figures: Figures, plan: Plan, report: Report, progress: Progress) -> dict[str, Summary]:
    """Compare the predicted vectors of new items with those that a history would give them."""
    warm, popular, listeners = list[FloatArray](), list[FloatArray](), []
    for seed in plan.seeds:
        split = data.split("cold", seed)
        reference, others = warm_references(split, seed=seed, progress=progress)
        warm.append(ndcgs(reference, split))
        popular.append(ndcgs(others, split))
        listeners.append(split.asking.listeners)
    of_warm, of_popular, whose = np.concatenate(warm), np.concatenate(popular), np.concatenate(listeners)
    for name, values in (("warm", of_warm), ("popularity among others", of_popular)):
        report.add(f"cold: {name}", "all", "ndcg@10", summarise(values.tolist(), groups=whose.tolist()))
    found = {}
    for recommender in _PREDICTING:
        mine = [f"{recommender} of {encoder}" for encoder in plan.encoders]
        best = _best_of(figures, mine)
        for system in (best, f"{best} shuffled"):
            if best is not None and system is not None and system in figures.systems("cold"):
                found[system] = _ratio(
                    report, system, figures.values("cold", system, "ndcg@10")[0], of_warm, of_popular, whose
                )
    found["popularity among others"] = _ratio(report, "popularity among others", of_popular, of_warm, None, whose)
    if "popularity" in figures.systems("cold"):
        values = figures.values("cold", "popularity", "ndcg@10")[0]
        found["popularity"] = _ratio(report, "popularity", values, of_warm, None, whose)
    return found


def _ratio(
    report: Report, system: str, of: FloatArray, warm: FloatArray, popular: FloatArray | None, whose: Any
) -> Summary:
    found = recovered(of, warm, None, whose)
    report.add(f"cold: {system}", "all", "recovered", found)
    if popular is not None:
        report.add(f"cold: {system}", "all", "recovered_beyond_popularity", recovered(of, warm, popular, whose))
    return found


def _best_of(figures: Figures, systems: Sequence[str]) -> str | None:
    known = {one: figures.chosen_by("cold", one) for one in systems if one in figures.systems("cold")}
    known = {one: value for one, value in known.items() if np.isfinite(value)}
    return max(known, key=lambda one: known[one]) if known else None


def _of_file(path: Path, begin: str, progress: Progress) -> StudyData:
    """Read Music4All as published, which its header tells, or any table of pairs."""
    from recsys.sequential.reading import open_text
    from recsys.sequential.reading_logs import read_music4all

    with open_text(path) as file:
        header = tuple(file.readline().rstrip("\r\n").split("\t"))
    if header == _PUBLISHED_HEADER:
        plays = read_music4all(path, progress=progress)
        pairs = Interactions.of_plays(plays)
        notes = (f"learnt from the year before {begin} and asked about the month after it, as published",)
        return StudyData("music4all", pairs, {}, _unknown(len(pairs.item_ids)), notes, Published(plays, begin))
    pairs = read_table_of_pairs(path)
    return StudyData(path.stem, pairs, {}, _unknown(len(pairs.item_ids)))


def _unknown(n_items: int) -> Facts:
    return Facts(((),) * n_items, ("",) * n_items, ("",) * n_items, (frozenset(),) * n_items)


def _named(text: str, known: tuple[str, ...], kind: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for one in chosen:
        if one not in known:
            raise UnknownSystemError(one, known, kind)
    return chosen


def _told(content: Content) -> dict[str, int]:
    return {"width": content.vectors.shape[1], "items": int(content.present.sum())}
