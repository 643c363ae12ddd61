"""Discord as far as the bot needs it: its REST API and its gateway, on loopback. It checks what Discord checks."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.connectors.discord.payloads import (
    ALL,
    ANN,
    APP,
    APPLICATION,
    CHANNEL,
    GUILD,
    OTHER_GUILD,
    THREAD,
    THREAD_FACTS,
    Json,
    channel_type,
    check_commands,
    check_message,
    guild_of,
    known_command,
    member_of,
    user_of,
)

TOKEN = "OTAw.fake.token"
MANAGE_GUILD = 1 << 5
EPHEMERAL = 64
_SLASH, _PRESS, _COMPLETE = 2, 3, 4
_TIMEOUT_S, _LOOK_AGAIN_S = 30.0, 0.05
#: How long after somebody asked Discord takes an answer.
_LATEST_S = 3.0
_LIMITS = {
    "X-RateLimit-Limit": "30",
    "X-RateLimit-Remaining": "29",
    "X-RateLimit-Reset-After": "1.000",
    "X-RateLimit-Bucket": "b1",
}


@dataclass
class Asked:
    """One interaction as Discord sees it: what the bot answered at once, and what came after."""

    token: str
    kind: int
    sent_at: float
    callback: Json | None = None
    callback_at: float = 0.0
    messages: list[Json] = field(default_factory=list)  # follow-ups, and the original once it is edited
    answered_at: float = 0.0
    original: Json | None = None
    taken_back: bool = False  # whether the promise of an answer was deleted
    too_late_s: float = 0.0  # when the bot answered, where that was too late

    @property
    def deferred(self) -> bool:
        return self.callback is not None and self.callback["type"] in (5, 6)

    @property
    def ephemeral(self) -> bool:
        """Whether all that was said is seen by one person alone."""
        assert self.callback is not None
        stands = self.callback["type"] in (4, 5) and not self.taken_back
        flags = [self.callback.get("data", {}).get("flags", 0)] if stands else []
        flags += [message["flags"] for message in self.messages if message is not self.original]
        return bool(flags) and all(flag & EPHEMERAL for flag in flags)

    @property
    def text(self) -> str:
        """All that was said in words so far."""
        first = (self.callback or {}).get("data", {}).get("content") or ""
        return "\n".join([first, *(message["content"] for message in self.messages)]).strip()

    @property
    def slate(self) -> Json:
        """The newest message with a playlist."""
        return next(message for message in reversed(self.messages) if message["embeds"])


@dataclass
class Fault:
    """An answer that Discord gives in place of the right one."""

    method: str
    path: re.Pattern[str]
    status: int
    times: int
    body: Any


class FakeDiscord:
    """One application with one bot. Start it with `async with`."""

    def __init__(self, *, guilds: tuple[int, ...] = (GUILD, OTHER_GUILD), refuse_intents: bool = False) -> None:
        self.guilds, self.refuse_intents = list(guilds), refuse_intents
        self.commands: list[Json] = []
        self.messages: dict[int, Json] = {}
        self.asked: dict[str, Asked] = {}
        self.identified: list[Json] = []
        self.resumed: list[Json] = []
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.sent: list[Json] = []  # every body that may hold mentions
        self.files: dict[str, bytes] = {}  # what lies at Discord's file host
        self.uploads: dict[str, bytes] = {}  # what the bot uploaded, by name
        self.guild_permissions = {GUILD: ALL, OTHER_GUILD: ALL}
        self.heartbeat_ms, self.answers_heartbeats = 60_000, True
        self.hangs_up_on_strangers: int | None = 4004
        self.takes_the_bot_for = APP
        self._sockets: list[web.WebSocketResponse] = []
        self._log: list[Json] = []
        self._next_id = 10_000
        self._changed = asyncio.Event()

    # --- life ---

    async def __aenter__(self) -> FakeDiscord:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("GET", "/gateway", self._gateway)
        app.router.add_route("*", "/api/{path:.*}", self._rest)
        app.router.add_route("GET", "/files/{name}", self._file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in self._sockets:
            await socket.close()
        await self._runner.cleanup()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def gateway(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway"

    async def until(self, true: Callable[[], object], what: str = "it") -> None:
        """Wait until something is so; looked at after every request, and now and then for what the bot does alone."""
        last = time.monotonic() + _TIMEOUT_S
        while not true():
            assert time.monotonic() < last, f"waited in vain for {what}; requests: {self.requests[-12:]}"
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), _LOOK_AGAIN_S)

    # --- what people do ---

    async def slash(self, name: str, user: int = ANN, **more: Any) -> Asked:
        """Use a slash command and wait for all that comes of it."""
        asked = await self.use(name, user, **more)
        return await self.done(asked)

    async def use(
        self,
        name: str,
        user: int = ANN,
        *,
        guild: int | None = GUILD,
        channel: int = CHANNEL,
        permissions: int = 0,
        resolved: Json | None = None,
        **options: Any,
    ) -> Asked:
        """Use a slash command; "history import" is a command of a group."""
        given = [{"name": key, "value": value, "type": self._type_of(name, key)} for key, value in options.items()]
        first, _, below = name.partition(" ")
        if below:
            given = [{"name": below, "type": 1, "options": given}]
        data: Json = {"id": "1", "name": first, "type": 1, "options": given}
        if resolved:
            data["resolved"] = resolved
        return await self._interact(_SLASH, data, user, guild, channel, permissions)

    async def complete(
        self, name: str, option: str, typed: str, user: int = ANN, *, guild: int | None = GUILD, channel: int = CHANNEL
    ) -> list[Json]:
        """Type into an option of a command; return what is offered."""
        data = {"id": "1", "name": name, "type": 1}
        data["options"] = [{"name": option, "value": typed, "type": 3, "focused": True}]
        asked = await self._interact(_COMPLETE, data, user, guild, channel, 0)
        await self.until(lambda: asked.callback, "what is offered")
        assert asked.callback is not None
        assert asked.callback["type"] == 8
        choices: list[Json] = asked.callback["data"]["choices"]
        assert len(choices) <= 25
        assert all(1 <= len(one["name"]) <= 100 and len(str(one["value"])) <= 100 for one in choices)
        return choices

    async def press(
        self, message: Json, action: str, user: int = ANN, *, value: str | None = None, wait: bool = True, **more: Any
    ) -> Asked:
        """Press the button of a message whose id holds a word, or choose from its menu."""
        found = [one for row in message["components"] for one in row["components"] if f":{action}" in one["custom_id"]]
        assert found, f"no button {action} in {message['components']}"
        data = {"component_type": found[0]["type"], "custom_id": found[0]["custom_id"]}
        if value is not None:
            data["values"] = [value]
        asked = await self._interact(
            _PRESS, data, user, more.pop("guild", GUILD), more.pop("channel", CHANNEL), 0, message=message
        )
        return await self.done(asked) if wait else asked

    async def say(
        self, text: str, user: int = ANN, *, guild: int | None = GUILD, channel: int = CHANNEL, mention: bool = False
    ) -> int:
        """Write a message; return its id. The bot sees its text only where Discord lets it."""
        seen = mention or guild is None
        body = self._message(channel, f"<@{APP}> {text}" if mention else text if seen else "", user)
        body["mentions"] = [user_of(APP, bot=True)] if mention else []
        if guild is not None:
            body |= {"guild_id": str(guild), "member": member_of(user, 0)}
        await self._emit("MESSAGE_CREATE", body)
        return int(body["id"])

    async def replies(self, message: int, n: int = 1) -> list[Json]:
        """Wait for so many answers to a message."""

        def found() -> list[Json]:
            return [
                m
                for m in self.messages.values()
                if str(m.get("message_reference", {}).get("message_id")) == str(message)
            ]

        await self.until(lambda: len(found()) >= n, f"{n} answers to a message")
        return found()

    async def done(self, asked: Asked) -> Asked:
        """Wait until an interaction is answered with more than a promise."""
        await self.until(lambda: asked.answered_at or asked.too_late_s, "an answer")
        assert asked.answered_at, (
            f"the bot promised an answer after {asked.too_late_s:.1f} s; Discord waits {_LATEST_S:g} s"
        )
        return asked

    # --- what happens to the bot ---

    async def leave(self, guild: int, *, outage: bool = False) -> None:
        """Remove the bot from a server, or let the server be down."""
        if not outage:
            self.guilds.remove(guild)
        await self._emit("GUILD_DELETE", {"id": str(guild), **({"unavailable": True} if outage else {})})

    async def join(self, guild: int) -> None:
        self.guilds.append(guild)
        await self._emit("GUILD_CREATE", guild_of(guild))

    async def drop(self, code: int = 4000) -> None:
        """Break the connection to the gateway; what happens meanwhile is told after it is resumed, where it may be."""
        socket = self._sockets.pop()
        await socket.close(code=code)

    def fail(self, method: str, path: str, status: int, times: int = 1, retry_after: float = 0.05) -> None:
        """Answer the next requests of a kind with a status."""
        body = {"retry_after": retry_after, "global": False, "message": "slow", "code": 0}
        self.faults.append(Fault(method, re.compile(path), status, times, body))

    def lie(self, path: str, body: Any, status: int = 200) -> None:
        """Answer whoever reads a path with something else than the truth, from now on."""
        self.faults.append(Fault("GET", re.compile(path), status, 1 << 30, body))

    def attach(self, name: str, content: bytes, *, size: int | None = None) -> tuple[str, Json]:
        """Lay a file at Discord's file host; return its id, and what a command's `resolved` says of it."""
        self.files[name] = content
        url = f"http://127.0.0.1:{self.port}/files/{name}"
        one = {"id": "77", "filename": name, "size": len(content) if size is None else size, "url": url}
        return "77", {"attachments": {"77": one | {"proxy_url": url, "content_type": "application/json"}}}

    # --- REST ---

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/api")
        body, files = await _body(request)
        try:
            return await self._answer(request, path, body, files)
        finally:
            self.requests.append((request.method, path))
            self._changed.set()

    async def _answer(self, request: web.Request, path: str, body: Any, files: dict[str, bytes]) -> web.StreamResponse:
        for fault in self.faults:
            if fault.times and fault.method == request.method and fault.path.search(path):
                fault.times -= 1
                return _json(fault.body, status=fault.status, headers={"Via": "1.1 fake"})
        by_token = path.startswith(("/webhooks/", "/interactions/"))
        if not by_token and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return _json({"message": "401: Unauthorized", "code": 0}, status=401)
        if isinstance(body, dict):
            self.sent.append(body)
        method = request.method
        if (method, path) == ("GET", "/users/@me"):
            return _json(user_of(APP, bot=True), headers=_LIMITS)
        if (method, path) == ("GET", "/gateway/bot"):
            limit = {"total": 1000, "remaining": 990, "reset_after": 3_600_000, "max_concurrency": 1}
            return _json({"url": self.gateway, "shards": 1, "session_start_limit": limit})
        if path in ("/oauth2/applications/@me", "/applications/@me"):
            return _json(APPLICATION)
        if path == "/users/@me/guilds":
            known = self.guild_permissions
            return _json(
                [{"id": str(g), "name": f"Guild {g}", "permissions": str(known.get(g, 0))} for g in self.guilds]
            )
        if re.fullmatch(rf"/applications/{APP}/guilds/\d+/commands", path):
            return _json([])
        if path == f"/applications/{APP}/commands":
            if method == "PUT":
                try:
                    check_commands(body)
                except AssertionError as error:
                    return _json({"message": f"Invalid Form Body {error}", "code": 50035}, status=400)
                self.commands = body
            localized = method == "PUT" or request.query.get("with_localizations") == "true"
            known = [known_command(one, localized=localized) for one in self.commands]
            return _json([{**c, "id": str(n), "application_id": str(APP), "version": "1"} for n, c in enumerate(known)])
        if found := re.fullmatch(r"/interactions/(\d+)/([\w-]+)/callback", path):
            return self._callback(found[2], body)
        if found := re.fullmatch(rf"/webhooks/{APP}/([\w-]+)", path):
            return self._followup(found[1], body, files)
        if found := re.fullmatch(rf"/webhooks/{APP}/([\w-]+)/messages/(@original|\d+)", path):
            if method == "DELETE":
                return self._take_back(found[1])
            return self._edit(found[1], found[2], body)
        if found := re.fullmatch(r"/channels/(\d+)/messages", path):
            message = self._message(int(found[1]), "", APP, body, files)
            if body.get("message_reference"):
                message["message_reference"] = body["message_reference"]
            return _json(message)
        if found := re.fullmatch(r"/channels/(\d+)/messages/(\d+)", path):
            message = self.messages[int(found[2])]
            message |= {key: body[key] for key in ("content", "embeds", "components") if body.get(key) is not None}
            return _json(message)
        if re.fullmatch(r"/channels/\d+/typing", path):
            return web.Response(status=204)
        return _json({"message": "404: Not Found", "code": 0}, status=404)

    def _callback(self, token: str, body: Json) -> web.StreamResponse:
        asked = self.asked[token]
        if asked.callback is not None:
            return _json({"message": "already acknowledged", "code": 40060}, status=400)
        if time.perf_counter() - asked.sent_at > _LATEST_S:
            asked.too_late_s = time.perf_counter() - asked.sent_at
            return _json({"message": "Unknown interaction", "code": 10062}, status=404)
        asked.callback, asked.callback_at = body, time.perf_counter()
        if body["type"] == 4:
            check_message(body["data"])
            asked.original = self._message(asked_channel(asked), "", APP, body["data"])
            asked.answered_at = asked.callback_at
        elif body["type"] == 5:
            asked.original = self._message(CHANNEL, "", APP, body.get("data") or {})
        identity = {"id": token.removeprefix("token-"), "type": asked.kind}
        shown: Json = {"interaction": {**identity, "response_message_id": None}}
        if asked.original is not None:
            shown["interaction"]["response_message_id"] = asked.original["id"]
            shown["resource"] = {"type": body["type"], "message": asked.original}
        return _json(shown)

    def _followup(self, token: str, body: Json, files: dict[str, bytes]) -> web.StreamResponse:
        asked = self.asked[token]
        if asked.callback is None:
            return _json({"message": "Unknown Webhook", "code": 10015}, status=404)
        check_message(body)
        message = self._message(CHANNEL, "", APP, body, files)
        if asked.callback["type"] == 5 and not asked.messages and not asked.taken_back:
            # The first one takes the place of the promise, and is as private as that was.
            promised = (asked.callback.get("data") or {}).get("flags", 0) & EPHEMERAL
            message["flags"] = message["flags"] & ~EPHEMERAL | promised
        asked.messages.append(message)
        asked.answered_at = time.perf_counter()
        return _json(message)

    def _take_back(self, token: str) -> web.StreamResponse:
        """Delete the promise of an answer; what follows is as private as it says itself."""
        asked = self.asked[token]
        if asked.original is None or asked.messages:
            return _json({"message": "Unknown Message", "code": 10008}, status=404)
        asked.original, asked.taken_back = None, True
        return web.Response(status=204)

    def _edit(self, token: str, which: str, body: Json | None) -> web.StreamResponse:
        asked = self.asked[token]
        original = asked.original if which == "@original" else self.messages.get(int(which))
        if original is None:
            return _json({"message": "Unknown Message", "code": 10008}, status=404)
        if body is not None:
            check_message(original | body)
            original |= {key: body[key] for key in ("content", "embeds", "components") if body.get(key) is not None}
            if original not in asked.messages:
                asked.messages.append(original)
            asked.answered_at = time.perf_counter()
        return _json(original)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=self.files[request.match_info["name"]])

    # --- gateway ---

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": self.heartbeat_ms}, "s": None, "t": None})
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            data = json.loads(message.data)
            if data["op"] == 1 and self.answers_heartbeats:
                await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
            elif data["op"] == 2:
                await self._identify(socket, data["d"])
            elif data["op"] == 6:
                await self._resume(socket, data["d"])
        return socket

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> None:
        self.identified.append(data)
        if data["token"] != TOKEN:
            if self.hangs_up_on_strangers is not None:
                await socket.close(code=self.hangs_up_on_strangers)
            return
        if self.refuse_intents:
            await socket.close(code=4014)
            return
        self._sockets.append(socket)
        guilds = [{"id": str(guild), "unavailable": True} for guild in self.guilds]
        ready = {
            "v": 10,
            "user": user_of(self.takes_the_bot_for, bot=True),
            "guilds": guilds,
            "session_id": "s1",
            "application": APPLICATION,
        }
        await self._emit("READY", ready | {"resume_gateway_url": self.gateway})
        for guild in self.guilds:
            await self._emit("GUILD_CREATE", guild_of(guild))

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> None:
        self.resumed.append(data)
        self._sockets.append(socket)
        for event in self._log[data["seq"] :]:
            await socket.send_json(event)
        await self._emit("RESUMED", {})

    async def _emit(self, name: str, data: Json) -> None:
        event = {"op": 0, "t": name, "s": len(self._log) + 1, "d": data}
        self._log.append(event)
        if self._sockets:
            await self._sockets[-1].send_json(event)
        self._changed.set()

    # --- making things ---

    async def _interact(
        self, kind: int, data: Json, user: int, guild: int | None, channel: int, permissions: int, **more: Any
    ) -> Asked:
        number = self._id()
        token = f"token-{number}"
        thread = (
            {"parent_id": str(CHANNEL), "thread_metadata": THREAD_FACTS, "owner_id": str(ANN)}
            if channel == THREAD
            else {}
        )
        body: Json = {
            "id": str(number),
            "application_id": str(APP),
            "type": kind,
            "token": token,
            "version": 1,
            "data": data,
            "channel_id": str(channel),
            "channel": {"id": str(channel), "type": channel_type(channel, guild), "name": "music"},
            "locale": "en-US",
            "app_permissions": str(ALL),
            "entitlements": [],
            "authorizing_integration_owners": {},
            "attachment_size_limit": 10 << 20,
            "context": 0,
            **more,
        }
        if channel == THREAD:
            body["channel"] |= thread
        if guild is None:
            body["user"] = user_of(user)
        else:
            body |= {"guild_id": str(guild), "member": member_of(user, permissions), "guild_locale": "en-US"}
        asked = self.asked[token] = Asked(token, kind, time.perf_counter(), original=more.get("message"))
        await self._emit("INTERACTION_CREATE", body)
        return asked

    def _message(
        self, channel: int, content: str, author: int, body: Json | None = None, files: dict[str, bytes] | None = None
    ) -> Json:
        number, body = self._id(), body or {}
        self.uploads |= files or {}
        attachments = [
            {"id": str(n), "filename": name, "size": len(content), "url": "http://x", "proxy_url": "http://x"}
            for n, (name, content) in enumerate((files or {}).items())
        ]
        message = {
            "id": str(number),
            "channel_id": str(channel),
            "author": user_of(author, bot=author == APP),
            "content": body.get("content") or content,
            "embeds": body.get("embeds") or [],
            "components": body.get("components") or [],
            "flags": body.get("flags") or 0,
            "attachments": attachments,
            "timestamp": "2026-03-01T00:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "pinned": False,
            "type": 0,
        }
        self.messages[number] = message
        return message

    def _id(self) -> int:
        self._next_id += 1
        return self._next_id

    def _type_of(self, command: str, option: str) -> int:
        first, _, below = command.partition(" ")
        found = next(one for one in self.commands if one["name"] == first)
        if below:
            found = next(one for one in found["options"] if one["name"] == below)
        kind: int = next(one["type"] for one in found["options"] if one["name"] == option)
        return kind


def texts(message: Json) -> str:
    """All words of a message that Discord reads markdown in."""
    parts = [message["content"]]
    for embed in message["embeds"]:
        parts += [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
        parts += [f"{one['name']}\n{one['value']}" for one in embed.get("fields", [])]
    return "\n".join(parts)


def asked_channel(_asked: Asked) -> int:
    return CHANNEL


async def _body(request: web.Request) -> tuple[Any, dict[str, bytes]]:
    if request.content_type.startswith("multipart/"):
        body: Any = None
        files: dict[str, bytes] = {}
        async for part in await request.multipart():
            content = await part.read(decode=False)  # type: ignore[union-attr]
            if part.name == "payload_json":  # type: ignore[union-attr]
                body = json.loads(content)
            else:
                files[part.filename or ""] = bytes(content)  # type: ignore[union-attr]
        return body, files
    raw = await request.read()
    return (json.loads(raw) if raw else None), {}


def _json(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # Discord says no charset, and discord.py reads JSON only where there is none.
    body = json.dumps(data).encode()
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json", **(headers or {})})
