"""One small but real installation that the tests of the conversation share; listeners keep them apart."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.app import Assistant
from assistant.settings import Settings


def _open(home: Path, **changes: Any) -> Assistant:
    values: dict[str, Any] = {"home": home, "training_steps": 20, "threads": 1, "log_level": "error"}
    return Assistant(Settings(_env_file=None, **(values | changes)))


@pytest.fixture(scope="session")
def open_assistant() -> Callable[..., Assistant]:
    """Open a quick, single-threaded installation; settings are given by name."""
    return _open


@pytest.fixture(scope="session")
def untouched_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that answers from the starter catalogue and in which nobody ever said anything: only to copy."""
    home = tmp_path_factory.mktemp("untouched")
    with _open(home) as assistant:
        assert assistant.ensure_ready()
    return home


@pytest.fixture(scope="session")
def starter_home(tmp_path_factory: pytest.TempPathFactory, untouched_home: Path) -> Path:
    """A data folder that answers from the starter catalogue, shared by tests, whatever listeners they invent."""
    return Path(shutil.copytree(untouched_home, tmp_path_factory.mktemp("starter") / "home"))


@pytest.fixture(scope="session")
def assistant(starter_home: Path) -> Iterator[Assistant]:
    """An assistant that answers from the starter catalogue."""
    with _open(starter_home) as opened:
        yield opened


@pytest.fixture
def fresh_home(tmp_path: Path, starter_home: Path) -> Path:
    """An empty data folder, but for the exported encoder: exporting it again would teach nothing."""
    home = tmp_path / "home"
    shutil.copytree(starter_home / "cache" / "encoder", home / "cache" / "encoder")
    return home


@pytest.fixture
def write_catalogue(tmp_path: Path) -> Callable[..., Path]:
    """Write a small catalogue file of made-up tracks: artists "Fox 1", "Fox 2", …"""

    def write(name: str = "mine.csv", *, n_tracks: int = 40, artist: str = "Fox") -> Path:
        return _write(tmp_path / name, n_tracks, artist)

    return write


@pytest.fixture(scope="session")
def _indexed(tmp_path_factory: pytest.TempPathFactory, starter_home: Path) -> Callable[[int], Path]:
    homes: dict[int, Path] = {}

    def index(n_tracks: int) -> Path:
        if n_tracks not in homes:
            home = tmp_path_factory.mktemp("indexed") / "home"
            shutil.copytree(starter_home / "cache" / "encoder", home / "cache" / "encoder")
            with _open(home) as assistant:
                assistant.index(_write(home.with_name("mine.csv"), n_tracks, "Fox"))
            homes[n_tracks] = home
        return homes[n_tracks]

    return index


@pytest.fixture
def indexed_home(tmp_path: Path, _indexed: Callable[[int], Path]) -> Callable[[int], Path]:
    """Copy a data folder that serves so many made-up tracks, indexed once for all tests."""
    return lambda n_tracks: shutil.copytree(_indexed(n_tracks), tmp_path / "home")


def _write(path: Path, n_tracks: int, artist: str) -> Path:
    genres = ("jazz", "rock", "folk", "techno")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["title", "artist", "year", "genres", "moods", "duration_s"])
        for number in range(n_tracks):
            genre, mood = genres[number % 4], ("mellow", "energetic")[number % 2]
            row = [f"{genre} {number}", f"{artist} {number // 3}", 1960 + number, genre, mood, 200 + number]
            writer.writerow(row)
    return path
