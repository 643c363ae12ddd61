"""Precomputed spaces on the command line: brought in, listed, fitted, heard, dropped; or refused with a reason."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.settings import Settings
from recsys import generations
from recsys.jam import checkpoint
from tests.e2e.test_command_line import Transcript, command_line

pytestmark = pytest.mark.e2e

WHEN = r"\d{4}-\d\d-\d\d \d\d:\d\d"
NUMBER = r"[01]\.\d{3}"


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, small_catalogue: Path) -> Iterator[Path]:
    """The small catalogue, indexed; with a playlist of every seventh track, which nothing that is stated tells."""
    folder = tmp_path_factory.mktemp("embeddings")
    rows = list(csv.reader(small_catalogue.read_text(encoding="utf-8").splitlines()))
    rows[0] += ["playlist_id", "playlist_name"]
    for n, row in enumerate(rows[1:]):
        row += [f"p{n % 7}", "evening"]
    with (folder / "songs.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    ids = [row[0] for row in rows[1:]]
    (folder / "ids.csv").write_text("\n".join(["track_id", *ids, "elsewhere"]), encoding="utf-8")
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((7, 10))[np.arange(len(ids) + 1) % 7]
    vectors[3] = 0
    np.save(folder / "mert.npy", vectors)
    with pytest.MonkeyPatch.context() as patch:
        settings = {
            "HOME": folder / "home",
            "TRAINING_STEPS": 60,
            "THREADS": 1,
            "LISTENER": "ann",
            "LOG_LEVEL": "error",
        }
        for name, value in settings.items():
            patch.setenv(f"SEGUE_{name}", str(value))
        done = command_line("index", folder / "songs.csv", "--name", "mine")
        assert done.status == 0, done.err
        yield folder


@pytest.fixture
def home(indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of it, so that no test sees what another one did."""
    folder = Path(shutil.copytree(indexed, tmp_path / "copy"))
    monkeypatch.setenv("SEGUE_HOME", str(folder / "home"))
    return folder


def playlist(folder: Path) -> object:
    """What is given to whoever asks for nothing in particular."""
    done = command_line("playlist", "something nice, 8 tracks", "--seed", 7, "-o", folder / "list.json")
    assert done.status == 0, done.err
    return json.loads((folder / "list.json").read_text(encoding="utf-8"))["tracks"]


def model_of(folder: Path) -> checkpoint.Checkpoint:
    return checkpoint.load(generations.current(folder / "home").folder / "jam")


def test_a_space_is_brought_in_fitted_heard_and_dropped(home: Path) -> None:
    assert command_line("embeddings", "list").lines == ["No spaces are stored; `segue embeddings add` brings one in"]
    before, base = playlist(home), model_of(home)
    done = command_line("embeddings", "add", "mert", home / "mert.npy", "--ids", home / "ids.csv")
    assert (done.status, done.err) == (0, "")
    unused = (
        "not used by the model being served: `segue train --only mert` fits it alone, `segue train` everything anew"
    )
    assert done.lines == [
        "mert: 154 rows of width 10 from mert.npy",
        "  153 of 154 ids are tracks here; 1 row of zeros",
        f"  {unused}",
    ]
    described = rf"mert: 154 rows of tracks, width 10 \(mert\.npy, {WHEN}\); "
    listed = command_line("embeddings", "list")
    assert re.fullmatch(described + re.escape(unused) + "\n", listed.out)
    assert playlist(home) == before

    done = command_line("train", "--only", "mert", "--steps", 120)
    assert done.status == 0, done.err
    assert done.lines[0] == "Fitted only mert to the model being served, which otherwise stays as it was"
    assert re.fullmatch(
        r"  cost: 120 steps on 540 examples, loss \d\.\d{3}; \d+\.\d s, \d+\.\d s of them fitting", done.lines[1]
    )
    found = re.fullmatch(
        rf"  held-out recall@10: ({NUMBER}) before, ({NUMBER}) with mert "
        rf"\(95 % interval of the difference ([+-]{NUMBER}) to [+-]{NUMBER}; 60 requests of synthetic listeners\)",
        done.lines[2],
    )
    assert found, done.lines[2]
    assert float(found[2]) > float(found[1])
    assert float(found[3]) > 0
    assert done.lines[3].startswith("  held-out recall@100: ")
    assert len(done.lines) == 4
    weights = model_of(home).weights
    for name in base.weights:
        width = base.weights[name].shape[-1]
        np.testing.assert_array_equal(weights[name][..., :width], base.weights[name])

    assert re.fullmatch(described + "used by the model being served\n", command_line("embeddings", "list").out)
    status = command_line("status")
    assert "on synthetic listeners, with mert" in " ".join(status.out.split())
    assert re.search(r"^Spaces +mert: 154 rows of tracks", status.out, re.MULTILINE)
    assert playlist(home) != before
    again = command_line("train", "--only", "mert", "--steps", 120)
    assert again.lines[0] == "mert was fitted already to the model being served, which otherwise stays as it was"
    assert again.lines[2:] == done.lines[2:]

    done = command_line("embeddings", "remove", "mert")
    assert (done.status, done.lines) == (
        0,
        [
            "Removed mert, 154 rows of tracks",
            "  the model being served goes on with it; `segue index` makes one without it",
        ],
    )
    assert playlist(home) != before
    assert command_line("index").status == 0
    assert playlist(home) == before
    assert json.loads(command_line("status", "--json").out)["spaces"] == []
    assert not (home / "home" / "embeddings" / "mert").exists()


