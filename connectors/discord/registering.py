"""All commands, buttons and menus of the bot, in one place; and what Discord is told of the commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from connectors.discord.sending import tell_error
from connectors.discord.translating import Translator

if TYPE_CHECKING:
    from connectors.discord.bot import SegueBot

#: What people see of a command or an option, and what Discord holds them to, beside its name.
_SEEN = (
    *("type", "description", "description_localizations", "required", "autocomplete", "choices", "channel_types"),
    *("min_value", "max_value", "min_length", "max_length", "default_member_permissions", "contexts"),
)


def register(bot: SegueBot) -> None:
    """Put every command into the bot's tree."""
    _fill(bot.tree)

    async def on_error(interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        await tell_error(interaction, getattr(error, "original", error))

    bot.tree.error(on_error)


def dynamic_items() -> tuple[type[discord.ui.DynamicItem[Any]], ...]:
    """Return what must be made again from its id when somebody presses it."""
    from connectors.discord import groups, private, views

    return (*views.DYNAMIC, *groups.DYNAMIC, *private.DYNAMIC)


async def told() -> list[dict[str, Any]]:
    """Return what Discord is told of the commands, in all languages; nothing is sent."""
    tree = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    _fill(tree)
    translator = Translator()
    return [await command.get_translated_payload(tree, translator) for command in tree.get_commands()]


def differences(wanted: Iterable[dict[str, Any]], known: Iterable[dict[str, Any]]) -> list[str]:
    """Say in what the commands that Discord knows are unlike those that it is told; empty where they are the same."""
    here, there = ({key: value for one in all_ for key, value in _spread(one, "/")} for all_ in (wanted, known))
    return [
        f"{key} is {there.get(key, 'missing')!r}, not {here.get(key, 'missing')!r}"
        for key in sorted(here.keys() | there.keys())
        if here.get(key) != there.get(key)
    ]


def _fill(tree: app_commands.CommandTree[Any]) -> None:
    from connectors.discord import asking, groups, histories, mine, private, radio, rating, server

    parts = (asking, radio, rating, groups, mine, histories, private, server)
    for command in [one for part in parts for one in part.commands()]:
        tree.add_command(command)


def _spread(one: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Name everything that a command says by where it stands, as "/ask artist autocomplete"."""
    name = f"{path}{one['name']}"
    for what in _SEEN:
        value = one.get(what)
        if what == "choices" and value:
            value = [(each["name"], each["value"], each.get("name_localizations") or {}) for each in value]
        if value is not None and value is not False and value not in ([], {}):
            yield f"{name} {what}", str(value) if what == "default_member_permissions" else value
    for option in one.get("options") or ():
        yield from _spread(option, f"{name} ")
