"""No file of predicted appeal, however damaged, keeps a catalogue from being opened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.appeal import predicting
from recsys.appeal.bayes import fit_posterior
from recsys.appeal.content import Block, beside, learn_scaling
from recsys.appeal.errors import AppealError
from recsys.appeal.own import FOLDER, OwnAppeal, save_own
from recsys.appeal.predicting import open_appeal
from recsys.catalogue import Catalogue
from recsys.types import Track


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue.from_tracks([Track(str(n), f"Title {n}", (f"Artist {n}",)) for n in range(3)])


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"nonsense", b"npy"])
def test_damaged_predictions_are_made_again(catalogue: Catalogue, tmp_path: Path, damage: bytes) -> None:
    open_appeal(tmp_path, catalogue, {}, "none")
    (kept,) = (tmp_path / FOLDER / "served").iterdir()
    if damage == b"npy":
        with kept.open("wb") as file:
            np.save(file, np.zeros(3))
    else:
        kept.write_bytes(damage)
    assert open_appeal(tmp_path, catalogue, {}, "none").n_tracks == len(catalogue)


def test_what_a_killed_process_left_is_dropped_and_what_another_is_writing_stays(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    served = tmp_path / FOLDER / "served"
    served.mkdir(parents=True)
    for name in ("left.1-1.part", "now.2-2.part"):
        (served / name).touch()
    os.utime(served / "left.1-1.part", (1, 1))
    open_appeal(tmp_path, catalogue, {}, "none")
    assert sorted(one.suffix for one in served.iterdir()) == [".npz", ".part"]
    assert (served / "now.2-2.part").exists()


def test_nothing_is_kept_of_a_state_that_another_process_replaced_meanwhile(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_before = predicting.predict

    def predict(*told: Any) -> Any:
        found = as_before(*told)
        save_own(tmp_path, OwnAppeal((), (), {}), {})
        return found

    with monkeypatch.context() as patched:
        patched.setattr(predicting, "predict", predict)
        open_appeal(tmp_path, catalogue, {}, "none")
    assert not (tmp_path / FOLDER / "served").exists()
    open_appeal(tmp_path, catalogue, {}, "none")
    assert len(list((tmp_path / FOLDER / "served").iterdir())) == 1


@pytest.mark.parametrize("card", ['{"format": 1, "lear', "[]", "{}", '{"learnt_from": 3}'])
def test_a_damaged_card_of_a_network_is_left_out(catalogue: Catalogue, tmp_path: Path, card: str) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "apex.json").write_text(card, encoding="utf-8")
    assert open_appeal(tmp_path, catalogue, {}, "none").n_tracks == len(catalogue)


def test_vectors_of_another_width_are_told() -> None:
    """As after another text encoder was set."""
    learnt = Block(np.eye(4, dtype=np.float32), np.ones(4, np.bool_))
    scaling = {"text": learn_scaling(learnt, np.arange(4))}
    other = Block(np.ones((4, 6), np.float32), np.ones(4, np.bool_))
    with pytest.raises(AppealError, match="6 numbers a track; 4 were learnt from"):
        beside({"text": other}, scaling, ("text",), np.arange(4))


def test_content_that_never_differs_teaches_nothing() -> None:
    groups = np.array([str(n) for n in range(20)])
    with pytest.raises(AppealError, match="same content"):
        fit_posterior(("popularity",), np.ones((20, 3), np.float32), np.arange(20.0)[:, None], groups, 0)
