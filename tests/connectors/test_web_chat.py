"""A tab's conversation: what reaches the assistant, what is shown, and what an untrusted browser may not do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from typing import Any

import pytest

from assistant.errors import AssistantError, NothingToExportError
from assistant.reply import Message, Reply, SlateTrack
from assistant.reports import TurnReport
from connectors.web_chat import Conversation, apology, listener_of


class Scripted:
    """Stands for the assistant: answers with two tracks and remembers what it was told."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.feedbacks: list[tuple[str, str, str, str]] = []
        self.error: Exception | None = None
        self.fields: dict[str, Any] = {}
        self.gate: threading.Event | None = None
        self.rewords = True
        self.worded: list[tuple[str, str]] = []
        self.talks: tuple[TurnReport, ...] = ()
        self.ratings: dict[str, bool] = {}
        self.ended: list[tuple[str, str]] = []

    def turns(self, session_id: str, listener_id: str) -> tuple[TurnReport, ...]:
        return self.talks

    def end_incognito(self, session_id: str, listener_id: str) -> bool:
        self.ended.append((session_id, listener_id))
        return True

    def rated(self, listener_id: str) -> dict[str, bool]:
        return self.ratings

    def reword(self, reply: Reply) -> Generator[tuple[str, str], None, None]:
        yield from self.worded

    def reply(self, message: Message) -> Reply:
        self.messages.append(message)
        if self.gate is not None:
            assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        tracks = tuple(
            SlateTrack(position=i, track_id=f"t{i}", title="T", artist="A", artists=("A",), link="", liked=liked)
            for i, liked in ((1, None), (2, True))
        )
        turn = len(self.messages)
        given: dict[str, Any] = {"text": f"Answer {turn}", "tracks": tracks} | self.fields
        return Reply(session_id=message.session_id, turn=turn, query=message.text, **given)

    def feedback(self, listener_id: str, session_id: str, track_id: str, kind: str, *, incognito: bool = False) -> None:
        if self.error is not None:
            raise self.error
        self.feedbacks.append((listener_id, session_id, track_id, kind))


@pytest.fixture
def assistant() -> Any:
    return Scripted()


def said(talk: Conversation) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in talk.messages]


def test_a_message_is_shown_before_it_is_answered(assistant: Any) -> None:
    talk = Conversation()
    assert talk.hear("mellow")
    assert said(talk) == [("user", "mellow")]
    assert talk.answer(assistant, "web-x")
    assert said(talk) == [("user", "mellow"), ("assistant", "Answer 1")]
    assert assistant.messages == [Message(listener_id="web-x", session_id=talk.session_id, text="mellow")]
    assert not talk.answer(assistant, "web-x")


def test_messages_sent_in_a_hurry_are_answered_in_their_order(assistant: Any) -> None:
    talk = Conversation()
    for text in ("one", "two"):
        talk.hear(text)
    assert talk.answer(assistant, "web-x")
    assert talk.answer(assistant, "web-x")
    assert [message.text for message in assistant.messages] == ["one", "two"]


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_nothing_is_not_a_message(text: str) -> None:
    talk = Conversation()
    assert not talk.hear(text)
    assert talk.messages == []


def test_the_whole_message_is_asked_and_a_safe_part_of_it_is_shown(assistant: Any) -> None:
    talk = Conversation()
    text = "<img src=x onerror=alert(1)> \ud800\x00" + "x" * 3_000
    talk.hear(text)
    talk.answer(assistant, "web-x")
    shown = talk.messages[0]["content"]
    assert assistant.messages[0].text == text
    assert shown.startswith("&lt;img src=x")
    assert len(shown) < 700
    shown.encode("utf-8")


def test_a_message_that_is_too_long_is_answered_by_saying_so(assistant: Any) -> None:
    talk = Conversation()
    assert talk.hear("x" * 100_000)
    assert not talk.answer(assistant, "web-x")
    assert "at most 4,000 characters" in said(talk)[-1][1]
    assert assistant.messages == []


def test_what_the_assistant_says_is_escaped(assistant: Any) -> None:
    assistant.fields = {"text": "Here is <b>bold</b> & more"}
    talk = Conversation()
    talk.hear("x")
    talk.answer(assistant, "web-x")
    assert talk.messages[-1]["content"] == "Here is &lt;b&gt;bold&lt;/b&gt; &amp; more"


