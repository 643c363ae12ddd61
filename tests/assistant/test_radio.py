"""The radio in a conversation: begun by words or a button, going on, moved by skips, obeying what was asked."""

from __future__ import annotations

from uuid import uuid4

import pytest

from assistant.app import Assistant
from assistant.radio_start import RadioStart
from assistant.reply import Message, Reply
from assistant.understanding.radio import RadioWish, radio_wish
from recsys.radio import ARTIST_GAP


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Keep going!", RadioWish(RadioStart())),
        ("ok, keep it coming please", RadioWish(RadioStart())),
        ("what's next", RadioWish(RadioStart())),
        ("continue the music", RadioWish(RadioStart())),
        ("more like the last three", RadioWish(RadioStart(of="last", n=3))),
        ("Play me something like the last couple of songs", RadioWish(RadioStart(of="last", n=2))),
        ("radio from this track", RadioWish(RadioStart(of="track"))),
        ("start a radio from this artist please", RadioWish(RadioStart(of="artist"))),
        ("radio from this playlist", RadioWish(RadioStart(of="playlist"))),
        ("radio based on the last 4 songs", RadioWish(RadioStart(of="last", n=4))),
        ("play Portishead radio", RadioWish(RadioStart(of="artist"), name="portishead")),
        ("radio from So What", RadioWish(RadioStart(of="artist"), name="so what")),
        ("songs about the radio", None),
        ("Radiohead", None),
        ("play the radio song", None),
        ("keep the first three", None),
        ("continue the story of rainy songs", None),
        ("something for the radio", None),
        ("radio and tv songs", None),
        ("play Keep Going", None),
        ("“Keep Going”", None),
        ("play the track “Don't Stop”", None),
        ("don't stop me now", None),
        ("what's next to the sea", None),
        ("more like the last one", None),
    ],
)
def test_messages_that_want_music_to_go_on_are_told_from_others(text: str, wish: RadioWish | None) -> None:
    assert radio_wish(text) == wish


