"""Annotators of attributes are compared with a reference, per attribute and category, on both scales."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evals.agreement import agree
from evals.errors import EvaluationDataError
from evals.mgphot import CONSTANT, evaluate
from recsys.attributes.files import read_attributes
from recsys.attributes.scales import Scale, ScaleError
from recsys.attributes.table import CATEGORIES, load_attributes
from recsys.attributes.values import AUDIO, MODEL, annotation
from recsys.store import Store
from recsys.types import Track

TABLE = load_attributes()
N = 60


def by_definition(a: list[int], b: list[int], n_steps: int) -> float:
    """Weighted kappa from its matrices, as in the definition."""
    observed, chance = np.zeros((n_steps + 1, n_steps + 1)), np.zeros((n_steps + 1, n_steps + 1))
    for one, other in zip(a, b, strict=True):
        observed[one, other] += 1 / len(a)
    for one in a:
        for other in b:
            chance[one, other] += 1 / len(a) / len(b)
    weight = np.square(np.subtract.outer(np.arange(n_steps + 1), np.arange(n_steps + 1)))
    return float(1 - (weight * observed).sum() / (weight * chance).sum())


def test_kappa_is_that_of_the_definition_on_both_scales() -> None:
    rng = np.random.default_rng(1)
    true = (rng.integers(0, 11, (80, 1)) / 10).astype(np.float32)
    said = np.clip(true + rng.integers(-3, 4, (80, 1)) / 10, 0, 1).astype(np.float32)
    figures = agree(true, said, {"all": [0]})["all"].figures
    for scale in Scale:
        steps = scale.n_steps
        a, b = ([int(np.floor(v * steps + 0.5 + 1e-6)) for v in values[:, 0]] for values in (true, said))
        assert figures[f"kappa {scale.value}"].mean == pytest.approx(by_definition(a, b, steps))
        near = np.mean([abs(x - y) <= 1 for x, y in zip(a, b, strict=True)])
        assert figures[f"within a step {scale.value}"].mean == pytest.approx(near)
    mae = figures["mae"]
    assert mae.mean == pytest.approx(float(np.abs(true - said).mean()), abs=1e-6)
    assert mae.low < mae.mean < mae.high
    assert mae.n == 80


def test_only_pairs_count_and_kappa_is_left_out_where_it_is_not_defined() -> None:
    nan = np.nan
    true = np.array([[0.0, 0.5, nan], [1.0, 0.5, 0.2], [0.4, 0.5, 0.2]], np.float32)
    said = np.array([[0.0, 0.5, 0.1], [1.0, 0.5, nan], [nan, 0.5, nan]], np.float32)
    found = agree(true, said, {"all": [0, 1, 2], "first": [0], "second": [1], "third": [2]})
    assert "third" not in found
    assert found["first"].figures["kappa 0-5"].mean == 1
    assert found["first"].figures["mae"].n == 2
    assert "kappa 0-5" not in found["second"].figures
    assert found["second"].figures["within a step 0-1"].mean == 1
    assert found["all"].figures["kappa 0-5"].mean == 1


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A reference in MGPHot's own form, and annotations 0–5 in columns that are right but for two attributes."""
    rng = np.random.default_rng(2)
    fives = rng.integers(0, 6, (N, 58))
    lines = ["mgphot_track_id\tartist\ttitle\tyear\tgene_values"]
    lines += [f"{n}\tBand {n}\tSong {n}\t2000\t{json.dumps([v / 5 for v in fives[n].tolist()])}" for n in range(N)]
    reference = tmp_path / "mgphot_gene_values.tsv"
    reference.write_text("\n".join(lines), encoding="utf-8")
    said = fives.copy()
    said[:, TABLE.number["tempo"]] = np.minimum(said[:, TABLE.number["tempo"]] + 1, 5)
    said[:, TABLE.number["lyrics_sad"]] = rng.permutation(said[:, TABLE.number["lyrics_sad"]])
    lines = [",".join(["artist_name", "track_name", *(f'"{one.name}"' for one in TABLE.attributes)])]
    lines += [",".join([f"Band {n}", f"Song {n}", *map(str, said[n].tolist())]) for n in range(0, N, 2)]
    annotated = tmp_path / "annotations_few_shot.csv"
    annotated.write_text("\n".join(lines), encoding="utf-8")
    return reference, annotated


