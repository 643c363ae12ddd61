"""All commands, buttons and menus of the bot, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from connectors.discord.sending import tell_error

if TYPE_CHECKING:
    from connectors.discord.bot import SegueBot


def register(bot: SegueBot) -> None:
    """Put every command into the bot's tree."""
    from connectors.discord import asking, groups, histories, mine, private, rating, server

    parts = (asking, rating, groups, mine, histories, private, server)
    for command in [one for part in parts for one in part.commands()]:
        bot.tree.add_command(command)

    async def on_error(interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        await tell_error(interaction, getattr(error, "original", error))

    bot.tree.error(on_error)


def dynamic_items() -> tuple[type[discord.ui.DynamicItem[Any]], ...]:
    """Return what must be made again from its id when somebody presses it."""
    from connectors.discord import groups, private, views

    return (*views.DYNAMIC, *groups.DYNAMIC, *private.DYNAMIC)
