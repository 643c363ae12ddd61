"""What the web page shows, as HTML made from plain data. Pure: nothing here knows Gradio or the assistant's work.

Every word that comes from a catalogue or from a listener passes through `connectors.web_text`. Addresses are links
only where a browser may safely follow them.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from html import escape

from assistant.labels import plain
from assistant.reply import ReceiptLine, Reply, SlateTrack
from connectors.playlists import FORMATS, safe_file_name
from connectors.playlists.places import without_paths
from connectors.web_rows import heading_html, row_html
from connectors.web_text import MAX_CHIP, button_html, name_html, text_html, value_html

#: Requests offered on the empty page.
EXAMPLES = (
    "something mellow for a rainy sunday, nothing too famous, 45 minutes",
    "20 upbeat 80s tracks for a road trip, no country",
    "calm piano for studying, instrumental",
    "like Nina Simone, but newer",
)

#: Longest word of what a press came to, in characters; longest option of a question; longest name of a file.
_MAX_SAID, _MAX_OPTION, _MAX_FILE_NAME = 300, 80, 60
#: What files are for: file extension → (name, purpose, media type). Others go by their extension.
_DOWNLOADS = {
    ".m3u8": ("M3U8", "for music players", "audio/x-mpegurl"),
    ".xspf": ("XSPF", "for music players", "application/xspf+xml"),
    ".jspf": ("JSPF", "for music players and ListenBrainz", "application/jspf+json"),
    ".csv": ("CSV", "for spreadsheets", "text/csv"),
    ".json": ("JSON", "for programs", "application/json"),
    ".txt": ("Text", "for reading", "text/plain"),
}
#: Another name of a format that is offered already.
_TWICE = (".m3u",)
#: Chips that are no demands, so that they can only be dropped.
_DIALS = frozenset({"size", "fame", "discovery", "me", "arc"})
_NO_SLATE = (
    '<div class="sg-empty"><p class="sg-empty-title">Your playlist appears here</p>'
    "<p>Ask in your own words, then correct it: “no country”, “calmer”, “only the 90s”.</p></div>"
)
_SKELETON = (
    '<div class="sg-skeleton" role="status"><span class="sg-hidden">Making your playlist…</span>'
    f"{'<span></span>' * 8}</div>"
)
#: Under the tracks: what makes the next ones.
_ONWARD = (
    '<div class="sg-onward" role="group" aria-label="Go on with music">'
    + button_html(
        "keep-going",
        "Keep going",
        "Keep going",
        kind="sg-tool sg-go",
        title="The next ten tracks, after what you heard",
    )
    + button_html(
        "like-last",
        "More like the last three",
        "More like the last three",
        kind="sg-tool",
        title="Ten tracks after the last three that you heard",
    )
    + button_html(
        "radio-playlist",
        "Radio from this playlist",
        "Radio from this playlist",
        kind="sg-tool",
        title="Ten tracks after all of these, and on from there",
    )
    + "</div>"
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
    """Say what this page is, with the button that opens the list of conversations where it is a drawer."""
    return (
        '<header class="sg-header"><button type="button" class="sg-button sg-drawer" data-drawer="open" '
        'aria-label="Show the conversations" title="Conversations"><span aria-hidden="true">☰</span></button>'
        "<h1>Segue</h1><p>Ask for music, get a playlist.</p></header>"
    )


def user_html(name: str | None, *, log_out: bool) -> str:
    """Say who is logged in, with the way out where it is this page's; nothing where nobody logs in."""
    if name is None:
        return ""
    out = '<a href="logout?all_session=false">Log out</a>' if log_out else ""
    return f'<p class="sg-user"><bdi title="{value_html(name)}">{text_html(name, 64)}</bdi> {out}</p>'


def notice_html(words: str) -> str:
    """Say something above all else, read aloud at once."""
    return f'<p class="sg-notice" role="alert">{text_html(words, 600)}</p>'


