"""A conversation is read, renamed and deleted by its listener alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'segue.db'}")
    opened.save_turn("shared", "ann", 1, "something for ann alone", {}, {"slate": ["t1"]}, {}, 1.0)
    yield opened
    opened.close()


def test_who_knows_the_name_of_anothers_conversation_gets_nothing_of_it(store: Store) -> None:
    last = store.last_turn("shared", "ann")
    assert last is not None
    assert last["message"] == "something for ann alone"
    assert store.last_turn("shared", "bob") is None
    assert store.last_turn("shared", "bob", turn=1) is None
    assert [row.session_id for row in store.sessions.of("ann")] == ["shared"]
    assert store.sessions.of("bob") == []
    assert len(list(store.sessions.turns("shared", "ann"))) == 1
    assert list(store.sessions.turns("shared", "bob")) == []


def test_nobody_renames_or_deletes_anothers_conversation(store: Store) -> None:
    assert not store.sessions.rename("shared", "bob", "mine now")
    assert not store.sessions.remove("shared", "bob")
    assert store.last_turn("shared", "ann") is not None
    assert store.sessions.rename("shared", "ann", "mine")
    assert store.sessions.remove("shared", "ann")
