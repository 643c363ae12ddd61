"""`segue eval encoders`: what it reads, what it never opens, what it keeps, and what it says."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from evals.encoders import Cell, Plan, choose_faults, run_grid
from evals.encoders_data import Facts, StudyData, popularity_deciles, read_preset
from evals.encoders_extra import letters, one_hot
from evals.encoders_probe import agreement, aucs
from evals.encoders_recovered import known_to, ndcgs, recovered, warm_references
from evals.encoders_report import Figures, exposure
from evals.encoders_study import choose_plan
from evals.encoders_words import time_in_words
from evals.errors import EvaluationDataError
from evals.run import eval_app
from recsys import generations
from recsys.catalogue import Catalogue
from recsys.cold.content import Content, random_content
from recsys.cold.elsa import ElsaSettings
from recsys.cold.splits import cold_split
from recsys.cold.training import Schedule
from recsys.spaces import add_space
from recsys.store import Store
from recsys.types import Event, EventKind
from tests.planted_listening import planted_listening


def _data(**options: int) -> StudyData:
    pairs, content = planted_listening(**options)  # type: ignore[arg-type]
    n = len(pairs.item_ids)
    genres = tuple((f"style {int(item) % 3}",) for item in pairs.item_ids)
    facts = Facts(genres, ("Peru",) * n, ("",) * n, (frozenset(),) * n)
    return StudyData("planted", pairs, {"style": content}, facts)


def _run(*arguments: object, fails: bool = False) -> str:
    result = CliRunner().invoke(eval_app, ["encoders", *map(str, arguments)])
    if not fails and result.exception is not None:
        raise result.exception
    assert bool(result.exit_code) is fails
    return result.output if result.exception is None else f"{result.output}{result.exception}"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A table of pairs, and vectors of its items, whose ids are numbers of rows."""
    pairs, content = planted_listening(n_listeners=80)
    table, vectors = tmp_path / "pairs.tsv", tmp_path / "style.npy"
    lines = [f"{pairs.listener_ids[u]}\t{pairs.item_ids[i]}" for u, i in zip(pairs.listeners, pairs.items, strict=True)]
    table.write_text("listener\titem\n" + "\n".join(lines) + "\n")
    np.save(vectors, content.vectors)
    return table, vectors


def test_the_command_tells_content_from_shuffled_content(files: tuple[Path, Path], tmp_path: Path) -> None:
    report, folder = tmp_path / "found.json", tmp_path / "report"
    options = ("--recommenders", "hybrid", "--seeds", "64", "--workers", "1", "--report", folder)
    _run("--interactions", files[0], "--embeddings", f"style={files[1]}", *options, "--json", report)
    found = json.loads(report.read_text())
    for protocol in ("hot", "cold"):
        difference = found["results"][f"{protocol}: hybrid of style - hybrid of style shuffled"]
        assert difference["all"]["ndcg@10"]["low"] > 0
    assert "hot: elsa" in found["results"]
    assert "cold: elsa" not in found["results"]
    assert found["results"]["cold: hybrid of style"]["all"]["recovered"]["mean"] > 0.5
    assert found["selection"]["encoder_weights"]["shares"] == {"hot": {"style": 1.0}, "cold": {"style": 1.0}}
    words = (folder / "pairs.md").read_text()
    assert "Without one, the best of content is " in words
    assert "what they say adds 0." in words
    row = next(line for line in words.split("## cold, NDCG@10")[1].splitlines() if line.startswith("| style |"))
    measured = found["results"]["cold: hybrid of style"]["all"]["ndcg@10"]["mean"]
    shuffled = found["results"]["cold: hybrid of style shuffled"]["all"]["ndcg@10"]["mean"]
    assert row.startswith(f"| style | {measured:.3f} [")
    assert row.endswith(f"({shuffled:.3f}) |")
    assert "| popularity (known of 100 %) | most listened to tenth |" in words
    assert (folder / "pairs-cold.svg").read_text().startswith("<svg ")


