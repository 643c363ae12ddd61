"""Artists as people type them: with signs, in lists, run together, misspelt, refused."""

from __future__ import annotations

import pytest

from assistant.understanding import RulesUnderstanding
from recsys.catalogue import Catalogue
from recsys.types import Facet, Track

_NAMES = (
    "Queen", "N.W.A.", "W&W", "Tony! Toni! Toné!", "P!nk", 'Tito "El Bambino"', "The.madpix.project", "Pete Rock",
    "Pete Rock & C.L. Smooth", "Big K.R.I.T.", "T.K. Soul", "TLC", "18 Karat", "Dr. Dre", "Ed Sheeran", "Cheap Trick",
    "Kura", "Little Mix", "After 7", "Quiet Riot", "Maroon 5", "New Order", "Simon & Garfunkel", "Dragon & Caballero",
    "Dragon", "Earth, Wind & Fire", "The Animals", "Glass Animals", "TENDER", "Funky", "Nas", "Sia", "Guy", "The Who",
    "Nothing More", "Why Don't We", "5 Seconds of Summer", "The Strokes", "LL Cool J", "A R I Z O N A", "Coldplay",
    "One Direction", "Of Monsters and Men", "Anderson .Paak", "The Notorious B.I.G.", "Panama Wedding", "Animist",
    "And One", "Twenty One Pilots", "Ne-Yo", "The 1975", "112", "Maná", "No Mana",
    "Skip Mahoney", "Rex Orange County", "T. Rex", "Rush", "ProTracks (Karaoke)", "N",
)  # fmt: skip
_UNDERSTANDING = RulesUnderstanding(
    Catalogue.from_tracks([Track(f"{name} {n}", f"Zxq {n} vwk", (name,)) for name in _NAMES for n in range(5)])
)


