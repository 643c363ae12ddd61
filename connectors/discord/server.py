"""/settings: how the bot behaves in a server, for members who manage it."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands

from assistant.phrasebook import Phrasebook
from connectors.discord.errors import RefusedError
from connectors.discord.guilds import GuildSettings
from connectors.discord.handling import Seen, Visit, handled
from connectors.discord.phrases import LANGUAGES
from connectors.discord.words import safe

_LANGUAGES = [app_commands.Choice(name="as each message", value="auto")]
_LANGUAGES += [app_commands.Choice(name=name, value=code) for code, name in LANGUAGES.items()]
_Switch = Literal["on", "off"]


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """Return the commands."""
    return [settings]


@app_commands.command(description="How I behave in this server; without anything, what is set.")
@app_commands.describe(
    add_channel="Answer here; once there is one, only in those",
    remove_channel="Answer here no more",
    slate_size="Tracks of a playlist, unless somebody says otherwise; 0 for the usual",
    explicit="Whether explicit tracks may be shown",
    language="The language I answer in",
    llm="Whether the language model may be used, where one is set",
    cooldown="Seconds between two requests of one person",
)
@app_commands.choices(language=_LANGUAGES)
@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
@handled(Seen.BY_ONE)
async def settings(
    visit: Visit,
    add_channel: discord.TextChannel | discord.Thread | None = None,
    remove_channel: discord.TextChannel | discord.Thread | None = None,
    slate_size: app_commands.Range[int, 0, 50] | None = None,
    explicit: _Switch | None = None,
    language: str | None = None,
    llm: _Switch | None = None,
    cooldown: app_commands.Range[int, 0, 3600] | None = None,
) -> None:
    """Show or change the settings of the server."""
    desk, guild = visit.desk, visit.place.guild
    # Discord lets a server give a command to others; the settings stay with those who manage it.
    if visit.interaction.guild_id is None or not visit.interaction.permissions.manage_guild:
        raise RefusedError(visit.book("Only members who may manage the server can change its settings."))
    current = desk.guilds.of(guild)
    changes: dict[str, Any] = {}
    channels = [*current.channels, *([add_channel.id] if add_channel else [])]
    gone = remove_channel.id if remove_channel else None
    if add_channel or remove_channel:
        changes["channels"] = tuple(dict.fromkeys(one for one in channels if one != gone))
    if slate_size is not None:
        changes["slate_size"] = slate_size or None
    if explicit is not None:
        changes["explicit"] = explicit == "on"
    if language is not None:
        changes["language"] = None if language == "auto" else language
    if llm is not None:
        changes["model"] = llm == "on"
    if cooldown is not None:
        changes["cooldown_s"] = float(cooldown)
    if changes:
        current = await visit.work(lambda: desk.guilds.change(guild, **changes))
    left = await visit.work(desk.budget.left, guild)
    await visit.say(settings_text(current, visit.book, left if desk.assistant.rewords else None))


def settings_text(current: GuildSettings, book: Phrasebook, llm_left: int | None) -> str:
    """Say what is set; `llm_left` is how often the language model may still be used today, None without one."""
    on, off = book("on"), book("off")
    channels = ", ".join(f"<#{channel}>" for channel in current.channels) or book("all")
    language = LANGUAGES.get(current.language or "", book("that of each message"))
    model = on if current.model else off
    if llm_left is None:
        model = f"{model} ({book('none is set')})"
    elif current.model:
        model = f"{model} ({book('{n} uses left today', n=llm_left)})"
    lines = [
        (book("Channels"), channels),
        (book("Tracks of a playlist"), str(current.slate_size or book("as usual"))),
        (book("Explicit tracks"), on if current.explicit else off),
        (book("Language"), safe(language, 60)),
        (book("Language model"), model),
        (book("Seconds between two requests of one person"), f"{current.cooldown_s:g}"),
    ]
    return "\n".join(f"**{name}**: {value}" for name, value in lines)
