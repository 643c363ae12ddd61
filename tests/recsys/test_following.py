"""Which model of what comes next serves a catalogue, and how it is kept: planted sessions, and controls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.errors import ForgottenError
from recsys.own_following import (
    FOLDER,
    following_stamp,
    forget_following,
    open_following,
    publish_following,
    switch_off,
    training_folder,
)
from recsys.recommendation import Query
from recsys.retrieval.sequential import Following, session_rows, steps_between
from recsys.sequential.choosing import choose, fitted, people_of
from recsys.sequential.plays import PlaysBuilder
from recsys.sequential.sequences import Sequences
from recsys.sequential.steps import choose_steps, divided, steps_of_playlists, steps_of_plays
from recsys.sequential.successors import Successors
from recsys.slate import Candidates, arrange
from recsys.store import Store
from recsys.types import Collection, Event, EventKind, Track

N_SCENES, N_OF_SCENE = 8, 25
NAMES = tuple(f"t{number}" for number in range(N_SCENES * N_OF_SCENE))


def _sessions(n: int, *, planted: bool, seed: int = 1) -> Sequences:
    """Sessions that keep to a scene, or the same tracks dealt to sessions by chance."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(N_OF_SCENE)[:8] + N_OF_SCENE * rng.integers(N_SCENES) for _ in range(n)]
    if not planted:
        rows = [rng.permutation(len(NAMES))[:8] for _ in range(n)]
    return Sequences.of(rows, NAMES)


def _catalogue() -> Catalogue:
    tracks = [Track(name, f"title {name}", (f"artist {number % 40}",)) for number, name in enumerate(NAMES)]
    playlists = [Collection(f"p{n}", f"list {n}", tuple(NAMES[n : n + 5])) for n in range(120)]
    return Catalogue.from_tracks(tracks, playlists)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'segue.db'}")
    yield opened
    opened.close()


def test_a_model_that_sees_the_scenes_of_sessions_is_switched_on() -> None:
    found = choose(_sessions(200, planted=True), seed=64)
    assert found.switched_on
    assert found.name == "mixture"
    assert found.figures["mixture"] > found.figures[found.baseline]
    assert (found.n_learnt, found.n_questions) == (160, 280)


def test_no_model_is_switched_on_where_chance_alone_decides_what_comes_next() -> None:
    assert not choose(_sessions(200, planted=False), seed=64).switched_on


def test_where_two_are_tried_one_half_chooses_and_the_other_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def counted(name: str, train: Sequences, **options: object) -> object:
        tried.append(name)
        return fitted("mixture" if name == "ensemble" else name, train, seed=64)

    monkeypatch.setattr("recsys.sequential.choosing.fitted", counted)
    found = choose(_sessions(100, planted=True), seed=64, neural=True)
    assert tried == ["popularity", "successors", "mixture", "ensemble"]
    assert found.verdict.n_requests < found.n_questions
    assert found.name == "mixture"  # the other is no better here, being the same


def test_sessions_of_one_listener_are_no_independent_units() -> None:
    listeners = Sequences.of([[0], [1], [1]], ["a", "b"], ["ann/1", "ann/2", "bob/1"])
    assert people_of(listeners) == ("ann", "ann", "bob")
    assert people_of(listeners.take([0, 1])) == ("ann/1", "ann/2")  # sessions are all there is of one
    assert people_of(Sequences.of([[0], [1]], ["a", "b"])) == ("1", "2")


def test_what_is_held_out_is_later_than_all_that_teaches() -> None:
    builder = PlaysBuilder()
    rng = np.random.default_rng(5)
    for session in range(150):
        begin = session * 1000.0 if session else 120_000.0  # one lasts into what is held out
        for step in range(4):
            builder.add(
                f"l{session % 3}-{session == 0}", NAMES[rng.integers(200)], begin + step * (1100 if not session else 9)
            )
    steps = steps_of_plays(builder.build(), _catalogue())
    assert steps is not None
    train, later = divided(steps.sequences, 0.2)
    assert len(train) + len(later) == len(steps.sequences) - 1
    assert steps.n_listeners == 4


def test_sessions_teach_where_there_are_enough_and_playlists_otherwise() -> None:
    builder = PlaysBuilder()
    for session in range(30):
        for step, name in enumerate(("t1", "t2", "unknown", "t1")):
            builder.add("ann", name, session * 10_000.0 + step * 60)
    plays, catalogue = builder.build(), _catalogue()
    few = choose_steps(plays, catalogue, seed=1)
    assert few is not None
    assert (few.source, len(few.sequences)) == ("playlists", 120)
    own = choose_steps(plays, catalogue, seed=1, least=30)
    assert own is not None
    assert own.source == "sessions"
    assert {own.sequences.names[item] for item in own.sequences.items} == {"t1", "t2"}
    assert own.sequences.lengths.tolist() == [2] * 30  # what came again teaches nothing
    assert choose_steps(plays, Catalogue.from_tracks([Track("t1", "one", ("a",))]), seed=1) is None


