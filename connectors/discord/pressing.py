"""What happens when somebody presses a button under a playlist, or chooses from its menu."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

import discord

from assistant.radio_start import RadioStart
from connectors.discord.desk import Answer, Rating, at_page
from connectors.discord.errors import RefusedError
from connectors.discord.files import playlist_file
from connectors.discord.handling import Seen, Visit, handle
from connectors.discord.sending import redraw
from connectors.discord.why import why_text

if TYPE_CHECKING:
    from connectors.discord.bot import SegueBot


#: Buttons that go on with music from all of the conversation, and those that begin from the track they are about.
RADIO = ("onward", "skip", "from-last", "from-list", "from-track", "from-artist")


@dataclass(frozen=True, slots=True)
class Spot:
    """What a button is about: the message by its token, the turn and page (from 0) it shows, a track's position."""

    token: str
    turn: int
    page: int
    chosen: int


async def pressed(interaction: discord.Interaction[SegueBot], action: str, spot: Spot) -> None:
    """Follow a button, or the menu of tracks (`choose`)."""
    await handle(interaction, partial(_follow, action=action, spot=spot), Seen.IN_MESSAGE)


async def handed_out(interaction: discord.Interaction[SegueBot], spot: Spot, extension: str) -> None:
    """Send a playlist as a file that its asker alone sees."""
    await handle(interaction, partial(_hand_out, spot=spot, extension=extension), Seen.IN_MESSAGE)


async def _hand_out(visit: Visit, spot: Spot, extension: str) -> None:
    answer = await visit.work(visit.desk.look, visit.place, spot.token)
    await visit.interaction.followup.send(file=playlist_file(answer.reply, extension), ephemeral=True)


async def _follow(visit: Visit, action: str, spot: Spot) -> None:
    from connectors.discord.views import file_view

    interaction, place, bot = visit.interaction, visit.place, visit.bot
    async with bot.screens.one_by_one(spot.token):
        answer = await _pressed_on(visit, spot)
        if action in ("like", "dislike"):
            answer = await visit.work(visit.desk.rate, place, answer, cast(Rating, action))
            await redraw(interaction, answer)
            if answer.shown is not None and answer.shown.talk.group is not None:
                await visit.say(answer.book("Noted, for your taste alone."))
        elif action in ("swap", "more", "undo", "redo"):
            bot.check(place, pressed=True)
            async with bot.turn_of(place):
                edit = cast(Literal["swap", "example", "undo", "redo"], "example" if action == "more" else action)
                await redraw(interaction, await visit.work(visit.desk.edit, place, answer, edit))
        elif action in RADIO:
            bot.check(place, pressed=True)
            async with bot.turn_of(place):
                go_on = partial(visit.desk.go_on, place, answer, _start(action, answer), skip=action == "skip")
                await redraw(interaction, await visit.work(go_on))
        elif action == "export":
            await interaction.followup.send(view=file_view(spot, answer.book), ephemeral=True)
        elif action == "why":
            await visit.say(why_text(answer.track, answer.book))
        else:
            page = spot.page + {"previous": -1, "next": 1}.get(action, 0)
            await redraw(interaction, at_page(answer, page, answer.chosen))


def _start(action: str, answer: Answer) -> RadioStart:
    """Where the radio of a button begins."""
    match action:
        case "from-track":
            return RadioStart(of="track", key=answer.track.track_id)
        case "from-artist":
            return RadioStart.by_artist(answer.track.main_artist)
        case "from-list":
            return RadioStart(of="playlist")
        case "from-last":
            return RadioStart(of="last", n=3)
        case _:
            return RadioStart()


async def _pressed_on(visit: Visit, spot: Spot) -> Answer:
    """Return what the message shows; where that is no longer what was pressed on, show it and do nothing else.

    Raises:
        RefusedError: the message showed another turn when it was pressed on, or it is not theirs.
    """
    answer = await visit.work(lambda: visit.desk.look(visit.place, spot.token, page=spot.page, chosen=spot.chosen))
    if answer.shown is not None and answer.shown.turn != spot.turn:
        await redraw(visit.interaction, answer)
        raise RefusedError(answer.book("The playlist had changed before you pressed: look again, and then press."))
    return answer
