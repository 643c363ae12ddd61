"""Buttons and menus under a playlist: what they do, for whom, and after a restart."""

from __future__ import annotations

import asyncio

import pytest

from assistant.app import Assistant
from connectors.discord.bot import SegueBot
from tests.connectors.discord.conftest import Play, connected, point_at
from tests.connectors.discord.fake import FakeDiscord, texts
from tests.connectors.discord.payloads import ANN, BOB, CLEO, Json
from tests.connectors.discord.test_commands import titles


def labels(message: Json) -> dict[str, Json]:
    """The buttons of a message by what they do."""
    buttons = [one for row in message["components"] for one in row["components"] if one["type"] == 2]
    return {one["custom_id"].split(":")[1]: one for one in buttons}


def test_every_button_works_after_a_restart_of_the_bot(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with FakeDiscord() as discord:
            point_at(monkeypatch, discord)
            async with connected(assistant, discord):
                slate = (await discord.slash("ask", request="jazz, 12 tracks")).slate
            async with connected(assistant, discord):
                first = titles(slate)
                asked = await discord.press(slate, "next")
                assert asked.callback == {"type": 6}
                assert len(titles(slate)) == 2
                assert labels(slate)["next"]["disabled"]
                await discord.press(slate, "previous")
                assert titles(slate) == first
                await discord.press(slate, "choose", value="4")
                assert labels(slate)["like"]["label"] == "♥ 4"
                await discord.press(slate, "like")
                assert "♥" in texts(slate).split("`4.`")[1].split("`5.`")[0]
                why = await discord.press(slate, "why")
                assert why.ephemeral
                assert first[3] in why.text
                await discord.press(slate, "swap")
                assert titles(slate)[:3] == first[:3]
                assert titles(slate)[3] != first[3]
                await discord.press(slate, "undo")
                assert titles(slate) == first
                await discord.press(slate, "redo")
                assert titles(slate)[3] != first[3]
                offered = await discord.press(slate, "export")
                assert offered.ephemeral
                handed = await discord.press(offered.messages[0], "file", value=".csv")
                assert handed.ephemeral
                assert handed.messages[0]["attachments"][0]["filename"].endswith(".csv")
                await discord.press(slate, "more")
                assert titles(slate) != first

    asyncio.run(main())


def test_a_like_is_taken_back_by_pressing_again_and_a_dislike_swaps_its_mark(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        slate = (await discord.slash("ask", request="jazz, 5 tracks")).slate
        rated = lambda: list(bot.desk.assistant.rated(f"discord-{ANN}").values())  # noqa: E731
        await discord.press(slate, "like")
        assert rated() == [True]
        await discord.press(slate, "dislike")
        assert rated() == [False]
        assert "✗" in texts(slate)
        await discord.press(slate, "dislike")
        assert rated() == []
        assert "✗" not in slate["embeds"][0]["description"]

    play(scenario)


def test_nobody_but_the_asker_may_press(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        slate = (await discord.slash("ask", request="jazz, 12 tracks")).slate
        before = texts(slate)
        for action in ("like", "dislike", "why", "more", "swap", "undo", "redo", "next", "export"):
            refused = await discord.press(slate, action, BOB)
            assert refused.ephemeral
            assert "Only who asked" in refused.text
        refused = await discord.press(slate, "choose", BOB, value="2")
        assert "Only who asked" in refused.text
        assert texts(slate) == before
        assert bot.desk.assistant.rated(f"discord-{BOB}") == {}

    play(scenario)


def test_refine_goes_on_with_the_playlist_whose_button_was_pressed_last(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        jazz = (await discord.slash("ask", request="jazz, 4 tracks")).slate
        await discord.slash("ask", request="rock, 4 tracks")
        await discord.press(jazz, "swap")
        refined = (await discord.slash("refine", change="6 tracks")).slate
        assert all(title.startswith("Amber") for title in titles(refined))

    play(scenario)


def test_only_those_who_join_a_group_take_part(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        heard = []
        reply = bot.desk.assistant.reply
        bot.desk.assistant.reply = lambda message: heard.append(message) or reply(message)  # type: ignore
        invited = (await discord.slash("group", request="mellow, 6 tracks")).slate
        alone = await discord.press(invited, "group-play")
        assert alone.ephemeral
        assert "Nobody has joined" in alone.text
        await discord.press(invited, "group-join", BOB)
        await discord.press(invited, "group-join", CLEO)
        assert f"<@{CLEO}>" in texts(invited)
        await discord.press(invited, "group-leave", CLEO)
        assert f"<@{CLEO}>" not in texts(invited)
        own = await discord.press(invited, "group-join", ANN)
        assert "You opened" in own.text
        not_yours = await discord.press(invited, "group-play", BOB)
        assert "Only who opened" in not_yours.text
        begun = await discord.press(invited, "group-play")
        assert not begun.ephemeral
        assert (heard[-1].listener_id, heard[-1].group) == (f"discord-{ANN}", (f"discord-{BOB}",))
        slate = begun.slate
        liked = await discord.press(slate, "like", BOB)
        await discord.until(lambda: "for your taste alone" in liked.text, "a private word")
        assert "♥" not in slate["embeds"][0]["description"]
        assert list(bot.desk.assistant.rated(f"discord-{BOB}").values()) == [True]
        assert bot.desk.assistant.rated(f"discord-{ANN}") == {}
        refused = await discord.press(slate, "swap", CLEO)
        assert "Only who asked" in refused.text
        refined = (await discord.slash("refine", BOB, change="8 tracks")).slate
        assert len(titles(refined)) == 8
        assert heard[-1].group == (f"discord-{BOB}",)
        del bot.desk.assistant.reply
        bot.desk.assistant.forget(f"discord-{BOB}")
        gone = await discord.press(slate, "like", BOB)
        assert "Only who asked" in gone.text

    play(scenario)
