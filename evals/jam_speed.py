"""How fast is JAM here, beside the reference code's way of working? Training, evaluation, scoring and retrieval.

Task. `evals.reference_jam` trains and evaluates on a data set in the reference's way, our code does the same work, both
with the paper's protocol (BPR, batches of 512, 4 negatives, d = 128), in one run on one core. Then one request is
scored against a hundred thousand tracks, and the same tracks are searched through Chroma (`evals.jam_serving`), on as
many cores as the settings say.

Conventions. Parts and systems:

    train       `reference-avg`, `reference-cross` and ours, `avg` and `cross`: `all` is a training of 25 epochs with
                validation after each, subset `train` an epoch's training alone. Fewer epochs are extrapolated, and the
                settings say how many were run. `listwise`: CrossMixing with our own loss, until it first has the
                NDCG@10 of the reference's CrossMixing (`all`) or AvgMixing on the queries it is validated on.
    evaluate    the same systems, subset `evaluate`: NDCG and recall @10 and @100 of all queries of the split.
    score       every track's exact score for one request: ours (`exact`), `materialised`, which builds the mixed vector
                of every track as the reference does, and `together`, per request of 64 that are scored at once.
    retrieve    the best 100 from Chroma and by the exact index (`exact search`); `chroma` subset `lists of n` is what
                lists of that length prove by where they end, without the bounds of single tracks.

`times` is how many times faster than the reference's way in the same subset. `seconds` of the first two parts are CPU
seconds on one thread, what a core of its own would take. `peak_mb` is what memory grew by, in 10⁶ bytes.

Whether the yardstick counts. Subset `recorded` of the reference holds what the reference code itself took and reached
on this data (`RECORDED`), its seconds scaled by the speed of BLAS: a slower one in this run allows for more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.child import run_child
from evals.errors import EvaluationDataError
from evals.jam import text_encoder
from evals.jam_measure import MIXERS, WHOLE, save_encoded
from evals.metrics import Summary, summarise, summarise_quantile
from evals.naming import choose
from evals.report import Report
from evals.scratch import scratch_home
from recsys.encoders.text import TextEncoder
from recsys.jam.files import JamFolder, read_jam
from recsys.types import Progress

PARTS = ("train", "evaluate", "score", "retrieve")
DATA_SET = "lastfm-jam"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the reference code took and reached on lastfm-jam, one core, d = 128, 25 epochs with validation."""

    seconds: float  # of training with validation
    evaluate_s: float  # of ranking 2,926 held-out queries
    ndcg: float  # NDCG@10 of those


RECORDED = {"avg": Recorded(405, 9.8, 0.202), "cross": Recorded(2_121, 74, 0.234)}
_RECORDED_QUERIES = 2_926
#: GFLOP/s of `blas_gflops` on one idle core of the kind of machine that those were recorded on.
_RECORDED_GFLOPS = 85.0
#: How far a faithful way may be off the recorded NDCG@10.
_NEAR = 0.01


def choose_parts(names: str) -> tuple[str, ...]:
    """Read a comma-separated list of parts, or "all".

    Raises:
        UnknownSystemError: one of them does not exist.
    """
    return choose(names, PARTS)


def bench_jam(
    folder: Path,
    parts: Sequence[str],
    seeds: Sequence[int],
    *,
    epochs: int,
    encoder: TextEncoder,
    kept: Path | None = None,
    encoder_name: str = "",
    n_tracks: int = 100_000,
    threads: int = 2,
    serving: Mapping[str, int] | None = None,
    progress: Progress | None = None,
) -> tuple[Report, list[str]]:
    """Measure the parts; return the report, and one line for each check of the yardstick.

    Args:
        folder: holds `lastfm-jam`, or is a data set in the JAM file format.
        parts: of `PARTS`.
        seeds: of weights, order and negatives; one run each.
        epochs: how many each way trains; 25 is the whole protocol.
        encoder: of the request texts.
        kept: where encoded texts are kept, if anywhere.
        encoder_name: how the settings name it.
        n_tracks: to score and search.
        threads: for scoring and searching.
        serving: what else `evals.jam_serving` is told, in place of its defaults.
        progress: told about every stage.

    Raises:
        EvaluationDataError: there is no data set.
        CommandFailedError: a part ended badly.
    """
    checks: list[str] = []
    said: dict[str, Any] = {"data": folder, "parts": list(parts), "encoder": encoder.name}
    report = Report("segue bench jam", said, seeds)
    with scratch_home(kept) as home:
        if {"train", "evaluate"} & set(parts):
            checks += _against_reference(folder, parts, report, said, epochs, encoder, home, kept, progress)
        served = [part for part in parts if part in ("score", "retrieve")]
        if served:
            said |= {"threads": threads}
            asked: dict[str, Any] = {"folder": str(folder.absolute()), "home": str(home), "encoder": encoder_name}
            asked |= {"parts": served, "n_tracks": n_tracks, "threads": threads, **(serving or {})}
            runs = _runs("evals.jam_serving:serving", asked, seeds, progress, threads=threads)
            said |= {"tracks": runs[0]["n_tracks"], "of_them_real": runs[0]["n_real"]}
            if "score" in parts:
                _fill_scoring(report, [run["score"] for run in runs])
            if "retrieve" in parts:
                _fill_retrieval(report, [run["retrieve"] for run in runs])
    return report, checks