def test_an_unexpected_error_becomes_a_sentence_and_a_log_entry(
    assistant: Any, caplog: pytest.LogCaptureFixture
) -> None:
    talk = Conversation()
    talk.hear("one")
    talk.answer(assistant, "web-x")
    before = talk.reply
    assistant.error = RuntimeError("secret detail")
    talk.hear("two")
    with caplog.at_level(logging.ERROR):
        assert talk.answer(assistant, "web-x")
    role, words = said(talk)[-1]
    assert role == "assistant"
    assert "went wrong" in words
    assert "secret" not in words
    reference = words.split("reference ")[1].split(")")[0]
    assert reference in caplog.text
    assert "RuntimeError in test_web_chat.py" in caplog.text
    assert "secret" not in caplog.text  # it may quote a listener
    assert talk.reply is before


def test_a_deliberate_error_is_shown_as_it_is(assistant: Any) -> None:
    assistant.error = NothingToExportError("s")
    talk = Conversation()
    talk.hear("one")
    talk.answer(assistant, "web-x")
    assert "has no playlist yet" in said(talk)[-1][1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("cannot read /srv/a/b/index.json: it is broken", "cannot read …/index.json: it is broken"),
        ("write 'C:\\Music\\x.m3u' again", "write '…/x.m3u' again"),
        ("see https://example.org/a/b or /link", "see https://example.org/a/b or /link"),
        ("3/4 of 1/2, and/or AC/DC", "3/4 of 1/2, and/or AC/DC"),
    ],
)
def test_an_error_says_what_is_wrong_and_not_where_it_lies(words: str, told: str) -> None:
    assert apology(AssistantError(words)) == told


def test_the_dials_follow_what_a_turn_came_to(assistant: Any) -> None:
    talk = Conversation()
    assistant.fields = {"dials": {"how_much_me": 1.0, "discovery": 0.5, "fame": -0.6, "n_tracks": 80.0}}
    talk.hear("80 tracks, nothing too famous")
    talk.answer(assistant, "web-x")
    assert talk.dials == {"how_much_me": 1.0, "discovery": 0.5, "fame": -0.6, "n_tracks": 80.0}
    assistant.fields = {"dials": {}}  # an answer that makes no playlist
    talk.hear("why 2?")
    talk.answer(assistant, "web-x")
    assert talk.dials["fame"] == -0.6
    assistant.fields = {"dials": {"fame": 0.0, "n_tracks": 0.0}, "tracks": ()}
    talk.hear("polka by Napalm Death")
    talk.answer(assistant, "web-x")
    assert (talk.dials["fame"], talk.dials["n_tracks"]) == (0.0, 80.0)


def test_a_dial_that_could_not_be_turned_goes_back(assistant: Any) -> None:
    talk = Conversation()
    talk.hear("one")
    talk.answer(assistant, "web-x")
    assistant.error = RuntimeError("out of order")
    talk.turn_dial(assistant, "web-x", "fame", -1.0)
    assert talk.dials["fame"] == 0.0
    assert "went wrong" in talk.said


def test_a_conversation_that_is_opened_has_the_ratings_of_now_and_the_dials_of_then(assistant: Any) -> None:
    first, second = (Message(listener_id="web-x", session_id="s", text=text) for text in ("jazz", "why 2?"))
    assistant.fields = {"dials": {"fame": -0.5, "n_tracks": 2.0}}
    made = assistant.reply(first)
    assistant.fields = {}
    told = assistant.reply(second)
    assistant.talks = tuple(TurnReport(at=1.0, message=reply.query, reply=reply) for reply in (made, told))
    assistant.ratings = {"t1": True, "t7": False}  # t2 was liked when the turn was made
    talk = Conversation()
    assert talk.open(assistant, "web-x", "s")
    assert talk.reply is not None
    assert [track.liked for track in talk.reply.tracks] == [True, None]
    assert talk.dials == {"how_much_me": 1.0, "discovery": 0.0, "fame": -0.5, "n_tracks": 2.0}
    assert talk.rate(assistant, "web-x", "t1", "like")
    assert assistant.feedbacks == [("web-x", "s", "t1", "unrate")]