@pytest.mark.parametrize(
    ("name", "vectors", "ids", "said"),
    [
        (
            "mert",
            [[np.nan, 1.0], [1.0, 2.0]],
            "t0\nt1",
            "row 0 has NaN or infinity; write zeros where nothing is",
        ),
        ("mert", [[1.0, 1.0]], "t0\nt1", "it has 1 rows but bad.txt has 2 ids; give one id for each row"),
        ("mert", [[1.0], [2.0]], "x\ny", "none of its 2 ids, such as 'x', is one of the tracks here; `segue status`"),
        ("tags", [[1.0], [2.0]], "t0\nt1", "Segue makes that one itself; choose another name"),
        ("../mert", [[1.0], [2.0]], "t0\nt1", "it is no name; use lower-case letters, digits and _"),
    ],
)
def test_what_cannot_be_used_leaves_everything_as_it_was(
    home: Path, tmp_path: Path, name: str, vectors: list[list[float]], ids: str, said: str
) -> None:
    assert command_line("embeddings", "add", "mert", home / "mert.npy", "--ids", home / "ids.csv").status == 0
    stored, served = command_line("embeddings", "list").out, command_line("status", "--json").out
    np.save(tmp_path / "bad.npy", vectors)
    (tmp_path / "bad.txt").write_text(ids, encoding="utf-8")
    done = command_line("embeddings", "add", name, tmp_path / "bad.npy", "--ids", tmp_path / "bad.txt")
    assert refused(done, said)
    assert command_line("embeddings", "list").out == stored
    assert json.loads(command_line("status", "--json").out)["index"] == json.loads(served)["index"]


def test_an_unknown_space_is_named(home: Path) -> None:
    for line in (("embeddings", "remove", "mert"), ("train", "--only", "mert")):
        assert refused(command_line(*line), "there is no space 'mert'; stored are: none (`segue embeddings list`)")


def test_vectors_of_listeners_are_learnt_from_what_they_like_and_forgotten_with_them(
    home: Path, tmp_path: Path
) -> None:
    people = [f"p{n}" for n in range(12)]
    (tmp_path / "people.txt").write_text("\n".join([*people, "stranger"]), encoding="utf-8")
    np.save(tmp_path / "people.npy", np.eye(2, 5)[np.arange(13) % 2])
    line = ("embeddings", "add", "people", tmp_path / "people.npy", "--ids", tmp_path / "people.txt")
    assert refused(command_line(*line, "--of", "listeners"), "is one of the listeners here")
    with Assistant(Settings(_env_file=None, home=home / "home", threads=1, log_level="error")) as assistant:
        for n, one in enumerate(people):  # jazz, or techno
            for track in range(4 * (n % 2), 60, 5):
                assistant.feedback(one, None, f"t{track}", "like")
        assistant.feedback("stranger", None, "t1", "skip")
    done = command_line(*line, "--of", "listeners")
    assert done.lines[:2] == ["people: 13 rows of width 5 from people.npy", "  13 of 13 ids are listeners here"]
    done = command_line("train", "--only", "people", "--steps", 120)
    assert done.status == 0, done.err
    assert "requests of listeners with vectors of their own" in done.out
    assert model_of(home).card["listeners"] == ["people"]
    with Assistant(Settings(_env_file=None, home=home / "home", threads=1, log_level="error")) as assistant:
        theirs = assistant.rank("stranger", "something nice", 20)  # who likes nothing yet
        assert sum(int(one[1:]) % 5 == 0 for one in theirs.track_ids) > 12  # jazz
        nobody = assistant.rank("nobody", "something nice", 20)
        assert assistant.forget("stranger")
        assert assistant.rank("stranger", "something nice", 20) == nobody
        assert not assistant.forget("stranger")
    assert "stranger" not in "".join(
        file.read_text(encoding="utf-8") for file in (home / "home" / "embeddings").rglob("*.json")
    )


def refused(done: Transcript, said: str) -> bool:
    """Tell whether a command failed on one line that says so."""
    return (done.status, done.out) == (1, "") and said in done.err and done.err.count("\n") == 1
