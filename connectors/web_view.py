"""What the web page shows, as HTML made from plain data. Pure: nothing here knows Gradio or the assistant's work.

Every word that comes from a catalogue or from a listener passes through `_text`: one line, at most so many
characters, no control or direction tricks, escaped. Addresses are links only where a browser may safely follow them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from html import escape
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from assistant.labels import plain
from assistant.reply import ReceiptLine, Reply, SlateTrack
from connectors.playlists import FORMATS

#: Requests offered on the empty page.
EXAMPLES = (
    "something mellow for a rainy sunday, nothing too famous, 45 minutes",
    "20 upbeat 80s tracks for a road trip, no country",
    "calm piano for studying, instrumental",
    "like Nina Simone, but newer",
)

#: Longest title, artist or album in the table, in characters; longest reason; longest word of a receipt.
_MAX_NAME, _MAX_REASON, _MAX_CHIP = 120, 240, 120
#: Names longer than this may be cut by the layout and are repeated as a hint, in characters.
_LONG_NAME = 40
#: Longest address that becomes a link: browsers refuse longer ones.
_MAX_ADDRESS = 2_000
#: What is offered for download: file extension → (name, what it is for, media type).
_DOWNLOADS = {
    ".m3u8": ("M3U8", "for music players", "audio/x-mpegurl"),
    ".csv": ("CSV", "for spreadsheets", "text/csv"),
    ".json": ("JSON", "for programs", "application/json"),
}
_NO_SLATE = (
    '<div class="sg-empty"><p class="sg-empty-title">Your playlist appears here</p>'
    "<p>Ask in your own words, then correct it: “no country”, “calmer”, “only the 90s”.</p></div>"
)
#: Drawn once, referred to by every row: two strokes of 24 × 24 units.
_ICONS = (
    '<svg width="0" height="0" aria-hidden="true" focusable="false" class="sg-icons"><defs>'
    '<symbol id="sg-like" viewBox="0 0 24 24"><path d="M7 10v11H3V10zM7 10l4-8c1.7 0 3 1.3 3 3v4h5.5c1.2 0 2.1 1.1 1.9'
    ' 2.3l-1.3 8c-.2 1-1 1.7-1.9 1.7H7"/></symbol>'
    '<symbol id="sg-dislike" viewBox="0 0 24 24"><path d="M17 14V3h4v11zM17 14l-4 8c-1.7 0-3-1.3-3-3v-4H4.5c-1.2 0-2.1'
    '-1.1-1.9-2.3l1.3-8C4.1 3.7 4.9 3 5.8 3H17"/></symbol></defs></svg>'
)


def header_html() -> str:
    """Say what this page is."""
    return '<header class="sg-header"><h1>Segue</h1><p>Ask for music, get a playlist.</p></header>'


def slate_html(reply: Reply | None, rated: Mapping[str, bool | None] | None = None) -> str:
    """Show a turn's slate as a table with its length above and its receipt below.

    Args:
        reply: the newest turn; None before the first.
        rated: track id → liked (None: taken back), for ratings newer than the reply.
    """
    if reply is None:
        return _NO_SLATE
    if not reply.tracks:
        return f'<div class="sg-slate">{_no_tracks()}{receipt_html(reply.receipt)}</div>'
    rated = rated or {}
    changed = _changed(reply)
    rows = "".join(_row(track, rated.get(track.track_id, track.liked)) for track in reply.tracks)
    n = len(reply.tracks)
    total = f"<span>{_text(reply.total, _MAX_CHIP)}</span>" if reply.total else ""
    return (
        f'<div class="sg-slate">{_ICONS}'
        f'<p class="sg-total"><strong>{n} track{"s" if n != 1 else ""}</strong>{total}{changed}</p>'
        '<table class="sg-table" role="table" aria-label="Playlist"><thead role="rowgroup"><tr role="row">'
        f"{''.join(_HEADINGS)}</tr></thead>"
        f'<tbody role="rowgroup">{rows}</tbody></table>{receipt_html(reply.receipt)}</div>'
    )


def receipt_html(lines: tuple[ReceiptLine, ...]) -> str:
    """Show what was asked against what was delivered, one chip per line; a sign and a word tell how it went."""
    if not lines:
        return ""
    chips = "".join(_chip(line) for line in lines)
    return f'<ul class="sg-receipt" aria-label="What you asked for, and what you got">{chips}</ul>'


def exports_html(reply: Reply | None) -> str:
    """Offer the slate as files. The whole file is in the link, so nothing of it is left behind on the server."""
    if reply is None or not reply.tracks:
        return ""
    name = file_name(reply.query)
    links = []
    for extension, (label, purpose, media_type) in _DOWNLOADS.items():
        data = base64.b64encode(FORMATS[extension](reply).encode("utf-8", errors="replace")).decode("ascii")
        links.append(
            f'<a class="sg-export" download="{escape(name + extension)}" href="data:{media_type};base64,{data}" '
            f'title="{purpose}">{label}<span class="sg-hidden"> file, {purpose}</span></a>'
        )
    return f'<div class="sg-exports"><span>Save as</span>{"".join(links)}</div>'


def footer_html(reply: Reply | None) -> str:
    """Say in one small line how the slate was made: index, seed, candidates and time."""
    if reply is None:
        return ""
    parts = []
    if reply.index:
        parts.append(f"index {_text(reply.index, 20)}")
    parts.append(f"seed {reply.seed}")
    if reply.n_candidates:
        parts.append(f"{reply.n_candidates:,} candidates")
    if "total" in reply.timings_ms:
        parts.append(f"{reply.timings_ms['total']:.0f} ms")
    return f'<p class="sg-footer">{" · ".join(parts)}</p>'


def file_name(query: str) -> str:
    """Make a short, harmless file name, without extension, from a request."""
    words = re.findall(r"\w+", plain(query, 200).lower())
    name = ""
    for word in words:
        if len(name) + 1 + len(word) > 40:
            break
        name = f"{name}-{word}" if name else word
    return f"segue-{name}" if name else "segue-playlist"


def web_address(link: str) -> str | None:
    """Return an address that may become a link, or None: only http(s) with a host, and files."""
    if not link or len(link) > _MAX_ADDRESS or not link.isprintable() or " " in link:
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    if parts.scheme in ("http", "https"):
        return link if parts.hostname else None
    return link if parts.scheme == "file" and PurePosixPath(parts.path).is_absolute() else None


def length_label(seconds: float | None, *, estimated: bool = False) -> str:
    """Write a track's length as "3:05" or "1:02:09", with "≈" where it is only estimated; "–" where unknown."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"≈ {clock}" if estimated else clock


