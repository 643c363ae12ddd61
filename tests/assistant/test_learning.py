"""Learning from real requests: `segue train --data`, from the folder to what a listener is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.errors import UnknownFeedbackError
from assistant.reply import Message
from recsys.errors import CatalogueMismatchError
from recsys.jam.files import write_jam
from recsys.jam.joint import CARD_FILE
from recsys.jam.requests import TooFewRequestsError
from recsys.learned import FOLDER, NoRequestsError
from recsys.portrait import nearness
from tests.jam_data import dataset

Open = Callable[..., Assistant]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = dataset()
    write_jam(tmp_path / "planted", replace(data, splits={"train": data.splits["train"]}))
    return tmp_path / "planted"


def test_requests_of_a_folder_are_learnt_and_served(fresh_home: Path, folder: Path, open_assistant: Open) -> None:
    with open_assistant(fresh_home) as assistant:
        report = assistant.train(data=folder)
        assert report.n_tracks == 40
        status = assistant.status()
        assert status.model is not None
        assert (status.model.learned_from, status.model.dim) == ("planted", 256)
        assert [source.name for source in status.sources] == ["planted"]

        jazz = {f"item-{n}" for n in range(10, 20)}
        nobody = assistant.rank("nobody", "jazz", 10, strict=False)
        assert len(jazz.intersection(nobody.track_ids)) >= 9
        assert list(nobody.scores) == sorted(nobody.scores, reverse=True)

        heard = [f"item-{n}" for n in range(1, 40, 4)]
        assert assistant.add_history("odd", [(one, "play", 20) for one in heard] + [("gone", "play", 1)]) == len(heard)
        theirs = assistant.rank("odd", "jazz", 10, strict=False)
        assert theirs.track_ids != nobody.track_ids
        assert np.mean([int(one.removeprefix("item-")) % 2 for one in theirs.track_ids[:5]]) > 0.5

        reply = assistant.reply(Message(listener_id="odd", session_id="s", text="jazz, 4 tracks"))
        assert not reply.last_resort, reply.text
        assert len(reply.tracks) == 4


def test_other_vectors_or_plays_are_learnt_anew(fresh_home: Path, folder: Path, open_assistant: Open) -> None:
    """The files that tracks are made of are as they were; what is learnt from them is not."""
    with open_assistant(fresh_home) as assistant:
        first = assistant.train(data=folder)
        assert not assistant.train(data=folder).trained, "nothing has changed"
        table = next((folder / "processed").glob("item_*_features.npy"))
        np.save(table, np.random.default_rng(1).normal(size=np.load(table).shape).astype(np.float32))
        second = assistant.train(data=folder)
        assert second.trained
        assert second.generation != first.generation
        plays = next(folder.rglob("listening.tsv"))
        lines = plays.read_text(encoding="utf-8").splitlines(keepends=True)
        plays.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
        third = assistant.train(data=folder)
        assert third.generation not in (first.generation, second.generation)


@pytest.mark.parametrize("entry", ["catalogue", "encoder"])
def test_a_space_of_another_catalogue_or_encoder_is_not_served(
    entry: str, fresh_home: Path, folder: Path, open_assistant: Open
) -> None:
    with open_assistant(fresh_home) as assistant:
        assistant.train(data=folder)
        card = next((fresh_home / "generations").glob(f"*/{FOLDER}/{CARD_FILE}"))
        stated = json.loads(card.read_text(encoding="utf-8"))
        card.write_text(json.dumps(stated | {entry: "another"}), encoding="utf-8")
    with open_assistant(fresh_home) as assistant, pytest.raises(CatalogueMismatchError, match="run `segue train`"):
        assistant.rank("nobody", "jazz", 10)


def test_a_listeners_place_is_no_matter_of_how_known_tracks_are(
    fresh_home: Path, folder: Path, open_assistant: Open
) -> None:
    """The constant of popularity rides in the index as a coordinate, and is no direction of the space."""
    with open_assistant(fresh_home) as assistant:
        assistant.train(data=folder)
        assistant.add_history("odd", [(f"item-{n}", "play", 20) for n in range(1, 40, 4)])
        assistant.add_history("even", [(f"item-{n}", "play", 20) for n in range(0, 40, 4)])
        agent = assistant._agent()
        points = [agent.recommender.stand(agent.read(who, "jazz"), 5).point for who in ("odd", "even")]
        dim = len(points[0].user)
        assert [point.n_directions for point in points] == [dim - 1] * 2
        one, other = ((point.user + point.query)[:-1] for point in points)
        cosine = float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
        assert nearness(*points) == pytest.approx(cosine)
        loud = [replace(point, query=point.query + 100 * np.eye(dim, dtype=np.float32)[-1]) for point in points]
        assert nearness(*loud) == pytest.approx(cosine)
        assert len(assistant.map_data("jazz", ["odd", "even"], 4).listeners) == 2


def test_a_learnt_space_stays_when_the_catalogue_is_indexed_again(
    fresh_home: Path, folder: Path, open_assistant: Open, write_catalogue: Callable[..., Path]
) -> None:
    with open_assistant(fresh_home) as assistant:
        first = assistant.train(data=folder)
        assert not assistant.index(folder).generation_changed
        grown = assistant.index(write_catalogue())
        assert grown.n_tracks == 80
        status = assistant.status()
        assert status.model is not None
        assert status.model.learned_from == "planted"
        assert grown.generation != first.generation
        assert assistant.rank("nobody", "rock", 80, strict=False).track_ids

        synthetic = assistant.train()
        assert synthetic.generation not in (first.generation, grown.generation)
        status = assistant.status()
        assert status.model is not None
        assert status.model.learned_from is None


def test_a_folder_that_teaches_nothing_changes_nothing(
    fresh_home: Path, tmp_path: Path, open_assistant: Open, write_catalogue: Callable[..., Path]
) -> None:
    data = dataset()
    write_jam(tmp_path / "few", replace(data, splits={"train": data.splits["train"].take(np.arange(20))}))
    write_jam(tmp_path / "none", replace(data, splits={"val": data.splits["val"]}))
    with open_assistant(fresh_home) as assistant:
        before = assistant.index(write_catalogue()).generation
        with pytest.raises(TooFewRequestsError, match="at least 100"):
            assistant.train(data=tmp_path / "few")
        with pytest.raises(NoRequestsError, match="train_split"):
            assistant.train(data=tmp_path / "none")
        status = assistant.status()
        assert status.index is not None
        assert status.index.generation == before
        assert [source.name for source in status.sources] == ["mine"]


def test_an_unknown_act_in_a_history_is_refused_whole(fresh_home: Path, folder: Path, open_assistant: Open) -> None:
    with open_assistant(fresh_home) as assistant:
        assistant.train(data=folder)
        with pytest.raises(UnknownFeedbackError, match="at least once"):
            assistant.add_history("l", [("item-1", "play", 3), ("item-2", "loves", 1)])
        with pytest.raises(UnknownFeedbackError, match="at least once"):
            assistant.add_history("l", [("item-1", "play", 0)])
        assert assistant.status().n_events == 0
