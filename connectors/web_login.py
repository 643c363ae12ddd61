"""Who may use the page: users with passwords, or the name that a trusted proxy puts in a header.

Without either, anybody who reaches the page may use it, which is why it then only listens on this machine.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ipaddress
import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.web_errors import LoginRequiredError, TooManyGuessesError, TrustedProxyError
from connectors.web_limits import RateLimit
from connectors.web_users import Users, is_name

if TYPE_CHECKING:
    from starlette.requests import Request

    from assistant.settings import Settings

#: Where the gate notes in a request's scope who it let in.
USER = "segue.user"
#: The address that the request under way came from.
PEER: ContextVar[str] = ContextVar("segue.peer", default="")
#: What the page says where one logs in.
WELCOME = "Log in to Segue. After ten wrong passwords you have to wait for a while."
#: Wrong passwords in a quarter of an hour: for a name from one address, from one address, for a name.
_GUESSES, _WITHIN_S = (10, 30, 60), 900.0
#: Passwords that are checked at a time; each takes a core for some 50 ms.
_AT_ONCE = 2
_LOOPBACK = ("localhost", "::1", "[::1]")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Guesses:
    """Counts wrong passwords. A try counts while it is checked, so that many at once are no way round."""

    def __init__(self) -> None:
        self._pairs, self._peers, self._names = (RateLimit(n, per_s=_WITHIN_S) for n in _GUESSES)

    def begin(self, name: str, peer: str) -> bool:
        return all(limit.allows(key) for limit, key in self._counted(name, peer))

    def right(self, name: str, peer: str) -> None:
        for limit, key in self._counted(name, peer):
            limit.give_back(key)

    def _counted(self, name: str, peer: str) -> tuple[tuple[RateLimit, str], ...]:
        return (self._peers, peer), (self._pairs, f"{peer} {name}"), (self._names, name)


@dataclass(frozen=True)
class Login:
    """How one logs in to a page; not at all where neither users nor a header are set."""

    users: Users | None = None
    header: str = ""
    proxies: tuple[_Network, ...] = ()
    _guesses: _Guesses = field(default_factory=_Guesses, repr=False)
    _checking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE), repr=False)

    @property
    def required(self) -> bool:
        """Whether one has to."""
        return self.users is not None or bool(self.header)

    async def verify(self, name: str, password: str) -> bool:
        """Tell whether a password is the user's, on another thread.

        Raises:
            TooManyGuessesError: there were too many wrong ones for the name, or from where the request comes from.
        """
        from starlette.concurrency import run_in_threadpool

        called, peer = name.strip().lower()[:100], PEER.get()
        if self.users is None:
            return False
        if not self._guesses.begin(called, peer):
            raise TooManyGuessesError
        async with self._checking:
            right = await run_in_threadpool(self.users.check, called, password)
        if right:
            self._guesses.right(called, peer)
        return right

    async def enter(self, name: str, password: str) -> bool:
        """Do as `verify` does for Gradio's own page, which takes status 400 for a login that failed."""
        from starlette.exceptions import HTTPException

        try:
            return await self.verify(name, password)
        except TooManyGuessesError as error:
            raise HTTPException(400, str(error)) from error

    def from_proxy(self, request: Request) -> str | None:
        """Return the name that a trusted proxy sends with a request; None from anywhere else, or for no proper name."""
        try:
            address = ipaddress.ip_address(peer_of(request))
        except ValueError:
            return None
        trusted = any(address in network for network in self.proxies)
        sent = request.headers.getlist(self.header)
        name = sent[0].strip().lower() if len(sent) == 1 else ""
        return name if trusted and is_name(name) else None

    async def from_basic(self, request: Request) -> str | None:
        """Return the name of a request's own user and password (RFC 7617), as programs send them.

        Raises:
            TooManyGuessesError: as `verify` does.
        """
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(sent, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name.strip().lower() if scheme.lower() == "basic" and await self.verify(name, password) else None


def peer_of(request: Request) -> str:
    """Return the address that a request comes from, empty where it is unknown."""
    return request.client.host if request.client else ""


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
        login = Login(users=Users(settings) or None)
    if not login.required and not is_loopback(host):
        raise LoginRequiredError(host)
    return login


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    return host in _LOOPBACK or bool(re.fullmatch(r"127(\.\d{1,3}){3}", host))


def _networks(listed: str) -> tuple[_Network, ...]:
    try:
        networks = tuple(ipaddress.ip_network(part.strip()) for part in listed.split(",") if part.strip())
    except ValueError:
        networks = ()
    if not networks:
        raise TrustedProxyError(listed)
    return networks
