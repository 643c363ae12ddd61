"""Errors of sending playlists to accounts. No message holds a secret."""

from __future__ import annotations

from connectors.errors import ConnectorError


class AccountError(ConnectorError):
    """Root of what can go wrong with an account."""


class UnknownAccountError(AccountError, ValueError):
    """A playlist was to be sent to a service that Segue does not know."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"cannot send a playlist to {name!r}; use one of {', '.join(known)}")
        self.name, self.known = name, known


class NoClientError(AccountError, ImportError):
    """The client library of a service is not installed."""

    def __init__(self, service: str, extra: str) -> None:
        super().__init__(
            f"{service} needs its client library, which is not installed; run `pip install 'segue[{extra}]'`"
        )
        self.service, self.extra = service, extra


class NotSetUpError(AccountError, ValueError):
    """A setting that a service needs is missing or cannot be used."""

    def __init__(self, service: str, problem: str, remedy: str) -> None:
        super().__init__(f"{service} is not set up: {problem}; {remedy}")
        self.service, self.problem, self.remedy = service, problem, remedy


class SignInError(AccountError, PermissionError):
    """A service does not let us in, or does not allow what was asked."""

    def __init__(self, service: str, problem: str, remedy: str) -> None:
        super().__init__(f"{service} refused: {problem}; {remedy}")
        self.service, self.problem, self.remedy = service, problem, remedy


class ServiceError(AccountError, ConnectionError):
    """A service cannot be reached, fails again and again, or asks to wait for too long."""

    def __init__(self, service: str, problem: str) -> None:
        super().__init__(f"{service} did not do it: {problem}; try again later")
        self.service, self.problem = service, problem


class RefusedError(AccountError, ValueError):
    """A service says that a request itself is wrong: an id that it does not have, a name that it does not take."""

    def __init__(self, service: str, problem: str) -> None:
        super().__init__(f"{service} did not take it: {problem}; send the playlist under another name, or as a file")
        self.service, self.problem = service, problem


# --- what adapters tell `Patience`, and nobody else sees ---


class BusyError(Exception):
    """A service asks to be left alone for a while."""

    def __init__(self, after_s: float | None) -> None:
        super().__init__(f"asked to wait {after_s} s")
        self.after_s = after_s


class UnwellError(Exception):
    """A service failed on its side, or could not be reached: whether it did what was asked is not known."""
