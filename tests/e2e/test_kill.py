"""Killed at any moment of indexing or training and run again, the result is that of an undisturbed run."""

from __future__ import annotations

import csv
import os
import random
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from recsys.sources import read_starter
from tests.e2e.killing import contents, run, start
from tests.proofs import proof_sizes

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(3600)]

_CHILD = Path(__file__).with_name("index_and_train.py")
_N_TRACKS = 30
#: Runs at a time.
_PARALLEL = 2
_N_INSTANTS = 10
#: Commit boundaries, before and after each, that a run of this size is known to meet at the least.
_LEAST_BOUNDARIES = 30


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few real tracks in five playlists."""
    path = tmp_path_factory.mktemp("catalogue") / "small.csv"
    header = ("track_id", "title", "artist", "album", "year", "genre", "mood", "playlist_id", "playlist_name")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for n, track in enumerate(read_starter().tracks[:_N_TRACKS]):
            facts = (track.title, track.artists[0], track.album, track.year, ";".join(track.genres))
            writer.writerow((f"t{n}", *facts, ";".join(track.moods), f"p{n // 9}", f"Evening {n // 9}"))
    return path


@pytest.fixture(scope="module")
def undisturbed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("undisturbed") / "home"


@pytest.fixture(scope="module")
def undisturbed(table: Path, undisturbed_home: Path) -> tuple[dict[str, Any], int, float]:
    """What a run leaves that nobody kills, how many boundaries it met and how many seconds it took."""
    started = time.perf_counter()
    n_boundaries = run(_CHILD, undisturbed_home, table)
    seconds = time.perf_counter() - started
    assert n_boundaries >= _LEAST_BOUNDARIES
    return contents(undisturbed_home), n_boundaries, seconds


@pytest.fixture(scope="module")
def encoder(undisturbed: tuple[dict[str, Any], int, float], undisturbed_home: Path) -> Path:
    """The text encoder that the undisturbed run exported."""
    return undisturbed_home / "cache" / "encoder"


@pytest.mark.parametrize("n", proof_sizes(1, _N_INSTANTS))
def test_killed_at_random_instants(
    n: int, table: Path, undisturbed: tuple[dict[str, Any], int, float], tmp_path: Path
) -> None:
    expected, _, seconds = undisturbed
    rng = random.Random(11)
    instants = [rng.uniform(0.05, 0.95) for _ in range(_N_INSTANTS)]

    def resume(share: float) -> tuple[str, dict[str, Any]]:
        home = tmp_path / f"home {share}"
        while not _kill_after(home, table, share * seconds):
            share *= 0.8  # this time it was done before: the machine is less busy now
        run(_CHILD, home, table)
        return f"killed after {share:.0%} of {seconds:.0f} s", contents(home)

    with ThreadPoolExecutor(_PARALLEL) as pool:
        for told, found in pool.map(resume, rng.sample(instants, n)):
            assert found == expected, told


@pytest.mark.parametrize("share", proof_sizes(10, 100), ids=lambda share: f"{share} % of the boundaries")
def test_killed_at_commit_boundaries(
    share: int, table: Path, undisturbed: tuple[dict[str, Any], int, float], encoder: Path, tmp_path: Path
) -> None:
    """In the sample, the text encoder is there already: exporting it takes longer than all the rest."""

    def home_called(name: str) -> Path:
        home = tmp_path / name
        if share < 100:
            shutil.copytree(encoder, home / "cache" / "encoder")
        return home

    expected, n_boundaries, _ = undisturbed
    if share < 100:
        n_boundaries = run(_CHILD, home_called("counted"), table)
        assert n_boundaries >= _LEAST_BOUNDARIES
    every = list(range(1, n_boundaries + 1))
    sampled = random.Random(12).sample(every, -(-n_boundaries * share // 100))

    def resume(boundary: int) -> tuple[int, dict[str, Any]]:
        home = home_called(f"home {boundary}")
        child = start(_CHILD, home, table, boundary)
        child.communicate()
        assert child.returncode == -signal.SIGKILL, f"boundary {boundary} was not met"
        run(_CHILD, home, table)
        return boundary, contents(home)

    with ThreadPoolExecutor(_PARALLEL) as pool:
        for boundary, found in pool.map(resume, sorted(sampled)):
            assert found == expected, f"killed at boundary {boundary} of {n_boundaries}"


def _kill_after(home: Path, table: Path, seconds: float) -> bool:
    """Kill a run after so many seconds; tell whether it was still running."""
    child = start(_CHILD, home, table, 0)
    try:
        child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return True
    child.communicate()
    return False
