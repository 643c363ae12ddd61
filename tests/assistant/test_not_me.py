""" "This was not me": a session goes without a trace, whatever was done in it, and comes back whole."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.app import Assistant
from assistant.disowning import read
from assistant.errors import UnknownSessionError
from assistant.reply import Message, Reply
from assistant.usage import read_usage
from recsys.types import Event

_REQUESTS = ("something nice", "mellow jazz for dinner", "party music, 30 tracks", "more like the usual", "rock")
_numbers = itertools.count()


class Listener:
    """One listener, in any session."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant, self.name = assistant, f"not me {next(_numbers)}"

    def say(self, session: str, text: str, **more: Any) -> Reply:
        reply = self.assistant.reply(Message(listener_id=self.name, session_id=session, text=text, **more))
        assert not reply.last_resort, reply.text
        return reply

    def evening(self, session: str, text: str, kinds: str = "like") -> None:
        """Ask once and do things with the whole slate."""
        cycle = itertools.cycle(kinds.split())
        for track in self.say(session, text, seed=1).tracks:
            self.assistant.feedback(self.name, session, track.track_id, next(cycle))

    def hears(self) -> list[dict[str, Any]]:
        """All that later sessions show: tracks, reasons, shares, ratings, receipts."""
        replies = [self.say(f"later {next(_numbers)}", text, seed=64) for text in _REQUESTS]
        return [reply.model_dump(exclude={"timings_ms", "session_id"}) for reply in replies]

    def events(self) -> list[Event]:
        return self.assistant._store().events(self.name)


