"""Imported events as columns weigh exactly what they weigh one by one, and stay with their listener."""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from assistant.history import history_of
from recsys import database as db
from recsys.errors import SourceError
from recsys.listeners import event_factors, track_weights
from recsys.past import Past
from recsys.store import Store
from recsys.types import Event, EventKind, Track

NOW = 1_700_000_000.0
KINDS = [*[EventKind.PLAY] * 6, EventKind.SKIP, EventKind.LIKE, EventKind.DISLIKE, EventKind.KEEP]


@pytest.fixture(scope="module")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "segue.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(tmp_path: Path, _empty: Path) -> Iterator[Store]:
    shutil.copy(_empty, tmp_path / "segue.db")
    opened = Store.open(f"sqlite:///{tmp_path / 'segue.db'}")
    yield opened
    opened.close()


def draw(rng: random.Random, listener: str, *, session: str | None = None, n_tracks: int = 30) -> Event:
    kinds = [*KINDS, EventKind.UNRATE] if session else KINDS
    at = NOW - rng.random() * (3e6 if session else 3e8)
    completion = rng.choice([None, rng.random()])
    return Event(
        listener, f"history:{rng.randrange(n_tracks)}", rng.choice(kinds), at, completion, session, rng.randint(1, 3)
    )


def fill(store: Store, seed: int, listener: str = "ann", n: int = 400) -> None:
    rng = random.Random(seed)
    store.imports.add({f"{number}": draw(rng, listener) for number in range(n)})
    store.add_events([draw(rng, listener, session=f"s{number // 10}") for number in range(60)])
    store.add_events([draw(rng, listener) for _ in range(5)])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("session", [None, "s5", "new"])
def test_a_past_weighs_what_its_events_weigh_one_by_one(store: Store, seed: int, session: str | None) -> None:
    fill(store, seed)
    plain, past = store.events("ann"), store.past("ann")
    assert list(past) == plain
    assert (len(past), past[3], past[-2:]) == (len(plain), plain[3], tuple(plain[-2:]))
    for now in (NOW, NOW - 1e7):  # in the middle of it, too
        slow = track_weights(plain, now=now, half_life_days=180, session_id=session)
        fast = track_weights(past, now=now, half_life_days=180, session_id=session)
        assert fast == pytest.approx(slow, rel=1e-9, abs=1e-12)
    assert past.since == plain[0].at
    assert sum(past.counts.values()) == sum(event.times for event in plain)


@pytest.mark.parametrize("seed", range(4))
def test_a_history_is_summed_up_as_from_its_events_one_by_one(store: Store, seed: int) -> None:
    fill(store, seed)
    slow, fast = (history_of("ann", "s5", events) for events in (store.events("ann"), store.past("ann")))
    assert (fast.rated, fast.relations) == (slow.rated, slow.relations)
    assert (fast.liked_now, fast.disliked_now) == (slow.liked_now, slow.disliked_now)


def test_what_was_imported_lifts_the_session_that_goes_on(store: Store) -> None:
    """What is liked now is worth as much as years of plays, which therefore have to be counted."""
    store.imports.add({str(n): Event("ann", f"t{n % 3}", EventKind.PLAY, NOW, 1.0) for n in range(100)})
    store.add_event(Event("ann", "x", EventKind.LIKE, NOW, session_id="s"))
    weights = track_weights(store.past("ann"), now=NOW, half_life_days=180, session_id="s")
    assert weights["x"] == pytest.approx(math.log1p(100 / 5))
    assert event_factors(store.past("ann").own, session_id="s", now=NOW, half_life_days=180) == [1.0]


def test_people_who_are_joined_have_both_pasts_until_they_part(store: Store) -> None:
    fill(store, 1, "ann")
    fill(store, 2, "bob")
    alone = list(store.past("ann"))
    store.joined.join("ann", "bob")
    assert len(store.past("ann")) == len(store.events("bob")) == 2 * 465
    assert sorted(store.past("ann"), key=str) == sorted(store.events("ann"), key=str)
    store.joined.part("ann")
    assert list(store.past("ann")) == alone


