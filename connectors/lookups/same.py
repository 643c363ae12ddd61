"""Whether what a service found is the track that was asked about."""

from __future__ import annotations

from collections.abc import Iterable

from assistant.entries import name_key, title_key, version_kinds, work_key
from assistant.lookups import Asked

#: What a hit is worth: found by id, the same title, the same work in another version.
BY_ID, SAME_TITLE, SAME_WORK = 1.0, 0.95, 0.75
#: Lengths further apart are other recordings, in seconds; and what that leaves of the match.
_FAR_S, _OTHER_LENGTH = 15.0, 0.8


def likeness(asked: Asked, title: str, artists: Iterable[str], duration_s: float | None = None) -> float:
    """How surely a hit is the track that was asked about, 0–1; 0 where title or artist is another."""
    wanted = name_key(asked.artist)
    if not any(name_key(one) == wanted for one in artists):
        return 0.0
    same = work_key(title) == work_key(asked.title)
    if title_key(title) == title_key(asked.title) or (same and version_kinds(title) == version_kinds(asked.title)):
        match = SAME_TITLE
    elif same:
        match = SAME_WORK
    else:
        return 0.0
    far = asked.duration_s is not None and duration_s is not None and abs(asked.duration_s - duration_s) > _FAR_S
    return match * _OTHER_LENGTH if far else match
