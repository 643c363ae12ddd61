"""How two lists side by side look in a terminal: the tracks in two columns, below them the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.console import show_block

if TYPE_CHECKING:
    from assistant.reports import CompareReport, NamedTrack

#: Stands before a track that is in both lists.
_COMMON = "="


def show_comparison(console: Console, report: CompareReport) -> None:
    """Show both lists and how far apart they are."""
    show_block(console, _lists(report))
    console.print()
    show_block(console, _numbers(report))
    console.print()
    show_block(console, Text(_legend(report), style="dim"))


def _names(report: CompareReport) -> tuple[str, str]:
    """What tells the lists apart: the listeners, or the requests."""
    one, other = report.lists
    if one.listener_id == other.listener_id:
        return f"“{one.request}”", f"“{other.request}”"
    return one.listener_id, other.listener_id


def _lists(report: CompareReport) -> Table:
    one, other = report.lists
    alike = one.listener_id == other.listener_id
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False, expand=True)
    table.title = f"{one.listener_id} asks twice" if alike else f"“{one.request}”"
    table.title_justify = "left"
    table.title_style = "bold"
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    for name in _names(report):
        table.add_column("", no_wrap=True, width=1)
        table.add_column(Text(name), ratio=1, overflow="fold")
    common = {track.track_id for track in one.tracks} & {track.track_id for track in other.tracks}
    for place in range(max(len(one.tracks), len(other.tracks))):
        cells: list[Text] = [Text(str(place + 1))]
        for side in report.lists:
            track = side.tracks[place] if place < len(side.tracks) else None
            cells += [Text(_COMMON if track and track.track_id in common else "", style="cyan"), _name(track)]
        table.add_row(*cells)
    return table


def _name(track: NamedTrack | None) -> Text:
    return Text() if track is None else Text.assemble((track.title, "bold"), f" – {track.artist}")


def _numbers(report: CompareReport) -> Table:
    one, other = report.lists
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    table.add_column("")
    for name in _names(report):
        table.add_column(Text(name), justify="right")
    table.add_row("share of the listener", f"{one.listener_share:.0%}", f"{other.listener_share:.0%}")
    if one.other_fit is None or other.other_fit is None:
        table.add_row(Text(f"fit to {one.listener_id}'s taste"), f"{one.own_fit:.0f}", f"{other.own_fit:.0f}")
    else:
        table.add_row(Text(f"fit to {one.listener_id}'s taste"), f"{one.own_fit:.0f}", f"{other.other_fit:.0f}")
        table.add_row(Text(f"fit to {other.listener_id}'s taste"), f"{one.other_fit:.0f}", f"{other.own_fit:.0f}")
    return table


def _legend(report: CompareReport) -> str:
    n = max(len(side.tracks) for side in report.lists)
    return (
        f"In common ({_COMMON}): {report.n_common} of {n} tracks, Jaccard {report.jaccard:.2f} · "
        f"cosine of the two points {report.cosine:.2f}\n"
        "Share: of what lifts a track above the average one in the joint space. Fit: mean percentile of a list's "
        "tracks among the whole catalogue for that taste; 50 is chance."
    )