def test_playlists_keep_their_order() -> None:
    steps = steps_of_playlists(_catalogue(), seed=3)
    assert steps is not None
    listed = {tuple(steps.sequences.names[item] for item in one) for one in steps.sequences}
    assert NAMES[7:12] in listed


def _published(home: Path, store: Store, *listeners: str) -> Sequences:
    for listener in listeners:
        store.add_event(Event(listener, "t0", EventKind.LIKE, 1.0))
    sessions = _sessions(60, planted=True)
    known = store.presence.since(listeners)
    model, after = fitted("mixture", sessions, seed=64), Successors().fit(sessions)
    publish_following(home, store, model, after, sessions.names, known, {"weight": 2.0})
    return sessions


def test_what_is_published_scores_the_session_in_the_rows_of_the_catalogue(tmp_path: Path, store: Store) -> None:
    sessions, catalogue = _published(tmp_path, store), _catalogue()
    following = open_following(tmp_path, catalogue)
    assert following is not None
    session = catalogue.rows(["t30", "t31", "t40"])
    scores = following.scores(session)
    scene = catalogue.rows(NAMES[N_OF_SCENE : 2 * N_OF_SCENE])
    assert scores.shape == (len(catalogue),)
    assert set(np.argsort(-scores)[:10].tolist()) <= set(scene.tolist())
    assert 0 <= scores.min() <= scores.max() == pytest.approx(1)
    assert not following.scores([]).any()
    fewer = Catalogue.from_tracks([catalogue.track(row) for row in scene.tolist()])
    less = open_following(tmp_path, fewer)
    assert less is not None
    assert less.scores(fewer.rows(["t30", "t31", "t40"])).max() == pytest.approx(1)
    assert sessions.n_items == len(NAMES)


def test_a_reason_names_the_track_that_was_followed_most_often() -> None:
    catalogue = _catalogue()
    sessions = Sequences.of([[1, 2], [1, 2], [3, 2], [4, 5]], NAMES)
    after = Successors().fit(sessions)
    following = Following.over(catalogue, "successors", after, after, NAMES, of_playlists=True)
    one, two, three, four, five = catalogue.rows(["t1", "t2", "t3", "t4", "t5"]).tolist()
    assert following.after([three, one, four], two) == (one, 2)
    assert following.after([four], five) is None  # once is not often
    assert following.after([], two) is None


@pytest.mark.parametrize(("owners", "told"), [("ann/1 ann/2 bob/3 bob/4", 0), ("ann/1 bob/2 cy/3 cy/4", 4)])
def test_a_step_is_told_of_and_orders_a_playlist_only_where_three_people_made_it(owners: str, told: int) -> None:
    catalogue = _catalogue()
    after = Successors().fit(Sequences.of([[1, 2]] * 4, NAMES, owners.split()))
    following = Following.over(catalogue, "successors", after, after, NAMES)
    one, two = catalogue.rows(["t1", "t2"]).tolist()
    assert following.after([one], two) == ((one, told) if told else None)
    assert (steps_between(following, np.array([one, two])) is not None) == bool(told)
    assert following.scores([one])[two] == 1  # it counts all the same, among all else


def test_of_sessions_nothing_is_told_where_it_was_not_saved_how_many_people_made_a_step(
    tmp_path: Path, store: Store
) -> None:
    for source, told in (("sessions", None), ("playlists", 5)):
        home, catalogue = tmp_path / source, _catalogue()
        after = Successors().fit(Sequences.of([[1, 2]] * 5, NAMES))
        publish_following(home, store, after, after, NAMES, {}, {"weight": 2.0, "source": source})
        for counts in (home / FOLDER).glob("*/successors/counts.npz"):
            with np.load(counts) as saved:
                older = {name: saved[name] for name in saved.files if not name.startswith("people")}
            np.savez(counts, **older)
        following = open_following(home, catalogue)
        assert following is not None
        one, two = catalogue.rows(["t1", "t2"]).tolist()
        assert following.after([one], two) == (None if told is None else (one, told))


