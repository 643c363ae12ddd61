"""What indexing did, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from connectors.console import counted
from connectors.enriching import advice

if TYPE_CHECKING:
    from assistant.reports import BadRowReport, IndexReport, ListeningReport

#: Skipped rows of a source that are listed one by one.
_MAX_BAD_ROWS = 20
#: Files that could not be heard that are listed one by one.
_MAX_SOUND_PROBLEMS = 200
#: The kind of a source that is a folder of music, and characters that a path may have.
_FOLDER, _MAX_PATH = "folder", 4_096


def show_index_report(console: Console, report: IndexReport) -> None:
    """Show what indexing read, skipped and now serves."""
    source = report.source
    if source is not None and report.source_changed:
        one = "file" if source.kind == _FOLDER else "row"
        read = f"from {counted(report.n_rows, one)}, {counted(source.n_playlists, 'playlist')}"
        skipped = f"{counted(len(report.bad_rows), one)} skipped"
        console.print(Text(f"{source.name}: {counted(source.n_tracks, 'track')} {read}, {skipped}"))
    elif source is not None:
        stored = f"{counted(source.n_tracks, 'track')} and {counted(source.n_playlists, 'playlist')}"
        console.print(Text(f"{source.name}: {stored}, as they were"))
    _show_rows(console, report.bad_rows)
    if report.remarks:
        each = "it" if len(report.remarks) == 1 else "each"
        files = counted(len(report.remarks), "file")
        console.print(Text(f"{files} taken, though there is something odd about {each}:"))
        _show_rows(console, report.remarks)
    if report.listening is not None:
        show_listening(console, report.listening)
    if report.starter_dropped:
        console.print(Text("The starter catalogue no longer serves; `segue index --with-starter` brings it back."))
    trained = "a model trained on it" if report.trained else "the model as it was"
    changed = "" if report.generation_changed else " (nothing changed)"
    console.print(Text(f"Serving {report.n_tracks:,} tracks with {trained}{changed}; {report.seconds:.1f} s"))
    for line in advice(report.undescribed):
        console.print(Text(line), soft_wrap=True)


def show_listening(console: Console, report: ListeningReport) -> None:
    """Show what was heard, and every file that was not."""
    from assistant.labels import plain

    by = " and ".join(report.encoders)
    console.print(
        Text(
            f"Heard {report.n_heard:,} of {counted(report.n_tracks, 'track')} with a file by {by}, "
            f"{report.n_decoded:,} of the files now; {counted(report.n_facts, 'value')} heard; {report.seconds:.1f} s"
        ),
        soft_wrap=True,
    )
    for problem in report.problems[:_MAX_SOUND_PROBLEMS]:
        heard = ", and was heard as far as it goes" if problem.heard else ""
        console.print(Text(f"  {plain(problem.path)}: {plain(problem.reason)}{heard}"), soft_wrap=True)
    if len(report.problems) > _MAX_SOUND_PROBLEMS:
        console.print(Text(f"  … and {len(report.problems) - _MAX_SOUND_PROBLEMS:,} more"))


def _show_rows(console: Console, rows: Sequence[BadRowReport]) -> None:
    """Say of rows or files what is wrong with them: files one and all, rows as far as they are few."""
    from assistant.labels import plain

    shown = [row for number, row in enumerate(rows) if row.name or number < _MAX_BAD_ROWS]
    for row in shown:
        console.print(
            Text(f"  {plain(row.name, _MAX_PATH) or f'line {row.line}'}: {plain(row.reason)}"), soft_wrap=True
        )
    if len(shown) < len(rows):
        console.print(Text(f"  … and {len(rows) - len(shown):,} more"))
