"""Which of two pieces people prefer: planted effects are found, shuffled ones are not, and signs are natural."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from evals.arena import convert
from evals.errors import EvaluationDataError
from evals.metrics import Summary
from evals.preference import accuracy, compare, evaluate
from evals.preference_data import Battles, read_battles
from evals.preference_models import choose_and_fit, fit_strengths, system_differences
from evals.report import Report
from evals.run import eval_app

_SYSTEMS = [f"system {number}" for number in range(6)]


def _battles(n: int, *, of_musicality: float, of_system: float = 0.0, seed: int = 3) -> Battles:
    """Battles won by musicality, by the system, and by chance; popularity says nothing."""
    rng = np.random.default_rng(seed)
    strength = dict(zip(_SYSTEMS, rng.normal(size=6), strict=True))
    systems = [tuple(rng.choice(_SYSTEMS, 2, replace=False).tolist()) for _ in range(n)]
    musicality, popularity = rng.normal(size=(n, 1)), rng.normal(size=(n, 1))
    duration = rng.normal(size=(n, 1))
    drive = of_musicality * musicality[:, 0] + of_system * np.array([strength[a] - strength[b] for a, b in systems])
    won = rng.random(n) < 1 / (1 + np.exp(-drive))
    votes = ["tie" if rng.random() < 0.1 else "A" if one else "B" for one in won]
    return Battles(
        [f"prompt {number // 2}" for number in range(n)],
        systems,
        votes,
        {"popularity": popularity, "aesthetics": musicality, "duration": duration},
        {"popularity": ("score_likes",), "aesthetics": ("musicality",), "duration": ("duration_s",)},
    )


def _compared(battles: Battles) -> dict[str, dict[str, dict[str, Summary]]]:
    report = Report("segue eval preference", {}, (1,))
    compare(report, battles, 1, n_resamples=200)
    return report.results


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, dict[str, Summary]]]:
    return _compared(_battles(300, of_musicality=1.5))


_DECISIVE = "popularity + aesthetics − popularity"


def test_a_planted_effect_of_aesthetics_is_recovered(found: dict[str, dict[str, dict[str, Summary]]]) -> None:
    for subset in ("all", "by prompt", "by pair", "new system"):
        assert found[_DECISIVE][subset]["auc"].low > 0.1
        assert found["aesthetics"][subset]["accuracy"].mean > 0.65
    assert found["rule musicality"]["all"]["auc"].mean > 0.7  # the larger value wins, so the sign is right
    assert found["popularity"]["all"]["auc"].low < 0.5 < found["popularity"]["all"]["auc"].high
    beside = "confounders + popularity + aesthetics − confounders + popularity"
    assert found[beside]["all"]["auc"].low > 0.1


def test_shuffled_aesthetics_add_nothing() -> None:
    battles = _battles(300, of_musicality=1.5)
    rng = np.random.default_rng(2)
    battles.groups["aesthetics"] = rng.permutation(battles.groups["aesthetics"])
    decisive = _compared(battles)[_DECISIVE]["all"]["auc"]
    assert decisive.low < 0 < decisive.high or decisive.mean < 0


def test_the_sign_is_natural_so_that_what_is_disliked_is_below_chance() -> None:
    results = _compared(_battles(300, of_musicality=-2.0))
    assert results["rule musicality"]["all"]["auc"].high < 0.4
    assert results["aesthetics"]["all"]["auc"].low > 0.6  # who learns turns it round


def test_systems_strengths_do_not_reach_a_system_that_was_never_seen() -> None:
    results = _compared(_battles(300, of_musicality=0.0, of_system=2.0))
    assert results["system identity"]["by prompt"]["auc"].low > 0.7
    assert results["system identity"]["ungrouped"]["auc"].low > 0.7
    assert results["system identity"]["new system"]["auc"].mean < results["system identity"]["by prompt"]["auc"].mean


def test_changing_sides_turns_every_prediction_round() -> None:
    rng = np.random.default_rng(0)
    differences = rng.normal(size=(80, 3))
    won = (differences[:, 0] + rng.normal(size=80) > 0).astype(float)
    prompts = np.array([f"p{number}" for number in range(80)])
    weights, scale = choose_and_fit(differences, won, prompts, 1)
    turned, other = choose_and_fit(-differences, 1 - won, prompts, 1)
    np.testing.assert_allclose(differences / scale @ weights, -(-differences / other @ turned), atol=1e-6)
    assert accuracy(np.array([1.0, 0.0, 1.0]), np.array([0.2, -0.1, 0.0])) == pytest.approx(2.5 / 3)


def test_strengths_are_in_the_order_of_wins() -> None:
    systems = [("a", "b")] * 8 + [("b", "c")] * 8
    won = np.array([1.0] * 7 + [0.0] + [1.0] * 7 + [0.5])
    strengths = fit_strengths(system_differences(systems), won)
    assert strengths[0] > strengths[1] > strengths[2]
    assert strengths.sum() == pytest.approx(0, abs=1e-4)


def _write(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_files_are_read_by_prompt_and_system_and_differences_are_a_minus_b(tmp_path: Path) -> None:
    battles = _write(
        tmp_path / "b.csv",
        ["prompt_id,system_a,system_b,vote,genre", "1,x,y,A,jazz", "2,y,x,both_bad,rock", "3,x,z,TIE,jazz"],
    )
    features = _write(
        tmp_path / "f.csv",
        [
            "prompt_id,system,duration_s,score_likes,musicality,loudness_db,flatness,genre",
            *("1,x,10,50,3,-9,.1,jazz", "1,y,30,40,2,-12,.2,rock", "2,x,20,10,1,-10,.3,rock", "2,y,25,30,4,-10,,rock"),
        ],
    )
    np.save(tmp_path / "v.npy", np.arange(8, dtype=np.float32).reshape(4, 2))
    read = read_battles(battles, [features], tmp_path / "v.npy")
    assert read.votes == ["A", "both bad"]
    assert read.n_without == 1
    assert read.groups["duration"].tolist() == [[-20], [5]]
    assert read.groups["popularity"].tolist() == [[10], [20]]
    assert read.groups["aesthetics"].tolist() == [[1], [3]]
    assert read.groups["vector"].tolist() == [[-2, -2], [2, 2]]
    assert (read.columns["loudness"], read.columns["acoustics"]) == (("loudness_db",), ("flatness",))
    assert read.groups["acoustics"][1] == 0  # unknown of one side
    assert read.columns["genre"] == ("genre: jazz", "genre: rock")
    assert read.groups["genre"].tolist() == [[1, -1], [0, 0]]
    assert read.parts == {"genre": ["jazz", "rock"]}


@pytest.mark.parametrize(
    ("battles", "features", "problem"),
    [
        ("prompt_id,system_a,vote\n1,x,A", "prompt_id,system,f\n1,x,1", "no column system_b"),
        ("prompt_id,system_a,system_b,vote\n1,x,y,C", "prompt_id,system,f\n1,x,1\n1,y,2", "the vote 'C'"),
        ("prompt_id,system_a,system_b,vote\n1,x,y,A", "prompt_id,f\n1,1", "neither prompt_id and system"),
        ("prompt_id,system_a,system_b,vote\n1,x,y,A", "prompt_id,system,f\n1,x,1\n1,x,2", "several rows of one"),
        ("prompt_id,system_a,system_b,vote\n1,x,y,A", "prompt_id,system,f\n2,x,1\n2,y,2", "no battle of"),
        ("prompt_id,system_a,system_b,vote\n1,x,y,A", "battle_id,side,f\n2,A,1\n2,B,2", "no column battle_id"),
        ("prompt_id,system_a,system_b,vote\n1,x,y,A", "prompt_id,system,f\n1,x,1\n1,y,2", "1 battles are decided"),
    ],
    ids=["column", "vote", "keys", "twice", "others", "battle ids", "few"],
)
def test_files_that_do_not_do_are_refused_in_words(tmp_path: Path, battles: str, features: str, problem: str) -> None:
    (tmp_path / "b.csv").write_text(battles + "\n", encoding="utf-8")
    (tmp_path / "f.csv").write_text(features + "\n", encoding="utf-8")
    with pytest.raises(EvaluationDataError, match=problem):
        evaluate(tmp_path / "b.csv", [tmp_path / "f.csv"], (1,))


def _record(number: int, preference: str | None) -> dict[str, Any]:
    """A record as the published data set has it (fields of preprocess.py)."""
    longer = number % 2
    return {
        "battle_uuid": f"u{number:03}",
        "prompt": f"Prompt {number // 2}",
        "lyrics": "",
        "is_instrumental": number % 3 == 0,
        "system_a": _SYSTEMS[number % 5],
        "system_b": _SYSTEMS[number % 5 + 1],
        "preference": preference,
        "duration_a": 30.0 + longer,
        "duration_b": 31.0 - longer,
        "audio_a": f"audio_files/a{number}.mp3",
        "audio_b": "",
    }


def test_records_of_music_arena_become_battles(tmp_path: Path) -> None:
    folder = tmp_path / "battle_data" / "01-2025JULAUG"
    folder.mkdir(parents=True)
    for number in range(60):
        vote = ("A" if number % 2 else "B") if number < 58 else "BOTH_BAD"
        (folder / f"{number}.json").write_text(json.dumps(_record(number, vote)), encoding="utf-8")
    log = {  # the platform's own log
        "uuid": "raw",
        "prompt_detailed": {"overall_prompt": "Prompt 0", "instrumental": True},
        "a_metadata": {"system_key": {"system_tag": "system 0"}, "duration": 5},
        "b_metadata": {"system_key": {"system_tag": "system 1"}, "duration": 6},
        "vote": {"preference": "TIE"},
    }
    (folder / "raw.json").write_text(json.dumps(log), encoding="utf-8")
    (folder / "no-vote.json").write_text(json.dumps(_record(99, None)), encoding="utf-8")
    (folder / "broken.json").write_text("{", encoding="utf-8")
    found = convert(tmp_path / "battle_data", tmp_path / "b.csv", tmp_path / "f.csv")
    assert (found.n_battles, found.n_without_vote, found.n_unreadable) == (61, 1, 1)
    read = read_battles(tmp_path / "b.csv", [tmp_path / "f.csv"])
    assert {vote: read.votes.count(vote) for vote in set(read.votes)} == {"A": 29, "B": 29, "both bad": 2, "tie": 1}
    assert read.prompts[0] == read.prompts[1]  # the same prompt from a log and from a record
    assert set(read.parts) == {"instrumental"}
    result = CliRunner().invoke(
        eval_app, ["preference", "--battles", str(tmp_path / "battle_data"), "--json", str(tmp_path / "p.json")]
    )
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))["results"]
    assert told["duration"]["by prompt"]["accuracy"]["mean"] == 1
    with pytest.raises(EvaluationDataError, match="no battle with a vote"):
        convert(tmp_path / "b.csv", tmp_path / "x.csv", tmp_path / "y.csv")
