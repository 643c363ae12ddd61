"""Listening to a folder: every file once, broken ones named, and the same result after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from recsys.audio import listening
from recsys.audio.base import AudioCard, Heard, Sound
from recsys.audio.cache import HeardCache
from recsys.audio.hearing import Task, hear_file
from recsys.audio.listening import Listened, listen
from recsys.types import FloatArray
from tests.sounds import cut_off, pulse, tone, write

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    music = tmp_path_factory.mktemp("music")
    for number, hz in enumerate((220, 330, 440, 550, 660, 770)):
        write(music / f"{number}.flac", tone(hz, 3))
    write(music / "drum.wav", pulse(120, 12), 22_050)
    cut_off(music / "cut.flac", write(music / "whole.flac", tone(440, 30)), 0.5)
    (music / "empty.mp3").write_bytes(b"")
    (music / "junk.ogg").write_bytes(b"junk" * 500)
    return music


@pytest.fixture(scope="session")
def files(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in sorted(folder.iterdir())} | {"gone.mp3": folder / "gone.mp3"}


@pytest.fixture(scope="session")
def heard_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("heard")


@pytest.fixture(scope="session")
def heard(heard_home: Path, files: dict[str, Path]) -> Listened:
    told: list[tuple[str, int, int]] = []
    found = listen(heard_home, files, ["librosa"], workers=1, timeout_s=60, progress=lambda *one: told.append(one))
    assert [done for _, done, _ in told] == list(range(found.n_decoded + 1))
    assert {total for _, _, total in told} == {found.n_decoded}
    assert all(stage.startswith("listening · ") and stage.endswith(" tracks/s") for stage, _, _ in told[1:])
    return found


def vectors(listened: Listened) -> dict[str, list[float]]:
    return {key: vector.tolist() for key, vector in listened.vectors["librosa"].items()}


def test_every_file_is_heard_or_named(heard: Listened, folder: Path) -> None:
    broken = {"empty.mp3": "it is empty", "junk.ogg": "libsndfile", "gone.mp3": "it is not there"}
    problems = {Path(problem.path).name: problem for problem in heard.problems}
    assert problems.keys() == broken.keys() | {"cut.flac"}
    assert all(reason in problems[name].reason and not problems[name].heard for name, reason in broken.items())
    assert problems["cut.flac"].heard
    names = {path.name for path in folder.iterdir()} - broken.keys()
    assert heard.vectors["librosa"].keys() == names
    assert {vector.shape for vector in heard.vectors["librosa"].values()} == {(113,)}
    assert heard.n_decoded == len(names) + 2


def test_unchanged_files_are_not_decoded_again(
    heard: Listened, heard_home: Path, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "Crew", None)  # nobody may be asked
    again = listen(heard_home, files, ["librosa"], workers=2, timeout_s=60)
    assert again.n_decoded == 0
    assert vectors(again) == vectors(heard)
    assert again.problems == heard.problems


@pytest.mark.long
def test_a_killed_run_goes_on_and_ends_the_same(heard: Listened, files: dict[str, Path], tmp_path: Path) -> None:
    """SIGKILL once something was saved, twice; then to the end."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom recsys.audio import listening\nlistening._SAVE_EVERY_S = 0.0\n"
        "files = {path.name: path for path in sorted(Path(sys.argv[2]).iterdir())}\n"
        "tell = lambda stage, done, total: print(done, flush=True)\n"
        "listening.listen(Path(sys.argv[1]), files, ['librosa'], workers=1, timeout_s=60, progress=tell)"
    )
    command = [sys.executable, "-c", code, str(tmp_path), str(files["0.flac"].parent)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 4:
                process.send_signal(signal.SIGKILL)
                break
    with HeardCache(tmp_path / listening.FOLDER) as cache:
        saved = cache.known("librosa-1", files)
    assert 1 <= len(saved) < len(heard.vectors["librosa"])
    done = listen(tmp_path, files, ["librosa"], workers=1, timeout_s=60)
    assert vectors(done) == vectors(heard)
    assert done.problems == heard.problems
    assert done.n_decoded <= heard.n_decoded - len(saved)


def test_a_cache_that_is_damaged_is_begun_anew(tmp_path: Path) -> None:
    with HeardCache(tmp_path) as cache:
        cache.put_vectors("a", "key", np.ones((2, 3), np.float32))
    (tmp_path / "heard.sqlite").write_bytes(b"not a database" * 1_000)
    with HeardCache(tmp_path) as cache:
        assert cache.known("a", ["key"]) == set()


def test_what_was_put_in_comes_out_for_the_same_identity_alone(tmp_path: Path) -> None:
    found = [Heard("tempo_bpm", 90.0, 0.7, "heard:librosa", "or 180 BPM"), Heard("moods", ("sad",), 0.6, "heard:x")]
    with HeardCache(tmp_path) as cache:
        cache.put_vectors("a", "key", np.arange(6, dtype=np.float32).reshape(2, 3))
        cache.put_tags("a", "key", {"rock": 0.5})
        cache.put_heard("heard-1", "key", found)
        cache.put_heard("heard-1", "quiet", [])
    with HeardCache(tmp_path) as cache:
        assert cache.means("a", ["key", "other"])["key"].tolist() == [1.5, 2.5, 3.5]
        assert cache.vectors("b", ["key"]) == {}
        assert cache.tags("a", ["key"]) == {"key": {"rock": 0.5}}
        assert cache.heard("heard-1", ["key", "quiet"]) == {"key": found, "quiet": []}
        assert cache.heard("heard-2", ["key"]) == {}


class Doubling:
    """An encoder whose vector is twice the loudest sample; it hears tags too."""

    card = AudioCard("doubling", 16_000, 1.0, "none", "maximum", 1, "none", "here")
    identity = "doubling-1"
    tags = ("loud", "quiet")

    def __init__(self) -> None:
        self.asked: list[int] = []

    def encode(self, windows: Sequence[FloatArray]) -> FloatArray:
        self.asked.append(len(windows))
        if len(windows) > 2:
            raise MemoryError
        return np.array([[2 * np.abs(window).max()] for window in windows], np.float32)

    def encode_with_tags(self, windows: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
        return self.encode(windows), np.tile(np.float32([0.9, 0.1]), (len(windows), 1))


class Listening:
    """An analyser that tells what it was given."""

    rates: tuple[int, ...] = (8_000,)

    def hear(self, sound: Sound) -> Sequence[Heard]:
        assert sound.vectors is not None
        assert len(sound.rates[8_000]) == len(sound.vectors["doubling"])
        loud = (sound.tags or {})["loud"]
        return [Heard("energy", loud, 0.5, "heard:double", str(round(sound.duration_s)))]


def test_analysers_hear_what_encoders_made_of_the_same_windows(folder: Path) -> None:
    path = str(folder / "drum.wav")
    first = hear_file(Task("k", path, ("doubling",), analyse=True), {"doubling": Doubling()}, [Listening()])
    assert first.vectors["doubling"].shape == (1, 1)
    assert first.tags == pytest.approx({"loud": 0.9, "quiet": 0.1})
    assert first.heard == (Heard("energy", pytest.approx(0.9), 0.5, "heard:double", "12"),)
    task = Task("k", path, send=(8_000,), analyse=True, vectors=first.vectors, tags=first.tags)
    again = hear_file(task, {}, [Listening()])  # what is known already is handed over, not made again
    assert again.heard == first.heard
    assert again.vectors == {}
    assert [len(window) for window in again.windows[8_000]] == [80_000]


def test_heavy_encoders_get_several_tracks_at_once_and_one_by_one_where_that_fails(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = Doubling()
    monkeypatch.setattr(listening, "audio_card", lambda name: encoder.card)
    monkeypatch.setattr(listening, "open_audio_encoder", lambda name, home, threads: encoder)
    some = {name: files[name] for name in ("0.flac", "1.flac", "2.flac", "drum.wav")}
    found = listen(tmp_path, some, ["doubling"], workers=1, timeout_s=60)
    assert encoder.asked[0] == 4
    assert encoder.asked[1:] == [1, 1, 1, 1]
    assert found.problems == ()
    assert {key: round(float(one[0]), 1) for key, one in found.vectors["doubling"].items()} == {
        "0.flac": 1.0, "1.flac": 1.0, "2.flac": 1.0, "drum.wav": pytest.approx(0.9, abs=0.3)
    }  # fmt: skip
