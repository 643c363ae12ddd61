"""`segue annotate`: fill MGPHot's attributes of tracks from a file, by a language model, or from how tracks sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connectors.opening import example, open_assistant, read_settings

if TYPE_CHECKING:
    from assistant.annotating_reports import AnnotateReport, CostReport, HeldOutReport, SoundReport

annotate_app = typer.Typer(
    help="Fill the 58 attributes of MGPHot: from a file, by your language model, or from how tracks sound.",
    epilog=example("annotate file mgphot_gene_values.tsv --scale 0-1 && segue annotate audio --space musicnn"),
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be filled, and change nothing.")]
_NAMES = {
    "attributes:file": "a file",
    "attributes:llm": "your language model",
    "heard:attributes": "how tracks sound",
}


@annotate_app.command("file", epilog=example("annotate file mgphot_gene_values.tsv --scale 0-1"))
def from_file(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="MGPHot's own file, or a table of attributes.")],
    scale: Annotated[
        str, typer.Option("--scale", metavar="0-1|0-5", help="What its values are written on; it is never guessed.")
    ],
    dry_run: _DryRun = False,
) -> None:
    """Take the attributes of the catalogue's tracks from a file; docs/attributes.md tells its columns."""
    from assistant.annotating import read_scale
    from connectors.progress import JobProgress

    with open_assistant(read_settings()) as assistant, JobProgress() as progress:
        report = assistant.annotate_from_file(path, read_scale(scale), dry_run=dry_run, progress=progress)
    _say(report)


@annotate_app.command("llm", epilog=example("annotate llm --most 200 --check 20 --price-in 0.15 --price-out 0.6"))
def by_model(
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="Only the tracks of this catalogue source.")
    ] = None,
    most: Annotated[int | None, typer.Option("--most", min=1, help="Ask about at most so many tracks now.")] = None,
    check: Annotated[
        int, typer.Option("--check", min=0, help="Ask about so many annotated tracks too, to learn how sure it is.")
    ] = 0,
    price_in: Annotated[
        float | None, typer.Option("--price-in", min=0, help="Price of a million tokens sent, to tell the cost.")
    ] = None,
    price_out: Annotated[
        float | None, typer.Option("--price-out", min=0, help="Price of a million tokens received.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would cost, and ask nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before the model is asked.")] = False,
) -> None:
    """Ask your language model (SEGUE_LLM__MODEL) about tracks of which no file says anything.

    It is told artists and titles. Answers are kept as they come: run it again to go on where it stopped.
    """
    from connectors.progress import JobProgress

    with open_assistant(read_settings()) as assistant:
        cost = assistant.annotation_cost(source=source, most=most, checks=check)
        for line in told_cost(cost, price_in, price_out):
            typer.echo(line)
        if dry_run:
            return
        if cost.n_questions and not yes:
            typer.confirm("Ask?", abort=True)
        with JobProgress() as progress:
            report = assistant.annotate_by_model(source=source, most=most, checks=check, progress=progress)
    _say(report, price_in, price_out)
    if report.asked is not None and (report.asked.problem or (report.asked.n_failed and not report.asked.n_asked)):
        raise typer.Exit(1)


@annotate_app.command("audio", epilog=example("annotate audio --space musicnn"))
def by_sound(
    space: Annotated[
        str | None,
        typer.Option("--space", metavar="NAME", help="The vectors to find them from (`segue embeddings list`)."),
    ] = None,
    dry_run: _DryRun = False,
) -> None:
    """Find attributes from vectors, by tracks that are annotated already; says how well on artists held out."""
    from connectors.progress import JobProgress

    with open_assistant(read_settings()) as assistant, JobProgress() as progress:
        report = assistant.annotate_by_sound(space, dry_run=dry_run, progress=progress)
    _say(report)


@annotate_app.command("undo", epilog=example("annotate undo audio"))
def undo(what: Annotated[str, typer.Argument(metavar="file|llm|audio", help="Where they came from.")]) -> None:
    """Forget all attributes that came from one place."""
    from connectors.progress import JobProgress

    with open_assistant(read_settings()) as assistant, JobProgress() as progress:
        dropped = assistant.drop_attributes(what, progress)
    n = dropped.n_values
    typer.echo(f"Forgot {_count(n, 'value')} from {_NAMES[dropped.source]}" if n else "There was nothing to forget")


