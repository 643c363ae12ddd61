"""/taste, /link and /unlink: what Segue has learnt of a person, and who else they are; told to them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from assistant.phrasebook import Phrasebook
from assistant.taste_reports import TasteReport, TasteTrack
from connectors.discord.places import place_of
from connectors.discord.sending import privately
from connectors.discord.words import safe

if TYPE_CHECKING:
    from connectors.discord.bot import SegueBot

_Interaction = discord.Interaction[Any]
#: Tracks of each list, pieces of evidence of each sentence.
_TRACKS, _EVIDENCE = 10, 3
_MAX_SENTENCE, _MAX_NAME = 300, 80


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """Return the commands."""
    return [taste, link, unlink]


@app_commands.command(description="What I have learnt of your taste, and from what; only you see it.")
async def taste(interaction: _Interaction) -> None:
    """Tell a person their taste."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    bot: SegueBot = interaction.client
    place = place_of(interaction)
    language = bot.desk.guilds.of(place.guild).language or "en"
    report = await bot.work(
        lambda: bot.desk.assistant.taste(place.listener, language=language, n_tracks=_TRACKS, n_exposures=0)
    )
    await privately(interaction, taste_text(report, bot.desk.book(place.guild)))


@app_commands.command(description="Make this and your taste elsewhere (web, terminal) one, by a code.")
@app_commands.describe(code="The code that you got elsewhere; without it, you get one to use there")
async def link(interaction: _Interaction, code: app_commands.Range[str, 1, 40] | None = None) -> None:
    """Give a code out, or use one."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    bot: SegueBot = interaction.client
    place = place_of(interaction)
    book = bot.desk.book(place.guild)
    if code is None:
        made = await bot.work(bot.desk.assistant.link_code, place.listener)
        words = "Your code is `{code}`: use it where else you use Segue, within ten minutes. It works once."
        await privately(interaction, book(words, code=made))
        return
    joined = await bot.work(bot.desk.assistant.link, place.listener, code)
    words = "Done: what you like here and there now counts for both ({n} joined). /unlink parts them again."
    await privately(interaction, book(words, n=len(joined)))


@app_commands.command(description="Part this from your taste elsewhere again; both are then as before.")
async def unlink(interaction: _Interaction) -> None:
    """Part what was linked."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    bot: SegueBot = interaction.client
    place = place_of(interaction)
    book = bot.desk.book(place.guild)
    parted = await bot.work(bot.desk.assistant.unlink, place.listener)
    await privately(interaction, book("Parted: both are as before.") if parted else book("You are linked to nobody."))


def taste_text(report: TasteReport, book: Phrasebook) -> str:
    """Say what a taste comes to: sentences with what they were counted from, then tracks for it and against it."""
    lines = []
    for sentence in report.sentences:
        lines.append(f"• {safe(sentence.text, _MAX_SENTENCE)}")
        lines += [f"-# {safe(one, _MAX_SENTENCE)}" for one in sentence.evidence[:_EVIDENCE]]
    for name, tracks in ((book("You take to"), report.liked), (book("You leave"), report.disliked)):
        if tracks:
            lines += [f"**{name}**", *(_track(one) for one in tracks[:_TRACKS])]
    return "\n".join(lines) or book("Nothing yet: like some tracks, with the buttons or with /like.")


def _track(track: TasteTrack) -> str:
    name = f"{safe(track.title, _MAX_NAME)} – {safe(track.artist, _MAX_NAME)}"
    return f"{name} ({safe(track.how, _MAX_NAME)})"
