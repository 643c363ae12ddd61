"""What tests of evaluations and benchmarks share."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.settings import Settings


@pytest.fixture(scope="session")
def forty_tracks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that serves forty made-up tracks of twenty artists."""
    folder = tmp_path_factory.mktemp("forty")
    table = folder / "songs.csv"
    rows = [f"t{n},Title {n},Artist {n // 2},{'jazz' if n % 2 else 'rock'},{1960 + n}" for n in range(40)]
    table.write_text("\n".join(["track_id,title,artist,genre,year", *rows]) + "\n", encoding="utf-8")
    with Assistant(Settings(_env_file=None, home=folder / "home", training_steps=5, threads=1)) as assistant:
        assistant.index(table)
    return folder / "home"
