"""`segue eval sequential`: what it asks, what it counts, and what it refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from evals.metrics import summarise
from evals.run import eval_app
from evals.sequential import scored
from evals.sequential_order import order_of_neighbours
from recsys.sequential.ease import Ease
from recsys.sequential.measure import ranks
from recsys.sequential.nearby import Nearby
from recsys.sequential.reading import read_sequences
from recsys.sequential.registry import open_model
from recsys.sequential.sequences import Sequences, leave_one_out

#: Ten listeners who go round a ring of six artists, from wherever they begin, and stop before they are round.
RING = "\n".join(f"u{n} " + " ".join(f"a{(n + step) % 6}" for step in range(5)) for n in range(30))


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    path = tmp_path / "ring.txt"
    path.write_text(RING + "\n")
    return path


def _run(*arguments: object, fails: bool = False) -> str:
    result = CliRunner().invoke(eval_app, ["sequential", *map(str, arguments)])
    if not fails and result.exception is not None:
        raise result.exception
    assert bool(result.exit_code) is fails
    return result.output if result.exception is None else f"{result.output}{result.exception}"


def _results(path: Path) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    found = json.loads(path.read_text())
    assert found["command"] == "segue eval sequential"
    return found["results"]  # type: ignore[no-any-return]


def test_the_metrics_are_those_of_one_right_answer() -> None:
    values = scored(np.array([1, 2, 5, 6, 20, 21]))
    assert values["hr@5"].tolist() == [1, 1, 1, 0, 0, 0]
    assert values["hr@20"].tolist() == [1, 1, 1, 1, 1, 0]
    assert values["ndcg@10"].tolist() == [1, 1 / math.log2(3), 1 / math.log2(6), 1 / math.log2(7), 0, 0]
    assert values["mrr@20"].tolist() == [1, 1 / 2, 1 / 5, 1 / 6, 1 / 20, 0]


def test_the_last_item_of_each_listener_is_asked_for_where_no_targets_are_given(ring: Path, tmp_path: Path) -> None:
    report = tmp_path / "next.json"
    _run("--data", ring, "--models", "successors,popularity", "--json", report)
    found = _results(report)
    assert found["successors"]["all"]["hr@5"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "sd": 0.0, "n": 30}
    assert found["successors"]["all"]["mrr@10"]["mean"] == 1
    # Four of the six are in the prefix and so left out: the rest are the target and one more.
    assert 0.5 <= found["popularity"]["all"]["mrr@5"]["mean"] < 1
    expected = {f"{name}@{cut}" for name in ("hr", "ndcg", "mrr") for cut in (5, 10, 20)} | {"p50_ms", "p50_cpu_ms"}
    assert set(found["successors"]["all"]) == expected
    difference = found["successors - popularity"]["all"]["mrr@5"]
    assert difference["mean"] == pytest.approx(1 - found["popularity"]["all"]["mrr@5"]["mean"])
    assert difference["low"] > 0


def test_an_order_that_the_file_was_written_in_is_told() -> None:
    rng = np.random.default_rng(12)
    drawn = [rng.choice(8, size=5, replace=False) for _ in range(300)]
    names = [str(number) for number in range(8)]
    listened = order_of_neighbours(Sequences.of(drawn, names), 0)
    written = order_of_neighbours(Sequences.of([np.sort(one) for one in drawn], names), 0)
    assert abs(listened["same_direction"] - listened["by_chance"]) < 0.03
    assert written["same_direction"] == 1
    assert order_of_neighbours(Sequences.of([[0, 1]], names), 0)["pairs"] == 0


def test_several_positions_are_pooled_and_never_learnt_from(ring: Path, tmp_path: Path) -> None:
    report = tmp_path / "next.json"
    _run("--data", ring, "--models", "successors", "--positions", 3, "--json", report)
    found = _results(report)["successors"]
    assert found["all"]["hr@5"]["n"] == 90
    assert {f"from the end {position}" for position in (1, 2, 3)} <= set(found)
    # One step of each listener is left to learn from at the fourth, and none that follows another.
    assert found["from the end 3"]["mrr@5"]["n"] == 30


def test_targets_of_sequences_and_with_prefixes_give_the_same(ring: Path, tmp_path: Path) -> None:
    by_name, by_prefix = tmp_path / "by_name.txt", tmp_path / "by_prefix.txt"
    lines = [line.split() for line in RING.splitlines()]
    right = [f"a{(int(owner[1:]) + 5) % 6}" for owner, *_ in lines]
    by_name.write_text("\n".join(f"{one[0]} {item}" for one, item in zip(lines, right, strict=True)))
    by_prefix.write_text("\n".join(f"{' '.join(one[1:])}\t{item}" for one, item in zip(lines, right, strict=True)))
    figures = []
    for targets in (by_name, by_prefix):
        report = tmp_path / f"{targets.stem}.json"
        _run("--data", ring, "--targets", targets, "--models", "item-knn", "--json", report)
        figures.append({k: v for k, v in _results(report)["item-knn"]["all"].items() if "@" in k})
    assert figures[0] == figures[1]
    # Five of six were in the prefix, so only the right one is left.
    assert figures[0]["mrr@5"]["mean"] == 1


def test_a_target_that_the_data_does_not_have_is_a_miss_and_told(ring: Path, tmp_path: Path) -> None:
    targets, report = tmp_path / "targets.txt", tmp_path / "next.json"
    targets.write_text("u0 a5\nu1 nobody\n")
    _run("--data", ring, "--targets", targets, "--models", "successors", "--json", report)
    found = json.loads(report.read_text())
    assert found["results"]["successors"]["all"]["hr@20"]["mean"] == 0.5
    assert found["details"]["questions"]["targets_not_in_data"] == 1


def test_ties_count_against_the_target(tmp_path: Path) -> None:
    data, targets, report = tmp_path / "data.txt", tmp_path / "targets.txt", tmp_path / "next.json"
    data.write_text("u a b\nv c d\nw e f\n")
    targets.write_text("u c\n")
    _run("--data", data, "--targets", targets, "--models", "popularity", "--json", report)
    # c, d, e and f are as popular as each other, so c comes fourth.
    assert _results(report)["popularity"]["all"]["mrr@5"]["mean"] == 0.25


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    path = tmp_path / "sessions.txt"
    path.write_text("\n".join(" ".join(str((n + step) % 7) for step in (0, 1, 2, 1)) for n in range(100)) + "\n")
    return path


def test_the_last_tenth_of_sessions_is_asked_for_at_every_step(sessions: Path, tmp_path: Path) -> None:
    report = tmp_path / "next.json"
    _run("--data", sessions, "--format", "session", "--models", "nearby,successors+session-knn", "--json", report)
    found = json.loads(report.read_text())
    assert found["settings"]["repeats"] == "allow"
    assert found["results"]["nearby"]["all"]["hr@5"]["n"] == 30
    assert found["results"]["nearby"]["again"]["hr@5"]["n"] == 10
    assert found["results"]["nearby"]["new"]["hr@5"]["n"] == 20
    assert "nearby - successors+session-knn" in found["results"]


def test_repeats_can_be_left_out_of_the_ranking(sessions: Path, tmp_path: Path) -> None:
    ranked = {}
    for repeats in ("allow", "exclude"):
        report = tmp_path / f"{repeats}.json"
        arguments = ("--format", "session", "--models", "personal-popularity", "--repeats", repeats)
        _run("--data", sessions, *arguments, "--json", report)
        ranked[repeats] = _results(report)["personal-popularity"]["new"]["mrr@5"]["mean"]
    assert ranked["exclude"] > ranked["allow"]


def test_drawn_questions_are_as_many_as_asked_for(sessions: Path, tmp_path: Path) -> None:
    report = tmp_path / "next.json"
    _run("--data", sessions, "--format", "session", "--models", "popularity", "--draw", 12, "--json", report)
    assert _results(report)["popularity"]["all"]["hr@5"]["n"] == 12


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--models", "markov"), "no model 'markov'"),
        (("--models", "ease,successors+markov"), "no model 'markov'"),
        (("--models", "ease", "--against", "nearby"), "no model to compare with 'nearby'"),
        (("--models", ","), "no model is named"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(ring: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in _run("--data", ring, *arguments, fails=True)


def test_data_of_one_step_leaves_nothing_to_ask(tmp_path: Path) -> None:
    data = tmp_path / "data.txt"
    data.write_text("u a\nv b\n")
    assert "too few or too short" in _run("--data", data, "--models", "popularity", fails=True)


def test_on_real_listeners_what_followed_is_far_above_ease(eval_data: Path) -> None:
    """EASE as it was measured on this data by others (HR@10 .088, NDCG@10 .047), and an order-aware count above it."""
    train, questions = leave_one_out(read_sequences(eval_data / "sequences" / "lastfm-artists.txt"))
    by_ease = scored(ranks(Ease().fit(train), questions, repeats=False))
    followed = Nearby(reach=30.0, slope=0.0, back=0.0, alpha=0.3).fit(train)
    by_order = scored(ranks(followed, questions, repeats=False))
    assert by_ease["hr@10"].mean() == pytest.approx(0.088, abs=0.001)
    assert by_ease["ndcg@10"].mean() == pytest.approx(0.047, abs=0.001)
    assert by_order["hr@10"].mean() >= 0.11
    assert summarise((by_order["ndcg@10"] - by_ease["ndcg@10"]).tolist()).low > 0


def test_where_no_target_is_in_the_data_all_are_missed(ring: Path, tmp_path: Path) -> None:
    targets, report = tmp_path / "targets.txt", tmp_path / "next.json"
    targets.write_text("u1 nowhere\n")
    _run("--data", ring, "--targets", targets, "--models", "popularity", "--json", report)
    found = _results(report)["popularity"]["all"]
    assert (found["hr@20"]["mean"], found["hr@20"]["n"]) == (0, 1)
    assert "p50_ms" not in found


def test_the_seed_reaches_models_that_draw() -> None:
    opened = [open_model("sasrec+popularity", seed=seed) for seed in (3, 4)]
    assert [one.models["sasrec"].settings.seed for one in opened] == [3, 4]  # type: ignore[attr-defined]


@pytest.mark.parametrize("option", [("--positions", "2", "--format", "session"), ("--draw", "5")])
def test_an_option_that_would_do_nothing_is_refused(ring: Path, option: tuple[str, ...]) -> None:
    assert option[0] in _run("--data", ring, "--models", "popularity", *option, fails=True)