def _against_reference(
    folder: Path,
    parts: Sequence[str],
    report: Report,
    said: dict[str, Any],
    epochs: int,
    encoder: TextEncoder,
    home: Path,
    kept: Path | None,
    progress: Progress | None,
) -> list[str]:
    """Train and evaluate both ways; return the checks of the yardstick in words."""
    checks: list[str] = []
    data_set = find_data_set(folder)
    dataset = read_jam(data_set)
    split = "test" if "test" in dataset.splits else "val"
    if not {"train", "val"} <= set(dataset.splits):
        raise EvaluationDataError(f"{data_set} lacks a train or val split; both are needed to train and validate")
    texts = sorted({text for one in dataset.splits.values() for text in one.texts})
    encoded = home.with_name("encoded.npz")
    save_encoded(encoded, texts, text_encoder(encoder, None if kept is None else kept / "cache" / "embeddings")(texts))
    common = {"folder": str(data_set.absolute()), "encoded": str(encoded), "split": split}
    said |= {"split": split, "queries": len(dataset.splits[split])}
    if "train" in parts:
        said |= {"epochs": epochs, "extrapolated_to": WHOLE}
        runs = _runs("evals.jam_measure:training", common | {"epochs": epochs}, report.seeds, progress)
        said["blas_gflops"] = round(summarise([run["blas_gflops"] for run in runs]).mean, 1)
        checks += _fill_training(report, runs, epochs, split)
    if "evaluate" in parts:
        _fill_evaluation(report, _runs("evals.jam_measure:evaluation", common, report.seeds, progress))
    return checks


def find_data_set(folder: Path) -> Path:
    """Return the data set to train on: the folder itself, or `lastfm-jam` in it.

    Raises:
        EvaluationDataError: there is none.
    """
    for path in (folder, folder / DATA_SET):
        if JamFolder.find(path) is not None:
            return path
    raise EvaluationDataError(
        f"{folder} holds no {DATA_SET} and is no data set in the JAM file format; give --data one"
    )


def _runs(
    target: str,
    arguments: Mapping[str, Any],
    seeds: Sequence[int],
    progress: Progress | None,
    *,
    threads: int = 1,
) -> list[dict[str, Any]]:
    return [run_child(target, {**arguments, "seed": seed}, threads=threads, progress=progress) for seed in seeds]


def _fill_training(report: Report, runs: Sequence[Mapping[str, Any]], epochs: int, split: str) -> list[str]:
    """Put training's figures into the report; return the checks of the yardstick in words."""
    checks = []
    for mixer in MIXERS:
        reference, ours = ([run[mixer][way] for run in runs] for way in ("reference", "ours"))
        for name, those in ((f"reference-{mixer}", reference), (mixer, ours)):
            report.add(name, "all", "seconds", summarise([WHOLE * one["whole_s"] for one in those]))
            if epochs >= WHOLE:
                report.add(name, "all", "ndcg@10", summarise([one["ndcg@10"] for one in those]))
            report.add(name, "train", "seconds", summarise([one["train_s"] for one in those]))
            rates = [one["n_triples"] / one["train_s"] for one in those]
            report.add(name, "train", "triples_per_s", summarise(rates))
        for subset, key in (("all", "whole_s"), ("train", "train_s")):
            report.add(mixer, subset, "times", _ratios(reference, ours, key))
        recorded, scale = RECORDED[mixer], _RECORDED_GFLOPS / summarise([run["blas_gflops"] for run in runs]).mean
        report.add(f"reference-{mixer}", "recorded", "seconds", _figure(recorded.seconds * scale))
        report.add(f"reference-{mixer}", "recorded", "ndcg@10", _figure(recorded.ndcg))
        results = report.results[f"reference-{mixer}"]
        checks.append(_time_check(mixer, results["all"]["seconds"].mean, recorded.seconds, scale, epochs))
        checks.append(_quality_check(mixer, results["all"].get("ndcg@10"), recorded.ndcg, split, epochs))
    _fill_quick(report, runs, epochs)
    return checks


