"""How many tracks are to come is read wherever it stands in a message that wants music to go on, in every language."""

from __future__ import annotations

from uuid import uuid4

import pytest

from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.understanding.radio import radio_wish, radio_wishes, turns_off


@pytest.mark.parametrize(
    ("text", "rest", "n"),
    [
        ("keep going but more upbeat, 5 more", "more upbeat", 5),
        ("keep going, 5 more upbeat ones", "upbeat ones", 5),
        ("keep going, five upbeat ones", "upbeat ones", 5),
        ("keep going with 5 more", "", 5),
        ("keep going, but just 3", "", 3),
        ("keep going ten more", "", 10),
        ("keep going, a dozen more please", "", 12),
        ("keep going, 12 more jazz tracks", "jazz tracks", 12),
        ("keep going, only the 90s, 5 more", "only the 90s", 5),
        ("keep going, 1,000 more", "", 1000),
        ("the next five", "", 5),
        ("weiter, aber fröhlicher, noch 5", "fröhlicher", 5),
        ("weiter, noch fünf ruhigere", "ruhigere", 5),
        ("die nächsten 5 Titel", "", 5),
        ("sigue pero más alegre, 5 más", "más alegre", 5),
        ("sigue, otras cinco", "", 5),
        ("las próximas 5 canciones", "", 5),
        ("continue mais plus calme, 5 de plus", "plus calme", 5),
        ("continue, encore 5", "", 5),
        ("les 5 prochains", "", 5),
        ("continua ma più allegro, ancora 5", "più allegro", 5),
        ("continua, altri cinque", "", 5),
        ("i prossimi 5 brani", "", 5),
        ("continua mas mais alegre, mais 5", "mais alegre", 5),
        ("continua com mais 5", "", 5),
        ("as próximas 5", "", 5),
    ],
)
def test_a_number_of_tracks_is_read_beside_what_refines(text: str, rest: str, n: int) -> None:
    wish = radio_wish(text)
    assert wish is not None
    assert (wish.start.of, wish.rest, wish.n) == ("session", rest, n)


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("5 more like the last three", 5),
        ("give me ten like the last 3 songs", 10),
        ("keep going, 5 more like the last three", 5),
        ("weiter, 5 mehr wie die letzten drei", 5),
        ("noch 5 wie die letzten drei", 5),
        ("5 más como las últimas tres", 5),
        ("encore 5 comme les trois derniers", 5),
        ("altri 5 come gli ultimi tre", 5),
        ("mais 5 como as últimas três", 5),
    ],
)
def test_so_many_like_the_last_ones_is_read(text: str, n: int) -> None:
    wish = radio_wish(text)
    assert wish is not None
    assert (wish.start.of, wish.start.n, wish.n) == ("last", 3, n)


@pytest.mark.parametrize(
    "text",
    [
        "radio from Portishead, 15 tracks",
        "radio from Portishead 15 tracks",
        "Radio von Portishead, 15 Titel",
        "radio de Portishead, 15 canciones",
        "radio de Portishead, 15 morceaux",
        "radio da Portishead, 15 brani",
        "rádio de Portishead, 15 faixas",
    ],
)
def test_a_number_behind_a_name_is_read_with_the_name_alone(text: str) -> None:
    assert next(wish.n for wish in radio_wishes(text) if wish.name == "portishead") == 15


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("keep going, 1990", "1990"),
        ("keep going, 30 more minutes", "30 minutes"),
        ("keep going for another hour", "for an hour"),
        ("keep going another half hour", "half hour"),
        ("weiter, noch 20 Minuten", "noch 20 Minuten"),
    ],
)
def test_years_and_lengths_are_no_numbers_of_tracks(text: str, rest: str) -> None:
    wish = radio_wish(text)
    assert wish is not None
    assert (wish.rest, wish.n) == (rest, None)


@pytest.mark.parametrize(
    "text", ["5 more", "5 more songs like this", "noch 5", "5 más", "encore 5", "altri 5", "mais 5", "another 5 please"]
)
def test_so_many_more_go_on_with_a_radio_that_is_on_alone(text: str) -> None:
    assert radio_wish(text) is None
    assert [(wish.n, wish.rest) for wish in radio_wishes(text, on=True)] == [(5, "")]


