"""The bot itself: a Discord client over one assistant.

The assistant is synchronous, so that every call to it runs in a worker thread; Discord is answered before that. The bot
asks for three intents: servers, messages in servers, direct messages. It never reads messages that are not for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

import aiohttp
import discord
from discord import app_commands

from connectors.discord.desk import Desk
from connectors.discord.errors import BadTokenError, IntentError, NoTokenError, RefusedError, UnreachableError
from connectors.discord.places import place_of
from connectors.discord.sending import error_words, said_parts, slate_parts
from connectors.discord.talks import Place

if TYPE_CHECKING:
    from assistant.app import Assistant
    from assistant.settings import DiscordSettings, Settings

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

#: Turns at once, and short look-ups beside them, which a slow language model must not hold up.
_TURNS, _LOOKUPS = 8, 2
_DAY_S = 86_400.0
#: People whose last request is remembered for the cooldown; beyond that the oldest are forgotten.
_MOST_RECENT = 10_000


def intents() -> discord.Intents:
    """Return what the bot asks Discord for: none of it needs approval."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.guild_messages = wanted.dm_messages = True
    return wanted


class SegueBot(discord.Client):
    """Segue in Discord. `start(token)` runs it, `close()` ends it; the assistant stays open."""

    def __init__(self, assistant: Assistant, settings: DiscordSettings, **options: Any) -> None:
        """Put the parts together; nothing is connected yet. `options` are those of `discord.Client`."""
        from connectors.discord.registering import register

        # Nothing is spoken: discord.py need not warn that it has no libraries for it.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(intents=intents(), allowed_mentions=discord.AllowedMentions.none(), **options)
        self.settings = settings
        self.desk = Desk(assistant, llm_per_day=settings.llm_per_day)
        self.tree = app_commands.CommandTree[SegueBot](self)
        self._turns = ThreadPoolExecutor(_TURNS, "segue-discord-turn")
        self._lookups = ThreadPoolExecutor(_LOOKUPS, "segue-discord-lookup")
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._asked: dict[tuple[str, int], float] = {}
        self._sweeping: asyncio.Task[None] | None = None
        self._one_sweep = asyncio.Lock()
        register(self)

    # --- work in threads ---

    async def work(self, task: Callable[..., _T], *args: Any) -> _T:
        """Run what waits for the assistant in a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._turns, lambda: task(*args))

    async def look_up(self, task: Callable[..., _T], *args: Any) -> _T:
        """Run something short in a worker thread that no turn holds up."""
        return await asyncio.get_running_loop().run_in_executor(self._lookups, lambda: task(*args))

    def turn_of(self, place: Place) -> asyncio.Lock:
        """Return what makes the turns of one conversation follow one another, in the order in which they came."""
        return self._locks.setdefault(place.key, asyncio.Lock())

    # --- who may ask where ---

    def check(self, place: Place) -> None:
        """Make sure that the bot answers in a place, and that its person did not ask a moment ago.

        Raises:
            RefusedError: it does not, or they did.
        """
        settings, book = self.desk.guilds.of(place.guild), self.desk.book(place.guild)
        if settings.channels and not {place.channel, place.parent} & set(settings.channels):
            where = ", ".join(f"#{self._channel_name(channel)}" for channel in settings.channels)
            raise RefusedError(book("I answer only in {channels} of this server.", channels=where))
        now, who = time.monotonic(), (place.guild, place.user)
        wait = self._asked.get(who, now - 3600.0) + settings.cooldown_s - now
        if wait > 0:
            raise RefusedError(book("One moment: ask again in {n} s.", n=max(round(wait), 1)))
        self._asked.pop(who, None)
        self._asked[who] = now
        while len(self._asked) > _MOST_RECENT:
            del self._asked[next(iter(self._asked))]

    def _channel_name(self, channel: int) -> str:
        found = self.get_channel(channel)
        return str(getattr(found, "name", channel))

    async def forget(self, place: Place) -> bool:
        """Forget a person, here and in the database; tell whether there was anything."""
        for who in [who for who in self._asked if who[1] == place.user]:
            del self._asked[who]
        return await self.work(self.desk.assistant.forget, place.listener)

    # --- life ---

    async def setup_hook(self) -> None:
        """Load settings, take up the buttons of earlier messages, and tell Discord the commands."""
        from connectors.discord.registering import dynamic_items
        from connectors.discord.translating import Translator

        await self.look_up(self.desk.guilds.load)
        self.add_dynamic_items(*dynamic_items())
        await self.tree.set_translator(Translator())
        await self.tree.sync()

    async def on_ready(self) -> None:
        """Begin to look, once a day, for servers that removed the bot seven days ago."""
        _LOG.info("in Discord as %s, in %d servers", self.user, len(self.guilds))
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep_daily())

    async def sweep(self, now: float | None = None) -> int:
        """Delete what servers left behind that removed the bot seven days ago; return how many were forgotten."""
        moment = time.time() if now is None else now
        async with self._one_sweep:
            await self.look_up(self.desk.budget.tidy, moment)
            return await self.look_up(self.desk.guilds.sweep, {str(guild.id) for guild in self.guilds}, moment)

    async def _sweep_daily(self) -> None:
        while True:
            try:
                await self.sweep()
            except Exception:
                _LOG.exception("servers that were left could not be looked for; tried again tomorrow")
            await asyncio.sleep(_DAY_S)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Keep what a server had here before, if it comes back."""
        await self.look_up(self.desk.guilds.joined, str(guild.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note when a server removed the bot."""
        await self.look_up(self.desk.guilds.left, str(guild.id))

    async def close(self) -> None:
        """Leave Discord; turns under way are finished, and none is begun any more."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeping
            self._sweeping = None
        await super().close()
        for pool in (self._turns, self._lookups):
            pool.shutdown(wait=False, cancel_futures=True)

    # --- messages ---

    async def on_message(self, message: discord.Message) -> None:
        """Answer a direct message, or one that mentions the bot; nobody else's, and no bot's."""
        if message.author.bot or self.user is None or message.type not in _SAID:
            return
        if message.guild is not None and self.user not in message.mentions:
            return
        text = message.content
        for form in (f"<@{self.user.id}>", f"<@!{self.user.id}>"):
            text = text.replace(form, " ")
        await self._answer(message, " ".join(text.split()))

    async def _answer(self, message: discord.Message, text: str) -> None:
        place = place_of(message)
        try:
            self.check(place)
            if not text:
                raise RefusedError(self.desk.book(place.guild)("Say what you would like to hear, or use /help."))
            async with self.turn_of(place):
                with suppress(discord.HTTPException):
                    await message.channel.typing()
                answer = await self.work(self.desk.ask, place, text)
            for part in said_parts(answer):
                await message.reply(part, mention_author=False)
            if answer.shown is not None:
                sent = await message.reply(**slate_parts(answer), mention_author=False)
                if (worded := await self.work(self.desk.reword, place, answer)) is not None:
                    await sent.edit(**slate_parts(worded))
        except Exception as error:
            await self._say_error(message, error)

    async def _say_error(self, message: discord.Message, error: Exception) -> None:
        with suppress(discord.HTTPException):
            await message.reply(error_words(error), mention_author=False)

    async def on_error(self, event_method: str, /, *_args: Any, **_more: Any) -> None:
        """Log what went wrong in an event; the bot goes on."""
        _LOG.exception("the event %s could not be followed", event_method)


_SAID = (discord.MessageType.default, discord.MessageType.reply)


def build(assistant: Assistant, settings: Settings, **options: Any) -> SegueBot:
    """Make the bot over an assistant; nothing is connected yet. `options` are those of `discord.Client`."""
    return SegueBot(assistant, settings.discord, **options)


def token_of(settings: DiscordSettings) -> str:
    """Return the bot's token.

    Raises:
        NoTokenError: there is none.
    """
    token = "" if settings.token is None else settings.token.get_secret_value().strip()
    if not token:
        raise NoTokenError
    return token


async def serve(bot: SegueBot) -> None:
    """Run a bot until it is closed or cancelled.

    Raises:
        NoTokenError: the settings have no token.
        BadTokenError: Discord refuses it.
        IntentError: Discord does not allow an intent.
        UnreachableError: Discord cannot be reached.
    """
    token = token_of(bot.settings)
    try:
        async with bot:
            await bot.start(token)
    except discord.LoginFailure as error:
        raise BadTokenError(str(error)) from error
    except discord.PrivilegedIntentsRequired as error:
        raise IntentError from error
    except (aiohttp.ClientError, discord.GatewayNotFound, discord.HTTPException, OSError) as error:
        raise UnreachableError(f"{type(error).__name__}: {error}") from error


def run(assistant: Assistant, settings: Settings) -> None:
    """Run the bot until it is interrupted; errors are those of `serve`."""
    bot = build(assistant, settings)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(bot))
