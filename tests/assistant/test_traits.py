"""Traits of music are read in messages, beside everything else that the rules read."""

from __future__ import annotations

import pytest

from assistant.labels import constraint_label
from assistant.merging import Standing, merge
from assistant.understanding.rules import RulesUnderstanding
from recsys.attributes.values import FILE
from recsys.catalogue import Catalogue
from recsys.types import AttributeValue, Constraint, Derived, Facet, Track


@pytest.fixture(scope="module")
def rules() -> RulesUnderstanding:
    value = {"vocal_grittiness": AttributeValue(0.9, Derived(FILE, 0.9))}
    return RulesUnderstanding(
        Catalogue.from_tracks(
            [Track("a", "Falsetto", ("The-Dream",), attributes=value), Track("b", "Song", ("Backbeat Band",))]
        )
    )


def traits(rules: RulesUnderstanding, text: str) -> list[tuple[str, bool, bool]]:
    """Read a message: each trait with whether it is wanted and whether it is a must."""
    found = rules.understand(text).constraints
    return [(c.values[0], c.wanted, c.hard) for c in found if c.facet is Facet.ATTRIBUTE]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("gritty vocals, acoustic, minor key", [("gritty vocals", True, False)]),
        ("something with a raspy voice", [("gritty vocals", True, False)]),
        ("only gritty vocals please", [("gritty vocals", True, True)]),
        ("breathy singing and lush strings", [("breathy vocals", True, False), ("string section", True, False)]),
        ("odd meters", [("odd meter", True, False)]),
        ("songs in waltz time", [("triple meter", True, False)]),
        ("rock without distorted guitars", [("distorted guitar", False, True)]),
        ("no gritty vocals", [("gritty vocals", False, True)]),
        ("not too gritty vocals", [("gritty vocals", False, False)]),
        ("riff-driven and groove-based", [("riff driven", True, False), ("groove driven", True, False)]),
        ("sad songs", []),
        ("play Falsetto by The-Dream", []),
        ("vocals that are gritty", []),
    ],
)
def test_traits_are_read_as_they_are_meant(
    rules: RulesUnderstanding, text: str, asked: list[tuple[str, bool, bool]]
) -> None:
    assert traits(rules, text) == asked


def test_the_rest_of_the_message_is_read_as_before(rules: RulesUnderstanding) -> None:
    found = {(c.facet, c.values) for c in rules.understand("gritty vocals, acoustic, minor key").constraints}
    assert {(Facet.INSTRUMENT, ("acoustic guitar",)), (Facet.KEY, ("minor",))} < found


def test_a_refused_trait_is_about_no_more_than_itself_once_tracks_are_annotated(rules: RulesUnderstanding) -> None:
    refused = [c for c in rules.understand("no distorted guitars").constraints if not c.wanted]
    assert [(c.facet, c.text) for c in refused] == [(Facet.ATTRIBUTE, "distorted guitars")]
    bare = RulesUnderstanding(Catalogue.from_tracks([Track("b", "Song", ("Band",))]))
    refused = [c for c in bare.understand("no distorted guitars").constraints if not c.wanted]
    assert {c.facet for c in refused} == {Facet.INSTRUMENT, Facet.ATTRIBUTE}


def test_a_trait_is_shown_in_the_listeners_words() -> None:
    trait = Constraint(Facet.ATTRIBUTE, ("gritty vocals",), text="raspy voice")
    assert constraint_label(trait) == "raspy voice"
    assert constraint_label(Constraint(Facet.ATTRIBUTE, ("gritty vocals",), wanted=False)) == "no gritty vocals"


def test_traits_add_up_over_turns_and_only_their_opposites_replace_them() -> None:
    def wish(name: str) -> Constraint:
        return Constraint(Facet.ATTRIBUTE, (name,), text=name)

    standing = [Standing(constraint=wish("gritty vocals"), turn=1), Standing(constraint=wish("odd meter"), turn=1)]
    kept, dropped = merge(standing, [wish("clean vocals")], turn=2)
    assert [one.constraint.values[0] for one in kept] == ["odd meter", "clean vocals"]
    assert [one.values[0] for one in dropped] == ["gritty vocals"]
