"""The clock of warm turns: it measures every stage of every turn, on turns that are really taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.settings import Settings
from evals.latency import N_WARM, FailedTurnError, TurnClock, time_turns
from evals.report import Report


def test_every_turn_is_timed_by_stage(forty_tracks: Path) -> None:
    clock = TurnClock()
    with Assistant(Settings(_env_file=None, home=forty_tracks, training_steps=5, threads=1)) as assistant:
        time_turns(assistant, 20, 64, clock)
    assert len(clock.stages["all"]) == len(clock.certified) == 20
    assert {"understanding", "encode", "retrieve", "rank", "slate", "explain", "store"} <= set(clock.stages)
    for stage, times in clock.stages.items():
        assert len(times) == 20, stage
    stages = [sum(times) for stage, times in clock.stages.items() if stage != "all"]
    assert 0 < sum(stages) <= sum(clock.stages["all"])
    report = Report("segue bench turn", {}, (64,))
    clock.fill(report, "segue")
    assert next(iter(report.results["segue"])) == "all"
    assert set(report.results["segue"]["all"]) == {"p50_ms", "p99_ms", "certified"}
    assert report.results["segue"]["all"]["p50_ms"].mean <= report.results["segue"]["all"]["p99_ms"].mean


def test_a_failed_turn_is_no_measurement(forty_tracks: Path) -> None:
    class Broken(Assistant):
        def reply(self, message: Message) -> Reply:
            return super().reply(message).model_copy(update={"last_resort": True})

    assert N_WARM > 0
    with (
        Broken(Settings(_env_file=None, home=forty_tracks, training_steps=5, threads=1)) as assistant,
        pytest.raises(FailedTurnError, match="segue chat"),
    ):
        time_turns(assistant, 20, 64, TurnClock())
