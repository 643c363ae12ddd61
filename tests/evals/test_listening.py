"""`segue bench listen`: made-up files are heard, and what it says adds up."""

from __future__ import annotations

import numpy as np
import pytest

from evals.listening import bench_listen, excerpts


@pytest.mark.long
def test_made_up_files_are_heard_and_not_again_when_nothing_has_changed() -> None:
    report = bench_listen(2, "librosa", 1, None, [0])
    first, again = report.results["segue"]["all"], report.results["segue"]["nothing changed"]
    assert first["tracks_per_s"].mean >= 2 / first["seconds"].mean
    assert again["seconds"].mean < first["seconds"].mean
    assert 0 < again["peak_mb"].mean < first["peak_mb"].mean < 1_500
    assert first["cpu_s_per_track"].mean > 0


def test_excerpts_are_drawn_by_the_seed() -> None:
    one, other = (next(excerpts(1, np.random.default_rng(seed))) for seed in (1, 2))
    assert one.shape == (1_323_000, 2)
    assert np.array_equal(one, next(excerpts(1, np.random.default_rng(1))))
    assert not np.array_equal(one, other)
