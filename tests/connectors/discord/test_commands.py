"""Slash commands against a loopback Discord: what is asked, deferred, answered, and seen by whom."""

from __future__ import annotations

from connectors.discord.bot import SegueBot
from tests.connectors.discord.conftest import Play
from tests.connectors.discord.fake import FakeDiscord, texts


def test_ask_is_deferred_at_once_and_answered_with_a_playlist(play: Play) -> None:
    async def scenario(discord: FakeDiscord, _bot: SegueBot) -> None:
        asked = await discord.slash("ask", request="jazz, 12 tracks")
        assert asked.deferred
        assert not asked.ephemeral
        assert "`1.`" in texts(asked.slate)
        assert "Jazz Fox" in texts(asked.slate)

    play(scenario)
