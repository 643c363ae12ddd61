"""The bot's own words in the languages that Segue speaks; a language without a phrase says it in English."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources

from assistant.phrasebook import Phrasebook

#: Names of the languages that a server may choose, by code; each names itself.
LANGUAGES = {
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
    "pt": "Português",
    "it": "Italiano",
}
#: What the bot says, and what Discord says of its commands.
_FILES = ("discord.toml", "discord_commands.toml")


@lru_cache(maxsize=len(LANGUAGES) + 1)
def phrases(language: str | None) -> Phrasebook:
    """Open the bot's phrasebook of a language, by its code; English where none is chosen."""
    said: dict[str, str] = {}
    for name in _FILES:
        file = resources.files("connectors").joinpath("assets", name)
        said |= tomllib.loads(file.read_text(encoding="utf-8")).get(language or "en", {})
    return Phrasebook(language or "en", said)
