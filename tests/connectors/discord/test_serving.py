"""The bot beside the web chat in one process: both answer from one assistant, and both stop together."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
import warnings
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from assistant.app import Assistant
from assistant.settings import DiscordSettings, Settings
from connectors import serving
from connectors.discord.bot import build, serve
from connectors.discord.errors import BadTokenError, IntentError, UnreachableError
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


@pytest.mark.parametrize(
    ("code", "error"), [(4004, BadTokenError), (4013, IntentError), (4014, IntentError), (4011, UnreachableError)]
)
def test_a_bot_that_discord_throws_out_ends_with_one_clear_error(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception]
) -> None:
    async def scenario() -> None:
        async with FakeDiscord() as fake:
            point_at(monkeypatch, fake)
            bot = build(assistant, settings_with(TOKEN), guild_ready_timeout=0.02)
            running = asyncio.create_task(serve(bot))
            await fake.until(lambda: bot.was_up, "the bot to be up")
            await fake.drop(code)
            async with asyncio.timeout(30):
                await running

    with pytest.raises(error):
        asyncio.run(scenario())


def test_a_token_that_is_reset_takes_the_bot_down_and_nothing_else(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(*, alone: bool) -> None:
        async with FakeDiscord() as fake:
            point_at(monkeypatch, fake)
            keeping = asyncio.create_task(serving.keep_bot(assistant, settings_with(TOKEN), alone=alone))
            await fake.until(lambda: "in Discord as" in caplog.text, "the bot to be up")
            await fake.drop(4004)
            if alone:
                async with asyncio.timeout(30):
                    await keeping
            await fake.until(lambda: "goes on without the bot" in caplog.text, "a word in the log")
            assert not keeping.done()
            assert "SEGUE_DISCORD__TOKEN" in caplog.text
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    caplog.set_level(logging.INFO)
    asyncio.run(scenario(alone=False))
    caplog.clear()
    with pytest.raises(BadTokenError):
        asyncio.run(scenario(alone=True))


@pytest.fixture
def own_signals() -> Iterator[None]:
    """What heeds signals is as before when the test is over."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.usefixtures("own_signals")
def test_names_are_read_before_anybody_can_type(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bool] = []

    async def nothing(*_: object, **__: object) -> None:
        read.append(assistant._suggestions_or_none is not None)

    monkeypatch.setattr(assistant, "_suggestions_or_none", None)
    monkeypatch.setattr(serving, "run", nothing)
    serving.serve(assistant, settings_with(TOKEN), web=None)
    assert read == [True]


@pytest.mark.usefixtures("own_signals")
def test_a_signal_ends_what_is_built_before_anything_is_served(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> bool:
        signal.raise_signal(signal.SIGTERM)
        return False

    ends: list[float] = []
    signal.signal(signal.SIGTERM, lambda *_: None)
    monkeypatch.setattr(assistant, "ensure_ready", interrupted)
    monkeypatch.setattr(serving, "_cut_off_in", ends.append)
    monkeypatch.setattr(serving, "run", lambda *_, **__: pytest.fail("it serves"))
    serving.serve(assistant, settings_with(TOKEN), web=None)
    assert capsys.readouterr().err.endswith("Stopped.\n")
    assert ends == [serving.STOP_S]


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
