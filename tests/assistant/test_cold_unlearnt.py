"""A model that was fitted when nothing could be predicted never saw a prediction, and is not given one later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.app import Assistant
from recsys import generations
from recsys.cold import predicting
from recsys.jam import checkpoint
from recsys.predicted import predicted_rows
from tests.brought_listening import bring_listening


def test_a_model_that_never_saw_a_prediction_is_given_none(
    fresh_home: Path,
    tmp_path: Path,
    write_catalogue: Callable[..., Path],
    open_assistant: Callable[..., Assistant],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_assistant(fresh_home) as assistant:
        assistant.index(write_catalogue(n_tracks=200))
        bring_listening(assistant, fresh_home, tmp_path)
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
