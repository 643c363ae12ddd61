"""The one shape of everything that people do: Discord hears at once that it takes a while; then it is done and told.

What a command or a button does is a function of a `Visit`. Whatever goes wrong is told to the one person alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import discord

from assistant.phrasebook import Phrasebook
from connectors.discord.desk import Desk
from connectors.discord.places import place_of
from connectors.discord.sending import privately, tell_error
from connectors.discord.talks import Place

if TYPE_CHECKING:
    from connectors.discord.bot import SegueBot

_T = TypeVar("_T")
_P = ParamSpec("_P")
Interaction = discord.Interaction[Any]


class Seen(Enum):
    """Who sees that something is being done, and then what came of it."""

    BY_ALL = "all"
    BY_ONE = "one"  # the person who asked
    IN_MESSAGE = "message"  # whose button was pressed, or whose menu was used


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who wants something somewhere."""

    interaction: Interaction
    place: Place

    @property
    def bot(self) -> SegueBot:
        """The bot that they speak to."""
        bot: SegueBot = self.interaction.client
        return bot

    @property
    def desk(self) -> Desk:
        """What the bot does for them, in worker threads."""
        return self.bot.desk

    @property
    def book(self) -> Phrasebook:
        """The bot's own words, as the place is set now."""
        return self.desk.book(self.place.guild)

    async def work(self, task: Callable[..., _T], *args: Any) -> _T:
        """Run what waits for the assistant in a worker thread."""
        return await self.bot.work(task, *args)

    async def work_for_all(self, task: Callable[..., _T], *args: Any) -> _T:
        """Run what all were promised to see; where it goes wrong, the promise is taken back before that is told.

        The first words after a promise are as public as the promise.
        """
        try:
            return await self.work(task, *args)
        except Exception:
            with suppress(discord.HTTPException):
                await self.interaction.delete_original_response()
            raise

    async def say(self, text: str) -> None:
        """Say something to them alone."""
        await privately(self.interaction, text)


def anybody(_visit: Visit) -> None:
    """Let everybody do it."""


def whoever_may_ask(visit: Visit) -> None:
    """Let those do it who may ask for music here, and did not a moment ago.

    Raises:
        RefusedError: they may not.
    """
    visit.bot.check(visit.place)


def whoever_may_press(visit: Visit) -> None:
    """Let those do it whose press may make a playlist here, and did not a moment ago.

    Raises:
        RefusedError: they may not.
    """
    visit.bot.check(visit.place, pressed=True)


async def handle(
    interaction: Interaction,
    task: Callable[[Visit], Awaitable[None]],
    seen: Seen,
    *,
    allow: Callable[[Visit], None] = anybody,
) -> None:
    """Do what somebody wants: refuse it or promise an answer at once, do it, and tell what goes wrong.

    Args:
        interaction: one that was not answered yet.
        task: what is to be done once Discord knows that it takes a while.
        seen: by whom.
        allow: raises RefusedError for those who may not; touches no database.
    """
    visit = Visit(interaction, place_of(interaction))
    try:
        allow(visit)
        if seen is Seen.IN_MESSAGE:
            await interaction.response.defer()
        else:
            await interaction.response.defer(thinking=True, ephemeral=seen is Seen.BY_ONE)
        await task(visit)
    except Exception as error:
        await tell_error(interaction, error)


def handled(
    seen: Seen, *, allow: Callable[[Visit], None] = anybody
) -> Callable[
    [Callable[Concatenate[Visit, _P], Awaitable[None]]],
    Callable[Concatenate[Interaction, _P], Coroutine[Any, Any, None]],
]:
    """Make a command of a function of a `Visit`; its other parameters are the options of the command."""

    def decorate(
        task: Callable[Concatenate[Visit, _P], Awaitable[None]],
    ) -> Callable[Concatenate[Interaction, _P], Coroutine[Any, Any, None]]:
        @wraps(task)
        async def command(interaction: Interaction, /, *args: _P.args, **options: _P.kwargs) -> None:
            await handle(interaction, lambda visit: task(visit, *args, **options), seen, allow=allow)

        # discord.py reads the options off the types, and looks for their names where `command` was written.
        setattr(command, "__signature__", signature(task, eval_str=True))  # noqa: B010 - mypy knows no such attribute
        return command

    return decorate
