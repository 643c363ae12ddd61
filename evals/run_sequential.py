"""The command `segue eval sequential`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from evals.options import Commands, JsonFile, MarkdownFile, Seeds, begin, finish

if TYPE_CHECKING:
    from recsys.sequential.sessions import SessionSettings


def sequential(
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="FILE",
            help="One sequence to a line, items between blanks (.gz, .bz2); or a log, a data folder, a benchmark.",
        ),
    ],
    models: Annotated[
        str,
        typer.Option(
            "--models",
            metavar="NAME,…",
            help="Which to fit and ask; a+b is their sum, sasrec:add fuses --vectors.",
        ),
    ] = "popularity,successors,item-knn,session-knn,mixture",
    targets: Annotated[
        Path | None,
        typer.Option(
            "--targets",
            metavar="FILE",
            help="What came next, to a line: `SEQUENCE ITEM`, or PREFIX<TAB>ITEM. Without it, each listener's last "
            "item, or the last tenth of the sessions.",
        ),
    ] = None,
    form: Annotated[
        Literal["listener", "session", "lastfm1k", "music4all", "events"],
        typer.Option(
            "--format",
            help="listener: a line begins with who it is of; session: its number names it; lastfm1k, music4all: the "
            "log as published; events: what a data folder recorded.",
        ),
    ] = "listener",
    repeats: Annotated[
        Literal["exclude", "allow"] | None,
        typer.Option(
            "--repeats",
            help="Whether items of the prefix are ranked, too (default: allow, but exclude where no sequence repeats).",
        ),
    ] = None,
    positions: Annotated[
        int,
        typer.Option("--positions", min=1, help="Last items of each listener to ask for, one after the other, pooled."),
    ] = 1,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="NAME", help="What all others are compared with (default: the last one)."),
    ] = None,
    names: Annotated[
        Path | None, typer.Option("--names", metavar="FILE", help="JSON that says what items are called.")
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(
            "--vectors",
            metavar="FOLDER",
            help="A JAM data set whose name and caption vectors are joined by name, or a benchmark (default: its own).",
        ),
    ] = None,
    drawn: Annotated[
        int | None, typer.Option("--draw", min=1, help="Questions of sessions to draw by the seed (default: all).")
    ] = None,
    part: Annotated[
        Literal["validation", "test"] | None,
        typer.Option("--part", help="What is asked of a log or a benchmark, which are split by time (default: test)."),
    ] = None,
    preset: Annotated[
        Literal["own", "paper"] | None,
        typer.Option("--preset", help="How a log is cut: own as below, or as the multimodal E4SRec paper does."),
    ] = None,
    gap_minutes: Annotated[
        float | None, typer.Option("--gap", min=0.1, help="Minutes of pause that end a session of a log (20).")
    ] = None,
    least_plays: Annotated[
        int | None, typer.Option("--least-plays", min=1, help="Plays of a listener of a log at least (1).")
    ] = None,
    least_item_plays: Annotated[
        int | None, typer.Option("--least-item-plays", min=1, help="Plays of an item of a log at least (1).")
    ] = None,
    least_steps: Annotated[
        int | None, typer.Option("--least-steps", min=2, help="Steps of a session of a log at least (2).")
    ] = None,
    most_steps: Annotated[
        int | None, typer.Option("--most-steps", min=2, help="Longer sessions of a log keep their last so many (all).")
    ] = None,
    first_listens: Annotated[
        bool, typer.Option("--first-listens", help="Keep each item of a session of a log where it came first alone.")
    ] = False,
    artists: Annotated[
        bool, typer.Option("--artists", help="Let a step of lastfm1k be an artist, not a track.")
    ] = False,
    seeds: Seeds = "64",
    markdown: MarkdownFile = None,
    json: JsonFile = None,
) -> None:
    """Say what comes next in held-out sequences, ranked among all items."""
    from connectors.progress import JobProgress
    from evals.sequential import choose_models, evaluate
    from evals.sequential_tasks import LOGS, Options
    from recsys.sequential.benchmark_reading import is_benchmark

    (chosen, other), seed = choose_models(models, against), begin(seeds, json, markdown)
    if not chosen:
        raise typer.BadParameter("no model is named; write --models ease,mixture", param_hint="--models")
    log, built = form in LOGS, is_benchmark(data)
    if data.is_dir() and not log and not built:
        raise typer.BadParameter(f"{data} is a folder, and no benchmark; name a file in it", param_hint="--data")
    cutting = {
        "gap_s": None if gap_minutes is None else 60 * gap_minutes,
        "least_plays": least_plays,
        "least_item_plays": least_item_plays,
        "least_steps": least_steps,
        "most_steps": most_steps,
        "first_listens": first_listens or None,
    }
    cutting = {name: value for name, value in cutting.items() if value is not None}
    lines = not log and not built
    of_targets = "only files with a sequence to a line have targets beside them"
    of_names = "a log and a benchmark have names of their own"
    of_positions = "only listeners without --targets have last positions"
    of_draws = "questions are drawn of sessions without --targets"
    of_part = "only a log or a benchmark is split by time"
    of_cutting = "only a log is cut into sessions; it goes with --format lastfm1k, music4all or events"
    for useless, why, hint in (
        (targets is not None and not lines, of_targets, "--targets"),
        (names is not None and not lines, of_names, "--names"),
        (positions > 1 and (targets is not None or form != "listener" or built), of_positions, "--positions"),
        (drawn is not None and (targets is not None or form == "listener" or built), of_draws, "--draw"),
        (part is not None and lines, of_part, "--part"),
        (built and form != "listener", "a benchmark's folder needs no format", "--format"),
        ((bool(cutting) or preset is not None) and not log, of_cutting, "--preset, --gap, --least-…"),
        (artists and form != "lastfm1k", "only lastfm1k has artists beside its tracks", "--artists"),
        (len(seed) > 1, "one seed is used; give one, and run again with another", "--seeds"),
    ):
        if useless:
            raise typer.BadParameter(why, param_hint=hint)
    options = Options(
        form,
        None if repeats is None else repeats == "allow",
        positions,
        names,
        vectors,
        drawn,
        sessions=_sessions(preset or "own", cutting),
        part=part or "test",
        artists=artists,
    )
    with JobProgress() as progress:
        report = evaluate(data, chosen, seed, targets=targets, options=options, against=other, progress=progress)
    finish(report, json, markdown)


def _sessions(preset: str, cutting: Mapping[str, Any]) -> SessionSettings:
    """Return how a log is cut: a preset, and what is said otherwise."""
    from recsys.sequential.sessions import PRESETS

    try:
        return replace(PRESETS[preset], **cutting)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--most-steps") from error


#: Every command with its example.
COMMANDS: Commands = (
    (
        sequential,
        "segue eval sequential --data lastfm-artists.txt --models ease,mixture --positions 3 --json next.json",
    ),
)