def test_a_file_is_compared_attribute_by_attribute_and_category_by_category(files: tuple[Path, Path]) -> None:
    reference, annotated = files
    report = evaluate(reference, [64], annotated=annotated)
    figures = report.results[annotated.name]
    assert list(figures)[:8] == ["all", *CATEGORIES]
    assert len(figures) == 1 + 7 + 58
    assert figures["Vocal Grittiness"]["mae"].mean == pytest.approx(0, abs=1e-6)
    assert figures["Vocal Grittiness"]["kappa 0-5"].mean == 1
    assert figures["Tempo"]["within a step 0-5"].mean == 1
    assert figures["Tempo"]["within a step 0-1"].mean < 0.5
    assert figures["Tempo"]["mae"].mean == pytest.approx(0.2, abs=0.06)
    assert abs(figures["Sad Lyrics"]["kappa 0-5"].mean) < 0.5
    assert figures["lyrics"]["kappa 0-5"].mean < 1
    assert figures["vocals"]["kappa 0-5"].mean == 1
    assert figures["all"]["mae"].n == N // 2
    constant = report.results[f"{CONSTANT} ({annotated.name})"]
    assert constant["Sad Lyrics"]["kappa 0-5"].mean == pytest.approx(0, abs=1e-6)
    assert report.settings["found"] == N // 2


def test_a_scale_is_never_guessed(files: tuple[Path, Path]) -> None:
    reference, annotated = files
    with pytest.raises(ScaleError, match="name the scale 0-1"):
        evaluate(reference, [64], scale=Scale.FIVE, annotated=annotated)
    with pytest.raises(ScaleError, match="name the scale 0-5"):
        evaluate(reference, [64], annotated=annotated, annotated_scale=Scale.UNIT)


def test_files_of_other_tracks_are_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("artist,title,Tempo\nNobody,Nothing,3\n", encoding="utf-8")
    with pytest.raises(EvaluationDataError, match=r"0 of the 60 tracks.*other\.csv, which has 1"):
        evaluate(files[0], [64], annotated=other)


def test_what_a_data_folder_keeps_is_compared_source_by_source(files: tuple[Path, Path], tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    store = Store.open(f"sqlite:///{(home / 'segue.db').as_posix()}")
    store.add_source(
        "mine", "", "csv", "1", [Track(f"mine:{n}", f"Song {n} (Remastered)", (f"BAND {n}",)) for n in range(N)]
    )
    reference = read_attributes(files[0], Scale.UNIT)
    for source, n_tracks in ((MODEL, 20), (AUDIO, 40)):
        said = [
            annotation(f"mine:{n}", {key: (value, 0.3) for key, value in reference.rows[n].values.items()}, source)
            for n in range(n_tracks)
        ]
        store.annotations.put(source, [one.track_id for one in said], said)
    store.close()
    report = evaluate(files[0], [64], home=home)
    assert report.results["language model"]["all"]["mae"].n == 20
    assert report.results["by sound"]["all"]["mae"].n == 40
    assert report.results["by sound"]["all"]["kappa 0-5"].mean == 1
    empty = tmp_path / "empty"
    with pytest.raises(EvaluationDataError, match=r"empty holds no segue\.db.*name a data folder with --home"):
        evaluate(files[0], [64], home=empty)
    assert not empty.exists()
    empty.mkdir()
    Store.open(f"sqlite:///{(empty / 'segue.db').as_posix()}").close()
    with pytest.raises(EvaluationDataError, match=r"0 of the 60 tracks of the reference.*segue annotate"):
        evaluate(files[0], [64], home=empty)