@pytest.fixture
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass, so that what was done a moment later weighs exactly the same."""
    clock = SimpleNamespace(time=lambda: 0.0, perf_counter=time.perf_counter)
    monkeypatch.setattr("recsys.recommender.time", clock)


@pytest.mark.usefixtures("_still")
@pytest.mark.parametrize("kinds", ["like", "dislike", "play keep skip", "like dislike unrate play"])
def test_a_disowned_session_leaves_no_trace_and_comes_back_whole(assistant: Assistant, kinds: str) -> None:
    somebody, twin = Listener(assistant), Listener(assistant)
    for one in (somebody, twin):
        one.evening("mine", "soul from the 60s", "like like dislike")
    somebody.evening("theirs", "electronic dance music", kinds)
    somebody.evening("theirs", "soul from the 60s", "unrate dislike")  # undoes what was rated before
    with_it = somebody.hears()
    assert with_it != twin.hears()
    assistant.not_me(somebody.name, "theirs")
    assert somebody.hears() == twin.hears()
    told = [(e.track_id, e.kind, e.session_id) for e in somebody.events()]
    assert told == [(e.track_id, e.kind, e.session_id) for e in twin.events()]
    assistant.not_me(somebody.name, "theirs", undo=True)
    assert somebody.hears() == with_it


def test_nothing_is_learnt_from_a_disowned_session(assistant: Assistant) -> None:
    somebody = Listener(assistant)
    somebody.evening("mine", "soul")
    somebody.evening("theirs", "electronic")
    taught = {own.turn.shown.session_id for own in read_usage(assistant._store(), somebody.name).turns}
    assert taught == {"mine", "theirs"}
    assistant.not_me(somebody.name, "theirs")
    taught = {own.turn.shown.session_id for own in read_usage(assistant._store(), somebody.name).turns}
    assert taught == {"mine"}


def test_said_in_a_session_it_means_that_session_with_all_that_follows(assistant: Assistant) -> None:
    somebody = Listener(assistant)
    somebody.evening("theirs", "electronic dance music")
    reply = somebody.say("theirs", "This wasn't me!")
    assert "Nothing of this session counts for your taste" in reply.text
    assert reply.tracks  # the conversation goes on
    assert somebody.events() == []
    somebody.assistant.feedback(somebody.name, "theirs", reply.tracks[0].track_id, "like")
    assert somebody.events() == []
    assert all(track.liked is None for track in somebody.say("theirs", "more of that").tracks)
    assert "This session counts for your taste again" in somebody.say("theirs", "it was me after all").text
    assert len(somebody.events()) == 21


def test_said_first_in_a_session_it_means_the_one_before(assistant: Assistant) -> None:
    somebody = Listener(assistant)
    somebody.evening("mine", "soul")
    somebody.evening("theirs", "electronic")
    reply = somebody.say("today", "my kids were listening. Some jazz, 5 tracks")
    assert {event.session_id for event in somebody.events()} == {"mine"}
    assert "Nothing of your last session counts" in reply.text
    assert len(reply.tracks) == 5
    assert any(line.constraint == "jazz" for line in reply.receipt)


def test_there_may_be_nothing_to_disown(assistant: Assistant) -> None:
    somebody = Listener(assistant)
    assert "no session yet" in somebody.say("first", "that was not me").text
    assert "No session was set aside" in somebody.say("first", "that was me after all").text
    with pytest.raises(UnknownSessionError, match="--session"):
        assistant.not_me(somebody.name, "never")
    with pytest.raises(UnknownSessionError, match="set aside"):
        assistant.not_me(somebody.name, undo=True)


def test_without_a_session_the_latest_is_meant_and_others_keep_theirs(assistant: Assistant) -> None:
    somebody, other = Listener(assistant), Listener(assistant)
    for one in (somebody, other):
        one.evening("first", "soul")
        one.evening("second", "electronic")
    assert assistant.not_me(somebody.name).session_id == "second"
    assert assistant.not_me(somebody.name).session_id == "first"
    assert assistant.not_me(somebody.name, undo=True).session_id == "first"
    assert {event.session_id for event in somebody.events()} == {"first"}
    assert len(other.events()) == 40


def test_a_disowned_session_survives_a_restart_and_is_forgotten_with_its_listener(
    open_assistant: Callable[..., Assistant], indexed_home: Callable[[int], Any]
) -> None:
    home = indexed_home(40)
    with open_assistant(home) as assistant:
        somebody = Listener(assistant)
        somebody.evening("theirs", "jazz")
        assistant.not_me(somebody.name)
    with open_assistant(home) as assistant:
        somebody.assistant = assistant
        assert somebody.events() == []
        assert assistant.forget(somebody.name)
        assert assistant._store().counts()["disowned"] == 0


@pytest.mark.parametrize(
    ("text", "mine", "rest"),
    [
        ("this was not me", False, ""),
        ("That wasn’t me.", False, ""),
        ("that's not me", False, ""),
        ("sorry, last night wasn't me, play something calm", False, "play something calm"),
        ("no rock; my kids were listening", False, "no rock"),
        ("That was my daughter. Some jazz now please", False, "Some jazz now please"),
        ("forget this session for my taste", False, ""),
        ("it wasn't me who liked those", False, ""),
        ("das war nicht ich", False, ""),
        ("eso no era yo. Algo de jazz", False, "Algo de jazz"),
        ("c'était mes enfants", False, ""),
        ("hier soir c'était pas moi", False, ""),
        ("isso não fui eu", False, ""),
        ("questo non ero io", False, ""),
        ("das war doch ich", True, ""),
        ("it was me after all", True, ""),
    ],
)
def test_whose_it_was_is_read_in_many_wordings(text: str, mine: bool, rest: str) -> None:
    said = read(text)
    assert said is not None
    assert (said.mine, said.rest) == (mine, rest)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "It wasn't me by Shaggy",
            "play it wasn't me",
            "this is for my kids",
            "my kids are listening, nothing explicit",
        ),
        *("eso era genial", "das war toll", "c'était bien", "non ero sicuro", "canciones para mis hijos"),
        *("not me", "songs my kids were listening to", "that was great", "forget this session", "this is me"),
    ],
)
def test_titles_and_wishes_are_no_disowning(text: str) -> None:
    assert read(text) is None
