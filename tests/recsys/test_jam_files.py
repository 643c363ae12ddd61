"""The JAM file format: read as people have it, every fault named with its line, written back the same."""

from __future__ import annotations

import csv
import io
import os
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys.encoders.minilm import MiniLmEncoder
from recsys.errors import RecsysError, SourceError
from recsys.jam.files import (
    JamDataset,
    JamFormatError,
    JamSplit,
    encode_queries,
    read_jam,
    statistics,
    write_jam,
)
from recsys.sources import read_source, source_fingerprint
from recsys.types import FloatArray

HEADER = "query_idx\ttext\tuser_idx\titem_idxs\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set of two users, three items and two train queries, which tests then spoil."""
    root = tmp_path / "tiny_set"
    put(root, "processed/user_idxs.tsv", "user_idx\tuser_id\n0\talice\n1\tbob\n")
    put(root, "processed/item_idxs.tsv", "item_idx\tisrc\n0\tUSA\n1\tGBB\n2\tFRC\n")
    put(root, "processed/train_split.tsv", f"{HEADER}7\tsad songs\t1\t[2, 0]\n9\trock\t0\t[1]\n")
    return root


def put(root: Path, name: str, content: str | bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def train(root: Path, *rows: str) -> JamSplit:
    put(root, "processed/train_split.tsv", HEADER + "".join(f"{row}\n" for row in rows))
    return read_jam(root).splits["train"]


def lists(split: JamSplit) -> list[list[int]]:
    return [split.relevant(query).tolist() for query in range(len(split))]


def features(root: Path, name: str, array: object) -> None:
    np.save(root / "processed" / name, array)  # type: ignore[arg-type]


# What a folder says


def test_a_data_set_is_read_by_its_folder_or_by_processed(folder: Path) -> None:
    features(folder, "item_audio_features.npy", np.array([[1, 0], [0, 0], [0, -2]], np.float32))
    for given_path in (folder, folder / "processed"):
        dataset = read_jam(given_path)
        assert (dataset.name, dataset.n_users, dataset.n_items) == ("tiny_set", 2, 3)
        assert (dataset.user_ids, dataset.item_ids) == (("alice", "bob"), ("USA", "GBB", "FRC"))
        assert list(dataset.splits) == ["train"]
        split = dataset.splits["train"]
        assert len(split) == 2
        assert split.query_idxs.tolist() == [7, 9]
        assert split.texts == ("sad songs", "rock")
        assert split.users.tolist() == [1, 0]
        assert (split.starts.tolist(), split.items.tolist()) == ([0, 2, 3], [2, 0, 1])
        assert [one.tolist() for one in split.pairs] == [[0, 0, 1], [2, 0, 1]]
        assert {a.dtype for a in (split.query_idxs, split.users, split.starts, split.items)} == {np.dtype(np.int64)}
        assert dataset.item_present.tolist() == [[True], [False], [True]]
        assert dataset.user_present.shape == (2, 0)
        assert (dataset.item_names, dataset.plays) == (None, None)


def test_a_folder_named_with_dots_or_from_within_has_its_own_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "artists.tsv", "item_idx\tname\n1\tBjörk\n")
    monkeypatch.chdir(folder / "processed")
    assert read_jam(Path()).name == "tiny_set"
    assert read_jam(Path("..")).name == "tiny_set"
    assert read_jam(Path()).item_names == ("", "Björk", "")


def test_files_in_one_flat_folder_are_read_too(folder: Path) -> None:
    flat = (folder / "processed").rename(folder.parent / "flat")
    put(flat, "artists.tsv", "item_idx\tname\n0\ta\n")
    dataset = read_jam(flat)
    assert (dataset.name, dataset.item_names) == ("flat", ("a", "", ""))


@pytest.mark.parametrize("place", ["", "processed/"])
def test_names_and_listening_lie_in_either_folder(folder: Path, place: str) -> None:
    put(folder, f"{place}artists.tsv", 'item_idx\tid\tname\n2\tx\t"Weird Al" Yankovic\n0\ty\tA, B; C\n1\tz\tnan\n')
    put(folder, f"{place}listening.tsv", "user_idx\titem_idx\tplays\n1\t2\t13883\n0\t0\t1.5\n1\t0\t0\n")
    for given_path in (folder, folder / "processed"):
        dataset = read_jam(given_path)
        assert dataset.item_names == ("A, B; C", "nan", '"Weird Al" Yankovic')
        assert dataset.plays is not None
        assert dataset.plays.dtype == np.float32
        assert dataset.plays.nnz == 2, "no plays are no listening"
        assert dataset.plays.toarray().tolist() == [[1.5, 0, 0], [0, 0, 13883]]


