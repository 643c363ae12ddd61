"""Files of dialogues: both published versions are read, what is wrong is named, and what is written is read back."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from recsys.catalogue import Catalogue
from recsys.dialogue_files import clusters_of, read_clusters, read_dialogues, write_dialogues, write_tracks
from recsys.dialogues import Dialogue, DialogueTurn
from recsys.errors import DialogueFileError, SourceError
from recsys.types import Track

DIALOGUE = Dialogue(
    "0a1b",
    (
        DialogueTurn("Some jazz?", "Here you are.", ("a", "b", "c", "d"), ("e",)),
        DialogueTurn("Zorblax – naïve", "", (), ("f", "e")),
    ),
    ("a", "d", "z"),
)


def published(version: int = 0, **changes: Any) -> dict[str, Any]:
    """`DIALOGUE` as it would be published."""
    metadata = {"track_ids": "a", "track_titles": "Alison", "track_artists": ["Fox"], "track_release_titles": "Den"}
    if version == 1:
        metadata |= {"track_canonical_ids": "a", "track_cluster_ids": "c0"}
    turns = [
        {
            "user_query": turn.utterance,
            "system_response": turn.response,
            "search_queries": ["jazz"],
            "search_results": [["q", "r"]],
            "liked_results": list(turn.liked),
            "disliked_results": list(turn.disliked),
        }
        for turn in DIALOGUE.turns
    ]
    return {"id": "0a1b", "turns": turns, "tracks": {"a": metadata}, "goal_playlist": ["a", "d", "z"]} | changes


def lines(path: Path, *values: Any) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return path


@pytest.mark.parametrize("version", [0, 1])
def test_both_versions_are_read(tmp_path: Path, version: int) -> None:
    assert read_dialogues(lines(tmp_path / "d.jsonl", published(version))) == [DIALOGUE]


def test_a_gzipped_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    plain = lines(tmp_path / "d.jsonl", published(), published(id="other"))
    (tmp_path / "packed").write_bytes(gzip.compress(plain.read_bytes()))
    assert read_dialogues(tmp_path / "packed") == read_dialogues(plain)


def test_a_dialogue_may_have_no_goal_and_no_tracks(tmp_path: Path) -> None:
    value = published(goal_playlist=[])
    del value["tracks"]
    assert read_dialogues(lines(tmp_path / "d.jsonl", value))[0].goal == ()


def turn(**changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = published()["turns"][0] | changes
    return {name: one for name, one in value.items() if one is not ...}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": 7}, "a dialogue has the id 7 but needs text"),
        ({"id": ""}, "the id ''"),
        ({"turns": []}, "dialogue '0a1b' has list .* as turns but needs a list of at least one turn"),
        ({"turns": ["hello"]}, r"dialogue '0a1b' has str 'hello' as turns\[0\] but needs an object"),
        ({"turns": [turn(), turn(user_query=None)]}, "turn 1 of dialogue '0a1b' has none as user_query but needs text"),
        ({"turns": [turn(system_response=3)]}, "turn 0 of dialogue '0a1b' has int '3' as system_response"),
        ({"turns": [turn(liked_results=...)]}, "turn 0 of dialogue '0a1b' has none as liked_results but needs a list"),
        ({"turns": [turn(disliked_results=[1])]}, "as disliked_results but needs a list of track ids"),
        ({"goal_playlist": "a"}, "dialogue '0a1b' has str 'a' as goal_playlist but needs a list of track ids"),
    ],
)
def test_a_bad_field_is_named_with_its_line_and_dialogue(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    path = lines(tmp_path / "d.jsonl", published(id="first"), published() | changes)
    with pytest.raises(DialogueFileError, match=said) as caught:
        read_dialogues(path)
    assert caught.value.line == 2
    assert f"{path}, line 2" in str(caught.value)
    assert "leave it out" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it holds no dialogue"),
        ("\n \n", "it holds no dialogue"),
        ("{", "line 1: this is not JSON"),
        ("[1]\n", "line 1: this is not a JSON object"),
        ("[" * 100_000, "line 1: this is not JSON"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "d.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(DialogueFileError, match=said):
        read_dialogues(tmp_path / "d.jsonl")


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    packed = gzip.compress(lines(tmp_path / "d.jsonl", published()).read_bytes())
    (tmp_path / "half.gz").write_bytes(packed[:-12])
    (tmp_path / "latin").write_bytes(b'{"id": "\xe9"}\n')
    for name, said in (("none", "No such file"), (".", "directory"), ("half.gz", "end"), ("latin", "line 1.*JSON")):
        with pytest.raises(DialogueFileError, match=said):
            read_dialogues(tmp_path / name)


def test_two_dialogues_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DialogueFileError, match="line 2: a second dialogue has the id '0a1b'"):
        read_dialogues(lines(tmp_path / "d.jsonl", published(), published()))


TRACKS = [
    Track("a", "Alison", ("Fox",), album="Den"),
    Track("b", "Alison (Live)", ("The Fox",)),
    Track("c", "Alison", ("Wolf",)),
    Track("d", "Bell", ("Fox",)),
]


def test_clusters_are_those_of_the_file_and_made_where_it_has_none(tmp_path: Path) -> None:
    """Even where two clusters of the file look like one work: its word counts."""
    rows = [
        {"track_ids": one.track_id, "track_titles": one.title, "track_artists": list(one.artists)} for one in TRACKS
    ]
    made = read_clusters(lines(tmp_path / "made.jsonl", *rows))
    assert made["a"] == made["b"]
    assert len(set(made.values())) == 3
    stated = [row | {"track_cluster_ids": cluster} for row, cluster in zip(rows, "xyzz", strict=True)]
    assert read_clusters(lines(tmp_path / "stated.jsonl", *stated)) == {"a": "x", "b": "y", "c": "z", "d": "z"}
    mixed = read_clusters(lines(tmp_path / "mixed.jsonl", *rows[:3], stated[3]))
    assert mixed["a"] == mixed["b"] != mixed["c"]
    assert mixed["d"] == "z"
    with pytest.raises(SourceError):
        read_clusters(tmp_path / "none.jsonl")


def test_what_is_written_is_read_back_and_described(tmp_path: Path) -> None:
    catalogue = Catalogue.from_tracks(TRACKS)
    write_dialogues(tmp_path / "d.jsonl", [DIALOGUE], catalogue)
    assert read_dialogues(tmp_path / "d.jsonl") == [DIALOGUE]
    tracks = json.loads((tmp_path / "d.jsonl").read_text(encoding="utf-8"))["tracks"]
    assert set(tracks) == {"a", "b", "c", "d"}, "those that the catalogue has"
    cluster = clusters_of(catalogue)["a"]
    assert tracks["b"] == {
        "track_ids": "b",
        "track_titles": "Alison (Live)",
        "track_artists": ["The Fox"],
        "track_release_titles": "",
        "track_canonical_ids": "a",
        "track_cluster_ids": cluster,
    }
    write_tracks(tmp_path / "t.jsonl", catalogue)
    assert read_clusters(tmp_path / "t.jsonl") == clusters_of(catalogue)


def test_the_published_dialogues_and_clusters_are_read(eval_data: Path) -> None:
    dialogues = read_dialogues(eval_data / "cpcd" / "dialogs.train.jsonl")
    assert (len(dialogues), sum(len(one.turns) for one in dialogues)) == (400, 2_129)
    clusters = read_clusters(eval_data / "cpcd" / "tracks.jsonl")
    assert len(clusters) == 15_418
    assert all(track_id in clusters for one in dialogues for track_id in one.goal)
