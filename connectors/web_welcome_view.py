"""The first visit as HTML made from plain data: the greeting, artists to pick, what became of a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assistant.labels import listing, plain
from connectors.web_parts import act, count, day, said, text

if TYPE_CHECKING:
    from assistant.history_reports import HistoryReport
    from assistant.reports import Suggestion

#: Artists that a sentence names, and lines of a list of problems.
_MAX_NAMED, _MAX_LINES = 3, 30


def intro_html(liked: Sequence[str] = ()) -> str:
    """Greet a newcomer, or say what was noted of what they picked."""
    if liked:
        named = [plain(one, 60) for one in liked[:_MAX_NAMED]]
        if len(liked) > _MAX_NAMED:
            named.append(f"{len(liked) - _MAX_NAMED} more")
        words = f"Noted: you like {listing(named)}. Ask for something, and it counts."
        return f'<div class="sg-welcome">{said(words)}{act("dismiss", "Close")}</div>'
    return (
        '<div class="sg-welcome"><h2>New here?</h2><p>Ask right away, or tell Segue first what you like. '
        f"Both ways work.</p>{act('dismiss', 'Not now', 'close this')}</div>"
    )


def artists_html(
    offered: Sequence[Suggestion], picked: Mapping[str, str], more: str = "", *, searched: bool = False
) -> str:
    """Show the artists picked so far and those to pick from, as buttons.

    Args:
        offered: what can be picked.
        picked: key → name.
        more: HTML to put below.
        searched: whether what is offered goes on from something typed.
    """
    chosen = "".join(f"<li>{act('drop', label, pressed=True, artist=key)}</li>" for key, label in picked.items())
    choice = "".join(f"<li>{act('pick', one.name, pressed=False, artist=one.key)}</li>" for one in offered)
    if searched and not offered:
        choice = '<li class="sg-faint">Nobody of that name is in this catalogue.</li>'
    parts = []
    if chosen:
        keep = act("keep", f"I like {'this artist' if len(picked) == 1 else f'these {len(picked)} artists'}")
        parts.append(f'<ul class="sg-picked" aria-label="Picked">{chosen}</ul><p>{keep}</p>')
    if choice:
        parts.append(f'<ul class="sg-offered" aria-label="To pick from">{choice}</ul>')
    return f'<div class="sg-artists">{"".join(parts)}{more}</div>'


def history_html(report: HistoryReport | None) -> str:
    """Say what became of a history; before one is read, what can be brought and where it stays."""
    if report is None:
        return (
            '<p class="sg-faint">Spotify’s extended history or account data, Last.fm, ListenBrainz, CSV, or a playlist '
            "file; zips too. It is read on this machine and the file is deleted after.</p>"
        )
    facts = (
        f"{report.n_new:,} new events from {count(report.n_rows, 'row')}",
        f"{report.n_known:,} known before" if report.n_known else "",
        f"{count(report.n_matched_tracks, 'track')} found here",
        f"{count(report.n_added_tracks, 'track')} added to the catalogue" if report.n_added_tracks else "",
    )
    span = f"From {day(report.since)} to {day(report.until)}, as " if report.since is not None else "Read as "
    problems = (
        _aside(f"{count(report.n_left_out, 'row')} left out", [f"{why}: {n:,}" for why, n in report.left_out.items()]),
        _aside(f"{count(report.n_unmatched, 'row')} not matched", [f"{u.name}: {u.why}" for u in report.unmatched]),
        _aside(f"{count(report.n_bad_rows, 'row')} not readable", [f"{b.place}: {b.why}" for b in report.bad_rows]),
        _aside(count(len(report.ignored), "other file"), report.ignored),
    )
    return (
        f'<div class="sg-report">{said("; ".join(filter(None, facts)) + ".")}'
        f'<p class="sg-faint">{span}{text(listing(list(report.formats)), 120)}.</p>{"".join(problems)}</div>'
    )


def _aside(title: str, lines: Sequence[str]) -> str:
    """Something to look up, closed; nothing where there are no lines."""
    if not lines:
        return ""
    listed = "".join(f"<li><bdi>{text(line, 200)}</bdi></li>" for line in lines[:_MAX_LINES])
    rest = len(lines) - _MAX_LINES
    more = f"<li>and {rest:,} more</li>" if rest > 0 else ""
    return f"<details><summary>{text(title)}</summary><ul>{listed}{more}</ul></details>"
