"""A library counted and drawn: what is there, how it is known, what is missing, and what is alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from assistant.app import Assistant
from assistant.library import NothingToDrawError, count_library
from connectors.library_plots import draw_library, draw_library_map
from connectors.library_view import show_library
from recsys.catalogue import Catalogue
from recsys.flat import flatten, kept_near
from recsys.types import Derived, FloatArray, Track

HEARD, INFERRED = Derived("heard:test", 0.9), Derived("artist", 0.8)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.from_tracks(
        [
            Track(
                "a", "River", ("Ann",), year=1971, genres=("folk",), duration_s=60.0, key="A minor", path="/m/a.flac"
            ),
            Track("b", "River (Live)", ("Ann",), year=1975, genres=("folk", "rock"), path="/m/b.MP3"),
            Track("c", "Tide", ("Ben",), year=1982, tempo_bpm=92.4, derived={"tempo_bpm": HEARD}, language="french"),
            Track("d", "<b>Bold</b>", ("Cy",), genres=("metal",), derived={"genres": INFERRED}, tempo_bpm=99.9),
        ]
    )


def test_a_library_is_counted_with_how_it_is_known(catalogue: Catalogue) -> None:
    report = count_library(catalogue)
    assert (report.n_tracks, report.n_artists, report.n_with_file, report.n_estimated) == (4, 3, 2, 3)
    assert {bar.value: bar.n for bar in report.genres} == {"folk": 2, "rock": 1, "metal": 1}
    assert [(bar.value, bar.n) for bar in report.decades] == [("1970s", 2), ("1980s", 1)]
    assert [bar.n for bar in report.years] == [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert [(bar.value, bar.n) for bar in report.tempos] == [("90–99", 2)]
    assert [bar.value for bar in report.keys if bar.n] == ["A minor"]
    assert {bar.value for bar in report.formats} == {"flac", "mp3"}
    assert report.gaps == ("1972–1974", "1976–1981")
    known = {one.fact: (one.n_stated, one.n_heard, one.n_inferred) for one in report.coverage}
    assert known["genre"] == (2, 0, 1)
    assert known["tempo"] == (1, 1, 0)
    assert known["themes"] == (0, 0, 0)
    assert report.n_repeats == 1
    assert [track.title for track in report.repeats[0].tracks] == ["River", "River (Live)"]
    empty = count_library(Catalogue.from_tracks([]))
    assert (empty.n_tracks, empty.years, empty.gaps) == (0, (), ())


def test_what_is_counted_is_shown_and_drawn(catalogue: Catalogue) -> None:
    report = count_library(catalogue)
    console = Console(record=True, width=100)
    show_library(console, report)
    show_library(console, count_library(Catalogue.from_tracks([])))
    shown = console.export_text()
    assert "4 tracks by 3 artists" in shown
    assert "“River” by Ann: “River (Live)”" in shown
    assert "Years without a track: 1972–1974, 1976–1981" in shown
    page = draw_library(report)
    assert "connect-src" not in page
    assert "default-src 'none'" in page
    assert page.count('class="plotly-graph-div"') == 7 + 1  # and what is known


def test_what_is_alike_lies_near_and_the_map_is_always_the_same() -> None:
    rng = np.random.default_rng(1)
    group = np.arange(120) % 4
    vectors = rng.normal(size=(4, 20))[group] + 0.3 * rng.normal(size=(120, 20))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    placed = flatten(vectors, seed=3, threads=1)
    assert placed.shape == (120, 2)
    assert np.abs(placed).max() == pytest.approx(1)
    nearest = [
        np.argsort(np.square(placed - placed[row]).sum(axis=1), kind="stable")[1:11] for row in range(len(placed))
    ]
    assert np.mean([group[rows] == group[row] for row, rows in enumerate(nearest)]) > 0.95
    assert kept_near(vectors, placed) > 3 * 10 / 119
    np.testing.assert_allclose(flatten(vectors, seed=3, threads=1), placed, atol=1e-4)
    assert flatten(vectors[:2], seed=3, threads=1).shape == (2, 2)


def test_the_map_of_a_library_names_tracks_and_takes_them_for_nothing_but_words(
    indexed_home: Callable[[int], Path], open_assistant: Callable[..., Assistant]
) -> None:
    home = indexed_home(30)
    with open_assistant(home) as assistant:
        report = assistant.library_map(max_tracks=20)
        assert (len(report.tracks), report.n_catalogue, report.by) == (20, 30, "what is said of them")
        assert assistant.library_map(max_tracks=20) == report
        hostile = report.tracks[0].model_copy(update={"title": "<img src=x onerror=alert(1)>%{x}"})
        page = draw_library_map(report.model_copy(update={"tracks": (hostile, *report.tracks[1:])}))
        assert "<img src=x" not in page
        assert "onerror" in page

        def bring(name: str, *ids: str, vectors: FloatArray) -> None:
            np.save(home / "v.npy", vectors)
            (home / "ids.txt").write_text("\n".join(ids), encoding="utf-8")
            assistant.add_embeddings(name, home / "v.npy", home / "ids.txt")

        first, second = (track.track_id for track in report.tracks[:2])
        bring("librosa", first, second, vectors=np.eye(2, 3, dtype=np.float32))
        heard = assistant.library_map()
        assert (heard.by, heard.n_placed) == ("librosa", 2)
        bring("silent", first, "elsewhere", vectors=np.array([[0, 0], [1, 0]], np.float32))
        with pytest.raises(NothingToDrawError, match="segue index FOLDER"):
            assistant.library_map(by="silent")
