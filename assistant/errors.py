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


class NoTasteError(AssistantError, LookupError):
    """A listener without a taste was to be compared or drawn: nothing they did says anything of this catalogue."""

    def __init__(self, listener_id: str) -> None:
        super().__init__(
            f"listener {listener_id!r} has no taste here yet; a taste comes from likes, keeps and plays of this "
            f"catalogue's tracks: run `segue chat --listener {listener_id}` and rate some with /like, or name another"
        )
        self.listener_id = listener_id


class CompareError(AssistantError, ValueError):
    """What was to be compared is neither two listeners with one request nor one listener with two requests."""

    def __init__(self, n_requests: int, n_listeners: int) -> None:
        super().__init__(
            f"cannot compare {_count(n_requests, 'request')} of {_count(n_listeners, 'listener')}; give one request, "
            "in quotes, and two different listeners, or two different requests and one listener"
        )
        self.n_requests, self.n_listeners = n_requests, n_listeners


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


#: What connectors show as it is: every other error is unexpected, and logged.
DELIBERATE = (AssistantError, RecsysError)