def test_pairs_that_are_not_dated_are_not_asked_what_comes_next(files: tuple[Path, Path], tmp_path: Path) -> None:
    plan = Plan(("hot",), (64,), ("knn", "bert4rec"), ("style",))
    cells, left_out = plan.cells(dated=False, n_items=200)
    assert {cell.recommender for cell in cells} == {"knn", "popularity", "elsa", "ease"}
    assert left_out == ["bert4rec: these interactions have no times, so nothing comes next"]
    assert any(cell.recommender == "bert4rec" for cell in plan.cells(dated=True, n_items=200)[0])


def test_what_was_done_is_kept_and_what_is_kept_is_not_done_again(tmp_path: Path) -> None:
    data, told = _data(), list[tuple[int, int]]()
    plan = Plan(("cold",), (0,), ("knn",), ("style",), ("random",))

    def run() -> dict[str, float]:
        found = run_grid(data, plan, kept=tmp_path, workers=1, progress=lambda _, n, of: told.append((n, of)))
        return {one.cell.system: float(one.figures["ndcg@10"].mean()) for one in found}

    first = run()
    assert told[-1] == (2, 2)
    (kept,) = tmp_path.rglob("*knn-style-*.npz")
    with np.load(kept) as whole:
        changed = {name: whole[name] for name in whole.files}
    changed["ndcg_at_10"] = np.full_like(changed["ndcg_at_10"], 0.5)
    np.savez(kept, **changed)
    again = run()
    assert again["knn of style"] == 0.5, "a cell that is kept is read, not measured"
    assert again["knn of random"] == pytest.approx(first["knn of random"])
    next(tmp_path.rglob("*knn-random-*.npz")).unlink()
    assert run()["knn of random"] == pytest.approx(first["knn of random"])
    faulty = Plan(plan.protocols, plan.seeds, plan.recommenders, plan.encoders, plan.controls, ("k50",))
    assert next(iter(run_grid(data, faulty, kept=tmp_path, workers=1, progress=lambda *_: None))).figures
    assert len(list(tmp_path.iterdir())) == 2, "what is measured with a fault is kept by itself"


def test_a_further_encoder_leaves_what_is_kept_of_others(tmp_path: Path) -> None:
    data, plan = _data(), Plan(("cold",), (0,), ("knn",), ("style",), ())
    list(run_grid(data, plan, kept=tmp_path, workers=1, progress=_quiet))
    style = data.encoders["style"]
    more = replace(data, encoders={"style": style, "other": style.shuffled(1)})
    told = list[tuple[int, int]]()
    wider = replace(plan, encoders=("style", "other"))
    list(run_grid(more, wider, kept=tmp_path, workers=1, progress=lambda _, n, of: told.append((n, of))))
    assert told[0] == (1, 2)
    changed = replace(data, encoders={"style": style.shuffled(1)})
    list(run_grid(changed, plan, kept=tmp_path, workers=1, progress=lambda _, n, of: told.append((n, of))))
    assert told[2] == (0, 1), "another table of the same name is measured anew"


def test_letters_tell_names_that_share_them() -> None:
    table = letters(["Prince", "Prince & The Revolution", "Björk", "Bjork Gudmundsdottir", "XTC", "Can"])
    near = Content("letters", table).unit @ Content("letters", table).unit.T
    assert near[0, 1] > near[0, 2]
    assert one_hot([("Peru", ""), (), ("Chile", "Spanish")]).tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 1]]


def test_tables_that_stand_in_are_run_where_they_are_named(eval_data: Path) -> None:
    found = read_preset("lastfm-jam", eval_data)
    assert found.extra is not None
    assert set(found.extra.known) == {"letters", "origin", "name of described", "tags of described"}
    described = found.encoders["caption"].present
    assert found.content("name of described", 0).present.tolist() == described.tolist()
    plan = choose_plan(found, "cold", (64,), "knn", "letters,name", "none", ())
    assert plan.encoders == ("letters", "name")
    assert "letters" not in choose_plan(found, "cold", (64,), "knn", None, "none", ()).encoders


def test_time_is_told_of_one_core_and_of_two() -> None:
    assert time_in_words(12, 125.4) == "12 cells, 2:05 min of one core, on two cores at least 1:03 min"


