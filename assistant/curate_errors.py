"""Errors of curating playlists and of recipes."""

from __future__ import annotations

from assistant.errors import AssistantError


class CurateError(AssistantError, ValueError):
    """A playlist cannot be worked on as was asked."""

    def __init__(self, received: str, expected: str, remedy: str) -> None:
        super().__init__(f"received {received}, but {expected} is needed; {remedy}")
        self.received, self.expected = received, expected


class RecipeError(AssistantError, ValueError):
    """A recipe cannot be read."""

    def __init__(self, name: str, problem: str, remedy: str, *, line: int | None = None) -> None:
        where = name if line is None else f"{name}, line {line}"
        super().__init__(f"cannot follow the recipe {where}: {problem}; {remedy}")
        self.line, self.problem = line, problem
