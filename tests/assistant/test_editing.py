"""Edits of the playlist on screen: what stays, stays in its place; what goes does not come back."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.reply import Reply
from recsys.types import EventKind
from tests.assistant.test_agent import Chat, ids


@pytest.fixture
def chat(assistant: Assistant) -> Chat:
    return Chat(assistant)


def titles(reply: Reply) -> list[str]:
    return [track.title for track in reply.tracks]


def test_what_is_kept_keeps_its_place(chat: Chat) -> None:
    before = ids(chat.say("rock, 10 songs"))
    reply = chat.say("keep 1–4 and swap the rest for something calmer")
    after = ids(reply)
    assert after[:4] == before[:4]
    assert not set(after[4:]) & set(before)
    assert [track.pinned for track in reply.tracks] == [True] * 4 + [False] * 6
    assert any("calm" in line.constraint for line in reply.receipt)
    assert reply.diff.n_kept == 4
    assert set(reply.diff.added) == set(after[4:])
    for text in ("only from the 70s", "something else", "shuffle", "jazz songs from the 60s"):
        assert ids(chat.say(text))[:4] == before[:4]
    chat.say("unpin 1")
    assert ids(chat.say("something else"))[1:4] == before[1:4]
    assert not set(ids(chat.say("start over"))) & set(before[1:4]) or not chat.say("start over").tracks[0].pinned


def test_pins_in_the_middle_stay_where_they_are(chat: Chat) -> None:
    before = ids(chat.say("pop, 8 songs"))
    chat.say("pin 2 and 5")
    after = ids(chat.say("only from the 80s"))
    assert (after[1], after[4]) == (before[1], before[4])
    shorter = ids(chat.say("make it 4 songs"))
    assert len(shorter) == 4
    assert set(shorter) >= {before[1], before[4]}
    assert shorter[1] == before[1]


def test_removing_takes_out_and_nothing_else(chat: Chat) -> None:
    before = ids(chat.say("soul, 10 songs"))
    reply = chat.say("remove 3 and the last one")
    assert ids(reply) == [track for place, track in enumerate(before) if place not in (2, 9)]
    assert "Only" not in reply.text
    for text in ("make it 20 songs", "more upbeat", "something else"):
        assert not {before[2], before[9]} & set(ids(chat.say(text)))
    assert len(chat.say("remove 40").tracks) == len(chat.say("remove 41").tracks)
    assert "no such track" in chat.say("remove 40").text


def test_swapping_replaces_in_place(chat: Chat) -> None:
    before = ids(chat.say("jazz, 8 songs"))
    after = ids(chat.say("swap 2 and 5"))
    assert [place for place in range(8) if before[place] != after[place]] == [1, 4]
    exchanged = ids(chat.say("swap 1 with 8"))
    assert exchanged == [after[7], *after[1:7], after[0]]
    assert ids(chat.say("move the last one to the top")) == [exchanged[7], *exchanged[:7]]


def test_adding_appends_what_was_asked_for(chat: Chat) -> None:
    before = chat.say("jazz, 6 songs, no vocals")
    reply = chat.say("add two by Bob Marley")
    assert ids(reply)[:6] == ids(before)
    assert len(reply.tracks) == 8
    assert all("Marley" in track.artist and track.pinned for track in reply.tracks[6:])
    assert not any("Marley" in line.constraint for line in reply.receipt)
    none = chat.say("add three by Zzyzx Qwertz")
    assert ids(none) == ids(reply)
    assert "Found nothing to add" in none.text


def test_more_like_one_of_them(chat: Chat, assistant: Assistant) -> None:
    before = chat.say("rock, 10 songs")
    reply = chat.say("more like 3 but faster")
    assert f"like {before.tracks[2].title[:38]}"[:20] in reply.text
    assert before.tracks[2].track_id not in ids(reply)
    vectors = assistant._agent().recommender.ranker.vectors
    rows = assistant._agent().recommender.catalogue.rows
    example = vectors[rows([before.tracks[2].track_id])[0]]
    near = float(np.mean(vectors[rows(ids(reply))] @ example))
    assert near > float(np.mean(vectors[rows(ids(before))] @ example)) - 0.1


def test_feedback_in_words_is_remembered(chat: Chat, assistant: Assistant) -> None:
    before = chat.say("pop, 8 songs")
    reply = chat.say("I love number 2 and hate the last one")
    events = {e.track_id: e.kind for e in assistant._store().events(chat.listener)}
    assert events == {ids(before)[1]: EventKind.LIKE, ids(before)[7]: EventKind.DISLIKE}
    assert ids(reply)[:7] == ids(before)[:7]
    assert reply.tracks[1].liked
    assert ids(before)[7] not in ids(reply)
    it = chat.say("remove it")
    assert "Which one" in it.text or len(it.tracks) == 7


def test_praise_and_likeness_without_a_number_hold_up_no_wish(chat: Chat) -> None:
    """Listeners say "love it, add some jazz": to ask which one they love would be to not listen."""
    chat.say("soul, 8 songs")
    reply = chat.say("love it! can we have some jazz?")
    assert "Which one" not in reply.text
    assert any("jazz" in line.constraint for line in reply.receipt)
    assert reply.diff.added
    named = chat.say("Miles Davis is new to me - could I hear more like that?")
    assert "Which one" not in named.text
    assert any(track.artist == "Miles Davis" for track in named.tracks)
    assert "Noted: you like 8 tracks" in chat.say("I love it").text
    assert "Which one" in chat.say("remove it").text


def test_described_tracks_go(chat: Chat) -> None:
    before = chat.say("rock and jazz, 12 songs")
    jazz = {t.track_id for t in before.tracks if any("jazz" in facet for facet in t.facets)}
    reply = chat.say("remove the jazz ones")
    if jazz:
        assert not jazz & set(ids(reply))
    else:
        assert "No track here fits" in reply.text


def test_another_length_leaves_the_rest_alone(chat: Chat) -> None:
    before = ids(chat.say("folk, 8 songs"))
    assert ids(chat.say("make it 12 songs"))[:8] == before
    assert ids(chat.say("make it 5 songs")) == before[:5]
    longer = chat.say("make it 40 minutes")
    assert ids(longer)[:5] == before[:5]
    assert abs(sum(track.duration_s or 0 for track in longer.tracks) / 60 - 40) <= 2


def test_an_arc_orders_and_is_counted(chat: Chat) -> None:
    reply = chat.say("a playlist that starts calm and ends loud, 12 songs")
    (line,) = [line for line in reply.receipt if line.constraint == "order"]
    assert "by thirds" in line.delivered
    assert line.asked == "from calm to loud"


def test_undo_takes_an_edit_back(chat: Chat) -> None:
    before = chat.say("rock, 10 songs")
    chat.say("keep 1-4 and swap the rest for jazz")
    chat.say("remove 99")
    back = chat.say("undo")
    assert ids(back) == ids(before)
    assert not any(track.pinned for track in back.tracks)
    assert back.diff.n_kept == 4
