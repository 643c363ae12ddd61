"""The terminal chat, piped: what each line asks of the assistant, and what it shows."""

from __future__ import annotations

import io
import json
from collections.abc import Generator
from pathlib import Path

import pytest

from assistant.disowning import Disowned
from assistant.radio_start import RadioStart
from assistant.reply import Message, Reply
from connectors.chat import chat
from connectors.console import open_console
from tests.connectors.replies import reply, track


class ScriptedAssistant:
    """Answers every message with the same three tracks and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Message] = []
        self.rated: list[tuple[str, str, str]] = []
        self.sessions: list[str | None] = []
        self.disowned: list[tuple[str, str | None, bool]] = []

        self.rested: list[tuple[str, str, float | None]] = []
        self.hidden = 0
        self.rewords = False

    def reword(self, reply: Reply) -> Generator[tuple[str, str], None, None]:
        yield "id-1", "“Alison” is dreamy."
        yield "id-3", "Dreamy shoegaze."

    def reply(self, message: Message) -> Reply:
        self.asked.append(message)
        if message.text == "break":
            return reply(text="Sorry, something went wrong (reference 1a2b).", receipt=(), last_resort=True)
        if message.text == "save this":
            return reply(track(1, "Alison"), session_id=message.session_id, export="csv")
        titles = ("Alison", "Dagger", "40 Days")
        return reply(*(track(i, title) for i, title in enumerate(titles, 1)), session_id=message.session_id)

    def rest(self, listener_id: str, track_id: str, days: float | None) -> None:
        self.rested.append((listener_id, track_id, days))

    def feedback(
        self, listener_id: str, session_id: str | None, track_id: str, kind: str, *, incognito: bool = False
    ) -> None:
        self.hidden += incognito
        self.rated.append((listener_id, track_id, kind))
        self.sessions.append(session_id)

    def not_me(self, listener_id: str, session_id: str | None, *, undo: bool = False) -> Disowned:
        self.disowned.append((listener_id, session_id, undo))
        return Disowned(session_id or "", 2)


def talk(monkeypatch: pytest.MonkeyPatch, *lines: str, rewords: bool = False) -> tuple[ScriptedAssistant, bool]:
    assistant = ScriptedAssistant()
    assistant.rewords = rewords
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    return assistant, chat(assistant, "ann", open_console())  # type: ignore[arg-type]


def test_lines_are_messages_of_one_session(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assistant, done = talk(monkeypatch, "mellow", "", "  more upbeat ", "/new", "jazz")
    assert done
    assert [message.text for message in assistant.asked] == ["mellow", "more upbeat", "jazz"]
    assert {message.listener_id for message in assistant.asked} == {"ann"}
    first, second, third = (message.session_id for message in assistant.asked)
    assert first == second != third
    shown = capsys.readouterr()
    assert shown.out.startswith("› mellow\n2 tracks")
    assert "› more upbeat\n" in shown.out
    assert shown.err == ""


def test_ratings_reach_the_assistant(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assistant, done = talk(monkeypatch, "mellow", "/like 1, 3", "/dislike 2-3", "/LIKE 1 1", "/unrate 3")
    assert done
    assert assistant.rated == [
        ("ann", "id-1", "like"),
        ("ann", "id-3", "like"),
        ("ann", "id-2", "dislike"),
        ("ann", "id-3", "dislike"),
        ("ann", "id-1", "like"),
        ("ann", "id-3", "unrate"),
    ]
    assert set(assistant.sessions) == {assistant.asked[0].session_id}
    out = capsys.readouterr().out
    assert "♥ 40 Days – Slowdive\n" in out
    assert "✗ Dagger – Slowdive: it will not be picked again\n" in out
    assert "○ 40 Days – Slowdive: neither liked nor disliked\n" in out


def test_music_goes_on_from_what_the_commands_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (
        "/more",
        "/more 5",
        "/radio",
        "/radio 2",
        "/radio track 3",
        "/radio artist 1",
        "/radio last",
        "/radio last 5",
    )
    assistant, done = talk(monkeypatch, "mellow", *lines, "/radio list", "/radio Miles Davis", "/skip 2-3", "/help")
    assert done
    asked = [(message.radio, message.n_tracks) for message in assistant.asked[1:-1]]
    assert asked == [
        (RadioStart(), None),
        (RadioStart(), 5),
        (RadioStart(), None),
        (RadioStart(of="track", key="id-2"), None),
        (RadioStart(of="track", key="id-3"), None),
        (RadioStart(of="artist", key="slowdive"), None),
        (RadioStart(of="last", n=3), None),
        (RadioStart(of="last", n=5), None),
        (RadioStart(of="playlist"), None),
    ]
    assert (assistant.asked[-1].text, assistant.asked[-1].radio) == ("radio from Miles Davis", None)
    assert assistant.rated == [("ann", "id-2", "skip"), ("ann", "id-3", "skip")]
    out = capsys.readouterr().out
    assert "⇥ 40 Days – Slowdive: skipped" in out
    for command in ("/more [N]", "/radio [FROM]", "/skip N …"):
        assert command in out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/more many", "write how many tracks, 1 to 99"),
        ("/radio 9", "the playlist has tracks 1 to 3"),
        ("/radio last 40", "write how many of the last, 1 to 20"),
    ],
)
def test_a_radio_that_cannot_begin_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    assistant, done = talk(monkeypatch, "mellow", line)
    assert not done
    assert len(assistant.asked) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("line", ["/more", "/radio", "/radio list", "/radio last 2", "/skip 1"])
def test_nothing_goes_on_before_there_is_a_playlist(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    assistant, done = talk(monkeypatch, line)
    assert not done
    assert assistant.asked == []
    assert "there is no playlist yet" in capsys.readouterr().err


def test_a_session_can_be_somebody_elses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assistant, done = talk(monkeypatch, "mellow", "/like 1-2", "/notme", "/wasme")
    assert done
    session = assistant.asked[0].session_id
    assert assistant.disowned == [("ann", session, False), ("ann", session, True)]
    out = capsys.readouterr().out
    assert "Nothing of this session counts for your taste (2 likes and dislikes so far)\n" in out
    assert "This session counts for your taste again (2 likes and dislikes so far)\n" in out


def test_a_playlist_can_be_explained_linked_and_saved(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "my list.json"
    _, done = talk(monkeypatch, "mellow", "/why 2", "/links", f'/save "{path}"', "/help")
    assert done
    assert [t["title"] for t in json.loads(path.read_text())["tracks"]] == ["Alison", "Dagger", "40 Days"]
    out = capsys.readouterr().out
    assert "\nDagger – Slowdive\nDreamy shoegaze from 1993 with guitar.\n" in out
    assert "\n  3  https://www.youtube.com/results?search_query=track+3\n" in out
    assert f"Saved 3 tracks to {path}\n" in out
    assert "/dislike N …" in out


def test_a_playlist_that_stays_is_not_shown_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """After a question there is its answer; after a change there is the new playlist."""
    monkeypatch.chdir(tmp_path)
    _, done = talk(monkeypatch, "mellow", "why this one?", "save this")
    assert done
    first, question, other = capsys.readouterr().out.split("› ")[1:]
    assert "Dagger" in first
    assert question == "why this one?\n2 tracks, ≈ 8 min (1 estimated): mellow.\n\n"
    assert "Alison" in other


def test_a_playlist_is_saved_when_the_words_ask_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Under a name of its own, beside what is there already."""
    monkeypatch.chdir(tmp_path)
    _, done = talk(monkeypatch, "mellow", "save this", "save this")
    assert done
    first, second = sorted(path.name for path in tmp_path.iterdir())
    assert (first, second) == ("segue-mellow-no-country-2.csv", "segue-mellow-no-country.csv")
    assert "Alison" in (tmp_path / first).read_text()
    assert f"Saved 1 tracks to {second}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["/like 1"], "cannot follow '/like': there is no playlist yet; ask for music first"),
        (["/notme"], "cannot follow '/notme': there is no playlist yet"),
        (["/save x.csv"], "cannot follow '/save': there is no playlist yet"),
        (["mellow", "/like"], "cannot follow '/like': write the number of a track, such as /like 3"),
        (["mellow", "/like four"], "cannot follow '/like four': write the number"),
        (["mellow", "/why 4"], "cannot follow '/why 4': the playlist has tracks 1 to 3"),
        (["mellow", "/dislike 0"], "cannot follow '/dislike 0': the playlist has tracks 1 to 3"),
        (["mellow", "/like 3-1"], "cannot follow '/like 3-1': the playlist has tracks 1 to 3"),
        (["mellow", "/save"], "cannot follow '/save': name a file"),
        (["mellow", "/save list.doc"], "cannot write a playlist as '.doc'"),
        (["/shuffle"], "cannot follow '/shuffle': the commands are /like, /dislike, /unrate, /why"),
    ],
)
def test_a_mistake_is_told_and_the_chat_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lines: list[str], said: str
) -> None:
    assistant, done = talk(monkeypatch, *lines, "and jazz")
    assert not done
    shown = capsys.readouterr()
    assert shown.err.startswith(f"segue: {said}")
    assert shown.err.count("\n") == 1
    assert assistant.asked[-1].text == "and jazz"
    assert assistant.rated == []


