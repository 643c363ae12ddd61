"""Is a track explicit? Yes, no, or unknown: what its source states, else what its title says, else that nobody sings.

A source states it in a column, which is kept as one of two tags; the title says it apart from the name, "(Explicit)" or
"- Clean Version". A track that is known to have no vocals has no words to be explicit. All else is unknown, and unknown
is never taken for clean.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from recsys.types import Track

#: Tags that say it. They are facts and no description: they are not embedded with the other tags.
EXPLICIT, NOT_EXPLICIT = "explicit", "not explicit"
MARKS = frozenset((EXPLICIT, NOT_EXPLICIT))

_YES = frozenset(("1", "1.0", "true", "t", "yes", "y", "explicit"))
_NO = frozenset(("0", "0.0", "false", "f", "no", "n", "clean", "cleaned", "notexplicit"))
_SAYS_YES = re.compile(r"\bexplicit\b(?! content)|\bdirty (?:version|edit)\b", re.IGNORECASE)
_SAYS_NO = re.compile(r"\b(?:clean|censored|non-?explicit)\b", re.IGNORECASE)
_APART = re.compile(r"[(\[]([^)\]]*)[)\]]?|\s[-–—]\s(.+)$")


def mark(value: str) -> str | None:
    """Return the tag for what a column such as `explicit` says of a track: true or false, 1 or 0, yes or no, …"""
    said = re.sub(r"[\s_-]+", "", value.strip().lower())
    return EXPLICIT if said in _YES else NOT_EXPLICIT if said in _NO else None


def is_explicit(title: str, tags: Collection[str], vocal: str | None) -> bool | None:
    """Tell whether a track is explicit; None where that is not known."""
    said = {tag.strip().lower() for tag in tags}
    apart = " ; ".join(part for groups in _APART.findall(title) for part in groups if part)
    if EXPLICIT in said:
        return True
    if NOT_EXPLICIT in said or _SAYS_NO.search(apart):
        return False
    if _SAYS_YES.search(apart):
        return True
    return False if vocal == "none" else None


def explicit(track: Track) -> bool | None:
    """Tell whether a track is explicit; None where that is not known."""
    return is_explicit(track.title, track.tags, track.vocal)
