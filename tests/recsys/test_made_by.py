"""Whether a machine made a track, and how loud it is: read from columns, and from tags where no column says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recsys.constraints import check
from recsys.made_by import mark, said_by_tags
from recsys.sources import read_source
from recsys.sources.values import loudness_db
from recsys.store import Store
from recsys.types import Constraint, Derived, Facet, Track
from recsys.vocabulary import load_vocabulary

TABLE = """\
title,artist,ai_generated,tags,loudness,key,mode
Stated yes,A,TRUE,,-6.5,9,0
Stated no,B,0,suno,-14 LUFS,0,1
By tag,C,,AI-generated;calm,nan,,
Unknown,D,perhaps,about suno valley,-400,,
"""


@pytest.mark.parametrize(
    ("value", "says"),
    [
        *(("yes", "yes"), ("True", "yes"), ("1", "yes"), ("AI-generated", "yes")),
        *(("no", "no"), ("false", "no"), ("0", "no"), ("human", "no")),
        *(("maybe", None), ("", None), ("0.4", None)),
    ],
)
def test_a_column_says_yes_or_no_or_nothing(value: str, says: str | None) -> None:
    assert mark(value) == says


@pytest.mark.parametrize(
    ("value", "decibels"),
    [
        *(("-6.5", -6.5), (-6.5, -6.5), ("-14 LUFS", -14.0), ("-7,25 dB", -7.25), ("0.3", 0.3)),
        *(("-400", None), ("loud", None), (12, None), ("", None), (None, None)),
    ],
)
def test_a_loudness_is_in_decibels_below_full_scale(value: object, decibels: float | None) -> None:
    assert loudness_db(value) == decibels


@pytest.mark.parametrize(
    ("tag", "says"),
    [("AI generated", True), ("Suno", True), ("udio", True), ("ai no corrida", False), ("sunny", False)],
)
def test_a_tag_is_somebodys_word(tag: str, says: bool) -> None:
    found = said_by_tags(Track("t", "Title", ("Artist",), tags=("rock", tag)))
    assert bool(found) == says
    assert all(0.5 <= one.confidence < 0.9 for one in found)


def test_a_table_states_it_and_a_tag_only_fills_the_gap(tmp_path: Path) -> None:
    path = tmp_path / "songs.csv"
    path.write_text(TABLE, encoding="utf-8")
    content = read_source(path)
    store = Store.open(f"sqlite:///{tmp_path / 'test.db'}")
    store.add_source("mine", str(path), content.kind, content.fingerprint, content.tracks)
    catalogue = store.load_catalogue(False)
    store.close()
    tracks = {track.title: track for track in (catalogue.track(row) for row in range(len(catalogue)))}
    assert {title: track.ai_generated for title, track in tracks.items()} == {
        "Stated yes": "yes",
        "Stated no": "no",
        "By tag": "yes",
        "Unknown": None,
    }
    assert tracks["By tag"].derived == {"ai_generated": Derived("tags", 0.7)}
    assert tracks["Stated no"].derived == {}
    assert [tracks[title].loudness_db for title in ("Stated yes", "Stated no", "By tag", "Unknown")] == [
        *(-6.5, -14.0),
        *(None, None),
    ]
    assert (tracks["Stated yes"].key, tracks["Stated no"].key) == ("A minor", "C major")
    refused = Constraint(Facet.AI, ("yes",), wanted=False, hard=True)
    allowed = check(catalogue, load_vocabulary(), (refused,)).allowed()
    assert {catalogue.titles[row] for row in allowed.nonzero()[0]} == {"Stated no", "Unknown"}