def test_the_session_so_far_is_what_spoke_for_itself_in_its_order() -> None:
    catalogue = _catalogue()

    def did(track: str, kind: EventKind, at: float, completion: float | None = None, session: str = "s") -> Event:
        return Event("ann", track, kind, at, completion, session)

    events = (
        did("t9", EventKind.LIKE, 1, session="other"),
        did("t5", EventKind.PLAY, 2, 1.0),
        did("t3", EventKind.LIKE, 3),
        did("t4", EventKind.PLAY, 4, 0.1),
        did("t7", EventKind.KEEP, 5),
        did("t7", EventKind.SKIP, 6, 0.1),
        did("t1", EventKind.PLAY, 7, 0.95),
    )
    query = Query("", listener_events=events, session_id="s")
    assert [catalogue.track_ids[row] for row in session_rows(catalogue, query)] == ["t5", "t3", "t1"]
    assert not len(session_rows(catalogue, Query("", listener_events=events)))


def test_a_new_model_takes_the_place_of_the_one_before(tmp_path: Path, store: Store) -> None:
    assert following_stamp(tmp_path) is None
    assert open_following(tmp_path, _catalogue()) is None
    _published(tmp_path, store)
    first = following_stamp(tmp_path)
    (tmp_path / FOLDER / "leftofakill").mkdir()
    _published(tmp_path, store)
    assert following_stamp(tmp_path) not in (None, first)
    assert len([one for one in (tmp_path / FOLDER).iterdir() if one.is_dir()]) == 2
    assert switch_off(tmp_path)
    assert open_following(tmp_path, _catalogue()) is None
    assert not switch_off(tmp_path)


def test_forgetting_a_listener_drops_what_was_learnt_of_them_and_of_others_nothing(
    tmp_path: Path, store: Store
) -> None:
    _published(tmp_path, store, "ann", "bob")
    assert not forget_following(tmp_path, "eve")
    assert open_following(tmp_path, _catalogue()) is not None
    training_folder(tmp_path).mkdir(parents=True)
    assert forget_following(tmp_path, "ann")
    assert open_following(tmp_path, _catalogue()) is None
    assert not training_folder(tmp_path).exists()
    assert not [one for one in (tmp_path / FOLDER).rglob("*") if one.is_file()]


def test_nothing_is_published_of_a_listener_who_was_forgotten_while_it_was_learnt(tmp_path: Path, store: Store) -> None:
    store.add_event(Event("ann", "t0", EventKind.LIKE, 1.0))
    known = store.presence.since(["ann"])
    store.remove_listener("ann")
    store.add_event(Event("ann", "t0", EventKind.LIKE, 9.0))  # somebody of that name comes back
    after = Successors().fit(_sessions(10, planted=True))
    with pytest.raises(ForgottenError):
        publish_following(tmp_path, store, after, after, NAMES, known, {})
    assert following_stamp(tmp_path) is None


def test_a_damaged_model_is_passed_over_with_a_warning(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    _published(tmp_path, store)
    for card in (tmp_path / FOLDER).rglob("model.json"):
        card.write_text("{", encoding="utf-8")
    assert open_following(tmp_path, _catalogue()) is None
    assert "segue train --sequential" in caplog.text


def test_a_slate_follows_the_steps_that_were_made_often() -> None:
    catalogue = _catalogue()
    order = np.array([5, 50, 30, 91, 120])  # by artists that are all different
    after = Successors().fit(Sequences.of([order] * 4 + [[91, 5]], NAMES))
    following = Following.over(catalogue, "successors", after, after, NAMES)
    rows = catalogue.rows([NAMES[number] for number in (5, 120, 91, 50, 30)])
    n = len(rows)
    candidates = Candidates(
        rows=rows,
        scores=np.linspace(1, 0, n, dtype=np.float32),
        tiers=np.zeros(n, dtype=np.int64),
        works=rows,
        artists=catalogue.artist_rows[rows],
        durations_s=np.full(n, 200, dtype=np.float32),
        vectors=np.eye(n, dtype=np.float32),
        energy=np.full(n, np.nan, dtype=np.float32),
        first=frozenset(),
    )
    steps = steps_between(following, rows)
    assert steps is not None
    assert (steps.min(), steps.max(), steps[2, 0]) == (0, 1, 0)
    ordered = arrange(candidates, list(range(n)), None, steps)
    assert rows[ordered].tolist() == catalogue.rows([NAMES[number] for number in order]).tolist()
    assert arrange(candidates, list(range(n))) == list(range(n))
    assert steps_between(None, rows) is None


def test_what_ends_before_it_is_published_changes_nothing(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _published(tmp_path, store)
    first = following_stamp(tmp_path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("recsys.own_following.os.replace", killed)
        with pytest.raises(KeyboardInterrupt):
            _published(tmp_path, store)
    assert following_stamp(tmp_path) == first
    assert open_following(tmp_path, _catalogue()) is not None
    _published(tmp_path, store)
    assert len([one for one in (tmp_path / FOLDER).iterdir() if one.is_dir()]) == 2