def test_the_published_cut_is_fifty_whatever_it_is_called(tmp_path: Path) -> None:
    data = _data()
    cells = {}
    for faults in ((), ("k50",)):
        plan = Plan(("cold",), (0,), ("knn",), ("style",), (), faults)
        (found,) = run_grid(data, plan, kept=None, workers=1, progress=lambda *_: None)
        cells[faults] = found.figures
    assert cells[("k50",)]["recall@10"].tolist() == cells[()]["recall@50"].tolist()
    assert cells[()]["recall@10"].mean() < cells[()]["recall@50"].mean()


def test_two_processes_find_what_one_does() -> None:
    data = _data()
    plan = Plan(("cold",), (0, 1), ("knn",), ("style",), ())
    one, two = (
        {found.cell: found.figures["ndcg@10"] for found in run_grid(data, plan, kept=None, workers=n, progress=_quiet)}
        for n in (1, 2)
    )
    for cell in one:
        np.testing.assert_allclose(one[cell], two[cell], atol=1e-6)


def _quiet(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def test_no_collaborative_vector_that_is_stored_is_ever_opened(eval_data: Path, tmp_path: Path) -> None:
    """They are made of the plays that are held out."""
    copy = tmp_path / "lastfm-jam"
    shutil.copytree(eval_data / "lastfm-jam", copy)
    for path in copy.rglob("*_cf_features.npy"):
        path.chmod(0o644)
        path.write_bytes(b"no array at all")
    (copy / "processed").chmod(0o755)
    found = read_preset("lastfm-jam", tmp_path)
    assert list(found.encoders) == ["tags", "caption", "name", "all three"]
    assert found.interactions.shape == (1347, 6384)
    assert len(found.interactions) == 56_830
    assert 0 < found.encoders["caption"].present.sum() < 2_700, "who has no description has a row of zeros"


def test_sequences_are_joined_by_name_to_what_describes_an_artist_and_to_nothing_else(eval_data: Path) -> None:
    found = read_preset("lastfm-artists", eval_data)
    assert list(found.encoders) == ["name", "caption", "both"]
    assert found.dated
    assert found.interactions.shape == (1090, 3646)
    assert found.encoders["name"].present.sum() == 3_611


def test_playlists_are_listeners_of_twelve_features(eval_data: Path) -> None:
    found = read_preset("spotify-songs", eval_data)
    assert found.interactions.shape == (471, 28_356)
    assert found.encoders["audio"].vectors.shape == (28_356, 12)
    assert len(np.unique(found.interactions.groups)) == 10_692 or len(np.unique(found.interactions.groups)) == 10_693
    np.testing.assert_allclose(found.encoders["audio"].vectors.std(axis=0), 1, rtol=1e-3)


def test_a_probe_reads_what_is_there_and_nothing_from_noise() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random((600, 3)) < 0.3
    vectors = (labels.astype(np.float32) @ rng.normal(size=(3, 8)) + 0.3 * rng.normal(size=(600, 8))).astype(np.float32)
    groups = np.arange(600) // 2
    assert aucs(vectors, labels, groups, seed=0).min() > 0.9
    noise = aucs(random_content(600, 8, 1).vectors, labels, groups, seed=0)
    assert abs(float(noise.mean()) - 0.5) < 0.06


def test_a_probe_knows_no_artist_from_training() -> None:
    """Each artist has a place and a label of its own: between artists there is nothing to learn."""
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(60), 10)
    labels = (rng.random(60) < 0.5)[artists][:, None]
    vectors = rng.normal(size=(60, 40)).astype(np.float32)[artists]
    assert abs(float(aucs(vectors, labels, artists, seed=0)[0]) - 0.5) < 0.2
    assert float(aucs(vectors, labels, np.arange(600), seed=0)[0]) > 0.9


def test_the_rank_correlation_is_told_with_its_chance() -> None:
    one = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}
    assert agreement(one, one) == {"spearman": 1.0, "encoders": 4, "chance": pytest.approx(1 / 24, abs=1e-3)}
    assert agreement(one, {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}) == {"spearman": -1.0, "encoders": 4, "chance": 1.0}
    assert agreement(one, {"a": 1.0, "b": 2.0}) is None


