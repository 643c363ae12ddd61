"""What goes on with a radio: what was not heard may come again, what ended stays, and a newer playlist is the start."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest

from assistant.agent import Agent
from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.session import SessionState, fold
from assistant.store import SessionStore
from recsys.catalogue import Catalogue
from recsys.constraints import YES
from recsys.recommendation import Query
from recsys.retrieval.sequential import Following
from recsys.sequential.sequences import Sequences
from recsys.sequential.successors import Successors
from recsys.types import Facet, FloatArray


class _Talk:
    """One listener's conversation."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant, self.name = assistant, f"on {uuid4().hex}"

    def say(self, text: str, **more: object) -> Reply:
        told = {"listener_id": self.name, "session_id": self.name, "text": text, "seed": 3, **more}
        return self.assistant.reply(Message.model_validate(told))

    def did(self, track_id: str, kind: str, completion: float | None = None) -> None:
        self.assistant.feedback(self.name, self.name, track_id, kind, completion)

    @property
    def state(self) -> SessionState:
        found = SessionStore(self.assistant._store()).last(self.name, self.name)
        assert found is not None
        return found.state


@pytest.fixture
def talk(assistant: Assistant) -> _Talk:
    return _Talk(assistant)


def _ids(reply: Reply) -> list[str]:
    return [track.track_id for track in reply.tracks]


@pytest.mark.parametrize("plays", [True, False])
def test_what_stood_behind_a_skip_and_was_not_heard_may_come_again(talk: _Talk, plays: bool) -> None:
    """Nothing else is left at last: what is demanded is met by few."""
    talk.say("jazz from the 1960s, no vocals", n_tracks=3)
    batch = _ids(talk.say("keep going", n_tracks=8))
    if plays:
        talk.did(batch[0], "play", 1.0)
    talk.did(batch[1], "skip", 0.05)
    talk.did(batch[4], "like")
    behind = {*batch[2:4], *batch[5:]}
    came = _ids(talk.say("keep going", n_tracks=1))
    assert not behind & {*talk.state.shown} - {*came}
    while not (reply := talk.say("keep going", n_tracks=50)).diff.n_kept:
        came += _ids(reply)
    assert behind <= {*came}
    assert not {*batch[:2], batch[4]} & {*came}
    assert len(came) == len({*came})


def test_going_on_without_a_skip_brings_nothing_back(talk: _Talk) -> None:
    batch = _ids(talk.say("radio from Miles Davis"))
    talk.did(batch[0], "play", 1.0)
    assert not {*batch} & {*_ids(talk.say("keep going", n_tracks=100))}


def test_a_turned_dial_lets_go_of_what_stood_behind_the_last_one_heard(talk: _Talk) -> None:
    batch = _ids(talk.say("radio from Miles Davis"))
    talk.did(batch[0], "play", 1.0)
    talk.did(batch[2], "play", 1.0)
    said = _ids(talk.say("keep going", n_tracks=1, discovery=0.5))
    assert {*batch} & {*talk.state.shown} == {*batch[:3]} | ({*batch} & {*said})
    again = _ids(talk.say("keep going", n_tracks=1, discovery=0.5))  # where it stood already
    assert {*said} < {*talk.state.shown}
    assert again != said


def test_what_stands_behind_a_skip_is_not_taken_as_heard_where_no_play_is_told(talk: _Talk) -> None:
    batch = _ids(talk.say("radio from Miles Davis"))
    talk.did(batch[4], "skip", 0.0)
    talk.say("more like the last three", n_tracks=2)
    radio = talk.state.radio
    assert radio is not None
    assert list(radio.track_ids) == batch[1:4]


def test_where_nothing_is_left_the_playlist_on_screen_stays_and_can_be_changed(talk: _Talk) -> None:
    before = talk.say("only Miles Davis")
    while not (reply := talk.say("keep going", n_tracks=50)).diff.n_kept:
        before = reply
    assert reply.text.startswith("Nothing more is left that meets your wishes. If I relax “by Miles Davis”, ")
    assert (_ids(reply), reply.turn, reply.radio) == (_ids(before), before.turn + 1, before.radio)
    edited = talk.say("remove the first")
    assert _ids(edited)[:3] == _ids(before)[1:4]
    assert _ids(talk.say("undo")) == _ids(before)


def test_a_wish_that_nothing_meets_leaves_the_radio_as_it_was(talk: _Talk) -> None:
    before = talk.say("radio from Miles Davis")
    reply = talk.say("keep going, only from 1905")
    assert reply.text.startswith("Nothing more is left that meets your wishes.")
    assert _ids(reply) == _ids(before)
    assert not talk.state.active()
    assert talk.say("keep going").text.startswith("Radio from Miles Davis")


