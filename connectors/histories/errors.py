"""Errors of reading listening histories."""

from __future__ import annotations

from connectors.errors import ConnectorError


class HistoryError(ConnectorError, ValueError):
    """What was given as a listening history cannot be read as one, or is not safe to read. Nothing has changed then."""

    def __init__(self, name: str, problem: str, remedy: str) -> None:
        super().__init__(f"cannot read the history {name}: {problem}; {remedy}")
        self.name, self.problem, self.remedy = name, problem, remedy
