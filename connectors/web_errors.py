"""Errors of serving the web page."""

from __future__ import annotations

from pathlib import Path

from connectors.errors import ConnectorError


class LoginRequiredError(ConnectorError, PermissionError):
    """The page was to be opened to other machines without anybody having to log in."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"cannot listen on {host} without a login: others could then use every listener's taste; add a user with "
            "`segue web --add-user NAME`, name a proxy's header in SEGUE_WEB_PROXY_HEADER, or listen on 127.0.0.1"
        )
        self.host = host


class UsersFileError(ConnectorError, ValueError):
    """The file of users is missing, or a line of it is not one that `segue web --add-user` writes."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"cannot read the users in {path}: {problem}; add users with `segue web --add-user NAME`, which writes it"
        )
        self.path, self.problem = path, problem


class UserNameError(ConnectorError, ValueError):
    """A user cannot be added under that name, or with that password; or there is none to remove."""

    def __init__(self, received: str, expected: str, wanted: str = "add") -> None:
        super().__init__(f"cannot {wanted} the user {received!r}: {expected}")
        self.received, self.expected = received, expected


class TrustedProxyError(ConnectorError, ValueError):
    """A header is to name who is logged in, but not every proxy that may send it is an address."""

    def __init__(self, received: str) -> None:
        super().__init__(
            f"SEGUE_WEB_TRUSTED_PROXIES is {received!r}; give the addresses or networks of the proxies that set "
            "SEGUE_WEB_PROXY_HEADER, with commas, such as 127.0.0.1,10.0.0.0/8"
        )
        self.received = received


class TooManyGuessesError(ConnectorError, PermissionError):
    """There were too many wrong passwords for a name, or from an address."""

    def __init__(self) -> None:
        super().__init__("there were too many wrong passwords; wait a quarter of an hour and try again")
