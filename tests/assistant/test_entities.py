"""Artists and tracks: told from ordinary words, found when misspelt, and in which sense they are meant."""

from __future__ import annotations

import random

import pytest
from rapidfuzz.distance import OSA

from assistant.understanding import RulesUnderstanding
from assistant.understanding.gazetteer import Gazetteer, SlipIndex
from assistant.understanding.tokens import read as words
from recsys.catalogue import Catalogue
from recsys.types import Constraint, Facet, Track
from tests.reading import catalogue, read, understanding, written

MENTIONS = {
    # By name.
    "Drake": "+artist Drake",
    "drake": "+artist Drake",
    "some drake please": "+artist Drake",
    "best of Queen": "+artist Queen",
    "queen": "+artist Queen",
    "play some queen": "+artist Queen",
    "the beatles": "+artist The Beatles",
    "beatles songs": "+artist The Beatles",
    "songs by the cure": "+artist The Cure",
    "can we add talking heads": "+artist Talking Heads",
    "music by Daft Punk, Justice and Air": "+artist Daft Punk; +artist Justice; +artist Air",
    "Drake, Coldplay, Metallica": "+artist Drake; +artist Coldplay; +artist Metallica",
    "Tyler, the Creator": "+artist Tyler, The Creator",
    "earth wind and fire": "+artist Earth, Wind & Fire",
    "guns and roses": "+artist Guns N' Roses",
    "acdc": "+artist AC/DC",
    "AC/DC": "+artist AC/DC",
    "pink songs": "+artist P!nk",
    "kesha": "+artist Ke$ha",
    "beyoncé's songs": "+artist Beyoncé",
    "beyonces songs": "+artist Beyoncé",
    "something by Bach": "+artist Johann Sebastian Bach",
    "Мумий Тролль": "+artist Мумий Тролль",
    # Homonyms: ordinary words first, names with evidence.
    "songs by yes": "+artist Yes",
    "songs by Yes": "+artist Yes",
    "like Yes": "~artist Yes",
    '"Yes"': "+artist Yes",
    "yes please": "",
    "yes": "",
    "music by The The": "+artist The The",
    "the the": "+artist The The",
    "the songs": "",
    "something happy": "",
    "play Happy by Pharrell Williams": "+track Happy",
    "the song Happy": "+track Happy",
    '"Happy"': "+track Happy",
    "happy": "",
    "songs like the 1975": "~artist The 1975",
    "some The 1975 songs": "+artist The 1975",
    "songs from 1975": "",
    "1975": "",
    "no doubt": "",
    "No Doubt songs": "+artist No Doubt",
    "there is no doubt that jazz is best": "",
    "soul": "",
    "soul asylum": "+artist Soul Asylum",
    "love songs": "",
    "songs by Love": "+artist Love",
    "some west coast rap": "",
    "songs by West Coast": "+artist West Coast",
    "a journey by train": "",
    "some Journey songs": "+artist Journey",
    "dreams": "",
    "fresh air": "",
    "various artists": "",
    "songs about justice": "",
    "a september evening": "",
    # Titles.
    "bohemian rhapsody": "+track Bohemian Rhapsody",
    "Bohemian Rhapsody by Queen": "+track Bohemian Rhapsody",
    'play "Under Pressure"': "+track Under Pressure",
    "drake nonstop": "+track Nonstop",
    "One Dance - Drake": "+track One Dance",
    "play Let It Be": "+track Let It Be",
    "songs like One More Time by Daft Punk": "~track One More Time",
    "something similar to somebody that i used to know by gotye and passionfruit by "
    "drake": "~track Somebody That I Used to Know; ~track Passionfruit",
    'add "Cranes in the Sky" by Solange': "+track Cranes in the Sky",
    "no Bohemian Rhapsody": "-track Bohemian Rhapsody",
    "not Creep by Radiohead": "-track Creep",
    # In which sense.
    "like Radiohead": "~artist Radiohead",
    "similar to Radiohead and Coldplay": "~artist Radiohead; ~artist Coldplay",
    "artists similar to radiohead, coldplay or air": "~artist Radiohead; ~artist Coldplay; ~artist Air",
    "in the style of Daft Punk": "~artist Daft Punk",
    "Fleetwood Mac vibes": "~artist Fleetwood Mac",
    "radiohead-esque": "~artist Radiohead",
    "bands such as The Cure": "~artist The Cure",
    "I love Drake": "~artist Drake",
    "I'm a big Drake fan": "~artist Drake",
    "I would like some Drake": "+artist Drake",
    "Drake or similar": "~artist Drake",
    "songs like Radiohead but no Coldplay": "~artist Radiohead; -artist Coldplay",
    "can't get enough of Queen": "+artist Queen",
    # Misspelt.
    "some tylor swift": "+artist Taylor Swift",
    "metalica": "+artist Metallica",
    "addEd Sharon": "+artist Ed Sheeran",
    "radiohed and coldpley": "+artist Radiohead; +artist Coldplay",
    "songs by the weekend": "+artist The Weeknd",
    "songs for the weekend": "",
    "beyonse": "+artist Beyoncé",
    "bohemian rapsody by queen": "+track Bohemian Rhapsody",
    "bohemian rapsody": "+track Bohemian Rhapsody",
    "like fletwood mac": "~artist Fleetwood Mac",
}


