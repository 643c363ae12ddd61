"""/group: one playlist for several people. Only those who press Join take part, and nobody's taste is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands

from assistant.phrasebook import Phrasebook
from connectors.discord.errors import RefusedError
from connectors.discord.places import place_of
from connectors.discord.sending import respond, tell_error
from connectors.discord.slates import people
from connectors.discord.talks import Group, listener_of
from connectors.discord.words import safe

if TYPE_CHECKING:
    from connectors.discord.bot import SegueBot

_Interaction = discord.Interaction[Any]
_MAX_SHOWN = 300


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """Return the commands."""
    return [group]


@app_commands.command(description="One playlist for several people: those who press Join take part.")
@app_commands.describe(request="What all of you would like to hear")
@app_commands.guild_only()
async def group(interaction: _Interaction, request: app_commands.Range[str, 1, 1_000]) -> None:
    """Invite people."""
    bot: SegueBot = interaction.client
    place = place_of(interaction)
    try:
        bot.check(place)
    except RefusedError as error:
        await tell_error(interaction, error)
        return
    await interaction.response.defer(thinking=True)
    opened = await bot.work(bot.desk.talks.open_group, place, request)
    await interaction.followup.send(**_parts(opened, bot.desk.book(place.guild)))


class GroupButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"segue:group-(?P<action>join|leave|play):(?P<token>[0-9a-f]{12})",
):
    """A button under an invitation."""

    def __init__(self, button: discord.ui.Button[Any], action: str, token: str) -> None:
        """Take the button as it looks."""
        super().__init__(button)
        self._action, self._token = action, token

    @classmethod
    async def from_custom_id(
        cls, _interaction: _Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make it again from its id."""
        assert isinstance(item, discord.ui.Button)
        return cls(item, match["action"], match["token"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Join, leave, or begin."""
        await interaction.response.defer()
        bot: SegueBot = interaction.client
        place = place_of(interaction)
        try:
            if self._action == "play":
                bot.check(place, pressed=True)
                async with bot.turn_of(place):
                    answer = await bot.work(bot.desk.play_group, place, self._token)
                await respond(interaction, answer)
                return
            async with bot.screens.one_by_one(self._token):
                leaves = self._action == "leave"
                joined = await bot.work(lambda: bot.desk.join(place, self._token, leave=leaves))
                await interaction.edit_original_response(**_parts(joined, bot.desk.book(place.guild)))
        except Exception as error:
            await tell_error(interaction, error)


#: What must be made again from its id when somebody presses it.
DYNAMIC = (GroupButton,)


def _parts(opened: Group, book: Phrasebook) -> dict[str, Any]:
    who = people([listener_of(user) for user in (opened.owner, *opened.members)], most=20)
    embed = discord.Embed(title=book("A playlist for several people"), description=safe(opened.request, _MAX_SHOWN))
    embed.add_field(name=book("Takes part"), value=who, inline=False)
    embed.set_footer(
        text=book("Who presses Join lets their taste count. Nobody sees it, and Leave takes it out again.")
    )
    view = discord.ui.View(timeout=None)
    buttons = (
        ("join", book("Join"), discord.ButtonStyle.success),
        ("leave", book("Leave"), discord.ButtonStyle.secondary),
        ("play", book("Begin"), discord.ButtonStyle.primary),
    )
    for action, words, style in buttons:
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=words, style=style, custom_id=f"segue:group-{action}:{opened.token}"
        )
        view.add_item(GroupButton(button, action, opened.token))
    return {"embed": embed, "view": view}