def test_columns_go_by_name_in_any_order(folder: Path) -> None:
    put(folder, "processed/item_idxs.tsv", "isrc\titem_idx\nGBB\t1\nFRC\t2\nUSA\t0\n")
    put(folder, "processed/train_split.tsv", "item_idxs\tx\tuser_idx\ttext\tquery_idx\n[2, 0]\t?\t1\tsad\t7\n")
    dataset = read_jam(folder)
    assert dataset.item_ids == ("USA", "GBB", "FRC")
    split = dataset.splits["train"]
    assert (split.query_idxs.tolist(), split.texts, split.users.tolist(), lists(split)) == (
        [7],
        ("sad",),
        [1],
        [[2, 0]],
    )


@pytest.mark.parametrize(
    ("index", "ids"),
    [
        ("item_idx,isrc\n0,USA\n1,GBB\n2,FRC\n", ("USA", "GBB", "FRC")),
        ('item_idx,name\n0,"A, ""B"""\n1,C\n2,D\n', ('A, "B"', "C", "D")),
        ('item_idx\tname\n0\t"A\n1\tB"\n2\tC, D\n', ('"A', 'B"', "C, D")),
        ("index\titem_idx\n0\t77\n1\t88\n2\t99\n", ("77", "88", "99")),  # pandas' reset_index
        (",isrc\n0,USA\n1,GBB\n2,FRC\n", ("USA", "GBB", "FRC")),  # pandas' to_csv
        ("number\tisrc\n2\tFRC\n0\tUSA\n1\tGBB\n", ("USA", "GBB", "FRC")),
        ("isrc\tnumber\nUSA\tx\nGBB\ty\nFRC\tz\n", ("USA", "GBB", "FRC")),
        ("item_idx\n0\n1\n2\n", ("0", "1", "2")),
        ("isrc\nUSA\nGBB\nFRC\n", ("USA", "GBB", "FRC")),
        ("item_idx\tisrc\n0\t nan \n1\t\n2\tnull\n", (" nan ", "", "null")),
    ],
)
def test_index_files_as_people_have_them(folder: Path, index: str, ids: tuple[str, ...]) -> None:
    put(folder, "processed/item_idxs.tsv", index)
    assert read_jam(folder).item_ids == ids


def test_windows_line_ends_byte_order_mark_and_empty_lines(folder: Path) -> None:
    for path in (folder / "processed").iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    put(folder, "artists.tsv", "\ufeffitem_idx\tname\r\n0\tBjörk\r\n")
    dataset = read_jam(folder)
    assert dataset.item_ids == ("USA", "GBB", "FRC")
    assert dataset.splits["train"].texts == ("sad songs", "rock")
    assert lists(dataset.splits["train"]) == [[2, 0], [1]]
    assert dataset.item_names == ("Björk", "", "")


TEXTS = (
    "nan", "null", "NA", "None", "2006", "1e5", "c++", " ", "", " two  spaces ", "True", "-", "#1 hits",
    '"quoted"', 'say "hi"', '"', '""', "it's", "[1, 2]", "a,b", "\\t", "line\u2028separator", "page\x0cbreak",
    "ありがとう 🎵",
)  # fmt: skip


def test_query_texts_stay_exactly_as_written(folder: Path) -> None:
    assert train(folder, *(f"{number}\t{text}\t0\t[1]" for number, text in enumerate(TEXTS))).texts == TEXTS


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        ("[2, 0]", [2, 0]),
        ("[2,0]", [2, 0]),
        (" [ 2 ,0 , ] ", [2, 0]),
        ("['FRC', 'USA']", [2, 0]),
        ("['FRC','USA']", [2, 0]),
        ('["FRC", "USA"]', [2, 0]),
        ('"[""FRC"", ""USA""]"', [2, 0]),
        (r"['F\x52C', 'USA']", [2, 0]),
        ("[2, 'USA']", [2, 0]),
        ("[1]", [1]),
        ("[1, 1, 0, 1]", [1, 0]),
        ("['GBB', 'USA', 'GBB']", [1, 0]),
    ],
)
def test_item_lists_of_rows_or_ids(folder: Path, written: str, rows: list[int]) -> None:
    assert lists(train(folder, "0\tx\t0\t[2]", f"1\ty\t0\t{written}", "2\tz\t0\t[0]")) == [[2], rows, [0]]


def test_ids_that_hold_quotes_backslashes_and_digits_are_found(folder: Path) -> None:
    ids = ["it's", "1", "a', 'b", 'x"y', "back\\slash", "back\\\\slash", "", "p', \"q\", 'r", "p", "q", "r"]
    put(folder, "processed/item_idxs.tsv", "item_idx\tid\n" + "".join(f"{n}\t{one}\n" for n, one in enumerate(ids)))
    cells = [*([one] for one in ids), ids, "['p', \"q\", 'r']"]
    split = train(folder, *(f"{number}\tx\t0\t{cell}" for number, cell in enumerate(cells)))
    assert lists(split) == [*([row] for row in range(len(ids))), list(range(len(ids))), [8, 9, 10]]


