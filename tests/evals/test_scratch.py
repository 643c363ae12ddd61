"""Evaluations work in a data folder of their own, whatever the user's settings say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from evals.errors import CommandFailedError
from evals.processes import environment, measure
from evals.scratch import scratch_home, scratch_settings


def test_a_scratch_home_is_empty_and_gone_afterwards(tmp_path: Path) -> None:
    with scratch_home() as home:
        assert list(home.iterdir()) == []
        (home / "segue.db").write_text("data", encoding="utf-8")
    assert not home.exists()


def test_only_encoded_texts_outlive_it(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with scratch_home(kept) as home:
        (home / "cache" / "embeddings").mkdir()
        (home / "cache" / "embeddings" / "vectors").write_text("x", encoding="utf-8")
        (home / "segue.db").write_text("data", encoding="utf-8")
    assert not home.exists()
    with scratch_home(kept) as home:
        assert [path.name for path in home.iterdir()] == ["cache"]
        assert (home / "cache" / "embeddings" / "vectors").read_text(encoding="utf-8") == "x"


def test_neither_the_users_database_nor_home_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_DATABASE_URL", "postgresql://somewhere/real")
    monkeypatch.setenv("SEGUE_HOME", "/somewhere/real")
    monkeypatch.setenv("SEGUE_THREADS", "1")
    settings = scratch_settings(tmp_path)
    assert (settings.home, settings.database_url, settings.threads) == (tmp_path, None, 1)
    child = environment(tmp_path, SEGUE_SEED="5")
    assert {name: value for name, value in child.items() if name.startswith("SEGUE_")} == {
        "SEGUE_HOME": str(tmp_path),
        "SEGUE_SEED": "5",
    }


def test_a_child_process_is_measured_whole(tmp_path: Path) -> None:
    """Half of the memory is taken by a grandchild."""
    grandchild = "import time; held = bytearray(60_000_000); time.sleep(0.6)"
    child = (
        f"import subprocess, sys; held = bytearray(60_000_000); subprocess.run([sys.executable, '-c', {grandchild!r}])"
    )
    run = measure([sys.executable, "-c", child + "; print('done')"], environment(tmp_path), tmp_path)
    assert run.stdout == "done\n"
    assert 0.6 <= run.seconds < 60
    assert 120 <= run.peak_mb < 400


def test_a_command_that_fails_says_how(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match="status 3: it went wrong"):
        measure(
            [sys.executable, "-c", "import sys; print('it went wrong', file=sys.stderr); sys.exit(3)"], {}, tmp_path
        )