def test_so_many_more_may_describe_too() -> None:
    assert [(wish.n, wish.rest) for wish in radio_wishes("encore 4 plus calmes", on=True)] == [(4, "plus calmes")]
    assert [(wish.n, wish.rest) for wish in radio_wishes("next, only jazz", on=True)] == [(None, "only jazz")]


@pytest.mark.parametrize("text", ["make it 5 tracks", "5 tracks", "add 5 more", "20 more minutes", "90 bpm"])
def test_other_numbers_do_not_go_on_with_a_radio(text: str) -> None:
    assert radio_wishes(text, on=True) == ()


def test_as_many_come_as_are_asked_for_and_once(assistant: Assistant) -> None:
    name = f"counts {uuid4().hex}"

    def said(text: str) -> Reply:
        return assistant.reply(Message(listener_id=name, session_id=name, text=text, seed=3))

    said("some rock")
    for text, n in (
        ("keep going but more upbeat, 5 more", 5),
        ("keep going", 10),
        ("3 more like the last three", 3),
        ("4 more, but calmer", 4),
        ("noch 5, aber fröhlicher", 5),
        ("the next 6", 6),
        ("keep going", 10),
    ):
        reply = said(text)
        assert (len(reply.tracks), reply.radio is not None) == (n, True), text
    assert 50 <= sum(track.duration_s for track in said("keep going for another hour").tracks) / 60 <= 70
    reply = said("keep going, 5000 more")
    assert len(reply.tracks) == 200
    assert "A playlist has at most 200 tracks." in reply.text


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("more", None),
        ("more please", None),
        ("next", None),
        ("another one", 1),
        ("one more", 1),
        ("mehr", None),
        ("noch eins", 1),
        ("más", None),
        ("una más", 1),
        ("encore", None),
        ("encore un", 1),
        ("ancora", None),
        ("ancora uno", 1),
        ("mais uma", 1),
    ],
)
def test_more_is_more_of_a_radio_that_is_on(text: str, n: int | None) -> None:
    assert radio_wish(text) is None
    assert [(wish.start.of, wish.n, wish.rest) for wish in radio_wishes(text, on=True)] == [("session", n, "")]


@pytest.mark.parametrize(
    "text",
    [
        "keep goin",
        "keep the radio going",
        "kepe going!!!",
        "keeep playing",
        "coninue",
        "keep going forever",
        "keep going until I say stop",
    ],
)
def test_slips_and_for_ever_go_on(text: str) -> None:
    wish = radio_wish(text)
    assert wish is not None
    assert (wish.start.of, wish.rest, wish.n) == ("session", "", None)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("stop the radio", "en"),
        ("turn off the radio please", "en"),
        ("Radio aus", "de"),
        ("apaga la radio", "es"),
        ("coupe la radio", "fr"),
        ("spegni la radio", "it"),
        ("desliga o rádio", "pt"),
    ],
)
def test_a_radio_is_ended_in_every_language(text: str, language: str) -> None:
    assert language in turns_off(text)


@pytest.mark.parametrize(
    "text", ["Radio Ga Ga", "songs about the radio", "stop", "radio from Miles Davis", "jazz radio"]
)
def test_other_words_end_no_radio(text: str) -> None:
    assert turns_off(text) == ()


def test_a_radio_that_is_ended_leaves_its_playlist(assistant: Assistant) -> None:
    name = f"counts {uuid4().hex}"

    def said(text: str) -> Reply:
        return assistant.reply(Message(listener_id=name, session_id=name, text=text, seed=3))

    before = said("radio from Miles Davis")
    assert len(said("more").diff.added) == 10
    said("undo")
    ended = said("stop the radio")
    assert (ended.text, ended.radio) == ("The radio is off. The playlist stays as it is.", None)
    assert [track.track_id for track in ended.tracks] == [track.track_id for track in before.tracks]
    assert said("stop the radio").text == "No radio is on."
    assert said("keep going").text.startswith("On it goes from what you heard")


def test_the_receipt_of_a_radio_counts_what_is_predicted(assistant: Assistant) -> None:
    name = f"counts {uuid4().hex}"
    assistant.reply(Message(listener_id=name, session_id=name, text="something unheard of but good", seed=3))
    reply = assistant.reply(Message(listener_id=name, session_id=name, text="keep going", seed=3))
    assert "predicted quality median" in next(line for line in reply.receipt if line.chip == "appeal:high").delivered