def test_all_three_splits_come_in_their_order(folder: Path) -> None:
    for name in ("test", "val"):
        put(folder, f"processed/{name}_split.tsv", f"{HEADER}7\tthe same number\t0\t[0]\n")
    assert list(read_jam(folder).splits) == ["train", "val", "test"]
    (folder / "processed" / "train_split.tsv").unlink()
    assert list(read_jam(folder).splits) == ["val", "test"]


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f8", "<i8", "|b1"])
def test_features_of_any_number_type_are_float32(folder: Path, dtype: str) -> None:
    features(folder, "item_audio_features.npy", np.asfortranarray(np.array([[1, 0], [0, 0], [0, 1]], dtype)))
    rows = read_jam(folder).item_features["audio"]
    assert (type(rows), rows.dtype, rows.flags.c_contiguous) == (np.ndarray, np.dtype(np.float32), True)
    assert rows.tolist() == [[1, 0], [0, 0], [0, 1]]


def test_modalities_are_named_by_their_files_whatever_the_folder_is_called(folder: Path) -> None:
    renamed = folder.rename(folder.parent / "item_x_features")
    for name in ("item_my_mod_features", "item_cf_features", "item_features_features", "user_item_cf_features"):
        features(renamed, f"{name}.npy", np.ones((2 if name.startswith("user") else 3, 4), np.float32))
    for name in ("item_features", "item__features", "track_cf_features"):
        features(renamed, f"{name}.npy", np.ones(1))
    dataset = read_jam(renamed)
    assert list(dataset.item_features) == ["cf", "features", "my_mod"]
    assert list(dataset.user_features) == ["item_cf"]
    assert read_jam(renamed, features=False).item_features == {}


# What is wrong with it


