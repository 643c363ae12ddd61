"""Where an interaction or a message happens, as the bot's conversations know places."""

from __future__ import annotations

from typing import Any

import discord

from connectors.discord.guilds import DIRECT
from connectors.discord.talks import Place


def place_of(happened: discord.Interaction[Any] | discord.Message) -> Place:
    """Say who speaks where."""
    user = happened.user if isinstance(happened, discord.Interaction) else happened.author
    guild = happened.guild_id if isinstance(happened, discord.Interaction) else getattr(happened.guild, "id", None)
    channel = happened.channel
    return Place(
        guild=DIRECT if guild is None else str(guild),
        channel=0 if channel is None else channel.id,
        user=user.id,
        parent=getattr(channel, "parent_id", None),
    )
