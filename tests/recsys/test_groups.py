"""The arithmetic of a slate for several listeners."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from recsys.constraints import Checked
from recsys.groups import FAIR, Fairness, known_to, owed, pooled
from recsys.index.base import JointPoint
from recsys.ranking import Taste
from recsys.recommendation import Query
from recsys.slate import Candidates, choose
from recsys.turn import Turn
from recsys.types import Arc

SCORES = np.array([[9, 8, 7, 6, 5, 4, 3, 2], [2, 3, 4, 5, 6, 7, 8, 9]], dtype=np.float32)


def candidates(
    scores: np.ndarray, fits: np.ndarray | None = None, own: np.ndarray | None = None, **others: np.ndarray
) -> Candidates:
    n = len(scores)
    values = {"tiers": np.zeros(n, dtype=np.int64), "works": np.arange(n), "artists": np.arange(n)} | others
    return Candidates(
        rows=np.arange(n),
        scores=scores.astype(np.float32),
        durations_s=np.full(n, 200.0, dtype=np.float32),
        vectors=np.zeros((n, 2), dtype=np.float32),
        energy=np.full(n, 0.5, dtype=np.float32),
        first=frozenset(),
        fits=fits,
        own=np.zeros(fits.shape, dtype=np.float32) if own is None and fits is not None else own,
        **values,
    )


def turn(*known: int, **asked: object) -> Turn:
    """Somebody with a history."""
    query = Query("", **asked)
    taste = Taste(np.array(known, dtype=np.int64), np.ones(len(known), dtype=np.float32), np.zeros(2, np.float32))
    nothing = np.zeros(8, dtype=np.float32)
    point = JointPoint(nothing, nothing, nothing)
    return Turn(query, Checked((), (), 8), taste, point, nothing, nothing, nothing, None, None)


def test_a_member_whose_scores_spread_wider_counts_no_more() -> None:
    wide = SCORES * np.array([[100.0], [1.0]], dtype=np.float32)
    assert_allclose(FAIR.blend(wide), FAIR.blend(SCORES))
    assert_allclose(FAIR.blend(SCORES), FAIR.blend(SCORES)[::-1], atol=1e-6)


def test_plain_averaging_is_a_choice() -> None:
    wide = SCORES * np.array([[100.0], [1.0]], dtype=np.float32)
    assert_allclose(Fairness(least=0, by_rank=False).blend(wide), wide.mean(axis=0))
    assert_allclose(Fairness(least=1, by_rank=False).blend(wide), wide.min(axis=0))


def test_the_order_of_the_members_does_not_matter() -> None:
    scores = np.random.default_rng(1).standard_normal((3, 40)).astype(np.float32)
    assert_allclose(FAIR.blend(scores), FAIR.blend(scores[[2, 0, 1]]), atol=1e-6)


def test_what_one_member_has_last_comes_behind_what_all_have_in_the_middle() -> None:
    assert FAIR.blend(SCORES)[3] > FAIR.blend(SCORES)[0]


def test_what_a_member_would_be_shown_first_alone_fits_them() -> None:
    """Of two tracks each of two members is owed one, and one more may be taken by somebody else."""
    fits = Fairness(spare=1).fitting(SCORES, candidates(SCORES[0]), 2, 2)
    assert_array_equal(np.flatnonzero(fits[0]), [0, 1])
    assert_array_equal(np.flatnonzero(fits[1]), [6, 7])
    assert FAIR.fitting(SCORES, candidates(SCORES[0]), 20, 2).all()


def test_what_less_gave_way_for_fits_before_what_more_did() -> None:
    fits = Fairness(spare=1).fitting(SCORES, candidates(SCORES[0], tiers=np.array([1, 1, 0, 0, 0, 0, 0, 0])), 2, 2)
    assert_array_equal(np.flatnonzero(fits[0]), [2, 3])


def test_what_no_slate_could_hold_fits_nobody() -> None:
    """The best three are by one artist, and the next two versions of one work."""
    ranked = candidates(SCORES[0], artists=np.array([0, 0, 0, 1, 2, 3, 4, 5]), works=np.array([0, 1, 2, 3, 3, 4, 5, 6]))
    fits = Fairness(spare=2).fitting(SCORES[:1], ranked, 3, 2)
    assert_array_equal(np.flatnonzero(fits[0]), [0, 1, 3, 5, 6])


def test_equal_scores_fit_as_many_as_others() -> None:
    fits = Fairness(spare=2).fitting(np.zeros((2, 8), dtype=np.float32), candidates(np.zeros(8)), 5, 2)
    assert fits.sum(axis=1).tolist() == [4, 4]


def test_what_a_member_knows_in_any_version_comes_after_all_that_is_new_to_them() -> None:
    """The first knows track 0, of which track 2 is another version; to the second both are new."""
    works = np.array([0, 1, 0, 3, 4, 5, 6, 7])
    ranked, turns = candidates(SCORES[0], works=works), [turn(0, size=2), turn()]
    judged = Fairness(spare=1).judged(SCORES, ranked, turns, works)
    assert_array_equal(np.flatnonzero(judged.fits[0]), [1, 3])
    assert_array_equal(np.flatnonzero(judged.fits[1]), [6, 7])
    assert_array_equal(np.argsort(-judged.own[0], kind="stable")[-2:], [0, 2])
    too = Fairness(spare=1, finds=False).judged(SCORES, ranked, turns, works)
    assert_array_equal(np.flatnonzero(too.fits[0]), [0, 1])


def test_who_knows_everything_is_still_owed_their_share() -> None:
    judged = Fairness(spare=1).judged(SCORES, candidates(SCORES[0]), [turn(*range(8), size=2), turn()], np.arange(8))
    assert_array_equal(np.flatnonzero(judged.fits[0]), [0, 1])


def test_what_was_liked_before_everybody_is_no_secret() -> None:
    known = known_to([turn(0, 1, liked_rows=(1,)), turn()], np.arange(4), np.arange(4))
    assert_array_equal(known, [[True, False, False, False], [False] * 4])


def test_who_would_be_short_lifts_the_first_that_fit_them_and_can_be_picked() -> None:
    """Each of two is owed one and one is spare: the best that is left of each counts, whoever else takes it."""
    fair = Fairness(spare=1)
    fits = np.array([[1, 1, 0, 0], [0, 0, 1, 1]], dtype=bool)
    ranked = candidates(np.zeros(4), fits, np.array([[3, 4, 2, 1], [0, 0, 2, 1]], dtype=np.float32))

    def lifted(picked: list[int], gone: list[int]) -> np.ndarray:
        return fair.lifted(ranked, picked, ~np.isin(np.arange(4), gone)) / fair.lift

    assert_array_equal(lifted([], []), [0, 1, 1, 0])
    assert_array_equal(lifted([1], [1]), [0, 0, 1, 0])
    assert_array_equal(lifted([1], [1, 2]), [0, 0, 0, 1])
    assert_array_equal(lifted([1, 2], [1, 2]), [1, 0, 0, 1])
    assert_array_equal(lifted([1, 2, 0], [0, 1, 2]), [0, 0, 0, 1])


@pytest.mark.parametrize(("n_tracks", "n_members", "floor"), [(20, 2, 10), (20, 3, 6), (3, 4, 0), (0, 2, 0)])
def test_what_each_member_is_owed(n_tracks: int, n_members: int, floor: int) -> None:
    assert owed(n_tracks, n_members) == floor


def test_what_any_member_is_not_to_be_shown_is_kept_out_unless_it_is_pinned() -> None:
    asker = Query("", exclude=frozenset({1}), fixed=((0, 3),))
    others = [Query("", exclude=frozenset({2, 3})), Query("", dislike_rows=(4,))]
    assert pooled(asker, others).exclude == {1, 2, 4}
    assert pooled(asker, []) is asker


def test_every_length_of_a_slate_gives_each_member_their_share() -> None:
    """Ten candidates suit one listener and rank first; the other's come far behind."""
    fits = np.zeros((2, 20), dtype=bool)
    fits[0, :10] = fits[1, 10:] = True
    ranked = candidates(np.linspace(2, 0, 20), fits)
    for size in range(1, 11):
        picked = choose(ranked, size=size, minutes=None, caps={}, max_per_artist=2)
        assert fits[:, picked].sum(axis=1).min() >= owed(size, 2), size
    alone = choose(candidates(ranked.scores, None), size=6, minutes=None, caps={}, max_per_artist=2)
    assert sorted(alone) == list(range(6))


def test_an_arc_leaves_each_member_their_share() -> None:
    """What suits the second has the worst scores and the most energy."""
    fits = np.zeros((2, 30), dtype=bool)
    fits[0, :10] = fits[1, 20:] = True
    ranked = replace(candidates(np.linspace(2, 0, 30), fits), energy=np.linspace(0, 1, 30, dtype=np.float32))
    picked = choose(ranked, size=10, minutes=None, caps={}, max_per_artist=2, arc=Arc.RISING)
    assert fits[:, picked].sum(axis=1).min() == 5
    assert np.ptp(ranked.energy[picked]) > 0.6


def test_a_hard_wish_goes_before_a_members_share() -> None:
    fits = np.zeros((2, 8), dtype=bool)
    fits[0, :4] = fits[1, 4:] = True
    ranked = candidates(np.linspace(2, 0, 8), fits, tiers=np.array([0, 0, 0, 0, 1, 1, 1, 1]))
    assert sorted(choose(ranked, size=4, minutes=None, caps={}, max_per_artist=2)) == [0, 1, 2, 3]