@pytest.mark.parametrize(
    ("file", "content", "line", "message"),
    [
        ("train_split.tsv", "", 1, "it is empty, expected a header"),
        ("train_split.tsv", HEADER, None, "no query, expected one a line"),
        ("train_split.tsv", "query_idx\ttext\tuser_idx\n1\tx\t0\n", 1, "no column 'item_idxs', only .*'user_idx'"),
        ("train_split.tsv", f"{HEADER}1\ta\tb\t0\t[1]\n", 2, r"5 cells, expected 4 .*'1\\ta\\tb"),
        ("train_split.tsv", f"{HEADER}\n1\tx\t0\t[1]\n2\tx\n", 4, "2 cells, expected 4"),
        ("train_split.tsv", f"{HEADER}one\tx\t0\t[1]\n", 2, "query_idx is 'one', expected an integer"),
        ("train_split.tsv", f"{HEADER}1\tx\t\t[1]\n", 2, "user_idx is '', expected an integer"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[1]\n2\tx\t2\t[1]\n", 3, "user_idx names 2, expected 0 to 1, the rows"),
        ("train_split.tsv", f"{HEADER}1\tx\t-1\t[1]\n", 2, "user_idx names -1, expected 0 to 1"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[1]\n2\tx\t0\t[0, 3]\n", 3, "item_idxs names 3, expected 0 to 2"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[1]\n2\tx\t0\t[3, 0]\n", 3, "item_idxs names 3, expected 0 to 2"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[1]\n2\tx\t0\t[-1]\n", 3, "item_idxs names -1, expected 0 to 2"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[{10**17}]\n", 2, f"item_idxs names {10**17}, expected"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[{10**40}]\n", 2, "names a number of more than 18 digits"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[0x{'f' * 9999}]\n", 2, "names a number of more than 18 digits"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t['USA']\n2\tx\t0\t['DE']\n", 3, "id 'DE', which item_idxs.tsv lacks"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[USA]\n", 2, "expected a Python list such as"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t1\n", 2, "expected a Python list .*it is a int"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t(1, 2)\n", 2, "expected a Python list .*it is a tuple"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[1 2]\n", 2, "expected a Python list .*SyntaxError"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[01]\n", 2, "expected a Python list .*SyntaxError"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t\n", 2, "item_idxs is '', expected a Python list"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t{{[1]: 2}}\n", 2, "expected a Python list"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[1.0]\n", 2, "item_idxs holds a float, expected integers or ids"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[True]\n", 2, "item_idxs holds a bool"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[[1]]\n", 2, "item_idxs holds a list"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[1]\n2\tx\t0\t[]\n", 3, "expected at least one item"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[1]\n2\ty\t0\t[1]\n1\tz\t0\t[1]\n", 4, "query_idx 1 comes a second"),
        ("train_split.tsv", f"{HEADER}1\tx\t0\t[1]\n2\t".encode() + b"\xff\t0\t[1]\n", 3, "byte 0xff is not UTF-8"),
        ("item_idxs.tsv", "item_idx\tid\n", None, "it lists no item"),
        ("item_idxs.tsv", "item_idx\tid\n0\ta\n2\tb\n", 3, "item_idx names 2, expected 0 to 1"),
        ("item_idxs.tsv", "item_idx\tid\n0\ta\n1\tb\n1\tc\n", 4, "item_idx 1 comes a second time"),
        ("item_idxs.tsv", "item_idx\tid\na\t0\n", 2, "item_idx is 'a', expected an integer"),
        ("item_idxs.tsv", f'item_idx,id\n0,"{"x" * 200_000}"\n', 2, "field larger than field limit"),
        ("artists.tsv", "item_idx\tname\n3\tx\n", 2, "item_idx names 3, expected 0 to 2"),
        ("artists.tsv", "item_idx\tartist\n1\tx\n", 1, "no column 'name', only 'item_idx', 'artist'"),
        ("listening.tsv", "user_idx\titem_idx\tplays\n0\t0\t1\n0\t1\tmany\n", 3, "plays is 'many', expected a finite"),
        ("listening.tsv", "user_idx\titem_idx\tplays\n0\t0\t-1\n", 2, "plays is '-1', expected a finite number from 0"),
        ("listening.tsv", "user_idx\titem_idx\tplays\n0\t0\tnan\n", 2, "plays is 'nan'"),
        ("listening.tsv", "user_idx\titem_idx\tplays\n0\t0\t1e39\n", 2, "plays is '1e39'"),
        ("listening.tsv", "user_idx\titem_idx\tplays\n2\t0\t1\n", 2, "user_idx names 2, expected 0 to 1"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_file_and_line(
    folder: Path, file: str, content: str | bytes, line: int | None, message: str
) -> None:
    put(folder, f"processed/{file}", content)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(JamFormatError, match=message) as caught:
        read_jam(folder)
    error = caught.value
    assert (error.path, error.line) == (folder / "processed" / file, line)
    assert str(error) == f"cannot use {error.path}{f', line {line}' if line else ''}: {error.problem}; {error.remedy}"
    assert len(str(error)) < 600
    assert "\n" not in str(error)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_an_id_that_two_items_have_is_refused_only_where_it_is_looked_up(folder: Path) -> None:
    put(folder, "processed/item_idxs.tsv", "item_idx\tisrc\n0\tUSA\n1\tGBB\n2\tUSA\n")
    assert lists(train(folder, "0\tx\t0\t[0, 2]")) == [[0, 2]]
    assert lists(train(folder, "0\tx\t0\t['GBB']")) == [[1]]
    with pytest.raises(JamFormatError, match=r"line 2: item_idxs names the id 'USA', which item_idxs.tsv gives twice"):
        train(folder, "0\tx\t0\t['USA']")


@pytest.mark.parametrize(
    "cell",
    [
        "[" * 50_000,
        "[" * 90 + "]" * 90,
        "-" * 100_000 + "1",
        "1" + "+1" * 100_000,
        "[" + "(" * 50_000,
        "[1]" * 200_000,
        "[0]" + " " * 2_000_000,
        "[" + "9" * 5_000 + "]",
        "['\x00']",
        "['\\d']",
        "f'{1}'",
        "__import__('os').mkdir('run')",
        "[__import__('os').mkdir('run')]",
        "[i for i in range(3)]",
        "[1]*999999999999",
    ],
    ids=lambda cell: cell[:12],
)
def test_no_list_runs_as_code_or_exhausts_the_machine(folder: Path, cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(JamFormatError, match="line 2: item_idxs "):
        train(folder, f"0\tx\t0\t{cell}")
    assert not Path("run").exists()


@given(st.binary(max_size=200))
@example(b"query_idx\ttext\tuser_idx\titem_idxs\n0\tx\t0\t[")
def test_no_bytes_raise_anything_but_a_format_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    root = tmp_path_factory.getbasetemp() / "junk"
    put(root, "user_idxs.tsv", "user_idx\n0\n")
    put(root, "item_idxs.tsv", data)
    put(root, "train_split.tsv", b"query_idx\ttext\tuser_idx\titem_idxs\n" + data)
    put(root, "item_x_features.npy", data)
    with pytest.raises(JamFormatError):
        read_jam(root)


def test_missing_folders_and_files_say_what_is_needed(folder: Path) -> None:
    needs = r"expected a folder that holds user_idxs.tsv, item_idxs.tsv and at least one of train_split.tsv, val_split"
    with pytest.raises(JamFormatError, match=f"there is no such folder, {needs}") as caught:
        read_jam(folder / "nowhere")
    assert (caught.value.path, caught.value.line) == (folder / "nowhere", None)
    assert isinstance(caught.value, RecsysError)
    assert isinstance(caught.value, ValueError)
    for name, lacks in (("train_split", "no split"), ("user_idxs", "no user_idxs"), ("item_idxs", "no item_idxs")):
        (folder / "processed" / f"{name}.tsv").unlink()
        with pytest.raises(JamFormatError, match=f"there is {lacks}[^,]*, {needs}"):
            read_jam(folder)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones((4, 2), np.float32), "4 rows, expected 3, one for each line of item_idxs.tsv"),
        (np.ones((2, 2), np.float32), "2 rows, expected 3"),
        (np.array([[0, 0], [0, np.nan], [np.inf, 0]], np.float32), r"row 1 holds a NaN .*2 such rows"),
        (np.array([[0, 0], [0, 0], [-np.inf, 0]], np.float16), "row 2 holds a NaN or a number beyond float32"),
        (np.array([[1e39, 0], [0, 0], [0, 0]]), "row 0 holds a NaN or a number beyond float32"),
        (np.ones(3, np.float32), r"float32 of shape \(3,\), expected floats \(rows, width\)"),
        (np.ones((3, 0), np.float32), "expected a float array|of shape"),
        (np.ones((3, 2), np.complex64), "complex64 of shape"),
        (np.array([["a"], ["b"], ["c"]]), "<U1 of shape"),
        (np.array([[{}], [{}], [{}]], object), "expected a float array that loads without running code"),
    ],
)
def test_features_must_be_one_finite_row_per_item(folder: Path, array: np.ndarray, message: str) -> None:
    features(folder, "item_audio_features.npy", array)
    with pytest.raises(JamFormatError, match=message) as caught:
        read_jam(folder)
    assert caught.value.path == folder / "processed" / "item_audio_features.npy"
    assert read_jam(folder, features=False).n_items == 3


class _Bomb:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("exploded",)


def _npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, a=np.ones((3, 2)))
    return out.getvalue()


def _header(shape: str) -> bytes:
    """The start of an array file that claims a shape, without its data."""
    said = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        pickle.dumps(_Bomb()),
        _npz(),
        _npz()[:30],
        _header("(3, 99999999999)"),
        _header("(-3, 2)"),
    ],
    ids=["empty", "cut", "pickle", "npz", "cut npz", "huge", "negative"],
)
def test_files_that_are_no_arrays_are_refused_and_never_run(
    folder: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    put(folder, "processed/user_cf_features.npy", content)
    with pytest.raises(JamFormatError, match="expected a float array that loads without running code"):
        read_jam(folder)
    assert not Path("exploded").exists()


# Splits


def naive_take(split: JamSplit, numbers: Sequence[int]) -> list[tuple[int, str, int, list[int]]]:
    rows = list(zip(split.query_idxs.tolist(), split.texts, split.users.tolist(), lists(split), strict=True))
    return [rows[number] for number in numbers]


def test_take_gives_queries_in_the_order_asked(folder: Path) -> None:
    split = train(folder, "5\ta\t0\t[2, 0]", "6\tb\t1\t[1]", "7\tc\t0\t[0, 1, 2]")
    for numbers in ([2, 0], [1], [0, 1, 2], [2, 2, 1, 2], []):
        taken = split.take(np.array(numbers, np.int64))
        assert naive_take(taken, range(len(taken))) == naive_take(split, numbers)
        assert taken.starts.dtype == taken.items.dtype == np.int64
    assert split.take([]).starts.tolist() == [0]  # type: ignore[arg-type]
    for wrong in ([3], [-1], [True, False, True], [0.0]):
        with pytest.raises(IndexError, match="from 0 to 2"):
            split.take(np.array(wrong))
    for position in (-1, 3):
        with pytest.raises(IndexError, match=f"query {position} of 3"):
            split.relevant(position)


# Writing


_CELL = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), max_size=8)


