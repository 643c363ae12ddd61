"""Lyrics beside a data set become a modality, encoded as the run encodes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.jam.files import JamFormatError, read_jam, write_jam
from recsys.jam.lyrics import with_lyrics
from recsys.types import FloatArray
from tests.jam_data import dataset


class Lengths:
    """Encodes a text by its length."""

    name, dim = "lengths", 2

    def encode(self, texts: Sequence[str]) -> FloatArray:
        return np.array([[len(text), 1] for text in texts], np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_jam(tmp_path / "planted", dataset())
    return tmp_path / "planted"


def test_words_become_vectors_and_no_words_an_absent_row(folder: Path) -> None:
    (folder / "lyrics.tsv").write_text("item_idx\ttext\n3\tla la la\n0\tnan\n5\t \n", encoding="utf-8")
    plain = read_jam(folder / "processed")
    found = with_lyrics(plain, folder / "processed", Lengths)
    table = found.item_features["lyrics"]
    assert list(found.item_features) == ["content", "lyrics"]
    assert table.shape == (found.n_items, 2)
    assert table[[3, 0]].tolist() == [[8, 1], [3, 1]]
    assert np.flatnonzero(table.any(axis=1)).tolist() == [0, 3]
    assert "lyrics" not in plain.item_features


def test_vectors_that_are_there_come_first_and_nothing_is_opened_in_vain(folder: Path) -> None:
    def refuse() -> Lengths:
        raise AssertionError("opened in vain")

    plain = read_jam(folder)
    assert with_lyrics(plain, folder, refuse) is plain
    (folder / "lyrics.tsv").write_text("item_idx\ttext\n3\tla\n", encoding="utf-8")
    given = replace(plain, item_features={"lyrics": plain.item_features["content"]})
    assert with_lyrics(given, folder, refuse) is given


def test_an_item_that_there_is_not_is_named_with_its_line(folder: Path) -> None:
    (folder / "lyrics.tsv").write_text("item_idx\ttext\n3\tla\n40\tla\n", encoding="utf-8")
    with pytest.raises(JamFormatError, match=r"lyrics\.tsv, line 3: item_idx names 40, expected 0 to 39"):
        with_lyrics(read_jam(folder), folder, Lengths)
