"""Sending answers: playlists with their buttons, long texts in parts, private words to one person, errors in words."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import discord

from assistant.errors import DELIBERATE
from connectors.discord.desk import Answer
from connectors.discord.errors import RefusedError
from connectors.discord.slates import MAX_SAID, slate_embed
from connectors.discord.talks import Place
from connectors.discord.words import MAX_MESSAGE, safe, split
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from connectors.discord.bot import SegueBot

_LOG = logging.getLogger(__name__)
_MAX_SAID_IN_PARTS = 12_000


def said_parts(answer: Answer) -> list[str]:
    """Return what is said beside the embed: all where there is none, else only what is too long for it."""
    said = answer.reply.text
    if answer.shown is not None and len(said) <= MAX_SAID:
        return []
    parts = split(safe(said, _MAX_SAID_IN_PARTS))
    if answer.reply.export is not None:
        parts.append(answer.book("/export hands out the file."))
    return parts or ["…"]


def slate_parts(answer: Answer) -> dict[str, Any]:
    """Return the embed and the buttons of a playlist, as discord.py takes them."""
    from connectors.discord.views import slate_view

    return {"embed": slate_embed(answer.reply, answer.page, answer.book), "view": slate_view(answer)}


async def respond(interaction: discord.Interaction[SegueBot], answer: Answer) -> discord.Message | None:
    """Answer a deferred interaction with a turn; return the message of the playlist, if there is one."""
    for part in said_parts(answer):
        await interaction.followup.send(part)
    if answer.shown is None:
        return None
    return await interaction.followup.send(**slate_parts(answer), wait=True)


async def redraw(interaction: discord.Interaction[SegueBot], answer: Answer) -> None:
    """Show another state of the playlist in the message whose button was pressed."""
    interaction.client.screens.turned(answer)
    await interaction.edit_original_response(**slate_parts(answer))


async def reword(bot: SegueBot, place: Place, answer: Answer, sent: discord.Message) -> None:
    """Let the language model word the reasons of a playlist that was sent; show them if it is still there to see."""
    if answer.shown is None or not bot.desk.assistant.rewords:
        return
    token = answer.shown.token
    with bot.screens.watched(answer):
        if not await bot.work(bot.desk.reword, place, answer):
            return
        async with bot.screens.one_by_one(token):
            at = bot.screens.seen(token)
            try:
                now = await bot.work(lambda: bot.desk.look(place, token, page=at.page, chosen=at.chosen))
                await sent.edit(**slate_parts(now))
            except (RefusedError, discord.HTTPException):  # forgotten or deleted meanwhile
                _LOG.info("the reasons of a playlist were worded for nothing", exc_info=True)


async def privately(interaction: discord.Interaction[SegueBot], text: str, **more: Any) -> None:
    """Say something to the one person alone, after the interaction was deferred; split where it is long."""
    parts = split(text, MAX_MESSAGE) or ["…"]
    for part in parts[:-1]:
        await interaction.followup.send(part, ephemeral=True)
    await interaction.followup.send(parts[-1], ephemeral=True, **more)


async def tell_error(interaction: discord.Interaction[SegueBot], error: BaseException) -> None:
    """Say to the one person alone what went wrong."""
    words = error_words(error)
    try:
        if interaction.response.is_done():
            await interaction.followup.send(words, ephemeral=True)
        else:
            await interaction.response.send_message(words, ephemeral=True)
    except discord.HTTPException:
        _LOG.warning("an error could not be told in Discord", exc_info=True)


def error_words(error: BaseException) -> str:
    """Word an error for a person in Discord; what was not raised on purpose is logged, and told by a number."""
    if isinstance(error, RefusedError):
        return safe(error.said, MAX_MESSAGE // 2)
    if isinstance(error, (*DELIBERATE, ConnectorError)):
        return safe(str(error), MAX_MESSAGE // 2)
    number = uuid4().hex[:8]
    _LOG.error("a command in Discord failed, reference %s", number, exc_info=error)
    return f"Sorry, something went wrong (reference {number}). Please try again."
