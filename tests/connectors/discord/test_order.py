"""What is pressed at once, and what comes late: a message shows what is so, and a press means what it was made on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from assistant.reply import Reply
from connectors.discord.bot import SegueBot
from tests.connectors.discord.conftest import Play
from tests.connectors.discord.fake import FakeDiscord, texts
from tests.connectors.discord.gates import Gate, hold_up, rated
from tests.connectors.discord.payloads import ANN, Json
from tests.connectors.discord.test_buttons import labels
from tests.connectors.discord.test_commands import titles


def reword_behind(monkeypatch: pytest.MonkeyPatch, bot: SegueBot, gate: Gate) -> None:
    """Set a language model that words the first reason once a gate is open."""

    def reword(reply: Reply) -> Iterator[tuple[str, str]]:
        gate.pass_through()
        yield reply.tracks[0].track_id, "In other words."

    monkeypatch.setattr(type(bot.desk.assistant), "rewords", True)
    monkeypatch.setattr(bot.desk.assistant, "reword", reword)


def test_two_presses_at_once_follow_one_another_and_the_second_is_not_taken_for_another_track(
    play: Play, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        slate: Json = (await discord.slash("ask", request="jazz, 5 tracks")).slate
        before = titles(slate)
        hold_up(monkeypatch, bot.desk, "edit", gate)
        swap = await discord.press(slate, "swap", wait=False)
        await gate.reached()
        like = await discord.press(slate, "like", wait=False)
        gate.open()
        await discord.done(swap)
        await discord.until(lambda: "had changed" in like.text, "a word on the second press")
        assert titles(slate)[0] != before[0]
        assert rated(bot, ANN) == {}
        await discord.press(slate, "dislike")
        assert rated(bot, ANN) == {titles(slate)[0]: False}

    play(scenario)


def test_a_slow_like_is_not_drawn_over_a_swap(play: Play, monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        slate = (await discord.slash("ask", request="jazz, 5 tracks")).slate
        before = titles(slate)
        hold_up(monkeypatch, bot.desk, "rate", gate)
        like = await discord.press(slate, "like", wait=False)
        await gate.reached()
        swap = await discord.press(slate, "swap", wait=False)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await discord.done(swap)
        assert not swap.answered_at
        gate.open()
        await discord.done(like)
        await discord.done(swap)
        await discord.until(lambda: titles(slate) != before, "the swap to be shown")
        assert rated(bot, ANN) == {before[0]: True}
        shown = titles(slate)
        await discord.press(slate, "choose", value="2")
        assert titles(slate) == shown

    play(scenario)


def test_a_press_on_what_could_not_be_drawn_shows_it_and_rates_nothing(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        slate = (await discord.slash("ask", request="jazz, 5 tracks")).slate
        before = titles(slate)
        discord.fail("PATCH", r"/messages/@original", 400)
        await discord.press(slate, "swap")
        assert titles(slate) == before
        pressed = await discord.press(slate, "like")
        await discord.until(lambda: "had changed" in pressed.text, "a word")
        assert titles(slate)[0] != before[0]
        assert rated(bot, ANN) == {}
        await discord.press(slate, "like")
        assert rated(bot, ANN) == {titles(slate)[0]: True}

    play(scenario)


def test_words_that_come_late_are_not_drawn_over_a_newer_playlist(
    play: Play, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        reword_behind(monkeypatch, bot, gate)
        slate = (await discord.slash("ask", request="jazz, 12 tracks")).slate
        await discord.press(slate, "swap")
        swapped = titles(slate)
        gate.open()
        await discord.until(lambda: not bot.screens._watched, "the words to have come")
        assert titles(slate) == swapped
        await discord.press(slate, "like")
        assert rated(bot, ANN) == {swapped[0]: True}

    play(scenario, llm_per_day=10)


def test_words_that_come_late_stay_on_the_page_that_is_shown_and_outlast_a_press(
    play: Play, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        reword_behind(monkeypatch, bot, gate)
        slate = (await discord.slash("ask", request="jazz, 12 tracks")).slate
        first = titles(slate)
        await discord.press(slate, "next")
        second = titles(slate)
        drawn = len(discord.requests)
        gate.open()
        edited = lambda: any(method == "PATCH" for method, _ in discord.requests[drawn:])  # noqa: E731
        await discord.until(edited, "the words to be drawn")
        assert titles(slate) == second != first
        await discord.press(slate, "previous")
        assert "In other words" in texts(slate)
        await discord.press(slate, "choose", value="2")
        assert "In other words" in texts(slate)
        assert labels(slate)["like"]["label"] == "♥ 2"

    play(scenario, llm_per_day=10)


def test_the_buttons_of_an_earlier_playlist_do_not_change_the_newest(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        old = (await discord.slash("ask", request="jazz, 5 tracks")).slate
        before = titles(old)
        new = (await discord.slash("refine", change="make it rock instead")).slate
        for action in ("swap", "more", "undo", "redo"):
            pressed = await discord.press(old, action)
            assert pressed.ephemeral
            assert "earlier playlist" in pressed.text
        assert titles(old) == before
        await discord.press(old, "like")
        assert rated(bot, ANN) == {before[0]: True}
        await discord.press(new, "swap")
        assert titles(new)[0].startswith("Basalt")

    play(scenario)


def test_an_answer_in_words_leaves_the_buttons_of_the_playlist_as_they_were(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        slate = (await discord.slash("ask", request="jazz, 5 tracks")).slate
        before = titles(slate)
        await discord.slash("refine", change="how many tracks do you have?")
        await discord.press(slate, "swap")
        assert titles(slate)[0] != before[0]
        assert titles(slate)[1:] == before[1:]

    play(scenario)
