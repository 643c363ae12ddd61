"""`segue bench jam` on a tiny data set, children included, and what it says of its yardstick."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from assistant.settings import Settings
from evals.child import run_child
from evals.errors import CommandFailedError, EvaluationDataError, UnknownSystemError
from evals.jam_catalogue import SOURCES
from evals.jam_speed import bench_jam, choose_parts, find_data_set
from recsys.jam.files import write_jam
from tests.evals.test_jam import StyleEncoder
from tests.jam_data import N_USERS, dataset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds the data set under its name."""
    users = np.random.default_rng(0).normal(size=(N_USERS, 5)).astype(np.float32)
    write_jam(tmp_path / "lastfm-jam", replace(dataset(), user_features={"cf": users}))
    return tmp_path


def test_parts_by_name() -> None:
    assert choose_parts("train, evaluate,train") == ("train", "evaluate")
    assert choose_parts("all")[:2] == ("train", "evaluate")
    with pytest.raises(UnknownSystemError, match="'speed'"):
        choose_parts("speed")


@pytest.mark.long
def test_the_data_set_is_found_in_the_folder_or_is_it(folder: Path) -> None:
    for given in (folder, folder / "lastfm-jam"):
        assert find_data_set(given) == folder / "lastfm-jam"
    with pytest.raises(EvaluationDataError, match="give --data"):
        find_data_set(folder / "lastfm-jam" / "nothing")


@pytest.mark.long
def test_a_whole_run_on_a_tiny_data_set(folder: Path) -> None:
    """Every figure that is promised is there, in the form for machines, and the yardstick is judged."""
    report, checks = bench_jam(folder, ("train", "evaluate"), (64,), epochs=1, encoder=StyleEncoder())
    found = json.loads(json.dumps(report.to_json()))["results"]
    for mixer in ("avg", "cross"):
        assert found[mixer]["all"]["times"]["mean"] > 0
        assert found[mixer]["train"]["times"]["mean"] == pytest.approx(
            found[f"reference-{mixer}"]["train"]["seconds"]["mean"] / found[mixer]["train"]["seconds"]["mean"]
        )
        assert found[mixer]["train"]["triples_per_s"]["mean"] > 0
        assert found[mixer]["evaluate"]["peak_mb"]["mean"] >= 0
        whole = found[f"reference-{mixer}"]["all"]["seconds"]["mean"]
        assert whole > 25 * found[f"reference-{mixer}"]["train"]["seconds"]["mean"]
        assert "ndcg@10" not in found[mixer]["all"], "one epoch says nothing of quality"
    assert found["listwise"]["all"]["ndcg@10"]["mean"] > 0
    assert report.settings["split"] == "val"
    assert report.settings["blas_gflops"] > 0
    assert [line.split(":")[0] for line in checks] == ["reference-avg"] * 2 + ["reference-cross"] * 2
    assert "extrapolated from 1" in checks[0]
    assert "--epochs 25 compares it" in checks[1]


@pytest.mark.long
def test_scoring_and_searching_a_small_catalogue(eval_data: Path, tmp_path: Path) -> None:
    """The first lines of the real catalogues, filled up: what is served is exact, and proven by the bounds."""
    for name in SOURCES:
        opened = gzip.open if name.endswith(".gz") else open
        (tmp_path / name).parent.mkdir()
        with opened(eval_data / name, "rt", encoding="utf-8") as whole, opened(tmp_path / name, "wt") as part:
            part.writelines(islice(whole, 400))
    report, checks = bench_jam(
        tmp_path,
        ("score", "retrieve"),
        (64,),
        epochs=1,
        encoder=StyleEncoder(),
        encoder_name=Settings().text_encoder,
        n_tracks=1_500,
        threads=1,
        serving={"n_requests": 20, "steps": 40},
    )
    found = json.loads(json.dumps(report.to_json()))["results"]
    assert not checks
    assert report.settings["tracks"] == 1_500
    assert 600 < report.settings["of_them_real"] < 1_200
    assert found["exact"]["all"]["times"]["mean"] > 1, "building every track's vector cannot be faster than not to"
    assert found["together"]["all"]["p50_ms"]["mean"] > 0
    assert found["chroma"]["all"]["recall@100"]["mean"] == found["chroma"]["all"]["certified"]["mean"] == 1
    shares = [found["chroma"][f"lists of {n}"]["certified"]["mean"] for n in (100, 200, 400, 800)]
    assert shares == sorted(shares)
    assert found["exact search"]["all"]["recall@100"]["mean"] == 1


def test_a_child_that_fails_is_one_error_with_its_last_words() -> None:
    with pytest.raises(CommandFailedError, match=r"No module named 'evals\.nowhere'"):
        run_child("evals.nowhere:nothing", {}, threads=1)