class _Talk:
    """One listener's conversation."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant, self.listener, self.session = assistant, f"radio {uuid4().hex}", "s"

    def say(self, text: str, **more: object) -> Reply:
        return self.assistant.reply(
            Message.model_validate({"listener_id": self.listener, "session_id": self.session, "text": text, **more})
        )

    def did(self, track_id: str, kind: str, completion: float | None = None) -> None:
        self.assistant.feedback(self.listener, self.session, track_id, kind, completion)

    def artists(self, reply: Reply) -> list[str]:
        return [track.artists[0] for track in reply.tracks]


@pytest.fixture
def talk(assistant: Assistant) -> _Talk:
    return _Talk(assistant)


def test_keep_going_goes_on_without_repeats_and_says_why(talk: _Talk) -> None:
    given = [track.track_id for track in talk.say("some jazz").tracks]
    first = talk.say("keep going", n_tracks=1)
    assert "goes by what is alike" in first.text
    given += [track.track_id for track in first.tracks]
    for _ in range(4):
        reply = talk.say("keep going")
        ids = [track.track_id for track in reply.tracks]
        assert len(ids) == 10
        assert not set(ids) & set(given)
        assert all(track.reason.endswith(".") and track.causes for track in reply.tracks)
        given += ids
    assert "goes by what is alike" not in reply.text  # it was said once


def test_what_was_demanded_holds_for_as_long_as_the_radio_plays(talk: _Talk) -> None:
    talk.say("jazz from the 1960s, no vocals", n_tracks=3)
    for _ in range(2):
        reply = talk.say("keep going", n_tracks=4)
        assert all(track.year is None or 1960 <= track.year <= 1969 for track in reply.tracks)
        hard = [line for line in reply.receipt if line.hard and line.n_total]
        assert hard
        assert all(line.n_met == line.n_total for line in hard)


def test_a_wish_in_between_changes_the_radio_that_goes_on(talk: _Talk) -> None:
    talk.say("electronic music")
    talk.say("keep going")
    talk.say("only instrumental")
    reply = talk.say("keep going", n_tracks=5)
    assert any("instrumental" in line.constraint or "vocals" in line.constraint for line in reply.receipt)


def test_a_radio_from_an_artist_plays_others_too_and_none_within_ten(talk: _Talk) -> None:
    reply = talk.say("radio from Miles Davis", n_tracks=20)
    artists = talk.artists(reply)
    assert reply.text.startswith("Radio from Miles Davis: 20 tracks")
    assert len(set(artists)) > ARTIST_GAP
    for place, artist in enumerate(artists):
        assert artist not in artists[max(place - ARTIST_GAP, 0) : place]
    again = talk.say("keep going", n_tracks=10)
    assert again.text.startswith("Radio from Miles Davis")
    assert not set(talk.artists(again)[:1]) & set(artists[-ARTIST_GAP:])


def test_buttons_begin_a_radio_from_a_track_or_what_is_on_screen(talk: _Talk) -> None:
    first = talk.say("dreamy indie").tracks[0]
    reply = talk.assistant.radio(talk.listener, talk.session, 5, RadioStart(of="track", key=first.track_id))
    assert first.title in reply.text
    assert len(reply.tracks) == 5
    assert first.artists[0] not in talk.artists(reply)
    on_screen = talk.assistant.radio(talk.listener, talk.session, 4, RadioStart(of="playlist"))
    assert on_screen.text.startswith("Radio from this playlist: 4 tracks")
    assert not {t.track_id for t in on_screen.tracks} & {t.track_id for t in reply.tracks}
    went_on = talk.assistant.radio(talk.listener, talk.session, 3)
    assert went_on.text.startswith("Radio from this playlist: 3 tracks")


def test_a_skip_moves_what_comes_next(assistant: Assistant) -> None:
    vectors = assistant.serving().recommender.ranker.vectors
    catalogue = assistant.serving().recommender.catalogue
    nearness = []
    for kind, completion in (("play", 1.0), ("skip", 0.05)):
        talk = _Talk(assistant)
        first = talk.say("radio from Miles Davis", n_tracks=1, seed=3).tracks[0].track_id
        talk.did(first, kind, completion)
        rows = catalogue.rows([track.track_id for track in talk.say("keep going", n_tracks=2, seed=3).tracks])
        nearness.append(float((vectors[rows] @ vectors[catalogue.row(first)]).mean()))
    assert nearness[1] < nearness[0]


def test_with_nothing_to_go_on_from_a_playlist_is_made(talk: _Talk) -> None:
    reply = talk.say("keep going")
    assert reply.tracks
    assert talk.say("undo").turn == 2


def test_undo_brings_back_what_was_there_before_the_radio(talk: _Talk) -> None:
    before = [track.track_id for track in talk.say("some folk").tracks]
    talk.say("keep going")
    assert [track.track_id for track in talk.say("undo").tracks] == before


def test_in_public_nothing_is_said_of_what_the_listener_knows(talk: _Talk) -> None:
    for track in talk.say("some jazz").tracks[:6]:
        talk.did(track.track_id, "like")
    reply = talk.say("keep going", public=True)
    assert not [cause for track in reply.tracks for cause in track.causes if "you know" in cause or "history" in cause]


def test_an_incognito_radio_leaves_nothing_behind(talk: _Talk) -> None:
    talk.say("some jazz", incognito=True)
    first = talk.say("keep going", incognito=True)
    assert not {t.track_id for t in first.tracks} & {t.track_id for t in talk.say("keep going", incognito=True).tracks}
    assert not talk.assistant.turns(talk.session, talk.listener)


def test_it_answers_in_the_language_of_the_session(talk: _Talk) -> None:
    talk.say("ruhiger Jazz", language="de")
    assert "Weiter geht es" in talk.say("keep going", language="de").text


def test_the_dials_of_a_message_hold_and_what_is_out_of_range_comes_to_the_nearest(talk: _Talk) -> None:
    for track in talk.say("some jazz").tracks:
        talk.did(track.track_id, "like")
    reply = talk.say("keep going", discovery=9.0, n_tracks=12)
    assert reply.dials["discovery"] == 1
    assert len(reply.tracks) == 12
    assert any("new to your history" in cause for track in reply.tracks for cause in track.causes)
    familiar = talk.say("keep going", discovery=-1.0, n_tracks=5)
    assert any("you know" in cause for track in familiar.tracks for cause in track.causes)


def test_a_radio_for_something_that_is_no_name_is_a_request_like_any_other(talk: _Talk) -> None:
    reply = talk.say("radio for a long quiet evening with jazz")
    assert not reply.text.startswith("Radio from")
    assert any(line.constraint == "jazz" for line in reply.receipt)
    named = talk.say("radio from Kind of Blue by Miles Davis, please")
    assert named.tracks


def test_what_no_track_can_meet_gives_way_as_in_the_playlist_and_is_said(assistant: Assistant) -> None:
    talk = _Talk(assistant)
    first = talk.say("mellow bossa nova thrash metal from the 1910s, 5 tracks")
    assert "I relaxed" in first.text
    more = talk.say("keep going")
    assert len(more.tracks) > 4
    assert "I relaxed" in more.text
    assert not {track.track_id for track in first.tracks} & {track.track_id for track in more.tracks}
