"""The receipt counts; it never rounds up, and unknown is never delivered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.labels import constraint_label, minutes_label, plain, total_label
from assistant.receipt import slate_length, write_receipt
from assistant.reply import ReceiptLine
from assistant.request import Mention
from assistant.session import SessionState
from recsys.recommendation import ConstraintCount, Pick, Recommendation
from recsys.types import Constraint, Facet, Track

NINETIES = Constraint(Facet.ERA, low=1990, high=1999, hard=True, text="90s")


def pick(number: int, *, minutes: float = 3.0, estimated: bool = False, artist: str = "", **facts: Any) -> Pick:
    track = Track(f"t{number}", f"Title {number}", (artist or f"Artist {number}",), **facts)
    return Pick(number, track, minutes * 60, estimated, 1.0, 0.5, 0.5)


def result(picks: list[Pick], *counts: ConstraintCount) -> Recommendation:
    relaxed = tuple(count.constraint for count in counts if count.relaxed)
    return Recommendation(tuple(picks), counts, relaxed, "exact", True, 100, {}, False)


def receipt(picks: list[Pick], state: SessionState, *counts: ConstraintCount, **more: Any) -> dict[str, ReceiptLine]:
    lines = write_receipt(result(picks, *counts), state, usual_size=20, max_per_artist=2, **more)
    return {line.constraint: line for line in lines}


def test_a_constraint_is_counted_with_its_unknowns_and_what_gave_way() -> None:
    count = ConstraintCount(NINETIES, n_met=17, n_total=20, n_unknown=2, relaxed=True)
    line = receipt([pick(n) for n in range(20)], SessionState(), count)["from 1990 to 1999"]
    assert (line.asked, line.delivered) == ("all", "17 of 20, 2 unknown")
    assert (line.n_met, line.n_total, line.unknown) == (17, 20, 2)
    assert line.hard
    assert line.relaxed


def test_tracks_asked_and_delivered() -> None:
    line = receipt([pick(n) for n in range(3)], SessionState(n_tracks=3))["tracks"]
    assert (line.asked, line.delivered, line.relaxed) == ("3", "3", False)
    line = receipt([pick(n) for n in range(2)], SessionState(n_tracks=3))["tracks"]
    assert (line.asked, line.delivered, line.relaxed) == ("3", "2", True)
    assert receipt([pick(1)], SessionState())["tracks"].asked == "20 (the usual)"


def test_minutes_say_how_many_lengths_are_estimated() -> None:
    picks = [pick(n, minutes=4.6, estimated=n < 3) for n in range(10)]
    lines = receipt(picks, SessionState(minutes=45))
    assert "tracks" not in lines
    assert (lines["minutes"].asked, lines["minutes"].delivered) == ("45", "≈ 46 min (3 estimated)")
    assert lines["minutes"].unknown == 3
    assert not lines["minutes"].relaxed


@pytest.mark.parametrize(("minutes", "relaxed"), [(42.7, True), (42.8, False), (47.2, False), (47.3, True)])
def test_minutes_are_delivered_within_five_per_cent(minutes: float, relaxed: bool) -> None:
    assert receipt([pick(1, minutes=minutes)], SessionState(minutes=45))["minutes"].relaxed is relaxed


def test_the_artist_cap_counts_only_those_not_asked_for() -> None:
    picks = [pick(n, artist="The Beatles") for n in range(5)] + [pick(9, artist="The Kinks")]
    line = receipt(picks, SessionState())["tracks by one artist"]
    assert line.delivered == "at most 5, 2 artists"
    assert line.relaxed
    beatles = Constraint(Facet.ARTIST, ("beatles",), text="Beatles")
    line = receipt(picks, SessionState(), ConstraintCount(beatles, 5, 6, 0))["tracks by one artist"]
    assert line.delivered == "at most 1, 2 artists"
    assert not line.relaxed


def test_dials_are_measured_on_what_is_known() -> None:
    picks = [pick(1, popularity=0.2), pick(2, popularity=0.4), pick(3)]
    line = receipt(picks, SessionState(fame=-0.8))["deep cuts"]
    assert line.delivered == "median popularity 0.30 of 1, 1 unknown"
    assert line.unknown == 1
    line = receipt(picks, SessionState(discovery=1.0), heard_artists={"artist 1"})["discovery"]
    assert line.delivered == "2 of 3 by artists new to you here"


def test_a_title_and_repeats_are_checked() -> None:
    creep = Mention(kind="track", key="t1", name="Creep")
    lines = receipt([pick(1), pick(2)], SessionState(titles=(creep,), set_aside=("t2",)))
    assert (lines["the track Creep"].delivered, lines["the track Creep"].relaxed) == ("yes", False)
    assert (lines["others"].delivered, lines["others"].relaxed) == ("1 shown before", True)
    assert receipt([pick(2)], SessionState(titles=(creep,)))["the track Creep"].relaxed


def test_an_empty_slate_still_has_a_receipt() -> None:
    count = ConstraintCount(NINETIES, 0, 0, 0)
    lines = receipt([], SessionState(n_tracks=5, fame=1.0, discovery=-1.0), count)
    assert lines["tracks"].delivered == "0"
    assert lines["from 1990 to 1999"].delivered == "0 of 0"


@pytest.mark.parametrize(
    ("constraint", "label"),
    [
        (NINETIES, "from 1990 to 1999"),
        (Constraint(Facet.ERA, low=2000), "from 2000 on"),
        (Constraint(Facet.ERA, high=1969, wanted=False), "not up to 1969"),
        (Constraint(Facet.ERA, low=1994, high=1994), "from 1994"),
        (Constraint(Facet.GENRE, ("country",), wanted=False), "no country"),
        (Constraint(Facet.MOOD, ("mellow",)), "mellow"),
        (Constraint(Facet.GENRE, ("rock", "jazz")), "rock or jazz"),
        (Constraint(Facet.POPULARITY, high=0.5, text="not too famous"), "not too famous"),
        (Constraint(Facet.POPULARITY, high=0.5), "popularity up to 0.5 of 1"),
        (Constraint(Facet.TEMPO, low=130, wanted=False, text="fast"), "not fast"),
        (Constraint(Facet.TEMPO, low=90, high=110), "tempo 90 to 110 BPM"),
        (Constraint(Facet.VOCALS, ("none",)), "instrumental"),
        (Constraint(Facet.VOCALS, ("none",), wanted=False), "not instrumental"),
        (Constraint(Facet.VOCALS, ("female",)), "female vocals"),
        (Constraint(Facet.INSTRUMENT, ("piano",)), "with piano"),
        (Constraint(Facet.LANGUAGE, ("french",)), "in French"),
        (Constraint(Facet.COUNTRY, ("united kingdom",), wanted=False), "not from the United Kingdom"),
        (Constraint(Facet.ARTIST, ("beatles",)), "by The Beatles"),
        (Constraint(Facet.ARTIST, ("abba",), wanted=False, text="ABBA"), "not by ABBA"),
    ],
)
def test_constraints_are_named_as_one_says_them(constraint: Constraint, label: str) -> None:
    assert constraint_label(constraint, {"beatles": "The Beatles"}) == label


def test_lengths_are_written_for_people() -> None:
    assert minutes_label(45 * 60) == "45 min"
    assert minutes_label(72 * 60 + 10) == "1 h 12 min"
    assert minutes_label(120 * 60) == "2 h"
    assert minutes_label(59.6 * 60) == "1 h"
    assert minutes_label(0) == "0 min"
    assert total_label(45 * 60, 6) == "≈ 45 min (6 estimated)"
    assert slate_length([pick(1), pick(2)]) == "6 min"


def test_shown_text_has_no_control_or_direction_characters() -> None:
    assert plain("a\x00b\u202ec\nd\ud800 \t e") == "abc d e"
    assert plain("🏳️‍🌈 Ünïcode  日本") == "🏳️‍🌈 Ünïcode 日本"


@given(st.text(), st.integers(2, 60))
def test_plain_text_is_short_encodable_and_stable(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert len(shown) <= limit
    shown.encode("utf-8")
    assert plain(shown, limit) == shown
