"""The bot itself: a Discord client over one assistant.

The assistant is synchronous, so that every call to it runs in a worker thread; Discord is answered before that. The bot
asks for three intents: servers, messages in servers, direct messages. It never reads messages that are not for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

import aiohttp
import discord
from discord import app_commands

from connectors.discord.cooldown import Cooldown
from connectors.discord.desk import Desk
from connectors.discord.errors import BadTokenError, IntentError, NoTokenError, RefusedError, UnreachableError
from connectors.discord.places import place_of
from connectors.discord.screens import Screens
from connectors.discord.sending import error_words, reword, said_parts, slate_parts
from connectors.discord.talks import Place

if TYPE_CHECKING:
    from assistant.app import Assistant
    from assistant.settings import DiscordSettings, Settings

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

#: Turns at once, and short look-ups beside them, which a slow language model must not hold up.
_TURNS, _LOOKUPS = 8, 2
_DAY_S = 86_400.0
#: Longest cooldown of buttons that make a playlist, in seconds: pressing is quicker than asking.
_PRESS_S = 1.0
#: Codes with which Discord's gateway closes a connection: the token is (no longer) right; an intent is not.
_TOKEN_REFUSED, _INTENTS_REFUSED = 4004, (4013, 4014)


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
        # No messages are held in memory: what somebody wrote would outlast `/forget` there.
        nobody = discord.AllowedMentions.none()
        super().__init__(intents=intents(), allowed_mentions=nobody, max_messages=None, **options)
        self.settings = settings
        self.desk = Desk(assistant, llm_per_day=settings.llm_per_day)
        self.tree = app_commands.CommandTree[SegueBot](self)
        self._turns = ThreadPoolExecutor(_TURNS, "segue-discord-turn")
        self._lookups = ThreadPoolExecutor(_LOOKUPS, "segue-discord-lookup")
        self._long = ThreadPoolExecutor(1, "segue-discord-long")
        self._waiting_long: set[int] = set()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._asked, self._pressed = Cooldown(), Cooldown()
        self.screens, self.was_up = Screens(), False
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

    @contextmanager
    def one_at_a_time(self, place: Place) -> Iterator[None]:
        """Keep a person, until the block ends, from asking for something else that takes long.

        Raises:
            RefusedError: they did so before, and it is still under way.
        """
        if place.user in self._waiting_long:
            words = "What you asked for before is still under way: try again when it is done."
            raise RefusedError(self.desk.book(place.guild)(words))
        self._waiting_long.add(place.user)
        try:
            yield
        finally:
            self._waiting_long.discard(place.user)

    async def work_long(self, task: Callable[..., _T], *args: Any) -> _T:
        """Run what may take minutes, after all others of that kind, in a worker thread that holds up no turn."""
        return await asyncio.get_running_loop().run_in_executor(self._long, lambda: task(*args))

    def turn_of(self, place: Place) -> asyncio.Lock:
        """Return what makes the turns of one conversation follow one another, in the order in which they came."""
        return self._locks.setdefault(place.key, asyncio.Lock())

    # --- who may ask where ---

    def answers_in(self, place: Place) -> bool:
        """Tell whether the bot answers in a place."""
        channels = self.desk.guilds.of(place.guild).channels
        return not channels or not {place.channel, place.parent}.isdisjoint(channels)

    def check(self, place: Place, *, pressed: bool = False) -> None:
        """Make sure that the bot answers in a place, and that its person did not ask a moment ago.

        Args:
            place: who asks where.
            pressed: whether they did so by a button, which has a clock of its own.

        Raises:
            RefusedError: it does not, or they did.
        """
        settings, book = self.desk.guilds.of(place.guild), self.desk.book(place.guild)
        if not self.answers_in(place):
            where = ", ".join(f"#{self._channel_name(channel)}" for channel in settings.channels)
            raise RefusedError(book("I answer only in {channels} of this server.", channels=where))
        clock, every_s = self._asked, settings.cooldown_s
        if pressed:
            clock, every_s = self._pressed, min(every_s, _PRESS_S)
        if wait := clock.take(place.guild, place.user, every_s):
            raise RefusedError(book("One moment: ask again in {n} s.", n=max(round(wait), 1)))

    def _channel_name(self, channel: int) -> str:
        found = self.get_channel(channel)
        return str(getattr(found, "name", channel))

    async def forget(self, place: Place) -> bool:
        """Forget a person, here and in the database; tell whether there was anything."""
        for clock in (self._asked, self._pressed):
            clock.forget(place.user)
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
        self.was_up = True
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
        for pool in (self._turns, self._lookups, self._long):
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
        place = place_of(message)
        # A message cannot be answered to its author alone, and nobody else wants to read there that it is not answered.
        if self.answers_in(place):
            await self._answer(message, place, " ".join(text.split()))

    async def _answer(self, message: discord.Message, place: Place, text: str) -> None:
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
                await reword(self, place, answer, sent)
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
        BadTokenError: Discord refuses it, or does so from some time on.
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
    except discord.ConnectionClosed as error:
        if error.code == _TOKEN_REFUSED:
            raise BadTokenError("Discord closed the connection, as it does when the token was reset") from error
        if error.code in _INTENTS_REFUSED:
            raise IntentError from error
        raise UnreachableError(f"it closed the connection with code {error.code}") from error
    except (aiohttp.ClientError, discord.GatewayNotFound, discord.HTTPException, OSError) as error:
        raise UnreachableError(f"{type(error).__name__}: {error}") from error


def run(assistant: Assistant, settings: Settings) -> None:
    """Run the bot until it is interrupted; errors are those of `serve`."""
    bot = build(assistant, settings)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(bot))
