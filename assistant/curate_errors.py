"""Errors of curating playlists and of recipes."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.errors import AssistantError


class CurateError(AssistantError, ValueError):
    """A playlist cannot be worked on as was asked."""

    def __init__(self, received: str, expected: str, remedy: str) -> None:
        super().__init__(f"received {received}, but {expected} is needed; {remedy}")
        self.received, self.expected = received, expected


#: Longest playlist that is looked at: every track is compared with every other.
MAX_PLAYLIST = 2_000


def check_length(track_ids: Sequence[str]) -> None:
    """Refuse a playlist that is too long to be looked at.

    Raises:
        CurateError: it has more tracks than `MAX_PLAYLIST`.
    """
    if len(track_ids) > MAX_PLAYLIST:
        raise CurateError(
            f"a playlist of {len(track_ids):,} tracks", f"one of at most {MAX_PLAYLIST:,}", "give a part of it"
        )


class RecipeError(AssistantError, ValueError):
    """A recipe cannot be read."""

    def __init__(self, name: str, problem: str, remedy: str, *, line: int | None = None) -> None:
        where = name if line is None else f"{name}, line {line}"
        super().__init__(f"cannot follow the recipe {where}: {problem}; {remedy}")
        self.line, self.problem = line, problem
