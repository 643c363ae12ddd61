"""`segue history`: what was heard elsewhere, taken in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connectors.enriching import advice
from connectors.opening import example, read_settings, ready_assistant

if TYPE_CHECKING:
    from assistant.history_reports import HistoryReport

#: Unmatched tracks and bad rows that are named on the screen.
_SHOWN = 10

history_app = typer.Typer(
    help="Take in what was heard elsewhere.",
    epilog=example("history import my_spotify_data.zip"),
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@history_app.callback()
def _root() -> None:
    pass  # with a callback, a group of one command keeps that command's name


@history_app.command(name="import", epilog=example("history import scrobbles.csv --timezone Europe/Berlin"))
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="Exports of Spotify, Last.fm or ListenBrainz, zip or not; CSV tables; M3U, XSPF or JSPF playlists.",
        ),
    ],
    listener: Annotated[str | None, typer.Option(help="Whose history it is (default: SEGUE_LISTENER)")] = None,
    timezone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Of times that do not say theirs, such as Europe/Berlin (default: UTC)."),
    ] = None,
) -> None:
    """Learn from what was heard elsewhere.

    Tracks that the catalogue lacks are added. The same file, or a newer one, can be imported again: nothing counts
    twice.
    """
    from connectors.histories import import_history
    from connectors.progress import JobProgress

    settings = read_settings()
    with ready_assistant(settings) as assistant:
        with JobProgress() as progress:
            whose = settings.listener if listener is None else listener
            report = import_history(assistant, whose, files, progress, timezone)
        for line in told(report):
            typer.echo(line)
    if not report.n_events:
        raise typer.Exit(1)


def told(report: HistoryReport) -> list[str]:
    """Say in a few lines what came of an import."""
    formats = ", ".join(report.formats) or "nothing"
    lines = [f"Read {report.n_rows:,} entries of {_count(len(report.files), 'file')} ({formats})"]
    span = f", {_day(report.since)} to {_day(report.until)}" if report.since is not None else ""
    lines.append(f"  events       {report.n_events:,}{span}: {report.n_new:,} new, {report.n_known:,} known already")
    lines.append(f"  tracks       {report.n_matched_tracks:,} were here, {report.n_added_tracks:,} added")
    if report.n_left_out:
        whys = "; ".join(f"{n:,} {why}" for why, n in sorted(report.left_out.items(), key=lambda one: -one[1]))
        lines.append(f"  left out     {report.n_left_out:,}: {whys}")
    if report.n_unmatched:
        lines.append(f"  not matched  {report.n_unmatched:,}")
        lines += [f"    {one.name} ({one.n_rows:,}×): {one.why}" for one in report.unmatched[:_SHOWN]]
    if report.n_bad_rows:
        lines.append(f"  not read     {report.n_bad_rows:,}")
        lines += [f"    {one.place}: {one.why}" for one in report.bad_rows[:_SHOWN]]
    if report.ignored:
        lines.append(f"  not history  {_count(len(report.ignored), 'file')}: {', '.join(report.ignored[:_SHOWN])}")
    reading = report.seconds - report.index_seconds
    took = f"reading took {reading:.1f} s, indexing {report.index_seconds:.1f} s"
    lines.append(f"{_count(report.n_tracks, 'track')} served; {took}")
    return [*lines, *advice(report.undescribed)]


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _day(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
