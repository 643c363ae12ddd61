"""The gate before the page: it lets in its own page, programs, and whoever is logged in; other web sites stay outside.

A web site that somebody visits can make their browser send requests here, with the cookies of a login. Gradio allows
that to any site; nothing here does.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connectors.web_errors import TooManyGuessesError
from connectors.web_files import sweep
from connectors.web_limits import TOO_FAST, RateLimit
from connectors.web_login import PEER, USER, Login, is_loopback, peer_of

if TYPE_CHECKING:
    from starlette.requests import Request

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: What Gradio itself does not ask a login for, or what it serves to programs.
_GUARDED = ("/gradio_api/mcp", "/media/")
#: What Gradio offers and the page has no use for: one writes pages with all that is on them to disk.
_UNUSED = ("/deep_link", "/component_server")
_API, _UPLOAD, _MCP = "/gradio_api/", "/gradio_api/upload", "/gradio_api/mcp"
#: Paths that go on with the id of an open page.
_BY_PATH = ("/gradio_api/heartbeat/", "/gradio_api/stream/")
_FRAMES = ((b"x-frame-options", b"DENY"), (b"content-security-policy", b"frame-ancestors 'none'"))
_PORTS = {"http": 80, "https": 443}
#: Open pages whose login is remembered, many more than Gradio keeps.
_MAX_PAGES = 20_000
_ELSEWHERE = "Segue answers its own page and programs, not other web sites."
_REBOUND = "Without logins, Segue answers under the address of this machine alone, such as http://127.0.0.1:7860."


class Gate:
    """ASGI middleware: keeps other sites outside, notes who is logged in, asks for a login where Gradio does not."""

    def __init__(self, app: Callable[..., Awaitable[None]], login: Login, uploads: RateLimit, folder: Path) -> None:
        """Stand before an application.

        Args:
            app: what is guarded.
            login: how one logs in.
            uploads: how many files one may send in a minute.
            folder: where they are put; what is left there is swept out.
        """
        self._app, self._login, self._uploads, self._folder = app, login, uploads, folder
        self._pages: OrderedDict[str, str] = OrderedDict()  # id of an open page → who was logged in there

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Let a request through, or answer it with status 401, 403, 404 or 429."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        from starlette.requests import Request
        from starlette.responses import PlainTextResponse

        request = Request(scope, receive)
        PEER.set(peer_of(request))
        refused, receive = await self._judged(request, receive)
        if refused is not None:
            status, words = refused
            headers = {"WWW-Authenticate": 'Basic realm="Segue"'} if status == 401 else None
            await PlainTextResponse(words, status, headers)(scope, receive, send)
            return

        async def unframed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_FRAMES]
            await send(message)

        await self._app(scope, receive, unframed)

    async def _judged(self, request: Request, receive: _Receive) -> tuple[tuple[int, str] | None, _Receive]:
        """Why a request is refused, with its status, None where it is not; and how to read it from here on."""
        path = request.scope["path"]
        if (foreign := self._foreign(request)) is not None:
            return (403, foreign), receive
        if any(part in path for part in _UNUSED):
            return (404, "There is no such page."), receive
        user = None
        if self._login.required:
            try:
                user = await self._user(request, path)
            except TooManyGuessesError as error:
                return (429, str(error)), receive
            if user is None and any(part in path for part in _GUARDED):
                return (401, "Log in first."), receive
            request.scope[USER] = user
            pages, receive = await _pages_of(request, path, receive)
            if not all(self._owns(page, user) for page in pages):
                return (403, "This page is somebody else's; open one of your own."), receive
        if _UPLOAD in path and request.method == "POST":
            if not self._uploads.allows(user or peer_of(request)):
                return (429, TOO_FAST), receive
            from starlette.concurrency import run_in_threadpool

            await run_in_threadpool(sweep, self._folder)
        return None, receive

    def _foreign(self, request: Request) -> str | None:
        """Say why a request comes from another web site; None where it does not."""
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if not self._login.required and not is_loopback(_parts(f"//{host}")[0]):
            return _REBOUND
        if origin is not None and not _same(origin, host):
            return _ELSEWHERE
        site = request.headers.get("sec-fetch-site", "none")
        return None if site in ("same-origin", "none") or _follows_a_link(request) else _ELSEWHERE

    async def _user(self, request: Request, path: str) -> str | None:
        if self._login.header:
            return self._login.from_proxy(request)
        tokens = request.app.tokens
        if self._login.users is not None and (changed := self._login.users.refresh()):
            for token in [token for token, user in tokens.items() if str(user).strip().lower() in changed]:
                del tokens[token]
        sent = [request.cookies.get(f"{kind}-{request.app.cookie_id}") for kind in _COOKIES]
        if path.rstrip("/").endswith("/logout"):
            # Gradio only deletes one of the two.
            for token in sent:
                tokens.pop(token, None)
        for token in sent:
            if (user := tokens.get(token)) is not None:
                return str(user).strip().lower()
        return await self._login.from_basic(request) if any(part in path for part in _GUARDED) else None

    def _owns(self, page: str, user: str | None) -> bool:
        """Tell whether an open page is a login's: that of whoever used it first."""
        owner = self._pages.get(page)
        if owner is None and user is not None:
            owner = self._pages[page] = user
            while len(self._pages) > _MAX_PAGES:
                self._pages.popitem(last=False)
        elif owner is not None:
            self._pages.move_to_end(page)
        return owner == user


_COOKIES = ("access-token", "access-token-unsecure")


async def _pages_of(request: Request, path: str, receive: _Receive) -> tuple[set[str], _Receive]:
    """The ids of open pages that a request names, wherever; and how to read the request from here on."""
    pages = {path.partition(part)[2].split("/")[0] for part in _BY_PATH if part in path}
    pages.update(request.query_params.getlist("session_hash"))
    if request.method != "POST" or _UPLOAD in path or _MCP in path:
        return pages, receive
    body = await request.body()
    try:
        sent = json.loads(body)
    except ValueError:
        sent = None
    if isinstance(sent, dict) and isinstance(sent.get("session_hash"), str):
        pages.add(sent["session_hash"])
    read = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal read
        if read:
            return await receive()
        read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return pages, again


def _follows_a_link(request: Request) -> bool:
    """Whether somebody goes to the page from elsewhere: nothing but the page itself is had that way."""
    path = request.scope["path"]
    return (
        request.method in ("GET", "HEAD")
        and request.headers.get("sec-fetch-mode") == "navigate"
        and request.headers.get("sec-fetch-dest") == "document"
        and _API not in path
        and not path.rstrip("/").endswith("/logout")
    )


def _same(origin: str, host: str) -> bool:
    """Whether a web site's origin is the host that it asks; behind a proxy only the origin tells http from https."""
    name, port, scheme = _parts(origin)
    ours, our_port, _ = _parts(f"//{host}")
    usual = _PORTS.get(scheme)
    return bool(name) and name == ours and (port or usual) == (our_port or usual)


def _parts(address: str) -> tuple[str, int | None, str]:
    """Split an address into host, port and scheme; an empty host for what is none."""
    try:
        split = urlsplit(address)
        return (split.hostname or "").lower(), split.port, split.scheme
    except ValueError:
        return "", None, ""
