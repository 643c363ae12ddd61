"""/group: one playlist for several people. Only those who press Join take part, and nobody's taste is shown."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Self

import discord
from discord import app_commands

from assistant.phrasebook import Phrasebook
from connectors.discord.handling import Seen, Visit, handle, handled, whoever_may_ask, whoever_may_press
from connectors.discord.sending import respond
from connectors.discord.slates import people
from connectors.discord.talks import Group, listener_of
from connectors.discord.words import safe

_Interaction = discord.Interaction[Any]
_MAX_SHOWN = 300


def commands() -> list[app_commands.Command[Any, ..., Any]]:
    """Return the commands."""
    return [group]


@app_commands.command(description="One playlist for several people: those who press Join take part.")
@app_commands.describe(request="What all of you would like to hear")
@app_commands.guild_only()
@handled(Seen.BY_ALL, allow=whoever_may_ask)
async def group(visit: Visit, request: app_commands.Range[str, 1, 1_000]) -> None:
    """Invite people."""
    opened = await visit.work_for_all(visit.desk.talks.open_group, visit.place, request)
    await visit.interaction.followup.send(**_parts(opened, visit.book))


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
        if self._action == "play":
            play = partial(_play, token=self._token)
            await handle(interaction, play, Seen.IN_MESSAGE, allow=whoever_may_press)
        else:
            join = partial(_join, token=self._token, leave=self._action == "leave")
            await handle(interaction, join, Seen.IN_MESSAGE)


async def _play(visit: Visit, token: str) -> None:
    async with visit.bot.turn_of(visit.place):
        answer = await visit.work(visit.desk.play_group, visit.place, token)
    await respond(visit.interaction, answer)


async def _join(visit: Visit, token: str, *, leave: bool) -> None:
    async with visit.bot.screens.one_by_one(token):
        joined = await visit.work(lambda: visit.desk.join(visit.place, token, leave=leave))
        await visit.interaction.edit_original_response(**_parts(joined, visit.book))


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
