"""Holding up what the bot does in its worker threads, and what somebody likes by name."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from connectors.discord.bot import SegueBot

_LONGEST_S = 30


class Gate:
    """Holds up whoever goes through it in a worker thread, until it is opened."""

    def __init__(self) -> None:
        self._reached, self._open = threading.Event(), threading.Event()

    def pass_through(self) -> None:
        self._reached.set()
        assert self._open.wait(_LONGEST_S)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, _LONGEST_S)

    def open(self) -> None:
        self._open.set()


def hold_up(monkeypatch: pytest.MonkeyPatch, thing: object, name: str, gate: Gate) -> None:
    """Let calls do their work and then wait for a gate."""
    real = getattr(thing, name)

    def slow(*args: Any, **more: Any) -> Any:
        done = real(*args, **more)
        gate.pass_through()
        return done

    monkeypatch.setattr(thing, name, slow)


def rated(bot: SegueBot, user: int) -> dict[str, bool]:
    """What somebody likes or dislikes, by title."""
    found = bot.desk.assistant.rated(f"discord-{user}")
    return {bot.desk.assistant.track_named(track).title: liked for track, liked in found.items()}
