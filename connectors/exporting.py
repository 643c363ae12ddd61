"""`segue export`: conversations as training data (JAM), or as dialogues to evaluate (CPCD)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from connectors.opening import open_assistant, read_settings

if TYPE_CHECKING:
    from assistant.reports import DialoguesReport


def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="New or empty folder to write.")],
    file_format: Annotated[
        Literal["jam", "cpcd"],
        typer.Option("--format", help="Files to write: those that JAM trains on, or dialogues as CPCD has them."),
    ] = "jam",
    listener: Annotated[str | None, typer.Option(help="One listener's alone (default: everybody's)")] = None,
    with_ids: Annotated[bool, typer.Option("--with-ids", help="Name listeners instead of numbering them.")] = False,
    augment: Annotated[
        bool, typer.Option("--augment", help="Write requests anew, by SEGUE_LLM__MODEL or a template.")
    ] = False,
) -> None:
    """Write conversations as training data, or as dialogues.

    jam: each request with the tracks kept of its playlist, or all of one heard for ten minutes. cpcd: each conversation
    in which something was liked, kept or saved, turn by turn, for `segue eval cpcd`.
    """
    from connectors.console import open_console, show_usage_report
    from connectors.progress import JobProgress

    if file_format == "cpcd" and (with_ids or augment):
        raise typer.BadParameter("--with-ids and --augment go with --format jam; dialogues name nobody")
    with open_assistant(read_settings()) as assistant:
        if file_format == "cpcd":
            with JobProgress() as progress:
                written = assistant.export_dialogues(folder, listener, progress)
            for line in _told(written):
                typer.echo(line)
            return
        with JobProgress() as progress:
            report = assistant.export_jam(folder, listener, with_ids=with_ids, augment=augment, progress=progress)
        show_usage_report(open_console(), report)


def _told(report: DialoguesReport) -> list[str]:
    """Say what was written, and what to mind before it is handed on."""
    whose = f"{_count(report.n_dialogues, 'dialogue')} of {_count(report.n_listeners, 'listener')}"
    lines = [
        f"Wrote {whose} to {report.folder}",
        f"  turns: {report.n_turns:,}; {_count(report.n_goal, 'track')} liked, kept or saved",
        f"  tracks: all {report.n_tracks:,} of the catalogue, with title, artists and album",
        "  words: the listeners' own; read them before you hand the folder on",
        f"  evaluate: segue eval cpcd --tracks {report.tracks} --dialogs {report.dialogs}",
    ]
    if report.n_left_out:
        lines.insert(2, f"  left out: {_count(report.n_left_out, 'conversation')} in which nothing was")
    if report.n_gone:
        lines.insert(2, f"  left out: {_count(report.n_gone, 'rating')} of tracks that left the catalogue")
    return lines


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