@st.composite
def datasets(draw: st.DrawFn) -> JamDataset:
    n_users, n_items = draw(st.integers(1, 4)), draw(st.integers(1, 5))

    def modalities(rows: int) -> dict[str, FloatArray]:
        finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
        names = draw(st.lists(st.from_regex(r"[a-z_][a-z_ ]{0,5}", fullmatch=True), unique=True, max_size=2))
        return {one: draw(hnp.arrays(np.float32, (rows, draw(st.integers(1, 3))), elements=finite)) for one in names}

    def split() -> JamSplit:
        items = draw(st.lists(st.lists(st.integers(0, n_items - 1), min_size=1, unique=True), min_size=1, max_size=5))
        n = len(items)
        return JamSplit(
            query_idxs=np.array(
                draw(st.lists(st.integers(-(10**17), 10**17), min_size=n, max_size=n, unique=True)), np.int64
            ),
            texts=tuple(draw(st.lists(_CELL | st.sampled_from(TEXTS), min_size=n, max_size=n))),
            users=np.array(draw(st.lists(st.integers(0, n_users - 1), min_size=n, max_size=n)), np.int64),
            starts=np.cumsum([0, *map(len, items)]),
            items=np.array([item for one in items for item in one], np.int64),
        )

    counts = hnp.arrays(np.float32, (n_users, n_items), elements=st.floats(0, 2**24, width=32))
    return JamDataset(
        name="written",
        splits={name: split() for name in draw(st.lists(st.sampled_from(["train", "val", "test"]), min_size=1))},
        user_ids=tuple(draw(st.lists(_CELL, min_size=n_users, max_size=n_users))),
        item_ids=tuple(draw(st.lists(_CELL, min_size=n_items, max_size=n_items))),
        user_features=modalities(n_users),
        item_features=modalities(n_items),
        item_names=draw(st.none() | st.tuples(*[_CELL] * n_items)),
        plays=draw(st.none() | counts.map(sp.csr_array)),
    )


