"""What Discord offers while somebody types: names of the catalogue, and tracks of their playlist."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from connectors.discord.desk import BY_ID
from connectors.discord.errors import RefusedError
from connectors.discord.places import place_of
from connectors.discord.slates import track_label
from connectors.discord.words import label

if TYPE_CHECKING:
    from connectors.discord.bot import SegueBot

#: Discord's own limits: entries, and characters of a value.
_MOST, _MAX_VALUE = 25, 100
_Choices = list[app_commands.Choice[str]]
_Completing = Callable[["discord.Interaction[Any]", str], Coroutine[Any, Any, _Choices]]


def names(kind: str) -> _Completing:
    """Complete names of a kind that the catalogue has: artist, track or genre."""

    async def complete(interaction: discord.Interaction[Any], current: str) -> _Choices:
        bot: SegueBot = interaction.client
        found = await bot.look_up(bot.desk.assistant.suggest, current, (kind,), _MOST)
        # The name is the value, too: what is chosen and what is typed to the end then read alike.
        shown = dict.fromkeys(label(one.name, _MAX_VALUE) for one in found)
        return [app_commands.Choice(name=name, value=name) for name in shown]

    return complete


async def own_tracks(interaction: discord.Interaction[Any], current: str) -> _Choices:
    """Complete tracks of the newest playlist here, by number or by part of their names."""
    bot: SegueBot = interaction.client
    try:
        _, reply = await bot.look_up(bot.desk.current, place_of(interaction))
    except RefusedError:
        return []
    wanted = current.strip().casefold()
    named = [(track_label(track), track) for track in reply.tracks]
    found = [(name, track) for name, track in named if wanted in name.casefold()]
    return [app_commands.Choice(name=name, value=str(track.position)) for name, track in found[:_MOST]]


async def any_tracks(interaction: discord.Interaction[Any], current: str) -> _Choices:
    """Complete tracks of the newest playlist here, then tracks of the catalogue by their ids."""
    bot: SegueBot = interaction.client
    choices = await own_tracks(interaction, current)
    found = await bot.look_up(bot.desk.assistant.suggest, current, ("track",), _MOST)
    for one in found:
        value = f"{BY_ID}{one.key}"
        if len(value) <= _MAX_VALUE and len(choices) < _MOST:
            choices.append(app_commands.Choice(name=label(one.name, _MAX_VALUE), value=value))
    return choices
