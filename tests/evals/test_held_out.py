"""Holding playlists out: what is drawn, what the copy still knows, and what the counting baselines make of it."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from evals.baselines import bm25, cooccurrence, popularity
from evals.errors import EvaluationDataError, UnknownSystemError
from evals.held_out import hide, read_playlists, split
from evals.playlists import SYSTEMS, choose_systems
from recsys.catalogue import Catalogue
from recsys.sources import read_source
from recsys.types import Collection, Track

_HEADER = ("track_id", "track_name", "track_artist", "track_album_name", "playlist_id", "playlist_name")
_HEADER += ("playlist_genre", "playlist_subgenre", "track_popularity")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Ten playlists of six tracks; neighbouring playlists share two tracks."""
    path = tmp_path / "songs.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number in range(10):
            for track in range(6):
                n = number * 4 + track
                fact = (f"t{n:03}", f"Title {n}", f"Artist {n // 3}", f"Album {n}")
                writer.writerow((*fact, f"p{number}", f"Mix, {number}", "rock", f"sub {number}", n))
    return path


def test_one_in_five_by_seed_cut_in_two_halves(table: Path) -> None:
    playlists = read_playlists(table)
    drawn = split(playlists, seed=0)
    assert len(drawn.hidden) == 2
    assert drawn == split(playlists, seed=0)
    assert {split(playlists, seed).hidden for seed in range(8)} != {drawn.hidden}
    for one in drawn.playlists:
        assert len(one.history) == len(one.targets) == 3
        members = next(p.track_ids for p in playlists if p.collection_id == one.playlist_id)
        assert sorted((*one.history, *one.targets)) == sorted(members)
        assert one.name_is_new


def test_playlists_of_one_track_stay_hidden_but_are_not_scored() -> None:
    playlists = [Collection(f"p{n}", "same name", ("t",) if n % 2 else ("t", "u", "v")) for n in range(40)]
    drawn = split(playlists, seed=1)
    assert len(drawn.hidden) == 8
    assert 0 < len(drawn.playlists) < 8
    assert all(len(one.history) == 1 and len(one.targets) == 2 for one in drawn.playlists)
    assert not any(one.name_is_new for one in drawn.playlists)


def test_copy_keeps_every_track_and_nothing_of_the_hidden_playlists(table: Path, tmp_path: Path) -> None:
    copy = tmp_path / "hidden.csv"
    assert hide(table, frozenset({"p3", "p4"}), copy) == 12
    before, after = read_source(table), read_source(copy)
    assert {t.track_id for t in after.tracks} == {t.track_id for t in before.tracks}
    assert sorted(c.collection_id for c in after.collections) == [f"p{n}" for n in (0, 1, 2, 5, 6, 7, 8, 9)]
    with copy.open(encoding="utf-8", newline="") as file:
        cells = {cell for row in csv.reader(file) for cell in row}
    assert not cells & {"p3", "Mix, 3", "sub 3", "p4", "Mix, 4", "sub 4"}
    shared = next(t for t in after.tracks if t.track_id == "t012")  # in the playlists 2 and 3
    assert "sub 2" in shared.tags
    assert "sub 3" not in shared.tags


def test_what_cannot_be_hidden_is_an_error(table: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationDataError, match="no row"):
        hide(table, frozenset({"p77"}), tmp_path / "copy.csv")
    plain = tmp_path / "plain.csv"
    plain.write_text("title,artist\nOne,Two\n", encoding="utf-8")
    with pytest.raises(EvaluationDataError, match="playlist_id"):
        hide(plain, frozenset({"p1"}), tmp_path / "copy.csv")
    with pytest.raises(EvaluationDataError, match="0 playlists"):
        read_playlists(plain)
    with pytest.raises(EvaluationDataError, match="no CSV"):
        read_playlists(tmp_path / "tracks.jsonl")


def test_baselines_see_what_they_should() -> None:
    """Planted: t1 and t2 share playlists with the history, t3 its artist, t4 the words, t5 fame."""
    tracks = [
        Track("t0", "Zero", ("Anna",), popularity=0.1),
        Track("t1", "One", ("Bob",), popularity=0.1),
        Track("t2", "Two", ("Carl",), popularity=0.1),
        Track("t3", "Three", ("Anna",), popularity=0.1),
        Track("t4", "Summer Rain", ("Dora",), popularity=0.1),
        Track("t5", "Five", ("Emil",), popularity=0.9),
    ]
    lists = [
        Collection("a", "x", ("t0", "t1", "t2")),
        Collection("b", "y", ("t0", "t1")),
        Collection("c", "z", ("t5",)),
    ]
    catalogue = Catalogue.from_tracks(tracks, lists)
    history = catalogue.rows(["t0"])
    best = {
        name: [
            catalogue.track_ids[row] for row in np.argsort(-make(catalogue)("rain in summers", history), kind="stable")
        ]
        for name, make in {"bm25": bm25, "popularity": popularity, "cooccurrence": cooccurrence}.items()
    }
    assert best["bm25"][0] == "t4"
    assert best["popularity"][0] == "t5"
    assert best["cooccurrence"][:4] == ["t0", "t1", "t3", "t2"]
    assert not bm25(catalogue)("nothing of this", history).any()
    alone = Catalogue.from_tracks(tracks)
    assert cooccurrence(alone)("", alone.rows(["t0"])).tolist() == [1, 0, 0, 1, 0, 0]


def test_systems_are_chosen_by_name() -> None:
    assert choose_systems("all") == SYSTEMS
    assert choose_systems("bm25, segue") == ("bm25", "segue")
    with pytest.raises(UnknownSystemError, match="jam"):
        choose_systems("segue,jam")
