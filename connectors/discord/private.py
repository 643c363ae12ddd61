"""/export, /forget and /help: what one person sees alone."""

from __future__ import annotations

import re
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands

from connectors.discord.errors import RefusedError
from connectors.discord.files import playlist_file
from connectors.discord.places import place_of
from connectors.discord.sending import privately, tell_error
from connectors.playlists import FORMATS

if TYPE_CHECKING:
    from connectors.discord.bot import SegueBot

_Interaction = discord.Interaction[Any]
_FORMATS = [app_commands.Choice(name=one.lstrip(".").upper(), value=one) for one in FORMATS][:24]
#: In place of a format: a zip of everything that is kept of a person.
_EVERYTHING = "everything"
_HELP = """**Ask for music in your own words.** Mention me, write to me directly, or use a command:
`/ask` a new playlist, by words, artist, genre or a track it should be like
`/playlist` the same, with size and dials
`/refine` change it: “calmer”, “no country”, “swap 3”, “only the 90s”
`/like` `/why` about single tracks; the buttons under a playlist do the same
`/group` one playlist for several people, of those who agree
`/taste` what I have learnt of you · `/history import` bring your listening history
`/export` your playlist or your data as a file · `/link` join this with your taste elsewhere · `/forget` everything
`/settings` for those who manage the server
Each person has one conversation for each channel and thread. What I learn of you is seen by you alone."""


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """Return the commands."""
    return [export, forget, help_]


@app_commands.command(description="Your newest playlist here as a file, or all your data; only you see it.")
@app_commands.describe(format="The kind of file; “all my data” is a zip of everything that is kept of you")
@app_commands.choices(format=[*_FORMATS, app_commands.Choice(name="all my data", value=_EVERYTHING)])
async def export(interaction: _Interaction, format: str = ".m3u8") -> None:
    """Hand out the playlist of the place as a file."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    bot: SegueBot = interaction.client
    place = place_of(interaction)
    if format == _EVERYTHING:
        await _hand_out_everything(interaction, bot, place.listener)
        return
    _, reply = await bot.work(bot.desk.current, place)
    await interaction.followup.send(file=playlist_file(reply, format), ephemeral=True)


async def _hand_out_everything(interaction: _Interaction, bot: SegueBot, listener_id: str) -> None:
    with tempfile.TemporaryDirectory(prefix="segue-") as folder:
        path = Path(folder) / "segue-my-data.zip"
        await bot.work(partial(bot.desk.assistant.export_data, listener_id, path, places=False))
        if path.stat().st_size > interaction.filesize_limit:
            book = bot.desk.book(place_of(interaction).guild)
            raise RefusedError(book("It is too large for Discord: ask whoever runs me for it."))
        await interaction.followup.send(file=discord.File(path), ephemeral=True)


@app_commands.command(description="Delete all that is kept of you: taste, conversations, everything.")
async def forget(interaction: _Interaction) -> None:
    """Ask whether they are sure."""
    bot: SegueBot = interaction.client
    book = bot.desk.book(place_of(interaction).guild)
    view = discord.ui.View(timeout=None)
    button: discord.ui.Button[Any] = discord.ui.Button(
        label=book("Forget me"), style=discord.ButtonStyle.danger, custom_id="segue:forget"
    )
    view.add_item(ForgetButton(button))
    words = book("This deletes your taste, your conversations and your part in groups, for good.")
    await interaction.response.send_message(words, view=view, ephemeral=True)


class ForgetButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"segue:forget"):
    """Forgets whoever presses it; only they see it."""

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: discord.ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        """Make it again from its id."""
        assert isinstance(item, discord.ui.Button)
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Forget them."""
        await interaction.response.defer()
        bot: SegueBot = interaction.client
        place = place_of(interaction)
        try:
            known = await bot.forget(place)
            book = bot.desk.book(place.guild)
            words = book("Everything that was kept of you is deleted.") if known else book("Nothing was kept of you.")
            await interaction.edit_original_response(content=words, view=None)
        except Exception as error:
            await tell_error(interaction, error)


@app_commands.command(name="help", description="What I can do, and how to ask.")
async def help_(interaction: _Interaction) -> None:
    """Say what there is."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    bot: SegueBot = interaction.client
    await privately(interaction, bot.desk.book(place_of(interaction).guild)(_HELP))


#: What must be made again from its id when somebody presses it.
DYNAMIC = (ForgetButton,)
