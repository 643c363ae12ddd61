"""What measures how long somebody in Discord waits runs, and measures what it says."""

from __future__ import annotations

import asyncio

import pytest

from assistant.app import Assistant
from tests.connectors.discord import speed


def test_every_command_and_press_but_the_first_is_measured(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "_FIRST", 1)
    waited = asyncio.run(speed._measure(assistant, 2))
    assert list(waited) == ["ask", "swap"]
    for one in waited.values():
        assert len(one.deferrals) == len(one.slates) == 2
        assert all(0 < deferral < slate for deferral, slate in zip(one.deferrals, one.slates, strict=True))