@pytest.mark.parametrize(("text", "expected"), MENTIONS.items())
def test_names_are_told_from_words(text: str, expected: str) -> None:
    named = {said for said in written(read(text)) if " " in said and said[1:].startswith(("artist", "track"))}
    assert named == set(filter(None, expected.split("; ")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("something happy", {"happy"}),
        ("love songs", {"romantic"}),
        ("some west coast rap", {"gangsta rap"}),
        ("songs for the weekend", {"sunday"}),
        ("soul asylum", {"soul asylum"}),
        ("Daft Punk", {"daft punk"}),
        ("a journey by train", {"travel"}),
    ],
)
def test_a_word_is_either_a_name_or_a_facet(text: str, words: set[str]) -> None:
    assert {value for c in read(text).constraints for value in c.values} == words


def test_wanted_artists_are_one_hard_constraint() -> None:
    (constraint,) = read("songs by Drake, The Beatles or Beyoncé").constraints
    assert constraint == Constraint(
        Facet.ARTIST, ("drake", "beatles", "beyonce"), hard=True, text="Drake or The Beatles or Beyoncé"
    )


def test_examples_and_wanted_titles_restrict_nothing() -> None:
    assert read("like Radiohead").constraints == ()
    assert read("play Bohemian Rhapsody by Queen").constraints == ()


def test_a_refused_title_refuses_all_its_versions() -> None:
    (constraint,) = read("no Bohemian Rhapsody").constraints
    assert (constraint.facet, constraint.wanted, constraint.hard) == (Facet.TRACK, False, True)
    titles = {catalogue().track(catalogue().row(track_id)).title for track_id in constraint.values}
    assert titles == {"Bohemian Rhapsody", "Bohemian Rhapsody - Remastered 2011"}


def test_refused_artists_are_hard_constraints() -> None:
    constraints = read("no Drake or Coldplay").constraints
    assert {(c.values, c.wanted, c.hard) for c in constraints} == {
        (("drake",), False, True),
        (("coldplay",), False, True),
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("songs by Zorblax Quux", "Zorblax Quux"),
        ("artists like Zorblax", "Zorblax"),
        ('play "Zorblax Quux"', "Zorblax Quux"),
        ("songs like blurgh by zorblax", "zorblax"),
        ("like Radiohead, Zorblax and Coldplay", "Zorblax"),
    ],
)
def test_a_name_that_is_not_in_the_catalogue_is_noted(text: str, name: str) -> None:
    note = read(text).note
    assert note is not None
    assert f"“{name}”" in note
    assert "not in this catalogue" in note


@pytest.mark.parametrize(
    "text",
    [
        "something by women",
        "like a summer breeze",
        "songs like this",
        "music by the sea",
        "a playlist like that one",
        "music like driving at night",
        "softer songs by heavier bands",
        "by me",
    ],
)
def test_ordinary_words_are_not_noted_as_unknown_names(text: str) -> None:
    assert read(text).note is None


def test_an_unknown_title_by_a_known_artist_says_nothing_else() -> None:
    request = read("songs like happy summer jazz by Radiohead")
    assert {m.name for m in request.mentions} == {"Radiohead"}
    assert request.mentions[0].polarity == "~"
    assert request.constraints == ()


def test_exact_names_are_surer_than_misspelt_ones() -> None:
    exact, misspelt = (read(text).mentions[0].confidence for text in ("songs by Metallica", "songs by Metalica"))
    assert 0 < misspelt < exact <= 1


def test_an_empty_catalogue_still_understands_words() -> None:
    understanding = RulesUnderstanding(Catalogue.from_tracks([]))
    request = understanding.understand("90s rock like Radiohead, no country")
    assert written(request) == {"era! 1990..1999", "genre! rock", "-genre! country"}
    assert request.note is not None


def test_part_of_a_name_is_only_taken_where_it_is_clear() -> None:
    gazetteer = Gazetteer(catalogue())
    bach = gazetteer.artist_by_part("bach")
    assert bach is not None
    assert bach.name == "Johann Sebastian Bach"
    assert gazetteer.artist_by_part("swift") is None  # one track only
    assert gazetteer.artist_by_part("zorblax") is None


def test_short_names_are_never_guessed() -> None:
    gazetteer = Gazetteer(catalogue())
    assert gazetteer.artist_like(("yep",)) is None
    assert gazetteer.artist_like(("aur",)) is None


def test_a_band_is_found_by_its_leader() -> None:
    tracks = [Track("a", "Jamming", ("Bob Marley & The Wailers",)), Track("b", "Nothing", ("Simon & Garfunkel",))]
    understanding = RulesUnderstanding(Catalogue.from_tracks(tracks))
    found = {
        text: [m.name for m in understanding.understand(text).mentions] for text in ("best of Bob Marley", "simon")
    }
    assert found == {"best of Bob Marley": ["Bob Marley & The Wailers"], "simon": []}


