"""A damaged folder of predictions is one that is not there: it is made again, and serving goes on without it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsys.predicted import predicted_rows


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "vectors.npy").write_bytes(b""),
        lambda folder: (folder / "missing.npy").write_bytes(b"PK\x03\x04"),
        lambda folder: (folder / "card.json").write_text("[]"),
        lambda folder: (folder / "card.json").write_text("{}"),
        lambda folder: np.save(folder / "missing.npy", np.array([True])),
    ],
)
def test_a_damaged_folder_is_none_and_is_told(
    tmp_path: Path, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "predicted" / "cf"
    folder.mkdir(parents=True)
    np.save(folder / "vectors.npy", np.ones((5, 3), dtype=np.float32))
    np.save(folder / "missing.npy", np.arange(5) == 0)
    np.save(folder / "stand_ins.npy", np.zeros(5, dtype=np.bool_))
    (folder / "card.json").write_text(json.dumps({"contents": {"text": 1.0}}), encoding="utf-8")
    assert predicted_rows(tmp_path, 5).of(0) == ("text",)
    assert not caplog.text
    assert predicted_rows(tmp_path, 6).of(0) == ()
    damage(folder)
    caplog.clear()
    assert predicted_rows(tmp_path, 5).of(0) == ()
    assert "segue train" in caplog.text