def test_an_apology_of_the_assistant_leaves_the_slate(assistant: Any) -> None:
    talk = Conversation()
    talk.hear("one")
    talk.answer(assistant, "web-x")
    before = talk.reply
    assistant.fields = {"text": "Sorry.", "tracks": (), "last_resort": True}
    talk.hear("two")
    talk.answer(assistant, "web-x")
    assert said(talk)[-1] == ("assistant", "Sorry.")
    assert talk.reply is before


def test_a_rating_may_change_and_pressed_again_is_taken_back(assistant: Any) -> None:
    talk = Conversation()
    talk.hear("one")
    talk.answer(assistant, "web-x")
    pressed = [("t1", "like"), ("t1", "dislike"), ("t1", "dislike"), ("t1", "like")]
    pressed += [("t2", "like"), ("t2", "like")]  # liked before this conversation
    assert all(talk.rate(assistant, "web-x", *press) for press in pressed)
    kinds = [("t1", "like"), ("t1", "dislike"), ("t1", "unrate"), ("t1", "like"), ("t2", "unrate"), ("t2", "like")]
    assert assistant.feedbacks == [("web-x", talk.session_id, *kind) for kind in kinds]
    assert talk.rated == {"t1": True, "t2": True}


@pytest.mark.parametrize(
    ("track_id", "kind"), [("t9", "like"), ("t1", "keep"), ("t1", None), (None, "like"), ({"a": 1}, "like")]
)
def test_a_browser_can_rate_nothing_but_what_it_was_shown(assistant: Any, track_id: object, kind: object) -> None:
    talk = Conversation()
    talk.hear("one")
    talk.answer(assistant, "web-x")
    assert not talk.rate(assistant, "web-x", track_id, kind)
    assert not Conversation().rate(assistant, "web-x", "t1", "like")
    assert assistant.feedbacks == []


def test_a_rating_that_fails_does_not_show_as_stored(assistant: Any) -> None:
    talk = Conversation()
    talk.hear("one")
    talk.answer(assistant, "web-x")
    assistant.error = RuntimeError("disk full")
    assert talk.rate(assistant, "web-x", "t1", "like")
    assert talk.rated == {}
    assert "went wrong" in said(talk)[-1][1]


def test_starting_over_begins_another_session(assistant: Any) -> None:
    talk = Conversation()
    talk.hear("one")
    talk.answer(assistant, "web-x")
    before = talk.session_id
    talk.start_over()
    assert talk.session_id != before
    assert (talk.messages, talk.reply, talk.rated) == ([], None, {})


def test_an_answer_that_comes_after_starting_over_is_not_shown(assistant: Any) -> None:
    assistant.gate = threading.Event()
    talk = Conversation()
    talk.hear("one")
    shown: list[bool] = []
    thread = threading.Thread(target=lambda: shown.append(talk.answer(assistant, "web-x")))
    thread.start()
    while not assistant.messages:
        thread.join(0.01)
    talk.start_over()
    assistant.gate.set()
    thread.join(10)
    assert shown == [False]
    assert (talk.messages, talk.reply) == ([], None)


def test_a_browser_keeps_its_listener() -> None:
    mine = listener_of(None)
    assert listener_of(mine) == mine
    assert listener_of(None) != mine


@pytest.mark.parametrize("stored", ["me", "", "discord:123", "web-1", 7, {"a": 1}, "web-" + "0" * 32 + "\n", None])
def test_a_browser_cannot_choose_whose_taste_it_gets(stored: object) -> None:
    assert listener_of(stored) != stored


def test_reasons_change_as_the_model_writes_them(assistant: Any) -> None:
    talk = Conversation()
    assert list(talk.reword(assistant)) == []  # nothing on screen yet
    assistant.worded = [("t1", "One."), ("t2", "Two.")]
    talk.hear("mellow")
    talk.answer(assistant, "web-x")
    seen = [[track.reason for track in talk.reply.tracks] for _ in talk.reword(assistant) if talk.reply]
    assert seen == [["One.", ""], ["One.", "Two."]]


