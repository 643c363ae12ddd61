"""Which reading was meant: asked where it matters, once in a row, always beside a playlist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.clarifying import SAME_FROM, chosen, question
from assistant.request import Alternative, Request
from assistant.session import OpenQuestion, SessionState
from tests.assistant.test_agent import Chat, ids


@pytest.fixture(scope="module")
def assistant_of_homonyms(
    tmp_path_factory: pytest.TempPathFactory, open_assistant: Callable[..., Assistant], starter_home: Path
) -> Iterator[Assistant]:
    """A catalogue with a song and a band called as moods and years are."""
    home = tmp_path_factory.mktemp("homonyms")
    rows = ["title,artist,genre,mood,year"]
    rows += [f"Tune {n},Player {n},pop,{('happy', 'sad', 'calm')[n % 3]},{1960 + n % 50}" for n in range(240)]
    rows += ["Happy,Pharrell Williams,pop,energetic,2014"]
    rows += [f"Sound {n},The 1975,rock,energetic,2016" for n in range(12)]
    rows += [f"Year {n},Veteran {n},soul,calm,1975" for n in range(30)]
    path = home / "mine.csv"
    path.write_text("\n".join(rows))
    with open_assistant(home / "data") as assistant:
        assistant.index(path)
        yield assistant


@pytest.fixture
def chat(assistant_of_homonyms: Assistant) -> Chat:
    return Chat(assistant_of_homonyms)


def test_a_band_called_as_a_year(chat: Chat) -> None:
    reply = chat.say("1975")
    assert reply.tracks
    assert reply.options == ("the artist The 1975",)
    assert reply.text.endswith("Or did you mean the artist The 1975?")
    assert all(track.artist == "The 1975" for track in chat.say("the band").tracks[:10])


@pytest.mark.parametrize(
    ("first", "label", "answers"),
    [
        ("20 canciones tristes", "el artista The 1975", ("sí", "la banda", "el artista")),
        ("20 chansons tristes", "l'artiste The 1975", ("oui", "le groupe", "l'artiste The 1975")),
        ("20 traurige Lieder", "den Künstler The 1975", ("ja", "die Band", "ich meinte den Künstler")),
        ("20 músicas tristes", "o artista The 1975", ("sim", "a banda", "o artista")),
        ("20 canzoni tristi", "l'artista The 1975", ("sì", "il gruppo", "intendevo l'artista")),
    ],
)
def test_it_asks_and_is_answered_in_the_language(
    assistant_of_homonyms: Assistant, first: str, label: str, answers: tuple[str, ...]
) -> None:
    for answer in answers:
        chat = Chat(assistant_of_homonyms)
        chat.say(first)
        asked = chat.say("1975")
        assert asked.options == (label,)
        assert asked.text.rstrip("? ").endswith(label)
        assert chat.say(answer).tracks[0].artist == "The 1975", answer


def test_yes_means_the_one_that_was_asked_about(chat: Chat) -> None:
    asked = chat.say("1975")
    answered = chat.say("yes")
    assert set(ids(answered)) != set(ids(asked))
    assert answered.tracks[0].artist == "The 1975"
    assert not any(line.constraint == "from 1975" for line in answered.receipt)


def test_no_answer_is_needed(chat: Chat) -> None:
    chat.say("1975")
    reply = chat.say("no vocals")
    assert any(line.constraint == "from 1975" for line in reply.receipt)
    assert not reply.options


def test_it_asks_at_most_once_in_a_row(chat: Chat) -> None:
    assert chat.say("1975").options
    assert not chat.say("happy").options
    assert not chat.say("pop").options
    assert chat.say("1975").options


def test_in_a_sentence_nothing_is_asked(chat: Chat) -> None:
    for text in ("songs from 1975", "like The 1975", "happy pop songs", "something happy for a party"):
        assert not chat.say(text).options, text


def test_it_asks_only_where_the_playlists_differ() -> None:
    other = Alternative(sense="song", label="the song “Happy”", request=Request(text="happy", search_text="other"))
    request = Request(text="happy", alternatives=(other,))
    lists = {"": [f"t{n}" for n in range(10)], "other": [f"t{n}" for n in range(8)]}
    assert question(request, SessionState(), lambda one: lists[one.search_text]) == (None, "")
    lists["other"] = [f"t{n}" for n in range(7, 17)]
    asked, words = question(request, SessionState(), lambda one: lists[one.search_text])
    assert asked is not None
    assert asked.options == (other,)
    assert words == "Or did you mean the song “Happy”?"
    assert 0 < SAME_FROM < 1


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("yes", None),
        ("the song", 0),
        ("I meant the song, please", 0),
        ("the artist", 1),
        ("the band", 1),
        ("the second one", 1),
        ("blue", 1),
        ("no", None),
        ("jazz from the 60s", None),
    ],
)
def test_answers(text: str, choice: int | None) -> None:
    options = (
        Alternative(sense="song", label="the song “Happy”", request=Request(text="happy")),
        Alternative(sense="artist", label="the artist Blue", request=Request(text="happy")),
    )
    asked = OpenQuestion(turn=3, options=options)
    assert chosen(text, asked, 3) is (None if choice is None else options[choice])
    assert chosen(text, asked, 4) is None
    assert chosen(text, None, 3) is None
