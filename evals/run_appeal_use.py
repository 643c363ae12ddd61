"""The command `segue eval appeal-use`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evals.options import Commands, JsonFile, Kept, MarkdownFile, Seeds, SongsOrStarter, begin, check_folder, finish

if TYPE_CHECKING:
    from evals.appeal_use import Prediction
    from evals.report import Report
    from recsys.types import Progress


def appeal_use(
    ratings: Annotated[
        Path | None,
        typer.Option("--ratings", metavar="FILE", help="Ratings of MusicCaps: judge what ships, and no catalogue."),
    ] = None,
    shipped: Annotated[
        Path | None, typer.Option("--ship", metavar="FOLDER", help="With --ratings: write what ships there.")
    ] = None,
    catalogue: SongsOrStarter = None,
    indexed: Annotated[
        Path | None,
        typer.Option("--home", metavar="FOLDER", help="Use the index of this data folder; it stays as it is."),
    ] = None,
    unserved: Annotated[
        bool, typer.Option("--unserved", help="Index nothing: only predict popularity, of a large catalogue.")
    ] = False,
    kept: Kept = None,
    seeds: Seeds = "64",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Predict quality and hidden popularity, with their intervals, and rank with and without them."""
    from connectors.progress import JobProgress
    from evals.report import Report

    drawn = begin(seeds, json, markdown)
    check_folder(shipped, "--ship")
    if shipped is not None and ratings is None:
        raise typer.BadParameter("--ship goes with --ratings FILE; give that as well")
    report = Report("appeal-use", {"ratings": ratings, "catalogue": catalogue or "the starter"}, drawn)
    with JobProgress() as progress:
        if ratings is not None:
            _of_ratings(report, ratings, shipped, kept)
        elif unserved:
            _of_unserved(report, catalogue, kept, progress)
        else:
            _of_catalogue(report, catalogue, indexed, kept, progress)
    finish(report, json, markdown)


def _of_ratings(report: Report, ratings: Path, shipped: Path | None, kept: Path | None) -> None:
    from evals.appeal_ratings import evaluate_ratings, read_ratings, ship
    from evals.metrics import Summary
    from evals.scratch import scratch_home
    from recsys.encoders.text import open_text_encoder

    def of(value: float, low: float | None = None, high: float | None = None) -> Summary:
        return Summary(value, value if low is None else low, value if high is None else high, 0.0, n)

    with scratch_home(kept) as home:
        read = read_ratings(ratings, open_text_encoder("all-MiniLM-L6-v2", home / "cache" / "encoder", 1))
        n = len(read.values)
        figures = evaluate_ratings(read, report.seeds[0])
        for name in ("posterior", "the mean"):
            mine = name == "posterior"
            for subset in ("all", *read.heads):
                chosen = [one for one in figures if subset in ("all", one.axis)]
                errors = [one.error if mine else one.error_of_mean for one in chosen]
                report.add(name, subset, "root mean square error", of(sum(errors) / len(errors)))
                if mine:
                    ends = [
                        sum(getattr(one, end) for one in chosen) / len(chosen) for end in ("spearman", "low", "high")
                    ]
                    report.add(name, subset, "spearman", of(*ends))
                    for metric, field in (("covered", "covered"), ("covered, captions", "covered_elsewhere")):
                        report.add(name, subset, metric, of(sum(getattr(one, field) for one in chosen) / len(chosen)))
        if shipped is not None:
            ship(read, shipped, report.seeds[0], figures)
            typer.echo(f"what ships is in {shipped}", err=True)


def _of_catalogue(
    report: Report, catalogue: Path | None, indexed: Path | None, kept: Path | None, progress: Progress
) -> None:
    from contextlib import nullcontext

    from assistant.app import Assistant
    from evals.appeal_use import N_TURNS, hide, learn, milliseconds, quality_of_gems, slates, with_appeal
    from evals.metrics import Summary
    from evals.scratch import open_served, scratch_home, scratch_settings, serve
    from recsys import generations
    from recsys.appeal.predicting import tables_of

    lent: Any = nullcontext(indexed) if indexed is not None else scratch_home(kept)
    with lent as home:
        settings = scratch_settings(home)
        if indexed is None:
            with Assistant(settings) as assistant:
                serve(assistant, catalogue, progress=progress)
        folder = generations.current(home).folder
        recommender = open_served(settings)
        seed = report.seeds[0]
        of_ratings = recommender.catalogue.appeal
        if of_ratings is not None and of_ratings.middles:
            told = quality_of_gems(recommender, of_ratings, report.seeds)
            for name, one in told.items():
                figure, system = name.split(", ")
                report.add(f"hidden gems, {system}", "all", f"{figure} of slates", one)
            for system, taken in milliseconds(recommender, of_ratings).items():
                report.add(f"a turn, {system}", "all", "milliseconds", Summary(taken, taken, taken, 0.0, N_TURNS))
        tables = tables_of(folder, recommender.catalogue)
        hidden = hide(recommender.catalogue, seed)
        appeal, prediction = learn(recommender.catalogue, home, tables, hidden, seed, progress)
        _add(report, prediction)
        for dial, figures in slates(with_appeal(recommender, None), hidden, appeal, report.seeds).items():
            for name, popularity in figures.items():
                label, system = name.split(", ")
                report.add(f"{dial}, {system}", "all", f"popularity of {label}", popularity)


def _of_unserved(report: Report, catalogue: Path | None, kept: Path | None, progress: Progress) -> None:
    from evals.appeal_use import encode, hide, learn
    from evals.scratch import scratch_home
    from recsys.catalogue import Catalogue
    from recsys.encoders.text import open_text_encoder
    from recsys.sources import read_source, read_starter

    content = read_starter() if catalogue is None else read_source(catalogue)
    tracks = Catalogue.from_tracks(content.tracks)  # playlists of the days of a popularity are no content
    with scratch_home(kept) as home:
        encoder = open_text_encoder("all-MiniLM-L6-v2", home / "cache" / "encoder", 1)
        tables = encode(tracks, encoder, home, progress)
        seed = report.seeds[0]
        _add(report, learn(tracks, home, tables, hide(tracks, seed), seed, progress)[1])


def _add(report: Report, prediction: Prediction) -> None:
    from dataclasses import asdict

    from evals.metrics import Summary

    n = prediction.n_hidden
    figure = Summary(prediction.spearman, prediction.low, prediction.high, 0.0, n)
    report.add("hidden popularity", "all", "spearman", figure)
    covered = Summary(prediction.covered, prediction.covered, prediction.covered, 0.0, n)
    report.add("hidden popularity", "all", "covered", covered)
    report.details["prediction"] = asdict(prediction)


#: Every command with its example.
COMMANDS: Commands = ((appeal_use, "segue eval appeal-use --catalogue spotify_songs.csv.gz --json appeal-use.json"),)
