"""Who may use the page: users with passwords, or the name that a trusted proxy puts in a header.

Without either, anybody who reaches the page may use it, which is why it then only listens on this machine. Passwords
are kept as scrypt hashes, one line `name:salt:hash` for each user, in a file that only its owner can read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.playlists.base import write_whole
from connectors.web_errors import LoginRequiredError, TrustedProxyError, UserNameError, UsersFileError

if TYPE_CHECKING:
    from starlette.requests import Request

    from assistant.settings import Settings

#: Where the gate notes in a request's scope who it let in.
USER = "segue.user"
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_MIN_PASSWORD = 8
#: Cost of a hash: 16 MB and some 50 ms (RFC 7914 gives the meaning of n, r and p).
_N, _R, _P = 2**14, 8, 1
#: What Gradio itself does not ask a login for, or what it serves to programs.
_GUARDED = ("/gradio_api/mcp", "/media/")
_LOOPBACK = ("localhost", "::1", "[::1]")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Scope = MutableMapping[str, Any]


@dataclass(frozen=True)
class Login:
    """How one logs in to a page; not at all where neither users nor a header are set."""

    users: dict[str, str] = field(default_factory=dict, repr=False)  # name → salt:hash
    header: str = ""
    proxies: tuple[_Network, ...] = ()

    @property
    def required(self) -> bool:
        """Whether one has to."""
        return bool(self.users or self.header)

    def check(self, name: str, password: str) -> bool:
        """Tell whether a password is the user's; it takes as long for users that there are not."""
        known = self.users.get(name.strip().lower(), _NOBODY)
        salt, _, digest = known.partition(":")
        same = hmac.compare_digest(_hash(password, base64.b64decode(salt)), base64.b64decode(digest))
        return same and known is not _NOBODY

    def from_proxy(self, request: Request) -> str | None:
        """Return the name that a trusted proxy sends with a request; None from anywhere else, or for no proper name."""
        peer = request.client.host if request.client else ""
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return None
        trusted = any(address in network for network in self.proxies)
        sent = request.headers.getlist(self.header)
        name = sent[0].strip().lower() if len(sent) == 1 else ""
        return name if trusted and _NAME.fullmatch(name) else None

    def from_basic(self, request: Request) -> str | None:
        """Return the name of a request's own user and password (RFC 7617), as programs send them."""
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(sent, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name.strip().lower() if scheme.lower() == "basic" and self.check(name, password) else None


def login_of(settings: Settings, host: str) -> Login:
    """Read how one logs in, before anything is served.

    Args:
        settings: name the file of users, or the header and the proxies.
        host: address that is listened on.

    Raises:
        LoginRequiredError: others can reach the address, and nobody would have to log in.
        UsersFileError: the users cannot be read.
        TrustedProxyError: the proxies are no addresses.
    """
    if settings.web_proxy_header:
        login = Login(header=settings.web_proxy_header, proxies=_networks(settings.web_trusted_proxies or ""))
    else:
        login = Login(users=read_users(settings))
    if not login.required and not is_loopback(host):
        raise LoginRequiredError(host)
    return login


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    return host in _LOOPBACK or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))


def users_file(settings: Settings) -> Path:
    """Return where users are kept: as set, else in the data folder."""
    return settings.web_users or settings.home / "web-users"


def read_users(settings: Settings) -> dict[str, str]:
    """Read the users: name → salt and hash. Nobody where the data folder has no such file.

    Raises:
        UsersFileError: the file that is set is missing, or a line is malformed.
    """
    path = users_file(settings)
    if not path.is_file():
        if settings.web_users is not None:
            raise UsersFileError(path, "there is no such file")
        return {}
    users = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        name, _, known = line.strip().partition(":")
        if not name:
            continue
        if not _NAME.fullmatch(name) or not re.fullmatch(r"[A-Za-z0-9+/=]{24}:[A-Za-z0-9+/=]{44}", known):
            raise UsersFileError(path, f"line {number} is not name:salt:hash")
        users[name] = known
    return users


def add_user(settings: Settings, name: str, password: str) -> Path:
    """Add a user, or give one another password; returns the file.

    Raises:
        UserNameError: the name or the password cannot be used.
        UsersFileError: the file holds something else.
    """
    called = name.strip().lower()
    if not _NAME.fullmatch(called):
        raise UserNameError(name, "a name has at most 64 letters, digits and . _ @ -, and begins with one of the first")
    if len(password) < _MIN_PASSWORD:
        raise UserNameError(name, f"a password has at least {_MIN_PASSWORD} characters")
    path = users_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    users = read_users(settings) if path.is_file() else {}
    users[called] = _known(password)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    write_whole(path, "".join(f"{user}:{known}\n" for user, known in users.items()))
    return path


class Gate:
    """ASGI middleware: notes who is logged in, and asks for a login where Gradio does not."""

    def __init__(self, app: Callable[..., Any], login: Login) -> None:
        """Stand before an application."""
        self._app, self._login = app, login

    async def __call__(self, scope: _Scope, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        """Let a request through, or answer it with status 401."""
        if scope["type"] == "http" and self._login.required:
            from starlette.concurrency import run_in_threadpool
            from starlette.requests import Request
            from starlette.responses import PlainTextResponse

            request = Request(scope)
            guarded = any(part in scope["path"] for part in _GUARDED)
            user = self._login.from_proxy(request) if self._login.header else _by_cookie(request)
            if user is None and guarded and self._login.users:
                user = await run_in_threadpool(self._login.from_basic, request)
            if user is None and guarded:
                refused = PlainTextResponse("Log in first.", 401, {"WWW-Authenticate": 'Basic realm="Segue"'})
                await refused(scope, receive, send)
                return
            scope[USER] = user
        await self._app(scope, receive, send)


def _by_cookie(request: Request) -> str | None:
    """Who logged in on Gradio's page, by the cookie that it then set."""
    app = request.app
    for kind in ("access-token", "access-token-unsecure"):
        user = app.tokens.get(request.cookies.get(f"{kind}-{app.cookie_id}"))
        if user is not None:
            return str(user).lower()
    return None


def _networks(listed: str) -> tuple[_Network, ...]:
    try:
        networks = tuple(ipaddress.ip_network(part.strip()) for part in listed.split(",") if part.strip())
    except ValueError:
        networks = ()
    if not networks:
        raise TrustedProxyError(listed)
    return networks


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=_N, r=_R, p=_P, dklen=32)


def _known(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"{base64.b64encode(salt).decode()}:{base64.b64encode(_hash(password, salt)).decode()}"


_NOBODY = f"{base64.b64encode(bytes(16)).decode()}:{base64.b64encode(bytes(32)).decode()}"
