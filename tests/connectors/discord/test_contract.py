"""What Discord must do for the bot: the double does all of it, and each clause tells a Discord that does not."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable

import discord
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from assistant.reports import Check
from assistant.settings import DiscordSettings
from connectors.cli import app
from connectors.discord.bot import intents
from connectors.discord.contract import CLAUSES, invented_token, run_contract
from connectors.discord.registering import told
from tests.connectors.discord.conftest import point_at
from tests.connectors.discord.fake import TOKEN, FakeDiscord
from tests.connectors.discord.payloads import ALL, APP, APPLICATION, GUILD, OTHER_GUILD, user_of

(
    KNOWS,
    REFUSES,
    WRONG_ROUTE,
    LIMITS,
    GATEWAY,
    INTENTS,
    SET_UP,
    COMMANDS,
    SERVERS,
    GREETS,
    HANGS_UP,
    LETS_IN,
) = (words for words, _ in CLAUSES)
_LIMIT = {"total": 1000, "remaining": 990, "reset_after": 60_000, "max_concurrency": 1}


def tried(
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[FakeDiscord], object] = lambda _: None,
    *,
    token: str | None = TOKEN,
    wanted: discord.Intents | None = None,
    timeout_s: float = 20.0,
) -> list[Check]:
    """Try all clauses at a double that a bot told its commands, and that was then changed."""

    async def main() -> list[Check]:
        async with FakeDiscord() as fake:
            point_at(monkeypatch, fake)
            fake.commands = copy.deepcopy(await told())
            change(fake)
            settings = DiscordSettings(token=None if token is None else SecretStr(token))
            return [one async for one in run_contract(settings, wanted=wanted, timeout_s=timeout_s)]

    return asyncio.run(main())


def option_of(fake: FakeDiscord, command: str, option: str) -> dict[str, object]:
    """What the double knows of an option."""
    known = next(one for one in fake.commands if one["name"] == command)
    found: dict[str, object] = next(one for one in known["options"] if one["name"] == option)
    return found


def test_every_clause_holds_at_the_double_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[FakeDiscord] = []
    outcomes = tried(monkeypatch, seen.append)
    assert [one for one in outcomes if not one.ok] == []
    assert [one.name for one in outcomes] == [words for words, _ in CLAUSES]
    assert all(one.detail for one in outcomes)
    (fake,) = seen
    assert {method for method, _ in fake.requests} == {"GET"}
    assert fake.identified[-1]["presence"]["status"] == "invisible"
    assert not fake.messages


@pytest.mark.parametrize(
    ("change", "broken", "remedy"),
    [
        (lambda fake: fake.lie("^/users/@me$", user_of(APP + 1, bot=True)), [KNOWS], "discordstatus"),
        (lambda fake: fake.lie("^/users/@me$", user_of(APP)), [KNOWS], "Reset Token"),
        (lambda fake: fake.fail("GET", "^/users/@me$", 500, times=1), [KNOWS], "discordstatus"),
        (lambda fake: fake.lie("^/users/@me$", user_of(APP, bot=True)), [REFUSES, LIMITS], "discordstatus"),
        (lambda fake: fake.lie("no-such-route", {}), [WRONG_ROUTE], "discordstatus"),
        (lambda fake: fake.lie("no-such-route", "gone", 404), [WRONG_ROUTE], "discordstatus"),
        (
            lambda fake: fake.lie("^/gateway/bot$", {"url": "http://x", "shards": 1, "session_start_limit": _LIMIT}),
            [GATEWAY, GREETS, HANGS_UP, LETS_IN],
            "discordstatus",
        ),
        (
            lambda fake: fake.lie(
                "^/gateway/bot$",
                {"url": fake.gateway, "shards": 1, "session_start_limit": _LIMIT | {"remaining": 0}},
            ),
            [GATEWAY, LETS_IN],
            "wait 60 s",
        ),
        (
            lambda fake: fake.lie("^/gateway/bot$", {"url": fake.gateway, "shards": 2, "session_start_limit": _LIMIT}),
            [GATEWAY],
            "leave servers",
        ),
        (
            lambda fake: fake.lie("^/applications/@me$", {**APPLICATION, "interactions_endpoint_url": "https://x"}),
            [SET_UP],
            "Interactions Endpoint URL",
        ),
        (
            lambda fake: fake.lie("^/applications/@me$", {**APPLICATION, "bot_require_code_grant": True}),
            [SET_UP],
            "OAuth2 Code Grant",
        ),
        (lambda fake: fake.commands.pop(), [COMMANDS], "segue discord"),
        (lambda fake: fake.commands.clear(), [COMMANDS], "segue discord"),
        (lambda fake: option_of(fake, "ask", "artist").pop("autocomplete"), [COMMANDS], "segue discord"),
        (lambda fake: option_of(fake, "ask", "genre").update(name="style"), [COMMANDS], "segue discord"),
        (lambda fake: option_of(fake, "refine", "change").update(max_length=10), [COMMANDS], "segue discord"),
        (
            lambda fake: option_of(fake, "like", "how").pop("description_localizations"),
            [COMMANDS],
            "segue discord",
        ),
        (lambda fake: fake.guild_permissions.update({GUILD: ALL & ~(1 << 14) & ~8}), [SERVERS], "client_id=900"),
        (lambda fake: fake.guilds.clear(), [SERVERS], "client_id=900"),
        (
            lambda fake: fake.lie(
                f"/guilds/{OTHER_GUILD}/commands$", {"message": "Missing Access", "code": 50001}, 403
            ),
            [SERVERS],
            "client_id=900",
        ),
        (lambda fake: setattr(fake, "heartbeat_ms", 0), [GREETS], "discordstatus"),
        (lambda fake: setattr(fake, "hangs_up_on_strangers", 4000), [HANGS_UP], "discordstatus"),
        (lambda fake: setattr(fake, "refuse_intents", True), [LETS_IN], "Privileged Gateway Intents"),
        (lambda fake: setattr(fake, "takes_the_bot_for", APP + 1), [LETS_IN], "discordstatus"),
    ],
    ids=[
        *("another bot", "a person", "an error", "takes any token, without limits", "a route for everything"),
        *("another form of errors", "no gateway", "no connections left", "wants two connections"),
        *("commands go elsewhere", "a code grant", "a command is missing", "no commands"),
        *("no completion", "another option", "another length", "no translation"),
        *("a permission is missing", "no servers", "no scope"),
        *("no time for heartbeats", "another code for strangers", "refused intents", "takes it for another bot"),
    ],
)
def test_each_clause_tells_a_discord_that_does_otherwise(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[FakeDiscord], object], broken: list[str], remedy: str
) -> None:
    failed = [one for one in tried(monkeypatch, change) if not one.ok]
    assert [one.name for one in failed] == broken
    assert failed[0].detail
    assert remedy in failed[0].remedy


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda fake: setattr(fake, "answers_heartbeats", False), GREETS),
        (lambda fake: setattr(fake, "hangs_up_on_strangers", None), HANGS_UP),
    ],
    ids=["to heartbeats", "to strangers"],
)
def test_a_gateway_that_says_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[FakeDiscord], object], broken: str
) -> None:
    (failed,) = [one for one in tried(monkeypatch, change, timeout_s=2.0) if not one.ok]
    assert failed.name == broken
    assert "discordstatus" in failed.remedy


def test_an_application_that_may_not_have_an_intent_is_told_before_the_gateway_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = intents()
    wanted.message_content = True
    failed = [one for one in tried(monkeypatch, wanted=wanted) if not one.ok]
    assert [one.name for one in failed] == [INTENTS]
    assert "message_content" in failed[0].detail
    assert "Privileged Gateway Intents" in failed[0].remedy
    allowed = lambda fake: fake.lie("^/applications/@me$", {**APPLICATION, "flags": 1 << 19})  # noqa: E731
    assert all(one.ok for one in tried(monkeypatch, allowed, wanted=wanted))


@pytest.mark.parametrize(
    ("token", "remedy"),
    [(None, "SEGUE_DISCORD__TOKEN"), ("OTAw.another.one", "Reset Token"), ("my secret", "Reset Token")],
    ids=["none", "refused", "no token at all"],
)
def test_without_a_token_that_holds_nothing_else_is_tried(
    monkeypatch: pytest.MonkeyPatch, token: str | None, remedy: str
) -> None:
    (only,) = tried(monkeypatch, token=token)
    assert (only.name, only.ok) == (KNOWS, False)
    assert remedy in only.remedy


def test_a_discord_that_cannot_be_reached_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> list[Check]:
        async with FakeDiscord() as gone:
            point_at(monkeypatch, gone)
        return [one async for one in run_contract(DiscordSettings(token=SecretStr(TOKEN)), timeout_s=1.0)]

    (only,) = asyncio.run(main())
    assert only.detail == "not answered"
    assert "cannot be reached" in only.remedy


def test_a_limit_that_was_reached_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = tried(monkeypatch, lambda fake: fake.fail("GET", "^/users/@me$", 429, times=2, retry_after=0.01))
    assert all(one.ok for one in outcomes)


def test_invented_tokens_are_new_and_of_the_form_of_tokens() -> None:
    from connectors.discord.check import application_of

    tokens = {invented_token() for _ in range(50)}
    assert len(tokens) == 50
    assert all(application_of(token) >= 10**17 for token in tokens)


def test_the_doctor_tries_it_live_and_ends_with_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    ready, done = threading.Event(), threading.Event()
    worlds: list[FakeDiscord] = []

    async def hold() -> None:
        async with FakeDiscord() as fake:
            fake.commands = await told()
            worlds.append(fake)
            ready.set()
            await asyncio.to_thread(done.wait, 60)

    thread = threading.Thread(target=lambda: asyncio.run(hold()))
    thread.start()
    try:
        assert ready.wait(60)
        point_at(monkeypatch, worlds[0])
        monkeypatch.setenv("SEGUE_DISCORD__TOKEN", TOKEN)
        well = CliRunner().invoke(app, ["doctor", "--live", "discord"])
        assert well.exit_code == 0, well.output
        assert all(f"✓ {words}: " in well.output for words, _ in CLAUSES)
        worlds[0].guilds.clear()
        broken = CliRunner().invoke(app, ["doctor", "--live", "discord"])
        assert broken.exit_code == 1
        assert f"✗ {SERVERS}: it is in none" in broken.output
        assert TOKEN not in well.output + broken.output
    finally:
        done.set()
        thread.join()
