"""What Discord says of the commands, in the languages that Segue speaks: descriptions and choices; names stay."""

from __future__ import annotations

from discord import Locale, app_commands
from discord.app_commands import TranslationContextLocation as Location
from discord.app_commands import TranslationContextTypes as Context

from connectors.discord.phrases import LANGUAGES, phrases

#: What is translated. Names of commands and options are the same for everybody, so that people can tell one another.
_SAID = (
    Location.command_description,
    Location.group_description,
    Location.parameter_description,
    Location.choice_name,
)


class Translator(app_commands.Translator):
    """Says descriptions of commands and options, and names of choices, as people's Discord is set."""

    async def translate(self, string: app_commands.locale_str, locale: Locale, context: Context) -> str | None:
        """Say something in the language of a locale; None where it stays as it is."""
        language = locale.value.partition("-")[0]
        if language not in LANGUAGES or context.location not in _SAID:
            return None
        said = phrases(language)(string.message)
        return None if said == string.message else said
