"""Errors of what is a listener's own: rests, codes that link listeners, and the file of all that is kept."""

from __future__ import annotations

from pathlib import Path

from assistant.errors import AssistantError


class UnknownRestError(AssistantError, ValueError):
    """A track was to rest for no sensible number of days."""

    def __init__(self, days: float, most: float) -> None:
        super().__init__(f"a track cannot rest for {days:g} days; give more than 0 and at most {most:,.0f}, or never")
        self.days, self.most = days, most


class LinkError(AssistantError, ValueError):
    """Two listeners were not linked."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"not linked: {problem}; {remedy}")
        self.problem, self.remedy = problem, remedy


class DataFileError(AssistantError, OSError):
    """The file of all that is kept of a listener cannot be written; nothing has changed."""

    def __init__(self, path: Path, problem: str, remedy: str) -> None:
        super().__init__(f"cannot write {path}: {problem}; {remedy}")
        self.path, self.problem = path, problem


class NotErasedError(AssistantError, RuntimeError):
    """A listener is forgotten, but bytes of what was deleted can still be found in the database's files."""

    def __init__(self) -> None:
        super().__init__(
            "forgotten, but another process was reading the database, so bytes of what was deleted may still be in its "
            "files; stop other processes of Segue and forget again"
        )