def test_words_for_an_earlier_slate_do_not_reach_a_later_one(assistant: Any) -> None:
    talk = Conversation()
    assistant.worded = [("t1", "One."), ("t2", "Two.")]
    talk.hear("mellow")
    talk.answer(assistant, "web-x")
    stream = talk.reword(assistant)
    assert next(stream)
    talk.hear("louder")
    talk.answer(assistant, "web-x")
    assert list(stream) == []
    assert talk.reply is not None
    assert [track.reason for track in talk.reply.tracks] == ["", ""]
    talk.start_over()
    assert list(talk.reword(assistant)) == []


def test_without_a_model_reasons_stay(assistant: Any) -> None:
    talk = Conversation()
    assistant.rewords, assistant.worded = False, [("t1", "One.")]
    talk.hear("mellow")
    talk.answer(assistant, "web-x")
    assert list(talk.reword(assistant)) == []


def told(assistant: Any) -> Conversation:
    """A conversation that was led, as another server stored it."""
    talk = Conversation()
    talk.hear("mellow")
    talk.answer(assistant, "web-x")
    assert talk.reply is not None
    assistant.talks = (TurnReport(at=0.0, message="mellow", reply=talk.reply),)
    return talk


def test_a_page_goes_on_where_it_was_when_the_server_knows_it_no_more(assistant: Any) -> None:
    before = told(assistant)
    after = Conversation()
    assert after.resume(assistant, "web-x", before.here)
    assert after.session_id == before.session_id
    assert said(after) == said(before)
    assert after.reply is not None
    assistant.talks = ()
    assert after.resume(assistant, "web-x", "another")  # only what is fresh is looked up
    assert after.session_id == before.session_id


def test_a_page_whose_conversation_is_gone_is_told_until_it_starts_over(assistant: Any) -> None:
    here = told(assistant).here
    assistant.talks = ()
    talk = Conversation()
    assert not talk.resume(assistant, "web-x", here)
    assert not talk.resume(assistant, "web-x", here)
    talk.start_over()
    assert talk.resume(assistant, "web-x", here)
    assert talk.messages == []


@pytest.mark.parametrize("here", ["", None, 7])
def test_a_page_with_nothing_on_it_begins_at_will(assistant: Any, here: object) -> None:
    told(assistant)
    assert Conversation().here == ""
    talk = Conversation()
    assert talk.resume(assistant, "web-x", here)
    assert talk.messages == []
    assert not talk.incognito


def test_an_incognito_conversation_that_is_gone_stays_incognito(assistant: Any) -> None:
    before = told(assistant)
    before.incognito = True
    talk = Conversation()
    assert not talk.resume(assistant, "web-x", before.here)
    assert talk.incognito
    empty = Conversation(incognito=True)
    fresh = Conversation()
    assert fresh.resume(assistant, "web-x", empty.here)
    assert fresh.incognito


def test_after_a_reload_incognito_is_still_on_and_says_so(assistant: Any) -> None:
    before = told(assistant)
    talk = Conversation()
    talk.arrive(assistant, "web-x", before.session_id, incognito=True)
    assert talk.incognito
    assert "still on" in talk.said
    assert said(talk) == said(before)
    assert assistant.ended == [(before.session_id, "web-x")]
    quick = Conversation()
    quick.resume(assistant, "web-x", "")
    quick.hear("soul")
    quick.arrive(assistant, "web-x", before.session_id, incognito=True)
    assert quick.incognito
    assert said(quick) == [("user", "soul")]


def test_a_conversation_that_cannot_be_read_is_said_and_not_in_the_way(assistant: Any) -> None:
    def broken(session_id: str, listener_id: str) -> None:
        raise RuntimeError("secret detail")

    assistant.turns = broken
    talk = Conversation()
    talk.arrive(assistant, "web-x", "s", incognito=False)
    assert "went wrong" in talk.said
    assert talk.hear("mellow")
    assert talk.answer(assistant, "web-x")


def test_a_message_that_is_too_much_is_refused_and_those_before_it_are_answered(assistant: Any) -> None:
    talk = Conversation()
    for text in ("one", "two"):
        talk.hear(text)
    talk.refuse("Too much.")
    assert talk.answer(assistant, "web-x")
    assert not talk.answer(assistant, "web-x")
    assert [message.text for message in assistant.messages] == ["one"]
    assert ("assistant", "Too much.") in said(talk)
