"""Precomputed spaces through the assistant: what is learnt from whom, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.spaces import histories_of
from recsys.fitting import CannotFitOnlyError
from recsys.jam.files import write_jam
from recsys.store import Store
from recsys.types import Event, EventKind
from tests.jam_data import dataset
from tests.planted import planted_catalogue

Open = Callable[..., Assistant]
NOW = 1_700_000_000.0


def bring(assistant: Assistant, folder: Path, name: str, ids: list[str], seed: int = 0, **how: str) -> None:
    np.save(folder / "vectors.npy", np.random.default_rng(seed).standard_normal((len(ids), 6)))
    (folder / "ids.txt").write_text("\n".join(ids), encoding="utf-8")
    assistant.add_embeddings(name, folder / "vectors.npy", folder / "ids.txt", **how)


def test_what_speaks_for_a_listener_is_what_adds_up_to_something_good() -> None:
    store = Store.open("sqlite://")
    catalogue = planted_catalogue()
    liked, disliked, left, old = (catalogue.track_ids[row] for row in (3, 5, 8, 13))
    day = 86_400.0
    store.add_events(
        [
            Event("ann", liked, EventKind.LIKE, NOW),
            Event("ann", disliked, EventKind.LIKE, NOW - day),
            Event("ann", disliked, EventKind.DISLIKE, NOW),
            Event("ann", left, EventKind.PLAY, NOW, completion=0.1),
            Event("ann", old, EventKind.KEEP, NOW - 900 * day),
            Event("ann", "of another catalogue", EventKind.LIKE, NOW),
            Event("bob", left, EventKind.SKIP, NOW),
        ]
    )
    found = histories_of(store, 180.0)(["ann", "bob", "nobody"], catalogue)
    assert {name: rows.tolist() for name, rows in found.items()} == {"ann": [3, 13]}


def test_a_replaced_space_is_told_from_the_one_being_served(
    fresh_home: Path, tmp_path: Path, write_catalogue: Callable[..., Path], open_assistant: Open
) -> None:
    with open_assistant(fresh_home) as assistant:
        assistant.index(write_catalogue())
        ids = list(assistant.rank("nobody", "", 40).track_ids)
        bring(assistant, tmp_path, "cf", ids)
        (space,) = assistant.status().spaces
        assert (space.used, space.replaced, space.width, space.n_rows) == (False, False, 6, 40)
        report = assistant.train()
        assert (report.only, report.trained) == ("", True)
        assert {(gain.space, gain.depth) for gain in report.gains} == {("cf", 10), ("cf", 100)}
        (space,) = assistant.embeddings()
        assert (space.used, space.remedy) == (True, "")
        bring(assistant, tmp_path, "cf", ids, seed=1)
        (space,) = assistant.embeddings()
        assert (space.used, space.replaced) == (False, True)
        assert "segue train --only cf" in space.remedy
        assert assistant.train(only="cf").only == "cf"
        assert assistant.embeddings()[0].used
        assert not assistant.index().generation_changed


def test_a_space_joins_what_is_learnt_from_real_requests(
    fresh_home: Path, tmp_path: Path, open_assistant: Open
) -> None:
    data = dataset()
    write_jam(tmp_path / "planted", replace(data, splits={"train": data.splits["train"]}))
    with open_assistant(fresh_home) as assistant:
        first = assistant.train(data=tmp_path / "planted")
        ids = [f"item-{n}" for n in range(40)]
        bring(assistant, tmp_path, "cf", ids)
        assistant.add_history("ann", [("item-1", "like", 1)])
        bring(assistant, tmp_path, "people", ["ann"], of="listeners")
        cf, people = assistant.embeddings()
        assert (cf.used, people.used) == (False, False)
        assert "segue index" in cf.remedy
        assert "takes no vectors of listeners" in people.remedy
        with pytest.raises(CannotFitOnlyError, match="run `segue train`"):
            assistant.train(only="cf")
        assert assistant.index().generation != first.generation
        model = assistant.status().model
        assert model is not None
        assert (model.spaces, model.learned_from) == (("cf",), "planted")
        cf, people = assistant.embeddings()
        assert (cf.used, people.used) == (True, False)
        assert assistant.rank("nobody", "jazz", 10, strict=False).track_ids
        assert not assistant.index().generation_changed
        assistant.remove_embeddings("cf")
        assert assistant.index().generation == first.generation
