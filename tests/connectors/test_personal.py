"""`segue taste`, `mydata`, `forget`, `link` and `unlink`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.app import Assistant
from assistant.settings import Settings
from assistant.taste_reports import DataReport, Exposure, TasteMonth, TasteReport, TasteSentence, TasteTrack
from connectors.cli import app
from recsys.types import Event, EventKind

REPORT = TasteReport(
    sentences=(TasteSentence(text="You take to jazz: 2 of 2.", evidence=("“So What” by Miles Davis: 3 plays",)),),
    n_events=3,
    since=1.0,
    liked=(TasteTrack(track_id="a", title="So [b]What[/b]", artist="Miles Davis", weight=1.24, how="3 plays", at=1.0),),
    timeline=(TasteMonth(month="2026-03", n_events=1200, genre="jazz", artist="Miles Davis"),),
    exposures=(
        Exposure(track_id="c", title="Creep", artist="Radiohead", n_shown=0, last_shown_at=None, state="never"),
        Exposure(track_id="a", title="So What", artist="Miles Davis", n_shown=4, last_shown_at=2.0, state="normal"),
    ),
    n_exposures=2,
)


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    """Run one command line in this process: (exit status, stdout, stderr)."""
    result = CliRunner().invoke(app, list(arguments), input=stdin, prog_name="segue")
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def _known(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has to be indexed: "ann" has a taste, and an archive."""

    def written(_: Assistant, listener_id: str, path: Path) -> DataReport:
        path.write_text(listener_id)
        return DataReport(
            path=str(path), n_bytes=3, files=("README.txt",), n_events=1200, n_sessions=1, n_turns=3, n_playlists=0
        )

    monkeypatch.setattr(Assistant, "ensure_ready", lambda *_: False)
    monkeypatch.setattr(Assistant, "taste", lambda _, listener_id: REPORT if listener_id == "ann" else None)
    monkeypatch.setattr(Assistant, "export_data", written)


@pytest.mark.usefixtures("_known")
def test_a_taste_is_shown_with_its_evidence() -> None:
    status, out, _ = run("taste", "--listener", "ann")
    assert status == 0
    assert out.splitlines()[:2] == ["You take to jazz: 2 of 2.", "  “So What” by Miles Davis: 3 plays"]
    assert "  So [b]What[/b] – Miles Davis (3 plays, +1.2)\n" in out
    assert "  2026-03  1,200  most jazz, Miles Davis\n" in out
    assert "Kept from you\n  Creep – Radiohead: never\n" in out
    assert "Shown most often\n  So What – Miles Davis: 4 times\n" in out
    status, out, _ = run("taste", "--listener", "ann", "--json")
    assert TasteReport.model_validate(json.loads(out)) == REPORT


@pytest.mark.usefixtures("_known")
def test_the_archive_goes_where_it_is_asked_for(tmp_path: Path) -> None:
    status, out, _ = run("mydata", str(tmp_path / "ann.zip"), "--listener", "ann")
    assert (status, (tmp_path / "ann.zip").read_text()) == (0, "ann")
    assert out == f"Wrote 1,200 events, 1 conversation and 0 playlists in 1 file to {tmp_path / 'ann.zip'}\n"


@pytest.mark.usefixtures("home")
def test_two_listeners_are_linked_by_the_printed_code() -> None:
    status, code, told = run("link", "--listener", "ann")
    assert status == 0
    assert "ten minutes" in told
    assert run("link", code.strip(), "--listener", "web ann")[1].startswith("web ann is the same person as ann now")
    assert run("unlink", "--listener", "ann")[1] == "ann is nobody else any more\n"
    assert run("unlink", "--listener", "ann")[1] == "ann was not linked to anybody\n"


def test_forgetting_asks_first_and_says_what_came_of_it(home: Path) -> None:
    with Assistant(Settings(_env_file=None, home=home)) as assistant:
        assistant._store().add_event(Event("ann", "a", EventKind.LIKE, 1.0))
    status, out, err = run("forget", "--listener", "ann", stdin="n\n")
    assert (status, "Forgot" in out) == (1, False)
    assert "for good?" in err
    assert err.endswith("Nothing is forgotten\n")
    with Assistant(Settings(_env_file=None, home=home)) as assistant:
        assert assistant._store().events("ann")
    assert run("forget", "--listener", "ann", stdin="y\n")[1].endswith("Forgot ann\n")
    assert run("forget", "--listener", "ann", "--yes")[1] == "Nothing was kept of ann\n"
    assert run("forget")[0] == 2


@pytest.mark.parametrize(("listener", "signed_in"), [("me", False), ("ann", True)])
def test_forgetting_who_the_settings_name_signs_their_accounts_out(
    home: Path, monkeypatch: pytest.MonkeyPatch, listener: str, signed_in: bool
) -> None:
    monkeypatch.setenv("SEGUE_LISTENER", "me")
    token = home / "accounts" / "spotify.json"
    token.parent.mkdir(parents=True)
    token.write_text("{}")
    status, out, _ = run("forget", "--listener", listener, "--yes")
    assert (status, token.exists()) == (0, signed_in)
    assert out == (f"Nothing was kept of {listener}\n" if signed_in else f"Forgot {listener}\n")
