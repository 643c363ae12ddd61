"""Only what the catalogue names, and only sound, is found to be played."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.media import Media
from recsys.catalogue import Catalogue
from recsys.types import Track


@pytest.fixture
def found(tmp_path: Path) -> Any:
    """Look for the file of a track of a small folder."""
    for name in ("song.mp3", "beside.mp3", "notes.txt"):
        (tmp_path / name).write_bytes(b"ID3")
    (tmp_path / "link.mp3").symlink_to(tmp_path / "notes.txt")
    named = {"song": tmp_path / "song.mp3", "link": tmp_path / "link.mp3", "notes": tmp_path / "notes.txt"}
    paths = {track: str(path) for track, path in named.items()}
    paths |= {"relative": "song.mp3", "gone": str(tmp_path / "gone.mp3"), "none": "", "folder": str(tmp_path)}
    catalogue = Catalogue.from_tracks([Track(name, name, ("Anna",), path=path) for name, path in paths.items()])
    served: Any = SimpleNamespace(_agent=lambda: SimpleNamespace(recommender=SimpleNamespace(catalogue=catalogue)))
    return lambda track_id: Media.media_path(served, track_id)


def test_the_file_of_a_track_is_found(found: Any, tmp_path: Path) -> None:
    assert found("song") == ((tmp_path / "song.mp3").resolve(), "audio/mpeg")


@pytest.mark.parametrize("track_id", ["beside", "relative", "gone", "none", "folder", "notes", "link", "unknown"])
def test_nothing_else_is(found: Any, track_id: str, tmp_path: Path) -> None:
    assert found(track_id) is None
    assert found(str(tmp_path / f"{track_id}.mp3")) is None, "a path is no track"
