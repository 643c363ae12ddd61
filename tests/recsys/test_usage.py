"""What use teaches: which tracks answered a request, what tests and what teaches, and no request sees its answer."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.jam.train import fold_in_all
from recsys.listeners import fold_in
from recsys.synthesis import Triple
from recsys.types import Event, EventKind, Modality
from recsys.usage import Answered, Shown, answered, before, digest, hold_out, own_triples, repeated
from tests.planted import planted_catalogue

LIKE, DISLIKE, UNRATE = EventKind.LIKE, EventKind.DISLIKE, EventKind.UNRATE
SKIP, KEEP, PLAY = EventKind.SKIP, EventKind.KEEP, EventKind.PLAY


def slate(at: float, *track_ids: str, session_id: str = "s", text: str = "folk", length_s: float = 200.0) -> Shown:
    return Shown("ann", session_id, at, text, track_ids, (length_s,) * len(track_ids))


def did(
    at: float,
    track_id: str,
    kind: EventKind,
    *,
    session_id: str | None = "s",
    completion: float | None = None,
    times: int = 1,
) -> Event:
    return Event("ann", track_id, kind, at, completion, session_id, times)


def taken(slates: list[Shown], events: list[Event]) -> list[tuple[tuple[str, ...], bool]]:
    return [(one.track_ids, one.played) for one in answered(slates, sorted(events, key=lambda event: event.at))]


def test_kept_and_liked_tracks_answer_in_the_order_of_the_slate() -> None:
    events = [did(3, "c", LIKE), did(2, "a", KEEP), did(4, "x", LIKE)]
    assert taken([slate(1, "a", "b", "c")], events) == [(("a", "c"), False)]
    assert taken([slate(1, "a", "b")], []) == []


def test_an_undone_like_is_not_kept_and_a_renewed_one_is() -> None:
    shown = [slate(1, "a", "b")]
    assert taken(shown, [did(2, "a", LIKE), did(3, "a", UNRATE)]) == []
    assert taken(shown, [did(2, "a", LIKE), did(3, "a", DISLIKE)]) == []
    assert taken(shown, [did(2, "a", LIKE), did(3, "a", UNRATE, session_id="later")]) == []
    renewed = [did(2, "a", LIKE), did(3, "a", UNRATE), did(4, "a", LIKE)]
    assert taken(shown, renewed) == [(("a",), False)]
    assert taken(shown, [did(2, "a", KEEP), did(3, "a", LIKE), did(4, "a", UNRATE)]) == [(("a",), False)]
    assert taken(shown, [did(2, "a", KEEP), did(3, "a", DISLIKE)]) == []


def test_a_like_renewed_elsewhere_answers_there_alone() -> None:
    slates = [slate(1, "a"), slate(5, "a", session_id="t", text="jazz")]
    events = [did(2, "a", LIKE), did(3, "a", UNRATE), did(6, "a", LIKE, session_id="t")]
    assert [one.shown.text for one in answered(slates, events)] == ["jazz"]


def test_an_event_belongs_to_the_latest_slate_before_it_that_has_its_track() -> None:
    slates = [slate(1, "a", "b", text="first"), slate(10, "b", "c", text="second")]
    events = [did(11, "a", LIKE), did(12, "b", LIKE), did(5, "c", LIKE)]
    found = {one.shown.text: one.track_ids for one in answered(slates, sorted(events, key=lambda event: event.at))}
    assert found == {"first": ("a",), "second": ("b",)}
    assert taken(slates, [did(11, "b", LIKE, session_id="other")]) == []
    assert taken(slates, [did(11, "b", LIKE, session_id=None)]) == []
    assert taken(slates, [did(0.5, "a", LIKE)]) == []


@pytest.mark.parametrize(
    ("events", "whole"),
    [
        ([did(2, "a", PLAY), did(3, "b", PLAY), did(4, "c", PLAY)], True),  # 3 × 200 s
        ([did(2, "a", PLAY), did(3, "b", PLAY), did(4, "c", PLAY, completion=0.99)], False),
        ([did(2, "a", PLAY, times=3)], True),
        ([did(2, "a", PLAY), did(3, "b", PLAY), did(4, "c", PLAY, session_id="other")], False),
        ([did(2, "a", PLAY), did(3, "b", PLAY), did(4, "x", PLAY, times=9)], False),
        ([did(2, "a", PLAY), did(3, "b", PLAY), did(4, "c", PLAY, completion=0.5)], False),
        ([did(2, "a", PLAY), did(3, "b", PLAY, completion=0.5), did(4, "c", PLAY, times=2, completion=0.75)], True),
    ],
)
def test_a_slate_heard_for_ten_minutes_answers_whole(events: list[Event], whole: bool) -> None:
    assert taken([slate(1, "a", "b", "c", "d")], events) == ([(("a", "b", "c", "d"), True)] if whole else [])


def test_of_a_slate_that_was_heard_what_was_refused_is_no_answer() -> None:
    heard = [did(2, "a", PLAY, times=4)]
    shown = [slate(1, "a", "b", "c", "d")]
    assert taken(shown, [*heard, did(3, "b", SKIP, completion=0.1)]) == [(("a", "c", "d"), True)]
    assert taken(shown, [*heard, did(3, "b", PLAY, completion=0.1)]) == [(("a", "c", "d"), True)]
    assert taken(shown, [*heard, did(3, "b", SKIP), did(4, "b", LIKE)]) == [(("a", "b", "c", "d"), True)]
    assert taken(shown, [*heard, did(3, "c", DISLIKE, session_id=None)]) == [(("a", "b", "d"), True)]
    assert taken(shown, [did(n, "a", SKIP) for n in range(2, 9)]) == []


def requests(n: int, *, listener_id: str = "ann", per_session: int = 1, start: float = 0.0) -> list[Answered]:
    return [
        Answered(
            Shown(listener_id, f"{listener_id} {number // per_session}", start + number, "folk", ("a",), (200.0,)),
            ("a",),
            played=False,
        )
        for number in range(n)
    ]


def test_the_latest_requests_of_each_listener_test_and_the_others_teach() -> None:
    teach, test = hold_out([*requests(8, start=100), *requests(4, listener_id="bob")][::-1])
    assert [(one.shown.listener_id, one.shown.at) for one in test] == [("bob", 3), ("ann", 106), ("ann", 107)]
    assert len(teach) == 6 + 3
    assert [one.shown.at for one in teach] == sorted(one.shown.at for one in teach)
    assert hold_out(requests(3)) == (requests(3), [])


def test_a_session_that_reaches_into_the_test_does_not_teach() -> None:
    teach, test = hold_out(requests(8, per_session=3))
    assert [one.shown.at for one in test] == [6, 7]
    assert [one.shown.at for one in teach] == [0, 1, 2, 3, 4, 5]
    teach, test = hold_out(requests(8, per_session=5))
    assert [one.shown.at for one in teach] == [0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return planted_catalogue()


def test_a_request_learns_from_what_came_before_it_alone(catalogue: Catalogue) -> None:
    shown = slate(1000.0, "jazz-0-0", "jazz-0-1", "jazz-0-2")
    request = Answered(shown, ("jazz-0-1", "jazz-0-2"), played=False)
    earlier = [did(10, "folk-1-0", LIKE), did(20, "metal-1-0", DISLIKE), did(999, "folk-1-1", PLAY)]
    answers = [did(1000, "jazz-0-2", LIKE), did(1001, "jazz-0-1", LIKE), did(2000, "house-0-0", LIKE)]
    (with_all,) = own_triples([request], {"ann": [*earlier, *answers]}, catalogue, half_life_days=180)
    (with_earlier,) = own_triples([request], {"ann": earlier}, catalogue, half_life_days=180)
    assert catalogue.rows(["folk-1-0", "folk-1-1", "metal-1-0"]).tolist() == sorted(with_all.history.tolist())
    np.testing.assert_array_equal(with_all.history, with_earlier.history)
    assert with_all.weights is not None
    assert with_earlier.weights is not None
    np.testing.assert_array_equal(with_all.weights, with_earlier.weights)
    assert dict(zip(with_all.history.tolist(), np.sign(with_all.weights).tolist(), strict=True)) == {
        int(catalogue.row("folk-1-0")): 1,
        int(catalogue.row("folk-1-1")): 1,
        int(catalogue.row("metal-1-0")): -1,
    }
    assert with_all.answers.tolist() == catalogue.rows(["jazz-0-1", "jazz-0-2"]).tolist()
    assert (with_all.text, with_all.listener_id) == ("folk", "ann")
    assert [event.at for event in before([*earlier, *answers], 1000.0)] == [10, 20, 999]


def test_answers_that_left_the_catalogue_are_left_out(catalogue: Catalogue) -> None:
    gone = Answered(slate(1, "gone"), ("gone",), played=False)
    half = Answered(slate(2, "gone", "folk-0-0"), ("gone", "folk-0-0"), played=False)
    (left,) = own_triples([gone, half], {}, catalogue, half_life_days=180)
    assert left.answers.tolist() == [catalogue.row("folk-0-0")]
    assert len(left.history) == 0


def test_the_weights_of_a_history_reach_the_listener_s_vector(catalogue: Catalogue) -> None:
    rng = np.random.default_rng(0)
    tables = {m: rng.normal(size=(len(catalogue), 4)).astype(np.float32) for m in (Modality.TEXT, Modality.TAGS)}
    present = np.ones((len(catalogue), 2), np.bool_)
    rows, weights = np.array([3, 5]), np.array([0.5, -1.0], np.float32)
    weighted = Triple("folk", rows, np.array([1]), weights=weights)
    users = fold_in_all([weighted, Triple("folk", rows, np.array([1]))], tables, present)
    np.testing.assert_array_equal(users[0], fold_in(rows, weights, tables, present))
    np.testing.assert_array_equal(users[1], fold_in(rows, np.ones(2, np.float32), tables, present))


def triple(text: str, *answers: int) -> Triple:
    return Triple(text, np.empty(0, np.int64), np.array(answers))


def test_own_examples_are_a_twentieth_or_more() -> None:
    own = [triple(f"own {n}", n) for n in range(10)]
    taught = repeated(own, 600)
    assert len(taught) / (len(taught) + 600) == pytest.approx(1 / 20, rel=0.1)
    assert all(taught.count(one) == len(taught) // 10 for one in own)
    assert repeated([], 600) == []
    assert repeated(own * 10, 20) == own * 10


def test_the_digest_tells_examples_apart() -> None:
    rows, weights = np.array([3]), np.array([1.0], np.float32)
    different = [
        [triple("folk", 1, 2)],
        [triple("folk", 1), triple("", 2)],
        [triple("folk", 1)],
        [triple("fol", 1)],
        [Triple("folk", rows, np.array([1]))],
        [Triple("folk", rows, np.array([1]), weights=weights)],
        [Triple("folk", rows, np.array([1]), weights=2 * weights)],
        [],
    ]
    assert len({digest(one) for one in different}) == len(different)
    assert digest([triple("folk", 1)]) == digest([triple("folk", 1)])
