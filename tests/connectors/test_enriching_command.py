"""`segue enrich` on the command line: what it says, what it refuses, and when it ends with status 1."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from assistant.lookups import Asked, LookedUp
from connectors import enriching
from connectors.cli import app
from recsys.store import Store
from recsys.types import Track


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), prog_name="segue")
    return result.exit_code, result.stdout, result.stderr or str(result.exception or "")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path))
    store = Store.open(f"sqlite:///{(tmp_path / 'segue.db').as_posix()}")
    store.add_source(
        "names", "", "csv", "1", [Track("a", "Vogue\x1b[31m", ("Madonna",)), Track("b", "X", ("Quxlefop",))]
    )
    store.close()
    return tmp_path


def test_a_dry_run_says_field_by_field_what_would_be_filled_and_how_sure_it_is(home: Path) -> None:
    status, out, _ = run("enrich", "--dry-run")
    assert status == 0
    assert out.startswith("2 tracks looked at\nOther tracks of the artist:\n  nothing\nWhat is generally known")
    assert "  genres           1 of 2 that lack it, on average" in out
    assert "Madonna – Vogue" in out
    assert "\x1b" not in out
    assert out.endswith("Nothing was changed (--dry-run)\n")


def test_a_service_is_asked_only_where_it_is_set_up_and_a_failure_ends_with_status_1(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, _, said = run("enrich", "--from", "musicbrainz")
    assert status == 1
    assert "SEGUE_MUSICBRAINZ__CONTACT" in said

    class Failing:
        def look_up(self, asked: Asked) -> LookedUp | None:
            raise ConnectionError("it answered 503")

    monkeypatch.setattr(enriching, "open_lookup", lambda name, settings: Failing())
    built = SimpleNamespace(changed=False, generation=SimpleNamespace(manifest={"n_tracks": 2}))
    monkeypatch.setattr("assistant.parts.Parts._build", lambda *_, **__: built)
    status, out, _ = run("enrich", "--from", "musicbrainz")
    assert status == 1
    assert "asked about 0 tracks, 0 known from earlier, 2 left" in out
    assert "stopped: it answered 503; run it again to go on" in out


def test_names_that_are_no_source_are_refused(home: Path) -> None:
    for arguments in (["--from", "wikipedia"], ["--undo", "wikipedia"]):
        status, _, said = run("enrich", *arguments)
        assert status == 1
        assert "cannot enrich from 'wikipedia'; use one or several of artists, facts" in said


def test_nothing_to_undo_is_said(home: Path) -> None:
    assert run("enrich", "--undo", "facts")[:2] == (0, "There was nothing from artist-facts\n")
