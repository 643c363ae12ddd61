"""Two standpoints side by side: what a taste does to a request, and a request to a taste, as numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.app import Assistant
from assistant.errors import CompareError, NoTasteError

REQUEST = "partying like crazy"


@pytest.fixture(scope="module")
def people(assistant: Assistant) -> tuple[str, str]:
    """A listener who likes jazz and one who likes metal."""
    for listener, request in (("compare-jazz", "1950s jazz"), ("compare-metal", "heavy metal")):
        for track_id in assistant.rank("nobody", request, 8).track_ids:
            assistant.feedback(listener, None, track_id, "like")
    return "compare-jazz", "compare-metal"


def test_two_listeners_get_different_tracks_that_fit_them_better_than_each_other(
    assistant: Assistant, people: tuple[str, str]
) -> None:
    report = assistant.compare([REQUEST], people, 15)
    one, other = report.lists
    assert [(side.listener_id, side.request, len(side.tracks)) for side in report.lists] == [
        (people[0], REQUEST, 15),
        (people[1], REQUEST, 15),
    ]
    for side in report.lists:  # what the product ranks, and nothing else
        assert [track.track_id for track in side.tracks] == list(
            assistant.rank(side.listener_id, REQUEST, 15).track_ids
        )
    ids = [{track.track_id for track in side.tracks} for side in report.lists]
    assert report.n_common == len(ids[0] & ids[1]) < 15
    assert report.jaccard == pytest.approx(len(ids[0] & ids[1]) / len(ids[0] | ids[1]))
    assert one.other_fit is not None
    assert other.other_fit is not None
    # Of the two lists, each taste is met better by its own.
    assert one.own_fit > other.other_fit + 10
    assert other.own_fit > one.other_fit + 10
    assert all(0.1 < side.listener_share < 1 for side in report.lists)
    assert -1 <= report.cosine < 0.95
    swapped = assistant.compare([REQUEST], people[::-1], 15)
    assert swapped.lists == (other, one)
    assert swapped.cosine == pytest.approx(report.cosine)


def test_where_words_ask_for_nothing_the_taste_decides(assistant: Assistant, people: tuple[str, str]) -> None:
    vague, asked = (assistant.compare([request], people, 15) for request in ("something nice", REQUEST))
    assert vague.cosine < asked.cosine
    for open_list, list_ in zip(vague.lists, asked.lists, strict=True):
        assert open_list.own_fit > 90
        assert open_list.listener_share > list_.listener_share


def test_without_a_say_two_tastes_get_the_same_list(assistant: Assistant, people: tuple[str, str]) -> None:
    report = assistant.compare(["quiet piano"], people, 10, how_much_me=0.0)
    assert report.cosine == pytest.approx(1, abs=1e-5)
    assert [side.listener_share for side in report.lists] == [0, 0]
    usual = assistant.compare(["quiet piano"], people, 10)
    assert report.jaccard > usual.jaccard


def test_one_listener_with_two_requests(assistant: Assistant, people: tuple[str, str]) -> None:
    report = assistant.compare(["calm sunday morning", "workout"], people[:1], 10)
    assert [side.request for side in report.lists] == ["calm sunday morning", "workout"]
    assert {side.listener_id for side in report.lists} == {people[0]}
    assert [side.other_fit for side in report.lists] == [None, None]
    assert report.jaccard < 0.5
    same = assistant.compare(["calm sunday morning", "a calm sunday morning"], people[:1], 10)
    assert same.cosine > report.cosine


def test_a_listener_without_events_is_told_where_a_taste_comes_from(
    assistant: Assistant, people: tuple[str, str]
) -> None:
    with pytest.raises(NoTasteError, match=r"'nobody-yet' has no taste here yet.*segue chat --listener nobody-yet"):
        assistant.compare([REQUEST], [people[0], "nobody-yet"])


@pytest.mark.parametrize(
    ("requests", "listeners"),
    [(["a", "b"], ["x", "y"]), (["a"], ["x"]), (["a"], ["x", "x"]), (["a", " a"], ["x"]), ([], ["x", "y"])],
)
def test_what_cannot_be_compared_is_named(assistant: Assistant, requests: list[str], listeners: list[str]) -> None:
    with pytest.raises(CompareError, match="give one request, in quotes, and two different listeners"):
        assistant.compare(requests, listeners)


def test_comparing_leaves_nothing_behind(
    assistant: Assistant, people: tuple[str, str], open_assistant: Callable[..., Assistant]
) -> None:
    before = assistant.status()
    assistant.compare([REQUEST], people, 5)
    assert assistant.status() == before
