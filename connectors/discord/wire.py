"""Discord's REST API and gateway as they come, without the client that hides statuses, headers and close codes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import discord.http
import yarl

#: Kinds of messages of the gateway.
HEARTBEAT, IDENTIFY, HELLO, HEARTBEAT_ACK = 1, 2, 10, 11
#: Times that a request is made while Discord asks to wait, and the longest that it may ask for.
_TRIES, _MOST_WAIT_S = 4, 20.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: `body` is the JSON, or None where it was none."""

    status: int
    body: Any
    headers: Mapping[str, str]  # by names in any case

    @property
    def is_error(self) -> bool:
        """Whether the body has the form that Discord gives to errors."""
        body = self.body
        return isinstance(body, dict) and isinstance(body.get("message"), str) and isinstance(body.get("code"), int)


class HungUpError(ConnectionError):
    """The gateway closed the connection; `code` says why, None where it gave none."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"the gateway hung up with code {code}")
        self.code = code


class Line:
    """A connection to the gateway."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, timeout_s: float) -> None:
        """Take a connection that is open."""
        self._socket, self._timeout_s = socket, timeout_s

    async def send(self, op: int, data: Any) -> None:
        """Send a message of a kind."""
        await self._socket.send_json({"op": op, "d": data})

    async def receive(self, op: int, event: str | None = None) -> Any:
        """Wait for a message of a kind, and of an event by its name; return its data. Others are passed over.

        Raises:
            HungUpError: the gateway closed the connection before.
            TimeoutError: it did not come in time.
        """
        async with asyncio.timeout(self._timeout_s):
            while True:
                came = await self._socket.receive()
                if came.type is not aiohttp.WSMsgType.TEXT:
                    raise HungUpError(self._socket.close_code)
                message = came.json()
                if message["op"] == op and event in (None, message.get("t")):
                    return message["d"]


class Wire:
    """Asks Discord as one bot. Use it with `async with`."""

    def __init__(self, token: str, *, user_agent: str, timeout_s: float) -> None:
        """Take the token of the bot, the name by which the program calls itself, and how long it waits."""
        self._token: Final = token
        self._timeout_s = timeout_s
        self._agent = user_agent

    async def __aenter__(self) -> Wire:
        """Open it."""
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        self._session = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": self._agent})
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self._session.close()

    async def get(self, path: str, *, token: str | None = None) -> Answered:
        """Ask for a path, as the bot or with another token; waits where Discord asks to.

        Raises:
            aiohttp.ClientError: there was no answer.
            TimeoutError: none in time.
        """
        address = f"{discord.http.Route.BASE}{path}"
        for _ in range(_TRIES):
            async with self._session.get(address, headers={"Authorization": f"Bot {token or self._token}"}) as came:
                body = await came.json(content_type=None) if "json" in came.content_type else None
                answered = Answered(came.status, body, came.headers)
            wait = _asked_wait_s(answered)
            if wait is None or wait > _MOST_WAIT_S:
                break
            await asyncio.sleep(wait)
        return answered

    @asynccontextmanager
    async def gateway(self, address: str) -> AsyncIterator[Line]:
        """Connect to the gateway until the block ends.

        Raises:
            aiohttp.ClientError: it cannot be reached.
        """
        wanted = yarl.URL(address).update_query(v=discord.http.INTERNAL_API_VERSION, encoding="json")
        async with self._session.ws_connect(wanted, max_msg_size=0) as socket:
            yield Line(socket, self._timeout_s)


def _asked_wait_s(answered: Answered) -> float | None:
    if answered.status != 429:
        return None
    said = answered.body.get("retry_after") if isinstance(answered.body, dict) else None
    return float(said if said is not None else answered.headers.get("Retry-After", _MOST_WAIT_S))
