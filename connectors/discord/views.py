"""Buttons and menus under a playlist. All they need is in their ids, so that they work after a restart of the bot.

An id is `segue:<action>:<token>:<turn>:<page>:<position>`: the token of the message, the turn and the page (from 0)
that it shows, and the position of the track that the buttons are about.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Self

import discord

from assistant.phrasebook import Phrasebook
from connectors.discord import pressing
from connectors.discord.desk import Answer
from connectors.discord.slates import pages, track_label
from connectors.playlists import FORMATS

_BUTTONS = ("like", "dislike", "why", "more", "swap", "undo", "redo", "previous", "next", "export", *pressing.RADIO)
_WHERE = r"(?P<token>[0-9a-f]{12}):(?P<turn>\d{1,9}):(?P<page>\d{1,3}):(?P<chosen>\d{1,3})"
_Match = re.Match[str]


class SlateButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=rf"segue:(?P<action>{'|'.join(_BUTTONS)}):{_WHERE}"
):
    """A button under a playlist."""

    def __init__(self, button: discord.ui.Button[Any], action: str, spot: pressing.Spot) -> None:
        """Take the button as it looks."""
        super().__init__(button)
        self._action, self._spot = action, spot

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: _Match, /
    ) -> Self:
        """Make it again from its id."""
        assert isinstance(item, discord.ui.Button)
        return cls(item, match["action"], _spot(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what it says."""
        await pressing.pressed(interaction, self._action, self._spot)


class TrackMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template=rf"segue:choose:{_WHERE}"):
    """The menu that says which track the buttons are about."""

    def __init__(self, menu: discord.ui.Select[Any], spot: pressing.Spot) -> None:
        """Take the menu as it looks."""
        super().__init__(menu)
        self._spot = spot

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: _Match, /
    ) -> Self:
        """Make it again from its id."""
        assert isinstance(item, discord.ui.Select)
        return cls(item, _spot(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn the buttons to the track that was chosen."""
        chosen = int(self.item.values[0])
        await pressing.pressed(interaction, "choose", replace(self._spot, chosen=chosen))


class FileMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template=rf"segue:file:{_WHERE}"):
    """The menu of file formats."""

    def __init__(self, menu: discord.ui.Select[Any], spot: pressing.Spot) -> None:
        """Take the menu as it looks."""
        super().__init__(menu)
        self._spot = spot

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: _Match, /
    ) -> Self:
        """Make it again from its id."""
        assert isinstance(item, discord.ui.Select)
        return cls(item, _spot(match))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand out the file."""
        await pressing.handed_out(interaction, self._spot, self.item.values[0])


#: What must be made again from its id when somebody presses it.
DYNAMIC = (SlateButton, TrackMenu, FileMenu)


def slate_view(answer: Answer) -> discord.ui.View:
    """Put menu and buttons under a playlist."""
    assert answer.shown is not None
    book, cut = answer.book, pages(answer.reply)
    spot = pressing.Spot(answer.shown.token, answer.shown.turn, answer.page, answer.chosen)
    view = discord.ui.View(timeout=None)
    options = [
        discord.SelectOption(
            label=track_label(track), value=str(track.position), default=track.position == answer.chosen
        )
        for track in cut[answer.page]
    ]
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=_id("choose", spot), placeholder=book("Choose a track")[:150], options=options, row=0
    )
    view.add_item(TrackMenu(menu, spot))
    liked, number = answer.track.liked, answer.chosen
    good, bad, plain = discord.ButtonStyle.success, discord.ButtonStyle.danger, discord.ButtonStyle.secondary
    # A radio goes on where a track is skipped.
    other = ("swap", book("Swap")) if answer.reply.radio is None else ("skip", book("Skip"))
    buttons = [
        (1, "like", f"♥ {number}", good if liked else plain, False),
        (1, "dislike", f"✗ {number}", bad if liked is False else plain, False),
        (1, "why", f"{book('Why')} {number}", plain, False),
        (1, "more", f"{book('More like')} {number}", plain, False),
        (1, other[0], f"{other[1]} {number}", plain, False),
        (2, "previous", "◀", plain, answer.page == 0),
        (2, "next", "▶", plain, answer.page == len(cut) - 1),
        (2, "undo", book("Undo"), plain, False),
        (2, "redo", book("Redo"), plain, False),
        (2, "export", book("Save as file"), plain, False),
        (3, "onward", book("Keep going"), discord.ButtonStyle.primary, False),
        (3, "from-last", book("Like the last three"), plain, False),
        (3, "from-list", book("Radio: playlist"), plain, False),
        (3, "from-track", book("Radio: track {n}", n=number), plain, False),
        (3, "from-artist", book("Radio: artist {n}", n=number), plain, False),
    ]
    for row, action, words, style, disabled in buttons:
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=words[:80], style=style, custom_id=_id(action, spot), disabled=disabled, row=row
        )
        view.add_item(SlateButton(button, action, spot))
    return view


def file_view(spot: pressing.Spot, book: Phrasebook) -> discord.ui.View:
    """Offer the formats of playlist files."""
    options = [discord.SelectOption(label=extension.lstrip(".").upper(), value=extension) for extension in FORMATS]
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=_id("file", spot), placeholder=book("Choose a format")[:150], options=options[:25]
    )
    view = discord.ui.View(timeout=None)
    view.add_item(FileMenu(menu, spot))
    return view


def _id(action: str, spot: pressing.Spot) -> str:
    return f"segue:{action}:{spot.token}:{spot.turn}:{spot.page}:{spot.chosen}"


def _spot(match: _Match) -> pressing.Spot:
    return pressing.Spot(match["token"], int(match["turn"]), int(match["page"]), int(match["chosen"]))
