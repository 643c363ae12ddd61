"""Names of the catalogue are read once, however many people type at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from assistant import suggesting
from assistant.app import Assistant
from tests.words_encoder import WordsEncoder

_LONGEST_S = 30


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant over a few tracks."""
    from assistant.settings import Settings

    home: Path = tmp_path_factory.mktemp("names")
    tracks = home / "mine.csv"
    rows = "".join(f"Amber {n},Fox {n // 4},jazz\n" for n in range(24))
    tracks.write_text(f"title,artist,genres\n{rows}", encoding="utf-8")
    values: dict[str, Any] = {"home": home / "data", "training_steps": 5, "threads": 1, "log_level": "error"}
    with Assistant(Settings(_env_file=None, **values)) as opened:
        opened._encoder_or_none = WordsEncoder()
        opened.index(tracks)
        yield opened


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Event, Event, list[object]]]:
    """Reading names takes until the second event; the first tells that it has begun, the list how often it did."""
    begun, go_on, read = Event(), Event(), list[object]()
    real = suggesting.Suggestions

    def slow(catalogue: Any, stamp: object) -> suggesting.Suggestions:
        read.append(stamp)
        begun.set()
        assert go_on.wait(_LONGEST_S)
        return real(catalogue, stamp)

    monkeypatch.setattr(suggesting, "Suggestions", slow)
    yield begun, go_on, read
    go_on.set()


def test_those_who_type_first_wait_for_one_reading(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, reading: tuple[Event, Event, list[object]]
) -> None:
    begun, go_on, read = reading
    monkeypatch.setattr(assistant, "_suggestions_or_none", None)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(assistant.suggest, "fox", ("artist",)) for _ in range(3)]
        assert begun.wait(_LONGEST_S)
        wait(asked, timeout=0.3)
        go_on.set()
        assert len({one.result() for one in asked}) == 1
    assert len(read) == 1


def test_the_names_before_serve_while_others_are_read(
    assistant: Assistant, reading: tuple[Event, Event, list[object]]
) -> None:
    begun, go_on, read = reading
    go_on.set()
    before = assistant.suggest("fox", ("artist",))
    go_on.clear()
    begun.clear()
    read.clear()
    known = assistant._suggestions_or_none
    assert known is not None
    known.stamp = "another publication"
    with ThreadPoolExecutor(2) as pool:
        reader = pool.submit(assistant.suggest, "fox", ("artist",))
        assert begun.wait(_LONGEST_S)
        assert pool.submit(assistant.suggest, "fox", ("artist",)).result(_LONGEST_S) == before
        go_on.set()
        reader.result(_LONGEST_S)
    assert len(read) == 1
    assert assistant._suggestions_or_none is not known
