"""Questions are answered from data and leave the playlist as it is."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.answering import EXPORT_FORMATS
from assistant.app import Assistant
from assistant.phrasebook import ENGLISH_BOOK
from assistant.reply import Diff, Reply
from assistant.session import SessionState
from assistant.store import SessionStore
from assistant.usage import read_usage
from assistant.whys import _lacks
from connectors.playlists import FORMATS
from recsys.recommendation import Pick, Place
from recsys.types import Event, EventKind, Track
from tests.assistant.test_agent import Chat, ids

_COLUMNS = ("title", "artist", "album", "year", "genres", "moods", "country", "duration_s")
_NAMED = (
    ("Feeling Good", "Nina Simone", "I Put a Spell on You", 1965, "jazz;soul", "confident", "united states", 174),
    ("Ne Me Quitte Pas", "Nina Simone", "I Put a Spell on You", 1965, "jazz", "sad", "united states", 216),
    ("My Baby Just Cares for Me", "Nina Simone", "Little Girl Blue", 1958, "jazz", "happy", "united states", 218),
    ("So What", "Miles Davis", "Kind of Blue", 1959, "jazz", "mellow", "united states", 545),
    ("Blue in Green", "Miles Davis", "Kind of Blue", 1959, "jazz", "mellow", "united states", 337),
    ("Creep", "Radiohead", "Pablo Honey", 1993, "rock", "sad", "united kingdom", 238),
    ("High and Dry", "Radiohead", "The Bends", 1995, "rock", "mellow", "united kingdom", 257),
    ("Lady", "Fela Kuti", "Shakara", "", "", "", "nigeria", 828),
)


@pytest.fixture(scope="module")
def library(
    tmp_path_factory: pytest.TempPathFactory, starter_home: Path, open_assistant: Callable[..., Assistant]
) -> Iterator[Assistant]:
    """An assistant that answers from 48 tracks: the eight above, 20 more of jazz and 20 of rock."""
    folder = tmp_path_factory.mktemp("library")
    with (folder / "mine.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(_NAMED)
        for number in range(20):
            writer.writerow(
                [f"Smoke {number}", f"Trio {number}", "", 1950 + number, "jazz", "mellow", "", 200 + number]
            )
            writer.writerow([f"Stone {number}", f"Band {number}", "", 1980 + number, "rock", "", "", 210 + number])
    home = folder / "home"
    (home / "cache").mkdir(parents=True)
    (home / "cache" / "encoder").symlink_to(starter_home / "cache" / "encoder")
    with open_assistant(home) as assistant:
        assistant.index(folder / "mine.csv")
        yield assistant


@pytest.fixture
def chat(library: Assistant) -> Chat:
    return Chat(library)


def state_of(chat: Chat) -> SessionState:
    stored = SessionStore(chat.assistant._store()).last(chat.session, chat.listener)
    assert stored is not None
    return stored.state


def number_of(reply: Reply, title: str) -> int:
    return next(track.position for track in reply.tracks if track.title == title)


QUESTIONS = [
    "why this one?",
    "why number 3?",
    "why not Creep?",
    "why is there no Fela Kuti?",
    "who is this?",
    "who is Nina Simone?",
    "what do you know about my taste?",
    "how much jazz do I have?",
    "what did I ask for?",
    "how long is it?",
    "save this",
    "thanks",
    "how are you?",
    "help",
    "what's the weather",
    "why is xqzzk not in the list?",
    "who is Xqzzk Brzkt?",
    "how many wibbles do I have?",
    "why number 900?",
]


def test_no_question_changes_anything(chat: Chat) -> None:
    """The playlist, its receipt, its name and what holds stay; the number of the turn and what is said are new."""
    first = chat.say("mellow jazz, 6 tracks, no Miles Davis")
    held = state_of(chat)
    said = set()
    for number, text in enumerate(QUESTIONS, start=2):
        reply = chat.say(text)
        own = {"turn", "text", "export", "timings_ms", "diff"}
        assert reply.model_dump(exclude=own) == first.model_dump(exclude=own)
        assert (reply.turn, reply.diff) == (number, Diff(n_kept=6))
        assert state_of(chat).model_copy(update={"focus": None}) == held.model_copy(update={"turn": number})
        assert 0 < len(reply.text) <= 1_000
        said.add(reply.text)
    assert len(said) == len(QUESTIONS)
    alone = Chat(chat.assistant, session=f"{chat.session} alone")
    alone.say("mellow jazz, 6 tracks, no Miles Davis", seed=first.seed)
    after, without = chat.say("only from the 60s", seed=1), alone.say("only from the 60s", seed=1)
    assert ids(after) == ids(without)
    assert ids(chat.say("undo")) == ids(first)


def test_each_track_gets_its_own_answer_to_why(chat: Chat) -> None:
    reply = chat.say("mellow jazz, 6 tracks")
    said = [chat.say(f"why number {number}?").text for number in range(1, 7)]
    assert len(set(said)) == 6
    for track, text in zip(reply.tracks, said, strict=True):
        assert text.startswith(f"Number {track.position}, “{track.title}” by {track.artist}: {track.reason}")
        assert "of 25 tracks that fit" in text
        assert "known to be jazz" in text
    ranks = sorted(int(text.split("ranks number ")[1].split(" ")[0]) for text in said)
    assert ranks[0] == 1
    assert len(set(ranks)) == 6


def test_why_tells_taste_from_words(library: Assistant) -> None:
    chat = Chat(library)
    assert "your words alone" in _why_first(chat)
    for track_id in ids(chat.say("jazz, 10 tracks"))[:3]:
        chat.feel(track_id, "like")
    told = _why_first(chat)
    assert "% taste" in told or "taste alone" in told
    assert "which you liked (cosine " in told


def _why_first(chat: Chat) -> str:
    chat.say("mellow jazz, 6 tracks")
    return chat.say("why this one?").text


def test_a_track_is_meant_by_place_or_by_name(chat: Chat) -> None:
    reply = chat.say("Nina Simone, 3 tracks")
    for number, words in ((1, "this"), (2, "the second one"), (3, "the last one"), (2, "number two"), (3, "3")):
        assert chat.say(f"why {words}?").text.startswith(f"Number {number}, ")
    place = number_of(reply, "Feeling Good")
    assert chat.say("why did you pick Feeling Good?").text.startswith(f"Number {place}, “Feeling Good”")
    assert "numbers 1 to 3" in chat.say("why number 7?").text


def test_it_is_the_track_that_was_asked_about(chat: Chat) -> None:
    reply = chat.say("mellow jazz, 6 tracks")
    chat.say("why did you pick number 4?")
    assert chat.say("who is this?").text.startswith(f"Number 4, “{reply.tracks[3].title}”")
    chat.say("remove it")
    assert chat.say("how long is the last one?").tracks == chat.say("how long is it?").tracks
    assert "you took it out" in chat.say(f"why isn't {reply.tracks[3].title} there?").text


def test_what_a_wish_excludes_is_said_with_the_wish(chat: Chat) -> None:
    chat.say("jazz from the 50s, 5 tracks")
    chat.say("no Miles Davis")
    assert "your “not by Miles Davis” excludes it" in chat.say("why not So What?").text
    assert "your “not by Miles Davis” excludes it" in chat.say("why is there no Miles Davis?").text
    both = chat.say("why isn't Creep there?").text
    assert "“jazz” and “from 1950 to 1959” exclude it" in both
    assert "lets through only what is known" in chat.say("why not Fela Kuti?").text


def test_what_is_not_in_the_catalogue_is_said_with_the_nearest_names(chat: Chat) -> None:
    chat.say("jazz, 5 tracks")
    missing = chat.say("why is there no Radiohat Orchestra?").text
    assert missing.startswith("“Radiohat Orchestra” is not in this catalogue.")
    near = chat.say("why isn't Ninna Simmons Trio there?").text
    assert "is not in this catalogue" in near
    assert "Nina Simone" in near


def test_what_was_disliked_is_not_shown_for_that(chat: Chat) -> None:
    chat.say("Nina Simone, 3 tracks")
    chat.feel(chat.assistant._agent().recommender.catalogue.track_ids[_row(chat, "Feeling Good")], "dislike")
    chat.say("jazz, 5 tracks")
    assert "you disliked it" in chat.say("why not Feeling Good?").text


def _row(chat: Chat, title: str) -> int:
    return chat.assistant._agent().recommender.catalogue.titles.index(title)


def test_a_lower_score_is_split_into_its_parts(chat: Chat) -> None:
    """The numbers are those of the ranking: their differences sum to the difference of the scores."""
    first = chat.say("mellow jazz, 3 tracks")
    outside = next(f"Smoke {n}" for n in range(20) if f"Smoke {n}" not in {t.title for t in first.tracks})
    text = chat.say(f"why isn't {outside} there?").text
    assert "of 25 tracks that fit" in text
    if "beside the" in text:
        score, weakest = (float(part.split()[0]) for part in (text.split("score is ")[1], text.split("beside the ")[1]))
        gaps = [float(word.rstrip(".,")) for word in text.split() if word[0] in "+-" and word[1:2].isdigit()]
        assert score < weakest
        assert sum(gaps) == pytest.approx(score - weakest, abs=0.08)
        assert any(part in text for part in ("your words", "how well known", "chance"))
    else:
        assert "for variety and length" in text or "either could have been taken" in text


def _place(score: float, title: str = "Smoke", **parts: float) -> Place:
    track = Track(track_id=title, title=title, artists=("Nina Simone",))
    return Place(Pick(0, track, 180.0, False, score, 0.0, 0.0), rank=1, n_allowed=2, parts=parts)


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (3.2, "Its score is 3.20 beside the 4.50 of the weakest that is in"),
        (4.4981, "Its score is 4.498 beside the 4.500 of the weakest that is in"),
        (4.49999, "score is that of the weakest that is in, “Weakest” by Nina Simone: either could have been taken."),
    ],
)
def test_two_scores_are_said_as_precisely_as_tells_them_apart(score: float, said: str) -> None:
    assert said in _lacks(_place(score), _place(4.5, "Weakest"), ENGLISH_BOOK)


def test_a_track_that_goes_against_a_preference_is_told_which(chat: Chat) -> None:
    chat.say("something mellow, 4 tracks")
    text = chat.say("why not Creep?").text
    assert "it is known to go against “mellow”, and tracks that do not are taken first" in text


def test_tracks_that_keep_their_place_are_no_measure_for_others(chat: Chat) -> None:
    chat.say("jazz, 3 tracks")
    chat.say("keep 1-3")
    chat.say("sad, please")
    assert "you keep every place of the playlist" in chat.say("why not Ne Me Quitte Pas?").text


def test_an_artist_is_what_the_data_says_and_no_more(chat: Chat) -> None:
    chat.say("jazz, 5 tracks")
    nina = chat.say("who is Nina Simone?").text
    assert nina.startswith(
        "Nina Simone: 3 tracks here, on 2 albums, from 1958 to 1965, jazz and soul, from the United States."
    )
    assert "not rated or played any of them" in nina
    assert nina.endswith("My data says no more.")
    chat.feel(chat.assistant._agent().recommender.catalogue.track_ids[_row(chat, "Feeling Good")], "like")
    assert "you liked 1" in chat.say("who is Nina Simone?").text
    lady = chat.say("who sings Lady?").text
    assert "Fela Kuti: 1 track here, on 1 album, from Nigeria." in lady
    assert "so my data says nothing of it" in chat.say("who is Thelonious Xqzzk?").text


def test_counts_tell_unknown_apart(chat: Chat) -> None:
    jazz = "Known to be jazz: 25 tracks by 22 artists on 3 albums (20 tracks without a known album) in the catalogue."
    assert chat.say("how many jazz records do I have?").text == f"{jazz} Of 1 more track the data does not say."
    fifties = chat.say("how many tracks from the 50s are in my library?").text
    assert fifties.startswith("Known to be from 1950 to 1959: 13 tracks")
    assert "Of 1 more track" in fifties
    assert chat.say("do I have anything by Radiohead?").text.startswith(
        "Known to be by Radiohead: 2 tracks by 1 artist"
    )
    assert "nothing" in chat.say("do I have any techno?").text.lower()
    assert "There are 48 tracks by 44 artists" in chat.say("how big is my library?").text
    assert "“wibbles”" in chat.say("how many wibbles do I have?").text
    chat.say("rock, 7 tracks")
    assert chat.say("how many of these are rock?").text.startswith("Known to be rock: 7 tracks")


def test_taste_is_counted_and_set_beside_the_catalogue(chat: Chat, library: Assistant) -> None:
    assert "nothing of your taste" in chat.say("what do you know about my taste?").text
    catalogue = library._agent().recommender.catalogue
    for number, title in enumerate(("Creep", "High and Dry", "Stone 3", "So What")):
        event = Event(chat.listener, catalogue.track_ids[_row(chat, title)], EventKind.LIKE, 1.7e9 + number)
        library._store().add_event(event)
    chat.feel(catalogue.track_ids[_row(chat, "Smoke 1")], "dislike")
    text = chat.say("what do you know about my taste?").text
    assert "4 likes and 1 dislike of yours, since 14 November 2023" in text
    assert "Of the 4 tracks that you take to" in text
    # 3 of 4 are rock, as are 22 of 48; 1 of 4 is jazz, as are 25 of 48.
    assert "rock 3 (1.6 times its share of the catalogue) and jazz 1 (0.5 times)" in text
    assert "Radiohead 2" in text
    assert "I judge them most by their " in text


def test_what_was_asked_is_told_in_order_with_its_message(chat: Chat) -> None:
    assert chat.say("what did I ask for?").text == "You have asked for nothing in particular: no wish holds."
    chat.say("jazz")
    chat.say("nothing by Miles Davis")
    chat.say("make it 4 tracks")
    assert chat.say("what did I ask for?").text == (
        "You asked for: jazz, a must (message 2); not by Miles Davis, a must (message 3); 4 tracks (message 4)."
    )


def test_what_was_asked_names_the_order_the_dials_and_what_is_kept(chat: Chat) -> None:
    chat.say("jazz, 6 tracks", how_much_me=2.0)
    chat.say("keep the second one")
    chat.say("start calm and end loud")
    chat.say("keep 4 and 5")
    said = chat.say("what did I ask for?").text
    assert "more of you (message 1)" in said
    assert "number 2 kept in its place (message 2); from calm to loud (message 3)" in said
    assert "numbers 4 and 5 kept in their places (message 4)" in said
    chat.say("unpin 4")
    assert "number 5 kept in its place (message 4)" in chat.say("what did I ask for?").text


def test_length_is_that_of_the_playlist_or_of_a_track(chat: Chat) -> None:
    assert "no playlist yet" in chat.say("how long is it?").text
    reply = chat.say("Nina Simone, 3 tracks")
    assert f"{len(reply.tracks)} tracks by 1 artist, {reply.total}." in chat.say("how long is it?").text
    place = number_of(reply, "Feeling Good")
    assert chat.say(f"how long is number {place}?").text == f"Number {place}, “Feeling Good” by Nina Simone: 2:54."


def test_saving_names_the_format_and_only_then(chat: Chat) -> None:
    assert chat.say("save this").export is None
    chat.say("jazz, 5 tracks")
    assert chat.say("save this").export == "m3u8"
    assert chat.say("export it as csv").export == "csv"
    assert chat.say("save it as xspf").export == "xspf"
    assert chat.say("as jspf").export == "jspf"
    assert chat.say("put it in a txt file").export == "txt"
    assert chat.say("speichere sie als xspf").export == "xspf"
    assert chat.say("enregistre-la en txt").export == "txt"
    unknown = chat.say("save it as mp3")
    assert unknown.export is None
    assert "I cannot write mp3" in unknown.text
    assert chat.say("how long is it?").export is None
    assert {f".{extension}" for extension in EXPORT_FORMATS.values()} <= set(FORMATS)


def test_a_question_comes_before_any_playlist(chat: Chat) -> None:
    for text in ("why this one?", "who is this?", "how many rock tracks do I have?", "what did I ask for?"):
        reply = chat.say(text)
        assert reply.tracks == ()
        assert reply.text
    first = chat.say("rock, 5 tracks")
    assert first.turn == 5
    assert len(first.tracks) == 5
    assert "nothing to undo" in chat.say("undo").text


@pytest.mark.parametrize(
    ("text", "said"),
    [("help", "Ask for music"), ("what's the weather", "nothing I can do"), ("how are you?", "a program")],
)
def test_what_asks_for_nothing_still_begins_with_music(library: Assistant, text: str, said: str) -> None:
    reply = Chat(library).say(text)
    assert reply.tracks
    assert said in reply.text
    assert "mix" in reply.text


def test_a_question_is_no_request_to_learn_from(chat: Chat, library: Assistant) -> None:
    reply = chat.say("mellow jazz, 5 tracks")
    chat.say("why this one?")
    chat.say("how long is it?")
    chat.feel(ids(reply)[0], "like")
    (own,) = read_usage(library._store(), chat.listener).turns
    assert "mellow jazz" in own.answered.shown.text
    assert own.turn.state.turn == 1
