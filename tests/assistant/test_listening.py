"""What was heard of a catalogue's files: spaces of vectors, facts beside what tracks state, and what was not heard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.listening import listen_to_tracks
from assistant.reports import ListeningReport
from assistant.settings import AudioSettings, Settings
from recsys.audio import listening
from recsys.audio.base import Heard, Problem
from recsys.audio.listening import Listened
from recsys.spaces import add_space, cards, open_space
from recsys.store import Store
from recsys.types import Progress, Track
from tests.sounds import tone, write


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'segue.db'}")
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, audio=AudioSettings(encoders="librosa"), _env_file=None)  # type: ignore[call-arg]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Sound files by the id of their track: b is a copy of a."""
    a = write(tmp_path / "a b%20c.wav", tone(220, 0.5))
    other = write(tmp_path / "c.wav", tone(440, 0.5))
    return {"a": a, "b": Path(shutil.copy(a, tmp_path / "b.wav")), "c": other}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[Path]]:
    """Stand in the listening's place: a file's vector is its name's length; what it was asked for is noted."""
    noted: list[list[Path]] = []

    def listen(
        home: Path,
        files: dict[str, Path],
        encoders: Sequence[str],
        *,
        workers: int,
        timeout_s: float,
        threads: int,
        progress: Progress | None,
    ) -> Listened:
        noted.append(sorted(files.values()))
        vectors = {key: np.array([len(path.name), 1.0], np.float32) for key, path in files.items() if path.exists()}
        heard = {
            key: [
                Heard("tempo_bpm", float(len(files[key].name)), 0.6, "heard:librosa"),
                Heard("tempo_bpm", 1.0, 0.2, "heard:librosa"),
                Heard("moods", ("sad",), 0.7, "heard:musicnn"),
            ]
            for key in vectors
        }
        gone = tuple(Problem(str(path), "it is not there") for path in files.values() if not path.exists())
        return Listened({"librosa": vectors}, {"librosa": "librosa-1"}, heard, gone, len(files), len(files))

    monkeypatch.setattr(listening, "listen", listen)
    return noted


def put(store: Store, paths: dict[str, str], name: str = "mine") -> None:
    tracks = [Track(track_id, f"Song {track_id}", ("Somebody",), path=path) for track_id, path in paths.items()]
    store.add_source(name, "/nowhere.csv", "csv", "1", [*tracks, Track("none", "No file", ("Somebody",))])


def listen_once(settings: Settings, store: Store) -> ListeningReport:
    report = listen_to_tracks(settings, store, None)
    assert report is not None
    return report


def test_what_was_heard_becomes_a_space_and_facts(
    settings: Settings, store: Store, files: dict[str, Path], asked: list[list[Path]]
) -> None:
    put(store, {"a": files["a"].as_uri(), "b": str(files["b"]), "c": str(files["c"])})
    report = listen_once(settings, store)
    assert asked == [sorted(files.values())]
    assert (report.encoders, report.n_tracks, report.n_heard, report.n_facts) == (("librosa",), 3, 3, 6)
    assert report.problems == ()
    space = open_space(settings.home, "librosa")
    assert space.ids == ("a", "b", "c")
    np.testing.assert_allclose(space.vectors[1], np.array([5, 1]) / np.sqrt(26), atol=1e-6)
    facts = {(one.field, one.value, one.source) for one in store.annotations.of(["b"])["b"]}
    assert facts == {("tempo_bpm", 5.0, "heard:librosa"), ("moods", ("sad",), "heard:musicnn")}
    track = store.load_catalogue(False).track(store.load_catalogue(False).row("b"))
    assert track.tempo_bpm == 5.0
    assert track.derived["tempo_bpm"].heard


def test_what_tracks_state_is_never_replaced(
    settings: Settings, store: Store, files: dict[str, Path], asked: list[list[Path]]
) -> None:
    stated = replace(Track("a", "Song", ("Somebody",), tempo_bpm=100.0), path=str(files["a"]))
    store.add_source("mine", "/nowhere.csv", "csv", "1", [stated])
    listen_once(settings, store)
    catalogue = store.load_catalogue(False)
    assert catalogue.track(catalogue.row("a")).tempo_bpm == 100.0


def test_tracks_whose_file_cannot_be_found_are_named(
    settings: Settings, store: Store, files: dict[str, Path], asked: list[list[Path]]
) -> None:
    put(store, {"a": str(files["a"]), "b": "/nowhere/b.mp3", "c": "c.wav", "d": "/bad\0name.mp3"})
    report = listen_once(settings, store)
    assert report.n_heard == 1
    reasons = {problem.path: problem.reason for problem in report.problems}
    assert reasons.keys() == {"/nowhere/b.mp3", "c.wav", "/bad\0name.mp3"}
    assert "not absolute" in reasons["c.wav"]
    assert reasons["/nowhere/b.mp3"] == "it is not there"


def test_a_changed_file_is_another_one(
    settings: Settings, store: Store, files: dict[str, Path], asked: list[list[Path]]
) -> None:
    put(store, {"a": str(files["a"])})
    keys = []

    def note(home: Path, files: dict[str, Path], encoders: Sequence[str], **kinds: object) -> Listened:
        keys.append(set(files))
        return Listened({}, {}, {}, (), 0, 0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "listen", note)
        listen_once(settings, store)
        listen_once(settings, store)
        write(files["a"], tone(330, 0.6))
        listen_once(settings, store)
    assert keys[0] == keys[1] != keys[2]


def test_a_space_that_somebody_brought_in_stays(
    settings: Settings, store: Store, files: dict[str, Path], asked: list[list[Path]], tmp_path: Path
) -> None:
    put(store, {"a": str(files["a"])})
    np.save(tmp_path / "own.npy", np.array([[3.0, 4.0]]))
    (tmp_path / "ids.txt").write_text("a\n", encoding="utf-8")
    add_space(settings.home, "librosa", tmp_path / "own.npy", tmp_path / "ids.txt", {"a"})
    report = listen_once(settings, store)
    np.testing.assert_allclose(open_space(settings.home, "librosa").vectors, [[0.6, 0.8]], atol=1e-6)
    assert "segue embeddings remove librosa" in report.problems[0].reason


def test_spaces_go_when_no_track_has_a_file_any_more(
    settings: Settings, store: Store, files: dict[str, Path], asked: list[list[Path]]
) -> None:
    put(store, {"a": str(files["a"])})
    listen_once(settings, store)
    assert [card.name for card in cards(settings.home)] == ["librosa"]
    put(store, {})
    assert listen_to_tracks(settings, store, None) is None
    assert cards(settings.home) == []


def test_without_an_encoder_nobody_listens(
    settings: Settings, store: Store, files: dict[str, Path], asked: list[list[Path]]
) -> None:
    put(store, {"a": str(files["a"])})
    off = settings.model_copy(update={"audio": AudioSettings(encoders="none")})
    assert listen_to_tracks(off, store, None) is None
    assert asked == []