def test_even_an_unexpected_error_does_not_end_the_talk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise RuntimeError("database is locked")

    monkeypatch.setattr(ScriptedAssistant, "feedback", locked)
    assistant, done = talk(monkeypatch, "mellow", "/like 1", "more")
    assert not done
    assert "(RuntimeError: database is locked)" in capsys.readouterr().err
    assert len(assistant.asked) == 2


def test_undo_redo_and_incognito_reach_the_assistant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assistant, done = talk(
        monkeypatch, "mellow", "/undo", "/redo", "/incognito", "calmer", "/like 1", "/incognito", "x"
    )
    assert done
    assert [(one.text, one.step, one.incognito) for one in assistant.asked] == [
        ("mellow", None, False),
        ("", "undo", False),
        ("", "redo", False),
        ("calmer", None, True),
        ("x", None, False),
    ]
    assert assistant.hidden == 1
    assert [one.session_id == assistant.asked[0].session_id for one in assistant.asked] == [True] * 4 + [False]
    shown = capsys.readouterr().out
    assert "Incognito: nothing of what follows is kept" in shown
    assert "What follows is kept again" in shown


def test_tracks_rest_for_days_or_for_ever(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assistant, done = talk(monkeypatch, "mellow", "/rest 2", "/rest 3 14", "/never 1 2")
    assert done
    assert assistant.rested == [
        ("ann", "id-2", 30),
        ("ann", "id-3", 14),
        ("ann", "id-1", None),
        ("ann", "id-2", None),
    ]
    assert "40 Days – Slowdive: not again for 14 days" in capsys.readouterr().out
    assert not talk(monkeypatch, "mellow", "/rest 2 soon")[1]
    assert "cannot follow '/rest 2 soon'" in capsys.readouterr().err
    assert not talk(monkeypatch, "/undo")[1]


def test_quitting_ends_the_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    assistant, done = talk(monkeypatch, "/quit", "mellow")
    assert done
    assert assistant.asked == []


def test_an_apology_is_no_success(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _, done = talk(monkeypatch, "break")
    assert not done
    assert "reference 1a2b" in capsys.readouterr().out


def test_reasons_in_other_words_follow_the_slate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They come after everything else of the reply, and /why shows them from then on."""
    _, done = talk(monkeypatch, "mellow", "/why 3", "/why 2", rewords=True)
    assert done
    slate, _, rest = capsys.readouterr().out.partition("In other words:\n")
    assert "seed 7" in slate
    assert rest.startswith("  1  “Alison” is dreamy.\n  3  Dreamy shoegaze.\n")
    assert "Slowdive\nDreamy shoegaze.\n" in rest
    assert "Dreamy shoegaze from 1993 with guitar." in rest  # of track 2, which the model left out


def test_without_a_model_nothing_is_said_in_other_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    talk(monkeypatch, "mellow")
    assert "In other words" not in capsys.readouterr().out
