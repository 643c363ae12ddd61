"""Whole turns on the starter catalogue: what a listener may rely on."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assistant.agent import Agent
from assistant.app import Assistant
from assistant.errors import NothingToExportError, UnknownFeedbackError
from assistant.reply import Message, Reply
from recsys.errors import UnknownTrackError
from recsys.types import Facet
from recsys.vocabulary import load_vocabulary

Open = Callable[..., Assistant]
_numbers = itertools.count()


class Chat:
    """One listener in one session."""

    def __init__(self, assistant: Assistant, listener: str | None = None, session: str | None = None) -> None:
        number = next(_numbers)
        self.assistant = assistant
        self.listener, self.session = listener or f"listener {number}", session or f"session {number}"

    def say(self, text: str, **more: Any) -> Reply:
        reply = self.assistant.reply(Message(listener_id=self.listener, session_id=self.session, text=text, **more))
        assert not reply.last_resort, reply.text
        return reply

    def feel(self, track_id: str, kind: str, completion: float | None = None) -> None:
        self.assistant.feedback(self.listener, self.session, track_id, kind, completion)


@pytest.fixture
def chat(assistant: Assistant) -> Chat:
    return Chat(assistant)


def ids(reply: Reply) -> list[str]:
    return [track.track_id for track in reply.tracks]


def genres(assistant: Assistant, reply: Reply) -> list[tuple[str, ...]]:
    catalogue = assistant._agent().recommender.catalogue
    return [catalogue.track(catalogue.row(track_id)).genres for track_id in ids(reply)]


def line(reply: Reply, constraint: str) -> Any:
    return next(line for line in reply.receipt if line.constraint == constraint)


def test_a_turn_gives_tracks_reasons_receipt_and_timings(chat: Chat) -> None:
    reply = chat.say("mellow jazz for dinner")
    assert len(reply.tracks) == 20
    assert [track.position for track in reply.tracks] == list(range(1, 21))
    assert all(track.reason and track.link.startswith("https://") for track in reply.tracks)
    assert len({track.reason for track in reply.tracks}) == 20
    assert {"understanding", "encode", "retrieve", "rank", "slate", "receipt", "store", "total"} <= set(
        reply.timings_ms
    )
    assert line(reply, "tracks").delivered == "20"
    assert "jazz" in reply.text
    assert (reply.turn, reply.index, reply.certified) == (1, "exact", True)
    json.loads(reply.model_dump_json())


def test_a_hard_wish_is_obeyed_and_counted(chat: Chat, assistant: Assistant) -> None:
    reply = chat.say("jazz, 10 tracks")
    met = line(reply, "jazz")
    assert (met.n_met, met.n_total) == (10, 10)
    assert all(
        any("jazz" in genre or genre in ("bebop", "swing") for genre in track) for track in genres(assistant, reply)
    )


def test_a_seed_replays_a_slate(assistant: Assistant) -> None:
    first = Chat(assistant).say("upbeat soul", seed=7)
    assert ids(Chat(assistant).say("upbeat soul", seed=7)) == ids(first)
    assert first.seed == 7


def test_without_a_seed_the_session_decides(assistant: Assistant) -> None:
    one = Chat(assistant, session="the same").say("upbeat soul")
    other = Chat(assistant, session="the same").say("upbeat soul")
    assert ids(one) == ids(other)
    assert one.seed == other.seed != Chat(assistant).say("upbeat soul").seed


def test_size_given_by_a_connector_beats_the_text(chat: Chat) -> None:
    assert len(chat.say("10 rock tracks", n_tracks=5).tracks) == 5
    reply = chat.say("10 rock tracks", minutes=30)
    assert line(reply, "minutes").asked == "30"
    assert abs(sum(track.duration_s or 0 for track in reply.tracks) / 60 - 30) <= 1.5


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-5, 1), (1000, 200)])
def test_a_size_out_of_range_comes_to_the_nearest(chat: Chat, asked: int, given: int) -> None:
    assert len(chat.say("rock", n_tracks=asked).tracks) == given


def test_a_refinement_keeps_what_it_does_not_touch(chat: Chat, assistant: Assistant) -> None:
    chat.say("folk from the 70s, 12 tracks")
    reply = chat.say("no country")
    assert len(reply.tracks) == 12
    assert all(1970 <= (track.year or 0) <= 1979 for track in reply.tracks)
    assert not any("country" in genre for track in genres(assistant, reply) for genre in track)


@pytest.mark.parametrize("unwanted", ["rock", "electronic", "jazz", "hip-hop"])
def test_asking_for_no_x_never_adds_x(chat: Chat, assistant: Assistant, unwanted: str) -> None:
    banned = load_vocabulary().descendants(Facet.GENRE, unwanted)
    chat.say("music for a party, 15 tracks")
    reply = chat.say(f"no {unwanted}")
    assert len(reply.tracks) == 15
    assert not any(genre in banned for track in genres(assistant, reply) for genre in track)


def test_what_a_refusal_spares_may_come_and_the_receipt_says_so(chat: Chat, assistant: Assistant) -> None:
    reply = chat.say("folk with banjo, no country but bluegrass is fine, 40 tracks")
    banned = load_vocabulary().descendants(Facet.GENRE, "country")
    found = genres(assistant, reply)
    assert any("bluegrass" in of_track for of_track in found)
    assert all("bluegrass" in of_track for of_track in found if banned & set(of_track))
    counted = line(reply, "no country but bluegrass")
    assert (counted.n_met, counted.n_total) == (40, 40)


def test_a_disliked_track_never_reappears(chat: Chat) -> None:
    shown = ids(chat.say("dreamy indie"))
    for track_id in shown[:3]:
        chat.feel(track_id, "dislike")
    for text in ("dreamy indie", "more mellow", "start over", "dreamy indie"):
        assert not set(shown[:3]) & set(ids(chat.say(text)))
    assert not set(shown[:3]) & set(ids(Chat(chat.assistant, chat.listener).say("dreamy indie")))


def test_a_like_is_shown_used_and_explained(chat: Chat) -> None:
    first = chat.say("shoegaze")
    chat.feel(ids(first)[0], "like")
    reply = chat.say("shoegaze")
    liked = {track.track_id: track.liked for track in reply.tracks}
    assert liked.get(ids(first)[0], True) is True
    assert any(track.user_share > 0 for track in reply.tracks)


def test_what_was_passed_over_beside_a_like_makes_room(chat: Chat) -> None:
    """The same words again keep a slate of which nothing was said, and renew one of which something was liked."""
    first = ids(chat.say("jazz, 8 tracks"))
    assert ids(chat.say("jazz")) == first
    chat.feel(first[0], "like")
    assert len(set(ids(chat.say("jazz"))) - set(first)) >= 4
    other = Chat(chat.assistant, chat.listener)
    again = ids(other.say("jazz, 8 tracks"))
    assert ids(other.say("jazz")) == again, "a like of another session says nothing of this one's slate"


def test_the_last_of_like_and_dislike_holds(chat: Chat) -> None:
    track_id = ids(chat.say("bossa nova"))[0]
    chat.feel(track_id, "like")
    chat.feel(track_id, "dislike")
    assert track_id not in ids(chat.say("bossa nova"))
    chat.feel(track_id, "like")
    again = chat.say("bossa nova")
    assert {t.track_id: t.liked for t in again.tracks}.get(track_id, True) is True


def test_what_nobody_understood_does_not_colour_later_turns(chat: Chat) -> None:
    plain = Chat(chat.assistant, session=chat.session).say("something mellow")
    chat.say("asdf qwer zxcv")
    assert chat.say("???").text.startswith("You did not say what")
    assert ids(chat.say("something mellow")) == ids(plain)


def test_a_rating_taken_back_leaves_no_trace_in_what_is_shown(chat: Chat) -> None:
    track_id = ids(before := chat.say("bossa nova"))[0]
    for kind in ("dislike", "unrate", "like", "unrate"):
        chat.feel(track_id, kind)
    after = chat.say("bossa nova")
    assert ids(after) == ids(before)
    assert [track.liked for track in after.tracks] == [None] * len(after.tracks)
    assert all(track.user_share == 0 for track in after.tracks)
    assert not any("you liked" in track.reason for track in after.tracks)


def test_asking_for_others_shows_nothing_twice(chat: Chat) -> None:
    first = chat.say("rock, 8 tracks")
    second = chat.say("something else")
    third = chat.say("more please")
    assert len(second.tracks) == len(third.tracks) == 8
    assert len({*ids(first), *ids(second), *ids(third)}) == 24
    assert line(second, "others").delivered == "none shown before"


def test_the_same_words_again_keep_the_slate(chat: Chat) -> None:
    first = chat.say("rock, 8 tracks")
    assert ids(chat.say("thanks!")) == ids(first)


def test_starting_over_forgets_the_size_and_the_wishes(chat: Chat) -> None:
    chat.say("metal, 5 tracks")
    reply = chat.say("start over")
    assert len(reply.tracks) == 20
    assert "metal" not in {line.constraint for line in reply.receipt}


@pytest.mark.parametrize("text", ["", "   ", "hello", "Hi there!", "thanks", "🎸", "?!", "qwxzv brzkt", "\x00\x01"])
def test_small_talk_and_nonsense_still_give_music_and_say_so(chat: Chat, text: str) -> None:
    reply = chat.say(text)
    assert len(reply.tracks) == 20
    assert any(word in reply.text for word in ("mix", "nearest in meaning"))


def test_an_impossible_request_gives_the_nearest_and_says_what_gave_way(chat: Chat) -> None:
    reply = chat.say("bebop in Korean from the 50s, 10 tracks")
    assert reply.tracks
    assert any(line.relaxed for line in reply.receipt)
    assert "relaxed" in reply.text


FUZZ = [
    "a" * 100_000,
    "jazz " * 20_000,
    "\u202ejazz\u202c \u2066rock",
    "\ud800 lone surrogate",
    "'; DROP TABLE tracks; --",
    "<script>alert(1)</script> **bold** [x](javascript:1)",
    "\x00\x07\x1b[31mred",
    "مرحبا موسيقى هادئة",
    "日本の静かな曲を10曲",
    "🎷🎷🎷 but no 🎸",
    "like like like not not no no without",
    'no no country for old men, like "The Beatles" but not the beatles',
    "999999999999 tracks for -5 minutes from 99999 to 0",
    "1e309 minutes, nan tracks, inf hours",
    "%s %d {0} {x} $HOME `ls` ../../etc/passwd",
    "between 2050 and 1850",
    "\n\n\t\r\n",
    "ａｌｌ ｆｕｌｌｗｉｄｔｈ ｊａｚｚ",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
]


@pytest.mark.parametrize("text", FUZZ, ids=range(len(FUZZ)))
def test_no_text_breaks_a_turn(chat: Chat, text: str) -> None:
    for said in (text, "no jazz", text):
        reply = chat.say(said)
        assert reply.text.isprintable()
        assert len(reply.text) <= 300
        json.loads(reply.model_dump_json())


@pytest.mark.parametrize("name", ["", "\x00", "\ud800", "x" * 5_000, "'; --", "a/b\nc"])
def test_any_listener_and_session_names_work(assistant: Assistant, name: str) -> None:
    chat = Chat(assistant)
    chat.listener, chat.session = name, name
    first = chat.say("rock, 3 tracks")
    chat.feel(ids(first)[0], "like")
    assert chat.say("no metal").turn == first.turn + 1


def test_two_listeners_share_neither_session_nor_taste(assistant: Assistant) -> None:
    ann, bob = Chat(assistant, session="shared"), Chat(assistant, session="shared")
    before = bob.say("jazz, 6 tracks", seed=3)
    for track_id in ids(ann.say("metal, 9 tracks"))[:3]:
        ann.feel(track_id, "like")
    after = Chat(assistant, listener=bob.listener).say("jazz, 6 tracks", seed=3)
    assert ids(after) == ids(before)
    assert all(track.liked is None for track in after.tracks)
    assert (bob.say("no swing").turn, ann.say("no doom").turn) == (2, 2)
    with pytest.raises(NothingToExportError):
        assistant.export(ann.session, "somebody else")


def test_many_listeners_at_once_get_what_they_would_get_alone(assistant: Assistant) -> None:
    texts = ["jazz", "90s rock", "sad songs", "techno", "something calm", "salsa", "70s soul", "fado"]
    alone = [ids(Chat(assistant).say(text, seed=5)) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: ids(Chat(assistant).say(text, seed=5)), texts * 2))
    assert together == alone * 2


def test_feedback_on_what_is_not_there_is_refused(chat: Chat) -> None:
    track_id = ids(chat.say("rock, 2 tracks"))[0]
    with pytest.raises(UnknownTrackError, match="no-such-track"):
        chat.feel("no-such-track", "like")
    with pytest.raises(UnknownFeedbackError, match="like, dislike"):
        chat.feel(track_id, "love")
    with pytest.raises(UnknownFeedbackError, match="between 0 and 1"):
        chat.feel(track_id, "play", completion=1.5)


def test_export_gives_the_newest_playlist(chat: Chat) -> None:
    with pytest.raises(NothingToExportError):
        chat.assistant.export(chat.session, chat.listener)
    chat.say("rock, 4 tracks")
    newest = chat.say("no metal")
    assert ids(chat.assistant.export(chat.session, chat.listener)) == ids(newest)


def test_everything_survives_a_restart(starter_home: Path, open_assistant: Open) -> None:
    with open_assistant(starter_home) as before:
        chat = Chat(before)
        first = chat.say("rock, 5 tracks")
        chat.feel(ids(first)[0], "dislike")
    with open_assistant(starter_home) as after:
        chat.assistant = after
        reply = chat.say("no metal")
    assert reply.turn == 2
    assert len(reply.tracks) == 5
    assert ids(first)[0] not in ids(reply)


def test_forgetting_a_listener_leaves_nothing(chat: Chat) -> None:
    chat.feel(ids(chat.say("rock, 2 tracks"))[0], "like")
    assert chat.assistant.forget(chat.listener)
    assert not chat.assistant.forget(chat.listener)
    assert chat.say("hello").turn == 1


def test_an_unexpected_error_becomes_an_apology_with_a_logged_number(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Reply:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(Agent, "reply", fail)
    with caplog.at_level(logging.ERROR):
        reply = chat.assistant.reply(Message(listener_id="l", session_id="s", text="rock"))
    assert reply.last_resort
    number = caplog.records[-1].args[0]  # type: ignore[index]
    assert str(number) in reply.text
    assert "RuntimeError in test_agent.py" in caplog.text
    assert "fire" not in reply.text + caplog.text  # what an error says can quote what a listener wrote


def test_ranking_follows_the_words_and_the_taste(chat: Chat) -> None:
    ranked = chat.assistant.rank(chat.listener, "shoegaze", 50)
    assert len(ranked.track_ids) == len(ranked.scores) <= 50
    assert list(ranked.scores) == sorted(ranked.scores, reverse=True)
    unmoved = chat.assistant.rank(chat.listener, "calm piano", 200).track_ids
    for track_id in ids(chat.say("thrash metal, 6 tracks")):
        chat.feel(track_id, "like")
    assert chat.assistant.rank(chat.listener, "calm piano", 200).track_ids != unmoved
    by_words = chat.assistant.rank(chat.listener, "calm piano", 200, how_much_me=0.0)
    assert by_words.track_ids[0] in unmoved[:20]


def test_a_ranking_that_is_not_strict_prefers_what_a_strict_one_demands(chat: Chat) -> None:
    strict = chat.assistant.rank(chat.listener, "bossa nova, no samba", 2_000).track_ids
    loose = chat.assistant.rank(chat.listener, "bossa nova, no samba", 2_000, strict=False).track_ids
    assert len(strict) < len(loose)
    assert set(strict) <= set(loose)
    assert len(set(strict) & set(loose[: 2 * len(strict)])) > 0.8 * len(strict)
    samba = set(chat.assistant.rank(chat.listener, "samba", 2_000).track_ids)
    assert not samba & set(loose)
