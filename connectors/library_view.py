"""A library counted, in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.library_reports import Bar, LibraryReport

#: Letters of the longest bar.
_LONGEST = 28
_MOST = 10


def show_library(console: Console, report: LibraryReport) -> None:
    """Print what a library is like and what is missing."""
    hours = report.seconds / 3600
    estimated = f", {report.n_estimated:,} lengths estimated" if report.n_estimated else ""
    console.print(
        f"{report.n_tracks:,} tracks by {report.n_artists:,} artists, {hours:,.0f} h{estimated}; "
        f"{report.n_with_file:,} with a file"
    )
    for name, bars, most in (
        ("Genres", report.genres, _MOST),
        ("Decades", report.decades, len(report.decades)),
        ("Keys", tuple(sorted(report.keys, key=lambda bar: -bar.n)), 6),
        ("Tempo", report.tempos, len(report.tempos)),
        ("Languages", report.languages, 6),
        ("Artists", report.top_artists, 6),
        ("Files", report.formats, _MOST),
    ):
        if any(bar.n for bar in bars):
            console.print(_bars(name, bars[:most]))
    known = Table("Known", "stated", "heard", "inferred", "unknown", box=None, pad_edge=False)
    for one in report.coverage:
        unknown = report.n_tracks - one.n_stated - one.n_heard - one.n_inferred
        known.add_row(one.fact, *(f"{n:,}" for n in (one.n_stated, one.n_heard, one.n_inferred, unknown)))
    console.print(known)
    if report.gaps:
        console.print(f"Years without a track: {', '.join(report.gaps)}")
    if report.n_repeats:
        console.print(f"Works that are there more than once: {report.n_repeats:,}, such as")
        for repeated in report.repeats[:_MOST]:
            first, *others = repeated.tracks
            again = ", ".join(f"“{track.title}”" for track in others)
            console.print(Text(f"  “{first.title}” by {first.artist}: {again}"))


def _bars(name: str, bars: Sequence[Bar]) -> Table:
    table = Table(name, "", "", box=None, pad_edge=False)
    most = max(bar.n for bar in bars)
    for bar in bars:
        table.add_row(Text(bar.value), Text("█" * max(round(_LONGEST * bar.n / most), 1 if bar.n else 0)), f"{bar.n:,}")
    return table
