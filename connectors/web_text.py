"""Words, names and addresses as the page shows them: one line, cut, without control or direction tricks, escaped."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from assistant.labels import plain

#: Longest title, artist or album in the table, in characters; longest reason; longest word of a receipt.
MAX_NAME, MAX_REASON, MAX_CHIP = 120, 240, 120
#: Names longer than this may be cut by the layout and are repeated as a hint, in characters.
_LONG_NAME = 40
#: Longest address that becomes a link: browsers refuse longer ones.
_MAX_ADDRESS = 2_000


def text_html(text: str, limit: int) -> str:
    """Escape a text of anybody's on one line, at most so many characters of it."""
    return escape(plain(text, limit))


def name_html(text: str) -> str:
    """A name of any script beside others: set apart, so that its direction does not turn the line round."""
    words = text_html(text, MAX_NAME)
    hint = f' title="{words}"' if len(words) > _LONG_NAME else ""
    return f"<bdi{hint}>{words}</bdi>"


def value_html(value: str) -> str:
    """Escape an id for an attribute; it comes back as it is."""
    return escape(value.encode("utf-8", errors="replace").decode("utf-8"))


def button_html(act: str, label: str, content: str, *, title: str = "", kind: str = "sg-button", **data: str) -> str:
    """A button whose press is an act of the page (`connectors.web_acts`).

    Args:
        act: what it does.
        label: read out in place of the content.
        content: HTML.
        title: shown when pointed at; the label by default.
        kind: CSS classes.
        data: values that go with the act; `pressed` is its state instead.
    """
    pressed = data.pop("pressed", "")
    state = f' aria-pressed="{pressed}"' if pressed else ""
    values = "".join(f' data-{name}="{value_html(value)}"' for name, value in data.items())
    return (
        f'<button type="button" class="{kind}" data-act="{act}"{values}{state} aria-label="{escape(label)}" '
        f'title="{escape(title or label)}">{content}</button>'
    )


def web_address(link: str) -> str | None:
    """Return an address that may become a link, or None: only http(s) with a host."""
    if not link or len(link) > _MAX_ADDRESS or not link.isprintable() or " " in link:
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    return link if parts.scheme in ("http", "https") and parts.hostname else None


def length_label(seconds: float | None, *, estimated: bool = False) -> str:
    """Write a track's length as "3:05" or "1:02:09", with "≈" where it is only estimated; "–" where unknown."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"≈ {clock}" if estimated else clock