def _fill_quick(report: Report, runs: Sequence[Mapping[str, Any]], epochs: int) -> None:
    """Put the seconds to the reference's NDCG@10 into the report: its own where it ran whole, else the recorded one."""
    for mixer, subset in (("cross", "all"), ("avg", "to reference-avg")):
        took, had, times = [], [], []
        for run in runs:
            reference, quick = run[mixer]["reference"], run["quick"]
            target = reference["validated"] if epochs >= WHOLE else RECORDED[mixer].ndcg
            reached = next((n for n, value in enumerate(quick["ndcg@10"], 1) if value >= target), None)
            if reached is not None:
                took.append(reached * quick["epoch_s"])
                had.append(quick["ndcg@10"][reached - 1])
                times.append(WHOLE * reference["whole_s"] / took[-1])
        if took:
            report.add("listwise", subset, "seconds", summarise(took))
            report.add("listwise", subset, "ndcg@10", summarise(had))
            report.add("listwise", subset, "times", summarise(times))
        else:
            report.add("listwise", subset, "ndcg@10", summarise([max(run["quick"]["ndcg@10"]) for run in runs]))


def _fill_evaluation(report: Report, runs: Sequence[Mapping[str, Any]]) -> None:
    for mixer in MIXERS:
        reference, ours = ([run[mixer][way] for run in runs] for way in ("reference", "ours"))
        for name, those in ((f"reference-{mixer}", reference), (mixer, ours)):
            if name not in report.results:  # the first subset of a system is `all`
                report.add(name, "all", "n_queries", summarise([run["n_queries"] for run in runs]))
            for metric in ("seconds", "peak_mb"):
                report.add(name, "evaluate", metric, summarise([one[metric] for one in those]))
        report.add(mixer, "evaluate", "times", _ratios(reference, ours, "seconds"))


def _fill_scoring(report: Report, runs: Sequence[Mapping[str, Sequence[float]]]) -> None:
    for name in ("exact", "materialised", "together"):
        ms = [took for run in runs for took in run[name]]
        report.add(name, "all", "p50_ms", summarise_quantile(ms, 0.5))
        report.add(name, "all", "p95_ms", summarise_quantile(ms, 0.95))
    for name in ("exact", "together"):
        ratios = [float(np.median(run["materialised"]) / np.median(run[name])) for run in runs]
        report.add(name, "all", "times", summarise(ratios))


def _fill_retrieval(report: Report, runs: Sequence[Mapping[str, Any]]) -> None:
    for name, subset, found in (
        ("chroma", "all", [run["chroma"] for run in runs]),
        *(("chroma", f"lists of {n}", [run["lists"][n] for run in runs]) for n in runs[0]["lists"]),
        ("exact search", "all", [run["exact"] for run in runs]),
    ):
        joined = {key: [value for one in found for value in one[key]] for key in found[0]}
        report.add(name, subset, "p50_ms", summarise_quantile(joined["ms"], 0.5))
        report.add(name, subset, "p95_ms", summarise_quantile(joined["ms"], 0.95))
        report.add(name, subset, "recall@100", summarise(joined["recall"]))
        report.add(name, subset, "certified", summarise(joined["certified"]))
        report.add(name, subset, "scored_p50", summarise_quantile(joined["scored"], 0.5))
    report.add("chroma", "build", "seconds", summarise([run["build_s"] for run in runs]))


def _time_check(mixer: str, seconds: float, recorded: float, scale: float, epochs: int) -> str:
    how = "" if epochs >= WHOLE else f", extrapolated from {epochs}"
    verdict = "not slower" if seconds <= recorded * scale else "SLOWER"
    allowed = f"{recorded:,.0f} s × {scale:.2f} for the speed of BLAS = {recorded * scale:,.0f} s"
    return f"reference-{mixer}: {seconds:,.0f} s for {WHOLE} epochs with validation{how}; recorded {allowed}: {verdict}"


def _quality_check(mixer: str, found: Summary | None, recorded: float, split: str, epochs: int) -> str:
    name = f"reference-{mixer}: NDCG@10"
    if found is None:
        return f"{name} not compared after {epochs} of {WHOLE} epochs; --epochs {WHOLE} compares it"
    verdict = f"within {_NEAR}" if abs(found.mean - recorded) <= _NEAR else f"NOT within {_NEAR}"
    where = "" if split == "test" else ", which is of the held-out part that is not in this folder"
    return f"{name} {found.mean:.3f} on {split}, recorded {recorded:.3f}{where}: {verdict}"


def _ratios(reference: Sequence[Mapping[str, float]], ours: Sequence[Mapping[str, float]], key: str) -> Summary:
    return summarise([theirs[key] / own[key] for theirs, own in zip(reference, ours, strict=True)])


def _figure(value: float) -> Summary:
    return Summary(value, value, value, 0.0, 1)
