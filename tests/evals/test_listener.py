"""The simulated listener: what counts as found, what each system is told, and what the whole comparison says."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.reply import Message, Reply, SlateTrack
from evals.errors import EvaluationDataError
from evals.held_out import HeldOut
from evals.latency import FailedTurnError
from evals.listener import (
    LIKES_IGNORED,
    MAX_TURNS,
    MEMORYLESS,
    N_CHOOSING,
    SEGUE,
    SYSTEMS,
    Conversation,
    Course,
    draw,
    evaluate,
    fill,
    hold,
    read_dialogues,
)
from evals.listener_playlists import write_conversations
from evals.report import Report
from recsys.types import Track
from tests.planted import STYLES, planted_tracks

WORKS = {"a": 0, "a live": 0, "b": 1, "c": 2, "d": 3}


class Scripted:
    """Shows the same slates whoever asks, and writes down who asked and what was liked."""

    def __init__(self, *slates: tuple[str, ...], broken: bool = False) -> None:
        self.slates, self.broken = slates, broken
        self.asked: list[Message] = []
        self.liked: list[tuple[str, str | None, str]] = []

    def reply(self, message: Message) -> Reply:
        shown = self.slates[len(self.asked)]
        self.asked.append(message)
        tracks = tuple(
            SlateTrack(position=n, track_id=one, title=one, artist="x", artists=("x",), link="https://example.org")
            for n, one in enumerate(shown, start=1)
        )
        return Reply(session_id="s", turn=1, query=message.text, text="t", tracks=tracks, last_resort=self.broken)

    def feedback(self, listener_id: str, session_id: str | None, track_id: str, kind: str) -> None:
        assert kind == "like"
        self.liked.append((listener_id, session_id, track_id))


def converse(system: str, *slates: tuple[str, ...]) -> tuple[Course, Scripted]:
    scripted: Any = Scripted(*slates)
    words = tuple(f"turn {n}" for n in range(len(slates)))
    return hold(scripted, WORKS, Conversation("x", words, frozenset({"a", "b", "c"})), system, 7), scripted


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_target_counts_once_whatever_its_version_and_whoever_forgot_it(system: str) -> None:
    course, _ = converse(system, ("a live", "d"), ("a", "b"), ("b", "a live"), ("c", "d"))
    assert course == Course((1, 1, 0, 1), n_targets=3)


def test_each_system_is_told_what_it_may_know() -> None:
    slates = (("a", "d"), ("b",))
    told = {system: converse(system, *slates)[1] for system in SYSTEMS}
    who = {system: {(one.listener_id, one.session_id) for one in told[system].asked} for system in SYSTEMS}
    assert [len(who[system]) for system in (SEGUE, LIKES_IGNORED, MEMORYLESS)] == [1, 1, 2]
    assert not who[SEGUE] & who[LIKES_IGNORED]
    assert [one[2] for one in told[SEGUE].liked] == ["a", "b"]
    assert {one[:2] for one in told[SEGUE].liked} == who[SEGUE]
    assert not told[MEMORYLESS].liked
    assert not told[LIKES_IGNORED].liked
    same = {tuple((one.text, one.seed, one.n_tracks) for one in told[system].asked) for system in SYSTEMS}
    assert len(same) == 1, "the same words, seeds and sizes for all"


def test_a_conversation_ends_with_its_words_or_after_five_turns() -> None:
    assert len(converse(SEGUE, ("d",), ("d",))[0].hits) == 2
    assert len(converse(SEGUE, *[("d",)] * 8)[0].hits) == MAX_TURNS


def test_a_failed_turn_fails_the_evaluation() -> None:
    scripted: Any = Scripted(("a",), broken=True)
    with pytest.raises(FailedTurnError, match="hello"):
        hold(scripted, WORKS, Conversation("x", ("hello",), frozenset({"a"})), SEGUE, 7)


def test_figures_by_hand() -> None:
    course = Course((0, 2, 1, 0), n_targets=6)
    assert course.figures(2) == {"hits": 2, "found": 2 / 6, "success_1": 1, "success_3": 0}
    assert course.end() == {
        "hits": 3, "found": 0.5, "success_1": 1, "success_3": 1, "turns_to_1": 2, "turns_to_3": 3,
    }  # fmt: skip
    never = Course((0, 0, 0), n_targets=6).end()
    assert (never["turns_to_1"], never["success_1"]) == (4, 0), "one more than there were"


def test_differences_are_paired_and_turns_hold_those_that_reach_them() -> None:
    courses = {
        SEGUE: [Course((1, 3), 4), Course((0, 2, 5), 9)],
        MEMORYLESS: [Course((1, 1), 4), Course((0, 0, 1), 9)],
        LIKES_IGNORED: [Course((1, 3), 4), Course((0, 1, 5), 9)],
    }
    report = Report("segue eval listener", {}, [7])
    fill(report, courses, ["x", "y"])
    better = report.results["segue - memoryless"]
    assert better["turn 1"]["hits"].mean == 0
    assert (better["turn 2"]["hits"].mean, better["turn 2"]["hits"].low) == (2, 2), "2 in either: no spread"
    assert (better["turn 3"]["hits"].mean, better["turn 3"]["hits"].n) == (4, 1)
    assert report.results["segue - likes-ignored"]["turn 2"]["hits"].mean == 0.5
    assert report.results[SEGUE]["all"]["hits"].mean == 5.5


def test_what_is_kept_for_choosing_is_never_reported() -> None:
    held = [Conversation(f"{n}", ("a", "b", "c"), frozenset("abc")) for n in range(N_CHOOSING + 60)]
    chosen = {one.conversation_id for seed in range(3) for one in draw(held, 500, seed, choosing=True)}
    reported = {one.conversation_id for seed in range(3) for one in draw(held, 500, seed)}
    assert (len(chosen), len(reported)) == (N_CHOOSING, 60)
    assert not chosen & reported
    assert draw(held, 20, 1) == draw(held, 20, 1) != draw(held, 20, 2)


def test_dialogues_that_cannot_be_held_are_left_out(tmp_path: Path) -> None:
    def dialogue(name: str, n_turns: int, *goal: str) -> str:
        return json.dumps({"id": name, "turns": [{"user_query": "hi"}] * n_turns, "goal_playlist": goal})

    path = tmp_path / "dialogs.jsonl"
    lines = [dialogue("whole", 3, "a", "b", "c", "gone"), dialogue("short", 2, "a", "b", "c")]
    path.write_text("\n".join([*lines, dialogue("few", 4, "a", "b", "gone")]), encoding="utf-8")
    assert read_dialogues(path, WORKS) == [Conversation("whole", ("hi", "hi", "hi"), frozenset("abc"))]
    with pytest.raises(EvaluationDataError, match="none of the 3 dialogues"):
        read_dialogues(path, {})
    for wrong in ("not json", '{"id": 1}', "[]"):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(EvaluationDataError, match=r"dialogs\.train\.jsonl"):
            read_dialogues(path, WORKS)
    with pytest.raises(EvaluationDataError, match="cannot be read"):
        read_dialogues(tmp_path / "none.jsonl", WORKS)


def test_words_for_a_held_out_playlist_are_made_of_what_its_tracks_share() -> None:
    tracks = {
        f"t{n}": Track(f"t{n}", f"Title {n}", ("x",), album=album, year=1990 + n)
        for n, album in enumerate(("Old", "Old", "Title 1", "One", "Two", None, "Title 3", "New"))
    }
    playlist = HeldOut("p", "my name", ("t0", "t1", "t2", "t3"), ("t4", "t5", "t6", "t7"), True)
    (written,) = write_conversations([playlist], tracks, 3)
    assert written.targets == frozenset(tracks)
    assert written.words[:2] == ("my name", "from 1992 to 1995")
    assert set(written.words[2:]) in (
        {"in the spirit of One", "also in the spirit of Two"},
        {"in the spirit of Two", "also in the spirit of One"},
    ), "never an album that is called as a track"
    assert [written] == write_conversations([playlist], tracks, 3)
    assert write_conversations([HeldOut("p", "n", ("t0",), ("t2",), True)], tracks, 3) == []


def test_a_whole_evaluation_on_a_small_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same again and "more" tell a session what to go on with, and who forgets everything nothing at all."""
    monkeypatch.setenv("SEGUE_TRAINING_STEPS", "20")
    tracks = planted_tracks()
    with (tmp_path / "tracks.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("track_id", "title", "artist", "album", "genre"))
        writer.writerows((one.track_id, one.title, one.artist, one.album, one.genres[0]) for one in tracks)
    dialogues = [
        {
            "id": f"{style} {number}",
            "turns": [{"user_query": words} for words in (f"some {style}", f"{style} please", "more please")],
            "goal_playlist": [one.track_id for one in tracks if one.track_id.startswith(f"{style}-")],
        }
        for style in STYLES
        for number in range(2)
    ]
    lines = "\n".join(json.dumps(one) for one in dialogues)
    (tmp_path / "dialogs.jsonl").write_text(lines, encoding="utf-8")
    report = evaluate(tmp_path / "tracks.csv", tmp_path / "dialogs.jsonl", 8, (7,), choosing=True)
    for other in (MEMORYLESS, LIKES_IGNORED):
        assert report.results[f"segue - {other}"]["turn 1"]["hits"].mean == 0
        assert report.results[f"segue - {other}"]["turn 1"]["hits"].sd == 0
    assert report.results["segue - memoryless"]["turn 3"]["hits"].low > 0
    assert report.results["segue - likes-ignored"]["turn 2"]["hits"].low > 0
    assert report.settings["kept_for"] == "choosing"


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_a_conversation_finds_more_than_its_last_turn_and_more_with_likes(eval_data: Path) -> None:
    """Two hundred conversations per seed in real words, about playlists that the catalogue does not know."""
    cpcd = eval_data / "cpcd"
    report = evaluate(cpcd / "tracks.jsonl", cpcd / "dialogs.train.jsonl", 200, (64, 65, 66))
    for other in (MEMORYLESS, LIKES_IGNORED):
        better = report.results[f"segue - {other}"]
        assert better["turn 1"]["hits"].mean == 0
        for turn in ("turn 2", "turn 3"):
            assert better[turn]["hits"].n == 600
            assert better[turn]["hits"].low > 0, (other, turn, better[turn]["hits"])
