"""From a session to what the recommender is asked: how the conversation went, turn by turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.history import History, history_of
from assistant.querying import Defaults, heard_query, preferring, query_of
from assistant.request import Intent, Mention, Request
from assistant.session import MAX_EXCHANGES, Exchange, SessionState, fold, with_answer
from recsys.dialogues import Heard
from recsys.recommendation import Conversation
from recsys.types import Constraint, Event, EventKind, Facet
from tests.planted import planted_catalogue

CATALOGUE = planted_catalogue()
DEFAULTS = Defaults(slate_size=20, max_per_artist=2, how_much_me=1.0)
A, B, C, D = ("jazz-0-0", "metal-1-1", "folk-2-2", "house-3-3")


def row(track_id: str) -> int:
    return int(CATALOGUE.row(track_id))


def rated(at: float, track_id: str, kind: EventKind = EventKind.LIKE, session_id: str = "s") -> Event:
    return Event("ann", track_id, kind, at, session_id=session_id)


def history(*events: Event) -> History:
    return history_of("ann", "s", events)


def talk(*events: Event, exchanges: tuple[Exchange, ...]) -> Conversation | None:
    state = SessionState(exchanges=exchanges)
    return query_of(CATALOGUE, state, history(*events), DEFAULTS, seed=1).conversation


THREE = (
    Exchange(utterance="jazz", response="Here.", at=100),
    Exchange(utterance="more", response="And.", at=200),
    Exchange(utterance="again"),
)


def test_ratings_between_two_answers_belong_to_the_first() -> None:
    events = (
        rated(100, A),
        rated(150, B, EventKind.DISLIKE),
        rated(199, C),
        rated(200, D),
        rated(50, "jazz-9-0"),
    )
    conversation = talk(*events, exchanges=THREE)
    assert conversation == Conversation(
        ("jazz", "more", "again"),
        ("Here.", "And."),
        ((row(A), row(C)), (row(D),)),
        ((row(B),), ()),
    )


def test_only_ratings_that_hold_and_are_of_this_session_are_told() -> None:
    events = (
        rated(110, A, session_id="earlier"),
        rated(110, B),
        rated(120, B, EventKind.DISLIKE),
        rated(130, C),
        rated(140, C, EventKind.UNRATE),
        rated(150, D),
        rated(210, D),
        rated(150, "nowhere"),
        rated(160, "jazz-4-4", EventKind.PLAY),
    )
    conversation = talk(*events, exchanges=THREE)
    assert conversation is not None
    assert conversation.liked == ((row(D),), (row(D),))
    assert conversation.disliked == ((row(B),), ())


def test_the_first_turn_has_nothing_behind_it() -> None:
    assert talk(rated(10, A), exchanges=(Exchange(utterance="jazz"),)) == Conversation(("jazz",))
    assert talk(rated(10, A), exchanges=()) is None


def ask(text: str, intent: Intent = Intent.REFINE) -> Request:
    return Request(text=text, intent=intent, search_text=text)


def test_what_was_said_is_remembered_until_one_starts_over() -> None:
    state = with_answer(fold(SessionState(), ask("jazz", Intent.ASK)), "jazz", "Here.", 100)
    state = with_answer(fold(state, ask("more mellow")), "more mellow", "And.", 200)
    assert [(one.utterance, one.response, one.at) for one in state.exchanges] == [
        ("jazz", "Here.", 100),
        ("more mellow", "And.", 200),
    ]
    over = fold(state, ask("start over with rock", Intent.START_OVER))
    assert [one.utterance for one in over.exchanges] == ["start over with rock"]
    edited = with_answer(state, "remove the second", "Gone.", 300)
    assert [one.utterance for one in edited.exchanges] == ["jazz", "more mellow", "remove the second"]
    assert edited.exchanges[-1] == Exchange(utterance="remove the second", response="Gone.", at=300)


def test_only_the_last_turns_are_remembered() -> None:
    state = SessionState()
    for number in range(MAX_EXCHANGES + 5):
        state = with_answer(fold(state, ask(f"wish {number}")), f"wish {number}", "Here.", number + 1)
    assert len(state.exchanges) == MAX_EXCHANGES
    assert state.exchanges[-1].utterance == f"wish {MAX_EXCHANGES + 4}"


def test_a_conversation_led_elsewhere_is_asked_as_it_was_heard() -> None:
    heard = Heard(("jazz", "more", "again"), ("Here.", "And."), ((A, "nowhere"), (B,)), ((), (C,)))
    query = heard_query(CATALOGUE, SessionState(), heard, DEFAULTS, seed=1)
    assert query.conversation == Conversation(
        heard.utterances, heard.responses, ((row(A),), (row(B),)), ((), (row(C),))
    )
    assert set(query.liked_rows) == {row(A), row(B)}
    assert query.dislike_rows == (row(C),)
    assert row(C) in query.exclude
    assert query.now == 2, "ratings count by turns, not by the clock"
    assert heard_query(CATALOGUE, SessionState(), heard, DEFAULTS, seed=1) == query


def test_wishes_of_a_query_can_be_made_preferences() -> None:
    wish = Constraint(Facet.GENRE, ("jazz",), hard=True)
    refusal = Constraint(Facet.GENRE, ("metal",), wanted=False, hard=True)
    query = query_of(CATALOGUE, SessionState(), history(), DEFAULTS, seed=1)
    assert query.constraints == ()
    soft = preferring(replace(query, constraints=(wish, refusal)))
    assert soft.constraints == (replace(wish, hard=False), refusal)


def test_tracks_that_are_gone_are_left_out() -> None:
    state = SessionState(
        removed=(A, "nowhere"),
        set_aside=(B, "nowhere"),
        titles=(Mention(kind="track", key=D, name=D), Mention(kind="track", key="nowhere", name="x")),
    )
    query = query_of(CATALOGUE, state, history(rated(1, C, EventKind.DISLIKE), rated(2, "gone")), DEFAULTS, seed=1)
    assert query.exclude == {row(A), row(B), row(C)}
    assert query.title_rows == (row(D),)
    assert query.liked_rows == ()


@pytest.mark.parametrize(("size", "minutes", "asked"), [(None, None, 20), (7, None, 7), (None, 30.0, None)])
def test_the_size_is_what_was_asked_for(size: int | None, minutes: float | None, asked: int | None) -> None:
    state = SessionState(n_tracks=size, minutes=minutes)
    assert query_of(CATALOGUE, state, history(), DEFAULTS, seed=1).size == asked
