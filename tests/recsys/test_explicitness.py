"""Explicit, clean, or unknown: never clean because nobody says anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys.catalogue import Catalogue
from recsys.explicitness import is_explicit, mark
from recsys.sources.tabular import read_table


@pytest.mark.parametrize(
    ("title", "tags", "vocal", "said"),
    [
        ("Song (Explicit)", (), None, True),
        ("Song [Explicit Version]", (), "male", True),
        ("Song - Explicit", (), None, True),
        ("Song (Clean)", (), None, False),
        ("Song - Clean Version", ("explicit",), None, True),  # the source's word before the title's
        ("Song (Explicit)", ("not explicit",), None, False),
        ("Song", ("Explicit",), None, True),
        ("Song", ("not explicit",), None, False),
        ("Explicit", (), "male", None),  # a name that stands for itself
        ("Clean Hands", (), None, None),
        ("Song", (), "none", False),
        ("Song", ("rap",), "male", None),
    ],
)
def test_a_track_is_explicit_clean_or_unknown(
    title: str, tags: tuple[str, ...], vocal: str | None, said: bool | None
) -> None:
    assert is_explicit(title, tags, vocal) is said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("True", "explicit"),
        ("1", "explicit"),
        ("false", "not explicit"),
        ("notExplicit", "not explicit"),
        ("cleaned", "not explicit"),
        ("", None),
        ("?", None),
    ],
)
def test_a_column_is_read_as_services_write_it(value: str, said: str | None) -> None:
    assert mark(value) == said


def test_a_table_says_which_tracks_are_explicit_and_the_tag_describes_no_sound(tmp_path: Path) -> None:
    table = tmp_path / "songs.csv"
    table.write_text("title,artist,genre,explicit\nA,X,jazz,True\nB,X,jazz,False\nC,X,jazz,\n", encoding="utf-8")
    content = read_table(table)
    catalogue = Catalogue.from_tracks(content.tracks)
    by_title = dict(zip(catalogue.titles, catalogue.explicit.tolist(), strict=True))
    assert by_title == {"A": 1, "B": 0, "C": -1}
    assert {catalogue.tags_of(row) for row in range(3)} == {"jazz"}
