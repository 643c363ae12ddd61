"""Errors of `assistant`: each says what was received, what was expected and what to do next."""

from __future__ import annotations

from recsys.errors import RecsysError


class AssistantError(Exception):
    """Root of every error that `assistant` raises on purpose."""


class NothingToExportError(AssistantError, LookupError):
    """An export was asked for before any playlist was made."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"session {session_id!r} has no playlist yet; ask for one first")
        self.session_id = session_id


class UnknownFormatError(AssistantError, ValueError):
    """A playlist file's extension names no format that can be written."""

    def __init__(self, extension: str, known: tuple[str, ...]) -> None:
        super().__init__(f"cannot write a playlist as {extension!r}; use one of {', '.join(known)}")
        self.extension, self.known = extension, known


class UnknownFeedbackError(AssistantError, ValueError):
    """Feedback on a track is of no known kind, or its completion is no share."""

    def __init__(self, received: object, expected: str) -> None:
        super().__init__(f"feedback {received!r} is not understood; give {expected}")
        self.received, self.expected = received, expected


#: What connectors show as it is: every other error is unexpected, and logged.
DELIBERATE = (AssistantError, RecsysError)
