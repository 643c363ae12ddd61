"""Many listeners at once: each gets an answer of their own, and the benchmark notices where one does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.settings import Settings
from evals.errors import EvaluationDataError
from evals.load import Turns, all_at_once, bench_load, hold, plant, problem_of


def _settings(home: Path) -> Settings:
    return Settings(_env_file=None, home=home, training_steps=5, threads=1)


def test_eight_listeners_at_once_wait_and_get_answers_of_their_own(forty_tracks: Path) -> None:
    before = sorted(path for path in forty_tracks.rglob("*") if path.is_file())
    report = bench_load(None, forty_tracks, 8, 2.0, 0.5, (64,))
    steady, at_once = report.results["segue"]["all"], report.results["segue"]["all at once"]
    assert steady["p95_ms"].n == 8 * 4
    assert at_once["p95_ms"].n == 8 * 5
    assert report.cases == []
    for figures in (steady, at_once):
        assert figures["errors"].mean == figures["mixed_up"].mean == 0
        assert 0 < figures["p50_ms"].mean <= figures["p95_ms"].mean
    assert sorted(path for path in forty_tracks.rglob("*") if path.is_file()) == before


def test_one_who_gets_anothers_answer_is_noticed(forty_tracks: Path) -> None:
    class Mixing(Assistant):
        """Takes everybody for the first listener."""

        def reply(self, message: Message) -> Reply:
            return super().reply(message.model_copy(update={"listener_id": "listener 1 0"}))

    with Mixing(_settings(forty_tracks)) as assistant:
        turns, crowd = Turns(), plant(assistant, 4, 1)
        hold(assistant, crowd, 2.0, 0.5, 1, turns)
        all_at_once(assistant, crowd, 1, turns)
    assert any(turns.problems)
    assert all("listener 1 0:" not in problem for problem in turns.problems)


def test_every_sign_of_a_mix_up_counts(forty_tracks: Path) -> None:
    with Assistant(_settings(forty_tracks)) as assistant:
        ann, bob = plant(assistant, 2, 2)
        ann.turn = 1
        message = Message(listener_id=ann.listener_id, session_id=ann.session_id, text="songs, familiar ones")
        reply = assistant.reply(message.model_copy(update={"n_tracks": ann.size, "discovery": -1.0}))
    assert problem_of(reply, ann) == ""
    assert "turn 1 of" in problem_of(reply, bob)
    bob.session, bob.turn, ann.size = 0, 1, 9
    assert "9 tracks" in problem_of(reply, ann)
    ann.size, ann.liked = len(reply.tracks), dict(bob.liked)
    assert "liked" in problem_of(reply, ann)
    assert f"{ann.artist} is not in their taste" in problem_of(
        reply.model_copy(update={"tracks": ()}), ann, asked_taste=True
    )


def test_too_few_artists_are_one_clear_error(forty_tracks: Path) -> None:
    with Assistant(_settings(forty_tracks)) as assistant, pytest.raises(EvaluationDataError, match="20 artists"):
        plant(assistant, 21, 1)
