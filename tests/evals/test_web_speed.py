"""The benchmark of the web page opens it, asks and presses, and tells of each what was waited."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evals import web_speed
from evals.errors import EvaluationDataError
from evals.web_speed import bench_web

_ROOT = Path(__file__).parents[2]


@pytest.mark.proof
def test_pages_are_opened_and_buttons_pressed(forty_tracks: Path, tmp_path: Path) -> None:
    """In a process of its own: Gradio leaves event loops open when it is imported and stopped."""
    before = sorted(path for path in forty_tracks.rglob("*") if path.is_file())
    written = tmp_path / "web.json"
    segue = [sys.executable, "-c", "from evals.main import main; main()"]
    options = ["--home", str(forty_tracks), "--opens", "2", "--presses", "2", "--json", str(written)]
    done = subprocess.run(
        [*segue, "bench", "web", *options],
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(written.read_text("utf-8"))["results"]["page"]
    assert figures["first"]["open_ms"]["n"] == 1
    assert figures["later"]["open_ms"]["n"] == 2
    assert figures["all"]["ask_ms"]["n"] == len(web_speed._REQUESTS)
    for kind in web_speed._PRESSED:
        assert figures[kind]["press_ms"]["n"] == 2
        assert 0 < figures[kind]["press_ms"]["mean"] < 60_000
    assert sorted(path for path in forty_tracks.rglob("*") if path.is_file()) == before


def test_a_machine_without_a_browser_is_told_what_to_install(
    forty_tracks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_speed, "CHROMIUM", ("no-such-browser",))
    with pytest.raises(EvaluationDataError, match=r"there is no no-such-browser; install it"):
        bench_web(None, forty_tracks, 2, 2, (64,))
