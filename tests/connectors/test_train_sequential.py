"""`segue train --sequential` tells what was learnt, how the models compare, and whether one is switched on."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from assistant.app import Assistant
from assistant.following_reports import SequentialReport
from assistant.reports import TrialReport
from connectors.cli import app


@pytest.mark.parametrize(
    ("low", "weight", "said"),
    [
        (
            0.01,
            4.0,
            "The model (mixture) is switched on for this catalogue, from the next message on; in the radio it counts "
            "4, which finds most of the later sessions",
        ),
        (
            0.01,
            0.0,
            "No model is switched on for this catalogue: it beats counting, but adds nothing to likeness and shared "
            "playlists",
        ),
        (-0.01, 0.0, "No model is switched on for this catalogue: none is surely better there than counting"),
    ],
)
def test_what_was_learnt_is_told_with_figures(
    monkeypatch: pytest.MonkeyPatch, low: float, weight: float, said: str
) -> None:
    report = SequentialReport(
        source="sessions",
        n_sequences=1500,
        n_steps=9000,
        n_tracks=700,
        n_listeners=3,
        n_learnt=1200,
        n_questions=1500,
        figures={"popularity": 0.01, "successors": 0.05, "mixture": 0.07},
        model="mixture",
        baseline="successors",
        trial=TrialReport(served=0.05, new=0.07, difference=0.02, low=low, high=0.03),
        switched_on=weight > 0,
        weight=weight,
        seconds=4.0,
    )
    monkeypatch.setattr(Assistant, "train_sequential", lambda self, progress: report)
    result = CliRunner().invoke(app, ["train", "--sequential"])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Learnt what comes next from 1,500 sessions of 3 listeners: 9,000 steps over 700 tracks in 4 s",
        "  the first 1,200 taught, and 1,500 steps of the later ones were asked for",
        "NDCG@10 on those: popularity 0.010, successors 0.050, mixture 0.070",
        f"mixture against successors: 0.070 and 0.050; difference +0.020 [{low:+.3f}, +0.030] (95 %, paired)",
        said,
    ]
