"""The bot beside the web chat in one process: both answer from one assistant, and both stop together."""

from __future__ import annotations

import asyncio
import logging
import time
import warnings
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from assistant.app import Assistant
from assistant.settings import DiscordSettings, Settings
from connectors import serving
from connectors.discord.errors import BadTokenError
from tests.connectors.discord.conftest import point_at
from tests.connectors.discord.fake import TOKEN, FakeDiscord

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def settings_with(token: str) -> Settings:
    return Settings(_env_file=None, discord=DiscordSettings(token=SecretStr(token)))


def test_web_and_bot_start_and_stop_together(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    def status_of(address: str) -> int:
        place = urlsplit(address)
        connection = HTTPConnection(str(place.hostname), place.port, timeout=10)
        try:
            connection.request("GET", "/")
            with connection.getresponse() as response:
                response.read()
                return response.status
        finally:
            connection.close()

    async def scenario() -> float:
        async with FakeDiscord() as fake:
            point_at(monkeypatch, fake)
            stop, addresses = asyncio.Event(), list[str]()
            web = ("127.0.0.1", 0)
            serves = serving.run(assistant, settings_with(TOKEN), stop, web=web, discord=True, ready=addresses.append)
            running = asyncio.create_task(serves)
            async with asyncio.timeout(60):
                while not (addresses and fake.commands):
                    assert not running.done() or running.result()
                    await asyncio.sleep(0.02)
            assert await asyncio.to_thread(status_of, addresses[0]) == 200
            stop.set()
            stopped = time.perf_counter()
            await running
            took_s = time.perf_counter() - stopped
            with pytest.raises(ConnectionRefusedError):
                await asyncio.to_thread(status_of, addresses[0])
            return took_s

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Gradio warns of its own future while it starts
        assert asyncio.run(scenario()) < 5


def test_a_token_that_discord_refuses_ends_it_with_one_clear_error(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with FakeDiscord() as fake:
            point_at(monkeypatch, fake)
            await serving.run(assistant, settings_with("wrong"), asyncio.Event(), web=None, discord=True)

    with pytest.raises(BadTokenError, match="SEGUE_DISCORD__TOKEN"):
        asyncio.run(scenario())


def test_the_bot_tries_again_until_discord_can_be_reached(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with FakeDiscord() as gone:
            point_at(monkeypatch, gone)
        stop = asyncio.Event()
        running = asyncio.create_task(serving.run(assistant, settings_with(TOKEN), stop, web=None, discord=True))
        async with asyncio.timeout(30):
            while "trying again" not in caplog.text:
                await asyncio.sleep(0.02)
        async with FakeDiscord() as back:
            point_at(monkeypatch, back)
            async with asyncio.timeout(30):
                while not back.commands:
                    await asyncio.sleep(0.02)
            stop.set()
            await running

    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(serving, "AGAIN_S", 0.05)
    asyncio.run(scenario())
