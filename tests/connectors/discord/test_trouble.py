"""What goes wrong in Discord, and what people try: lost connections, limits, errors, hostile texts, crowds."""

from __future__ import annotations

import asyncio
import statistics
from typing import Any

import pytest

from assistant.app import Assistant
from connectors.discord.bot import SegueBot
from connectors.discord.guilds import KEPT_S
from tests.connectors.discord.conftest import WORDS, Play, connected, point_at
from tests.connectors.discord.fake import MANAGE_GUILD, FakeDiscord, texts
from tests.connectors.discord.payloads import ANN, BOB, GUILD, OTHER_GUILD
from tests.connectors.discord.test_commands import titles


def test_a_dropped_gateway_is_resumed_and_what_was_said_meanwhile_is_answered(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        await discord.slash("ask", request="jazz, 4 tracks")
        await discord.drop()
        refined = await discord.use("refine", change="6 tracks")
        await discord.done(refined)
        assert len(discord.identified) == 1
        assert discord.resumed[0]["session_id"] == "s1"
        assert len(titles(refined.slate)) == 6
        assert all(title.startswith("Amber") for title in titles(refined.slate))

    play(scenario)


def test_rate_limits_and_errors_of_discord_are_waited_out(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        discord.fail("POST", r"/callback$", 429)
        discord.fail("POST", r"^/webhooks/", 429, times=2)
        limited = await discord.slash("ask", request="jazz, 4 tracks")
        assert len(titles(limited.slate)) == 4
        discord.fail("POST", r"^/webhooks/", 503)
        broken = await discord.slash("ask", BOB, request="rock, 4 tracks")
        assert all(title.startswith("Basalt") for title in titles(broken.slate))
        discord.fail("POST", r"/channels/\d+/messages", 429)
        said = await discord.say("folk, 3 tracks", mention=True)
        assert len(titles((await discord.replies(said))[0])) == 3
        assert not any(fault.times for fault in discord.faults)

    play(scenario)


def test_an_answer_that_discord_never_takes_loses_no_conversation(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        discord.fail("POST", r"^/webhooks/", 400, times=2)
        asked = await discord.use("ask", request="jazz, 4 tracks")
        await discord.until(lambda: not any(fault.times for fault in discord.faults), "both refusals")
        assert not asked.messages
        refined = await discord.slash("refine", change="6 tracks")
        assert all(title.startswith("Amber") for title in titles(refined.slate))

    play(scenario)


def test_no_text_of_a_catalogue_or_a_listener_becomes_a_mention_a_link_or_markup(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        await discord.slash("settings", permissions=MANAGE_GUILD, slate_size=3)
        evil = "polka @here <@12> [free](https://evil.example) **bold** discord.gg/abc"
        asked = await discord.slash("ask", request=evil)
        shown = texts(asked.slate)
        assert "Mallory" in shown
        why = await discord.slash("why", track="Mallory")
        liked = await discord.slash("like", track="Mallory")
        group = await discord.slash("group", request=evil)
        said = await discord.replies(await discord.say(evil, mention=True))
        everything = [shown, why.text, liked.text, texts(group.slate), *map(texts, said)]
        for text in everything:
            for live in (
                "@everyone",
                "@here",
                "<@11>",
                "<@12>",
                "<#600>",
                "https://evil",
                "discord.gg/",
                "(https://ev",
            ):
                assert live not in text.replace(f"<@{ANN}>", "", 1 if "Takes part" in text else 0), (live, text)
            assert "\\*\\*b" in text
        assert all(body["allowed_mentions"]["parse"] == [] for body in discord.sent if body.get("content"))
        assert not any(body.get("allowed_mentions", {}).get("replied_user") for body in discord.sent)

    play(scenario)


def test_what_an_assistant_raises_is_told_by_a_number_and_not_by_its_words(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("secret detail")

        monkeypatch.setattr(bot.desk, "find", broken)
        why = await discord.slash("why", track="1")
        assert why.ephemeral
        assert "reference" in why.text
        assert "secret" not in why.text

    play(scenario)
    said = [record.getMessage() for record in caplog.records]
    assert any("a command in Discord failed, reference" in one for one in said)
    assert not any("secret" in one for one in said)


def test_a_server_that_removed_the_bot_is_forgotten_after_seven_days(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with FakeDiscord() as discord:
            point_at(monkeypatch, discord)
            async with connected(assistant, discord) as bot:
                await discord.slash("settings", permissions=MANAGE_GUILD, slate_size=3)
                slate = (await discord.slash("ask", request="jazz")).slate
                await discord.press(slate, "like")
                await discord.slash("ask", BOB, request="rock", guild=OTHER_GUILD, channel=1600)
                await discord.leave(GUILD, outage=True)
                await discord.slash("help", BOB, guild=OTHER_GUILD, channel=1600)
                assert not assistant.records.all("discord-gone")
                await discord.leave(GUILD)
                await discord.until(lambda: assistant.records.all("discord-gone"), "the departure to be noted")
                at = assistant.records.all("discord-gone")[str(GUILD)]["at"]
                assert await bot.sweep(at + KEPT_S - 60) == 0
                assert bot.desk.guilds.of(str(GUILD)).slate_size == 3
            async with connected(assistant, discord) as bot:
                assert await bot.sweep(at + KEPT_S + 60) == 1
                assert bot.desk.guilds.of(str(GUILD)).slate_size is None
                assert not assistant.sessions(f"discord-{ANN}")
                assert len(assistant.sessions(f"discord-{BOB}")) == 1
                assert list(assistant.rated(f"discord-{ANN}").values()) == [True]
                for kind in ("guild", "gone", "talk", "slate", "group", "member"):
                    assert not [key for key in assistant.records.all(f"discord-{kind}") if key.startswith(str(GUILD))]

    asyncio.run(main())


def test_a_server_that_takes_the_bot_back_loses_nothing(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        records = bot.desk.assistant.records
        await discord.slash("ask", request="jazz, 4 tracks")
        await discord.leave(GUILD)
        await discord.until(lambda: records.all("discord-gone"), "the departure to be noted")
        await discord.join(GUILD)
        await discord.slash("help")
        await bot.sweep()
        assert not records.all("discord-gone")
        assert (await discord.slash("refine", change="6 tracks")).slate

    play(scenario)


def test_a_server_left_while_the_bot_was_off_is_found_at_its_start(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with FakeDiscord() as discord:
            point_at(monkeypatch, discord)
            async with connected(assistant, discord):
                await discord.slash("ask", request="jazz")
            discord.guilds.remove(GUILD)
            async with connected(assistant, discord) as bot:
                await bot.sweep()
                assert str(GUILD) in assistant.records.all("discord-gone")

    asyncio.run(main())


def test_fifty_listeners_at_once_get_each_their_own(play: Play, assistant: Assistant) -> None:
    """Each has a taste of their own planted; what they get fits it and is theirs alone."""
    genres = list(WORDS)
    people = range(1_000, 1_050)

    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        async def one(user: int) -> Any:
            genre = genres[user % 4]
            asked = await discord.slash("ask", user, request=f"{genre}, {3 + user % 7} tracks")
            assert all(title.startswith(WORDS[genre]) for title in titles(asked.slate))
            assert len(titles(asked.slate)) == 3 + user % 7
            pressed = await discord.press(asked.slate, "like", user)
            return asked, pressed

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(user)) for user in people]
        done = [task.result() for task in tasks]
        waits = sorted(each.callback_at - each.sent_at for pair in done for each in pair)
        assert waits[int(len(waits) * 0.95)] < 1.0, f"deferred after {statistics.median(waits):.3f} s in the median"
        for user in people:
            (track,) = assistant.rated(f"discord-{user}")
            assert assistant.track_named(track).title.startswith(WORDS[genres[user % 4]])
            assert len(assistant.sessions(f"discord-{user}")) == 1

    play(scenario)
    for user in people:
        assistant.forget(f"discord-{user}")


def test_a_server_that_spent_its_language_model_gets_rules_and_templates(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bool] = []

    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        assistant, reply = bot.desk.assistant, bot.desk.assistant.reply
        monkeypatch.setattr(type(assistant), "rewords", True)
        monkeypatch.setattr(assistant, "reply", lambda message: heard.append(message.model) or reply(message))
        monkeypatch.setattr(assistant, "reword", lambda reply: iter([(reply.tracks[0].track_id, "In other words.")]))
        first = await discord.slash("ask", request="jazz, 4 tracks")
        await discord.until(lambda: "In other words" in texts(first.slate), "other words")
        second = await discord.slash("ask", request="jazz, 5 tracks")
        third = await discord.slash("ask", request="jazz, 6 tracks")
        assert heard == [True, True, False]
        elsewhere = await discord.slash("ask", request="rock, 4 tracks", guild=OTHER_GUILD, channel=1600)
        await discord.until(lambda: "In other words" in texts(elsewhere.slate), "other words")
        assert not any("In other words" in texts(one.slate) for one in (second, third))
        shown = await discord.slash("settings", permissions=MANAGE_GUILD)
        assert "0 uses left today" in shown.text
        await discord.slash("settings", permissions=MANAGE_GUILD, guild=OTHER_GUILD, channel=1600, llm="off")
        await discord.slash("ask", request="rock", guild=OTHER_GUILD, channel=1600)
        assert heard[-1] is False

    play(scenario, llm_per_day=3)
