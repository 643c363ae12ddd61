"""Radio wishes in all languages, and what refines them: read, and obeyed for as long as the radio plays."""

from __future__ import annotations

from uuid import uuid4

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.languages import ENGLISH, TONGUES
from assistant.reply import Message, Reply
from assistant.understanding.radio import radio_wish, radio_wishes
from recsys.radio import ARTIST_GAP

_WISHES = (
    *(("Weiter so!", "session"), ("mach weiter", "session"), ("spiel weiter", "session"), ("sigue", "session")),
    *(("continúa, por favor", "session"), ("continue", "session"), ("continua", "session"), ("vai avanti", "session")),
    *(("mais como as últimas três", "last"), ("mehr wie die letzten drei Titel", "last")),
    *(("más como las últimas dos canciones", "last"), ("plus comme les trois derniers", "last")),
    *(("qualcosa di simile agli ultimi tre brani", "last"), ("Radio ab diesem Titel", "track")),
    *(("rádio desta faixa", "track"), ("radio da questo brano", "track"), ("radio de esta canción", "track")),
    *(("radio à partir de cet artiste", "artist"), ("Radio von dieser Band", "artist")),
    *(("radio de esta lista", "playlist"), ("Radio aus dieser Playlist bitte", "playlist")),
    *(("radio de Miles Davis", "artist"), ("Radio von Miles Davis", "artist"), ("radio da Miles Davis", "artist")),
)
_OTHERS = (
    *("Lieder über das Radio", "Radio Ga Ga", "mach die dritte weg", "behalte die letzten drei", "mehr Jazz"),
    *("canciones sobre la radio", "sigue siendo el rey", "una canción que sigue", "más jazz como este"),
    *("des chansons sur la radio", "continue l'histoire de la pluie", "plus de jazz", "la radio des années 80"),
    *("canzoni sulla radio", "la storia continua", "più come la prima", "músicas sobre a rádio", "mais calmo"),
    *("more like the last one", "next to me", "songs that keep going", "go on holiday with Madonna"),
)


@pytest.mark.parametrize(("text", "of"), _WISHES)
def test_wishes_are_read_in_every_language(text: str, of: str) -> None:
    wish = radio_wish(text)
    assert wish is not None
    assert (wish.start.of, wish.rest) == (of, "")


@pytest.mark.parametrize("text", _OTHERS)
def test_other_messages_are_no_radio_wishes(text: str) -> None:
    assert radio_wish(text) is None


@pytest.mark.parametrize(
    ("text", "rest", "n"),
    [
        ("keep going but calmer", "calmer", None),
        ("Keep going: only instrumentals", "only instrumentals", None),
        ("more like the last three, no vocals", "no vocals", None),
        ("keep going, 20 more", "", 20),
        ("keep going for 30 minutes", "for 30 minutes", None),
        ("weiter so, aber ruhiger", "ruhiger", None),
        ("spiel weiter ohne Gesang", "ohne Gesang", None),
        ("weiter, noch 20 Titel", "", 20),
        ("sigue pero más tranquilo", "más tranquilo", None),
        ("continue mais plus calme", "plus calme", None),
        ("continua, ma senza voce", "senza voce", None),
        ("continua mas mais calmo", "mais calmo", None),
    ],
)
def test_what_follows_refines(text: str, rest: str, n: int | None) -> None:
    wish = radio_wish(text)
    assert wish is not None
    assert (wish.rest, wish.n) == (rest, n)


def test_a_name_is_read_as_long_and_as_short_as_it_may_be() -> None:
    names = [(wish.name, wish.rest) for wish in radio_wishes("radio from Earth, Wind & Fire, only the seventies")]
    assert names == [
        ("earth wind and fire only the seventies", ""),
        ("earth wind and fire", "only the seventies"),
        ("earth", "Wind & Fire, only the seventies"),
    ]


@pytest.mark.parametrize("language", TONGUES)
def test_a_wish_tells_its_language(language: str) -> None:
    said = {"de": "weiter so", "es": "sigue así", "fr": "la suite", "it": "vai avanti", "pt": "segue assim"}
    wish = radio_wish(said[language])
    assert wish is not None
    assert wish.languages == (language,)
    assert ENGLISH not in wish.languages


class _Talk:
    """One listener's conversation."""

    def __init__(self, assistant: Assistant, **more: object) -> None:
        self.assistant, self.listener, self.more = assistant, f"words {uuid4().hex}", more

    def say(self, text: str, **more: object) -> Reply:
        told = {"listener_id": self.listener, "session_id": self.listener, "text": text, **self.more, **more}
        return self.assistant.reply(Message.model_validate(told))

    def rows(self, reply: Reply) -> list[int]:
        ids = [track.track_id for track in reply.tracks]
        return self.assistant.serving().recommender.catalogue.rows(ids).tolist()


@pytest.fixture
def talk(assistant: Assistant) -> _Talk:
    return _Talk(assistant)