def test_a_newer_playlist_is_what_goes_on_and_not_the_radio_before_it(talk: _Talk) -> None:
    batch = _ids(talk.say("radio from Miles Davis"))
    talk.did(batch[0], "play", 1.0)
    newer = talk.say("only from the 2010s")
    assert newer.radio is None
    reply = talk.say("keep going")
    assert reply.text.startswith("Radio from this playlist")
    assert talk.state.radio is not None
    assert list(talk.state.radio.track_ids) == _ids(newer)
    assert talk.say("keep going").text.startswith("Radio from this playlist")


@pytest.mark.parametrize("edit", ["remove the first", "only the first 5 tracks", "make it 12 tracks"])
def test_an_edit_of_the_radio_is_still_the_radio(talk: _Talk, edit: str) -> None:
    batch = talk.say("radio from Miles Davis")
    assert _ids(talk.say(edit)) != _ids(batch)
    assert talk.say("keep going").text.startswith("Radio from Miles Davis")


# --- what people play next ---


def _learnt(assistant: Assistant, before: str, after: list[int], weight: float = 16.0) -> Agent:
    """An agent that has learnt that some rows come after a track."""
    agent, recommender = copy(assistant.serving()), assistant.serving().recommender.beside(None)
    names = recommender.catalogue.track_ids
    sessions = [[recommender.catalogue.row(before), row] for row in after for _ in range(3)]
    model = Successors().fit(Sequences.of(sessions, names))
    recommender.following = Following.over(recommender.catalogue, model.name, model, model, names, weight=weight)
    agent.recommender = recommender
    agent.__dict__.pop("_radio", None)
    return agent


def test_what_is_unlearnt_and_what_is_unknown_of_these_tracks_are_told_apart_and_once(talk: _Talk) -> None:
    assert "is not learnt for this catalogue" in talk.say("radio from Miles Davis").text
    catalogue = talk.assistant.serving().recommender.catalogue
    only = Catalogue.from_tracks([catalogue.track(row) for row in range(2)])
    agent = _learnt(talk.assistant, catalogue.track_ids[0], [1])
    following = agent.recommender.following
    assert following is not None
    agent.recommender.following = Following.over(
        catalogue, "few", following.model, following.successors, [*only.track_ids, *("gone",) * (len(catalogue) - 2)]
    )
    told = {"listener_id": talk.name, "session_id": "other", "text": "radio from Miles Davis"}
    reply = agent.reply(Message.model_validate(told))
    assert "is not known of these tracks yet" in reply.text
    again = agent.reply(Message.model_validate(told | {"text": "keep going"}))
    assert "alike" not in again.text


def test_what_comes_next_counts_once_in_a_radio_that_has_wishes(talk: _Talk) -> None:
    first = talk.say("jazz").tracks[0].track_id
    talk.did(first, "like")
    agent = _learnt(talk.assistant, first, list(range(40, 60)))
    query = agent._query(talk.state, agent._history(talk.name, talk.name), seed=3)
    assert agent.recommender.following is not None
    assert agent.recommender.following.next_of(agent.recommender.catalogue, query) is not None
    wishes, without = agent._wishes(query), talk.assistant.serving()._wishes(query)
    assert wishes is not None
    assert without is not None
    np.testing.assert_array_equal(wishes, without)


@pytest.mark.parametrize("wish", ["more upbeat", "something calmer", "more energetic"])
def test_a_wish_decides_after_one_like_also_where_what_it_refuses_comes_next(talk: _Talk, wish: str) -> None:
    """In planted sessions only what does not meet the wish comes after the track that was liked."""
    first = talk.say("jazz").tracks[0].track_id
    talk.did(first, "like")
    plain = talk.assistant.serving()
    request = plain._understand(wish, first_turn=False, model=False)
    query = plain._query(fold(talk.state, request), plain._history(talk.name, talk.name), seed=3)
    wishes = tuple(replace(one, hard=one.facet is Facet.GENRE) for one in query.constraints)
    softly, wanted = replace(query, constraints=wishes), [one for one in wishes if not one.hard]

    def met(agent: Agent, asked: Query) -> FloatArray:
        rows, _ = agent.recommender.rank(asked, len(agent.recommender.catalogue))
        return np.mean([agent.recommender.agreement(one, rows) == YES for one in wanted], axis=0, dtype=np.float32)

    ranked, _ = plain.recommender.rank(softly, len(plain.recommender.catalogue))
    usual = met(plain, softly)
    learnt = met(_learnt(talk.assistant, first, ranked[usual == 0][:30].tolist()), softly)
    unasked = met(plain, replace(softly, constraints=tuple(one for one in wishes if one.hard)))
    assert learnt[:20].mean() >= 0.8 * usual[:20].mean()
    assert learnt[:20].mean() > unasked[:20].mean()
