"""Targets are predicted in folds by artist, on the real sets and on planted ones; leaks stay out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from evals import apex_metrics as metrics
from evals.apex import evaluate
from evals.apex_data import AESTHETICS, HITS, SONGS, _date, read_data, unnamed
from evals.apex_systems import systems_for
from evals.errors import EvaluationDataError, MetricError, UnknownSystemError
from evals.run import eval_app
from recsys.appeal.apex import Apex
from recsys.appeal.heads import find_heads
from recsys.appeal.learners import folds_by_group
from recsys.appeal.published import read_published
from recsys.appeal.trees import TreeLearner


def _aesthetics(folder: Path) -> Path:
    return folder / "aesthetics" / "musiccaps_ratings.csv"


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 tracks of 40 artists: musicality follows from `x`, popularity from nothing but its artist."""
    rng = np.random.default_rng(5)
    of_artist = rng.normal(size=40)
    lines = ["artist,musicality (model),popularity,x,y"]
    for number in range(120):
        x, y = rng.normal(size=2)
        popularity = 50 + 10 * of_artist[number // 3] + rng.normal()
        musicality = 3 + 0.6 * np.tanh(x) + 0.1 * rng.normal()
        lines.append(f"artist {number // 3},{musicality:.4f},{popularity:.4f},{x:.4f},{y:.4f}")
    path = tmp_path_factory.mktemp("planted") / "tracks.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_figures_are_those_of_other_libraries() -> None:
    rng = np.random.default_rng(0)
    true, said = rng.normal(size=50), rng.normal(size=50).round(1)
    assert metrics.spearman(true, said) == pytest.approx(spearmanr(true, said)[0])
    assert metrics.auc((true > 0).astype(float), said) == pytest.approx(roc_auc_score(true > 0, said))
    assert metrics.pearson(true, said) == pytest.approx(np.corrcoef(true, said)[0, 1])
    assert metrics.slope(true, said) == pytest.approx(np.polyfit(said, true, 1)[0])


def test_calibration_is_told_by_hand() -> None:
    true, said = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.25, 0.75, 0.25, 0.75])
    assert metrics.slope(true, said) == 2  # differences are twice as large as they are said to be
    assert metrics.gap(true, said) == 0.25
    assert (metrics.mse(true, said), metrics.mae(true, said)) == (0.0625, 0.25)


def test_a_difference_of_a_system_from_itself_is_nothing_and_a_constant_truth_has_no_figure() -> None:
    rng = np.random.default_rng(0)
    true, said = rng.normal(size=60), rng.normal(size=60)
    draws = metrics.Resamples([f"a{n // 2}" for n in range(60)], seed=1)
    same = draws.difference(metrics.spearman, true, said, said)
    assert (same.mean, same.low, same.high) == (0, 0, 0)
    inside = draws.figure(metrics.spearman, true, true + said)
    assert inside.low < inside.mean < inside.high
    assert draws.figure(metrics.spearman, true, np.zeros(60)).mean == 0  # who says one thing of all tells nothing
    with pytest.raises(MetricError, match="all alike"):
        draws.figure(metrics.spearman, np.zeros(60), said)


def test_folds_share_no_artist_and_have_about_as_many_rows() -> None:
    artists = np.array([f"a{n % 7}" for n in range(100)] + ["many"] * 30)
    folds = folds_by_group(artists, 4, seed=1)
    assert sorted(np.concatenate(folds).tolist()) == list(range(130))
    assert not any(set(artists[one]) & set(artists[other]) for one in folds for other in folds if one is not other)
    assert max(map(len, folds)) - min(map(len, folds)) <= 15


def test_what_is_planted_is_found_and_an_artist_is_not_recognised(planted: Path) -> None:
    report = evaluate(planted, (64,), n_folds=4, chosen=("ridge", "apex", "apex without aesthetics"))
    assert report.settings["targets"] == ["musicality (model)", "popularity (proxy)"]
    for system, least in (("ridge", 0.8), ("apex", 0.5)):
        assert report.results[system]["musicality (model)"]["spearman"].mean > least
        assert report.results[system]["model"]["spearman"].mean > least
        assert report.results[system]["popularity (proxy)"]["spearman"].low < 0.1
    assert "musicality (model)" not in report.results["apex without aesthetics"]
    paired = report.results["apex without aesthetics − ridge"]
    assert set(paired) == {"all", "proxy", "popularity (proxy)"}


def test_aesthetics_are_learnt_no_better_once_they_are_shuffled(planted: Path, tmp_path: Path) -> None:
    lines = planted.read_text(encoding="utf-8").splitlines()
    cells = [line.split(",") for line in lines[1:]]
    shuffled = np.random.default_rng(1).permutation([row[1] for row in cells])
    rows = [",".join([row[0], value, *row[2:]]) for row, value in zip(cells, shuffled, strict=True)]
    (tmp_path / "shuffled.csv").write_text("\n".join([lines[0], *rows]), encoding="utf-8")
    found = evaluate(tmp_path / "shuffled.csv", (64,), n_folds=4, chosen=("ridge",)).results["ridge"]
    assert found["musicality (model)"]["spearman"].low < 0.1


