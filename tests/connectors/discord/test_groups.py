"""Who is in a group, however many press at once, and who is named in its playlist."""

from __future__ import annotations

import re

import pytest

from assistant.reply import MAX_GROUP
from connectors.discord.bot import SegueBot
from tests.connectors.discord.conftest import Play
from tests.connectors.discord.fake import MANAGE_GUILD, FakeDiscord, texts
from tests.connectors.discord.gates import rated
from tests.connectors.discord.payloads import ANN, BOB


def test_a_group_takes_no_more_than_it_can_hold_however_many_join_at_once(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        invited = (await discord.slash("group", request="mellow, 6 tracks")).slate
        people = range(2_000, 2_000 + MAX_GROUP + 4)
        asked = [await discord.press(invited, "group-join", user, wait=False) for user in people]
        for one in asked:
            await discord.done(one)
        refused = [one for one in asked if "is full" in one.text]
        assert len(refused) == len(people) - (MAX_GROUP - 1)
        assert len(bot.desk.assistant.records.all("discord-member")) == MAX_GROUP - 1

    play(scenario)


def test_who_left_a_group_is_named_no_more(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        invited = (await discord.slash("group", request="mellow, 12 tracks")).slate
        await discord.press(invited, "group-join", BOB)
        slate = (await discord.press(invited, "group-play")).slate
        assert f"<@{BOB}>" in texts(slate)
        await discord.press(invited, "group-leave", BOB)
        await discord.press(slate, "choose", value="2")
        assert f"<@{BOB}>" not in texts(slate)

    play(scenario)


def test_buttons_that_make_a_playlist_heed_the_cooldown_on_a_shorter_clock_and_the_channels(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        monkeypatch.setattr("connectors.discord.bot._PRESS_S", 60.0)
        await discord.slash("settings", permissions=MANAGE_GUILD, cooldown=3600)
        invited = (await discord.slash("group", request="mellow, 6 tracks")).slate
        await discord.press(invited, "group-join", BOB)
        slate = (await discord.press(invited, "group-play")).slate
        hurried = await discord.press(slate, "swap")
        assert hurried.ephemeral
        assert 0 < int(re.findall(r"ask again in (\d+) s", hurried.text)[0]) <= 60
        await discord.press(slate, "like")
        assert len(rated(bot, ANN)) == 1
        bot.desk.guilds.change("500", cooldown_s=0, channels=(601,))
        for message, action in ((slate, "swap"), (slate, "more"), (slate, "undo"), (invited, "group-play")):
            elsewhere = await discord.press(message, action)
            assert elsewhere.ephemeral
            assert "I answer only in" in elsewhere.text

    play(scenario)
