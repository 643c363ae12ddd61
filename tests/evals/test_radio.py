"""The radio, measured: what is counted is what happened, on made-up tracks and planted playlists."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.settings import Settings
from evals.errors import EvaluationDataError
from evals.radio import TASKS, Held, Size, choose_tasks, continued, dial, evaluate, radios, skips
from evals.radio_speed import KINDS, time_radio
from recsys.catalogue import Catalogue
from recsys.radio import Radio
from recsys.retrieval.company import Company
from recsys.retrieval.sequential import Following
from recsys.sequential.sequences import Sequences
from recsys.sequential.successors import Successors
from recsys.types import Collection, Track


@pytest.fixture(scope="module")
def assistant(forty_tracks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home = shutil.copytree(forty_tracks, tmp_path_factory.mktemp("radio") / "home")
    with Assistant(Settings(_env_file=None, home=home, training_steps=5, threads=1)) as opened:
        yield opened


def test_a_skip_is_compared_with_the_same_track_heard_out(assistant: Assistant) -> None:
    found = skips(assistant.serving().recommender, 6, 1)
    assert [len(values) for values in found.values()] == [6, 6, 6]
    assert np.allclose(np.subtract(found["heard"], found["skipped"]), found["heard - skipped"])
    assert np.mean(found["heard - skipped"]) > 0


def test_radios_repeat_nothing_and_end_where_nothing_is_left(assistant: Assistant) -> None:
    """Forty tracks of twenty artists cannot last for a hundred."""
    found = radios(assistant, 2, 100, 1)
    assert found["repeats"] == found["close artists"] == found["unmet"] == [0.0, 0.0]
    assert found["ended"] == [1.0, 1.0]


def test_a_radio_that_gives_the_same_again_is_counted(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = assistant.reply

    def stuck(message: object) -> object:
        return reply(message.model_copy(update={"text": "rock", "listener_id": "x", "session_id": "stuck"}))  # type: ignore[attr-defined]

    monkeypatch.setattr(assistant, "reply", stuck)
    found = radios(assistant, 1, 20, 1)
    assert found["repeats"][0] > 10


def test_the_dial_is_counted_by_artists_who_were_liked(assistant: Assistant) -> None:
    found = dial(assistant, 1, 1)
    assert set(found) == {"familiar", "middle", "new", "supply"}
    assert all(0 <= value <= 1 for values in found.values() for value in values)


def test_a_warm_turn_of_each_kind_is_timed(assistant: Assistant) -> None:
    for kind in KINDS:
        taken = time_radio(assistant, kind, 5, 1)
        assert len(taken) == 5
        assert all(waited > 0 and computed > 0 for waited, computed in taken)


def test_what_knows_how_playlists_go_on_finds_more_of_them() -> None:
    """Playlists of twelve tracks that nothing but playlists unites; vectors are drawn by chance."""
    rng = np.random.default_rng(1)
    tracks = [Track(f"{n:03}", f"title {n}", (f"artist {n}",)) for n in range(240)]
    scenes = rng.permutation(240).reshape(10, 24)
    lists = [scenes[n % 10][rng.permutation(24)[:12]] for n in range(60)]
    collections = [
        Collection(str(n), "list", tuple(tracks[row].track_id for row in one)) for n, one in enumerate(lists)
    ]
    catalogue = Catalogue.from_tracks(tracks, collections)
    vectors = rng.standard_normal((240, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    counted = Successors().fit(Sequences.of(lists, catalogue.track_ids))
    following = Following.over(catalogue, "successors", counted, counted, catalogue.track_ids)
    radio = Radio(catalogue, vectors, Company(catalogue))
    asked = [Held(scene.tolist()) for scene in scenes]
    found = continued(radio, following, 0.0, np.ones(240, dtype=np.int64), asked)
    means = {name: float(np.mean(values)) for name, values in found.items()}
    assert means["+ playlists"] > means["likeness"] + 0.1
    assert means["+ playlists - likeness"] == pytest.approx(means["+ playlists"] - means["likeness"])
    assert found["weight of the model"] == [0.0]


def test_playlists_need_a_table_and_tasks_a_name(tmp_path: Path) -> None:
    assert choose_tasks("all") == TASKS
    with pytest.raises(EvaluationDataError, match="no task 'sips'"):
        choose_tasks("skips,sips")
    with pytest.raises(EvaluationDataError, match="--catalogue"):
        evaluate(("playlists",), Size(), [1], home=tmp_path)


def test_a_data_folder_is_copied_and_left_as_it_was(forty_tracks: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in forty_tracks.rglob("*")}
    report = evaluate(("skips",), Size(starts=3), [1], home=forty_tracks)
    assert report.results["skips: heard - skipped"]["all"]["cosine"].n == 3
    assert {path: path.stat().st_mtime_ns for path in forty_tracks.rglob("*")} == before
