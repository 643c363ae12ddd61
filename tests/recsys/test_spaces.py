"""Spaces brought in: stored whole or not at all, with their rows at unit length, and refused with a reason."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recsys import spaces
from recsys.space_files import SpaceError, read_ids
from recsys.spaces import LISTENERS, UnknownSpaceError, add_space, open_space
from recsys.types import Modality

KNOWN = {"a", "b", "c"}
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def files(folder: Path, vectors: object, ids: str, name: str = "ids.txt") -> tuple[Path, Path]:
    np.save(folder / "vectors.npy", np.asarray(vectors))
    (folder / name).write_text(ids, encoding="utf-8")
    return folder / "vectors.npy", folder / name


def test_a_space_is_stored_at_unit_length_and_opened_by_id(tmp_path: Path) -> None:
    added = add_space(tmp_path, "cf", *files(tmp_path, [[3, 4], [0, 0], [0, -2]], "a\nb\nz\n"), KNOWN)
    assert (added.n_known, added.n_unknown, added.n_zero, added.changed) == (2, 1, 1, True)
    assert (added.card.name, added.card.of, added.card.n_rows, added.card.width) == ("cf", "tracks", 3, 2)
    assert spaces.cards(tmp_path) == [added.card]
    table, here = open_space(tmp_path, "cf").rows(["c", "z", "a", "b"])
    np.testing.assert_allclose(table, [[0, 0], [0, -1], [0.6, 0.8], [0, 0]], atol=1e-6)
    assert here.tolist() == [False, True, True, False]
    again = add_space(tmp_path, "cf", tmp_path / "vectors.npy", tmp_path / "ids.txt", KNOWN)
    assert not again.changed
    assert again.card == added.card


def test_sizes_that_a_float_hardly_holds_are_only_directions(tmp_path: Path) -> None:
    add_space(tmp_path, "cf", *files(tmp_path, [[1e300, 1e300], [1e-300, 0]], "a\nb"), KNOWN)
    np.testing.assert_allclose(open_space(tmp_path, "cf").vectors, [[0.5**0.5] * 2, [1, 0]], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("ids.txt", "a\nb\nc\n\n"),
        ("ids.csv", 'title,track_id\nOne,a\n"Two, too",b\nThree,c\n'),
        ("ids.tsv", "user_id\tn\na\t1\nb\t2\nc\t3\n"),
        ("ids.txt", "id\na\nb\nc"),
        ("ids.csv", "\ufeffid\r\na\r\nb\r\nc\r\n"),
    ],
)
def test_ids_are_lines_or_a_column(tmp_path: Path, name: str, ids: str) -> None:
    (tmp_path / name).write_text(ids, encoding="utf-8", newline="")
    assert read_ids(tmp_path / name) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("name", "vectors", "ids", "said"),
    [
        ("cf", [[1.0, np.nan], [1, 1]], "a\nb", "row 0 has NaN or infinity; write zeros"),
        ("cf", [[1.0, 1], [np.inf, 1]], "a\nb", "row 1 has NaN or infinity"),
        ("cf", [[1.0, 1]], "a\nb", r"it has 1 rows but ids.txt has 2 ids; give one id for each row"),
        ("cf", [[1.0, 1], [1, 2]], "a\na", r"'a' is in lines 1 and 2; give each id one row"),
        ("cf", [[1.0, 1], [1, 2]], "a\n\nb", "line 2 has no id"),
        ("cf", [[1.0, 1]], "x", r"none of its 1 ids, such as 'x', is one of the tracks here; `segue status`"),
        ("cf", [1.0, 2.0], "a\nb", r"it is float64 of shape \(2,\); give one array \(rows, width\) of numbers"),
        ("cf", [["p"], ["q"]], "a\nb", "give one array"),
        ("cf", [[1 + 2j]], "a", "give one array"),
        ("cf", [[0.0, 0], [0, 0]], "a\nb", "every row is zero, which says nothing"),
        ("CF!", [[1.0]], "a", "'CF!': it is no name; use lower-case letters, digits and _"),
        ("tags", [[1.0]], "a", "Segue makes that one itself; choose another name"),
    ],
)
def test_what_cannot_be_used_is_named_and_changes_nothing(
    tmp_path: Path, name: str, vectors: object, ids: str, said: str
) -> None:
    kept = add_space(tmp_path, "cf", *files(tmp_path, [[1, 0]], "a"), KNOWN).card
    with pytest.raises(SpaceError, match=said):
        add_space(tmp_path, name, *files(tmp_path, vectors, ids), KNOWN)
    assert spaces.cards(tmp_path) == [kept]
    assert [path.name for path in (tmp_path / "embeddings").iterdir()] == ["cf"]
    assert len(list((tmp_path / "embeddings" / "cf").iterdir())) == 2
    assert open_space(tmp_path, "cf").ids == ("a",)


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    vectors, ids = files(tmp_path, [[1.0]], "a")
    (tmp_path / "torn.npy").write_bytes(b"\x93NUMPY")
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "archive.npy.npz", vectors=[[1.0]])
    for path in (tmp_path / "torn.npy", tmp_path / "objects.npy", tmp_path / "archive.npy.npz", tmp_path / "none.npy"):
        with pytest.raises(SpaceError, match=r"give one array|write it with numpy\.save"):
            add_space(tmp_path, "cf", path, ids, KNOWN)
    with pytest.raises(SpaceError, match="give a text file of ids"):
        add_space(tmp_path, "cf", vectors, vectors, KNOWN)
    (tmp_path / "ids.csv").write_text("name,rank\na,1\n", encoding="utf-8")
    with pytest.raises(SpaceError, match="its columns are name, rank; call the ids' column id"):
        add_space(tmp_path, "cf", vectors, tmp_path / "ids.csv", KNOWN)
    assert spaces.cards(tmp_path) == []


def test_a_kill_between_files_leaves_the_space_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_space(tmp_path, "cf", *files(tmp_path, [[1, 0]], "a"), KNOWN)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(spaces, "_write_whole", killed)
        with pytest.raises(KeyboardInterrupt):
            add_space(tmp_path, "cf", *files(tmp_path, [[0, 1]], "b"), KNOWN)
    assert open_space(tmp_path, "cf").ids == ("a",)
    add_space(tmp_path, "cf", *files(tmp_path, [[0, 1]], "b"), KNOWN)
    assert open_space(tmp_path, "cf").ids == ("b",)
    assert len(list((tmp_path / "embeddings" / "cf").iterdir())) == 2  # the card, and the folder it names


_ADD = """
import os, shutil, signal, sys
from pathlib import Path

