"""Files of predictions in the official format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.cpcd_files import read_predictions, write_predictions
from recsys.dialogues import Dialogue, DialogueTurn
from recsys.errors import DialogueFileError

TALKS = [Dialogue("x", (DialogueTurn("a"), DialogueTurn("b")), ("t",)), Dialogue("y:z", (DialogueTurn("c"),), ("t",))]
KNOWN = dict.fromkeys(("t", "u"))
RANKED = {"x": [["t", "u"], []], "y:z": [["u"]]}


def said(docid: Any, *tracks: str) -> dict[str, Any]:
    return {"docid": docid, "neighbor": [{"docid": track, "distance": 0.5} for track in tracks]}


def write(path: Path, *values: Any) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


def test_the_form_is_the_official_one_and_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    write_predictions(path, RANKED)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert json.loads(first) == {"docid": "x:0", "neighbor": [{"docid": "t"}, {"docid": "u"}]}
    assert read_predictions(path, TALKS, KNOWN) == RANKED


def test_order_distances_and_other_dialogues_do_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path / "p", said("y:z:0", "u"), said("q:7", "nowhere"), said("x:1"), said("x:0", "t", "u"))
    assert read_predictions(path, TALKS, KNOWN) == RANKED


@pytest.mark.parametrize(
    ("last", "problem"),
    [
        (said("x:1"), "has no prediction for turn 0 of dialogue 'y:z'"),
        (said("x:0"), "line 2: turn 0 of dialogue 'x' is said twice"),
        (said("x:2"), "line 2: turn 2 of dialogue 'x' is not one of its 2 turns"),
        (said("x"), "line 2: the docid 'x' is not <dialogue>:<turn>"),
        (said("x:-1"), "the docid 'x:-1' is not"),
        (said(7), "the docid 7 is not"),
        (said("x:1", "nowhere"), "line 2: track 'nowhere' is not among the 2 tracks"),
        ({"docid": "x:1", "neighbor": ["t"]}, "line 2: neighbor is not a list of objects"),
        ({"docid": "x:1"}, "neighbor is not a list"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, last: dict[str, Any], problem: str) -> None:
    path = write(tmp_path / "p", said("x:0", "t"), last)
    with pytest.raises(DialogueFileError, match=problem):
        read_predictions(path, TALKS, KNOWN)
