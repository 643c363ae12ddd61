"""Playlists for several listeners: fair to each, excluding what any of them dislikes, and silent about their taste."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from assistant.app import Assistant
from assistant.reply import MAX_GROUP, Message, Reply, SlateTrack
from recsys.types import Facet

TASTES = {"ann": "jazz", "bob": "metal", "cy": "hip-hop"}
OTHERS = ("bob", "cy")


def planted(assistant: Assistant, genre: str, n: int = 15) -> list[str]:
    catalogue = assistant._agent().recommender.catalogue
    return [catalogue.track_ids[row] for row in catalogue.postings(Facet.GENRE, genre)[:n].tolist()]


@pytest.fixture(autouse=True)
def _tastes(assistant: Assistant) -> None:
    for listener, genre in TASTES.items():
        assistant.forget(listener)
        assistant.add_history(listener, [(track_id, "like", 1) for track_id in planted(assistant, genre)])
    assistant.forget("dee")


def ask(assistant: Assistant, text: str = "12 tracks", group: Sequence[str] = OTHERS, **fields: object) -> Reply:
    values = {"listener_id": "ann", "session_id": "circle", "text": text, "group": group, **fields}
    return assistant.reply(Message.model_validate(values))


def told(reply: Reply) -> dict[str, str]:
    return {line.constraint: line.delivered for line in reply.receipt}


def nearness(assistant: Assistant, tracks: Sequence[SlateTrack], genre: str) -> float:
    """How near tracks are, on average, to the nearest of what was planted."""
    recommender = assistant._agent().recommender
    rows = recommender.catalogue.rows
    near = recommender.ranker.nearness(rows(planted(assistant, genre)))
    return float(near[rows([track.track_id for track in tracks])].mean())


def test_everybody_has_a_share_of_the_playlist(assistant: Assistant) -> None:
    alone, together = ask(assistant, group=(), session_id="alone"), ask(assistant)
    for member, genre in TASTES.items():
        theirs = [track for track in together.tracks if member in track.whom]
        assert len(theirs) >= 4
        assert member == "ann" or nearness(assistant, theirs, genre) > nearness(assistant, alone.tracks, genre)
    assert all(set(track.whom) <= set(TASTES) and track.whom for track in together.tracks)
    assert not any(track.whom for track in alone.tracks)


def test_a_track_is_said_to_be_for_those_to_whom_it_is_new(assistant: Assistant) -> None:
    """Whose history a track is from cannot be read off the playlist."""
    for seed in range(3):
        for track in ask(assistant, "20 tracks", session_id=f"finds {seed}", seed=seed).tracks:
            assert not [one for one in track.whom if track.track_id in planted(assistant, TASTES[one])]


def test_the_receipt_counts_how_fair_it_is(assistant: Assistant) -> None:
    reply = ask(assistant)
    (fair,) = (line for line in reply.receipt if line.constraint == "tracks that fit each of you")
    assert fair.asked == "at least 4 of 12"
    assert not fair.relaxed
    (somebody,) = (line for line in reply.receipt if line.constraint == "tracks that fit one of you at least")
    assert 8 <= somebody.n_met <= 12
    assert sum("of 3 of you" in track.reason for track in reply.tracks) <= somebody.n_met
    assert "tracks that fit each of you" not in told(ask(assistant, group=(), session_id="alone"))
    assert any("fits 1 of 3 of you" in track.reason for track in reply.tracks)


def test_what_any_member_dislikes_or_never_wants_is_kept_out(assistant: Assistant) -> None:
    first = ask(assistant)
    assistant.feedback("bob", None, first.tracks[0].track_id, "dislike")
    assistant._store().suppressions.add("cy", first.tracks[1].track_id, None)
    shown = {track.track_id for track in ask(assistant, "12 other tracks").tracks} | {
        track.track_id for track in ask(assistant, session_id="again").tracks
    }
    assert not shown & {track.track_id for track in first.tracks[:2]}


def test_nothing_of_anybodys_taste_is_told(assistant: Assistant) -> None:
    """Alone, reasons name what was liked; the group's are free of it, and so are all answers."""
    catalogue = assistant._agent().recommender.catalogue
    liked = [catalogue.track(row) for genre in TASTES.values() for row in catalogue.rows(planted(assistant, genre))]
    alone = ask(assistant, group=(), session_id="alone", text="something for the evening, 12 tracks")
    assert any("which you liked" in track.reason for track in alone.tracks)
    first = ask(assistant, "something for the evening, 12 tracks")
    replies = [
        first,
        ask(assistant, "why number 1?"),
        ask(assistant, "what do you know about my taste?"),
        ask(assistant, f"why not {liked[0].artist}?"),
        ask(assistant, discovery=1.0, text=""),
    ]
    shown = {track.track_id for reply in replies for track in reply.tracks}
    for number, reply in enumerate(replies):
        said = [reply.text, *(cause for t in reply.tracks for cause in (t.reason, *t.causes)), *told(reply).values()]
        assert not [words for words in said if "liked" in words or "your taste" in words or "your history" in words]
        named = {track.title for track in liked if track.track_id not in shown and len(track.title) > 8}
        # "Why not …?" names what it was asked about.
        assert number == 3 or not [words for words in said for title in named if f"“{title}”" in words]
        assert all(track.liked is None for track in reply.tracks)
    assert "ask me when we are alone" in replies[2].text
    assert told(replies[4])["discovery"] == "weighed for each of you"


def marks(reply: Reply) -> dict[str, bool | None]:
    return {track.track_id: track.liked for track in reply.tracks}


