"""The composition root: indexing, training, following another process, status and doctor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.reports import Check
from recsys.catalogue import Catalogue
from recsys.errors import EmptyCatalogueError, SnapshotError, SourceError

Open = Callable[..., Assistant]


def ask(assistant: Assistant, text: str = "jazz, 4 tracks") -> Reply:
    reply = assistant.reply(Message(listener_id="l", session_id=f"s {text}", text=text))
    assert not reply.last_resort, reply.text
    return reply


def test_own_catalogue_takes_the_place_of_the_starter(
    fresh_home: Path, write_catalogue: Callable[..., Path], open_assistant: Open
) -> None:
    with open_assistant(fresh_home) as assistant:
        stages: list[str] = []
        report = assistant.index(write_catalogue(), progress=lambda stage, done, total: stages.append(stage))
        assert (report.n_tracks, report.n_rows, report.trained) == (40, 40, True)
        assert report.source is not None
        assert (report.source.name, report.source.n_tracks) == ("mine", 40)
        assert stages
        assert all(track.artist.startswith("Fox") for track in ask(assistant).tracks)

        again = assistant.index(write_catalogue())
        assert (again.source_changed, again.generation_changed, again.trained) == (False, False, False)
        assert again.generation == report.generation

        status = assistant.status()
        assert [source.name for source in status.sources] == ["mine"]
        assert status.index is not None
        assert (status.index.kind, status.index.n_tracks) == ("exact", 40)
        assert status.model is not None
        assert status.model.steps == 20
        assert (status.n_turns, status.n_sessions, status.n_listeners) == (1, 1, 1)
        assert status.sizes_bytes["database"] > 0
        assert status.sizes_bytes["generations"] > 0


@pytest.mark.long
def test_sources_live_side_by_side_until_one_replaces_them(
    fresh_home: Path, write_catalogue: Callable[..., Path], open_assistant: Open
) -> None:
    with open_assistant(fresh_home) as assistant:
        assistant.index(write_catalogue("one.csv"))
        both = assistant.index(write_catalogue("two.csv", artist="Owl"), name="owls")
        assert both.n_tracks == 80
        assert [source.name for source in assistant.status().sources] == ["one", "owls"]
        alone = assistant.index(write_catalogue("three.csv", n_tracks=20, artist="Elk"), replace=True)
        assert alone.n_tracks == 20
        assert all(track.artist.startswith("Elk") for track in ask(assistant).tracks)


@pytest.mark.long
def test_indexing_again_without_a_file_keeps_what_was_served(
    fresh_home: Path, write_catalogue: Callable[..., Path], open_assistant: Open
) -> None:
    with open_assistant(fresh_home) as assistant:
        first = assistant.index(write_catalogue(), with_starter=True)
        again = assistant.index()
        assert [source.name for source in assistant.status().sources] == ["mine", "starter"]
        assert (again.n_tracks, again.generation_changed) == (first.n_tracks, False)
        own = assistant.index(write_catalogue())
        assert [source.name for source in assistant.status().sources] == ["mine"]
        assert (first.starter_dropped, again.starter_dropped, own.starter_dropped) == (False, False, True)


def test_indexing_again_repairs_a_damaged_snapshot_as_its_error_says(
    fresh_home: Path, write_catalogue: Callable[..., Path], open_assistant: Open
) -> None:
    with open_assistant(fresh_home) as assistant:
        built = assistant.index(write_catalogue())
    catalogue = fresh_home / "generations" / built.generation / "catalogue"
    (catalogue / "strings.json").write_text("{", encoding="utf-8")
    with pytest.raises(SnapshotError, match="run `segue index`"):
        Catalogue.load(catalogue)
    with open_assistant(fresh_home) as assistant:
        again = assistant.index()
        assert (again.generation, again.generation_changed, again.trained) == (built.generation, True, False)
        assert ask(assistant).tracks


def test_an_open_assistant_follows_what_another_one_publishes(
    fresh_home: Path, write_catalogue: Callable[..., Path], open_assistant: Open
) -> None:
    with open_assistant(fresh_home) as reader, open_assistant(fresh_home) as writer:
        writer.index(write_catalogue("one.csv"))
        assert {track.artist[:3] for track in ask(reader).tracks} == {"Fox"}
        writer.index(write_catalogue("two.csv", artist="Owl"), replace=True)
        assert {track.artist[:3] for track in ask(reader, "rock, 4 tracks").tracks} == {"Owl"}


def test_a_source_that_cannot_be_read_changes_nothing(
    fresh_home: Path, write_catalogue: Callable[..., Path], open_assistant: Open, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("a,b\n1,2\n", encoding="utf-8")
    with open_assistant(fresh_home) as assistant:
        before = assistant.index(write_catalogue())
        for path in (broken, tmp_path / "missing.csv"):
            with pytest.raises(SourceError):
                assistant.index(path, replace=True)
        assert assistant.status().index is not None
        assert [source.name for source in assistant.status().sources] == ["mine"]
        assert ask(assistant).tracks
        assert before.n_tracks == 40


def test_a_file_called_starter_is_not_taken_for_the_starter(
    fresh_home: Path, write_catalogue: Callable[..., Path], open_assistant: Open
) -> None:
    with open_assistant(fresh_home) as assistant:
        report = assistant.index(write_catalogue("starter.csv"))
        assert report.source is not None
        assert report.source.name == "starter-2"
        assert {track.artist[:3] for track in ask(assistant).tracks} == {"Fox"}
        with pytest.raises(SourceError, match="--name"):
            assistant.index(write_catalogue(), name="starter")


def test_bad_rows_are_reported_with_line_and_reason(
    fresh_home: Path, write_catalogue: Callable[..., Path], open_assistant: Open
) -> None:
    path = write_catalogue()
    with path.open("a", encoding="utf-8") as file:
        file.write(",Fox 99,1990,jazz,mellow,200\n")
    with open_assistant(fresh_home) as assistant:
        report = assistant.index(path)
    assert [row.line for row in report.bad_rows] == [42]
    assert report.bad_rows[0].reason


def test_training_again_publishes_a_new_model(
    fresh_home: Path, write_catalogue: Callable[..., Path], open_assistant: Open
) -> None:
    with open_assistant(fresh_home) as assistant:
        assistant.index(write_catalogue())
    with open_assistant(fresh_home, training_steps=25) as assistant:
        report = assistant.train()
        assert (report.steps, report.n_tracks) == (25, 40)
        assert report.loss is not None
        status = assistant.status()
        assert status.model is not None
        assert status.model.steps == 25
        assert ask(assistant).tracks


def test_a_share_of_made_conversations_trains_a_model_of_its_own(
    fresh_home: Path, write_catalogue: Callable[..., Path], open_assistant: Open
) -> None:
    with open_assistant(fresh_home) as assistant:
        assistant.index(write_catalogue())
        plain = assistant.train().generation
    with open_assistant(fresh_home, dialogue_share=0.3) as assistant:
        assert assistant.train().generation != plain
        assert ask(assistant).tracks


def test_nothing_to_index_is_an_error_that_says_what_to_do(fresh_home: Path, open_assistant: Open) -> None:
    with open_assistant(fresh_home) as assistant, pytest.raises(EmptyCatalogueError, match="segue index"):
        assistant.index()


def test_doctor_finds_a_healthy_installation(starter_home: Path, open_assistant: Open) -> None:
    with open_assistant(starter_home) as assistant:
        checks = {check.name: check for check in assistant.doctor()}
    assert all(check.ok for check in checks.values()), checks
    assert {"python", "packages", "data folder", "weights", "text encoder", "database", "index"} <= set(checks)
    assert "torch" in checks["packages"].detail


def test_doctor_names_what_is_wrong_and_the_remedy(
    tmp_path: Path, open_assistant: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder", encoding="utf-8")
    monkeypatch.setattr("assistant.doctor._packages", lambda: Check(name="packages", ok=True, detail=""))
    with open_assistant(occupied / "home", text_encoder="all-MiniLM-L6-v2") as assistant:
        checks = {check.name: check for check in assistant.doctor()}
    assert not checks["data folder"].ok
    assert "SEGUE_HOME" in checks["data folder"].remedy
    assert all(check.remedy for check in checks.values() if not check.ok)