def mentions(text: str, *, first_turn: bool = True) -> str:
    """The artists that a message names, with how each is meant: "+Queen, -Nas"."""
    request = _UNDERSTANDING.understand(text, first_turn=first_turn)
    return ", ".join(f"{one.polarity}{one.name}" for one in request.mentions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("best of N.W.A.", "+N.W.A."),
        ("music in the style of n.w.a. but not by n.w.a.", "~N.W.A., -N.W.A."),
        ("W&W", "+W&W"),
        ("some w&w and Queen songs", "+W&W, +Queen"),
        ("do you have anything by tony! toni! toné!? I feel like dancing", "+Tony! Toni! Toné!"),
        ("p!nk and queen", "+P!nk, +Queen"),
        ('something like Tito "El Bambino", but no Tito "El Bambino"', '~Tito "El Bambino", -Tito "El Bambino"'),
        ("pop but no the.madpix.project", "-The.madpix.project"),
        ("add Pete Rock & C.L. Smooth", "+Pete Rock & C.L. Smooth"),
        ("songs by Big K.R.I.T. or kura", "+Big K.R.I.T., +Kura"),
        ("best of t.K. sOUl", "+T.K. Soul"),
        ("A R I Z O N A", "+A R I Z O N A"),
        ("rock & roll", ""),
        ("R&B, please", ""),
    ],
)
def test_names_with_signs_are_read_as_the_catalogue_writes_them(text: str, expected: str) -> None:
    assert mentions(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("addEd Sharon", "+Ed Sheeran"),
        ("addtlc", "+TLC"),
        ("playTLC", "+TLC"),
        ("PlayQueen", "+Queen"),
        ("play18 karat", "+18 Karat"),
        ("Playdr. dre", "+Dr. Dre"),
        ("thestrokes", "+The Strokes"),
        ("play the1975", "+The 1975"),
        ("address", ""),
        ("played out", ""),
    ],
)
def test_a_command_typed_into_a_name_is_cut_off(text: str, expected: str) -> None:
    assert mentions(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cheap trick and kura", "+Cheap Trick, +Kura"),
        ("after 7 and coldplay", "+After 7, +Coldplay"),
        ("queen and little mix", "+Queen, +Little Mix"),
        ("play after 7", "+After 7"),
        ("some ll cool j", "+LL Cool J"),
        ("best of the who", "+The Who"),
        ("who is the best", ""),
        ("rock and pop", ""),
        ("similar in feel and vibe than this, and what do you think", ""),
    ],
)
def test_names_of_ordinary_words_are_known_by_their_company(text: str, expected: str) -> None:
    assert mentions(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quiet rriot", "+Quiet Riot"),
        ("the best Maoroon 5 tracks", "+Maroon 5"),
        ("best of New arder", "+New Order"),
        ("songs by one direcviton", "+One Direction"),
        ("play dragon & cbaallero", "+Dragon & Caballero"),
        ("simon & garfunkle", "+Simon & Garfunkel"),
        ("earth, wiind & fire", "+Earth, Wind & Fire"),
        ("Glasa Animals", "+Glass Animals"),
        ("play Aderson .Paak", "+Anderson .Paak"),
        ("best of the notorioous b.i.g.", "+The Notorious B.I.G."),
        ("5 Coldplay songs", "+Coldplay"),
        ("looking for anime ost", ""),
        ("coldplay & abba", "+Coldplay"),
    ],
)
def test_a_misspelt_name_is_not_taken_for_one_of_its_words(text: str, expected: str) -> None:
    assert mentions(text) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("similar to Queen, nothing by Queen itself", "Queen"),
        ("sounds like sia but isn't sia", "Sia"),
        ("sounds like protracks (karaoke) but isn't protracks (karaoke)", "ProTracks (Karaoke)"),
        ("sounds like Rex Orange County but isn't Rex Orange County", "Rex Orange County"),
        ("similar to twenty one pilots, nothing by twenty one pilots itself", "Twenty One Pilots"),
        ("songs like tender but not tender", "TENDER"),
        ("songs like Funky but not Funky", "Funky"),
        ("sounds like of monsters and men but isn't of monsters and men", "Of Monsters and Men"),
    ],
)
def test_what_is_like_an_artist_and_not_by_that_artist_refuses_the_artist(text: str, name: str) -> None:
    assert mentions(text) == f"~{name}, -{name}"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("no sia", "sia"),
        ("skip nas", "nas"),
        ("rock but no ne-yo", "ne yo"),
        ("skip Nas", "nas"),
        ("skip maná", "mana"),
        ("rock but no maná", "mana"),
        ("no guy", "guy"),
        ("anything except the who", "who"),
        ("rock, just not nothing more", "nothing more"),
        ("no tender", "tender"),
        ("no funky", "funky"),
        ("no rush", "rush"),
    ],
)
def test_a_refused_name_is_refused_in_any_language_and_whatever_else_it_means(text: str, key: str) -> None:
    request = _UNDERSTANDING.understand(text, first_turn=False)
    refused = {
        value for one in request.constraints if one.facet is Facet.ARTIST and not one.wanted for value in one.values
    }
    assert (refused, request.spoken) == ({key}, "en")


@pytest.mark.parametrize("text", ["no more", "no way", "no thanks", "nothing more"])
def test_ways_of_speaking_refuse_nobody(text: str) -> None:
    assert "-" not in mentions(text, first_turn=False)


def test_no_rush_is_a_courtesy_where_nothing_is_on_screen() -> None:
    assert not _UNDERSTANDING.understand("no rush").constraints


def test_a_number_in_a_name_adds_no_tracks() -> None:
    request = _UNDERSTANDING.understand("add 5 seconds of summer", first_turn=False)
    assert not request.edits
    assert [one.name for one in request.mentions] == ["5 Seconds of Summer"]
    assert _UNDERSTANDING.understand("add 5 songs", first_turn=False).edits


def test_a_number_that_is_a_name_is_refused_and_a_position_is_taken_out() -> None:
    assert mentions("I don't want 112", first_turn=False) == "-112"
    assert _UNDERSTANDING.understand("skip 12", first_turn=False).edits


def test_capitals_that_only_a_name_explains_make_it_one() -> None:
    assert mentions("some TENDER songs") == "+TENDER"
    assert mentions("some tender songs") == ""
    assert mentions("play Panama Wedding") == "+Panama Wedding"
    assert mentions("wedding songs from panama") == ""
