"""The page "My taste" as HTML made from plain data. Pure: nothing here knows Gradio or how a taste is counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from connectors.web_parts import act, bar, count, day, file_link, name, said, size, table, text

if TYPE_CHECKING:
    from assistant.taste_reports import DataReport, Exposure, TasteMonth, TasteReport, TasteShare, TasteTrack

#: How much of each list is shown.
_MAX_TRACKS, _MAX_SHARES, _MAX_EXPOSURES, _MAX_MONTHS = 12, 10, 60, 36
#: The timeline's height and the width of a month, in units of the drawing.
_BARS_HEIGHT, _MONTH_WIDTH = 72.0, 18.0
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: What the word is that has to be typed before everything is forgotten.
FORGET_WORD = "forget me"

INCOGNITO = (
    "The switch is the one beside the conversation. While it is on, nothing of what you say, play or rate is stored: "
    "no conversation, no events, nothing in your taste, and nothing here. Your taste so far still counts in what you "
    "are shown. Closing the page ends it; "
    "switched off, a new conversation begins."
)


def taste_html(report: TasteReport, message: str = "", *, problem: bool = False) -> str:
    """Show what was learnt, from what, and what was shown; with the buttons that change it.

    Args:
        report: the listener's taste.
        message: what came of the last press.
        problem: whether that is something that went wrong.
    """
    if not report.n_events and not report.exposures:
        return f'<div class="sg-taste">{_nothing()}{said(message, problem=problem)}</div>'
    return (
        f'<div class="sg-taste">{_learnt(report)}'
        f'<div class="sg-pair">{_tracks("Strongest liked", report.liked, "liked")}'
        f"{_tracks('Strongest disliked', report.disliked, 'disliked')}</div>"
        f"{_timeline(report.timeline)}{_shares(report)}{_ledger(report)}{said(message, problem=problem)}</div>"
    )


def joined_html(joined: Sequence[str], code: str = "", message: str = "", *, problem: bool = False) -> str:
    """Say which other listeners are the same person, and give the code that joins one more."""
    known = "".join(f"<li><bdi>{text(listener, 60)}</bdi></li>" for listener in joined)
    state = (
        f'<p>Also you:</p><ul class="sg-joined">{known}</ul>{act("unlink", "Unlink")}'
        if joined
        else "<p>Segue on Discord, in the terminal and here takes you for different people until you link them.</p>"
    )
    shown = (
        f'<p class="sg-code">Your code: <strong>{text(code, 20)}</strong></p>'
        "<p>Type it in the other place within 10 minutes: <code>/link</code> on Discord, or below on another browser."
        " It works once.</p>"
        if code
        else act("code", "Make a code")
    )
    return f'<div class="sg-taste"><h3>Linked places</h3>{state}{shown}{said(message, problem=problem)}</div>'


def export_html(report: DataReport, content: bytes, file: str) -> str:
    """Offer everything that is kept of a listener as one file, and say what is in it."""
    inside = (
        f"{count(report.n_events, 'event')}, {count(report.n_sessions, 'conversation')}, "
        f"{count(report.n_turns, 'turn')}, {count(report.n_playlists, 'playlist')}"
    )
    files = "".join(f"<li>{text(entry, 120)}</li>" for entry in report.files)
    return (
        f'<div class="sg-taste"><p>{file_link("Save the file", file, content, "application/zip", "with all my data")} '
        f"{text(size(report.n_bytes))}: {text(inside)}</p>"
        f"<details><summary>What is in it</summary><ul>{files}</ul></details></div>"
    )


def _nothing() -> str:
    return (
        '<section><h2>What Segue has learnt</h2><div class="sg-empty"><p class="sg-empty-title">Nothing yet</p>'
        "<p>Like, dislike or play something, or bring a listening history, and it shows here.</p></div></section>"
    )


def _learnt(report: TasteReport) -> str:
    lines = "".join(_sentence(line.text, line.evidence) for line in report.sentences)
    since = f" since {day(report.since)}" if report.since is not None else ""
    return (
        f"<section><h2>What Segue has learnt</h2>"
        f'<p class="sg-faint">From {text(count(report.n_events, "event"))}{since}.</p>'
        f'<ul class="sg-learnt">{lines}</ul></section>'
    )


def _sentence(words: str, evidence: Sequence[str]) -> str:
    if not evidence:
        return f"<li>{text(words, 400)}</li>"
    facts = "".join(f"<li>{text(fact)}</li>" for fact in evidence)
    return (
        f"<li>{text(words, 400)}<details><summary>Why do you think so?"
        f'<span class="sg-hidden"> {text(words, 90)}</span></summary><ul>{facts}</ul></details></li>'
    )


def _tracks(title: str, tracks: Sequence[TasteTrack], kind: str) -> str:
    if not tracks:
        return f'<section><h2>{title}</h2><p class="sg-faint">None yet.</p></section>'
    most = max(abs(track.weight) for track in tracks) or 1.0
    rows = "".join(_track(track, abs(track.weight) / most) for track in tracks[:_MAX_TRACKS])
    return f'<section><h2>{title}</h2><ol class="sg-tracks sg-{kind}">{rows}</ol></section>'


def _track(track: TasteTrack, share: float) -> str:
    return (
        f'<li><span class="sg-who">{name(track.title)} <span>by {name(track.artist)}</span></span>'
        f'<span class="sg-how">{bar(share)}{text(track.how, 120)}, {day(track.at)}</span>'
        f"{_change(track)}</li>"
    )


def _change(track: TasteTrack) -> str:
    """Take a rating back where there is one; what was only played or kept can be disliked."""
    about = f"{track.title} by {track.artist}"
    if track.rated is not None:
        return act("unrate", "Take back", about, track=track.track_id)
    return act("dislike", "Not for me", about, track=track.track_id) if track.weight > 0 else ""


def _timeline(months: Sequence[TasteMonth]) -> str:
    """Bars by month, with the same in a table."""
    if not months:
        return ""
    shown = months[-_MAX_MONTHS:]
    most = max(month.n_events for month in shown) or 1
    bars = []
    for place, month in enumerate(shown):
        height = max(_BARS_HEIGHT * month.n_events / most, 1.5 if month.n_events else 0)
        bars.append(
            f'<rect x="{place * _MONTH_WIDTH + 2:.0f}" y="{_BARS_HEIGHT - height:.1f}" '
            f'width="{_MONTH_WIDTH - 4:.0f}" height="{height:.1f}" rx="2">'
            f"<title>{text(_month(month.month))}: {text(count(month.n_events, 'event'))}</title></rect>"
        )
    width = max(len(shown), 12) * _MONTH_WIDTH
    rows = [
        {
            "month": text(_month(month.month)),
            "n": f"{month.n_events:,}",
            "genre": text(month.genre or "", 60),
            "artist": name(month.artist) if month.artist else "",
        }
        for month in reversed(shown)
    ]
    headings = {"month": "Month", "n": "Events", "genre": "Most of", "artist": "Most by"}
    first, last = text(_month(shown[0].month)), text(_month(shown[-1].month))
    return (
        '<section><h2>Timeline</h2><figure class="sg-timeline">'
        f'<svg viewBox="0 0 {width:.0f} {_BARS_HEIGHT:.0f}" role="img" preserveAspectRatio="xMinYMax meet" '
        f'aria-label="Events by month from {first} to {last}, {most:,} at most; in words below">{"".join(bars)}</svg>'
        f"<figcaption>{first}{f' to {last}' if len(shown) > 1 else ''}, at most {most:,} a month</figcaption></figure>"
        "<details><summary>The timeline in words</summary>"
        f"{table('months', 'Events by month', headings, rows)}</details></section>"
    )


def _month(month: str) -> str:
    """Name a month such as "2026-03": "Mar 2026"."""
    year, _, number = month.partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}" if number.isdigit() and 1 <= int(number) <= 12 else month


def _shares(report: TasteReport) -> str:
    parts = (
        ("Artists", report.artists),
        ("Genres", report.genres),
        ("Moods", report.moods),
        ("Decades", report.decades),
    )
    lists = "".join(f"<div><h3>{title}</h3>{_share_list(shares)}</div>" for title, shares in parts if shares)
    return f'<section><h2>What you come back to</h2><div class="sg-shares">{lists}</div></section>' if lists else ""


def _share_list(shares: Sequence[TasteShare]) -> str:
    shown = shares[:_MAX_SHARES]
    most = max(share.n for share in shown) or 1
    rows = "".join(
        f'<li><span class="sg-who">{name(share.name)}</span><span class="sg-how">{bar(share.n / most)}'
        f"{text(count(share.n, 'track'))}{_lift(share)}</span></li>"
        for share in shown
    )
    return f'<ul class="sg-tracks">{rows}</ul>'


def _lift(share: TasteShare) -> str:
    """How much more often than in the catalogue, where that says anything."""
    return f", {share.lift:.0f}× as often as in the catalogue" if share.n > 2 and share.lift >= 1.5 else ""


def _ledger(report: TasteReport) -> str:
    """Which tracks were shown how often, and the buttons that keep them away."""
    if not report.exposures:
        return ""
    headings = {"title": "Title", "artist": "Artist", "n": "Shown", "last": "Last", "state": "Now", "acts": "Change"}
    rows = [_exposure(entry) for entry in report.exposures[:_MAX_EXPOSURES]]
    rest = report.n_exposures - len(rows)
    more = (
        f'<p class="sg-faint">{text(count(rest, "more track"))} in the export of all my data.</p>' if rest > 0 else ""
    )
    return (
        '<section><h2>What you were shown</h2><p class="sg-faint">How often each track came into a playlist of yours. '
        "Send one away for a while, or for good.</p>"
        f"{table('ledger', 'Tracks that you were shown', headings, rows)}{more}</section>"
    )


def _exposure(entry: Exposure) -> dict[str, str]:
    about = f"{entry.title} by {entry.artist}"
    back = act("unrest", "Show again", about, track=entry.track_id)
    away = act("rest", "Not again for 30 days", about, track=entry.track_id)
    never = act("never", "Never again", about, track=entry.track_id)
    state, acts = {
        "normal": ("", away + never),
        "resting": (f"Rests until {day(entry.until)}", back + never),
        "never": ("Never again", back),
    }[entry.state]
    return {
        "title": name(entry.title),
        "artist": name(entry.artist),
        "n": f"{entry.n_shown:,}×",
        "last": day(entry.last_shown_at),
        "state": state,
        "acts": acts,
    }