def test_a_second_set_is_only_asked_about(planted: Path, tmp_path: Path) -> None:
    lines = planted.read_text(encoding="utf-8").splitlines()
    (tmp_path / "first.csv").write_text("\n".join(lines[:76]), encoding="utf-8")
    (tmp_path / "second.csv").write_text("\n".join([lines[0], *lines[70:]]), encoding="utf-8")
    report = evaluate(tmp_path / "first.csv", (64,), held_out=tmp_path / "second.csv", chosen=("ridge",))
    assert report.settings["asked about"] == 45  # of 51, six are by artists that were learnt from
    assert report.results["ridge"]["musicality (model)"]["spearman"].n == 45


def test_the_baseline_of_the_ratings_is_reached_in_ten_folds(eval_data: Path) -> None:
    report = evaluate(_aesthetics(eval_data), (64,), chosen=("tf-idf ridge",))
    found = {subset: figures["spearman"].mean for subset, figures in report.results["tf-idf ridge"].items()}
    assert found["production_quality (human)"] == pytest.approx(0.65, abs=0.03)
    assert found["production_complexity (human)"] == pytest.approx(0.72, abs=0.03)
    assert found["content_enjoyment (human)"] == pytest.approx(0.69, abs=0.03)
    assert found["content_usefulness (human)"] == pytest.approx(0.67, abs=0.03)


def test_every_set_is_read_with_its_kind_of_targets(eval_data: Path) -> None:
    ratings, hits, songs = (read_data(eval_data / name) for name in ("aesthetics", "hits", "spotify-songs"))
    assert (ratings.kind, len(ratings), {kind.value for kind in ratings.targets.kinds}) == (AESTHETICS, 496, {"human"})
    assert (hits.kind, len(hits), hits.targets.kinds[0].value) == (HITS, 32_318, "proxy")
    assert (songs.kind, len(songs), songs.targets.kinds[0].value) == (SONGS, 28_356, "proxy")
    assert len(set(songs.groups.tolist())) > 10_000
    assert hits.features["features, decade"].values[:, -1].min() == 0
    assert hits.features["features, decade"].values[:, -1].max() == 5


def test_hits_are_read_as_published_in_a_file_per_decade(eval_data: Path, tmp_path: Path) -> None:
    import polars as pl

    table = pl.read_csv(eval_data / "hits" / "tracks.csv.gz").head(300)
    for (decade,), part in table.group_by("decade"):
        part.drop("decade").write_csv(tmp_path / f"dataset-of-{decade}.csv")
    read = read_data(tmp_path)
    assert (read.kind, len(read)) == (HITS, 300)


def test_no_learner_of_popularity_or_hits_that_leads_is_given_who_made_a_track(eval_data: Path) -> None:
    """Names are taken out of the texts, and only the system that is called a leak reads titles of hits."""
    songs = read_data(eval_data / "spotify-songs")
    for text in (*songs.texts["title"][:4000], *songs.texts["album"][:4000]):
        assert "feat." not in text.lower()
    named = [
        (text, artist)
        for text, artist in zip(songs.texts["album"], songs.groups.tolist(), strict=True)
        if len(artist) > 1 and artist in text.lower()
    ]
    assert not named
    assert unnamed("Señorita (feat. Camila Cabello) - Live", "Shawn Mendes").split() == ["Señorita", "-", "Live"]
    assert unnamed("The Best of ABBA", "ABBA").split() == ["The", "Best", "of"]
    assert unnamed("Dancing With Myself", "Billy Idol") == "Dancing With Myself"
    hits = read_data(eval_data / "hits")
    for data in (hits, songs):
        compared = systems_for(data)
        assert compared.leads in compared.names
        assert not compared.leads.startswith("leak")
        assert "genre" not in compared.leads


def test_genres_are_learnt_from_by_the_system_that_leads_and_not_among_what_it_reads(eval_data: Path) -> None:
    songs = read_data(eval_data / "spotify-songs")
    learners = {one.name: one for one in systems_for(songs).learners}
    leads, genre = learners[systems_for(songs).leads], learners["trees, playlist genre"]
    assert isinstance(leads, TreeLearner)
    assert isinstance(genre, TreeLearner)
    assert leads.guide is not None
    assert len(set(leads.guide.labels.tolist())) == 24
    assert leads.features.shape[1] == genre.features.shape[1] - 2
    for read in (leads.features, leads.guide.steps):
        assert not any(
            np.array_equal(column, labels) for column in read.T for labels in (songs.labels, *genre.features[:, -2:].T)
        )
    assert set(np.unique(leads.guide.steps)) == {0, 1}