def _met(reply: Reply, constraint: str) -> tuple[int, int]:
    line = next(line for line in reply.receipt if line.constraint == constraint)
    return line.n_met or 0, line.n_total or 0


def test_a_demand_of_the_first_turn_holds_in_all_that_is_continued(talk: _Talk) -> None:
    """Two hundred tracks: all rock, none again in any version, no artist within ten."""
    catalogue = talk.assistant.serving().recommender.catalogue
    given = talk.rows(talk.say("rock, nothing before 1970"))
    n_first = len(given)
    for _ in range(4):
        reply = talk.say("keep going", n_tracks=50)
        assert len(reply.tracks) == 50
        assert _met(reply, "rock") == (50, 50)
        assert all(track.year is None or track.year >= 1970 for track in reply.tracks)
        for row in talk.rows(reply):
            assert catalogue.work[row] not in catalogue.work[given]
            assert catalogue.artist_rows[row] not in catalogue.artist_rows[given[-ARTIST_GAP:]]
            given.append(row)
    assert len(given) == n_first + 200


def test_a_preference_of_the_words_colours_the_radio_and_what_comes_after(talk: _Talk) -> None:
    energy = talk.assistant.serving().recommender.catalogue.numeric["energy"]
    talk.say("some rock")
    usual = np.nanmean(energy[talk.rows(talk.say("keep going"))])
    calmer = talk.say("keep going but calmer")
    met, total = _met(calmer, "calm")
    assert (total, met >= 7) == (10, True)
    assert any("calm, as you asked" in cause for track in calmer.tracks for cause in track.causes)
    assert np.nanmean(energy[talk.rows(calmer)]) < usual - 0.1
    assert np.nanmean(energy[talk.rows(talk.say("keep going"))]) < usual - 0.05


def test_a_demand_is_added_where_a_radio_begins(talk: _Talk) -> None:
    reply = talk.say("radio from Portishead, nothing before 1990")
    assert reply.text.startswith("Radio from Portishead: 10 tracks")
    assert all(track.year is None or track.year >= 1990 for track in reply.tracks)
    assert len(talk.say("keep going, 20 more").tracks) == 20
    reply = talk.say("keep going for 30 minutes")
    assert 25 <= sum(track.duration_s for track in reply.tracks) / 60 <= 35
    assert len(talk.say("keep going").tracks) == 10


def test_a_radio_is_named_by_the_name_that_fits_best(talk: _Talk) -> None:
    reply = talk.say("radio from Earth, Wind & Fire, only the seventies")
    assert reply.text.startswith("Radio from Earth, Wind & Fire")
    assert all(1970 <= (track.year or 1970) <= 1979 for track in reply.tracks)
    assert talk.say("radio from Simon and Garfunkel but calmer").text.startswith("Radio from Simon & Garfunkel")
    assert talk.say("radio from So What by Miles Davis").text.startswith("Radio from “So What”")


def test_it_is_answered_in_the_language_that_was_spoken(talk: _Talk) -> None:
    talk.say("Rockmusik")
    reply = talk.say("weiter so, aber ruhiger")
    assert reply.text.startswith("Weiter geht es")
    assert any(line.constraint == "ruhiger" for line in reply.receipt)
    assert _Talk(talk.assistant).say("Radio von Miles Davis").text.startswith("Radio von Miles Davis aus")


@pytest.mark.parametrize("text", ["keep going, remove 3", "carry on, my wayward son", "play TV on the Radio"])
def test_what_is_no_refinement_is_a_request_like_any_other(talk: _Talk, text: str) -> None:
    talk.say("some pop")
    reply = talk.say(text)
    assert not reply.text.startswith(("On it goes", "Radio from"))
    assert len(reply.tracks) > 10


def test_a_reason_names_another_track_and_ends_once(talk: _Talk) -> None:
    talk.say("radio from Miles Davis", n_tracks=1)
    for track in (*talk.say("keep going", n_tracks=12).tracks, *talk.say("keep going", n_tracks=12).tracks):
        assert f"close to “{track.title}” by {track.artist}" not in track.causes
        assert track.reason.endswith(".")
        assert not track.reason.endswith("..")


# --- groups ---


def test_a_group_gets_a_radio_without_what_any_of_them_dislikes(assistant: Assistant) -> None:
    catalogue = assistant.serving().recommender.catalogue
    alone = _Talk(assistant).say("radio from Miles Davis", seed=3)
    other = f"other {uuid4().hex}"
    assistant.feedback(other, None, alone.tracks[0].track_id, "dislike")
    group = _Talk(assistant, group=(other,))
    first = group.say("radio from Miles Davis", seed=3)
    assert first.text.startswith("Radio from Miles Davis: 10 tracks")
    shown = catalogue.work[group.rows(first) + group.rows(group.say("keep going", seed=3))].tolist()
    assert catalogue.work[catalogue.row(alone.tracks[0].track_id)] not in shown
    assert len(set(shown)) == 20


