"""`segue benchmark build`: write the benchmark of the multimodal E4SRec paper into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from evals.options import check_folder

benchmark_app = typer.Typer(
    help="Build the benchmark of the multimodal E4SRec paper from data that you have, and check it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@benchmark_app.command(
    epilog="Example: segue benchmark build --lastfm1k lastfm-dataset-1K --embeddings audio=mert.npy -o e4srec"
)
def build(
    lastfm1k: Annotated[
        Path, typer.Option("--lastfm1k", metavar="FOLDER", help="LastFM-1K as published, or its file of plays.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to write.")],
    embeddings: Annotated[
        list[str] | None,
        typer.Option(
            "--embeddings",
            metavar="NAME=FILE.npy",
            help="Vectors of tracks, rows named in FILE.ids.txt, .csv or .tsv beside it; may be given again.",
        ),
    ] = None,
    attributes: Annotated[
        Path | None, typer.Option("--attributes", metavar="FILE", help="MGPHot's attributes of tracks.")
    ] = None,
    scale: Annotated[str, typer.Option("--scale", metavar="0-1|0-5", help="What they are written on.")] = "0-1",
    durations: Annotated[
        Path | None,
        typer.Option("--durations", metavar="FILE", help="Lengths of tracks, without which completion is unknown."),
    ] = None,
    gap_minutes: Annotated[float, typer.Option("--gap", min=0.1, help="Minutes of pause that end a session.")] = 20.0,
    least_steps: Annotated[int, typer.Option("--least-steps", min=2, help="Tracks of a session at least.")] = 10,
    least_plays: Annotated[int, typer.Option("--least-plays", min=1, help="Plays of a listener at least.")] = 1_000,
    least_item_plays: Annotated[int, typer.Option("--least-item-plays", min=1, help="Plays of a track at least.")] = 7,
    validation: Annotated[
        float, typer.Option("--validation", metavar="SHARE", help="Share of the steps in the time of validation.")
    ] = 0.1,
    test: Annotated[float, typer.Option("--test", metavar="SHARE", help="The same of test, the latest.")] = 0.1,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the negatives.")] = 64,
) -> None:
    """Write sessions, splits, vectors, attributes, completion, a data card and checksums. The paper's values stand."""
    from assistant.annotating import read_scale
    from connectors.progress import JobProgress
    from recsys.sequential.benchmark import Extras, build_benchmark, check_place
    from recsys.sequential.benchmark_sources import attributes_from, durations_from, vectors_from
    from recsys.sequential.reading_logs import read_lastfm_1k
    from recsys.sequential.sessions import SessionSettings, check_shares

    check_folder(output, "--output")
    check_place(output)
    check_shares(validation, test)
    files = dict(_named(given) for given in embeddings or ())
    sources = {f"vectors {name}": path.name for name, path in files.items()}
    sources |= {what: path.name for what, path in (("attributes", attributes), ("durations", durations)) if path}
    extras = Extras(
        {name: vectors_from(path) for name, path in files.items()},
        None if attributes is None else attributes_from(attributes, read_scale(scale)),
        None if durations is None else durations_from(durations),
        sources,
    )
    settings = SessionSettings(
        gap_s=60 * gap_minutes, least_steps=least_steps, least_plays=least_plays, least_item_plays=least_item_plays
    )
    with JobProgress() as progress:
        plays = read_lastfm_1k(lastfm1k, progress=progress)
        built = build_benchmark(
            plays, output, extras, settings=settings, seed=seed, validation=validation, test=test, progress=progress
        )
    for line in told(built.card):
        typer.echo(line)
    typer.echo(f"Written to {built.folder}; README.md there is the data card")


@benchmark_app.command(epilog="Example: segue benchmark check e4srec")
def check(folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A benchmark.")]) -> None:
    """Compare every file of a benchmark with its checksum; exit status 1 if one differs."""
    from recsys.sequential.benchmark import damaged

    wrong = damaged(folder)
    typer.echo(f"Not as it was built: {', '.join(wrong)}" if wrong else "Every file is as it was built")
    if wrong:
        raise typer.Exit(1)


def told(card: Any) -> list[str]:
    """Say what a benchmark holds."""
    parts = ", ".join(f"{name} {one['sessions']:,}" for name, one in card["parts"].items())
    over = card["n_sessions_over_a_border"]
    lines = [f"{card['n_items']:,} items; sessions: {parts}; {over:,} over a border left out"]
    lines += [f"vectors {name}: {one['items_known']:.0%} of items" for name, one in card["vectors"].items()]
    if "attributes" in card:
        lines.append(f"attributes: {card['attributes']['items_known']:.0%} of items")
    known = card["parts"]["train"].get("completion_known")
    return [*lines, "completion: not known" if known is None else f"completion: {known:.0%} of the steps of train"]


def _named(given: str) -> tuple[str, Path]:
    name, separator, file = given.partition("=")
    if not separator or not name.isidentifier() or not file:
        raise typer.BadParameter(f"{given!r} is not NAME=FILE.npy, such as audio=mert.npy", param_hint="--embeddings")
    return name, Path(file).expanduser()
