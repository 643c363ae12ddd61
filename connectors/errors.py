"""Errors of `connectors`: each says what was received, what was expected and what to do next."""

from __future__ import annotations

from pathlib import Path


class ConnectorError(Exception):
    """Root of every error that `connectors` raises on purpose."""


class PlaylistFileError(ConnectorError, OSError):
    """A playlist file cannot be written where it was asked for."""

    def __init__(self, path: Path, problem: str, remedy: str) -> None:
        super().__init__(f"cannot write {path}: {problem}; {remedy}")
        self.path, self.problem, self.remedy = path, problem, remedy


class NoPlaylistError(ConnectorError, LookupError):
    """A turn ended without a playlist, so there is nothing to show or to write."""

    def __init__(self, said: str) -> None:
        super().__init__(f"no playlist was made: {said}")
        self.said = said


class CommandError(ConnectorError, ValueError):
    """A command of the terminal chat cannot be followed."""

    def __init__(self, received: str, expected: str) -> None:
        super().__init__(f"cannot follow {received!r}: {expected}")
        self.received, self.expected = received, expected


class AddressError(ConnectorError, OSError):
    """Nothing can listen on the address and port that a server was to use."""

    def __init__(self, host: str, port: int, problem: str) -> None:
        super().__init__(
            f"cannot listen on {host}:{port}: {problem}; choose another port with SEGUE_WEB_PORT (0 takes a free one)"
        )
        self.host, self.port, self.problem = host, port, problem