def told_cost(cost: CostReport, price_in: float | None = None, price_out: float | None = None) -> list[str]:
    """Say what asking will cost, before anything is asked."""
    shown = (
        f"{cost.n_examples} tracks of yours" if cost.n_examples else "2 shipped ones, as no track of yours is annotated"
    )
    lines = [
        f"{_count(cost.n_tracks, 'track')} to ask about ({cost.n_checks:,} to compare), {cost.n_kept:,} known from "
        f"earlier; examples: {shown}",
        f"About {_count(cost.n_questions, 'question')}, {cost.tokens_in:,} tokens sent and up to {cost.tokens_out:,} "
        "received (estimated by length)",
    ]
    return [*lines, *_priced("About", cost.tokens_in, cost.tokens_out, price_in, price_out)]


def told(report: AnnotateReport, price_in: float | None = None, price_out: float | None = None) -> list[str]:
    """Say what was filled, how sure it is, and what was refused."""
    lines: list[str] = []
    if (file := report.file) is not None:
        lines.append(
            f"{file.name}: {_count(file.n_rows, 'annotated track')} on the scale {file.scale} (greatest value "
            f"{file.greatest:g}), {file.n_attributes} attributes, as {file.form}; {file.n_matched:,} are here"
        )
        lines += [f"  not here: {one}" for one in file.unmatched]
        lines += [f"  left out: {one}" for one in file.bad]
        if file.ignored:
            lines.append(f"  columns not read: {', '.join(file.ignored)}")
    if (asked := report.asked) is not None:
        lines.append(
            f"Asked about {_count(asked.n_asked, 'track')}, {asked.n_kept:,} known from earlier, {asked.n_left:,} left"
            f"; about {asked.tokens_in:,} tokens sent and {asked.tokens_out:,} received"
        )
        lines += _priced("That was about", asked.tokens_in, asked.tokens_out, price_in, price_out)
        lines += [f"  refused {n:,} × {what}" for what, n in asked.refused]
        if asked.n_failed:
            lines.append(
                f"  no usable answer about {_count(asked.n_failed, 'track')}, each asked for twice; "
                "run it again to ask about them"
            )
            lines += [f"    {_count(n, 'track')}: {why}" for why, n in asked.failed]
        lines.append(f"  how sure it is was found out on {_count(asked.n_compared, 'annotated track')}")
        if asked.problem:
            lines.append(f"  stopped: {asked.problem}; run it again to go on")
    if report.sound is not None:
        lines += _sounded(report.sound)
    lines.append(
        f"{_count(report.n_values, 'value')} of {_count(report.n_tracks, 'track')} from {_NAMES[report.source]}, on "
        f"average {report.confidence:.0%} sure; {report.n_shown:,} sure enough to be used"
    )
    if report.dry_run:
        return [*lines, "Nothing was changed (--dry-run)"]
    return [*lines, f"{_count(report.n_known, 'track')} with attributes now; {report.seconds:.1f} s"]


def _sounded(sound: SoundReport) -> list[str]:
    filled = [one for one in sound.held_out if one.filled]
    lines = [
        f"From {sound.space}: fitted to {_count(sound.n_fitted, 'annotated track')}, found for {sound.n_vectors:,}; on "
        f"artists held out, {len(filled)} of {len(sound.held_out)} attributes beat their mean:"
    ]
    lines += [_held_out(one) for one in sorted(filled, key=lambda one: -one.gain)]
    left = [one.name for one in sound.held_out if not one.filled]
    return [*lines, f"  not filled: {', '.join(left)}"] if left else lines


def _held_out(one: HeldOutReport) -> str:
    return (
        f"  {one.name:<30} off by {one.mae:.3f} (mean {one.mean_mae:.3f}), {one.within:.0%} within a step of 0–5, "
        f"R² {one.gain:.2f} [{one.gain_low:.2f}, {one.gain_high:.2f}], n {one.n:,}"
    )


def _priced(said: str, n_in: int, n_out: int, price_in: float | None, price_out: float | None) -> list[str]:
    if price_in is None and price_out is None:
        return []
    cost = (n_in * (price_in or 0.0) + n_out * (price_out or 0.0)) / 1e6
    return [f"{said} {cost:.4f} at your prices"]


def _say(report: AnnotateReport, price_in: float | None = None, price_out: float | None = None) -> None:
    for line in told(report, price_in, price_out):
        typer.echo(line)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