def _heading(name: str, kind: str, *, hidden: bool = False) -> str:
    words = f'<span class="sg-hidden">{name}</span>' if hidden else name
    return f'<th role="columnheader" scope="col" class="sg-{kind}">{words}</th>'


_HEADINGS = (
    _heading("Number", "number", hidden=True),
    _heading("Title", "title"),
    _heading("Artist", "artist"),
    _heading("Album", "album"),
    _heading("Year", "year"),
    _heading("Length", "length"),
    _heading("Why", "why"),
    _heading("Your rating", "rate", hidden=True),
)


def _row(track: SlateTrack, liked: bool | None) -> str:
    state = "" if liked is None else " sg-is-liked" if liked else " sg-is-disliked"
    length = length_label(track.duration_s, estimated=track.duration_estimated)
    cells = (
        _cell("number", f"{track.position}{_mark(track)}"),
        _cell("title", _title(track)),
        _cell("artist", _name(track.artist)),
        _cell("album", _name(track.album) if track.album else ""),
        _cell("year", str(track.year) if track.year is not None else ""),
        _cell("length", length),
        _cell("why", f"<bdi>{_text(track.reason, _MAX_REASON)}</bdi>" if track.reason else ""),
        _cell("rate", _rate("like", track, liked is True) + _rate("dislike", track, liked is False)),
    )
    return f'<tr role="row" class="sg-row{state}">{"".join(cells)}</tr>'


def _mark(track: SlateTrack) -> str:
    """A sign behind the number of what is pinned."""
    sign = '<span class="sg-pin" aria-hidden="true">=</span><span class="sg-hidden"> pinned</span>'
    return sign if track.pinned else ""


def _changed(reply: Reply) -> str:
    """How much of the playlist is new, where part of it stayed."""
    n_new = len(reply.diff.added)
    return f"<span>{n_new} new, {reply.diff.n_kept} kept</span>" if reply.diff.n_kept and n_new else ""


def _cell(kind: str, content: str) -> str:
    return f'<td role="cell" class="sg-{kind}">{content}</td>'


def _title(track: SlateTrack) -> str:
    name = _name(track.title) if track.title.strip() else "<bdi>untitled</bdi>"
    address = web_address(track.link)
    if address is None:
        return name
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer nofollow">{name}</a>'


def _rate(kind: str, track: SlateTrack, pressed: bool) -> str:
    track_id = track.track_id.encode("utf-8", errors="replace").decode("utf-8")
    words = f"{kind.capitalize()} {plain(track.title, 60)} by {plain(track.artist, 60)}"
    hint = f"Take the {kind} back" if pressed else kind.capitalize()
    return (
        f'<button type="button" class="sg-button" data-rate="{kind}" data-track="{escape(track_id)}" '
        f'aria-pressed="{str(pressed).lower()}" aria-label="{escape(words)}" title="{hint}">'
        f'<svg aria-hidden="true" focusable="false"><use href="#sg-{kind}"></use></svg></button>'
    )


def _chip(line: ReceiptLine) -> str:
    if line.relaxed:
        kind, sign, words = "relaxed", "!", "gave way"
    elif line.n_total and line.n_met < line.n_total:
        kind, sign, words = "partly", "~", "partly"
    else:
        kind, sign, words = "met", "✓", "as asked"
    asked = f"{'required' if line.hard else 'preferred'}: {line.asked}" if line.asked else ""
    return (
        f'<li class="sg-chip sg-{kind}" title="{_text(asked, _MAX_CHIP)}">'
        f'<span aria-hidden="true">{sign}</span><span class="sg-hidden">{words}: </span>'
        f"<b>{_name(line.constraint)}</b> <span>{_text(line.delivered, _MAX_CHIP)}</span></li>"
    )


def _no_tracks() -> str:
    return '<p class="sg-total"><strong>No tracks</strong><span>ask for less, or for something else</span></p>'


def _name(text: str) -> str:
    """A name of any script beside others: set apart, so that its direction does not turn the line round."""
    words = _text(text, _MAX_NAME)
    hint = f' title="{words}"' if len(words) > _LONG_NAME else ""
    return f"<bdi{hint}>{words}</bdi>"


def _text(text: str, limit: int) -> str:
    return escape(plain(text, limit))
