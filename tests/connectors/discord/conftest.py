"""A small installation and the bot over it, connected to a Discord of its own."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import SecretStr

from assistant.app import Assistant
from assistant.settings import DiscordSettings, Settings
from connectors.discord.bot import SegueBot, build
from tests.connectors.discord.fake import TOKEN, FakeDiscord
from tests.connectors.discord.gates import Gate
from tests.words_encoder import WordsEncoder

Play = Callable[..., None]
#: Genre → the word that the titles of its tracks begin with.
WORDS = {"jazz": "Amber", "rock": "Basalt", "folk": "Cedar", "techno": "Delta"}
#: The id of “Delta 7”; the others have ids that are no numbers.
NUMBERED = "3"


@pytest.fixture(autouse=True)
def _apart(own_loop: None) -> None:
    """Every test here runs an event loop."""


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of made-up tracks of four genres, one with a title that would do harm."""
    path = tmp_path_factory.mktemp("catalogue") / "mine.csv"
    genres = tuple(WORDS)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["title", "artist", "year", "genres", "moods", "duration_s", "track_id"])
        for number in range(96):
            genre, mood = genres[number % 4], ("mellow", "energetic")[number // 4 % 2]
            word = WORDS[genre]
            facts = [1960 + number % 60, genre, mood, 200 + number, NUMBERED if number == 7 else ""]
            writer.writerow([f"{word} {number}", f"{word} Fox {number // 8}", *facts])
        nasty = "@everyone <@11> **b** [x](https://evil.example) ||s|| `c` discord.gg/abc"
        writer.writerow([nasty, "<#600> _Mallory_", 1999, "polka", "mellow", 200, ""])
        writer.writerow(["x" * 2000, "y" * 2000, 1998, "polka", "mellow", 200, ""])
    return path


@pytest.fixture(scope="session")
def one_assistant(tmp_path_factory: pytest.TempPathFactory, catalogue: Path) -> Iterator[Assistant]:
    """An assistant over that catalogue, for all tests."""
    home = tmp_path_factory.mktemp("discord")
    values: dict[str, Any] = {"home": home, "training_steps": 20, "threads": 1, "log_level": "error"}
    with Assistant(Settings(_env_file=None, **values)) as opened:
        opened._encoder_or_none = WordsEncoder()  # exporting the real one takes longer than all of these tests
        opened.index(catalogue)
        yield opened


@pytest.fixture
def assistant(one_assistant: Assistant) -> Assistant:
    """That assistant, without settings, conversations or buttons of another test."""
    assistant = one_assistant
    for kind in ("guild", "gone", "talk", "slate", "group", "member", "budget"):
        for key in assistant.records.all(f"discord-{kind}"):
            assistant.records.drop(f"discord-{kind}", key)
    assistant.delete_sessions("discord-")
    for user in (11, 12, 13):
        assistant.forget(f"discord-{user}")
    return assistant


@asynccontextmanager
async def connected(
    assistant: Assistant, fake: FakeDiscord, *, ready: bool = True, **settings: Any
) -> AsyncIterator[SegueBot]:
    """Run the bot against a fake Discord until the block ends."""
    values = DiscordSettings(token=SecretStr(TOKEN), **settings)
    bot = build(assistant, Settings(_env_file=None, discord=values), guild_ready_timeout=0.02)
    bot.desk.guilds.change("500", cooldown_s=0)
    bot.desk.guilds.change("501", cooldown_s=0)
    bot.desk.guilds.change("dm", cooldown_s=0)
    running = asyncio.create_task(bot.start(TOKEN))
    try:
        if ready:
            waiting = asyncio.create_task(bot.wait_until_ready())
            await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
            assert waiting.done(), running.exception() if running.done() else "not ready in time"
        yield bot
    finally:
        await bot.close()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A closed gate; opened at the end, whatever became of the test."""
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def play(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Run a scenario: an async function of the fake Discord and the bot that is connected to it."""

    def run(
        scenario: Callable[[FakeDiscord, SegueBot], Awaitable[None]],
        *,
        fake: FakeDiscord | None = None,
        **settings: Any,
    ) -> None:
        async def main() -> None:
            async with fake or FakeDiscord() as world:
                point_at(monkeypatch, world)
                async with connected(assistant, world, **settings) as bot:
                    await scenario(world, bot)

        asyncio.run(main())

    return run


def point_at(monkeypatch: pytest.MonkeyPatch, fake: FakeDiscord) -> None:
    """Let discord.py take a fake for Discord."""
    monkeypatch.setattr(Route, "BASE", fake.api)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(fake.gateway))
    assert fake.api == discord.http.Route.BASE
