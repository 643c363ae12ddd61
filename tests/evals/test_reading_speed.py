"""`segue bench reading`: its synthetic names, and a whole run on a few."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evals.errors import EvaluationDataError
from evals.main import command_line
from evals.reading_speed import synthetic_tracks
from recsys.types import Track

TRACKS = [Track(f"t{n}", f"Title{n} Word{n % 7}", (f"First{n} Last{n % 5}",)) for n in range(60)]


@pytest.mark.parametrize("n_names", [100, 101, 400])
def test_as_many_different_names_as_asked(n_names: int) -> None:
    made = list(synthetic_tracks(TRACKS, n_names, np.random.default_rng(0)))
    artists, titles = {track.artists[0] for track in made}, {track.title for track in made}
    assert len(artists | titles) == n_names
    assert not (artists | titles) & {name for track in TRACKS for name in (track.title, *track.artists)}
    assert len({track.track_id for track in made}) == len(made)


def test_too_few_words_are_refused() -> None:
    with pytest.raises(EvaluationDataError, match="names cannot be made of 60 tracks"):
        list(synthetic_tracks(TRACKS, 1_000_000, np.random.default_rng(0)))


def test_a_whole_run(tmp_path: Path) -> None:
    """Both catalogues are read with, every kind of message is timed, and the quantiles are in order."""
    lines = [f'{{"track_id": "{one.track_id}", "title": "{one.title}", "artist": "{one.artist}"}}' for one in TRACKS]
    (tmp_path / "tracks.jsonl").write_text("\n".join(lines), encoding="utf-8")
    asked = ["bench", "reading", "--catalogue", str(tmp_path / "tracks.jsonl"), "--names", "200"]
    with pytest.raises(SystemExit) as left:
        command_line().main(args=[*asked, "--json", str(tmp_path / "out.json")], prog_name="segue")
    assert left.value.code == 0
    results = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"]
    assert {system: figures["all"]["names"]["mean"] for system, figures in results.items()} == {
        "catalogue": 120,
        "200 names": 200,
    }
    for figures in results.values():
        assert set(figures) == {"all", "written", "named", "misspelt"}
        assert all(0 < one["p50_ms"]["mean"] <= one["p99_ms"]["mean"] for one in figures.values())