def test_the_warm_reference_knows_none_of_what_it_is_asked() -> None:
    pairs, _ = planted_listening()
    split = cold_split(pairs, 0)
    settings = ElsaSettings(dim=8, schedule=Schedule(epochs=3, learning_rate=0.02))
    reference, _ = warm_references(split, seed=0, settings=settings, progress=_quiet)
    for fold in range(5):
        mine = reference.folds[pairs.listeners] == fold
        known = known_to(split, reference.folds, fold)
        assert not (known & split.test & mine).any()
        assert (known & split.test).any()
        assert not (known & split.validation).any()
    assert ndcgs(reference, split).shape == (len(split.asking),)


def test_what_is_recovered_is_a_ratio_of_means() -> None:
    warm, half = np.array([0.2, 0.6, 0.4, 0.8], np.float32), np.array([0.1, 0.3, 0.2, 0.4], np.float32)
    listeners = np.array([0, 1, 0, 1])
    found = recovered(half, warm, None, listeners)
    assert (found.mean, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))
    assert found.n == 2
    base = np.full(4, 0.1, np.float32)
    assert recovered(half, warm, base, listeners).mean == pytest.approx((1.0 - 0.4) / (2.0 - 0.4))


def test_exposure_is_told_beside_what_could_be_shown() -> None:
    data = _data()
    plan = Plan(("hot",), (0,), ("knn",), ("style",), ("popularity",))
    figures = Figures(list(run_grid(data, plan, kept=None, workers=1, progress=_quiet)))
    found = exposure(data, figures, "hot")
    assert set(found) == {"genre", "country", "popularity"}, "of languages nothing is known"
    unsung = figures.cells("hot", "popularity")[0].first
    silent = np.isin(np.arange(200), unsung)
    countries = tuple("" if one else "Peru" for one in silent)
    partly = exposure(replace(data, facts=replace(data.facts, countries=countries)), figures, "hot")
    assert partly["country"]["systems"]["popularity"] == {"away": None, "shown": {}}, (
        "nothing is known of whom it shows"
    )
    assert found["country"]["systems"]["popularity"] == {"away": 0.0, "shown": {"Peru": 1.0}}
    shown = found["popularity"]["systems"]["popularity"]
    assert shown["shown"]["90–100 %"] > 0.5
    assert shown["away"] > 0.4
    assert sum(found["genre"]["could_be_shown"].values()) == pytest.approx(1, abs=0.01)


def test_tenths_of_popularity_are_equally_many() -> None:
    pairs, _ = planted_listening()
    tenths = popularity_deciles(pairs)
    assert np.bincount(tenths).tolist() == [20] * 10
    counts = np.bincount(pairs.items, minlength=200)
    assert counts[tenths == 0].max() <= counts[tenths == 9].min()


def test_what_cannot_be_used_is_refused_in_words(files: tuple[Path, Path], tmp_path: Path) -> None:
    table, vectors = files
    assert "give one of --interactions FILE, --data NAME and --home FOLDER" in _run(fails=True)
    assert "no encoder is named" in _run("--interactions", table, fails=True)
    said = _run("--interactions", table, "--embeddings", vectors, fails=True)
    assert "names no encoder; write --embeddings NAME=FILE.npy" in said
    named = tmp_path / "named.tsv"
    named.write_text("listener\titem\na\tx\nb\ty\n")
    said = _run("--interactions", named, "--embeddings", f"s={vectors}", fails=True)
    assert "items are named and rows are not; give --ids" in said
    said = _run("--interactions", table, "--embeddings", f"s={vectors}", "--recommenders", "nearest", fails=True)
    assert "no recommender 'nearest'; expected some of knn, shallow" in said
    assert "give --folder" in _run("--data", "lastfm-jam", fails=True)
    with pytest.raises(EvaluationDataError, match="no fault 'k20' of the published code"):
        choose_faults("k20")


