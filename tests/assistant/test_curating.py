"""Curating a playlist of the starter catalogue: look at it, extend, shorten, re-order it, take repeats out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from assistant.app import Assistant
from assistant.curate_errors import CurateError
from assistant.curation import changes
from recsys.catalogue import Catalogue
from recsys.slate import along
from recsys.types import Arc, EventKind, Facet

ODD = "starter:fisher-losing-it"


@pytest.fixture(scope="module")
def catalogue(assistant: Assistant) -> Catalogue:
    return assistant.serving().recommender.catalogue


@pytest.fixture(scope="module")
def folk(catalogue: Catalogue) -> list[str]:
    """A dozen calm folk tracks in a fixed order."""
    rows = [r for r in catalogue.postings(Facet.GENRE, "folk").tolist() if catalogue.numeric["energy"][r] < 0.6]
    return [catalogue.track_ids[row] for row in rows[::4][:12]]


def ids(made: object) -> list[str]:
    return [track.track_id for track in made.tracks]  # type: ignore[attr-defined]


def test_an_analysis_names_what_is_wrong_with_a_playlist(assistant: Assistant, folk: list[str]) -> None:
    found = assistant.analyse([*folk, ODD, folk[2], "gone:1"])
    assert found.n_tracks == 14
    assert found.unknown == ("gone:1",)
    assert [(one.kind, one.positions) for one in found.duplicates] == [("same", (3, 14))]
    assert [one.track_id for one in found.out_of_place] == [ODD]
    assert found.out_of_place[0].z >= 3.5
    assert "among folk" in found.out_of_place[0].reason
    assert "energy 0.9 where the rest has 0.3" in found.out_of_place[0].reason
    assert sum(one.n for one in found.artists) == sum(one.n for one in found.decades) + found.n_unknown_year == 14
    assert len(found.energy) == 14
    assert found.n_explicit == 0
    assert found.n_unknown_explicit > 0
    assert any("not in the catalogue" in sentence for sentence in found.sentences)


def test_gaps_are_the_decades_between_those_with_tracks(assistant: Assistant, catalogue: Catalogue) -> None:
    years = catalogue.numeric["year"]
    of = {d: next(r for r in range(len(catalogue)) if years[r] // 10 * 10 == d) for d in (1960, 1970, 2000)}
    found = assistant.analyse([catalogue.track_ids[row] for row in of.values()])
    assert [(gap.first, gap.last) for gap in found.gaps] == [(1980, 1999)]
    assert found.gaps[0].said == "nothing from the 1980s to the 1990s"


def test_an_empty_playlist_can_be_looked_at_and_not_changed(assistant: Assistant) -> None:
    assert assistant.analyse([]).n_tracks == 0
    with pytest.raises(CurateError, match="received no tracks"):
        assistant.shorten([], 10)
    with pytest.raises(CurateError, match="2 track ids, none of which the catalogue has"):
        assistant.reorder(["a", "b"], "rising")


def test_extending_leaves_what_is_there_and_adds_what_fits_it(
    assistant: Assistant, catalogue: Catalogue, folk: list[str]
) -> None:
    made = assistant.extend("curator", folk, 6)
    assert ids(made)[:12] == folk
    added = ids(made)[12:]
    assert len(added) == len(set(added) - set(folk)) == 6
    assert made.diff.added == tuple(added)
    assert not made.diff.removed
    assert not made.diff.moved
    assert [track.new for track in made.tracks] == [False] * 12 + [True] * 6
    assert all(track.reason for track in made.tracks[12:])
    near = [r for t in added for r in catalogue.rows([t]) if {"folk", "singer-songwriter"} & set(catalogue.genres[r])]
    everywhere = sum(bool({"folk", "singer-songwriter"} & set(genres)) for genres in catalogue.genres)
    assert len(near) / 6 > 2 * everywhere / len(catalogue)
    assert not any(one.position > 12 for one in made.analysis.out_of_place)


def test_extending_by_minutes_and_words_adds_that_much_of_it(assistant: Assistant, folk: list[str]) -> None:
    made = assistant.extend("curator", folk, minutes=20, text="with piano")
    added = made.tracks[12:]
    assert abs(sum(track.duration_s or 0 for track in added) / 60 - 20) <= 3.5
    assert sum("piano" in track.facets or "piano" in track.reason for track in added) >= len(added) / 2


def test_what_a_listener_never_wants_is_not_added(assistant: Assistant, folk: list[str]) -> None:
    first = ids(assistant.extend("refuser", folk, 5))[12:]
    for track_id in first:
        assistant.feedback("refuser", None, track_id, EventKind.DISLIKE.value)
    assert not set(first) & set(ids(assistant.extend("refuser", folk, 5)))


def test_shortening_comes_near_the_length_and_drops_what_stands_out(assistant: Assistant, folk: list[str]) -> None:
    given = [*folk[:6], ODD, *folk[6:]]
    made = assistant.shorten(given, 30)
    assert abs(made.analysis.seconds - 1800) <= 60
    assert ODD in made.diff.removed
    assert ids(made) == [track for track in given if track in set(ids(made))]
    assert set(made.gone) == set(made.diff.removed)
    kept = assistant.shorten(given, 30, keep=[ODD, folk[0]])
    assert {ODD, folk[0]} <= set(ids(kept))


def test_a_playlist_that_is_short_enough_stays_as_it_is(assistant: Assistant, folk: list[str]) -> None:
    made = assistant.shorten(folk, 600)
    assert ids(made) == folk
    assert "no longer than 10 h" in made.said


@pytest.mark.parametrize("arc", ["rising", "falling", "peak"])
def test_an_arc_orders_by_energy(assistant: Assistant, folk: list[str], arc: str) -> None:
    made = assistant.reorder([*folk, ODD], arc)
    energy = [e for e in made.analysis.energy if e is not None]
    top = energy.index(max(energy))
    assert sorted(ids(made)) == sorted([*folk, ODD])
    assert all(a <= b for a, b in pairwise(energy[: top + 1]))
    assert all(a >= b for a, b in pairwise(energy[top:]))
    assert {"rising": top == 12, "falling": top == 0, "peak": 0 < top < 12}[arc]


@pytest.mark.parametrize("arc", [Arc.RISING, Arc.FALLING, Arc.PEAK])
def test_an_arc_leaves_in_order_what_it_knows_no_difference_of(arc: Arc) -> None:
    unknown = np.full(5, np.nan, dtype=np.float32)
    assert along(unknown, [3, 1, 4, 0, 2], arc) == [3, 1, 4, 0, 2]
    assert along(np.array([0.5, np.nan, 0.5], dtype=np.float32), [2, 1, 0], arc) == [2, 1, 0]
    known = np.array([0.1, 0.9, np.nan, np.nan, np.nan], dtype=np.float32)
    assert [p for p in along(known, [4, 1, 3, 0, 2], Arc.FALLING) if p > 1] == [4, 3, 2]


def test_a_playlist_too_long_to_be_looked_at_is_refused_before_it_is(assistant: Assistant, folk: list[str]) -> None:
    long = folk * 400
    for work in (
        lambda: assistant.analyse(long),
        lambda: assistant.curate("ann", long, arc="rising"),
        lambda: assistant.take_out(long),
    ):
        with pytest.raises(CurateError, match=r"playlist of [\d,]+ tracks, but one of at most 2,000 is needed"):
            work()


def test_a_smooth_order_says_how_much_smoother_it_is(assistant: Assistant, folk: list[str]) -> None:
    made = assistant.reorder(folk, "smooth")
    after, before = (float(word.strip(".,")) for word in made.said.split() if word[0] == "0")
    assert after <= before
    assert ids(made)[0] == folk[0]


def test_an_unknown_order_is_refused_with_those_there_are(assistant: Assistant, folk: list[str]) -> None:
    with pytest.raises(CurateError, match="rising, falling, peak, smooth"):
        assistant.reorder(folk, "sideways\n")


def test_repeats_are_taken_out_once_each(assistant: Assistant, folk: list[str]) -> None:
    made = assistant.without_duplicates([*folk, folk[0], folk[0]])
    assert ids(made) == folk
    assert made.diff.removed == (folk[0], folk[0])
    assert made.said == "Took out 2 repeated tracks."


def test_several_changes_are_one_diff_from_what_was_given(assistant: Assistant, folk: list[str]) -> None:
    made = assistant.curate("curator", [*folk, folk[0]], no_duplicates=True, n_more=4, minutes=40, arc="rising")
    assert len(set(ids(made))) == len(made.tracks)
    assert abs(made.analysis.seconds - 2400) <= 60
    assert set(made.diff.added) | set(folk) >= set(ids(made))
    assert made.diff.n_kept + len(made.diff.added) == len(made.tracks)
    assert made.as_reply("mine").tracks == made.tracks


def test_a_diff_counts_what_moved_against_the_order_of_before() -> None:
    diff = changes(list("abcde"), list("xbcda"))
    assert (diff.added, diff.removed, diff.moved, diff.n_kept) == (("x",), ("e",), ("a",), 4)
