"""How long does somebody on Discord wait, beside what Discord itself takes?

    python -m tests.connectors.discord.speed [--home FOLDER] [--commands N]

The real client, in this process, answers `/ask` and then a press of "swap", `N` times each after ten that do not count,
from a Discord on this machine's loopback, over the index of a data folder, which nothing changes, or over the starter.
`deferral` runs from when the interaction was sent to when the client had told Discord that it will answer; `slate` to
when the playlist was there. Both hold the way through two loopback connections.

The promise: a slate within `SLATE_MS`, a deferral within `DEFERRAL_MS`, both as 95th percentiles.
"""

from __future__ import annotations

import argparse
import asyncio
import warnings
from pathlib import Path

import pytest

from assistant.app import Assistant
from evals.load import on_cores
from evals.metrics import summarise_quantile
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from tests.connectors.discord.conftest import connected, point_at
from tests.connectors.discord.fake import Asked, FakeDiscord

SLATE_MS, DEFERRAL_MS = 500.0, 200.0
_FIRST = 10
_REQUESTS = (
    *("mellow jazz", "upbeat 80s, no country", "calm piano for studying", "sad songs from the 70s", "bossa nova"),
    *("techno for running, 45 minutes", "french chanson", "dreamy shoegaze", "soul from the 60s", "something happy"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long somebody on Discord waits.")
    parser.add_argument("--home", type=Path, default=None)
    parser.add_argument("--commands", type=int, default=60)
    told = parser.parse_args()
    with scratch_home() as scratch, on_cores(2):
        settings = scratch_settings(scratch)
        if told.home is not None:
            database = f"sqlite:///{(scratch / 'discord.db').as_posix()}"
            settings = settings.model_copy(update={"home": told.home, "database_url": database})
        with Assistant(settings) as assistant:
            assistant.ensure_ready()
            assistant.rank("", "music", 1)
            waited = asyncio.run(_measure(assistant, told.commands))
    report = Report("tests.connectors.discord.speed", {"home": told.home or "starter"} | product_settings(settings), ())
    for what, asked in waited.items():
        for name, times in (("deferral", asked.deferrals), ("slate", asked.slates)):
            for said, level in (("p50", 0.5), ("p95", 0.95)):
                report.add(what, "all", f"{name}_{said}_ms", summarise_quantile(times, level))
    report.show()


class Waited:
    """Milliseconds that somebody waited."""

    def __init__(self) -> None:
        self.deferrals: list[float] = []
        self.slates: list[float] = []

    def note(self, asked: Asked) -> None:
        """Note one command or press."""
        self.deferrals.append((asked.callback_at - asked.sent_at) * 1000)
        self.slates.append((asked.answered_at - asked.sent_at) * 1000)


async def _measure(assistant: Assistant, n: int) -> dict[str, Waited]:
    waited = {"ask": Waited(), "swap": Waited()}
    with pytest.MonkeyPatch.context() as patch:
        async with FakeDiscord() as discord:
            point_at(patch, discord)
            async with connected(assistant, discord):
                for number in range(_FIRST + n):
                    asked = await discord.slash("ask", request=_REQUESTS[number % len(_REQUESTS)])
                    pressed = await discord.press(asked.slate, "swap")
                    if number >= _FIRST:
                        waited["ask"].note(asked)
                        waited["swap"].note(pressed)
    return waited


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
