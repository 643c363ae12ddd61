"""Which words the rules quote as what is refused: no more of them, and no fewer."""

from __future__ import annotations

import pytest

from assistant.understanding.rules import RulesUnderstanding
from assistant.understanding.tokens import read
from recsys.catalogue import Catalogue
from recsys.types import Track


@pytest.fixture(scope="module")
def rules() -> RulesUnderstanding:
    return RulesUnderstanding(Catalogue.from_tracks([Track("a", "Night Boat", ("Abe",), genres=("jazz",))], []))


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("just rock. no live versions, no remixes", {"live", "remixes"}),  # the noun says nothing of the music
        ("not a fan of live recordings", {"live"}),
        ("no karaoke versions please", {"karaoke"}),
        ("no acoustic versions", {"acoustic versions"}),  # of the words left alone none names a version
        ("goa trance with no vocal samples", {"vocal samples"}),  # one thing, not two
        ("nothing cheesy, country is great", {"cheesy"}),
        ("singers who arent overly cheesy country", {"cheesy", "country"}),
        ("not from the 80s and the more recent the better", {"80s"}),
        ("not from the 80s and 90s", {"80s", "90s"}),
        ("dreamy and free of vocals", {"vocals"}),
        ("free jazz", set()),
    ],
)
def test_refused_words_are_quoted_as_they_were_meant(rules: RulesUnderstanding, text: str, refused: set[str]) -> None:
    assert {one.text for one in rules.phrases(read(text)) if one.polarity == "-"} == refused
