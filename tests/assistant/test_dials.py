"""The dials: what is said turns them, slates follow them step by step, and no wish pays for it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.request import MAX_ME, Intent, Request
from assistant.session import SessionState, fold
from assistant.understanding.rules import RulesUnderstanding
from evals.dials import SETTINGS, Turned, fill, rank_correlation, turn_dials
from evals.errors import EvaluationDataError
from evals.report import Report
from recsys.catalogue import Catalogue

_numbers = itertools.count()
_N_REQUESTS = 12
_GENRES, _MOODS = ("jazz", "rock", "folk", "techno", "soul"), ("mellow", "energetic", "happy", "dark")


@pytest.fixture(scope="module")
def turned(
    tmp_path_factory: pytest.TempPathFactory, starter_home: Path, open_assistant: Callable[..., Assistant]
) -> list[Turned]:
    """All dials over requests to a catalogue of sixty artists with six tracks each, known and unknown ones."""
    folder = tmp_path_factory.mktemp("dials")
    rng = np.random.default_rng(0)
    rows = ["title,artist,year,genres,moods,popularity"]
    for n in range(360):
        genre, mood = _GENRES[n // 6 % 5], rng.choice(_MOODS)
        rows.append(f"{mood} {genre} {n},Fox {n // 6},{1960 + n % 60},{genre},{mood},{rng.integers(1, 100)}")
    (folder / "foxes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    shutil.copytree(starter_home / "cache" / "encoder", folder / "home" / "cache" / "encoder")
    with open_assistant(folder / "home") as assistant:
        assistant.index(folder / "foxes.csv")
        return list(turn_dials(assistant, _N_REQUESTS, 64))


@pytest.mark.parametrize("dial", SETTINGS)
def test_slates_follow_a_dial(turned: list[Turned], dial: str) -> None:
    found = [one for one in turned if one.dial == dial]
    assert len(found) == _N_REQUESTS
    moved = [one.spearman for one in found if one.spearman is not None]
    # So small a catalogue soon has no more to give, and steps that change nothing count against the correlation.
    assert len(moved) >= _N_REQUESTS / 2
    assert np.mean(moved) >= 0.75
    means = np.mean([one.measured for one in found], axis=0) * (-1 if dial == "discovery" else 1)
    assert np.diff(means).min() > -0.02
    assert means[-1] - means[0] > 0.01


def test_no_wish_pays_for_a_dial(turned: list[Turned]) -> None:
    # In so small a catalogue one wish may give a place to another.
    assert np.mean([one.harmed for one in turned]) <= 0.05
    assert sum(one.violated for one in turned) == sum(one.violated_usual for one in turned) == 0


def test_the_report_has_all_dials_with_intervals(turned: list[Turned]) -> None:
    report = Report("segue eval dials", {}, (64,))
    fill(report, turned)
    assert list(report.results["segue"]) == ["all", *SETTINGS]
    for dial in SETTINGS:
        figures = report.results["segue"][dial]
        assert {"spearman", "vacuous", "harmed", "violated", "lowest", "usual", "highest"} <= set(figures)
        assert figures["spearman"].low <= figures["spearman"].mean <= figures["spearman"].high


def test_what_cannot_move_has_no_correlation_and_a_contrary_dial_a_negative_one() -> None:
    def spearman(dial: str, *measured: float) -> float | None:
        return Turned(dial, "r", measured, 0.0, 0.0, 0.0).spearman

    assert spearman("fame", 0.5, 0.5, 0.5, 0.5, 0.5) is None
    assert spearman("fame", 0.1, 0.2, 0.3, 0.4, 0.9) == pytest.approx(1)
    assert spearman("fame", 5, 4, 3, 2, 1) == pytest.approx(-1)
    assert spearman("discovery", 5, 4, 3, 2, 1) == pytest.approx(1)


def test_the_rank_correlation_is_that_of_others() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        left, right = rng.integers(0, 4, 8), rng.integers(0, 4, 8)
        if len(set(left.tolist())) > 1 < len(set(right.tolist())):
            expected = spearmanr(left, right).statistic
            assert rank_correlation(left.tolist(), right.tolist()) == pytest.approx(expected, abs=1e-6)


def test_a_catalogue_without_popularity_or_listeners_is_refused(
    open_assistant: Callable[..., Assistant], indexed_home: Callable[[int], Path], assistant: Assistant
) -> None:
    with open_assistant(indexed_home(40)) as small, pytest.raises(EvaluationDataError, match="popularity"):
        next(turn_dials(small, 5, 64))


@pytest.fixture(scope="module")
def rules() -> RulesUnderstanding:
    return RulesUnderstanding(Catalogue.from_tracks([]))


@pytest.mark.parametrize(
    ("text", "me", "discovery"),
    [
        ("more me", 2.0, None),
        ("make it more like me please", 2.0, None),
        ("a bit less me", 0.5, None),
        ("ignore my taste and play jazz", 0.0, None),
        ("don't ignore my taste", 2.0, None),
        ("jazz, but just my taste", 3.0, None),
        ("surprise me", 0.5, 0.8),
        ("stick to what I like", 2.0, -0.8),
        ("play something for me", None, None),
        ("mellow jazz", None, None),
    ],
)
def test_how_much_me_can_be_said(
    rules: RulesUnderstanding, text: str, me: float | None, discovery: float | None
) -> None:
    request = rules.understand(text, first_turn=False)
    assert (request.how_much_me, request.discovery) == (me, discovery)


def test_how_much_me_holds_until_it_is_said_again_or_all_is_forgotten() -> None:
    state = fold(SessionState(), Request(text="ignore my taste", how_much_me=0.0))
    assert not state.is_empty()
    state = fold(state, Request(text="jazz", intent=Intent.REFINE))
    assert state.how_much_me == 0.0
    assert fold(state, Request(text="more me", intent=Intent.REFINE, how_much_me=2.0)).how_much_me == 2.0
    assert fold(state, Request(text="start over", intent=Intent.START_OVER)).how_much_me is None


def ask(assistant: Assistant, listener: str, text: str, **more: Any) -> Reply:
    session = f"dial {next(_numbers)}"
    reply = assistant.reply(Message(listener_id=listener, session_id=session, text=text, seed=7, **more))
    assert not reply.last_resort, reply.text
    return reply


def shown(reply: Reply) -> list[str]:
    return [track.track_id for track in reply.tracks]


def test_without_me_the_taste_has_no_part_and_the_receipt_counts_it(assistant: Assistant) -> None:
    listener = f"dials {next(_numbers)}"
    for track in ask(assistant, listener, "electronic dance music").tracks:
        assistant.feedback(listener, "earlier", track.track_id, "like")
    without = ask(assistant, listener, "party music, ignore my taste")
    assert all(track.user_share == 0 for track in without.tracks)
    assert "without your taste" in without.text
    line = next(line for line in without.receipt if line.constraint == "your taste")
    assert (line.asked, line.delivered) == ("none of it", "0% of what lifts these tracks")
    nobody = ask(assistant, f"nobody {next(_numbers)}", "party music, ignore my taste")
    # What was liked is marked down as heard, for whoever asks; nothing else differs.
    liked = {track.track_id for track in without.tracks if track.liked}
    assert len(set(shown(without)) & set(shown(nobody))) >= 15 - len(liked)


def test_a_connector_turns_dials_past_the_words_and_within_their_range(assistant: Assistant) -> None:
    listener = f"dials {next(_numbers)}"
    for track in ask(assistant, listener, "electronic dance music").tracks:
        assistant.feedback(listener, "earlier", track.track_id, "like")
    said = ask(assistant, listener, "party music", how_much_me=0.0)
    assert all(track.user_share == 0 for track in said.tracks)
    most = ask(assistant, listener, "party music", how_much_me=MAX_ME)
    assert shown(ask(assistant, listener, "party music", how_much_me=1000.0)) == shown(most) != shown(said)
    assert shown(ask(assistant, listener, "party music", fame=-7.0)) == shown(
        ask(assistant, listener, "party music", fame=-1.0)
    )
    assert shown(ask(assistant, listener, "party music", discovery=float("nan"))) == shown(
        ask(assistant, listener, "party music")
    )
