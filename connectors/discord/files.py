"""Playlists as files for people in Discord: what lies on the machine of the bot stays there."""

from __future__ import annotations

import io

import discord

from assistant.errors import UnknownFormatError
from assistant.reply import Reply
from connectors.playlists import FORMATS
from connectors.web_view import file_name


def playlist_file(reply: Reply, extension: str) -> discord.File:
    """Write a playlist in the format of an extension.

    Raises:
        UnknownFormatError: it names none.
    """
    if extension not in FORMATS:
        raise UnknownFormatError(extension, tuple(FORMATS))
    text = FORMATS[extension](without_paths(reply))
    content = io.BytesIO(text.encode("utf-8", errors="replace"))
    return discord.File(content, filename=f"{file_name(reply.query)}{extension}")


def without_paths(reply: Reply) -> Reply:
    """Leave out where files lie on the bot's machine: it is nobody's business in a server, and leads nowhere there."""
    tracks = (
        track.model_copy(update={"path": None, "link": "" if track.path else track.link}) for track in reply.tracks
    )
    return reply.model_copy(update={"tracks": tuple(tracks)})