def test_what_another_process_imports_or_forgets_is_seen_at_once(store: Store, tmp_path: Path) -> None:
    other = Store.open(f"sqlite:///{tmp_path / 'segue.db'}")
    fill(store, 1)
    assert len(store.past("ann")) == 465
    other.imports.add({"more": Event("ann", "t", EventKind.PLAY, NOW)})
    assert len(store.past("ann")) == 466
    other.remove_listener("ann")
    assert len(store.past("ann")) == 0
    fill(other, 2, n=10)
    assert list(store.past("ann")) == other.events("ann")
    other.close()


def test_a_forgotten_listener_is_held_in_memory_no_longer(store: Store) -> None:
    fill(store, 1)
    assert store.past("ann").imported is not None
    store.remove_listener("ann")
    assert not store.imports._read


def test_an_origin_is_stored_once_for_each_listener(store: Store) -> None:
    ann = {"a": Event("ann", "t1", EventKind.PLAY, NOW), "b": Event("ann", "t2", EventKind.PLAY, NOW)}
    assert store.imports.add(ann) == 2
    assert store.imports.add(ann | {"c": Event("ann", "t3", EventKind.PLAY, NOW)}) == 1
    assert store.imports.add({"a": Event("bob", "t1", EventKind.PLAY, NOW)}) == 1
    assert len(store.events("ann")) == 3
    row = {"listener_id": "ann", "track_id": "t", "kind": "play", "at": NOW, "origin": "a"}
    with store._writer.begin() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(db.events.insert().values(row))


def test_a_count_that_grew_takes_the_place_of_the_smaller_one(store: Store) -> None:
    for times, expected in ((10, 10), (12, 12), (11, 12)):
        store.imports.add({"a": Event("ann", "t", EventKind.PLAY, NOW, times=times)})
        (event,) = store.past("ann")
        assert event.times == expected


def test_both_databases_leave_alone_what_another_process_has_just_inserted() -> None:
    statement = postgresql.insert(db.events).on_conflict_do_nothing(index_elements=["listener_id", "origin"])
    assert "ON CONFLICT (listener_id, origin) DO NOTHING" in str(statement.compile(dialect=postgresql.dialect()))


def test_plain_events_are_a_past_too() -> None:
    events = [Event("ann", "t", EventKind.PLAY, NOW)]
    assert list(Past.of(events)) == events
    assert Past.of(Past(events)) == Past(events)
    assert (Past().since, len(Past()), Past().counts.total()) == (None, 0, 0)


# --- the tracks that histories name ---


def track(track_id: str, title: str = "Alison") -> Track:
    return Track(track_id, title, ("Slowdive",), album="Souvlaki", duration_s=231.0, ids={"isrc": "GBAAA9300001"})


def test_tracks_of_histories_are_added_and_those_that_are_here_stay(store: Store) -> None:
    assert store.history.extend([track("history:1"), track("history:2")]) == 2
    assert store.history.extend([track("history:2", "Another title"), track("history:3")]) == 1
    catalogue = store.load_catalogue(with_starter=True)
    assert catalogue.track_ids == ["history:1", "history:2", "history:3"]
    assert catalogue.titles[1] == "Alison"
    kept = catalogue.track(0)
    assert (kept.album, kept.duration_s, dict(kept.ids), kept.source) == (
        "Souvlaki",
        231.0,
        {"isrc": "GBAAA9300001"},
        "history",
    )
    (source,) = store.sources()
    assert (source.name, source.kind, source.n_tracks) == ("history", "history", 3)


def test_tracks_go_once_no_listener_has_done_anything_with_them(store: Store) -> None:
    store.history.extend([track(f"history:{n}") for n in range(3)])
    store.imports.add({"a": Event("ann", "history:0", EventKind.PLAY, NOW)})
    store.add_event(Event("bob", "history:1", EventKind.LIKE, NOW, session_id="s"))
    assert store.history.orphans() == {"history:2"}
    assert store.history.drop_orphans() == 1
    store.remove_listener("ann")
    assert store.history.drop_orphans() == 1
    assert [source.n_tracks for source in store.sources()] == [1]
    store.remove_listener("bob")
    assert store.history.drop_orphans() == 1
    assert store.sources() == []
    assert store.history.drop_orphans() == 0


def test_a_catalogue_that_is_called_history_is_not_written_into(store: Store) -> None:
    store.add_source("history", "mine.csv", "csv", "f", [track("t")])
    with pytest.raises(SourceError, match=r"a catalogue of kind csv has its name; .*--name"):
        store.history.extend([track("history:1")])
