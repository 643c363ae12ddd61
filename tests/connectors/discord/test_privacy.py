"""What people do in a channel that others read: whose it is, and who gets to know of it."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import Any

import pytest

from assistant.agent import Agent
from assistant.request import Request
from connectors.discord.bot import SegueBot
from connectors.discord.guilds import BUDGET, GROUP, MEMBER, SLATE, TALK
from connectors.discord.talks import listener_of
from tests.assistant.searching import forms_of, found_in
from tests.connectors.discord.conftest import Play
from tests.connectors.discord.fake import FakeDiscord, texts
from tests.connectors.discord.payloads import ANN, BOB, Json


async def begin(discord: FakeDiscord, request: str = "mellow, 6 tracks") -> Json:
    """Ann opens a group, Bob joins, and Ann begins."""
    invited = (await discord.slash("group", request=request)).slate
    await discord.press(invited, "group-join", BOB)
    return (await discord.press(invited, "group-play")).slate


def test_what_is_pressed_in_a_group_is_marked_for_nobody(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        slate = await begin(discord)
        await discord.press(slate, "like", ANN)
        await discord.press(slate, "choose", BOB, value="2")
        await discord.press(slate, "like", BOB)
        await discord.press(slate, "choose", ANN, value="3")
        await discord.press(slate, "swap", BOB)
        assert len(bot.desk.assistant.rated(listener_of(ANN))) == 1
        assert len(bot.desk.assistant.rated(listener_of(BOB))) == 1
        refined = (await discord.slash("refine", BOB, change="5 tracks")).slate
        for shown in (slate, refined):
            assert "♥" not in texts(shown)
            assert "✗" not in texts(shown)

    play(scenario)


def test_what_a_member_says_is_the_members_taste(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        rated = bot.desk.assistant.rated
        await begin(discord)
        await discord.slash("refine", BOB, change="I love number 2")
        assert list(rated(listener_of(BOB)).values()) == [True]
        assert rated(listener_of(ANN)) == {}
        said = await discord.slash("refine", BOB, change="that wasn't me")
        assert any("set nothing aside" in texts(message) for message in said.messages)
        assert list(rated(listener_of(BOB)).values()) == [True]

    play(scenario)


def test_a_taste_is_told_in_words_where_nobody_else_reads(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        question = "what do you know about my taste?"
        await discord.slash("ask", request="jazz, 5 tracks")
        await discord.slash("like", track="1")
        asked = await discord.slash("refine", change=question)
        assert "/taste" in asked.text
        assert "1 like" not in asked.text
        await discord.slash("ask", guild=None, channel=690, request="jazz, 5 tracks")
        alone = await discord.slash("refine", guild=None, channel=690, change=question)
        assert "1 like" in alone.text
        await begin(discord)
        together = await discord.slash("refine", BOB, change=question)
        assert "/taste" in together.text

    play(scenario)


def traces(bot: SegueBot, user: int, *words: str) -> list[str]:
    """Where something of a user is left: which words are in which files, and records under their number."""
    wanted = {name: form for word in (listener_of(user), *words) for name, form in forms_of(word).items()}
    found = [f"{name}: {place}" for name, place in found_in(bot.desk.assistant.settings.home, wanted).items()]
    for kind in (TALK, SLATE, GROUP, MEMBER, BUDGET):
        for key, value in bot.desk.assistant.records.all(kind).items():
            found += [f"{kind} {key}"] if f"{user}" in re.split(r"[:\-]", key) or value.get("user") == user else []
    return found


async def forget(discord: FakeDiscord, user: int) -> None:
    sure = await discord.slash("forget", user)
    done = await discord.press(sure.original, "forget", user)
    assert "is deleted" in done.text


def test_who_is_forgotten_during_a_turn_stays_forgotten(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    came, go_on, real = threading.Event(), threading.Event(), Agent._understand

    def hold(self: Agent, text: str, **more: Any) -> Request:
        came.set()
        assert go_on.wait(60)
        return real(self, text, **more)

    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        await discord.slash("ask", request="jazz, 5 tracks")
        with monkeypatch.context() as patch:
            patch.setattr(Agent, "_understand", hold)
            asked = await discord.use("refine", change="calmer, for Quixotilda")
            assert await asyncio.to_thread(came.wait, 60)
            await forget(discord, ANN)
            go_on.set()
            await discord.done(asked)
        assert "nothing of this was kept" in asked.text
        assert traces(bot, ANN, "Quixotilda") == []
        assert (await discord.slash("ask", request="jazz, 5 tracks")).slate

    play(scenario)


def test_who_is_forgotten_leaves_no_words_and_no_number_in_the_groups_of_others(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        slate = await begin(discord)
        await discord.slash("refine", BOB, change="8 tracks for Quixotilda, jazz")
        await discord.press(slate, "like", BOB)
        assert traces(bot, BOB, "Quixotilda")
        await forget(discord, BOB)
        assert traces(bot, BOB, "Quixotilda") == []
        refined = (await discord.slash("refine", ANN, change="5 tracks")).slate
        assert f"<@{BOB}>" not in texts(refined)

    play(scenario)
