"""`segue discord --check` and `--invite`: is everything there that the bot needs, and what to do where it is not."""

from __future__ import annotations

import asyncio
import base64
import binascii
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import discord

from assistant.labels import plain
from assistant.reports import Check
from connectors.discord.bot import intents, token_of
from connectors.discord.errors import BadTokenError, IntentError, UnreachableError

if TYPE_CHECKING:
    from assistant.settings import DiscordSettings

_CONNECT_S = 30.0
#: The code by which the gateway closes a connection that asks for an intent it may not have.
_INTENTS_REFUSED = 4014
#: Servers that are looked at one by one.
_MOST_SERVERS = 100


def permissions() -> discord.Permissions:
    """Return the least that the bot needs where it answers."""
    return discord.Permissions(
        view_channel=True,
        send_messages=True,
        send_messages_in_threads=True,
        embed_links=True,
        attach_files=True,
        read_message_history=True,  # answers to mentions refer to the message
    )


def invite(settings: DiscordSettings) -> str:
    """Return the address by which a server takes the bot in, with the least permissions.

    Raises:
        NoTokenError: the settings have no token.
        BadTokenError: it does not begin as a token does, with the bot's id.
    """
    return invitation(application_of(token_of(settings)))


def application_of(token: str) -> int:
    """Return the id of the application that a token is for: its first part, in base 64.

    Raises:
        BadTokenError: it has not that form.
    """
    first, _, rest = token.partition(".")
    try:
        number = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
        if rest and number.isdigit():
            return int(number)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise BadTokenError("a token has three parts with points between them, the first of which names the bot")


def check(settings: DiscordSettings) -> list[Check]:
    """Look at token, intents, commands, and the permissions in each server; each check says how to mend it.

    Never raises for anything that Discord says.
    """
    return asyncio.run(_check(settings))


async def _check(settings: DiscordSettings) -> list[Check]:
    try:
        token = token_of(settings)
    except ValueError as error:
        return [Check(name="token", ok=False, detail="none", remedy=str(error))]
    async with discord.Client(intents=intents(), guild_ready_timeout=0.1) as client:
        try:
            await client.login(token)
        except discord.LoginFailure as error:
            return [Check(name="token", ok=False, detail="refused by Discord", remedy=str(BadTokenError(str(error))))]
        except (aiohttp.ClientError, discord.HTTPException, OSError) as error:
            return [Check(name="token", ok=False, detail="not tried", remedy=str(unreachable(error)))]
        assert client.user is not None
        checks = [Check(name="token", ok=True, detail=f"of {plain(str(client.user), 60)}")]
        try:
            checks += await _servers(client)
        except (aiohttp.ClientError, discord.HTTPException, OSError) as error:
            checks.append(Check(name="servers", ok=False, detail="not looked at", remedy=str(unreachable(error))))
        checks.append(await _gateway(client))  # the last, for a refused client is closed
    return checks


async def _gateway(client: discord.Client) -> Check:
    """Connect as the bot does, with its intents."""
    connecting = asyncio.create_task(client.connect(reconnect=False))
    ready = asyncio.create_task(client.wait_until_ready())
    try:
        await asyncio.wait({connecting, ready}, timeout=_CONNECT_S, return_when=asyncio.FIRST_COMPLETED)
        if ready.done() and ready.exception() is None:
            return Check(name="intents", ok=True, detail="guilds, guild messages, direct messages; none is privileged")
        error = connecting.exception() if connecting.done() else TimeoutError(f"no answer within {_CONNECT_S:g} s")
        refused = isinstance(error, discord.PrivilegedIntentsRequired) or (
            isinstance(error, discord.ConnectionClosed) and error.code == _INTENTS_REFUSED
        )
        remedy = str(IntentError() if refused else unreachable(error or OSError("the connection was closed")))
        return Check(name="intents", ok=False, detail="refused" if refused else "not connected", remedy=remedy)
    finally:
        for task in (connecting, ready):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _servers(client: discord.Client) -> list[Check]:
    application = client.application_id or 0
    commands = await client.http.get_global_commands(application)
    known = len(commands)
    checks = [
        Check(
            name="commands",
            ok=True,
            detail=f"{known} known to Discord" if known else "none yet; starting the bot tells Discord",
            optional=True,
        )
    ]
    found: list[Any] = await client.http.get_guilds(_MOST_SERVERS)
    if not found:
        remedy = f"open {invitation(application)} as somebody who manages a server"
        return [*checks, Check(name="servers", ok=False, detail="the bot is in none", remedy=remedy)]
    return [*checks, *[await _server(client, application, guild) for guild in found]]


async def _server(client: discord.Client, application: int, guild: dict[str, Any]) -> Check:
    """Look at what the bot may do in one server; a channel may still forbid more."""
    name, missing = plain(guild["name"], 60), lacking(guild)
    problems = [f"it may not {' nor '.join(missing)}"] if missing else []
    try:
        await client.http.get_guild_commands(application, int(guild["id"]))
    except discord.Forbidden:
        problems.append("it was invited without the scope applications.commands")
    again = f"open {invitation(application)} again and choose this server, or give its role what is missing"
    detail = "; ".join(problems) or "everything that the bot needs is allowed"
    return Check(name=f"server {name}", ok=not problems, detail=detail, remedy=again if problems else "")


def lacking(guild: dict[str, Any]) -> list[str]:
    """Name the permissions that the bot needs and a server, as Discord describes it, does not give."""
    has = discord.Permissions(int(guild["permissions"]))
    return [
        name.replace("_", " ")
        for name, needed in permissions()
        if needed and not (has.administrator or getattr(has, name))
    ]


def invitation(application: int) -> str:
    """Return the address by which a server takes the bot of an application in."""
    return discord.utils.oauth_url(application, permissions=permissions(), scopes=("bot", "applications.commands"))


def unreachable(error: BaseException) -> UnreachableError:
    """Word an error of the way to Discord."""
    return UnreachableError(plain(f"{type(error).__name__}: {error}", 200))
