"""The official metrics of CPCD, worked out by hand."""

from __future__ import annotations

import pytest

from evals.cpcd_metrics import METRICS, Found, average, find, find_turns, official_table, to_clusters
from evals.errors import MetricError
from recsys.dialogues import Dialogue, DialogueTurn

#: Tracks a, a2, … are versions of one work.
CLUSTERS = {name: name[0].upper() for name in ("a", "a2", "b", "b2", "c", "c2", "d", "e", "f", "g")}


def dialogue(*liked: tuple[str, ...], goal: tuple[str, ...]) -> Dialogue:
    return Dialogue("x", tuple(DialogueTurn(f"turn {n}", liked=one) for n, one in enumerate(liked)), goal)


def test_figures_by_hand() -> None:
    """Found at ranks 2, 5 and 7, with four to find."""
    figures = Found((2, 5, 7), 4).figures()
    assert set(figures) == set(METRICS)
    assert len(METRICS) == 25
    assert [figures[f"hit@{k}"] for k in (1, 5, 10, 20, 100)] == [0, 1, 1, 1, 1]
    assert [figures[f"mrr@{k}"] for k in (1, 5, 100)] == [0, 1 / 2, 1 / 2]
    assert [figures[f"recall@{k}"] for k in (1, 5, 10)] == [0, 2 / 4, 3 / 4]
    assert [figures[f"precision@{k}"] for k in (1, 5, 10, 20, 100)] == [0, 2 / 5, 3 / 10, 3 / 20, 3 / 100]
    first, second, third = 1 / 2, 2 / 5, 3 / 7
    assert figures["map@1"] == 0
    assert figures["map@5"] == pytest.approx((first + second) / 4)
    assert figures["map@10"] == pytest.approx((first + second + third) / 4)


def test_average_precision_divides_by_k_where_that_is_less_than_the_gold() -> None:
    assert Found((1, 2, 3, 4, 5), 8).figures()["map@5"] == 1
    assert Found((1,), 8).figures()["map@1"] == 1
    assert Found((1, 2, 3, 4, 5), 8).figures()["recall@5"] == 5 / 8


def test_fewer_predictions_than_k_gain_nothing() -> None:
    """One right answer and silence: the silence counts as misses."""
    one = find(["A"], ["A", "B"]).figures()
    padded = find(["A", *(f"miss {n}" for n in range(99))], ["A", "B"]).figures()
    assert one == padded
    assert one["precision@5"] == 1 / 5
    assert one["map@5"] == 1 / 2
    assert not any(find([], ["A"]).figures().values())


def test_only_the_first_hundred_count() -> None:
    ranking = [*(f"miss {n}" for n in range(99)), "A", "B"]
    assert find(ranking, ["A", "B"]) == Found((100,), 2)


def test_all_candidates_count_where_one_looks_among_all() -> None:
    ranking = [*(f"miss {n}" for n in range(99)), "A", "B"]
    assert find(ranking, ["A", "B"], depth=101) == Found((100, 101), 2)
    dialogue = Dialogue("d", (DialogueTurn("hello"),), ("A", "B"))
    clusters = {one: one for one in ranking}
    assert find_turns(dialogue, [ranking], clusters, depth=101) == {0: Found((100, 101), 2)}


def test_versions_are_one_and_keep_the_place_of_the_first() -> None:
    assert to_clusters(["b2", "a", "b", "a2", "c"], CLUSTERS) == ["B", "A", "C"]
    found = find_turns(dialogue((), goal=("a", "a2", "c")), [["b", "b2", "a2", "a", "c"]], CLUSTERS)
    assert found == {0: Found((2, 3), 2)}


def test_ties_stay_as_the_system_broke_them() -> None:
    goal = ("c",)
    first = find_turns(dialogue((), goal=goal), [["c", "d"]], CLUSTERS)
    second = find_turns(dialogue((), goal=goal), [["d", "c"]], CLUSTERS)
    assert (first[0].ranks, second[0].ranks) == ((1,), (2,))


def test_what_was_liked_before_is_taken_out_of_both_in_every_version() -> None:
    """Turn 0 likes a, d, e and b; the fourth is not heard of, and stays to be found."""
    talk = dialogue(("a", "d", "e", "b"), ("c",), (), goal=("a2", "b", "c", "f"))
    ranking = ["a", "b", "a2", "d", "c", "f"]
    assert find_turns(talk, [ranking] * 3, CLUSTERS) == {
        0: Found((1, 2, 4, 5), 4),  # A B D C F: nothing was liked before
        1: Found((1, 2, 3), 3),  # B C F
        2: Found((1, 2), 2),  # B F
    }


def test_turns_without_gold_are_skipped_and_so_are_all_later_ones() -> None:
    talk = dialogue(("a",), ("b",), ("c",), ("d",), goal=("a", "b"))
    found = find_turns(talk, [["a", "b"]] * 4, CLUSTERS)
    assert found == {0: Found((1, 2), 2), 1: Found((1,), 1)}
    assert find_turns(dialogue(("a",), goal=()), [["a"]], CLUSTERS) == {}


def test_averages_by_hand() -> None:
    """A long dialogue weighs in macro as much as a short one; one without gold weighs nothing."""
    figures = {rank: Found((rank,), 1).figures() for rank in (1, 2, 4)}
    table = official_table([{0: figures[1]}, {0: figures[2], 1: figures[4], 2: figures[4]}, {}])
    assert list(table) == ["macro", "micro", "turn 0", "turn 1", "turn 2"]
    mrr = {part: values["mrr@5"] for part, values in table.items()}
    assert mrr["macro"] == pytest.approx((1 + (1 / 2 + 1 / 4 + 1 / 4) / 3) / 2)
    assert mrr["micro"] == pytest.approx((1 + 1 / 2 + 1 / 4 + 1 / 4) / 4)
    assert (mrr["turn 0"], mrr["turn 2"]) == (pytest.approx(3 / 4), 1 / 4)
    assert [values["n"] for values in table.values()] == [2, 4, 2, 1, 1]


def test_what_has_no_score_is_refused() -> None:
    with pytest.raises(MetricError, match="no gold is left"):
        find(["A"], [])
    for predictions, gold in ((["A", "A"], ["B"]), (["A"], ["B", "B"])):
        with pytest.raises(MetricError, match="duplicates"):
            find(predictions, gold)
    with pytest.raises(MetricError, match="'nowhere' is not among the 10 tracks"):
        to_clusters(["a", "nowhere"], CLUSTERS)
    with pytest.raises(MetricError, match="2 turns but 1 rankings"):
        find_turns(dialogue((), (), goal=("a",)), [["a"]], CLUSTERS)
    with pytest.raises(MetricError, match="no turn"):
        average([])
    with pytest.raises(MetricError, match="no turn"):
        official_table([{}])
