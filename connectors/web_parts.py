"""What the pages beside the chat are made of, as HTML from plain data: safe words, buttons, files, bars, tables.

Every word that comes from a catalogue, a listener or a file passes through `text` or `name`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape

from assistant.labels import plain
from connectors.web_text import name_html, text_html, value_html


def text(words: str, limit: int = 300) -> str:
    """Make words safe to stand in HTML, also within quotes: one line, at most `limit` characters, escaped."""
    return text_html(words, limit)


def name(words: str) -> str:
    """A name of any script beside others: set apart, so that its direction does not turn the line round."""
    return name_html(words if words.strip() else "untitled")


def act(kind: str, label: str, about: str = "", *, pressed: bool | None = None, **data: str) -> str:
    """A button that the page hears as an act of this kind with this data.

    Args:
        kind: of the act.
        label: on the button.
        about: what it is about, for whoever has it read aloud.
        pressed: its state, where it has one.
        data: goes with the act.
    """
    attributes = "".join(f' data-{field}="{value_html(value)}"' for field, value in data.items())
    aloud = f' aria-label="{text(f"{label}: {plain(about, 90)}", 160)}"' if about else ""
    state = "" if pressed is None else f' aria-pressed="{str(pressed).lower()}"'
    return (
        f'<button type="button" class="sg-act" data-act="{escape(kind)}"{attributes}{state}{aloud}>'
        f"{text(label)}</button>"
    )


def said(words: str, *, problem: bool = False) -> str:
    """What came of an act, read aloud when it appears; empty for no words."""
    kind, sign = ("sg-problem", "!") if problem else ("sg-done", "✓")
    inside = f'<span aria-hidden="true">{sign}</span> {text(words, 600)}' if words else ""
    return f'<p class="sg-said {kind}" role="status">{inside}</p>'


def file_link(label: str, file: str, content: bytes, media_type: str, about: str = "") -> str:
    """A link to save a file that is whole in the link itself, so that nothing of it is left behind on the server."""
    data = base64.b64encode(content).decode("ascii")
    aloud = f'<span class="sg-hidden"> {text(about)}</span>' if about else ""
    return (
        f'<a class="sg-export" download="{text(file, 120)}" href="data:{escape(media_type)};base64,{data}">'
        f"{text(label)}{aloud}</a>"
    )


def day(at: float | None) -> str:
    """A moment as a day: "7 Mar 2026"; empty where it is unknown."""
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.day} {moment:%b %Y}"


def count(n: int, noun: str) -> str:
    """A number with its noun: "1 track", "1,200 tracks"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def size(n_bytes: int) -> str:
    """A file's size: "812 kB", "4.1 MB"."""
    return f"{max(round(n_bytes / 1e3), 1)} kB" if n_bytes < 999_500 else f"{n_bytes / 1e6:.1f} MB"


def bar(share: float) -> str:
    """A small bar of a share 0–1; the words beside it say the same."""
    return (
        '<svg class="sg-bar" viewBox="0 0 40 6" aria-hidden="true" focusable="false">'
        '<rect class="sg-bar-room" width="40" height="6" rx="3"></rect>'
        f'<rect class="sg-bar-part" width="{max(40 * min(share, 1.0), 2):.1f}" height="6" rx="3"></rect></svg>'
    )


def table(kind: str, caption: str, headings: Mapping[str, str], rows: Iterable[Mapping[str, str]]) -> str:
    """A table with a caption for screen readers; every cell carries its heading for narrow pages.

    Args:
        kind: its class, after "sg-".
        caption: what it shows.
        headings: column → words.
        rows: column → HTML; a column that is missing stays empty.
    """
    head = "".join(f'<th role="columnheader" scope="col" class="sg-{c}">{text(w)}</th>' for c, w in headings.items())
    body = "".join(
        '<tr role="row">'
        + "".join(
            f'<td role="cell" class="sg-{c}" data-head="{text(w)}">{row.get(c, "")}</td>' for c, w in headings.items()
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="sg-list sg-{kind}" role="table" aria-label="{text(caption)}">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
    )