@pytest.mark.parametrize("text", ["fed up with pop", "steer clear of pop", "lay off the pop", "no more pop"])
def test_words_that_refuse_are_no_names(text: str) -> None:
    """ "Fed up with pop" once was the track "Fed Up" and a wish for pop."""
    named = ("Fed Up", "Ann"), ("Steer Clear", "Bob"), ("One", "LAY"), ("No More", "Cleo")
    tracks = [Track(f"{n}", title, (artist,), genres=("pop",)) for n, (title, artist) in enumerate(named)]
    understanding = RulesUnderstanding(Catalogue.from_tracks(tracks))
    assert written(understanding.understand(text, first_turn=False)) == {"-genre! pop"}
    assert [m.name for m in understanding.understand("songs by LAY").mentions] == ["LAY"]


def test_a_message_that_begins_small_means_its_capitals() -> None:
    tracks = [Track("1", "You Found Me", ("The Fray",)), Track("2", "Out", ("Ann",))]
    understanding = RulesUnderstanding(Catalogue.from_tracks(tracks))
    for text in ("leave out The Fray", "no The Fray", "skip The Fray"):
        assert written(understanding.understand(text, first_turn=False)) == {"-artist The Fray"}, text


def test_what_is_told_to_be_a_name_needs_no_other_evidence() -> None:
    """Told names are looked up as they are, as they go on, apart, and misspelt; ordinary words stay what they are."""
    rules = understanding()

    def names(text: str, *told: tuple[int, int]) -> list[tuple[str, int, int, tuple[str, ...]]]:
        return [(one.kind, one.start, one.end, one.keys) for one in rules.names(words(text), told)]

    assert names("moods between yes and happy") == []
    assert names("moods between yes and happy", (2, 3), (4, 5)) == [
        ("artist", 2, 3, ("yes",)),
        ("track", 4, 5, ("t14",)),
    ]
    assert names("that earth thing", (1, 2)) == []
    assert names("that tyler the creator thing", (1, 2)) == [("artist", 1, 4, ("tyler the creator",))]
    assert names("it was metallica passionfruit", (2, 4)) == [
        ("artist", 2, 3, ("metallica",)),
        ("track", 3, 4, ("t6",)),
    ]
    assert names("moods of metalica and jazz", (2, 3)) == [("artist", 2, 3, ("metallica",))]


def test_title_and_artist_are_two_names() -> None:
    rules = understanding()
    said = words("play Happy by Pharrell Williams")
    assert [(one.kind, one.start, one.end) for one in rules.names(said)] == [("track", 1, 2), ("artist", 3, 5)]
    assert [(one.facet, one.text) for one in rules.phrases(said)] == [("NE", "Happy"), ("NE", "Pharrell Williams")]


def test_a_track_by_nobody_known_may_be_anybodys() -> None:
    tracks = [Track("a", "Hurt", ()), Track("b", "Hurt Not", ("Zed",)), Track("c", "Other", ("Johnny Cash",))]
    rules = RulesUnderstanding(Catalogue.from_tracks(tracks))
    assert [one.key for one in rules.understand("hurt by johnny cash").mentions] == ["a"]
    assert "b" not in [one.key for one in rules.understand("hurt not by johnny cash").mentions]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("songs by BEYONCE", "Beyoncé"),
        ("something by metalica", "Metallica"),
        ("songs by taylor swfit", "Taylor Swift"),
        ("some FLEETWOOD MAC", "Fleetwood Mac"),
        ("radioheads songs", "Radiohead"),
        ("songs by мумий тролль", "Мумий Тролль"),
    ],
)
def test_typos_case_accents_and_plurals(text: str, name: str) -> None:
    assert [one.name for one in read(text).mentions] == [name]


def test_few_slips_are_found_as_by_looking_at_every_name() -> None:
    """Against the distance to each of a thousand names; at most three are told, and none that begins otherwise."""
    drawn = random.Random(0)
    names = ["".join(drawn.choices("abcde", k=drawn.randint(3, 12))) for _ in range(1_000)]
    index = SlipIndex(names)
    for _ in range(200):
        said = "".join(drawn.choices("abcde", k=drawn.randint(5, 7)))
        slips = drawn.randint(1, 3)
        near = {name: OSA.distance(said, name) for name in names if name[0] == said[0]}
        expected = sorted(distance for distance in near.values() if distance <= slips)[:3]
        found = index.find(said, slips)
        assert [distance for _, distance in found] == expected
        assert all(near[name] == distance for name, distance in found)


def test_the_first_letter_of_a_long_name_may_be_wrong() -> None:
    index = SlipIndex(["metallica", "coldplay"])
    for said in ("netallica", "etallica", "emtallica", "xmetallica"):
        assert index.find(said, 2) == [("metallica", 1)]
    assert index.find("ooldplayy", 1) == []
    assert SlipIndex(["oldplay"]).find("coldpla", 1) == []
