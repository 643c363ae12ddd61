"""Which version of a recording a title or an album says it is: live, remix, remaster, acoustic, cover, demo, karaoke.

Only what stands apart from the name counts, in brackets or behind a dash: "Alive" and "Live and Let Die" are no live
versions. A title that says nothing is taken for the original: that is what listeners mean by "no remixes".
"""

from __future__ import annotations

import re

#: Kind → what says so in the part of a title that stands apart.
KINDS = {
    "live": re.compile(r"\blive\b|\bunplugged\b|\bin concert\b"),
    "remix": re.compile(r"\b(?:re-?mix(?:ed)?|rmx|bootleg|rework|mash-?up)\b|\b(?!original\b)(?!mono\b)\w+ mix\b"),
    "remaster": re.compile(r"\bre-?master(?:ed)?\b"),
    "acoustic": re.compile(r"\bacoustic\b|\bunplugged\b|\bstripped\b"),
    "cover": re.compile(r"\bcover(?:ed)?\b|\btribute to\b|\bin the style of\b|\boriginally (?:by|performed)\b"),
    "demo": re.compile(r"\bdemos?\b"),
    "karaoke": re.compile(r"\bkaraoke\b"),
}
_APART = re.compile(r"[(\[]([^)\]]*)[)\]]?|\s[-–—]\s(.+)$")
_LIVE_ALBUM = re.compile(
    r"\blive (?:at|from|in|on)\b|[(\[]live\b|\bunplugged\b|\bin concert\b|\s[-–—]\slive$|:\s*live$"
)
_MARKS = "([-–—"


def versions_of(title: str, album: str | None = None) -> frozenset[str]:
    """Return the kinds of version that a title says it is, and "live" where the album says that it is a concert."""
    found: set[str] = set()
    if any(mark in title for mark in _MARKS):
        apart = " ; ".join(part for groups in _APART.findall(title.lower()) for part in groups if part)
        found |= {kind for kind, pattern in KINDS.items() if apart and pattern.search(apart)}
    if album and _LIVE_ALBUM.search(album.lower()):
        found.add("live")
    return frozenset(found)


def kinds_in(words: str) -> tuple[str, ...]:
    """Return the kinds that words such as "live" or "remixed" name; none for "acoustic", which is a sound."""
    return tuple(kind for kind, pattern in KINDS.items() if kind != "acoustic" and pattern.fullmatch(words.strip()))
