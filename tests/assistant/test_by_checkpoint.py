"""APEX's published checkpoint is asked about a folder's files, and what it says is served as a model's word."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from assistant.app import Assistant
from assistant.doctor import _appeal
from assistant.reply import Message
from connectors.cli import app
from recsys.appeal.apex import Apex
from recsys.appeal.by_checkpoint import Error, Said, drop_replaced, errors_of, load_said, save_said
from recsys.appeal.errors import AppealError, AppealModelError
from recsys.appeal.heads import PUBLISHED, find_heads
from recsys.appeal.own import FOLDER
from recsys.appeal.predicting import open_appeal
from recsys.appeal.published import read_published
from recsys.audio import registry
from recsys.audio.pretrained import mert
from recsys.audio.registry import open_audio_encoder
from recsys.audio.segments import filled_segments, open_cutter
from recsys.catalogue import Catalogue
from recsys.errors import WeightsError
from recsys.types import Track
from tests.sounds import tone, write
from tests.tiny_audio_models import save_mert

WIDTH = 32
HEADS = find_heads(PUBLISHED)


def save_checkpoint(path: Path, mode: str, width: int = WIDTH) -> Path:
    """Save drawn weights under the published names, as their training script writes them."""
    torch.manual_seed(3)
    state = Apex(HEADS, n_inputs=width).state_dict()
    for name, values in state.items():
        if name.endswith(".branch.2.weight"):
            values.mul_(20)  # or all that random weights say is the middle of the range
    torch.save({"model_state": state, "mode": mode, "task": "full", "loss": "weighted", "shared": 2}, path)
    return path


@pytest.fixture
def tiny_mert(monkeypatch: pytest.MonkeyPatch) -> None:
    """MERT's own class at a width of 32, in the place of the published weights."""
    card = replace(mert.APEX, dim=WIDTH)
    monkeypatch.setitem(registry.ENCODERS, card.name, (card, registry.ENCODERS[card.name][1]))