def test_music4all_is_known_by_its_header_and_split_as_published(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path, ids, vectors = tmp_path / "userid_trackid_timestamp.tsv", tmp_path / "ids.txt", tmp_path / "v.npy"
    lines = ["user_id\ttrack_id\ttimestamp"]
    for listener in range(40):
        for item in rng.choice(60, size=20, replace=False):
            lines.append(f"u{listener}\tt{item}\t2018-0{rng.integers(3, 9)}-11 20:13")
        for item in rng.choice(60, size=4, replace=False):
            lines.append(f"u{listener}\tt{item}\t2019-02-1{rng.integers(9)} 20:13")
        if listener % 4:
            lines.append(f"u{listener}\tn{rng.integers(12)}\t2019-02-20 01:02")
    path.write_text("\n".join(lines) + "\n")
    names = [f"t{n}" for n in range(60)] + [f"n{n}" for n in range(12)]
    ids.write_text("\n".join(names) + "\n")
    np.save(vectors, rng.normal(size=(72, 6)).astype(np.float32))
    report = tmp_path / "found.json"
    options = ("--recommenders", "knn", "--seeds", "1", "--workers", "1", "--no-recovered")
    _run("--interactions", path, "--ids", ids, "--embeddings", f"v={vectors}", *options, "--json", report)
    found = json.loads(report.read_text())
    assert found["settings"]["data"] == "music4all"
    assert found["results"]["cold: knn of v"]["all"]["hr@50"]["mean"] == 1, "there are twelve new tracks"
    assert found["results"]["cold: knn of v"]["all"]["hr@10"]["n"] == 30
    assert 30 < found["results"]["hot: knn of v"]["all"]["hr@10"]["n"] < 40, "some are chosen by"


def test_a_data_folder_is_studied_by_its_own_plays_and_never_by_vectors_made_of_them(
    forty_tracks: Path, tmp_path: Path
) -> None:
    home = Path(shutil.copytree(forty_tracks, tmp_path / "home"))
    catalogue = Catalogue.load(generations.current(home).folder / "catalogue")
    ids, rng = catalogue.track_ids, np.random.default_rng(0)
    np.save(home / "v.npy", rng.normal(size=(40, 4)).astype(np.float32))
    (home / "ids.txt").write_text("\n".join(ids))
    for name in ("cf", "sound"):
        add_space(home, name, home / "v.npy", home / "ids.txt", set(ids))
    jazz = np.array([genres == ("jazz",) for genres in catalogue.genres])
    store = Store.open(f"sqlite:///{(home / 'segue.db').as_posix()}")
    for number in range(40):
        chances = np.where(jazz == bool(number % 2), 9.0, 1.0)
        drawn = rng.choice(40, size=14, replace=False, p=chances / chances.sum())
        played = [(ids[row], 1e9 + 300 * place) for place, row in enumerate(drawn)]
        store.add_events(Event(f"u{number}", track, EventKind.PLAY, at, 1.0) for track, at in played)
    store.close()
    report = tmp_path / "found.json"
    options = ("--recommenders", "knn", "--controls", "shuffled", "--seeds", "64", "--workers", "1", "--no-recovered")
    _run("--home", home, *options, "--json", report)
    found = json.loads(report.read_text())
    assert set(found["settings"]["encoders"]) == {"sound", "tags", "text"}
    of_tags, chance = (
        found["results"][f"hot: knn of tags{name}"]["all"]["recall@10"]["mean"] for name in ("", " shuffled")
    )
    assert of_tags > chance + 0.1
    assert found["details"]["genre_counts"] == {"jazz": 20, "rock": 20}
    empty = Path(shutil.copytree(forty_tracks, tmp_path / "empty"))
    assert "nobody has played anything" in _run("--home", empty, fails=True)
    assert "holds no segue.db" in _run("--home", tmp_path, fails=True)


@pytest.mark.parametrize(
    ("fault", "recommender"),
    [("knn-rows", "knn"), ("k50", "knn"), ("negatives", "shallow"), ("freeze", "shallow")],
)
def test_each_fault_of_the_published_code_changes_the_table(fault: str, recommender: str) -> None:
    data = _data(n_listeners=60)
    style = data.encoders["style"]
    whole = np.concatenate([style.vectors[::-1], style.vectors])
    data = replace(data, encoders={"style": Content("style", style.vectors, whole)})
    tables = []
    for faults in ((), (fault,)):
        plan = Plan(("cold",), (0,), (recommender,), ("style",), (), faults)
        (found,) = run_grid(data, plan, kept=None, workers=1, progress=_quiet)
        tables.append({name: float(values.mean()) for name, values in found.figures.items()})
    assert tables[0] != tables[1]


def test_a_cell_is_called_by_what_it_is() -> None:
    assert Cell("hot", 1, "knn", "tags").system == "knn of tags"
    assert Cell("hot", 1, "elsa").system == "elsa"