def test_a_set_that_cannot_be_evaluated_is_refused_in_words(tmp_path: Path, planted: Path) -> None:
    (tmp_path / "plain.csv").write_text("title,x\na,1\n", encoding="utf-8")
    with pytest.raises(EvaluationDataError, match="no column that is a target"):
        read_data(tmp_path / "plain.csv")
    with pytest.raises(EvaluationDataError, match="there is nothing at"):
        read_data(tmp_path / "nowhere.csv")
    with pytest.raises(EvaluationDataError, match="has none of"):
        read_data(tmp_path)
    (tmp_path / "few.csv").write_text("popularity,x\n1,1\n2,3\n", encoding="utf-8")
    with pytest.raises(EvaluationDataError, match="known of 2 tracks"):
        evaluate(tmp_path / "few.csv", (1,))
    with pytest.raises(UnknownSystemError, match="no system 'magic'"):
        evaluate(planted, (1,), chosen=("magic",))
    with pytest.raises(EvaluationDataError, match=r"has 3 rows for 120 tracks"):
        evaluate(planted, (1,), vectors={"mert": np.zeros((3, 2), np.float32)})


def test_the_command_writes_what_it_prints(planted: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.zeros((120, 2), np.float32))
    asked = ["apex", "--data", str(planted), "--systems", "ridge", "--folds", "3", "--json", str(tmp_path / "a.json")]
    result = CliRunner().invoke(eval_app, [*asked, "--vectors", f"flat={tmp_path / 'v.npy'}"])
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert set(told["results"]["ridge"]) == {"all", "model", "proxy", "musicality (model)", "popularity (proxy)"}
    wrong = CliRunner().invoke(eval_app, [*asked, "--vectors", "v.npy"])
    assert wrong.exit_code != 0


def test_the_published_checkpoint_is_a_system_that_learns_nothing(planted: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "best_model.pt"
    torch.manual_seed(3)
    torch.save({"model_state": Apex(find_heads(["score_likes", "musicality"]), n_inputs=8).state_dict()}, checkpoint)
    vectors = np.random.default_rng(1).normal(size=(120, 8)).astype(np.float32)
    vectors[:10] = np.nan
    np.save(tmp_path / "mert.npy", vectors)
    asked = ["apex", "--data", str(planted), "--systems", "published;ridge", "--folds", "3"]
    asked += ["--checkpoint", str(checkpoint), "--vectors", f"mert={tmp_path / 'mert.npy'}"]
    result = CliRunner().invoke(eval_app, [*asked, "--json", str(tmp_path / "a.json")])
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["results"]
    assert set(told["published"]) == {"all", "model", "musicality (model)"}  # it says nothing of popularity
    true = read_data(planted).targets.values[10:, 0]
    said = [read_published(checkpoint).predict(one[None])[1] for one in vectors[10:]]
    found = told["published"]["musicality (model)"]["spearman"]
    assert found["mean"] == pytest.approx(spearmanr(true, said)[0])
    assert "musicality (model)" in told["published − ridge"]
    narrow = {"mert": vectors[:, 1:]}
    with pytest.raises(EvaluationDataError, match=r"has 7 numbers a track, and .* reads 8"):
        evaluate(planted, (1,), checkpoint=checkpoint, vectors=narrow)
    with pytest.raises(EvaluationDataError, match="0 tables of vectors were given"):
        evaluate(planted, (1,), checkpoint=checkpoint)


def test_every_way_to_train_the_network_is_compared_with_popularity_alone() -> None:
    """On the planted table, which needs no file."""
    systems = ("multi, equal, 2 layers", "popularity alone, 2 layers")
    report = evaluate(Path("planted"), (64,), n_folds=2, chosen=systems)
    assert report.results[systems[0]]["musicality (human)"]["spearman"].low > 0.5
    assert set(report.results[systems[1]]) == {"all", "proxy", "popularity (proxy)"}
    assert set(report.results[f"{systems[0]} − {systems[1]}"]) == {"all", "proxy", "popularity (proxy)"}
    names = systems_for(read_data(Path("planted"))).sets["networks"]
    assert len(names) == 2 * (3 + 1 + 1)
    with pytest.raises(UnknownSystemError, match="networks"):
        evaluate(Path("planted"), (64,), chosen=("magic",))


def test_leaks_are_scored_only_where_they_are_asked_for(eval_data: Path) -> None:
    compared = systems_for(read_data(eval_data / "hits"))
    assert "leak: titles" in compared.on_request
    assert compared.leads not in compared.on_request


def test_dates_are_read_as_exactly_as_they_are_known() -> None:
    assert _date("2019-11-22") == pytest.approx([2019, 2019 + 10 / 12 + 21 / 365, 11, 22, 3, 4])  # a Friday
    assert np.isnan(_date("2019")).tolist() == [False, False, True, True, False, True]
    assert np.isnan(_date("2019-02-30")[-1])
    assert np.isnan(_date("")).all()
