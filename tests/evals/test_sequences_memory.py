"""`segue bench sequences`: the log that it makes up is read, and what it reckons is what grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals import sequences_memory
from evals.sequences_memory import bench_sequences, measure, write_log
from recsys.sequential.reading_logs import read_lastfm_1k


def _quiet(stage: str, done: int, total: int) -> None:
    pass


def test_the_log_is_of_the_published_form(tmp_path: Path) -> None:
    path = tmp_path / "plays.tsv"
    write_log(path, 40_000, 500, 3, _quiet)
    rows = path.read_text(encoding="utf-8").splitlines()
    assert len(rows) == 40_000
    first, second = (row.split("\t") for row in rows[:2])
    assert len(first) == 6
    assert first[0] == second[0]
    assert first[1] > second[1]
    plays = read_lastfm_1k(path)
    assert len(plays.listener_ids) == 1_000
    assert 400 < len(plays.names) <= 500
    assert measure(str(path), "cut", _quiet)["cut"] > 1e7


def test_what_grows_with_rows_and_names_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def known(n_rows: int, n_tracks: int, seed: int, progress: object) -> dict[str, float]:
        sizes = {"rows": float(n_rows), "names": float(n_tracks)}
        for stage, of_row in (("read", 50.0), ("cut", 90.0)):
            sizes |= {stage: 1e8 + of_row * n_rows + 200.0 * n_tracks, f"{stage}_s": 2.0}
        return sizes

    monkeypatch.setattr(sequences_memory, "_measured", known)
    found = bench_sequences(80_000, 1_000, (1,), progress=_quiet).results
    assert found["read"]["all"]["bytes_per_row"].mean == pytest.approx(50)
    assert found["cut"]["half"]["bytes_per_row"].mean == pytest.approx(90)
    assert found["read"]["all"]["bytes_per_name"].mean == pytest.approx(200)
    assert found["read"]["all"]["rows_per_s"].mean == 40_000
    assert found["read"]["full"]["peak_mb"].mean == pytest.approx((1e8 + 50 * 19_150_868 + 200 * 1.5e6) / 1e6)
