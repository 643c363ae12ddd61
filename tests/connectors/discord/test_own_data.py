"""What people bring, take away and link: seen by them alone."""

from __future__ import annotations

import io
import json
import zipfile

from connectors.discord.bot import SegueBot
from tests.connectors.discord.conftest import Play
from tests.connectors.discord.fake import FakeDiscord
from tests.connectors.discord.payloads import ANN

_HEARD = [
    {
        "ts": f"2025-03-0{day}T10:00:00Z",
        "ms_played": 200_000,
        "master_metadata_track_name": f"Amber {4 * day}",
        "master_metadata_album_artist_name": f"Amber Fox {4 * day // 8}",
        "spotify_track_uri": f"spotify:track:{day:022d}",
        "reason_end": "trackdone",
        "skipped": False,
    }
    for day in range(1, 9)
]


def test_a_history_becomes_taste_once(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        number, resolved = discord.attach("Streaming_History_Audio.json", json.dumps(_HEARD).encode())
        first = await discord.slash("history import", file=number, resolved=resolved)
        assert first.ephemeral
        assert "8 rows, 8 of them new" in first.text
        again = await discord.slash("history import", file=number, resolved=resolved)
        assert "8 rows, 0 of them new" in again.text
        assert bot.desk.assistant.taste(f"discord-{ANN}").n_events == 8

    play(scenario)


def test_a_file_that_is_too_large_or_no_history_is_refused(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        number, resolved = discord.attach("big.json", b"[]", size=50 << 20)
        big = await discord.slash("history import", file=number, resolved=resolved)
        assert "at most 25 MB" in big.text
        number, resolved = discord.attach("../../etc/passwd.exe", b"\x00\x01")
        wrong = await discord.slash("history import", file=number, resolved=resolved)
        assert wrong.ephemeral
        assert wrong.text
        assert bot.desk.assistant.taste(f"discord-{ANN}").n_events == 0

    play(scenario)


def test_a_code_makes_listeners_of_discord_and_elsewhere_one_and_unlinking_parts_them(play: Play) -> None:
    async def scenario(discord: FakeDiscord, bot: SegueBot) -> None:
        assistant = bot.desk.assistant
        given = await discord.slash("link")
        assert given.ephemeral
        code = given.text.split("`")[1]
        assert assistant.link("web-ann", code) == (f"discord-{ANN}",)
        unlinked = await discord.slash("unlink")
        assert "Parted" in unlinked.text
        used = await discord.slash("link", code=assistant.link_code("web-ann"))
        assert "1 joined" in used.text
        assert "Parted" in (await discord.slash("unlink")).text
        wrong = await discord.slash("link", code="AAAA-BBBB")
        assert wrong.ephemeral
        assert "joined" not in wrong.text

    play(scenario)


def test_all_that_is_kept_of_a_person_is_handed_to_them_as_a_zip(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        await discord.slash("ask", request="jazz, 4 tracks")
        handed = await discord.slash("export", format="everything")
        assert handed.ephemeral
        with zipfile.ZipFile(io.BytesIO(discord.uploads["segue-my-data.zip"])) as archive:
            assert archive.testzip() is None
            assert any("jazz, 4 tracks" in archive.read(name).decode("utf-8", "replace") for name in archive.namelist())

    play(scenario)
