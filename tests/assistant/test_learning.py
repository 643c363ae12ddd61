"""Learning from real requests: `segue train --data`, from the folder to what a listener is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.errors import UnknownFeedbackError
from assistant.reply import Message
from recsys.jam.files import write_jam
from recsys.jam.requests import TooFewRequestsError
from recsys.learned import NoRequestsError
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