die_at, met = int(sys.argv[2]), 0

def boundary():
    global met
    met += 1
    if met == die_at:
        os.kill(os.getpid(), signal.SIGKILL)

def watched(act):
    def watch(*given, **named):
        boundary()
        act(*given, **named)
        boundary()
    return watch

os.replace, shutil.rmtree, Path.mkdir = watched(os.replace), watched(shutil.rmtree), watched(Path.mkdir)
from recsys.spaces import add_space
home = Path(sys.argv[1])
add_space(home, "people", home / "vectors.npy", home / "ids.txt", {"b"}, of="listeners")
"""


@pytest.mark.parametrize("forgotten", [False, True], ids=["replaced", "restored"])
def test_killed_at_any_moment_a_space_is_the_old_or_the_new(tmp_path: Path, forgotten: bool) -> None:
    """Another space in its place, or the same one again after a listener was forgotten."""
    new = files(tmp_path, [[0, 1], [1, 0]], "b\nc")
    for die_at in range(1, 100):
        home = tmp_path / str(die_at)
        home.mkdir()
        add_space(home, "people", *(new if forgotten else files(home, [[1, 0]], "a")), {"a", "b"}, of=LISTENERS)
        spaces.forget(home, "b")
        old = open_space(home, "people").ids
        assert old == (("", "c") if forgotten else ("a",))
        for file in new:
            shutil.copy(file, home)
        killed = subprocess.run([sys.executable, "-c", _ADD, home, str(die_at)], env=_ENVIRONMENT, check=False)
        opened = open_space(home, "people")
        assert opened.ids in (old, ("b", "c"))
        np.testing.assert_array_equal(opened.vectors.any(axis=1), [bool(one) for one in opened.ids])
        if not killed.returncode:
            break
        assert killed.returncode == -signal.SIGKILL
        assert add_space(home, "people", *new, {"b"}, of=LISTENERS).card.n_rows == 2
        assert open_space(home, "people").row_of == {"b": 0, "c": 1}
        assert len(list((home / "embeddings" / "people").iterdir())) == 2
    assert 8 < die_at < 99


def test_a_removed_space_is_gone_and_an_unknown_one_named(tmp_path: Path) -> None:
    add_space(tmp_path, "cf", *files(tmp_path, [[1, 0]], "a"), KNOWN)
    assert spaces.remove_space(tmp_path, "cf").name == "cf"
    assert spaces.cards(tmp_path) == []
    for act in (spaces.remove_space, open_space):
        with pytest.raises(UnknownSpaceError, match="there is no space 'cf'; stored are: none"):
            act(tmp_path, "cf")


def test_a_forgotten_listener_says_nothing_even_where_the_space_is_open(tmp_path: Path) -> None:
    add_space(tmp_path, "people", *files(tmp_path, [[1, 0], [0, 1]], "a\nb"), KNOWN, of=LISTENERS)
    add_space(tmp_path, "cf", *files(tmp_path, [[1, 0]], "a"), KNOWN)
    opened = open_space(tmp_path, "people")
    assert spaces.forget(tmp_path, "a")
    assert not opened.vectors[0].any()
    assert opened.vectors[1].any()
    assert open_space(tmp_path, "people").row_of == {"b": 1}
    assert open_space(tmp_path, "cf").row_of == {"a": 0}  # a track of the same name is no listener
    assert not spaces.forget(tmp_path, "a")


def test_a_modality_has_any_sound_name() -> None:
    assert Modality("text") == Modality.TEXT == "text"
    assert f"{Modality('mert_95m')}" == Modality("mert_95m").value == "mert_95m"
    assert type(Modality.TAGS.value) is str
    assert {Modality("cf"): 1}[Modality("cf")] == 1
    for name in ("", "CF", "2vec", "_x", "a-b", "a b", "ä"):
        with pytest.raises(ValueError, match="cannot name a modality"):
            Modality(name)
