"""A model that was fitted when nothing could be predicted never saw a prediction, and is not given one later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.app import Assistant
from recsys import generations
from recsys.catalogue import Catalogue
from recsys.cold import predicting
from recsys.jam import checkpoint
from recsys.predicted import predicted_rows


def test_a_model_that_never_saw_a_prediction_is_given_none(
    fresh_home: Path,
    tmp_path: Path,
    write_catalogue: Callable[..., Path],
    open_assistant: Callable[..., Assistant],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_assistant(fresh_home) as assistant:
        assistant.index(write_catalogue(n_tracks=200))
        catalogue = Catalogue.load(generations.current(fresh_home).folder / "catalogue")
        rng = np.random.default_rng(0)
        styles = np.unique([names[0] for names in catalogue.genres], return_inverse=True)[1]
        vectors = rng.standard_normal((4, 6))[styles] + 0.2 * rng.standard_normal((200, 6))
        artists = np.unique([names[0] for names in catalogue.artists], return_inverse=True)[1]
        known = np.flatnonzero(artists % 4 != 0)
        np.save(tmp_path / "vectors.npy", vectors[known])
        (tmp_path / "ids.txt").write_text("\n".join(catalogue.track_ids[row] for row in known), encoding="utf-8")
        assistant.add_embeddings("cf", tmp_path / "vectors.npy", tmp_path / "ids.txt")
        with monkeypatch.context() as patched:
            patched.setattr(predicting, "FEWEST_ARTISTS", 10_000)
            assistant.index()
        first = generations.current(fresh_home)
        assert not predicted_rows(first.folder, 200).missing
        assistant.index(write_catalogue(n_tracks=210))
        second = generations.current(fresh_home)
        assert second.key != first.key
        one, other = (checkpoint.load(generation.folder / "jam").card["model_id"] for generation in (first, second))
        assert one == other
        assert not predicted_rows(second.folder, 210).missing
