"""How conversations are described: counts worked out by hand, and the command on files of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.errors import EvaluationDataError
from evals.walks import ALONE, REAL, WALKS, describe, evaluate, named_in, read_held
from recsys.catalogue import Catalogue
from recsys.dialogues import Dialogue, DialogueTurn
from recsys.errors import DialogueFileError
from recsys.types import Track
from tests.planted import planted_tracks

TRACKS = [
    Track("a1", "One", ("The Doors",)),
    Track("a2", "Two", ("The Doors", "Guest")),
    Track("b1", "Three", ("Sade",)),
    Track("c1", "Four", ("Ye",)),
    Track("d1", "Five", ("Nobody's",)),
]
CATALOGUE = Catalogue.from_tracks(TRACKS)
DIALOGUE = Dialogue(
    "d",
    (
        DialogueTurn("Hello!"),
        DialogueTurn("some DOORS please", liked=("a1", "c1"), disliked=("d1",)),
        DialogueTurn("more, and ye", liked=("a2", "b1")),
        DialogueTurn("hello"),
    ),
    ("a1", "c1", "a2", "b1"),
)


def values(subset: str, metric: str) -> list[float]:
    return [value for _, value in describe([DIALOGUE], CATALOGUE)[subset][metric]]


def test_the_counts_are_those_of_the_docstring() -> None:
    assert values("all", "turns") == [4]
    assert values("all", "goal") == [4]
    assert values("all", "goal_artists") == [3]
    assert values("all", "goal_named") == [0.5]
    assert values("all", "likes") == [0, 2, 2, 0]
    assert values("all", "dislikes") == [0, 1, 0, 0]
    assert values("all", "unliked") == [1, 0, 0, 1]
    assert values("all", "words") == [1, 3, 3, 1]
    assert values("all", "names") == [0, 1, 0, 0]  # "ye" is too short to be told from a word
    assert values("all", "named") == [0, 1, 0, 0]
    assert values("all", "liked_named") == [0.5]
    assert values("all", "liked_known") == [0.5]  # of turn 2 alone: nothing was liked before turn 1
    assert values("all", "novel") == [0, 1, 1, 0]
    assert values("all", "found") == [0, 1, 0]  # nothing is left to be found after "hello"
    assert values("all", "found_liked") == [0, 1, 1]  # "doors" is still among the words
    assert values("turn 1", "likes") == [2]
    assert "turn 4" not in describe([DIALOGUE], CATALOGUE)


def test_names_are_whole_words() -> None:
    assert named_in("anything by The Doors?", {"doors", "sade"}) == {"doors"}
    assert named_in("outdoors", {"doors"}) == set()


def line(name: str, goal: list[str], utterances: list[str]) -> dict[str, Any]:
    turns = [
        {"user_query": text, "system_response": "ok", "liked_results": goal[:2], "disliked_results": ["unknown"]}
        for text in utterances
    ]
    return {"id": name, "turns": turns, "goal_playlist": goal}


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return path


def test_dialogues_are_read_with_the_tracks_that_are_known(tmp_path: Path) -> None:
    path = write(tmp_path / "dialogs.jsonl", [line("x", ["a1", "gone"], ["hi"]), line("empty", ["gone"], ["hi"])])
    (read,) = read_held(path, CATALOGUE)
    assert read == Dialogue("x", (DialogueTurn("hi", "ok", ("a1",)),), ("a1",))


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(DialogueFileError, match=r"wrong\.jsonl, line 1"):
        read_held(write(tmp_path / "wrong.jsonl", [{"id": "x"}]), CATALOGUE)
    with pytest.raises(EvaluationDataError, match="none of the 1 dialogues"):
        read_held(write(tmp_path / "other.jsonl", [line("x", ["gone"], ["hi"])]), CATALOGUE)


def test_real_and_made_conversations_stand_side_by_side(tmp_path: Path) -> None:
    tracks = planted_tracks()
    rows = [{"track_id": t.track_id, "title": t.title, "artist": t.artist, "album": t.album} for t in tracks]
    catalogue = write(tmp_path / "tracks.jsonl", rows)
    lines = [line(f"x{n}", [t.track_id for t in tracks[8 * n : 8 * n + 8]], ["some jazz", "more"]) for n in range(20)]
    report = evaluate(catalogue, write(tmp_path / "dialogs.jsonl", lines), 15, [1, 2])
    assert set(report.results) == {REAL, WALKS, ALONE}
    assert report.results[REAL]["all"]["turns"].mean == 2
    assert report.results[REAL]["all"]["goal"].n == 20
    for system in (WALKS, ALONE):
        assert report.results[system]["all"]["goal"].n == 30
        assert 4 < report.results[system]["all"]["turns"].mean < 7
        assert report.results[system]["all"]["named"].mean > 0.2
