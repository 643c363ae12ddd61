"""What front ends do without words: edits by track id, undo and redo, dials; and turns that leave nothing behind."""

from __future__ import annotations

import pytest

from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.request import Edit, Reference

ME, TALK = "ann", "talk"


@pytest.fixture(autouse=True)
def _strangers(assistant: Assistant) -> None:
    for listener in (ME, "bob", "cy"):
        assistant.forget(listener)


def on(*track_ids: str) -> Reference:
    return Reference(track_ids=track_ids)


def ask(assistant: Assistant, text: str = "", **fields: object) -> Reply:
    return assistant.reply(Message.model_validate({"listener_id": ME, "session_id": TALK, "text": text, **fields}))


def ids(reply: Reply) -> list[str]:
    return [track.track_id for track in reply.tracks]


def test_edits_by_track_id(assistant: Assistant) -> None:
    first = ids(ask(assistant, "6 tracks"))
    moved = ask(assistant, edits=(Edit(action="move", what=on(first[4]), to=1),))
    assert ids(moved) == [first[4], *first[:4], first[5]]
    pinned = ask(assistant, edits=(Edit(action="keep", what=on(first[0])),))
    assert [track.track_id for track in pinned.tracks if track.pinned] == [first[0]]
    swapped = ask(assistant, edits=(Edit(action="swap", what=on(first[1])),))
    assert first[1] not in ids(swapped)
    assert len(swapped.tracks) == 6
    assert set(ids(swapped)) >= set(first) - {first[1]}
    removed = ask(assistant, edits=(Edit(action="remove", what=on(first[2])),))
    assert set(ids(removed)) == set(ids(swapped)) - {first[2]}
    assert ids(ask(assistant, step="undo")) == ids(swapped)
    assert ids(ask(assistant, step="redo")) == ids(removed)


def test_a_track_that_is_no_longer_there_is_said_and_changes_nothing(assistant: Assistant) -> None:
    first = ids(ask(assistant, "6 tracks"))
    reply = ask(assistant, edits=(Edit(action="remove", what=on("gone")),))
    assert ids(reply) == first
    assert "no such track" in reply.text


def test_dials_alone_rank_again(assistant: Assistant) -> None:
    ask(assistant, "8 tracks")
    reply = ask(assistant, n_tracks=4)
    assert len(reply.tracks) == 4
    assert ask(assistant, fame=1.0).tracks
    assert ask(assistant, discovery=-1.0, how_much_me=0.0).tracks


def test_incognito_turns_go_on_and_leave_nothing(assistant: Assistant) -> None:
    first = ask(assistant, "6 tracks")
    assistant.feedback(ME, TALK, ids(first)[0], "like", incognito=True)
    hidden = ask(assistant, "only 3 tracks", incognito=True)
    assert len(hidden.tracks) == 3
    assert hidden.tracks[0].liked
    again = ask(assistant, step="undo", incognito=True)
    assert ids(again) == ids(first)
    assert [turn.message for turn in assistant.turns(TALK, ME)] == ["6 tracks"]
    assert not assistant._store().events(ME)
    assert assistant.forget(ME)
    assert assistant._incognito().last(TALK, ME) is None


def test_a_stored_turn_knows_nothing_of_what_was_incognito(assistant: Assistant) -> None:
    first = ask(assistant, "6 tracks")
    assistant.feedback(ME, TALK, ids(first)[0], "like", incognito=True)
    assert len(ask(assistant, "only 3 tracks", incognito=True).tracks) == 3
    stored = ask(assistant, "something calmer")
    assert len(stored.tracks) == 6
    assert not any(track.liked for track in stored.tracks)
    assert "which you liked" not in str(assistant.turns(TALK, ME))
    assert ids(ask(assistant, step="undo", incognito=True)) == ids(first)


def test_conversations_are_listed_named_and_deleted(assistant: Assistant) -> None:
    ask(assistant, "6 tracks")
    ask(assistant, "3 tracks")
    ask(assistant, "another talk", session_id="other")
    ask(assistant, "somebody else", listener_id="bob")
    found = assistant.sessions(ME)
    assert [(one.session_id, one.name, one.n_turns) for one in found] == [
        ("other", "another talk", 1),
        (TALK, "6 tracks", 2),
    ]
    assert assistant.rename_session(TALK, ME, "Sunday")
    assert not assistant.rename_session(TALK, "bob2", "Mine now")
    assert assistant.sessions(ME)[1].name == "Sunday"
    assert [turn.message for turn in assistant.turns(TALK, ME)] == ["6 tracks", "3 tracks"]
    assert assistant.turns("other", "bob") == ()
    assert assistant.delete_session("other", ME)
    assert not assistant.delete_session("other", ME)
    assert [one.session_id for one in assistant.sessions(ME)] == [TALK]
    assert len(assistant.sessions("bob")) == 1


def test_what_a_stranger_would_get(assistant: Assistant) -> None:
    reply = ask(assistant, "6 tracks")
    assistant.feedback(ME, TALK, ids(reply)[0], "dislike")
    mine = ask(assistant, "no opera")
    assert ids(reply)[0] not in ids(mine)
    strange = assistant.without_me(TALK, ME)
    assert len(strange) == 6
    assert all(track.user_share == 0 and track.liked is None for track in strange)
    assert assistant.without_me(TALK, "nobody") == ()


def test_names_are_completed(assistant: Assistant) -> None:
    everyone = assistant.suggest("", ("artist",), 3)
    assert len(everyone) == 3
    name = everyone[0].name
    assert assistant.suggest(name[:3].upper(), ("artist",), 50)
    assert name in {one.name for one in assistant.suggest(name, ("artist", "track", "genre"))}
    assert assistant.suggest("zzzzqqq", ("artist", "track", "genre")) == ()


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_at_all_is_still_answered(assistant: Assistant, text: str) -> None:
    assert ask(assistant, text).text


def test_joined_listeners_share_a_taste_and_part_exactly(assistant: Assistant) -> None:
    reply = ask(assistant, "6 tracks")
    assistant.feedback(ME, TALK, ids(reply)[0], "like")
    store = assistant._store()
    before = store.events(ME), store.events("bob")
    store.joined.join(ME, "bob")
    store.joined.join("bob", "cy")
    assert [event.track_id for event in store.events("cy")] == [ids(reply)[0]]
    assert store.joined.of("cy") == (ME, "bob", "cy")
    assert store.joined.part("bob")
    assert store.joined.of(ME) == (ME, "cy")
    assert store.joined.part(ME)
    assert not store.joined.part("cy")
    assert (store.events(ME), store.events("bob")) == before
