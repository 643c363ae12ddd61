"""What Discord must do for the bot, clause by clause: tried on a double in tests, and on Discord by the doctor.

It leaves nothing behind: it reads, connects unseen, and hangs up.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import discord

from assistant.labels import plain
from assistant.reports import Check
from connectors.discord.bot import intents, token_of
from connectors.discord.check import application_of, invitation, lacking, unreachable
from connectors.discord.errors import BadTokenError, BrokenClauseError, IntentError, NoTokenError
from connectors.discord.registering import differences, told
from connectors.discord.wire import HEARTBEAT, HEARTBEAT_ACK, HELLO, IDENTIFY, Answered, HungUpError, Wire

if TYPE_CHECKING:
    from assistant.settings import DiscordSettings

_TIMEOUT_S = 15.0
#: Codes by which the gateway hangs up: on a token that it does not know, and on intents that it does not allow.
_UNKNOWN_TOKEN, _REFUSED_INTENTS = 4004, (4013, 4014)
#: Intents that need approval, and the flags of an application that has it, in many servers or in few.
_PRIVILEGED = {"presences": (12, 13), "members": (14, 15), "message_content": (18, 19)}
#: Servers whose permissions are looked at, and those in which commands are.
_MOST_SERVERS, _MOST_ASKED = 200, 10
#: Differences of commands that are told.
_MOST_TOLD = 5
_DISCORDS = (
    "Segue counts on it and can do nothing about it: look at https://discordstatus.com, try again later, and if it "
    "stays so, report this line"
)


@dataclass
class Trial:
    """A bot on trial, with what earlier clauses found out."""

    wire: Wire
    token: str
    intents: discord.Intents
    commands: list[dict[str, Any]]  # as the code would tell Discord
    application: int = 0
    address: str = ""  # of the gateway
    sessions_left: int = 0

    def where(self) -> str:
        """The address of the gateway."""
        expect(bool(self.address), "not tried: the address of the gateway is not known", "see above")
        return self.address


def expect(true: bool, seen: str, remedy: str = _DISCORDS) -> None:
    """Break the clause unless something holds."""
    if not true:
        raise BrokenClauseError(seen, remedy)


async def run_contract(
    settings: DiscordSettings, *, wanted: discord.Intents | None = None, timeout_s: float = _TIMEOUT_S
) -> AsyncIterator[Check]:
    """Try every clause in order, and yield what came of each as it is known. Never raises for what Discord does.

    Args:
        settings: with the bot's token.
        wanted: intents to try; those of the bot by default.
        timeout_s: longest that an answer may take.
    """
    client = discord.Client(intents=wanted or intents())
    try:
        token = token_of(settings)
    except NoTokenError as error:
        yield Check(name=CLAUSES[0][0], ok=False, detail="not tried: there is no token", remedy=str(error))
        return
    async with Wire(token, user_agent=client.http.user_agent, timeout_s=timeout_s) as wire:
        trial = Trial(wire, token, client.intents, await told())
        for words, clause in CLAUSES:
            check = await _tried(trial, words, clause)
            yield check
            if not check.ok and clause is _knows_the_bot:
                return


async def _tried(trial: Trial, words: str, clause: Callable[[Trial], Awaitable[str]]) -> Check:
    try:
        return Check(name=words, ok=True, detail=plain(await clause(trial), 300))
    except BrokenClauseError as broken:
        seen, remedy = broken.seen, broken.remedy
    except BadTokenError as error:
        seen, remedy = error.problem, str(error)
    except HungUpError as error:
        seen, remedy = str(error), _DISCORDS
    except (aiohttp.ClientError, OSError) as error:  # and running out of time
        seen, remedy = "not answered", str(unreachable(error))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        seen, remedy = f"answered in a form that is not known ({type(error).__name__}: {error})", _DISCORDS
    return Check(name=words, ok=False, detail=plain(seen, 300), remedy=remedy)


def _ok(answered: Answered) -> Any:
    """Return the body of an answer that is none of an error."""
    expect(answered.status == 200, f"answered with {answered.status} {answered.body}")
    return answered.body


async def _knows_the_bot(trial: Trial) -> str:
    named = application_of(trial.token)
    answered = await trial.wire.get("/users/@me")
    if answered.status == 401:
        raise BadTokenError("Discord answers 401")
    user = _ok(answered)
    expect(int(user["id"]) == named, f"the token names {named}, and Discord says {user['id']}")
    expect(user.get("bot") is True, f"{user['username']} is no bot", str(BadTokenError("it is a person's")))
    return f"{user['username']}, {user['id']}"


async def _refuses_others(trial: Trial) -> str:
    return _refusal(await trial.wire.get("/users/@me", token=invented_token()), 401)


async def _has_no_such_route(trial: Trial) -> str:
    return _refusal(await trial.wire.get("/segue-has-no-such-route"), 404)


def _refusal(answered: Answered, status: int) -> str:
    seen = f"answered with {answered.status} {answered.body}"
    expect(answered.status == status and answered.is_error, seen)
    return seen


async def _says_its_limits(trial: Trial) -> str:
    headers = (await trial.wire.get("/users/@me")).headers
    names = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset-After", "X-RateLimit-Bucket")
    missing = [name for name in names if not headers.get(name)]
    expect(not missing, f"without {', '.join(missing)}")
    limit, left, again_s = (float(headers[name]) for name in names[:3])
    expect(limit >= 1 and 0 <= left <= limit and again_s >= 0, f"{left:g} of {limit:g} left for {again_s:g} s")
    return f"{left:g} of {limit:g} left for {again_s:g} s"


async def _tells_its_gateway(trial: Trial) -> str:
    told_of = _ok(await trial.wire.get("/gateway/bot"))
    address, limit = str(told_of["url"]), told_of["session_start_limit"]
    parts = urlsplit(address)
    private = parts.scheme == "wss" or (parts.scheme == "ws" and parts.hostname == "127.0.0.1")
    expect(private and bool(parts.hostname), f"the address is {address}")
    trial.address, trial.sessions_left = address, int(limit["remaining"])
    expect(int(told_of["shards"]) == 1, f"it wants {told_of['shards']} connections", "Segue makes one: leave servers")
    expect(int(limit["max_concurrency"]) >= 1, f"it lets {limit['max_concurrency']} connect at once")
    seen = f"{address}, {limit['remaining']} of {limit['total']} connections left today"
    again_s = int(limit["reset_after"]) // 1000
    expect(trial.sessions_left > 0, seen, f"end what connects over and over, and wait {again_s} s")
    return seen


async def _allows_the_intents(trial: Trial) -> str:
    application = _ok(await trial.wire.get("/applications/@me"))
    trial.application, flags = int(application["id"]), int(application["flags"])
    missing = [
        name
        for name, bits in _PRIVILEGED.items()
        if getattr(trial.intents, name) and not any(flags >> bit & 1 for bit in bits)
    ]
    remedy = "switch them on under Privileged Gateway Intents, on the page Bot of your application"
    expect(not missing, f"flags {flags} are without {', '.join(missing)}", remedy)
    return f"flags {flags}, of which intents {trial.intents.value} need none that is off"


async def _is_set_up(trial: Trial) -> str:
    application = _ok(await trial.wire.get("/applications/@me"))
    elsewhere = application.get("interactions_endpoint_url")
    remedy = "empty Interactions Endpoint URL on the page General Information of your application"
    expect(not elsewhere, f"commands are sent to {elsewhere}", remedy)
    remedy = "switch Requires OAuth2 Code Grant off on the page Bot of your application"
    expect(application["bot_require_code_grant"] is False, "servers need a code to take the bot in", remedy)
    return "commands come over the bot's connection, and the address of --invite is enough"


async def _knows_the_commands(trial: Trial) -> str:
    expect(bool(trial.application), "not tried: the application is not known", "see above")
    there = _ok(await trial.wire.get(f"/applications/{trial.application}/commands?with_localizations=true"))
    remedy = "start the bot once with `segue discord`: it tells Discord its commands"
    expect(bool(there), "it knows none", remedy)
    unlike = differences(trial.commands, there)
    more = f", and {len(unlike) - _MOST_TOLD} more" if len(unlike) > _MOST_TOLD else ""
    expect(not unlike, f"{'; '.join(unlike[:_MOST_TOLD])}{more}", remedy)
    return f"{len(there)} commands, with the options, completions and languages of this version"


async def _lets_the_bot_in(trial: Trial) -> str:
    guilds = _ok(await trial.wire.get(f"/users/@me/guilds?limit={_MOST_SERVERS}"))
    address = invitation(trial.application or application_of(trial.token))
    expect(bool(guilds), "it is in none", f"open {address} as somebody who manages a server")
    problems = [f"in {guild['name']} it may not {' nor '.join(gone)}" for guild in guilds if (gone := lacking(guild))]
    for guild in guilds[:_MOST_ASKED]:
        answered = await trial.wire.get(f"/applications/{trial.application}/guilds/{guild['id']}/commands")
        if answered.status == 403:
            problems.append(f"{guild['name']} took it in without the scope applications.commands")
    remedy = f"open {address} again and choose the server, or give the bot's role what is missing"
    expect(not problems, "; ".join(problems[:_MOST_TOLD]), remedy)
    return f"all that it needs, in {len(guilds)} servers"


async def _greets(trial: Trial) -> str:
    async with trial.wire.gateway(trial.where()) as line:
        interval = (await line.receive(HELLO))["heartbeat_interval"]
        expect(1_000 <= interval <= 600_000, f"it wants a heartbeat every {interval} ms")
        await line.send(HEARTBEAT, None)
        try:
            await line.receive(HEARTBEAT_ACK)
        except TimeoutError:
            raise BrokenClauseError("it greets, and leaves a heartbeat without an answer", _DISCORDS) from None
    return f"a heartbeat every {interval / 1000:g} s"


async def _hangs_up_on_others(trial: Trial) -> str:
    try:
        await _identified(trial, invented_token())
    except TimeoutError:
        raise BrokenClauseError("it does not hang up", _DISCORDS) from None
    except HungUpError as hung_up:
        expect(hung_up.code == _UNKNOWN_TOKEN, f"it hangs up with code {hung_up.code}, not {_UNKNOWN_TOKEN}")
        return f"it hangs up with code {_UNKNOWN_TOKEN}"
    raise BrokenClauseError("it lets the stranger in", _DISCORDS)


async def _takes_the_bot(trial: Trial) -> str:
    trial.where()
    expect(trial.sessions_left > 0, "not tried: no connection is left today", "see above")
    try:
        ready = await _identified(trial, trial.token)
    except HungUpError as hung_up:
        expect(hung_up.code not in _REFUSED_INTENTS, f"it hangs up with code {hung_up.code}", str(IntentError()))
        raise
    expect(int(ready["user"]["id"]) == application_of(trial.token), f"it takes the bot for {ready['user']['id']}")
    again = bool(ready["session_id"]) and bool(ready["resume_gateway_url"])
    expect(again, "it does not say how a connection that broke is resumed")
    return f"it is let in, with intents {trial.intents.value} and {len(ready['guilds'])} servers"


async def _identified(trial: Trial, token: str) -> dict[str, Any]:
    """Say who the bot is, unseen by anybody; return what the gateway then says."""
    properties = {"os": "linux", "browser": "segue", "device": "segue"}
    unseen: dict[str, Any] = {"status": "invisible", "since": None, "activities": [], "afk": False}
    async with trial.wire.gateway(trial.where()) as line:
        await line.receive(HELLO)
        said = {"token": token, "intents": trial.intents.value, "properties": properties, "presence": unseen}
        await line.send(IDENTIFY, said)
        ready: dict[str, Any] = await line.receive(0, "READY")
        return ready


def invented_token() -> str:
    """Make up a token, of the form of one, that Discord gave to nobody."""
    number = base64.urlsafe_b64encode(str(secrets.randbelow(10**17) + 10**17).encode()).decode().rstrip("=")
    return f"{number}.{secrets.token_urlsafe(8)[:6]}.{secrets.token_urlsafe(40)[:38]}"


#: What each clause says, and what tries it. Without the first, the others are not tried.
CLAUSES: tuple[tuple[str, Callable[[Trial], Awaitable[str]]], ...] = (
    ("Discord knows the bot by its token", _knows_the_bot),
    ("it refuses a token that it gave to nobody", _refuses_others),
    ("it answers a wrong route with 404 and an error of its form", _has_no_such_route),
    ("it says how often a route may be asked", _says_its_limits),
    ("it says where its gateway is, and has connections left for today", _tells_its_gateway),
    ("the application's flags allow the intents that the bot asks for", _allows_the_intents),
    ("the application is set up for a bot that has a connection", _is_set_up),
    ("the commands that Discord knows are those of this version", _knows_the_commands),
    ("servers that took the bot in allow what it needs", _lets_the_bot_in),
    ("the gateway greets and answers a heartbeat", _greets),
    ("the gateway hangs up on a token that Discord gave to nobody", _hangs_up_on_others),
    ("the gateway lets the bot in with its intents", _takes_the_bot),
)
