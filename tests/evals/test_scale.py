"""The large catalogue of perturbed copies: as many tracks as asked, each its own, the originals among them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from evals.errors import EvaluationDataError
from evals.scale import write_large_table
from recsys.sources import read_source

_HEADER = ("track_id", "track_name", "track_artist", "track_album_name", "track_album_release_date", "playlist_id")
_HEADER += ("playlist_name", "track_popularity", "energy", "valence")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Ten tracks, each in two playlists, and a row of "NA" as the real table has."""
    path = tmp_path / "songs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for playlist in range(2):
            for n in range(10):
                fact = (f"t{n}", f"Title {n}", f"Artist {n}", f"Album {n}", f"{1990 + n}-01-01")
                writer.writerow((*fact, f"p{playlist}", f"List {playlist}", 10 * n, n / 10, 0.5))
        writer.writerow(("x", "NA", "NA", "NA", "2000", "p0", "List 0", 0, 0, 0))
    return path


def test_as_many_tracks_as_asked_in_playlists_of_their_own(table: Path, tmp_path: Path) -> None:
    target = tmp_path / "large.csv"
    write_large_table(table, target, 35, np.random.default_rng(0))
    content = read_source(target)
    assert len(content.tracks) == 35
    assert content.bad_rows == []
    by_id = {track.track_id: track for track in content.tracks}
    assert by_id["t3"].title == "Title 3"
    copies = [track for track_id, track in by_id.items() if track_id.startswith("t3-")]
    assert len(copies) >= 2
    for copy in copies:
        assert copy.title.startswith("Title 3 ")
        assert copy.year is not None
        assert abs(copy.year - 1993) <= 3
        assert copy.energy is not None
        assert 0 <= copy.energy <= 1
    assert {collection.collection_id for collection in content.collections} >= {"p0", "p1", "p0-1", "p1-1"}


def test_the_same_seed_writes_the_same_table(table: Path, tmp_path: Path) -> None:
    texts = []
    for number, seed in enumerate((5, 5, 6)):
        target = tmp_path / f"large {number}.csv"
        write_large_table(table, target, 25, np.random.default_rng(seed))
        texts.append(target.read_text(encoding="utf-8"))
    assert texts[0] == texts[1] != texts[2]


def test_a_table_of_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("title,artist\nOne,Two\n", encoding="utf-8")
    with pytest.raises(EvaluationDataError, match="track_id"):
        write_large_table(path, tmp_path / "large.csv", 10, np.random.default_rng(0))
