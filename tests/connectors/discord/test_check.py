"""`segue discord --check` and `--invite`: what is wrong, in words, and the least that a server must allow."""

from __future__ import annotations

import asyncio

import discord
import pytest
from pydantic import SecretStr

from assistant.app import Assistant
from assistant.reports import Check
from assistant.settings import DiscordSettings, Settings
from connectors.discord import check
from connectors.discord.bot import build, serve
from connectors.discord.errors import BadTokenError, IntentError, NoTokenError
from tests.connectors.discord.conftest import point_at
from tests.connectors.discord.fake import TOKEN, FakeDiscord
from tests.connectors.discord.payloads import APP, GUILD, OTHER_GUILD


def _checks(monkeypatch: pytest.MonkeyPatch, fake: FakeDiscord, token: str | None = TOKEN) -> dict[str, Check]:
    async def main() -> list[Check]:
        async with fake:
            point_at(monkeypatch, fake)
            return await check._check(DiscordSettings(token=None if token is None else SecretStr(token)))

    return {one.name: one for one in asyncio.run(main())}


def test_everything_is_well_with_a_bot_that_was_invited_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _checks(monkeypatch, FakeDiscord())
    assert all(one.ok for one in found.values())
    assert list(found) == ["token", "commands", f"server Guild {GUILD}", f"server Guild {OTHER_GUILD}", "intents"]


def test_a_missing_and_a_bad_token_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = _checks(monkeypatch, FakeDiscord(), token=None)["token"]
    assert not missing.ok
    assert "SEGUE_DISCORD__TOKEN" in missing.remedy
    bad = _checks(monkeypatch, FakeDiscord(), token="OTAw.wrong.token")["token"]
    assert not bad.ok
    assert "Reset Token" in bad.remedy


def test_refused_intents_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _checks(monkeypatch, FakeDiscord(refuse_intents=True))["intents"]
    assert not found.ok
    assert "Privileged Gateway Intents" in found.remedy


def test_a_missing_permission_is_named_with_the_address_that_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDiscord()
    fake.guild_permissions[OTHER_GUILD] = check.permissions().value & ~discord.Permissions(embed_links=True).value
    found = _checks(monkeypatch, fake)
    assert found[f"server Guild {GUILD}"].ok
    poor = found[f"server Guild {OTHER_GUILD}"]
    assert "embed links" in poor.detail
    assert "send messages" not in poor.detail
    assert f"client_id={APP}" in poor.remedy


def test_a_bot_in_no_server_is_told_how_to_get_into_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "client_id" in _checks(monkeypatch, FakeDiscord(guilds=()))["servers"].remedy


def test_an_unreachable_discord_is_no_bad_token(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeDiscord()
    fake.fail("GET", "^/users/@me$", 403)
    found = _checks(monkeypatch, fake)["token"]
    assert "discordstatus" in found.remedy


def test_the_invitation_asks_for_the_least() -> None:
    address = check.invite(DiscordSettings(token=SecretStr(TOKEN)))
    assert address.startswith(f"https://discord.com/oauth2/authorize?client_id={APP}&scope=bot+applications.commands")
    allowed = {name for name, has in check.permissions() if has}
    assert allowed == {
        "view_channel",
        "read_messages",
        "send_messages",
        "send_messages_in_threads",
        "embed_links",
        "attach_files",
        "read_message_history",
    } - ({"view_channel"} if "view_channel" not in allowed else {"read_messages"})
    with pytest.raises(NoTokenError):
        check.invite(DiscordSettings())
    with pytest.raises(BadTokenError):
        check.invite(DiscordSettings(token=SecretStr("my secret")))


@pytest.mark.parametrize(
    ("fake", "token", "error"),
    [(FakeDiscord(), "OTAw.bad.one", BadTokenError), (FakeDiscord(refuse_intents=True), TOKEN, IntentError)],
    ids=["bad token", "refused intents"],
)
def test_a_bot_that_cannot_run_says_why(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, fake: FakeDiscord, token: str, error: type[Exception]
) -> None:
    async def main() -> None:
        async with fake:
            point_at(monkeypatch, fake)
            settings = Settings(_env_file=None, discord=DiscordSettings(token=SecretStr(token)))
            with pytest.raises(error):
                await serve(build(assistant, settings))

    asyncio.run(main())