def assert_same(one: JamDataset, other: JamDataset) -> None:
    assert (one.user_ids, one.item_ids, one.item_names) == (other.user_ids, other.item_ids, other.item_names)
    assert one.splits.keys() == other.splits.keys()
    for name, split in one.splits.items():
        again = other.splits[name]
        assert split.texts == again.texts
        for column in ("query_idxs", "users", "starts", "items"):
            np.testing.assert_array_equal(getattr(split, column), getattr(again, column))
    for mine, theirs in ((one.user_features, other.user_features), (one.item_features, other.item_features)):
        assert mine.keys() == theirs.keys()
        for modality in mine:
            np.testing.assert_array_equal(mine[modality], theirs[modality])
    assert (one.plays is None) == (other.plays is None)
    if one.plays is not None and other.plays is not None:
        np.testing.assert_array_equal(one.plays.toarray(), other.plays.toarray())


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(datasets())
def test_what_is_written_is_read_back_equal(tmp_path_factory: pytest.TempPathFactory, dataset: JamDataset) -> None:
    target = tmp_path_factory.mktemp("out") / "written"
    write_jam(target, dataset)
    again = read_jam(target)
    assert again.name == "written"
    assert_same(dataset, again)
    assert list(again.item_features) == sorted(dataset.item_features, key=lambda name: f"item_{name}_features.npy")
    assert [path.name for path in target.parent.iterdir()] == ["written"], "no scratch is left"


@pytest.fixture
def dataset(folder: Path) -> JamDataset:
    return read_jam(folder)


def test_writing_takes_no_folder_or_an_empty_one(dataset: JamDataset, tmp_path: Path) -> None:
    write_jam(tmp_path / "deep" / "new", dataset)
    (tmp_path / "empty").mkdir()
    write_jam(tmp_path / "empty", dataset)
    assert_same(dataset, read_jam(tmp_path / "empty"))
    put(tmp_path, "full/mine.txt", "keep me")
    put(tmp_path, "file", "keep me")
    for taken in ("full", "file", "empty"):
        before = sorted(path for path in tmp_path.rglob("*"))
        with pytest.raises(JamFormatError, match="it exists, expected no or an empty folder; choose another"):
            write_jam(tmp_path / taken, dataset)
        assert sorted(path for path in tmp_path.rglob("*")) == before


def with_train(dataset: JamDataset, **columns: object) -> JamDataset:
    return replace(dataset, splits={"train": replace(dataset.splits["train"], **columns)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: with_train(d, texts=("a\tb", "c")), r"train_split.tsv, line 2: .*holds a tab or a line break"),
        (lambda d: with_train(d, texts=("a", "c\nd")), r"train_split.tsv, line 3: .*holds a tab or a line break"),
        (lambda d: replace(d, user_ids=("a\r", "b")), r"user_idxs.tsv, line 2: .*holds a tab or a line break"),
        (lambda d: replace(d, user_ids=("\ud800", "b")), r"user_idxs.tsv, line 2: .*not Unicode"),
        (lambda d: with_train(d, items=np.array([2, 2, 1])), "an item comes twice in one query"),
        (lambda d: with_train(d, items=np.array([2, 3, 1])), r"train_split.tsv, line 2: item_idxs names 3"),
        (lambda d: with_train(d, starts=np.array([0, 3, 3])), r"train_split.tsv, line 3: .*at least one item"),
        (lambda d: with_train(d, starts=np.array([1, 2, 3])), "would not be read back equal"),
        (lambda d: with_train(d, users=np.array([0, 2])), r"line 3: user_idx names 2"),
        (lambda d: with_train(d, query_idxs=np.array([4, 4])), r"line 3: query_idx 4 comes a second time"),
        (lambda d: replace(d, splits={}), "there is no split"),
        (lambda d: replace(d, splits={"dev": d.splits["train"]}), "a split 'dev', expected train, val, test"),
        (lambda d: replace(d, item_features={"a/b": np.ones((3, 1))}), "modality 'a/b' cannot be in a file name"),
        (lambda d: replace(d, item_features={"": np.ones((3, 1))}), "modality '' cannot be in a file name"),
        (lambda d: replace(d, item_features={"a": np.ones((2, 1))}), "item_a_features.npy: 2 rows, expected 3"),
        (lambda d: replace(d, item_features={"a": np.full((3, 1), np.nan)}), "item_a_features.npy: row 0 holds a NaN"),
        (lambda d: replace(d, item_names=("a",)), "artists.tsv: 1 names, expected 3"),
        (lambda d: replace(d, plays=sp.csr_array((1, 3))), r"listening.tsv: plays are \(1, 3\), expected \(2, 3\)"),
        (lambda d: replace(d, plays=sp.csr_array(np.full((2, 3), -1.0))), "listening.tsv, line 2: plays is '-1'"),
    ],
)
def test_what_would_not_be_read_back_is_not_written(
    dataset: JamDataset, tmp_path: Path, spoil: Callable[[JamDataset], JamDataset], message: str
) -> None:
    target = tmp_path / "out" / "new"
    with pytest.raises(JamFormatError, match=message) as caught:
        write_jam(target, spoil(dataset))
    assert caught.value.path.is_relative_to(target), "not where the scratch was"
    assert list(target.parent.iterdir()) == []


