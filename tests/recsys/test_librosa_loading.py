"""librosa is imported by one process at a time, and nowhere but where that is seen to."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from threading import Thread

import pytest
from filelock import FileLock

from recsys.audio import librosa_loading
from recsys.audio.librosa_loading import open_librosa

ROOT = Path(__file__).parents[2]


def test_it_waits_for_another_process_that_imports_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_librosa()  # this test is of waiting, not of compiling
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(librosa_loading, "_opened", set())
    imports = Thread(target=open_librosa)
    with FileLock(librosa_loading._lock()):
        imports.start()
        imports.join(0.5)
        assert imports.is_alive()
    imports.join(60)
    assert librosa_loading._opened
    assert not imports.is_alive()


def test_what_is_imported_once_waits_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_librosa("beat")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with FileLock(librosa_loading._lock()):
        assert open_librosa("beat").beat.beat_track


def test_nothing_else_imports_it() -> None:
    imports = re.compile(r"^\s*(import librosa\b|from librosa\b)", re.MULTILINE)
    sources = [
        path for package in ("recsys", "assistant", "connectors", "evals") for path in (ROOT / package).rglob("*.py")
    ]
    assert len(sources) > 400
    assert not [path for path in sources if imports.search(path.read_text(encoding="utf-8"))]
