"""Text that is safe to show in Discord: no word of a listener or of a catalogue becomes a mention, a link or markup."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from assistant.labels import plain

#: Discord's own limits, in characters.
MAX_MESSAGE, MAX_DESCRIPTION, MAX_FIELD, MAX_EMBED = 2_000, 4_096, 1_024, 6_000
#: Longest address that becomes a link: a page of tracks must fit an embed.
_MAX_ADDRESS = 240
#: Shown as nothing; stands where a word must not become more than a word.
_GAP = "\u200b"
_MARKUP = re.compile(r"([\\*_~`|<>\[\]()])")
_LIST = re.compile(r"^([#+-]|\d+(?=\.))")
#: What Discord makes a link, an invitation or a mention of, wherever it stands.
_LIVE = re.compile(r"(?<=:)(?=//)|(?<=@)(?=\S)|(?<=discord)(?=\.gg)|(?<=discord)(?=(?:app)?\.com)", re.IGNORECASE)
_UNSAFE_IN_LINK = re.compile(r"[()<>\[\]`|\\]")


def safe(text: str, limit: int) -> str:
    """Make any text show as it was written where Discord reads markdown.

    Args:
        text: anything.
        limit: longest that it may be shown, in characters; escaping may double it.
    """
    shown = _MARKUP.sub(r"\\\1", _LIVE.sub(_GAP, plain(text, limit)))
    return _LIST.sub(lambda found: f"{found[1]}\\" if found[1].isdigit() else f"\\{found[1]}", shown)


def label(text: str, limit: int) -> str:
    """Make any text fit for a place where Discord reads no markdown: a button, an entry of a menu; never empty."""
    return _LIVE.sub(_GAP, plain(text, limit - 4))[:limit] or "–"


def web_link(name: str, address: str) -> str:
    """Make a link of a name that is already safe, where the address leads to the web and is not too long."""
    quoted = _UNSAFE_IN_LINK.sub(lambda found: f"%{ord(found[0]):02X}", address)
    if len(quoted) > _MAX_ADDRESS or not quoted.isprintable() or " " in quoted:
        return name
    try:
        parts = urlsplit(quoted)
    except ValueError:
        return name
    return f"[{name}]({quoted})" if parts.scheme in ("http", "https") and parts.hostname else name


def split(text: str, limit: int = MAX_MESSAGE) -> list[str]:
    """Split a long text into messages, at the ends of lines, then at spaces, then anywhere."""
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > limit:
        cut = max(rest.rfind("\n", 1, limit + 1), 0) or max(rest.rfind(" ", 1, limit + 1), 0) or limit
        if rest[cut - 1] == "\\" and cut == limit:
            cut -= 1  # an escape stays with what it escapes
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [part for part in (*parts, rest) if part]
