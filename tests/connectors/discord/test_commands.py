"""Slash commands against a loopback Discord: what is asked, deferred, answered, and seen by whom."""

from __future__ import annotations

import re

import pytest

from connectors.discord.bot import SegueBot
from tests.connectors.discord.conftest import Play
from tests.connectors.discord.fake import (
    ANN,
    BOB,
    CHANNEL,
    GUILD,
    MANAGE_GUILD,
    OTHER_CHANNEL,
    OTHER_GUILD,
    THREAD,
    FakeDiscord,
    Json,
    texts,
)


def titles(message: Json) -> list[str]:
    """The titles of a playlist's page."""
    return re.findall(r"^`\d+\.` \[?\*\*(.+?)\*\*", message["embeds"][0]["description"], re.MULTILINE)


def test_the_bot_logs_in_with_the_intents_it_uses_and_tells_its_commands(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        assert bot.is_ready()
        guilds, guild_messages, direct_messages = 1 << 0, 1 << 9, 1 << 12
        assert discord.identified[0]["intents"] == guilds | guild_messages | direct_messages
        names = {one["name"] for one in discord.commands}
        wanted = {"ask", "playlist", "refine", "like", "why", "taste", "export", "forget", "group", "settings", "help"}
        assert wanted <= names
        settings = next(one for one in discord.commands if one["name"] == "settings")
        assert int(settings["default_member_permissions"]) == MANAGE_GUILD

    play(scenario)


def test_ask_is_deferred_at_once_and_answered_with_a_playlist(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        asked = await discord.slash("ask", request="jazz, 12 tracks")
        assert asked.deferred
        assert asked.callback_at - asked.sent_at < 1.0
        assert not asked.ephemeral
        assert len(titles(asked.slate)) == 10
        assert all(title.startswith("Amber") for title in titles(asked.slate))
        assert "page 1 of 2" in texts(asked.slate)
        assert "✓ jazz: 12 of 12" in texts(asked.slate)

    play(scenario)


def test_the_options_of_ask_say_the_same_as_words(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        asked = await discord.slash("ask", request="2 tracks", genre="folk", artist="Cedar Fox 1")
        assert all("Cedar Fox 1" in line for line in texts(asked.slate).splitlines() if line.startswith("`"))
        empty = await discord.slash("ask")
        assert empty.ephemeral
        assert "/help" in empty.text

    play(scenario)


def test_playlist_takes_size_and_dials(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        asked = await discord.slash("playlist", tracks=4, genre="rock", discovery="new to me", fame="hits")
        assert len(titles(asked.slate)) == 4
        long = await discord.slash("playlist", BOB, minutes=30, request="techno")
        assert re.search(r"(29|30|31) min", texts(long.slate))

    play(scenario)


def test_refine_goes_on_with_the_conversation_of_the_channel(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        nothing = await discord.slash("refine", change="calmer")
        assert "/ask" in nothing.text
        await discord.slash("ask", request="jazz, 6 tracks")
        refined = await discord.slash("refine", change="only mellow")
        assert "✓ jazz: 6 of 6" in texts(refined.slate)
        assert "mellow" in texts(refined.slate)
        elsewhere = await discord.slash("refine", change="calmer", channel=OTHER_CHANNEL)
        assert "/ask" in elsewhere.text
        somebody = await discord.slash("refine", BOB, change="calmer")
        assert "/ask" in somebody.text

    play(scenario)


def test_a_thread_has_a_conversation_of_its_own(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        await discord.slash("ask", request="jazz, 5 tracks")
        await discord.slash("ask", request="rock, 5 tracks", channel=THREAD)
        here = await discord.slash("refine", change="7 tracks")
        there = await discord.slash("refine", change="7 tracks", channel=THREAD)
        assert all(title.startswith("Amber") for title in titles(here.slate))
        assert all(title.startswith("Basalt") for title in titles(there.slate))

    play(scenario)


def test_a_question_is_answered_in_words_and_the_playlist_not_repeated(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        await discord.slash("ask", request="jazz, 5 tracks")
        asked = await discord.slash("refine", change="how many tracks do you have?")
        assert "97" in asked.text
        assert not any(message["embeds"] for message in asked.messages)

    play(scenario)


def test_like_is_told_to_its_asker_alone_and_heeded(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        await discord.slash("ask", request="jazz, 5 tracks")
        liked = await discord.slash("like", track="2")
        assert liked.ephemeral
        assert liked.text.startswith("♥ Amber")
        disliked = await discord.slash("like", track="3", how="dislike")
        assert disliked.text.startswith("✗")
        rated = bot.desk.assistant.rated(f"discord-{ANN}")
        assert sorted(rated.values()) == [False, True]
        taken_back = await discord.slash("like", track="2", how="take it back")
        assert "neither" in taken_back.text
        assert list(bot.desk.assistant.rated(f"discord-{ANN}").values()) == [False]
        by_id = bot.desk.assistant.suggest("Delta 3", ("track",))[0]
        any_track = await discord.slash("like", BOB, track=by_id.key)
        assert by_id.name.split(" – ")[0] in any_track.text
        unknown = await discord.slash("like", track="no such thing")
        assert "number" in unknown.text
        assert bot.desk.assistant.rated(f"discord-{BOB}") == {by_id.key: True}

    play(scenario)


def test_why_says_what_was_computed_to_its_asker_alone(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        asked = await discord.slash("ask", request="jazz, 5 tracks")
        why = await discord.slash("why", track="1")
        assert why.ephemeral
        assert titles(asked.slate)[0] in why.text
        assert "jazz" in why.text
        by_name = await discord.slash("why", track=titles(asked.slate)[2])
        assert by_name.text.startswith("`3.`")
        nothing = await discord.slash("why", track="99")
        assert "1 to 5" in nothing.text

    play(scenario)


def test_taste_is_told_to_its_asker_alone(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        await discord.slash("ask", request="jazz, 5 tracks")
        await discord.slash("like", track="1")
        mine = await discord.slash("taste")
        assert mine.ephemeral
        assert "1 like" in mine.text
        assert "Amber" in mine.text
        theirs = await discord.slash("taste", BOB)
        assert theirs.ephemeral
        assert "Amber" not in theirs.text

    play(scenario)


def test_export_hands_out_a_file_to_its_asker_alone(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        await discord.slash("ask", request="jazz, 5 tracks")
        for extension, begins in ((".m3u8", b"#EXTM3U"), (".csv", b"position")):
            exported = await discord.slash("export", format=extension)
            assert exported.ephemeral
            name = exported.messages[0]["attachments"][0]["filename"]
            assert name == f"jazz, 5 tracks{extension}"
            assert discord.uploads[name].startswith(begins)
        unknown = await discord.slash("export", format=".exe")
        assert ".exe" in unknown.text
        nothing = await discord.slash("export", BOB)
        assert nothing.ephemeral
        assert "/ask" in nothing.text

    play(scenario)


def test_forget_asks_first_and_then_leaves_nothing(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        asked = await discord.slash("ask", request="jazz, 5 tracks")
        await discord.slash("like", track="1")
        sure = await discord.slash("forget")
        assert sure.ephemeral
        assert sure.original is not None
        assert bot.desk.assistant.rated(f"discord-{ANN}")
        done = await discord.press(sure.original, "forget")
        assert "deleted" in done.text
        assert not bot.desk.assistant.rated(f"discord-{ANN}")
        assert not bot.desk.assistant.sessions(f"discord-{ANN}")
        pressed = await discord.press(asked.slate, "like")
        assert "forgotten" in pressed.text
        for kind in ("talk", "slate", "group", "member", "budget"):
            assert not bot.desk.assistant.records.all(f"discord-{kind}")

    play(scenario)


def test_help_names_every_command(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        told = await discord.slash("help")
        assert told.ephemeral
        for command in discord.commands:
            if command["name"] not in ("help", "unlink"):
                assert f"/{command['name']}" in told.text

    play(scenario)


@pytest.mark.parametrize(
    ("command", "option", "typed", "first"),
    [
        ("ask", "artist", "amber fox 1", "Amber Fox 1"),
        ("ask", "genre", "tec", "techno"),
        ("playlist", "track", "Cedar 2", "Cedar 2 – Cedar Fox 0"),
    ],
)
def test_names_of_the_catalogue_are_offered(play: Play, command: str, option: str, typed: str, first: str) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        offered = await discord.complete(command, option, typed)
        assert offered[0] == {"name": first, "value": first}
        everything = await discord.complete(command, option, "")
        assert everything

    play(scenario)


def test_tracks_of_the_playlist_are_offered_first(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        assert await discord.complete("why", "track", "") == []
        asked = await discord.slash("ask", request="jazz, 3 tracks")
        offered = await discord.complete("why", "track", "")
        assert [one["value"] for one in offered] == ["1", "2", "3"]
        assert titles(asked.slate)[0] in offered[0]["name"]
        both = await discord.complete("like", "track", "Delta")
        assert both
        assert all("Delta" in one["name"] for one in both)
        assert all(len(one["name"]) <= 100 for one in await discord.complete("like", "track", "xxx"))

    play(scenario)


def test_mentions_and_direct_messages_are_answered_and_go_on(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        await discord.say("jazz please", mention=False)
        first = (await discord.replies(await discord.say("jazz, 4 tracks", mention=True)))[0]
        assert len(titles(first)) == 4
        again = (await discord.replies(await discord.say("make it 6", mention=True)))[0]
        assert all(title.startswith("Amber") for title in titles(again))
        assert len(titles(again)) == 6
        direct = (await discord.replies(await discord.say("rock, 4 tracks", guild=None, channel=690)))[0]
        assert all(title.startswith("Basalt") for title in titles(direct))
        empty = (await discord.replies(await discord.say("", mention=True)))[0]
        assert "/help" in empty["content"]
        assert len([one for one in discord.messages.values() if one["author"]["bot"]]) == 4

    play(scenario)


def test_commands_work_in_direct_messages_with_the_usual_settings(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        asked = await discord.slash("ask", guild=None, channel=690, request="jazz, 4 tracks")
        first = titles(asked.slate)
        assert len(first) == 4
        pressed = await discord.press(asked.slate, "swap", guild=None, channel=690)
        assert titles(pressed.slate)[1:] == first[1:]
        assert titles(pressed.slate)[0] != first[0]
        settings = await discord.slash("settings", guild=None, channel=690, slate_size=3)
        assert "manage the server" in settings.text

    play(scenario)


def test_two_servers_keep_their_settings_and_conversations_apart(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        done = await discord.slash("settings", permissions=MANAGE_GUILD, slate_size=3, language="de", cooldown=0)
        assert done.ephemeral
        assert "Deutsch" in done.text
        here = await discord.slash("ask", request="jazz")
        there = await discord.slash("ask", request="rock", guild=OTHER_GUILD, channel=1600)
        assert len(titles(here.slate)) == 3
        assert "Titel" in here.slate["embeds"][0]["description"].splitlines()[0]
        assert len(titles(there.slate)) == 10
        assert "tracks" in there.slate["embeds"][0]["footer"]["text"]
        refined = await discord.slash("refine", change="mellow", guild=OTHER_GUILD, channel=1600)
        assert all(title.startswith("Basalt") for title in titles(refined.slate))

    play(scenario)


def test_settings_are_for_those_who_manage_the_server(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        refused = await discord.slash("settings", slate_size=3)
        assert refused.ephemeral
        assert "manage the server" in refused.text
        assert bot.desk.guilds.of(str(GUILD)).slate_size is None
        shown = await discord.slash("settings", permissions=MANAGE_GUILD)
        assert "none is set" in shown.text
        assert bot.desk.guilds.of(str(OTHER_GUILD)).slate_size is None

    play(scenario)


def test_a_server_may_say_in_which_channels_it_wants_answers(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        channel = {"id": str(CHANNEL), "type": 0, "name": "music", "permissions": "0"}
        resolved = {"channels": {str(CHANNEL): channel}}
        await discord.slash("settings", permissions=MANAGE_GUILD, add_channel=str(CHANNEL), resolved=resolved)
        assert bot.desk.guilds.of(str(GUILD)).channels == (CHANNEL,)
        assert (await discord.slash("ask", request="jazz")).slate
        assert (await discord.slash("ask", request="jazz", channel=THREAD)).slate
        elsewhere = await discord.slash("ask", request="jazz", channel=OTHER_CHANNEL)
        assert elsewhere.ephemeral
        assert "#music-600" in elsewhere.text
        await discord.slash("settings", permissions=MANAGE_GUILD, remove_channel=str(CHANNEL), resolved=resolved)
        assert (await discord.slash("ask", request="jazz", channel=OTHER_CHANNEL)).slate

    play(scenario)


def test_a_cooldown_keeps_one_person_from_asking_without_end(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        await discord.slash("settings", permissions=MANAGE_GUILD, cooldown=3600)
        assert (await discord.slash("ask", request="jazz")).slate
        again = await discord.slash("ask", request="jazz")
        assert again.ephemeral
        assert "ask again in" in again.text
        assert (await discord.slash("ask", BOB, request="jazz")).slate

    play(scenario)
