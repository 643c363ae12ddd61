"""Playlists as files for people in Discord: what lies on the machine of the bot stays there."""

from __future__ import annotations

import io

import discord

from assistant.errors import UnknownFormatError
from assistant.labels import plain
from assistant.reply import Reply
from connectors.playlists import FORMATS, safe_file_name
from connectors.playlists.places import without_paths

#: Longest name of a file, in characters.
_MAX_NAME = 60


def playlist_file(reply: Reply, extension: str) -> discord.File:
    """Write a playlist in the format of an extension.

    Raises:
        UnknownFormatError: it names none.
    """
    if extension not in FORMATS:
        raise UnknownFormatError(extension, tuple(FORMATS))
    text = FORMATS[extension](without_paths(reply))
    content = io.BytesIO(text.encode("utf-8", errors="replace"))
    return discord.File(content, filename=safe_file_name(plain(reply.query, _MAX_NAME), extension))
