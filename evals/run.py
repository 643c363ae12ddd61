"""`segue eval …` and `segue bench …`: each command runs one evaluation, prints its report and can write it as JSON.

Conventions for good: `--seeds` takes one or several whole numbers; results go to stdout, progress and logs to stderr;
the exit status is 0 only on success. No command touches the catalogue in the user's data folder. Everything heavy is
imported inside the commands.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from evals import (
    run_apex,
    run_appeal_use,
    run_artists,
    run_bridge,
    run_cold_product,
    run_cpcd,
    run_encoders,
    run_enriching,
    run_folder,
    run_group,
    run_hearing,
    run_history,
    run_jam,
    run_listener,
    run_listening,
    run_load,
    run_lyrics,
    run_metamorphic,
    run_mgphot,
    run_predicting_cost,
    run_radio,
    run_radio_speed,
    run_sequences,
    run_sequential,
    run_sequential_ablation,
    run_sequential_speed,
    run_taste,
    run_understanding,
    run_walks,
    run_wording,
)
from evals.options import JsonFile, Kept, Seeds, Songs, Systems, Trec, Turns, begin, finish

_CONTEXT = {"help_option_names": ["-h", "--help"]}
eval_app = typer.Typer(
    help="Measure quality: each evaluation prints a table, --json writes it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_CONTEXT,
)
bench_app = typer.Typer(
    help="Measure speed, memory and the bounds the product promises.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_CONTEXT,
)

_COMMANDS = (
    *run_apex.COMMANDS,
    *run_appeal_use.COMMANDS,
    *run_cold_product.COMMANDS,
    *run_cpcd.COMMANDS,
    *run_encoders.COMMANDS,
    *run_enriching.COMMANDS,
    *run_group.COMMANDS,
    *run_bridge.COMMANDS,
    *run_hearing.COMMANDS,
    *run_artists.COMMANDS,
    *run_jam.COMMANDS,
    *run_listener.COMMANDS,
    *run_lyrics.COMMANDS,
    *run_metamorphic.COMMANDS,
    *run_mgphot.COMMANDS,
    *run_radio.COMMANDS,
    *run_sequential.COMMANDS,
    *run_sequential_ablation.COMMANDS,
    *run_taste.COMMANDS,
    *run_understanding.COMMANDS,
    *run_walks.COMMANDS,
    *run_wording.COMMANDS,
)
for _command, _example in _COMMANDS:
    eval_app.command(epilog=f"Example: {_example}")(_command)
_BENCHES = (
    *run_understanding.BENCHES,
    *run_history.BENCHES,
    *run_folder.BENCHES,
    *run_listening.BENCHES,
    *run_load.BENCHES,
    *run_predicting_cost.BENCHES,
    *run_radio_speed.BENCHES,
    *run_sequential_speed.BENCHES,
    *run_sequences.BENCHES,
)
for _command, _example in _BENCHES:
    bench_app.command(epilog=f"Example: {_example}")(_command)


@eval_app.command(
    epilog="Example: segue eval playlists --catalogue spotify_songs.csv.gz --seeds 0 --json playlists.json"
)
def playlists(
    catalogue: Annotated[
        Path, typer.Option("--catalogue", metavar="FILE", help="A table with named playlists (spotify_songs.csv.gz).")
    ],
    seeds: Seeds = "0",
    systems: Systems = "all",
    trec: Trec = None,
    kept: Kept = None,
    json: JsonFile = None,
) -> None:
    """Complete held-out playlists from their name and half of their tracks."""
    from connectors.progress import JobProgress
    from evals.playlists import choose_systems, evaluate

    chosen, drawn = choose_systems(systems), begin(seeds, json, trec=trec)
    with JobProgress() as progress:
        report = evaluate(catalogue, drawn, chosen, trec=trec, kept=kept, progress=progress)
    finish(report, json)


@eval_app.command(epilog="Example: segue eval requests --seeds 64 --show")
def requests(
    catalogue: Annotated[
        Path | None, typer.Option("--catalogue", metavar="FILE", help="Ask this instead of the starter catalogue.")
    ] = None,
    seeds: Seeds = "64",
    requests: Annotated[
        Path | None,
        typer.Option("--requests", metavar="FILE", help="Other requests, in the form of evals/requests.toml."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print every slate.")] = False,
    kept: Kept = None,
    json: JsonFile = None,
) -> None:
    """Ask thirty varied requests and check what a knowledgeable friend would."""
    from connectors.console import open_console, show_reply
    from connectors.progress import JobProgress
    from evals.requests import evaluate, load_requests

    asked, drawn = load_requests(requests), begin(seeds, json)
    with JobProgress() as progress:
        report, answers = evaluate(asked, drawn, catalogue=catalogue, kept=kept, progress=progress)
    console = open_console()
    for answer in answers:
        mark = "met" if answer.share_met == 1 else "NOT MET"
        console.print(f"\n{answer.request.name} (seed {answer.seed}): {mark}")
        console.print(f"  “{'” … “'.join(answer.request.say)}”", soft_wrap=True)
        for check in answer.checks:
            sign = {True: "✓", False: "✗", None: "–"}[check.met]
            console.print(f"  {sign} {check.asked}: {check.found}", soft_wrap=True)
        if show:
            show_reply(console, answer.reply)
    console.print()
    finish(report, json)


@eval_app.command(epilog="Example: segue eval starter --data ../shared/data --draw 100 --seeds 64")
def starter(
    data: Annotated[
        Path, typer.Option("--data", metavar="FOLDER", help="Folder that holds spotify-songs/, hits/ and cpcd/.")
    ],
    seeds: Seeds = "64",
    n_drawn: Annotated[
        int, typer.Option("--draw", min=0, help="Print this many unconfirmed rows, drawn by seed, to check by hand.")
    ] = 0,
    every: Annotated[bool, typer.Option("--all", help="Print every row with its verdict.")] = False,
    json: JsonFile = None,
) -> None:
    """Check the starter catalogue against real ones; exit status 1 if a row is contradicted."""
    from evals.report import Report
    from evals.starter import RealTracks, check, count, describe, draw, shares
    from recsys.sources import read_starter

    drawn = begin(seeds, json)
    findings = check(read_starter().tracks, RealTracks.read(data))
    for finding in findings:
        if every or finding.verdict == "contradicted":
            typer.echo(describe(finding))
    for seed in drawn if n_drawn else ():
        for finding in draw(findings, n_drawn, seed):
            typer.echo(describe(finding))
    report = Report("segue eval starter", {"data": data, "draw": n_drawn}, drawn)
    for verdict, share in shares(findings, drawn[0]).items():
        report.add("starter", "all", verdict, share)
    finish(report, json)
    typer.echo(count(findings))
    if any(finding.verdict == "contradicted" for finding in findings):
        raise typer.Exit(1)


@eval_app.command(epilog="Example: segue eval mutants --only likes-not-stored")
def mutants(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Run this mutant; may be given again.")
    ] = None,
    repository: Annotated[
        Path, typer.Option("--repository", metavar="FOLDER", help="The checkout to copy and break.")
    ] = Path(),
    part: Annotated[
        str, typer.Option("--part", metavar="K/N", help="Run every Nth of them, beginning with the Kth.")
    ] = "1/1",
    passing: Annotated[
        bool, typer.Option("--passing", help="All tests have just passed; do not run them on the unbroken code.")
    ] = False,
    seeds: Seeds = "0",
    json: JsonFile = None,
) -> None:
    """Break one promise at a time in a copy of the repository and require the tests to notice; else exit status 1."""
    from connectors.progress import JobProgress
    from evals.mutants import evaluate

    drawn = begin(seeds, json)
    which = re.fullmatch(r"([1-9]\d{0,3})/([1-9]\d{0,3})", part)
    if which is None or int(which[1]) > int(which[2]):
        raise typer.BadParameter(f"{part!r} is not K/N, such as 1/2", param_hint="--part")
    of = (int(which[1]), int(which[2]))
    with JobProgress() as progress:
        report, outcomes = evaluate(repository, only or (), drawn, part=of, passing=passing, progress=progress)
    for outcome in outcomes:
        typer.echo(f"{'caught' if outcome.caught else 'SURVIVED'}  {outcome.mutant.name}: {outcome.told}")
    finish(report, json)
    if not all(outcome.caught for outcome in outcomes):
        raise typer.Exit(1)


@bench_app.command(epilog="Example: segue bench turn --catalogue spotify_songs.csv.gz --turns 200")
def turn(
    catalogue: Songs,
    n_turns: Turns = 200,
    seeds: Seeds = "64",
    kept: Kept = None,
    json: JsonFile = None,
) -> None:
    """Measure warm turns of varied requests, by stage."""
    from connectors.progress import JobProgress
    from evals.latency import bench_turn

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_turn(catalogue, n_turns, drawn, kept=kept, progress=progress)
    finish(report, json)


@bench_app.command(epilog="Example: segue bench cold --runs 10")
def cold(
    n_runs: Annotated[int, typer.Option("--runs", min=1, help="Processes to start, per seed.")] = 10,
    seeds: Seeds = "64",
    json: JsonFile = None,
) -> None:
    """Measure `segue playlist` from a cold process on the starter: wall time and peak memory."""
    from connectors.progress import JobProgress
    from evals.processes import bench_cold

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_cold(n_runs, drawn, progress=progress)
    finish(report, json)


@bench_app.command(epilog="Example: segue bench index --catalogue spotify_songs.csv.gz")
def index(catalogue: Songs, seeds: Seeds = "64", json: JsonFile = None) -> None:
    """Measure `segue index`, and once more with nothing changed: wall time and peak memory."""
    from connectors.progress import JobProgress
    from evals.processes import bench_index

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_index(catalogue, drawn, progress=progress)
    finish(report, json)


@bench_app.command(epilog="Example: segue bench scale --catalogue spotify_songs.csv.gz --tracks 120000")
def scale(
    catalogue: Songs,
    n_tracks: Annotated[
        int, typer.Option("--tracks", min=100, help="Size of the catalogue of perturbed copies.")
    ] = 120_000,
    n_turns: Turns = 200,
    seeds: Seeds = "64",
    json: JsonFile = None,
) -> None:
    """Build and serve a large catalogue of perturbed copies: build time, turns, share of certified lists."""
    from connectors.progress import JobProgress
    from evals.scale import bench_scale

    drawn = begin(seeds, json)
    with JobProgress() as progress:
        report = bench_scale(catalogue, n_tracks, n_turns, drawn, progress=progress)
    finish(report, json)


@bench_app.command("jam", epilog="Example: segue bench jam --data ../shared/data --parts train,evaluate --seeds 64")
def jam_speed(
    data: Annotated[
        Path,
        typer.Option("--data", metavar="FOLDER", help="Holds lastfm-jam, or is a data set in the JAM file format."),
    ],
    parts: Annotated[str, typer.Option("--parts", metavar="NAME,…", help="Which to measure, or all.")] = "all",
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, help="Epochs that each way trains; 25 is the whole protocol.")
    ] = 2,
    n_tracks: Annotated[
        int, typer.Option("--tracks", min=1_000, help="Tracks to score and search; all real ones stay.")
    ] = 100_000,
    seeds: Seeds = "64",
    kept: Kept = None,
    json: JsonFile = None,
) -> None:
    """Measure JAM's training, evaluation, scoring and retrieval beside the reference code's way of working."""
    from assistant.settings import Settings
    from connectors.progress import JobProgress
    from evals.jam_speed import bench_jam, choose_parts
    from evals.scratch import scratch_home
    from recsys.encoders.text import open_text_encoder

    chosen, drawn = choose_parts(parts), begin(seeds, json)
    settings = Settings()
    with scratch_home(kept) as home, JobProgress() as progress:
        encoder = open_text_encoder(settings.text_encoder, home / "cache" / "encoder", settings.threads, progress)
        report, checks = bench_jam(
            data,
            chosen,
            drawn,
            epochs=epochs,
            encoder=encoder,
            kept=kept,
            encoder_name=settings.text_encoder,
            n_tracks=n_tracks,
            threads=settings.threads,
            progress=progress,
        )
    finish(report, json)
    for line in checks:
        typer.echo(line)
