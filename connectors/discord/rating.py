"""/like and /why: about single tracks, told to the one person alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import discord
from discord import app_commands

from connectors.discord import completing
from connectors.discord.desk import Rating
from connectors.discord.places import place_of
from connectors.discord.sending import privately
from connectors.discord.why import why_text
from connectors.discord.words import safe

if TYPE_CHECKING:
    from connectors.discord.bot import SegueBot

_Interaction = discord.Interaction[Any]
_KINDS = {"like": "like", "dislike": "dislike", "take it back": "unrate"}
_SAID = {
    "like": "♥ {track}: more like this from now on.",
    "dislike": "✗ {track}: it will not be picked again.",
    "unrate": "{track}: neither liked nor disliked.",
}


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """Return the commands."""
    return [like, why]


@app_commands.command(description="Like or dislike a track; only you see it, and your next playlist heeds it.")
@app_commands.describe(track="A number of your playlist, or any track of the catalogue", how="Like it, or not")
@app_commands.autocomplete(track=completing.any_tracks)
async def like(
    interaction: _Interaction,
    track: app_commands.Range[str, 1, 100],
    how: Literal["like", "dislike", "take it back"] = "like",
) -> None:
    """Rate a track."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    bot: SegueBot = interaction.client
    place = place_of(interaction)
    kind = cast(Rating, _KINDS[how])
    name = await bot.work(bot.desk.rate_named, place, track, kind)
    await privately(interaction, bot.desk.book(place.guild)(_SAID[kind], track=safe(name, 200)))


@app_commands.command(description="Why a track is in your playlist, with the numbers behind it.")
@app_commands.describe(track="Its number in your playlist, or its title")
@app_commands.autocomplete(track=completing.own_tracks)
async def why(interaction: _Interaction, track: app_commands.Range[str, 1, 100]) -> None:
    """Say why a track is there."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    bot: SegueBot = interaction.client
    place = place_of(interaction)
    _, found = await bot.work(bot.desk.find, place, track)
    await privately(interaction, why_text(found, bot.desk.book(place.guild)))
