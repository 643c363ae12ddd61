"""What one person may take of the bot, what of it stays, and where it keeps silent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assistant.app import Assistant
from assistant.history_reports import HistoryReport
from assistant.reply import Reply
from connectors import histories
from connectors.discord.bot import SegueBot
from tests.connectors.discord.conftest import NUMBERED, Play
from tests.connectors.discord.fake import FakeDiscord
from tests.connectors.discord.gates import Gate, rated
from tests.connectors.discord.payloads import ANN, BOB, DIRECT, OTHER_CHANNEL
from tests.connectors.discord.test_commands import titles


def test_imports_hold_up_no_turn_and_a_person_has_one_at_a_time(
    play: Play, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        real = histories.import_history

        def slow(*args: Any, **more: Any) -> HistoryReport:
            gate.pass_through()
            return real(*args, **more)

        monkeypatch.setattr(histories, "import_history", slow)
        number, resolved = discord.attach("history.json", b"[]")
        people = range(3_000, 3_009)
        asked = [await discord.use("history import", user, file=number, resolved=resolved) for user in people]
        await gate.reached()
        assert len(titles((await discord.slash("ask", request="jazz, 4 tracks")).slate)) == 4
        again = await discord.slash("history import", people[0], file=number, resolved=resolved)
        assert again.ephemeral
        assert "still under way" in again.text
        everything = await discord.slash("export", people[0], format="everything")
        assert "still under way" in everything.text
        gate.open()
        for one in asked:
            await discord.done(one)
        later = await discord.slash("history import", people[0], file=number, resolved=resolved)
        assert "still under way" not in later.text

    play(scenario)


def test_a_track_that_was_chosen_is_rated_and_not_the_one_whose_number_its_id_is(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        assert bot.desk.assistant.track_named(NUMBERED).title == "Delta 7"
        slate = (await discord.slash("ask", request="jazz, 5 tracks")).slate
        offered = await discord.complete("like", "track", "Delta 7")
        liked = await discord.slash("like", track=offered[0]["value"])
        assert "Delta 7" in liked.text
        assert rated(bot, ANN) == {"Delta 7": True}
        await discord.slash("like", BOB, track=NUMBERED)
        assert rated(bot, BOB) == {"Delta 7": True}
        await discord.slash("like", track=NUMBERED, how="dislike")
        assert rated(bot, ANN) == {"Delta 7": True, titles(slate)[2]: False}

    play(scenario)


def test_what_goes_wrong_with_a_command_is_told_to_its_asker_alone(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("secret detail")

        nothing = await discord.slash("refine", change="calmer")
        assert nothing.ephemeral
        assert "/ask" in nothing.text
        monkeypatch.setattr(bot.desk.assistant, "reply", broken)
        failed = await discord.slash("ask", request="jazz")
        assert failed.ephemeral
        assert "reference" in failed.text
        monkeypatch.setattr(bot.desk.talks, "open_group", broken)
        group = await discord.slash("group", request="jazz")
        assert group.ephemeral
        assert "reference" in group.text

    play(scenario)
    assert caplog.text.count("RuntimeError") >= 2


def test_a_mention_where_the_bot_does_not_answer_is_passed_over_in_silence(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        bot.desk.guilds.change("500", channels=(600,))
        elsewhere = await discord.say("jazz", mention=True, channel=OTHER_CHANNEL)
        here = await discord.say("jazz, 4 tracks", mention=True)
        assert len(titles((await discord.replies(here))[0])) == 4
        answered = [one.get("message_reference", {}).get("message_id") for one in discord.messages.values()]
        assert elsewhere not in answered
        assert str(elsewhere) not in answered

    play(scenario)


def test_what_somebody_wrote_is_not_held_in_memory(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        await discord.replies(await discord.say("my secret wish, rock, 4 tracks", guild=None, channel=DIRECT))
        assert not bot.cached_messages

    play(scenario)


def test_being_forgotten_gives_back_no_calls_of_the_language_model(
    play: Play, monkeypatch: pytest.MonkeyPatch, assistant: Assistant
) -> None:
    heard: list[bool] = []

    def nothing(_reply: Reply) -> Iterator[tuple[str, str]]:
        return iter(())

    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        reply = assistant.reply
        monkeypatch.setattr(type(assistant), "rewords", True)
        monkeypatch.setattr(assistant, "reply", lambda message: heard.append(message.model) or reply(message))
        monkeypatch.setattr(assistant, "reword", nothing)
        direct: dict[str, Any] = {"guild": None, "channel": DIRECT}
        await discord.slash("ask", **direct, request="jazz, 12 tracks")
        # One call to read it, and three for the reasons of twelve tracks.
        await discord.until(lambda: list(assistant.records.all("discord-budget").values()) == [4], "four calls")
        await discord.slash("ask", **direct, request="jazz, 12 tracks")
        await discord.slash("ask", **direct, request="jazz, 4 tracks")
        sure = await discord.slash("forget", **direct)
        assert sure.original is not None
        await discord.press(sure.original, "forget", **direct)
        await discord.slash("ask", **direct, request="jazz, 4 tracks")
        assert heard == [True, True, False, False]
        assert not any(key.startswith(f"dm-{ANN}:") for key in assistant.records.all("discord-budget"))
        await discord.slash("ask", BOB, **direct, request="jazz, 4 tracks")
        assert heard[-1]

    play(scenario, llm_per_day=5)
