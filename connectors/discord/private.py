"""/export, /forget and /help: what one person sees alone."""

from __future__ import annotations

import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Self

import discord
from discord import app_commands

from connectors.discord.errors import RefusedError
from connectors.discord.files import playlist_file
from connectors.discord.handling import Interaction, Seen, Visit, handle, handled
from connectors.discord.places import place_of
from connectors.playlists import FORMATS

_FORMATS = [app_commands.Choice(name=one.lstrip(".").upper(), value=one) for one in FORMATS][:24]
#: In place of a format: a zip of everything that is kept of a person.
_EVERYTHING = "everything"
_HELP = """**Ask for music in your own words.** Mention me, write to me directly, or use a command:
`/ask` a new playlist, by words, artist, genre or a track it should be like
`/playlist` the same, with size and dials
`/refine` change it: “calmer”, “no country”, “swap 3”, “only the 90s”
`/radio` go on with music that never runs dry, from what you heard, an artist or a track; “keep going” does the same
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
@handled(Seen.BY_ONE)
async def export(visit: Visit, format: str = ".m3u8") -> None:
    """Hand out the playlist of the place as a file."""
    if format == _EVERYTHING:
        with visit.bot.one_at_a_time(visit.place):
            await _hand_out_everything(visit)
        return
    _, reply = await visit.work(visit.desk.current, visit.place)
    await visit.interaction.followup.send(file=playlist_file(reply, format), ephemeral=True)


async def _hand_out_everything(visit: Visit) -> None:
    with tempfile.TemporaryDirectory(prefix="segue-") as folder:
        path = Path(folder) / "segue-my-data.zip"
        give = partial(visit.desk.assistant.export_data, visit.place.listener, path, places=False)
        await visit.bot.work_long(give)
        if path.stat().st_size > visit.interaction.filesize_limit:
            raise RefusedError(visit.book("It is too large for Discord: ask whoever runs me for it."))
        await visit.interaction.followup.send(file=discord.File(path), ephemeral=True)


@app_commands.command(description="Delete all that is kept of you: taste, conversations, everything.")
async def forget(interaction: Interaction) -> None:
    """Ask whether they are sure; nothing is done yet, so that this is the answer and no promise of one."""
    book = Visit(interaction, place_of(interaction)).book
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
        await handle(interaction, _forget, Seen.IN_MESSAGE)


async def _forget(visit: Visit) -> None:
    known, book = await visit.bot.forget(visit.place), visit.book
    words = book("Everything that was kept of you is deleted.") if known else book("Nothing was kept of you.")
    await visit.interaction.edit_original_response(content=words, view=None)


@app_commands.command(name="help", description="What I can do, and how to ask.")
@handled(Seen.BY_ONE)
async def help_(visit: Visit) -> None:
    """Say what there is."""
    await visit.say(visit.book(_HELP))


#: What must be made again from its id when somebody presses it.
DYNAMIC = (ForgetButton,)
