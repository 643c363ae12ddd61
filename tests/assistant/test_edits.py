"""What a message changes about single tracks, and what is left of it as a wish."""

from __future__ import annotations

import pytest

from assistant.request import Edit, Intent
from assistant.understanding.rules import RulesUnderstanding
from recsys.catalogue import Catalogue
from recsys.types import Arc, Facet, Track


@pytest.fixture(scope="module")
def rules() -> RulesUnderstanding:
    names = ["Fela Kuti", "Drake", "50 Cent", "3 Doors Down", "Live", "Queen"]
    tracks = [Track(f"t{n}", f"Song {n}", (name,), year=1990 + n) for n, name in enumerate(names)]
    return RulesUnderstanding(Catalogue.from_tracks([*tracks, Track("happy", "Happy", ("Pharrell Williams",))]))


def short(edit: Edit) -> tuple[object, ...]:
    """An edit as (action, tracks it is about, number or place)."""
    what = edit.what
    about = what.positions if what.which == "positions" else what.which
    return edit.action, about, edit.n if edit.to is None else edit.to


@pytest.mark.parametrize(
    ("text", "edits", "intent", "wish"),
    [
        (
            "keep 1–4 and swap the rest for something calmer",
            [("keep", (1, 2, 3, 4), None), ("swap", "rest", None)],
            Intent.EDIT,
            "something calmer",
        ),
        ("add two by Fela Kuti", [("add", (), 2)], Intent.EDIT, "by Fela Kuti"),
        ("add a song by Drake", [("add", (), 1)], Intent.EDIT, "by Drake"),
        ("add 5 more", [("add", (), 5)], Intent.EDIT, ""),
        ("5 more", [("add", (), 5)], Intent.EDIT, ""),
        ("another 5 please", [("add", (), 5)], Intent.EDIT, ""),
        ("three more songs like these", [("add", (), 3)], Intent.EDIT, ""),
        ("add three more songs by Queen", [("add", (), 3)], Intent.EDIT, "by Queen"),
        ("remove the live ones", [("remove", "described", None)], Intent.EDIT, ""),
        ("drop the second one", [("remove", (2,), None)], Intent.EDIT, ""),
        ("Remove 3, 5 and 7.", [("remove", (3, 5, 7), None)], Intent.EDIT, ""),
        ("lose the last two", [("remove", (-2, -1), None)], Intent.EDIT, ""),
        ("take #4 out of the list", [("remove", (4,), None)], Intent.EDIT, ""),
        ("take out the Queen track", [("remove", "described", None)], Intent.EDIT, ""),
        ("get rid of the third to fifth", [("remove", (3, 4, 5), None)], Intent.EDIT, ""),
        ("more like 3 but faster", [("example", (3,), None)], Intent.MORE_LIKE, "faster"),
        ("more like the second one", [("example", (2,), None)], Intent.MORE_LIKE, ""),
        ("I don't like track 5", [("dislike", (5,), None)], Intent.FEEDBACK, ""),
        ("the third one is great", [("like", (3,), None)], Intent.FEEDBACK, ""),
        ("number 2 is boring", [("dislike", (2,), None)], Intent.FEEDBACK, ""),
        (
            "I love number 2 and hate the last one",
            [("like", (2,), None), ("dislike", (-1,), None)],
            Intent.FEEDBACK,
            "",
        ),
        ("keep the first three", [("keep", (1, 2, 3), None)], Intent.EDIT, ""),
        ("keep only 1-5", [("keep", (1, 2, 3, 4, 5), None), ("remove", "rest", None)], Intent.EDIT, ""),
        ("pin one and four", [("keep", (1, 4), None)], Intent.EDIT, ""),
        ("unpin 3", [("release", (3,), None)], Intent.EDIT, ""),
        ("swap 2 with 7", [("exchange", (2, 7), None)], Intent.EDIT, ""),
        ("swap 2 and 5", [("swap", (2, 5), None)], Intent.EDIT, ""),
        ("swap 4 for something by Drake", [("swap", (4,), None)], Intent.EDIT, "something by Drake"),
        ("move 3 to the top", [("move", (3,), 1)], Intent.EDIT, ""),
        ("put the last one first", [("move", (-1,), 1)], Intent.EDIT, ""),
        ("put number 4 at position 2", [("move", (4,), 2)], Intent.EDIT, ""),
    ],
)
def test_edits(
    rules: RulesUnderstanding, text: str, edits: list[tuple[object, ...]], intent: Intent, wish: str
) -> None:
    request = rules.understand(text, first_turn=False)
    assert [short(edit) for edit in request.edits] == edits
    assert request.intent is intent
    assert request.search_text == wish
    assert request.text == text


@pytest.mark.parametrize(
    "text",
    [
        "12 other tracks",
        "keep it mellow",
        "keep 3 songs",
        "add some jazz",
        "add 20 minutes",
        "more like 50 cent",
        "I like 3 doors down",
        "I love jazz",
        "I hate country",
        "more like these",
        "change the mood",
        "no live versions",
        "make it 90 minutes",
        "30 songs",
        "the best of queen",
        "take 5",
        "I don't want sad songs",
        "skip the rap songs",
        "remove country songs",
        "music for moving house",
    ],
)
def test_what_is_no_edit(rules: RulesUnderstanding, text: str) -> None:
    assert not rules.understand(text, first_turn=False).edits


def test_nothing_is_edited_before_there_is_a_playlist(rules: RulesUnderstanding) -> None:
    request = rules.understand("keep 1-4 and swap the rest for jazz", first_turn=True)
    assert not request.edits
    assert request.intent is Intent.ASK


@pytest.mark.parametrize(
    ("text", "facet", "values"),
    [
        ("remove the live ones", Facet.VERSION, ("live",)),
        ("drop all the remixed tracks", Facet.VERSION, ("remix",)),
        ("remove everything by Queen", Facet.ARTIST, ("queen",)),
        ("cut the sad songs", Facet.MOOD, ("sad",)),
        ("get rid of all rap songs", Facet.GENRE, ("hip-hop",)),
        ("take out the hip hop tracks", Facet.GENRE, ("hip-hop",)),
    ],
)
def test_what_tracks_are_described_by(
    rules: RulesUnderstanding, text: str, facet: Facet, values: tuple[str, ...]
) -> None:
    (edit,) = rules.understand(text, first_turn=False).edits
    (constraint,) = edit.what.constraints
    assert (constraint.facet, constraint.values) == (facet, values)


@pytest.mark.parametrize(
    ("text", "arc", "left"),
    [
        ("start calm, end loud", Arc.RISING, False),
        ("jazz, start slow, end fast", Arc.RISING, True),
        ("rock that goes from quiet to loud", Arc.RISING, True),
        ("start energetic and end mellow", Arc.FALLING, False),
        ("start slow, build up and come down again", Arc.PEAK, False),
        ("music to wind down", None, True),
        ("calm music", None, True),
        ("loud or calm", None, True),
    ],
)
def test_arcs(rules: RulesUnderstanding, text: str, arc: Arc | None, left: bool) -> None:
    request = rules.understand(text, first_turn=True)
    assert request.arc is arc
    assert bool(request.constraints) == left


@pytest.mark.parametrize("text", ["no live versions", "no remixes please", "without covers", "nothing live recorded"])
def test_versions_are_refused(rules: RulesUnderstanding, text: str) -> None:
    refused = [c for c in rules.understand(text, first_turn=False).constraints if c.facet is Facet.VERSION]
    assert bool(refused) == ("nothing" not in text)
    assert all(c.hard and not c.wanted for c in refused)
