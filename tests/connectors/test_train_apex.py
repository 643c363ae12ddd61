"""`segue train --apex` learns appeal from any vectors with any targets, keeps it, and goes on where it was killed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from assistant.appealing import FOLDER, read_asked, train_appeal
from connectors.cli import app
from recsys import generations
from recsys.appeal.errors import AppealError
from recsys.appeal.predicting import open_appeal
from recsys.appeal.saved import load_apex
from recsys.catalogue import Catalogue
from recsys.spaces import UnknownSpaceError, put_space
from recsys.types import Track

_QUICK = ("epochs=3", "batch=32", "rate=0.01")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """80 tracks of 40 artists with popularity and, of half of them, musicality; and vectors that tell both."""
    folder = tmp_path_factory.mktemp("targets")
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(80, 4)).astype(np.float32)
    lines = ["track_id,artist,popularity,musicality,energy"]
    for row, vector in enumerate(vectors):
        musicality = f"{3 + np.tanh(vector[1]):.3f}" if row % 2 else ""
        lines.append(f"t{row},artist {row // 2},{50 + 20 * np.tanh(vector[0]):.3f},{musicality},{vector[2]:.3f}")
    (folder / "tracks.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    np.save(folder / "mert.npy", vectors)
    return folder / "tracks.csv"


def test_the_command_learns_keeps_and_tells(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path))
    asked = ["train", "--apex", str(table), "--vectors", str(table.parent / "mert.npy"), "--seed", "1"]
    for one in (*_QUICK, "loss=weighted", "shared=3", "transform.popularity=percentile+power:0.5"):
        asked += ["--set", one]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "80 rows by 40 artists" in result.stdout
    assert "heads: popularity (proxy, 80 known), musicality (human, 40 known)" in result.stdout
    fitted, facts = load_apex(tmp_path / FOLDER)
    assert fitted.model.n_shared == 3
    assert facts["inputs"] == ["mert.npy"]
    assert facts["settings"]["loss"] == "weighted"
    told = fitted.predict(np.load(table.parent / "mert.npy"))
    assert ((told[:, 0] >= 0) & (told[:, 0] <= 100)).all()
    assert ((told[:, 1] >= 1) & (told[:, 1] <= 5)).all()


def test_a_stored_space_and_a_choice_of_targets_do_as_well(table: Path, tmp_path: Path) -> None:
    vectors = np.load(table.parent / "mert.npy")
    put_space(tmp_path, "sound", [f"t{row}" for row in range(80)], vectors, source="test")
    report = train_appeal(tmp_path, table, vectors=["sound"], targets=["musicality"], asked=_QUICK, seed=1)
    assert report.heads == {"musicality": ("human", 40)}
    assert report.inputs == ("sound",)
    own = train_appeal(tmp_path, table, asked=_QUICK, seed=1)
    assert own.inputs == ("features",)
    beside = train_appeal(tmp_path, table, vectors=["features", "sound", "text:artist"], asked=_QUICK, seed=1)
    assert beside.inputs == ("features", "sound", "text:artist")
    assert load_apex(beside.folder)[0].model.n_inputs == 1 + 4 + 384
    with pytest.raises(AppealError, match="no text column 'caption'; it has track_id, artist"):
        train_appeal(tmp_path, table, vectors=["text:caption"])
    with pytest.raises(UnknownSpaceError, match="nowhere"):
        train_appeal(tmp_path, table, vectors=["nowhere"])


def test_a_killed_training_leaves_the_old_model_and_goes_on(table: Path, tmp_path: Path) -> None:
    first = train_appeal(tmp_path, table, asked=_QUICK, seed=1)
    card = json.loads((first.folder / "apex.json").read_text(encoding="utf-8"))

    class KilledError(Exception):
        pass

    def kill(_: str, done: int, __: int) -> None:
        if done == 2:
            raise KilledError

    with pytest.raises(KilledError):
        train_appeal(tmp_path, table, asked=_QUICK, seed=2, progress=kill)
    assert json.loads((first.folder / "apex.json").read_text(encoding="utf-8")) == card
    epochs: list[int] = []
    train_appeal(tmp_path, table, asked=_QUICK, seed=2, progress=lambda _, done, __: epochs.append(done))
    assert epochs == [3]
    assert not list((first.folder / "training").iterdir())


def test_segments_are_rows_or_are_averaged(table: Path, tmp_path: Path) -> None:
    doubled = tmp_path / "segments.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    doubled.write_text("\n".join([lines[0], *lines[1:], *lines[1:]]) + "\n", encoding="utf-8")
    assert train_appeal(tmp_path, doubled, asked=_QUICK).n_rows == 80
    assert train_appeal(tmp_path, doubled, asked=(*_QUICK, "mode=segment")).n_rows == 160


def test_what_does_not_fit_is_refused_in_words(table: Path, tmp_path: Path) -> None:
    for wrong in ("loss=best", "epochs=0", "shared=four", "transform.hit=square", "tempo=3", "rate"):
        with pytest.raises(AppealError, match=r"no (setting|transform)"):
            read_asked([wrong])
    with pytest.raises(AppealError, match="has no target hit"):
        train_appeal(tmp_path, table, targets=["hit"])
    np.save(tmp_path / "few.npy", np.ones((3, 2)))
    with pytest.raises(AppealError, match="3 rows for the 80"):
        train_appeal(tmp_path, table, vectors=[str(tmp_path / "few.npy")])
    result = CliRunner().invoke(app, ["train", "--set", "loss=equal"])
    assert result.exit_code != 0
    assert "go with --apex" in result.output
    result = CliRunner().invoke(app, ["train", "--apex", str(table), "--ranker"])
    assert result.exit_code != 0
    assert "--apex learns appeal alone" in result.output


def test_without_a_table_the_catalogue_teaches_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    years = rng.integers(1970, 2020, 240).tolist()
    catalogue = Catalogue.from_tracks(
        [
            Track(
                f"t{row}", f"T{row}", (f"A{row // 2}",), year=year, popularity=(year - 1960) / 70 if row % 4 else None
            )
            for row, year in enumerate(years)
        ]
    )
    building = tmp_path / "generations" / "one.building"
    catalogue.save(building / "catalogue")
    generations.publish(tmp_path, building, "one", {"schema": 2, "encoder": "none"})
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path))
    result = CliRunner().invoke(app, ["train", "--apex", "--seed", "1"])
    assert result.exit_code == 0, result.output
    assert "popularity: stated of 180 tracks" in result.stdout
    assert "it serves tracks that do not state it" in result.stdout
    appeal = open_appeal(tmp_path, catalogue, {}, "none")
    stated = catalogue.numeric["popularity"]
    blind = np.isnan(stated)
    told = appeal.popularity(stated, 0.4)
    assert np.corrcoef(told[blind], catalogue.numeric["year"][blind])[0, 1] > 0.9


def test_a_network_on_stored_spaces_serves_the_tracks_that_have_them(table: Path, tmp_path: Path) -> None:
    vectors = np.load(table.parent / "mert.npy")
    put_space(tmp_path, "sound", [f"t{row}" for row in range(80)], vectors, source="test")
    catalogue = Catalogue.from_tracks([Track(f"t{row}", f"T{row}", (f"A{row}",)) for row in range(75, 90)])
    train_appeal(tmp_path, table, asked=_QUICK, seed=1)
    assert open_appeal(tmp_path, catalogue, {}, "none").heads == {}  # its inputs are no stored space
    train_appeal(tmp_path, table, vectors=["sound"], asked=_QUICK, seed=1)
    appeal = open_appeal(tmp_path, catalogue, {}, "none")
    assert set(appeal.heads) == {"popularity", "musicality"}
    mean, deviation = appeal.heads["musicality"]
    assert np.isnan(mean).tolist() == np.isnan(deviation).tolist() == [row >= 5 for row in range(15)]
    assert (deviation[:5] > 0).all()


def test_a_network_learnt_from_one_encoder_is_refused_under_another_of_its_width(
    table: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    vectors, ids = np.load(table.parent / "mert.npy"), [f"t{row}" for row in range(80)]
    catalogue = Catalogue.from_tracks([Track(f"t{row}", f"T{row}", (f"A{row}",)) for row in range(75, 90)])
    put_space(tmp_path, "sound", ids, vectors, source="heard by one")
    train_appeal(tmp_path, table, vectors=["sound"], asked=_QUICK, seed=1)
    served = open_appeal(tmp_path, catalogue, {}, "none").heads
    put_space(tmp_path, "sound", ids, vectors, source="heard by another")
    for _ in range(2):  # made, and then opened as it was kept
        caplog.clear()
        assert open_appeal(tmp_path, catalogue, {}, "none").heads == {}
        assert "learnt from sound by heard by one (" in caplog.text
        assert "learn it again with `segue train --apex`" in caplog.text
    put_space(tmp_path, "sound", ids[:-1], vectors[:-1], source="heard by one")  # the same encoder, other tracks
    again = open_appeal(tmp_path, catalogue, {}, "none").heads
    np.testing.assert_array_equal(again["musicality"][0][:4], served["musicality"][0][:4])
