"""Learning from use, from outside: transcripts of exporting and training, and killed at any moment it starts over."""

from __future__ import annotations

import csv
import random
import re
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.app import Assistant
from assistant.settings import Settings
from connectors.cli import app
from evals.main import main
from recsys import generations
from recsys.jam.files import read_jam
from recsys.types import Facet
from tests.conversations import Conversations, planted_taste
from tests.e2e.killing import contents, run, start
from tests.proofs import proof_sizes

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

_CHILD = Path(__file__).with_name("learn_from_use.py")
GENRES = ("jazz", "rock", "folk", "techno")
#: Commit boundaries that a run of this size is known to meet at the least.
_LEAST_BOUNDARIES = 20


def served(home: Path, catalogue: Path, *, shuffled: bool | None) -> Path:
    """Make a data folder that serves a catalogue and holds conversations, planted or random, or none."""
    with Assistant(Settings(_env_file=None, home=home, threads=1, training_steps=30, log_level="error")) as assistant:
        assistant.index(catalogue, "mine")
        rows = assistant._agent().recommender.catalogue
        pools = {genre: [rows.track_ids[row] for row in rows.postings(Facet.GENRE, genre)] for genre in GENRES}
        if shuffled is not None:
            planted_taste(Conversations(assistant._store()), pools, 25, shuffled=shuffled)
    return home


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty made-up tracks, as many of each genre."""
    path = tmp_path_factory.mktemp("catalogue") / "small.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("track_id", "title", "artist", "year", "genre", "mood"))
        for number in range(60):
            genre, mood = GENRES[number % 4], ("mellow", "energetic")[number % 2]
            writer.writerow((f"t{number}", f"{genre} {number}", f"Fox {number // 2}", 1960 + number, genre, mood))
    return path


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory, table: Path) -> Path:
    return served(tmp_path_factory.mktemp("planted") / "home", table, shuffled=False)


@pytest.fixture(scope="module")
def random_tastes(tmp_path_factory: pytest.TempPathFactory, table: Path) -> Path:
    return served(tmp_path_factory.mktemp("random") / "home", table, shuffled=True)


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory, table: Path) -> Path:
    return served(tmp_path_factory.mktemp("silent") / "home", table, shuffled=None)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name, value in {"TRAINING_STEPS": 30, "THREADS": 1, "LOG_LEVEL": "error"}.items():
        monkeypatch.setenv(f"SEGUE_{name}", str(value))
    return monkeypatch


def segue(*arguments: object, stdin: str | None = None) -> tuple[int, list[str], str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, prog_name="segue")
    return result.exit_code, result.stdout.splitlines(), result.stderr


def test_a_talk_is_exported_and_evaluated(
    silent: Path,
    tmp_path: Path,
    settings: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.setenv("SEGUE_HOME", str(shutil.copytree(silent, tmp_path / "home")))
    folder = tmp_path / "mine"
    status, out, err = segue("export", "--format", "jam", folder)
    assert (status, out) == (1, [])
    assert err.startswith("segue: nothing to export: no listener has kept a track of any playlist yet")
    assert err.count("\n") == 1

    for text in ("mellow folk", "dark techno", "energetic rock"):
        lines = f"{text}, 6 tracks\n/like 1-3\n/unrate 2\n"
        assert segue("chat", "--listener", "ann", stdin=lines)[0] == 0
    status, out, err = segue("export", "--format", "jam", folder)
    assert (status, err) == (0, "")
    assert out == [
        f"Wrote 3 requests of 1 listener to {folder}",
        "  requests: train 1, val 1, test 1, by time; 6 answers",
        "  answered: 3 by what was kept, 0 by ten minutes or more of listening",
        "  tracks: all 60 of the catalogue, with their names and vectors (tags, text)",
        "  history: 0 play counts from outside these sessions",
        "  listeners: by numbers (--with-ids names them)",
        "  words: the listeners' own; read them before you hand the folder on",
    ]
    assert read_jam(folder).splits["train"].texts == ("mellow folk",)

    status, out, err = segue("export", folder)
    assert (status, out) == (1, [])
    assert "it exists, expected no or an empty folder; choose another or remove it" in err
    status, out, err = segue("export", tmp_path / "anew", "--listener", "ann", "--with-ids", "--augment")
    assert status == 0
    assert out[-2] == "  listeners: by their ids"
    assert out[-1].startswith("  words: 0 by the language model, 3 by template, from the listeners' own; read them")
    assert read_jam(tmp_path / "anew").user_ids == ("ann",)

    status, out, err = segue("export", "--format", "cpcd", tmp_path / "talks")
    assert (status, err) == (0, "")
    assert out == [
        f"Wrote 3 dialogues of 1 listener to {tmp_path / 'talks'}",
        "  turns: 3; 6 tracks liked, kept or saved",
        "  tracks: all 60 of the catalogue, with title, artists and album",
        "  words: the listeners' own; read them before you hand the folder on",
        f"  evaluate: segue eval cpcd --tracks {tmp_path}/talks/tracks.jsonl --dialogs {tmp_path}/talks/dialogs.jsonl",
    ]

    settings.setattr("sys.argv", ["segue", "eval", "jam", "--data", str(folder), "--models", "pop", "--split", "test"])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    assert "ndcg@10" in capsys.readouterr().out


def test_too_little_was_kept_to_learn_from(silent: Path, settings: pytest.MonkeyPatch) -> None:
    settings.setenv("SEGUE_HOME", str(silent))
    before = generations.current_key(silent)
    status, out, err = segue("train", "--from-events")
    assert (status, out) == (1, [])
    assert err.startswith("segue: too little was kept in conversations: 0 requests to learn from and 0 later ones of ")
    assert err.endswith("nothing has changed\n")
    assert generations.current_key(silent) == before
    status, _, err = segue("train", "--from-events", "--data", silent)
    assert status == 2
    assert "--data, --tidy-names and --from-events learn from different requests; give one" in err


def test_what_was_kept_is_learnt_and_served(planted: Path, tmp_path: Path, settings: pytest.MonkeyPatch) -> None:
    settings.setenv("SEGUE_HOME", str(shutil.copytree(planted, tmp_path / "home")))
    status, out, err = segue("train", "--from-events")
    assert (status, err) == (0, "")
    assert re.fullmatch(r"Trained on 60 tracks: 30 steps, loss \d\.\d{3}; \d+\.\d s", out[0])
    assert out[1] == "Learnt from 38 own requests of 2 listeners, tested on the 12 later ones held out"
    assert re.fullmatch(
        r"NDCG@10 over the whole catalogue: 0\.\d{3} served so far, 0\.\d{3} new; "
        r"difference \+0\.\d{3} \[\+0\.\d{3}, \+0\.\d{3}\] \(95 %, paired\)",
        out[2],
    )
    assert out[3:] == ["The new model serves"]
    assert "synthetic listeners and 38 own requests" in " ".join(" ".join(segue("status")[1]).split())
    assert segue("train", "--from-events")[1] == [
        "The model being served has learnt from these 38 own requests of 2 listeners already; nothing has changed"
    ]


def test_what_taught_nothing_is_not_served(random_tastes: Path, tmp_path: Path, settings: pytest.MonkeyPatch) -> None:
    home = shutil.copytree(random_tastes, tmp_path / "home")
    settings.setenv("SEGUE_HOME", str(home))
    before = generations.current_key(home)
    status, out, _ = segue("train", "--from-events")
    assert status == 0
    assert out[3:] == ["The model that served goes on: the new one is not surely better"]
    assert generations.current_key(home) == before


@pytest.mark.long
@pytest.mark.parametrize("share", proof_sizes(10, 100), ids=lambda share: f"{share} % of the boundaries")
def test_killed_while_learning_from_use(share: int, planted: Path, table: Path, tmp_path: Path) -> None:
    """Run again, the result is that of an undisturbed run."""
    n_boundaries, expected = undisturbed(planted, table, tmp_path)
    assert n_boundaries >= _LEAST_BOUNDARIES
    assert expected["current"] != generations.current_key(planted)
    every = list(range(1, n_boundaries + 1))
    sampled = random.Random(5).sample(every, -(-n_boundaries * share // 100))
    assert killed(planted, table, tmp_path, expected, sampled) == len(sampled)


@pytest.mark.long
@pytest.mark.parametrize("n", proof_sizes(1, 2))
def test_killed_while_setting_a_model_aside(n: int, random_tastes: Path, table: Path, tmp_path: Path) -> None:
    """The last renaming takes what was built out of the way; before and after it, what served goes on."""
    n_boundaries, expected = undisturbed(random_tastes, table, tmp_path)
    assert expected["current"] == generations.current_key(random_tastes)
    assert killed(random_tastes, table, tmp_path, expected, [n_boundaries, n_boundaries - 1][:n]) == n


def undisturbed(conversations: Path, table: Path, tmp_path: Path) -> tuple[int, dict[str, Any]]:
    """Learn without being killed: the number of boundaries met, and what is then there."""
    home = shutil.copytree(conversations, tmp_path / "undisturbed")
    return run(_CHILD, home, table), contents(home)


def killed(conversations: Path, table: Path, tmp_path: Path, expected: dict[str, Any], boundaries: list[int]) -> int:
    """Kill at each boundary, go on, and compare; return how many there were."""
    before = generations.current_key(conversations)

    def resume(boundary: int) -> tuple[int, str | None, dict[str, Any]]:
        home = shutil.copytree(conversations, tmp_path / f"home {boundary}")
        child = start(_CHILD, home, table, boundary)
        child.communicate()
        assert child.returncode == -signal.SIGKILL, f"boundary {boundary} was not met"
        left = generations.current_key(home)
        run(_CHILD, home, table)
        return boundary, left, contents(home)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(resume, sorted(boundaries)))
    for boundary, left, found in done:
        assert left in (before, expected["current"])
        assert found == expected, f"killed at boundary {boundary}"
    return len(done)