def slate_html(
    reply: Reply | None,
    rated: Mapping[str, bool | None] | None = None,
    *,
    whys: Mapping[str, str] | None = None,
    said: str = "",
    stranger: Sequence[SlateTrack] | None = None,
    playable: Collection[str] = (),
    incognito: bool = False,
    waits: bool = False,
) -> str:
    """Show a turn's slate as a table: its length, what can be done with it and its receipt above.

    Args:
        reply: the newest turn; None before the first.
        rated: track id → liked (None: taken back), for ratings newer than the reply.
        whys: track id → the answer to "why?", for rows that are opened.
        said: what came of the last press of a button.
        stranger: what somebody else would get, to be shown beside it.
        playable: ids of tracks that the page can play.
        incognito: whether nothing is stored.
        waits: whether another slate is on its way.
    """
    bar = _bar(reply, incognito=incognito, compared=stranger is not None)
    told = f'<p class="sg-said" role="status">{text_html(said, _MAX_SAID)}</p>'
    if reply is None:
        return f'<div class="sg-slate">{bar}{told}{_SKELETON if waits else _NO_SLATE}</div>'
    receipt = receipt_html(reply.receipt)
    if not reply.tracks:
        return f'<div class="sg-slate">{bar}{receipt}{told}{_no_tracks()}</div>'
    rated, whys = rated or {}, whys or {}
    n = len(reply.tracks)
    rows = "".join(
        row_html(
            track,
            rated.get(track.track_id, track.liked),
            n,
            whys.get(track.track_id),
            playable=track.track_id in playable,
            radio=reply.radio is not None,
        )
        for track in reply.tracks
    )
    compared = "" if stranger is None else _compared(reply.tracks, stranger)
    busy = ' aria-busy="true"' if waits else ""
    busy += ' data-radio="on"' if reply.radio is not None else ""
    return (
        f'<div class="sg-slate"{busy}>{_ICONS}{bar}{receipt}{told}{compared}'
        '<table class="sg-table" role="table" aria-label="Playlist"><thead role="rowgroup"><tr role="row">'
        f"{heading_html()}</tr></thead>"
        f'<tbody role="rowgroup">{rows}</tbody></table>{_ONWARD}</div>'
    )


def receipt_html(lines: tuple[ReceiptLine, ...]) -> str:
    """Show what was asked against what was delivered, one chip per line; a sign and a word tell how it went."""
    if not lines:
        return ""
    chips = "".join(_chip(line) for line in lines)
    return f'<ul class="sg-receipt" aria-label="What you asked for, and what you got">{chips}</ul>'


def options_html(reply: Reply | None) -> str:
    """Offer the answers to the question that the last turn asked, as buttons."""
    if reply is None or not reply.options:
        return ""
    buttons = "".join(
        button_html("option", plain(option, _MAX_OPTION), text_html(option, _MAX_OPTION), kind="sg-option", text=option)
        for option in reply.options
    )
    return f'<div class="sg-options" role="group" aria-label="Which did you mean?">{buttons}</div>'


def exports_html(reply: Reply | None, *, paths: bool = True) -> str:
    """Offer the slate as files. The whole file is in the link, so nothing of it is left behind on the server.

    Args:
        reply: the slate; nothing is offered without one.
        paths: whether the files may say where tracks lie on this machine.
    """
    if reply is None or not reply.tracks:
        return ""
    name, shown = plain(reply.query, _MAX_FILE_NAME), reply if paths else without_paths(reply)
    links = []
    for extension, written in FORMATS.items():
        if extension in _TWICE:
            continue
        label, purpose, media_type = _DOWNLOADS.get(
            extension, (extension[1:].upper(), "for other programs", "text/plain")
        )
        data = base64.b64encode(written(shown).encode("utf-8", errors="replace")).decode("ascii")
        links.append(
            f'<a class="sg-export" download="{escape(safe_file_name(name, extension))}" '
            f'href="data:{media_type};base64,{data}" title="{purpose}">{label}<span class="sg-hidden"> file, '
            f"{purpose}</span></a>"
        )
    lines = "\n".join(f"{track.position}. {plain(track.artist)} – {plain(track.title)}" for track in reply.tracks)
    copy = (
        f'<button type="button" class="sg-export" data-copy="{escape(lines)}" title="Copy the playlist as text">'
        'Copy<span class="sg-hidden"> as text</span></button>'
    )
    return f'<div class="sg-exports"><span>Save as</span>{"".join(links)}{copy}</div>'


def footer_html(reply: Reply | None) -> str:
    """Say in one small line how the slate was made: index, seed, candidates and time."""
    if reply is None:
        return ""
    parts = []
    if reply.index:
        parts.append(f"index {text_html(reply.index, 20)}")
    parts.append(f"seed {reply.seed}")
    if reply.n_candidates:
        parts.append(f"{reply.n_candidates:,} candidates")
    if "total" in reply.timings_ms:
        parts.append(f"{reply.timings_ms['total']:.0f} ms")
    return f'<p class="sg-footer">{" · ".join(parts)}</p>'


