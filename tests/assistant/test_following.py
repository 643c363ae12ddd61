"""What comes next, from what listeners played to the slate: learnt, switched on, told, and forgotten."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.following_errors import TooFewSequencesError
from assistant.following_reports import SequentialReport
from assistant.following_status import following_status
from assistant.reply import Message
from connectors.console import open_console, show_status
from recsys.errors import ForgottenError
from recsys.sequential.reading_logs import read_events
from recsys.types import Event, EventKind

N_SCENES, N_OF_SCENE = 10, 12


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, untouched_home: Path, open_assistant: Callable[..., Assistant]
) -> Iterator[Assistant]:
    with open_assistant(shutil.copytree(untouched_home, tmp_path_factory.mktemp("following") / "home")) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def report(opened: Assistant) -> SequentialReport:
    _play(opened)
    return opened.train_sequential()


def _scenes(assistant: Assistant) -> list[list[str]]:
    """Tracks of the catalogue that nothing but sessions unites."""
    ids = assistant.serving().recommender.catalogue.track_ids
    drawn = np.random.default_rng(2).permutation(len(ids))[: N_SCENES * N_OF_SCENE].reshape(N_SCENES, N_OF_SCENE)
    return [[ids[row] for row in rows] for rows in drawn.tolist()]


def _play(assistant: Assistant) -> None:
    rng, scenes, events = np.random.default_rng(4), _scenes(assistant), []
    for session in range(160):
        scene = scenes[session % N_SCENES]
        places, turn = rng.permutation(N_OF_SCENE).tolist(), session // N_SCENES
        if turn % 3 == 0:  # all four play one after one other
            places = [0, 4, *(place for place in places if place not in (0, 4))]
        for step, place in enumerate(places[:6]):
            at = session * 10_000.0 + step * 200
            events.append(Event(f"listener {turn % 4}", scene[place], EventKind.PLAY, at, 1.0))
    assistant._store().add_events(events)


def test_what_listeners_played_switches_a_model_on(report: SequentialReport) -> None:
    assert (report.source, report.n_sequences, report.n_listeners) == ("sessions", 160, 4)
    assert report.switched_on
    assert report.trial.low > 0
    assert report.figures[report.model] > report.figures[report.baseline]


def test_the_status_tells_which_model_is_on_and_what_it_gains(opened: Assistant, report: SequentialReport) -> None:
    told = opened.status().following
    assert told is not None
    assert (told.model, told.source, told.n_sequences, told.n_listeners) == (report.model, "sessions", 160, 4)
    assert (told.ndcg, told.baseline, told.baseline_ndcg) == (report.trial.new, report.baseline, report.trial.served)
    assert (told.gain_low, told.gain_high, told.weight) == (report.trial.low, report.trial.high, report.weight)
    console = open_console()
    with console.capture() as shown:
        show_status(console, opened.status())
    assert f"{report.model}, learnt from 160 sessions of 4 listeners" in " ".join(shown.get().split())


@pytest.mark.parametrize("card", ["{", "[]", '{"model": "mixture"}'])
def test_a_card_that_something_else_wrote_is_no_model(tmp_path: Path, card: str) -> None:
    folder = tmp_path / "sequential" / "abc"
    folder.mkdir(parents=True)
    (folder / "following.json").write_text(card)
    (folder.parent / "CURRENT").write_text("abc\n")
    assert following_status(tmp_path) is None


def test_the_status_tells_that_no_model_is_on(assistant: Assistant) -> None:
    assert assistant.status().following is None


def test_listeners_that_were_joined_are_read_once(
    tmp_path: Path, untouched_home: Path, open_assistant: Callable[..., Assistant]
) -> None:
    with open_assistant(shutil.copytree(untouched_home, tmp_path / "home")) as joined:
        tracks = _scenes(joined)[0]
        for number, listener in enumerate(("web", "discord", "stranger")):
            joined._store().add_events(
                [Event(listener, track, EventKind.PLAY, number * 1e4 + n, 1.0) for n, track in enumerate(tracks)]
            )
        joined._store().joined.join("web", "discord")
        plays = read_events(joined._store())
        assert len(plays) == 3 * len(tracks)
        assert sorted(plays.listener_ids) == ["discord", "stranger"]


def test_whoever_is_joined_to_somebody_learnt_from_takes_the_model_along(
    tmp_path: Path, untouched_home: Path, open_assistant: Callable[..., Assistant]
) -> None:
    with open_assistant(shutil.copytree(untouched_home, tmp_path / "home")) as joined:
        _play(joined)
        joined._store().add_event(Event("other id", _scenes(joined)[0][0], EventKind.PLAY, 1.0, 1.0))
        joined._store().joined.join("listener 0", "other id")
        assert joined.train_sequential().switched_on
        joined.forget("other id")
        assert joined.status().following is None


def test_a_turn_shows_what_comes_after_the_session_and_says_after_what(
    opened: Assistant, report: SequentialReport
) -> None:
    assert report.switched_on
    scene = _scenes(opened)[0]
    for place, track in enumerate(scene[:4]):
        opened._store().add_event(Event("visitor", track, EventKind.LIKE, 1e9 + place, session_id="s"))
    reply = opened.reply(Message(listener_id="visitor", session_id="s", text="something nice"))
    shown = [track for track in reply.tracks if track.track_id in scene[4:]]
    assert len(shown) >= 3
    assert any("often comes after" in cause for track in shown for cause in track.causes)


def test_another_process_follows_when_a_model_is_switched_on_or_forgotten(
    tmp_path: Path, untouched_home: Path, open_assistant: Callable[..., Assistant]
) -> None:
    home = Path(shutil.copytree(untouched_home, tmp_path / "home"))
    with open_assistant(home) as one, open_assistant(home) as other:
        assert other.serving().recommender.following is None
        _play(one)
        assert one.train_sequential().switched_on
        assert other.serving().recommender.following is not None
        assert one.forget("listener 1")
        assert other.serving().recommender.following is None
        assert one.serving().recommender.following is None


def test_too_little_to_learn_from_is_said(
    indexed_home: Callable[[int], Path], open_assistant: Callable[..., Assistant]
) -> None:
    with open_assistant(indexed_home(40)) as assistant, pytest.raises(TooFewSequencesError, match="at least 100"):
        assistant.train_sequential()


def test_whoever_is_forgotten_while_it_trains_ends_the_training_and_leaves_nothing(
    tmp_path: Path, untouched_home: Path, open_assistant: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.following._LOOKS_EVERY_S", 0.0)
    home = shutil.copytree(untouched_home, tmp_path / "home")
    with open_assistant(home) as forgetting:
        _play(forgetting)
        forgetting._store().joined.join("listener 1", "listener 2")
        told: list[str] = []

        def tell(stage: str, _done: int, _total: int) -> None:
            if stage == "trying models" and not told:
                told.append(stage)
                forgetting.unlink("listener 2")
                forgetting.forget("listener 2")

        with pytest.raises(ForgottenError):
            forgetting.train_sequential(tell)
        assert told
        assert forgetting.status().following is None
        assert not (home / "training" / "sequential").exists()
