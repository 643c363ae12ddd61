"""Errors of reading playlists."""

from __future__ import annotations

from connectors.errors import ConnectorError


class UnreadablePlaylistError(ConnectorError, ValueError):
    """What was given as a playlist cannot be read as one."""

    def __init__(self, name: str, problem: str, remedy: str) -> None:
        super().__init__(f"cannot read the playlist {name}: {problem}; {remedy}")
        self.name, self.problem, self.remedy = name, problem, remedy