def test_what_a_member_skips_moves_the_radio_of_the_group_and_is_not_told(assistant: Assistant) -> None:
    recommender = assistant.serving().recommender
    nearness = []
    for kind, completion in (("play", 1.0), ("skip", 0.05)):
        other = f"other {uuid4().hex}"
        group = _Talk(assistant, group=(other,))
        first = group.rows(group.say("radio from Miles Davis", n_tracks=1, seed=3))[0]
        assistant.feedback(other, group.listener, recommender.catalogue.track_ids[first], kind, completion)
        reply = group.say("keep going", n_tracks=2, seed=3)
        assert not any("skipped" in cause for track in reply.tracks for cause in track.causes)
        vectors = recommender.ranker.vectors
        nearness.append(float((vectors[group.rows(reply)] @ vectors[first]).mean()))
    assert nearness[1] < nearness[0]


@pytest.mark.parametrize("dial", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("wish", ["", "radio from Miles Davis, calm"])
def test_what_a_group_hears_does_not_depend_on_whom_its_members_know(
    assistant: Assistant, dial: float, wish: str
) -> None:
    catalogue = assistant.serving().recommender.catalogue
    batches = []
    for liked in ((), range(0, len(catalogue), 3)):
        other = f"other {uuid4().hex}"
        group = _Talk(assistant, group=(other,))
        # The same for every group: what chance adds, where it begins, and what the asker has heard before.
        first = group.rows(group.say("radio from Miles Davis", seed=3, n_tracks=2))
        assistant.feedback(group.listener, None, catalogue.track_ids[first[0]], "like")
        for row in liked:
            assistant.feedback(other, None, catalogue.track_ids[row], "like")
        batches.append(group.rows(group.say(wish or "keep going", seed=3, discovery=dial)))
    assert batches[0] == batches[1]


def test_the_dial_of_a_group_tells_nobody_whom_the_asker_knows(assistant: Assistant) -> None:
    catalogue = assistant.serving().recommender.catalogue
    batches = []
    for dial in (-1.0, 1.0):
        group = _Talk(assistant, group=(f"other {uuid4().hex}",))
        group.say("radio from Miles Davis, calm", seed=3, n_tracks=2)
        for row in range(0, len(catalogue), 3):
            assistant.feedback(group.listener, None, catalogue.track_ids[row], "like")
        batches.append(group.rows(group.say("keep going", seed=3, discovery=dial)))
    assert batches[0] == batches[1]


def test_nothing_is_told_of_what_members_of_a_group_know(assistant: Assistant) -> None:
    group = _Talk(assistant, group=(f"other {uuid4().hex}",), speaker=None)
    for track in group.say("some jazz").tracks[:6]:
        for member in (group.listener, group.more["group"][0]):  # type: ignore[index]
            assistant.feedback(member, None, track.track_id, "like")
    for dial in (-1.0, 1.0):
        reply = group.say("keep going", discovery=dial)
        causes = [cause for track in reply.tracks for cause in track.causes]
        assert reply.tracks
        assert not [cause for cause in causes if "you know" in cause or "history" in cause]
        assert all(track.liked is None for track in reply.tracks)
        assert not [line for line in reply.receipt if line.chip == "discovery"]


# --- who a radio begins from, and who is refused ---


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("radio from Queen and Nirvana", "Queen and Nirvana"),
        ("radio from Miles Davis, John Coltrane and Bill Evans", "Miles Davis, John Coltrane and Bill Evans"),
        ("radio from Miles Davis and John Coltrane but calmer", "Miles Davis and John Coltrane"),
    ],
)
def test_a_radio_begins_from_several_artists(talk: _Talk, text: str, names: str) -> None:
    reply = talk.say(text)
    assert reply.text.startswith(f"Radio from {names}: 10 tracks")
    assert not [line for line in reply.receipt if line.chip.startswith("artist")]


def test_a_radio_begins_from_a_title_of_ordinary_words(talk: _Talk) -> None:
    assert talk.say("radio from So What").text.startswith("Radio from “So What” by Miles Davis")
    assert talk.say("radio from jazz").radio is None


@pytest.mark.parametrize(
    "text",
    [
        "keep going, nothing by them",
        "more of this but nothing by them",
        "weiter, aber nichts von denen",
        "sigue pero nada de ellos",
        "continue sans eux",
        "continua, niente di loro",
        "continua mas sem eles",
    ],
)
def test_whoever_a_radio_began_from_can_be_refused(talk: _Talk, text: str) -> None:
    talk.say("radio from Miles Davis")
    reply = talk.say(text)
    assert len(reply.diff.added) == 10
    assert [line.n_met for line in reply.receipt if line.chip == "-artist:miles davis"] == [10]


@pytest.mark.parametrize(
    ("text", "said"),
    [("keep going", "You did not say what"), ("weiter", "Du hast nicht gesagt"), ("sigue", "No has dicho qué")],
)
def test_going_on_with_nothing_begins_with_a_mix_in_its_language(talk: _Talk, text: str, said: str) -> None:
    assert talk.say(text).text.startswith(said)