@pytest.mark.usefixtures("tiny_mert")
def test_a_folder_is_heard_asked_about_and_served(
    tmp_path: Path, open_assistant: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, music = tmp_path / "home", tmp_path / "Music"
    music.mkdir()
    for number in range(3):
        write(music / f"Fox {number} - Song {number}.wav", tone(150 * (number + 1), 0.4 + number / 10, 24_000), 24_000)
    write(music / "Owl - Long.wav", tone(300, 31, 24_000), 24_000)
    checkpoint = save_checkpoint(tmp_path / "best_model.pt", "segment")
    for name, value in {"HOME": home, "THREADS": 1, "AUDIO__ENCODERS": "none", "AUDIO__WORKERS": 1}.items():
        monkeypatch.setenv(f"SEGUE_{name}", str(value))
    with open_assistant(home) as assistant:
        assistant.index(music, listen=False)
        with pytest.raises(WeightsError, match="segue encoders fetch mert_v1_95m_apex"):
            assistant.predict_by_checkpoint(checkpoint)
        assert load_said(home / FOLDER) is None
        save_mert(home / "weights" / mert.APEX.name, conv_stride=[5, 2, 2, 2, 4, 4, 2])
        wide = save_checkpoint(tmp_path / "wide.pt", "segment", width=2 * WIDTH)
        with pytest.raises(AppealError, match="reads 64 numbers a segment, and mert_v1_95m_apex makes 32"):
            assistant.predict_by_checkpoint(wide)
        (music / "Fox 2 - Song 2.wav").write_bytes(b"no sound")
        before = assistant.serving()
        result = CliRunner().invoke(app, ["train", "--apex", "--checkpoint", str(checkpoint)])
        assert result.exit_code == 0, result.output
        assert "of 3 of 4 tracks with a file by best_model.pt (learnt by segment)" in result.stdout
        assert "clarity: made by a model, deviation 1.15, its range: no error is known" in result.stdout
        assert "not heard" in result.stdout
        assert "3 files were heard now" in result.stdout
        again = CliRunner().invoke(app, ["train", "--apex", "--checkpoint", str(checkpoint)])
        assert "0 files were heard now" in again.stdout

        served = assistant.serving()
        assert served is not before  # from the next message on
        catalogue = served.recommender.catalogue
        assert catalogue.appeal is not None
        encoder = open_audio_encoder(mert.APEX.name, home)
        long = next(row for row in range(4) if "Long" in (catalogue.track(row).path or ""))
        segments = encoder.encode(open_cutter(24_000, 30.0)(("", str(music / "Owl - Long.wav"))))
        assert len(segments) == 2
        expected = read_published(checkpoint).predict(segments)
        told = catalogue.appeal.of(long)
        for column, name in enumerate(PUBLISHED):
            np.testing.assert_allclose(told[name].mean, expected[column], rtol=1e-4)
            assert told[name].by_model
        bad = next(row for row in range(4) if "Song 2" in (catalogue.track(row).path or ""))
        assert not set(PUBLISHED) & set(catalogue.appeal.of(bad))

        reply = assistant.reply(Message(listener_id="x", session_id="s", text="hidden gems"))
        line = next(one for one in reply.receipt if one.chip == "appeal:high")
        assert "predicted quality median" in line.delivered
        why = assistant.reply(Message(listener_id="x", session_id="s", text="why is number 1 there?")).text
        assert "Said by a published model that heard the file, not by people: clear structure" in why
        assert "± 1.5 of 5" in why

        write(music / "Owl - Long.wav", tone(500, 3, 24_000), 24_000)
        assistant.index(music, listen=False)
        kept = load_said(home / FOLDER)
        assert kept is not None
        assert len(kept.ids) == 2  # of the file that was replaced nothing is said any more
        doctor = _appeal(assistant.settings)
        assert doctor.ok
        assert "clarity of 2 tracks" in doctor.detail
        (home / FOLDER / "published.npz").write_bytes(b"PK")
        doctor = _appeal(assistant.settings)
        assert not doctor.ok
        assert "segue train --apex --checkpoint FILE" in doctor.detail


def test_a_checkpoint_of_songs_is_asked_about_the_mean_of_the_segments(tmp_path: Path) -> None:
    segments = np.random.default_rng(0).normal(size=(3, WIDTH)).astype(np.float32)
    by_song = read_published(save_checkpoint(tmp_path / "song.pt", "song"))
    by_segment = read_published(save_checkpoint(tmp_path / "segment.pt", "segment"))
    alone = np.stack([by_song.predict(one[None]) for one in segments])
    np.testing.assert_allclose(by_segment.predict(segments), alone.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(by_song.predict(segments), by_song.predict(segments.mean(axis=0)[None]), rtol=1e-5)
    assert np.abs(by_song.predict(segments) - by_segment.predict(segments)).max() > 1e-3
    for wrong in (segments[:, 1:], segments[:0]):
        with pytest.raises(ValueError, match="mert_v1_95m_apex"):
            by_song.predict(wrong)


def test_segments_are_of_one_length_and_end_in_silence() -> None:
    parts = filled_segments(np.arange(1, 8, dtype=np.float32), 3)
    assert [part.tolist() for part in parts] == [[1, 2, 3], [4, 5, 6], [7, 0, 0]]
    assert len(filled_segments(np.ones(6, np.float32), 3)) == 2


def test_an_error_is_that_on_stated_values_or_as_wide_as_the_range() -> None:
    heads = find_heads(["musicality", "score_likes"])
    means = np.column_stack([np.full(40, 3.0), np.full(40, 50.0)]).astype(np.float32)
    stated = {"musicality": np.where(np.arange(40) % 2, 3.5, 2.5), "score_likes": np.full(40, np.nan)}
    musicality, likes = errors_of(heads, means, stated)
    assert musicality == Error(pytest.approx(0.5), 40)
    assert likes == Error(pytest.approx(100 / 12**0.5), 0)
    (sure,) = errors_of(heads[:1], means[:, :1], {"musicality": np.full(40, 3.0)})
    assert sure.deviation > 0  # or a catalogue that states what the model said would divide by nothing
    few = {"musicality": np.where(np.arange(40) < 5, 3.5, np.nan)}
    assert errors_of(heads, means, few)[0].n_stated == 0


def test_what_it_said_is_kept_by_track_and_damage_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heads = find_heads(["musicality"])
    said = Said(("a", "b"), ("1", "2"), heads, np.array([[2.0], [4.0]], np.float32), (Error(0.5, 40),))
    save_said(tmp_path / FOLDER, said, {"checkpoint": "best_model.pt"})
    catalogue = Catalogue.from_tracks([Track(one, one, (one,)) for one in ("b", "new", "a")])
    mean, deviation = open_appeal(tmp_path, catalogue, {}, "none").heads["musicality"]
    rows = [catalogue.row(one) for one in ("b", "new", "a")]
    np.testing.assert_array_equal(mean[rows], [4.0, np.nan, 2.0])
    np.testing.assert_array_equal(deviation[rows], [0.5, np.nan, 0.5])
    kept = open_appeal(tmp_path, catalogue, {}, "none")
    assert [bool(kept.of(row)["musicality"].by_model) for row in (rows[0], rows[2])] == [True, True]
    (tmp_path / FOLDER / "published.npz").write_bytes(b"PK")
    with pytest.raises(AppealModelError, match="segue train --apex --checkpoint FILE"):
        load_said(tmp_path / FOLDER)
    save_said(tmp_path / FOLDER, replace(said, ids=("a", "c")), {})
    (tmp_path / FOLDER / "published.npz").write_bytes(b"PK")
    assert open_appeal(tmp_path, catalogue, {}, "none").heads == {}
    assert "is not the file that its card was written for" in caplog.text


def test_what_was_said_of_a_replaced_file_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    heads = find_heads(["musicality"])
    means = np.array([[2.0], [4.0], [3.0]], np.float32)
    said = Said(("a", "b", "c"), ("1", "2", "3"), heads, means, (Error(0.5, 40),))
    assert drop_replaced(tmp_path, {"a": "1"}) == 0  # nothing was ever said
    save_said(tmp_path, said, {"checkpoint": "best_model.pt"})
    before = (tmp_path / "published.json").stat().st_mtime_ns
    assert drop_replaced(tmp_path, {"a": "1", "b": "2"}) == 0  # the disk of the third is not there
    assert (tmp_path / "published.json").stat().st_mtime_ns == before
    assert drop_replaced(tmp_path, {"a": "1", "b": "other", "new": "4"}) == 1
    found = load_said(tmp_path)
    assert found is not None
    assert (found.ids, found.keys, found.means.ravel().tolist()) == (("a", "c"), ("1", "3"), [2.0, 3.0])
    assert found.errors == said.errors
    assert json.loads((tmp_path / "published.json").read_text())["checkpoint"] == "best_model.pt"


def test_a_catalogue_without_files_is_told_before_any_weights_are_looked_for(
    open_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    checkpoint = save_checkpoint(tmp_path / "best_model.pt", "song")
    with (
        open_assistant(tmp_path / "home") as assistant,
        pytest.raises(AppealError, match=r"no track of the catalogue has a file; .* index a folder of music"),
    ):
        assistant.predict_by_checkpoint(checkpoint)


def test_the_checkpoint_goes_with_nothing_else(tmp_path: Path) -> None:
    for asked in (["--checkpoint", "x.pt"], ["--apex", "--checkpoint", "x.pt", "--seed", "1"]):
        result = CliRunner().invoke(app, ["train", *asked])
        assert result.exit_code != 0
        assert "goes with --apex and nothing else" in result.output