# Query vectors and counts


class CountingEncoder:
    def __init__(self, max_tokens: int | None = None) -> None:
        self.name, self.dim, self.seen = "counting", 3, list[str]()
        if max_tokens is not None:
            self.max_tokens = max_tokens

    def encode(self, texts: Sequence[str]) -> FloatArray:
        self.seen += texts
        rows = np.array([[len(text), hash(text) % 97, 1] for text in texts], np.float32).reshape(-1, 3)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_each_text_is_encoded_once_and_kept(tmp_path: Path) -> None:
    texts = ["rock", "nan", "rock", " ", "rock", "nan"]
    first, told = CountingEncoder(), list[tuple[str, int, int]]()
    vectors = encode_queries(texts, first, tmp_path, progress=lambda *call: told.append(call))
    assert sorted(first.seen) == [" ", "nan", "rock"]
    assert told == [("encoding", 3, 3)]
    np.testing.assert_array_equal(vectors, first.encode(texts))
    assert (vectors.shape, vectors.dtype) == ((6, 3), np.dtype(np.float32))
    again = CountingEncoder()
    np.testing.assert_array_equal(encode_queries(["nan", "jazz"], again, tmp_path)[0], vectors[1])
    assert again.seen == ["jazz"]


def test_vectors_of_another_length_limit_are_not_reused(tmp_path: Path) -> None:
    for limit, n_encoded in ((None, 1), (38, 1), (38, 0), (64, 1), (None, 0)):
        encoder = CountingEncoder(limit)
        encode_queries(["rock"], encoder, tmp_path)
        assert len(encoder.seen) == n_encoded, limit


def test_without_a_cache_each_text_is_still_encoded_once() -> None:
    encoder = CountingEncoder()
    assert encode_queries(["a", "b", "a"], encoder, None).shape == (3, 3)
    assert sorted(encoder.seen) == ["a", "b"]
    assert encode_queries([], encoder, None).shape == (0, 3)


def test_query_vectors_of_the_built_in_encoder_have_length_one(minilm: MiniLmEncoder, tmp_path: Path) -> None:
    vectors = encode_queries(["sad songs", "", "nan", "sad songs"], minilm, tmp_path)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[3])


def test_statistics_of_a_hand_counted_set(folder: Path) -> None:
    put(folder, "processed/train_split.tsv", f"{HEADER}0\tsad\t1\t[2, 0]\n1\trock\t1\t[0]\n2\tsad\t1\t[2, 0, 1]\n")
    put(folder, "processed/val_split.tsv", f"{HEADER}3\tjazz\t0\t[1]\n")
    put(folder, "listening.tsv", "user_idx\titem_idx\tplays\n1\t2\t3\n")
    features(folder, "item_cf_features.npy", np.array([[1, 0], [0, 0], [0, 2]], np.float16))
    assert statistics(read_jam(folder)) == {
        "name": "tiny_set",
        "users": 2,
        "items": 3,
        "splits": {
            "train": {
                "queries": 3, "users": 1, "items": 3, "pairs": 6, "mean_items_per_query": 2.0, "distinct_texts": 2,
            },
            "val": {
                "queries": 1, "users": 1, "items": 1, "pairs": 1, "mean_items_per_query": 1.0, "distinct_texts": 1,
            },
        },
        "total": {
            "queries": 4, "users": 2, "items": 3, "pairs": 7, "mean_items_per_query": 1.75, "distinct_texts": 3,
        },
        "plays": 1,
        "item_modalities": {"cf": {"width": 2, "present": 2}},
        "user_modalities": {},
    }  # fmt: skip


# As a catalogue


def test_a_folder_is_a_catalogue_of_its_items(folder: Path) -> None:
    rows = ["0\tsad\t0\t[2, 0]", "1\trock\t0\t[0]", "2\trock\t0\t[0]", "3\tsad\t1\t[0]", "4\trock\t1\t[0, 1]"]
    train(folder, *rows, "5\tonly once\t0\t[0]")
    put(folder, "processed/val_split.tsv", f"{HEADER}9\tjazz\t0\t[1]\n10\tjazz\t1\t[1]\n")
    put(folder, "artists.tsv", "item_idx\tname\n0\tSimon; Garfunkel feat. Art\n1\tBjörk\n")
    told: list[tuple[str, int, int]] = []
    content = read_source(folder, progress=lambda *call: told.append(call))
    assert (content.kind, content.n_rows, content.bad_rows, content.collections) == ("jam", 3, [], [])
    assert [(t.track_id, t.title, t.artists) for t in content.tracks] == [
        ("USA", "Simon; Garfunkel feat. Art", ("Simon; Garfunkel feat. Art",)),
        ("GBB", "Björk", ("Björk",)),
        ("FRC", "FRC", ("FRC",)),
    ]
    assert [t.tags for t in content.tracks] == [("rock", "sad"), (), ()], "asked at least twice, and in train only"
    assert content.tracks[0].genres == ("rock",)
    assert told[-1] == ("reading", 3, 3)
    (folder / "artists.tsv").unlink()
    assert [t.title for t in read_source(folder / "processed").tracks] == ["USA", "GBB", "FRC"]