def test_what_is_pressed_in_a_group_is_shown_to_nobody(assistant: Assistant) -> None:
    """Neither the asker's nor a member's, in the turns that follow, in answers, and when going back."""
    first = ask(assistant)
    assistant.feedback("ann", "circle", first.tracks[0].track_id, "like")
    assistant.feedback("ann", "circle", first.tracks[2].track_id, "dislike")
    assistant.feedback("bob", "circle", first.tracks[1].track_id, "dislike")
    replies = [ask(assistant, text) for text in ("why number 3?", "swap 5", "undo", "more upbeat")]
    for reply in replies:
        assert set(marks(reply).values()) == {None}
    assert first.tracks[1].track_id not in marks(replies[-1])


def test_what_is_liked_in_words_is_the_speakers_taste(assistant: Assistant) -> None:
    first = ask(assistant, session_id="words")
    before = {one: assistant.rated(one) for one in TASTES}
    loved, hated = first.tracks[1].track_id, first.tracks[0].track_id
    said = ask(assistant, "I love number 2", session_id="words", speaker="bob")
    assert "Noted: you like" in said.text
    assert set(marks(said).values()) == {None}
    ask(assistant, "I hate number 1", session_id="words", speaker="bob")
    ask(assistant, "I love number 3", session_id="words", speaker="ann")
    assert assistant.rated("bob") == before["bob"] | {loved: True, hated: False}
    assert assistant.rated("cy") == before["cy"]
    assert {loved, hated}.isdisjoint(assistant.rated("ann").keys() - before["ann"].keys())
    assert len(assistant.rated("ann").keys() - before["ann"].keys()) <= 1


def test_incognito_what_is_liked_in_words_is_the_speakers_too(assistant: Assistant) -> None:
    first = ask(assistant, session_id="secret words", incognito=True)
    ask(assistant, "I love number 2", session_id="secret words", incognito=True, speaker="bob")
    held = assistant._incognito()
    assert [event.track_id for event in held.events("secret words", "bob")] == [first.tracks[1].track_id]
    assert held.events("secret words", "ann") == ()


@pytest.mark.parametrize("speaker", [None, "ann", "bob"])
@pytest.mark.parametrize("text", ["that wasn't me", "das war nicht ich", "it was me after all"])
def test_nobody_sets_a_session_aside_that_several_share(assistant: Assistant, text: str, speaker: str | None) -> None:
    first = ask(assistant, session_id="shared")
    assistant.feedback("ann", "shared", first.tracks[0].track_id, "like")
    before = {one: assistant.rated(one) for one in TASTES}
    said = ask(assistant, text, session_id="shared", speaker=speaker)
    assert "set nothing aside" in said.text or "nehme ich nichts aus" in said.text
    assert {one: assistant.rated(one) for one in TASTES} == before


def test_where_others_read_along_nobodys_taste_is_told(assistant: Assistant) -> None:
    """Alone or in a group, and a question that was understood by other words as well."""
    alone = ask(assistant, group=(), session_id="read along", public=True)
    assert alone.tracks
    for group in ((), OTHERS):
        for text in ("what do you know about my taste?", "what do I like?", "what is my taste?"):
            said = ask(assistant, text, group=group, session_id="read along", public=True).text
            assert "/taste tells it to you alone" in said
            assert "jazz" not in said
    assert "jazz" in ask(assistant, "what do you know about my taste?", group=(), session_id="read along").text


def test_members_are_counted_once_and_the_asker_is_no_other(assistant: Assistant) -> None:
    alone = ask(assistant, group=(), session_id="alone", seed=1)
    with_self = ask(assistant, group=("ann", "ann"), session_id="self", seed=1)
    assert [t.track_id for t in with_self.tracks] == [t.track_id for t in alone.tracks]
    twice = ask(assistant, group=("bob", "bob"), session_id="twice", seed=1)
    assert "fits 1 of 2 of you" in " ".join(track.reason for track in twice.tracks)


def test_somebody_of_whom_nothing_is_known_has_a_share_too(assistant: Assistant) -> None:
    reply = ask(assistant, group=("dee",), session_id="with a stranger")
    assert sum("dee" in track.whom for track in reply.tracks) >= 6


def test_minutes_wishes_and_pins_hold_for_a_group(assistant: Assistant) -> None:
    reply = ask(assistant, "45 minutes of soul, no pop", session_id="minutes")
    lines = {line.constraint: line for line in reply.receipt}
    assert not lines["minutes"].relaxed
    assert lines["no pop"].n_met == len(reply.tracks)
    kept = reply.tracks[2].track_id
    swapped = ask(assistant, "keep 3, swap the rest", session_id="minutes")
    assert swapped.tracks[2].track_id == kept
    assert all(track.whom for track in swapped.tracks)


def test_a_group_has_a_greatest_size() -> None:
    members = tuple(f"member {n}" for n in range(MAX_GROUP))
    Message(listener_id="ann", session_id="s", text="", group=members[1:])
    with pytest.raises(ValidationError, match="group"):
        Message(listener_id="ann", session_id="s", text="", group=members)


@pytest.mark.parametrize("incognito", [False, True])
def test_who_is_forgotten_is_in_no_playlist_of_others(assistant: Assistant, *, incognito: bool) -> None:
    session = f"forgotten {incognito}"
    reply = ask(assistant, session_id=session, incognito=incognito)
    assert any("bob" in track.whom for track in reply.tracks)
    assistant.forget("bob")
    answer = ask(assistant, "thanks", group=(), session_id=session, incognito=incognito)
    assert [track.track_id for track in answer.tracks] == [track.track_id for track in reply.tracks]
    assert [track.whom for track in answer.tracks] == [
        tuple(one for one in track.whom if one != "bob") for track in reply.tracks
    ]
    stored = assistant.turns(session, "ann")
    assert len(stored) == (0 if incognito else 2)
    assert not any("bob" in track.whom for turn in stored for track in turn.reply.tracks)
