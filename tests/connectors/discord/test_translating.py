"""Commands are described in the languages that Segue speaks, as a real client tells them to Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import discord
import pytest
from discord import app_commands

from connectors.discord.bot import SegueBot, intents
from connectors.discord.phrases import LANGUAGES
from connectors.discord.registering import differences, told
from tests.connectors.discord.conftest import Play, point_at
from tests.connectors.discord.fake import TOKEN, FakeDiscord
from tests.connectors.discord.payloads import Json

_LOCALES = {"es-ES", "es-419", "fr", "de", "pt-BR", "it"}


def described(commands: list[Json]) -> Iterator[Json]:
    """Every command, group and option."""
    for one in commands:
        yield one
        yield from described(one.get("options") or [])


def test_the_bot_tells_every_description_in_every_language_and_leaves_names_as_they_are(play: Play) -> None:
    async def scenario(fake: FakeDiscord, _bot: SegueBot) -> None:
        everything = list(described(fake.commands))
        assert len(everything) > 40
        for one in everything:
            said = one["description_localizations"]
            assert set(said) == _LOCALES, one["name"]
            assert one["description"] not in said.values(), one["name"]
            assert len({said["fr"], said["de"], said["it"], said["pt-BR"], said["es-ES"]}) == 5, said
            assert not one.get("name_localizations"), one["name"]
        ask = next(one for one in fake.commands if one["name"] == "ask")
        assert ask["description_localizations"]["de"].startswith("Frag mit eigenen Worten")
        assert ask["description_localizations"]["es-419"].startswith("Pide música")

    play(scenario)


def test_choices_are_named_in_the_language_and_mean_the_same() -> None:
    commands = asyncio.run(told())
    how = next(one for one in described(commands) if one["name"] == "how")
    named = {one["value"]: one["name_localizations"]["de"] for one in how["choices"]}
    assert named == {"like": "gefällt mir", "dislike": "gefällt mir nicht", "take it back": "zurücknehmen"}


def test_what_is_said_ahead_of_the_contract_is_what_the_bot_tells(play: Play) -> None:
    async def scenario(fake: FakeDiscord, _bot: SegueBot) -> None:
        assert differences(await told(), fake.commands) == []
        assert await told() == fake.commands

    play(scenario)


@pytest.mark.parametrize("words", ["", "x" * 101], ids=["nothing", "too much"])
def test_the_double_refuses_a_description_that_discord_would_refuse(
    monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    class Wordy(app_commands.Translator):
        async def translate(self, *_: object) -> str | None:
            return words

    async def main() -> None:
        async with FakeDiscord() as fake, discord.Client(intents=intents()) as client:
            point_at(monkeypatch, fake)
            tree = app_commands.CommandTree(client)
            tree.add_command(app_commands.Command(name="x", description="y", callback=_nothing))
            await client.login(TOKEN)
            await tree.set_translator(Wordy())
            with pytest.raises(app_commands.CommandSyncFailure):
                await tree.sync()

    asyncio.run(main())


def test_every_language_of_the_bot_has_a_locale_of_discord() -> None:
    assert {locale.partition("-")[0] for locale in _LOCALES} | {"en"} == set(LANGUAGES)


async def _nothing(_interaction: discord.Interaction) -> None:
    pass