def _bar(reply: Reply | None, *, incognito: bool, compared: bool) -> str:
    """The line above the slate: how long it is, and what can be done with it as a whole."""
    words = ""
    if reply is not None and reply.tracks:
        n = len(reply.tracks)
        total = f"<span>{text_html(reply.total, MAX_CHIP)}</span>" if reply.total else ""
        words = f'<p class="sg-total"><strong>{n} track{"s" if n != 1 else ""}</strong>{total}{_changed(reply)}</p>'
    buttons = []
    if reply is not None:
        buttons = [
            button_html("undo", "Undo", "Undo", kind="sg-tool", title="Back to the playlist before"),
            button_html("redo", "Redo", "Redo", kind="sg-tool", title="Take the undo back"),
        ]
    if reply is not None and reply.radio is None:
        buttons.append(
            button_html(
                "without",
                "Without me",
                "Without me",
                kind="sg-tool",
                title="Show what a stranger would get, beside yours",
                pressed=str(compared).lower(),
            )
        )
    hint = "While this is on, nothing is stored and nothing is learnt"
    state = str(incognito).lower()
    buttons.append(button_html("incognito", "Incognito", "Incognito", kind="sg-tool", title=hint, pressed=state))
    return f'<div class="sg-head">{words}<div class="sg-acts">{"".join(buttons)}</div></div>'


def _compared(mine: Sequence[SlateTrack], theirs: Sequence[SlateTrack]) -> str:
    """Two short lists beside each other; what only one of them has is marked."""
    columns = (("Yours", mine, theirs), ("Without you", theirs, mine))
    lists = []
    for heading, tracks, others in columns:
        known = {track.track_id for track in others}
        rows = "".join(
            f'<li class="{"sg-both" if track.track_id in known else "sg-only"}">{name_html(track.title)}'
            f"<span>{name_html(track.artist)}</span></li>"
            for track in tracks
        )
        lists.append(f'<section aria-label="{heading}"><h3>{heading}</h3><ol>{rows}</ol></section>')
    n_both = len({track.track_id for track in mine} & {track.track_id for track in theirs})
    said = f"{n_both} of {len(mine)} tracks are also what a stranger would get."
    return f'<div class="sg-compared"><p>{said}</p>{"".join(lists)}</div>'


def _changed(reply: Reply) -> str:
    """How much of the playlist is new, where part of it stayed."""
    n_new = len(reply.diff.added)
    return f"<span>{n_new} new, {reply.diff.n_kept} kept</span>" if reply.diff.n_kept and n_new else ""


def _chip(line: ReceiptLine) -> str:
    if line.relaxed:
        kind, sign, words = "relaxed", "!", "gave way"
    elif line.n_total and line.n_met < line.n_total:
        kind, sign, words = "partly", "~", "partly"
    else:
        kind, sign, words = "met", "✓", "as asked"
    asked = f"{'required' if line.hard else 'preferred'}: {line.asked}" if line.asked else ""
    told = (
        f'<span class="sg-sign" aria-hidden="true">{sign}</span><span class="sg-hidden">{words}: </span>'
        f"<b>{name_html(line.constraint)}</b> <span>{text_html(line.delivered, MAX_CHIP)}</span>"
    )
    if not line.chip:
        return f'<li class="sg-chip sg-{kind}" title="{text_html(asked, MAX_CHIP)}">{told}</li>'
    wish = plain(line.constraint, 60)
    drop = button_html("drop", f"Drop {wish}", '<span aria-hidden="true">×</span>', kind="sg-chip-drop", chip=line.chip)
    if line.chip in _DIALS:
        return f'<li class="sg-chip sg-{kind} sg-wish" title="{text_html(asked, MAX_CHIP)}">{told}{drop}</li>'
    act, does = ("prefer", "Only prefer") if line.hard else ("must", "Insist on")
    state = "a must" if line.hard else "preferred"
    harden = (
        f'<button type="button" class="sg-chip-turn" data-act="{act}" data-chip="{value_html(line.chip)}" '
        f'aria-pressed="{str(line.hard).lower()}" title="{escape(f"{does} {wish}")} (now {state})">{told}'
        f'<span class="sg-hidden">. {escape(does)} it</span></button>'
    )
    return f'<li class="sg-chip sg-{kind} sg-wish{" sg-hard" if line.hard else ""}">{harden}{drop}</li>'


def _no_tracks() -> str:
    return '<p class="sg-total"><strong>No tracks</strong><span>ask for less, or for something else</span></p>'
