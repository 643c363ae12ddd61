"""`segue eval wording`: its sentences, its share by hand, and a whole run."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from evals.main import command_line
from evals.report import Report
from evals.wording import evaluate, read_freer, read_written, share


def test_written_sentences_are_whole() -> None:
    untrue, honest = read_written("untrue"), read_written("honest")
    assert Counter(one.kind for one in untrue) == {"plain": 220, "swapped": 100, "other": 100, "named": 80}
    assert (len(honest), {one.kind for one in honest}) == (200, {""})
    for sentences in (untrue, honest):
        assert len({one.sentence for one in sentences}) == len(sentences)
        assert all(one.cited and len({fact.id.partition(".")[0] for fact in one.cited}) == 1 for one in sentences)
        halves = Counter(one.half for one in sentences)
        assert 0.4 < halves["validation"] / len(sentences) < 0.6
    assert (len(read_freer("untrue")), len(read_freer("honest"))) == (201, 503)
    for sentences in (read_freer("untrue"), read_freer("honest")):
        assert {len({fact.id.partition(".")[0] for fact in one.cited}) for one in sentences} == {1}
    for one in untrue:
        if one.kind == "plain":
            assert one.sentence.islower()
            assert not any(letter.isdigit() for letter in one.sentence)


def test_share_by_hand() -> None:
    """Wilson's interval of 1 of 10 is .0179 to .4042, of 0 of 250 0 to .0151."""
    one = share([True] + [False] * 9)
    assert (one.mean, one.n) == (0.1, 10)
    assert (one.low, one.high) == (pytest.approx(0.0179, abs=1e-4), pytest.approx(0.4042, abs=1e-4))
    none = share([False] * 250)
    assert (none.mean, none.low, none.high) == (0.0, 0.0, pytest.approx(0.0151, abs=1e-4))
    assert share([True] * 3).high == 1.0


def test_a_checker_that_lets_everything_through_or_nothing_is_found_out() -> None:
    for answer, through, refused in (("", 1.0, 0.0), ("no", 0.0, 1.0)):
        report = Report("test", {}, ())
        wrong = evaluate(report, check=lambda sentence, cited, answer=answer: answer)  # type: ignore[misc]
        assert report.results["untrue"]["all"]["let through"].mean == through
        assert report.results["honest"]["all"]["refused"].mean == refused
        assert len(wrong) == (500 if through else 200)


def test_a_whole_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wording.json"
    command_line().main(args=["eval", "wording", "--json", str(path), "--list"], standalone_mode=False)
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    assert results["untrue"]["all"]["let through"]["n"] == 500
    assert set(results["untrue"]) == {
        *("all", "plain", "swapped", "other", "named", "development", "validation", "made on"),
        *("freer, development", "freer, validation"),
    }
    n_refused = round(results["honest"]["all"]["refused"]["mean"] * 200)
    assert capsys.readouterr().out.count("\nrefused: ") == n_refused
