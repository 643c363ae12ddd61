"""The radio in Discord: by command, by words and by buttons, for one person, moved by what they skip."""

from __future__ import annotations

import asyncio

import pytest

from assistant.app import Assistant
from connectors.discord.bot import SegueBot
from connectors.discord.talks import Place
from recsys.types import EventKind
from tests.connectors.discord.conftest import Play, connected, point_at
from tests.connectors.discord.fake import FakeDiscord, texts
from tests.connectors.discord.payloads import ANN, BOB, CHANNEL, GUILD
from tests.connectors.discord.test_buttons import labels
from tests.connectors.discord.test_commands import titles

BUTTONS = ("onward", "from-last", "from-list", "from-track", "from-artist")


def test_keep_going_shows_ten_new_tracks_also_after_a_restart_of_the_bot(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with FakeDiscord() as discord:
            point_at(monkeypatch, discord)
            async with connected(assistant, discord):
                slate = (await discord.slash("ask", request="mellow, 5 tracks")).slate
                before = titles(slate)
            async with connected(assistant, discord):
                pressed = await discord.press(slate, "onward")
                assert pressed.callback == {"type": 6}
                after = titles(slate)
                assert len(after) == 10
                assert not set(before) & set(after)
                assert "On it goes from what you heard: 10 tracks" in texts(slate)
                assert "lose to “" in texts(slate)
                assert set(BUTTONS) | {"skip"} < labels(slate).keys()
                assert "swap" not in labels(slate)
                await discord.press(slate, "undo")
                assert titles(slate) == before

    asyncio.run(main())


def test_a_skip_counts_in_the_conversation_and_turns_what_comes_next(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        slate = (await discord.slash("ask", request="folk or techno, 6 tracks")).slate
        await discord.press(slate, "from-list")
        assert "Radio from this playlist: 10 tracks" in texts(slate)
        await discord.press(slate, "choose", value="2")
        skipped = titles(slate)[1]
        assert labels(slate)["skip"]["label"] == "Skip 2"
        await discord.press(slate, "skip")
        assert skipped not in titles(slate)
        assert f"“{skipped}”" not in texts(slate)  # others read it: nobody is told what was skipped
        (event,) = bot.desk.assistant._store().events(f"discord-{ANN}")
        assert (event.kind, event.completion) == (EventKind.SKIP, 0.0)
        talk, reply = bot.desk.current(Place(str(GUILD), CHANNEL, ANN))
        assert event.session_id == talk.session == reply.session_id

    play(scenario)


def test_radios_begin_from_the_track_that_the_menu_chose_and_from_its_artist(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        slate = (await discord.slash("ask", request="jazz or rock, 6 tracks")).slate
        await discord.press(slate, "choose", value="3")
        third = titles(slate)[2]
        assert labels(slate)["from-track"]["label"] == "Radio: track 3"
        await discord.press(slate, "from-track")
        assert f"Radio from “{third}” by" in texts(slate)
        await discord.press(slate, "from-artist")
        assert "Radio from Amber Fox" in texts(slate) or "Radio from Basalt Fox" in texts(slate)
        await discord.press(slate, "from-last")
        assert "More like the last ones" in texts(slate)

    play(scenario)


def test_the_command_begins_from_a_name_and_goes_on_without_one(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        nothing = await discord.slash("radio")
        assert nothing.ephemeral
        assert "no playlist here yet" in nothing.text
        by_artist = await discord.slash("radio", artist="amber fox 1", tracks=4)
        assert by_artist.deferred
        assert not by_artist.ephemeral
        assert "Radio from Amber Fox 1: 4 tracks" in texts(by_artist.slate)
        on = await discord.slash("radio", tracks=3)
        assert "Radio from Amber Fox 1: 3 tracks" in texts(on.slate)
        assert not set(titles(by_artist.slate)) & set(titles(on.slate))
        second = titles(on.slate)[1]
        by_number = await discord.slash("radio", track="2", tracks=3)
        assert f"Radio from “{second}” by" in texts(by_number.slate)
        by_name = await discord.slash("radio", track="Cedar 2 – Cedar Fox 0", tracks=3)
        assert "Radio from “Cedar 2” by Cedar Fox 0" in texts(by_name.slate)
        last = await discord.slash("radio", after="the last three", tracks=3)
        assert "More like the last ones: 3 tracks" in texts(last.slate)
        for wrong, words in (
            ({"artist": "Nobody At All"}, "no such artist or track"),
            ({"track": "id:nobody"}, "no such artist or track"),
            ({"artist": "Amber Fox 1", "after": "this playlist"}, "Choose one to begin from"),
        ):
            refused = await discord.slash("radio", **wrong)
            assert refused.ephemeral
            assert words in refused.text

    play(scenario)


def test_buttons_of_the_radio_are_for_whoever_asked_and_for_the_newest_playlist(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        slate = (await discord.slash("ask", request="mellow, 5 tracks")).slate
        before = texts(slate)
        for action in BUTTONS:
            refused = await discord.press(slate, action, BOB)
            assert refused.ephemeral
            assert "Only who asked" in refused.text
        await discord.slash("refine", change="6 tracks")
        earlier = await discord.press(slate, "onward")
        assert earlier.ephemeral
        assert "earlier playlist" in earlier.text
        assert texts(slate) == before
        bot.desk.guilds.change("500", channels=(601,))
        elsewhere = await discord.press(slate, "onward")
        assert "I answer only in" in elsewhere.text

    play(scenario)


def test_a_group_goes_on_together_and_nobody_is_told_who_skipped(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        invited = (await discord.slash("group", request="folk or techno, 6 tracks")).slate
        await discord.press(invited, "group-join", BOB)
        slate = (await discord.press(invited, "group-play")).slate
        before = titles(slate)
        await discord.press(slate, "onward", BOB)
        assert len(titles(slate)) == 10
        assert not set(before) & set(titles(slate))
        skipped = titles(slate)[0]
        await discord.press(slate, "skip", BOB)
        assert skipped not in texts(slate)
        (event,) = bot.desk.assistant._store().events(f"discord-{BOB}")
        assert event.kind is EventKind.SKIP
        assert event.session_id is not None
        assert not bot.desk.assistant._store().events(f"discord-{ANN}")
        refined = await discord.slash("radio", artist="Amber Fox 1")
        assert "Radio from Amber Fox 1: 10 tracks" in texts(refined.slate)

    play(scenario)
