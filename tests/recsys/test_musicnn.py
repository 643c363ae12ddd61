"""MusiCNN: as the original, fault for fault where its golden outputs have them; weights are pinned or refused.

The weights are no part of the repository: `segue encoders fetch musicnn` gets them from the package index, as an
installation would.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from connectors.cli import app
from recsys.audio.errors import EncoderNotReadyError
from recsys.audio.musicnn_encoder import CARD, MusicnnEncoder
from recsys.audio.musicnn_mel import RATE, patches
from recsys.audio.musicnn_weights import WHEEL, fetch
from recsys.audio.registry import open_audio_encoder
from recsys.errors import WeightsError
from recsys.types import FloatArray
from tests.sounds import pulse, tone

_SEGUE = "from evals.main import main; main()"


@pytest.fixture(scope="module")
def reference(eval_data: Path) -> Path:
    return eval_data / "musicnn" / "reference.npz"


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory, reference: Path) -> tuple[Path, str]:
    """A data folder that had no weights when `segue encoders check` was called, and what that said.

    In a process of its own: it fetches them from the package index, and here no socket leaves the machine.
    """
    home = tmp_path_factory.mktemp("musicnn")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}
    environment = kept | {"SEGUE_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", _SEGUE, "encoders", "check", "musicnn", "--reference", str(reference)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False)
    if "cannot fetch" in run.stderr and os.environ.get("SEGUE_TEST_STRICT") != "1":
        pytest.skip(run.stderr)
    assert run.returncode == 0, run.stdout + run.stderr
    return home, run.stdout


@pytest.fixture(scope="module")
def home(checked: tuple[Path, str]) -> Path:
    return checked[0]


@pytest.fixture(scope="module")
def encoder(home: Path) -> MusicnnEncoder:
    opened = open_audio_encoder("musicnn", home)
    assert isinstance(opened, MusicnnEncoder)
    return opened


def segue(home: Path, *arguments: str) -> Result:
    """Run a command here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGUE_HOME", str(home))
        return CliRunner().invoke(app, list(arguments), prog_name="segue")


def test_all_four_checkpoints_answer_as_the_original_does(checked: tuple[Path, str], reference: Path) -> None:
    *lines, last = checked[1].splitlines()
    with np.load(reference) as arrays:
        assert [line.split()[0] for line in lines] == [name for name in arrays.files if name != "patches"]
    assert all(float(line.split()[1]) <= 1e-4 for line in lines)
    assert last.startswith("largest difference ")
    assert last.endswith("(tolerance 1e-4)")
    assert float(last.split()[2]) == max(float(line.split()[1]) for line in lines)


def test_any_arrays_of_the_form_are_compared_and_a_difference_is_told(
    home: Path, reference: Path, tmp_path: Path
) -> None:
    with np.load(reference) as arrays:
        tags = arrays["taggram_MSD_vgg"] + np.where(np.arange(50) == 7, 3e-4, 0)
        some = {"patches": arrays["patches"][:1], "taggram_MSD_vgg": tags[:1], "made_with": np.array("tensorflow")}
    np.savez(tmp_path / "some.npz", **some)
    wheel = home / "weights" / "musicnn" / WHEEL
    run = segue(
        tmp_path, "encoders", "check", "musicnn", "--reference", str(tmp_path / "some.npz"), "--weights", str(wheel)
    )
    assert run.exit_code == 1
    assert run.stdout == "taggram_MSD_vgg 0.0003\nlargest difference 0.0003 (tolerance 1e-4)\n"
    assert not (tmp_path / "weights").exists()  # what is given is not kept


def test_what_cannot_be_compared_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", patches=np.zeros((1, 10, 96)))
    run = segue(tmp_path / "home", "encoders", "check", "musicnn", "--reference", str(tmp_path / "a.npz"))
    assert run.exit_code == 1
    assert "its patches are (1, 10, 96)" in run.stderr
    assert not (tmp_path / "home" / "weights").exists()


def test_weights_at_hand_make_the_encoder_ready(home: Path, tmp_path: Path) -> None:
    def ready() -> dict[str, bool]:
        return {one["name"]: one["ready"] for one in json.loads(segue(tmp_path, "encoders", "list", "--json").stdout)}

    assert not ready()["musicnn"]
    run = segue(tmp_path, "encoders", "fetch", "musicnn", "--weights", str(home / "weights" / "musicnn" / WHEEL))
    assert run.exit_code == 0, run.exception
    assert ready()["musicnn"]
    assert ready()["librosa"]


def test_weights_that_are_others_are_refused_and_not_kept(tmp_path: Path) -> None:
    other = tmp_path / "other.whl"
    other.write_bytes(b"PK")
    with pytest.raises(WeightsError, match=r"has SHA-256 .*, expected f38a4890"):
        fetch(tmp_path / "weights", other)
    with pytest.raises(WeightsError, match="there is no file"):
        fetch(tmp_path / "weights", tmp_path / "none.whl")
    assert list((tmp_path / "weights").iterdir()) == []


def test_without_weights_the_error_says_which_command_gets_them(tmp_path: Path) -> None:
    with pytest.raises(EncoderNotReadyError, match="segue encoders fetch musicnn"):
        open_audio_encoder("musicnn", tmp_path)


def test_patches_follow_one_another_and_short_windows_are_repeated() -> None:
    rng = np.random.default_rng(0)
    window = (0.1 * rng.standard_normal(10 * RATE)).astype(np.float32)
    cut = patches(window)
    assert cut.shape == (3, 187, 96)
    assert not np.array_equal(cut[0], cut[1])
    short = patches(window[: RATE // 2])  # 32 frames
    assert short.shape == (1, 187, 96)
    np.testing.assert_array_equal(short[0, :32], short[0, 32:64])
    assert np.isfinite(patches(np.zeros(RATE // 10, np.float32))).all()
    loud = patches(np.sign(window))  # overflowed where the original rounds to float16
    assert np.isfinite(loud).all()
    assert loud.max() > 5


def test_a_window_is_encoded_as_if_alone(encoder: MusicnnEncoder) -> None:
    windows: list[FloatArray] = [pulse(120, 7, RATE), tone(440, 0.2, RATE)[:, 0], tone(220, 4, RATE)[:, 0]]
    together, tags = encoder.encode_with_tags(windows)
    assert together.shape == (3, CARD.dim)
    assert tags.shape == (3, len(encoder.tags))
    assert ((tags >= 0) & (tags <= 1)).all()
    for row, window in enumerate(windows):
        np.testing.assert_allclose(encoder.encode([window])[0], together[row], atol=1e-5)
    np.testing.assert_array_equal(encoder.encode(windows), together)


def test_tags_of_two_networks_are_told_apart_from_those_that_both_know(encoder: MusicnnEncoder) -> None:
    assert len(encoder.tags) == len(set(encoder.tags)) == 92
    assert {"no vocals", "harpsichord", "hip-hop", "00s", "rock"} <= set(encoder.tags)
    sound = tone(440, 4, RATE)[:, 0]
    heard = dict(zip(encoder.tags, encoder.encode_with_tags([sound])[1][0], strict=True))
    assert heard["metal"] < heard["slow"]  # a plain tone