def test_the_fingerprint_of_a_folder_follows_what_is_read(folder: Path) -> None:
    features(folder, "item_audio_features.npy", np.ones((3, 2), np.float32))
    first = source_fingerprint(folder)
    assert read_source(folder).fingerprint == first
    assert source_fingerprint(folder, {"title": "name"}) != first
    features(folder, "item_audio_features.npy", np.zeros((3, 2), np.float32))
    assert source_fingerprint(folder) == first, "vectors do not make tracks"
    put(folder, "artists.tsv", "item_idx\tname\n0\tBjörk\n")
    named = source_fingerprint(folder)
    train(folder, "0\tx\t0\t[0]")
    assert len({first, named, source_fingerprint(folder)}) == 3


def test_a_faulty_folder_is_one_clear_source_error(folder: Path) -> None:
    with pytest.raises(SourceError, match="a JAM folder has no columns to map; leave out --map"):
        read_source(folder, {"title": "name"})
    put(folder, "processed/train_split.tsv", f"{HEADER}0\tx\t0\t[9]\n")
    with pytest.raises(SourceError, match=r"train_split.tsv: line 2: item_idxs names 9, expected 0 to 2, .*; add the"):
        read_source(folder)


# Real data, and its size


def test_lastfm_is_read_as_it_is(eval_data: Path) -> None:
    folder = eval_data / "lastfm-jam"
    dataset = read_jam(folder)
    assert {name: len(split) for name, split in dataset.splits.items()} == {"train": 19_584, "val": 2_654}
    assert (dataset.n_items, dataset.n_users) == (6_820, 1_347)
    assert dataset.plays is not None
    assert (dataset.plays.shape, dataset.plays.nnz) == ((1_347, 6_820), 56_830)
    assert dataset.plays[0, 43] == 13_883
    assert dataset.item_names is not None
    assert (dataset.item_ids[0], dataset.item_names[0]) == ("1", "MALICE MIZER")
    assert all(dataset.item_names)
    present = dict(zip(dataset.item_features, dataset.item_present.sum(axis=0).tolist(), strict=True))
    assert present == {"caption": 2_649, "cf": 6_820, "name": 6_820, "tags": 6_757}
    split = dataset.splits["val"]
    assert (split.query_idxs[0], split.texts[0], split.users[0]) == (19_584, "electronic", 13)
    assert split.relevant(0).tolist() == [50, 505, 1071, 6447]
    # An independent count of the pairs: the commas of the lists.
    with (folder / "processed" / "train_split.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    train_split = dataset.splits["train"]
    assert len(train_split.items) == sum(row["item_idxs"].count(",") + 1 for row in rows)
    assert train_split.texts == tuple(row["text"] for row in rows)


def test_lastfm_is_written_and_read_back_equal(eval_data: Path, tmp_path: Path) -> None:
    dataset = read_jam(eval_data / "lastfm-jam")
    write_jam(tmp_path / "copy", dataset)
    assert_same(dataset, read_jam(tmp_path / "copy"))


def test_lastfm_is_a_catalogue(eval_data: Path) -> None:
    content = read_source(eval_data / "lastfm-jam")
    assert (content.kind, len(content.tracks), content.bad_rows) == ("jam", 6_820, [])
    track = next(track for track in content.tracks if track.title == "Goldfrapp")
    assert track.artists == ("Goldfrapp",)
    assert track.tags[:4] == ("electronic", "female vocalists", "trip-hop", "dance")


@pytest.mark.parametrize("ids", [False, True], ids=["rows", "ids"])
def test_as_many_queries_as_jamsessions_are_read_in_seconds(tmp_path: Path, ids: bool) -> None:
    n_queries, n_items = 112_337, 99_865
    drawn = np.random.default_rng(0).integers(0, n_items, (n_queries, 8))
    names = [f"US{row:010d}" for row in range(n_items)]
    put(tmp_path, "user_idxs.tsv", "user_idx\tid\n" + "".join(f"{row}\tu\n" for row in range(103_752)))
    put(tmp_path, "item_idxs.tsv", "item_idx\tid\n" + "".join(f"{row}\t{name}\n" for row, name in enumerate(names)))
    cells = ([names[row] for row in rows] if ids else rows for rows in drawn.tolist())
    rows = "".join(f"{query}\tmusic {query}\t{query % 100}\t{cell}\n" for query, cell in enumerate(cells))
    put(tmp_path, "train_split.tsv", HEADER + rows)
    started = time.process_time()
    split = read_jam(tmp_path).splits["train"]
    assert time.process_time() - started < 20, "some two seconds on one core"
    assert len(split) == n_queries
    for query in (0, 777, n_queries - 1):
        assert split.relevant(query).tolist() == list(dict.fromkeys(drawn[query].tolist()))
