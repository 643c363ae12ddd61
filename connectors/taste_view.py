"""How a taste looks in a terminal: each sentence with its evidence below it, then the lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from assistant.taste_reports import TasteReport

#: Tracks and months that are listed.
_MAX_LISTED = 10


def show_taste(console: Console, report: TasteReport) -> None:
    """Show what is known of a listener."""
    for sentence in report.sentences:
        console.print(Text(sentence.text), soft_wrap=True)
        for line in sentence.evidence:
            console.print(Text(f"  {line}", style="dim"), soft_wrap=True)
    liked = (f"{t.title} – {t.artist} ({t.how}, {t.weight:+.1f})" for t in report.liked[:_MAX_LISTED])
    disliked = (f"{t.title} – {t.artist} ({t.how}, {t.weight:+.1f})" for t in report.disliked[:_MAX_LISTED])
    months = (_month(m.month, m.n_events, m.genre, m.artist) for m in report.timeline[-_MAX_LISTED:])
    kept_back = (
        f"{one.title} – {one.artist}: {'never' if one.until is None else f'not until {_day(one.until)}'}"
        for one in report.exposures
        if one.state != "normal"
    )
    shown = sorted((one for one in report.exposures if one.n_shown > 1), key=lambda one: -one.n_shown)[:_MAX_LISTED]
    often = (f"{one.title} – {one.artist}: {one.n_shown} times" for one in shown)
    _list(console, "What speaks most for it", liked)
    _list(console, "What speaks most against it", disliked)
    _list(console, "Month by month", months)
    _list(console, "Kept from you", kept_back)
    _list(console, "Shown most often", often)


def _list(console: Console, heading: str, lines: Iterable[str]) -> None:
    found = list(lines)
    if found:
        console.print()
        console.print(Text(heading, style="bold"))
        for line in found:
            console.print(Text(f"  {line}"), soft_wrap=True)


def _month(month: str, n_events: int, genre: str | None, artist: str | None) -> str:
    most = ", ".join(filter(None, (genre, artist)))
    return f"{month}  {n_events:,}{f'  most {most}' if most else ''}"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d")
