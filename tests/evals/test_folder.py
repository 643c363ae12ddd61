"""`segue bench folder` on a few files."""

from __future__ import annotations

from evals.folder import bench_folder


def test_a_made_folder_is_read_again_only_after_it_moved() -> None:
    report = bench_folder(30, [1])
    steps = report.results["segue"]
    assert list(steps) == ["all", "again", "moved"]
    for figures in steps.values():
        assert (figures["tracks"].mean, figures["kept"].mean) == (30, 1)
        assert 0 < figures["peak_mb"].mean < 1_500
    assert steps["again"]["cpu_s"].mean < steps["moved"]["cpu_s"].mean
