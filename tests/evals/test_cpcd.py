"""`segue eval cpcd` as a whole, on planted dialogues: what systems may see, how they are compared, what comes out."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals import cpcd
from evals.cpcd import N_FOLDS, choose_systems, evaluate, folds
from evals.cpcd_baselines import BASELINES, Popularity
from evals.cpcd_context import Context
from evals.cpcd_files import read_predictions
from evals.errors import EvaluationDataError, UnknownSystemError
from evals.main import command_line
from recsys.catalogue import Catalogue
from recsys.dialogue_files import read_dialogues, write_dialogues, write_tracks
from recsys.dialogues import Dialogue, DialogueTurn, Heard
from recsys.errors import DialogueFileError
from recsys.types import TrackId
from tests.planted import planted_catalogue

CATALOGUE = planted_catalogue()
BY_ARTIST = {
    name: [CATALOGUE.track_ids[row] for row in np.flatnonzero(CATALOGUE.artist_rows == number)]
    for number, name in enumerate(CATALOGUE.artist_names)
}


def planted_dialogues(n: int = 60, seed: int = 7) -> list[Dialogue]:
    """Each is after the five tracks of the artist that it names, and likes one or more of them at every turn."""
    rng = random.Random(seed)
    dialogues = []
    for number in range(n):
        artist = rng.choice(sorted(BY_ARTIST))
        goal = rng.sample(BY_ARTIST[artist], 5)
        other = rng.sample(CATALOGUE.track_ids, 3)
        dialogues.append(
            Dialogue(
                f"talk-{number}",
                (
                    DialogueTurn(f"something by {artist}", "Like this?", (goal[0],), tuple(other[:1])),
                    DialogueTurn(f"more of that, friend{number}", "And this?", (goal[1], *other[1:], goal[2]), ()),
                    DialogueTurn(f"{artist} again", "Bye.", (goal[3], goal[4]), ()),
                ),
                tuple(goal),
            )
        )
    return dialogues


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    write_tracks(tmp_path / "tracks.jsonl", CATALOGUE)
    return tmp_path / "tracks.jsonl"


def written(path: Path, dialogues: Sequence[Dialogue]) -> Path:
    write_dialogues(path, dialogues, CATALOGUE)
    return path


def test_words_beat_fame_and_fame_beats_nothing_once_goals_are_shuffled(tracks: Path, tmp_path: Path) -> None:
    """A goal that belongs to another dialogue cannot be found, unless something leaks."""
    dialogues = planted_dialogues()
    names = ("popularity", "bm25")
    planted = evaluate(tracks, written(tmp_path / "d.jsonl", dialogues), names, (3,), against="popularity")
    gain = planted.results["bm25 - popularity"]["all"]["hit@5"]
    assert gain.low > 0.5
    goals = [one.goal for one in dialogues]
    random.Random(5).shuffle(goals)
    mixed = [Dialogue(one.id, one.turns, goal) for one, goal in zip(dialogues, goals, strict=True)]
    shuffled = evaluate(tracks, written(tmp_path / "m.jsonl", mixed), names, (3,), against="popularity")
    gain = shuffled.results["bm25 - popularity"]["all"]["hit@5"]
    assert gain.low <= 0
    assert abs(gain.mean) < 0.1


def scrambled(raw: dict[str, Any], turn: int, rng: random.Random) -> dict[str, Any]:
    """Change everything of a dialogue that may not be heard at a turn: what is left is what is known there."""
    ids = CATALOGUE.track_ids
    turns = []
    for number, one in enumerate(raw["turns"]):
        one = one | {"search_queries": ["zorblax"], "search_results": [rng.sample(ids, 4)]}
        if number < turn:
            one["liked_results"] = one["liked_results"][:3] + rng.sample(ids, 5 * (len(one["liked_results"]) >= 3))
            one["disliked_results"] = one["disliked_results"][:3]
        elif number == turn:
            one |= {"system_response": "scrambled", "liked_results": rng.sample(ids, 4), "disliked_results": []}
        turns.append(one)
    later = turns[0] | {"user_query": "scrambled", "liked_results": rng.sample(ids, 2)}
    tracks = {track_id: {"track_ids": track_id} for track_id in rng.sample(ids, 6)}
    return {
        "id": raw["id"],
        "turns": [*turns[: turn + 1], *[later] * rng.randrange(1, 4)],
        "tracks": tracks,
        "goal_playlist": rng.sample(ids, 3),
    }


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_nothing_that_is_hidden_changes_a_prediction(tracks: Path, tmp_path: Path, turn: int) -> None:
    dialogues = planted_dialogues(12)
    training = written(tmp_path / "training.jsonl", [Dialogue(f"t-{d.id}", d.turns, d.goal) for d in dialogues])
    plain = written(tmp_path / "plain.jsonl", dialogues)
    rng = random.Random(turn)
    changed = [scrambled(json.loads(line), turn, rng) for line in plain.read_text(encoding="utf-8").splitlines()]
    other = tmp_path / "other.jsonl"
    other.write_text("".join(json.dumps(one) + "\n" for one in changed), encoding="utf-8")
    answers = {}
    for path in (plain, other):
        folder = tmp_path / path.stem
        evaluate(tracks, path, tuple(BASELINES), (3,), training=training, written=folder)
        asked, known = read_dialogues(path), dict.fromkeys(CATALOGUE.track_ids)
        read = {name: read_predictions(folder / f"{name}.jsonl", asked, known) for name in BASELINES}
        answers[path] = {(name, d.id): read[name][d.id][turn] for name in BASELINES for d in asked}
    assert answers[plain] == answers[other]
    assert len(set(map(tuple, answers[plain].values()))) > len(dialogues), "they do differ from each other"


def test_fame_is_counted_in_training_goals_alone_and_ties_do_not_follow_the_file(tracks: Path) -> None:
    taught = [Dialogue("x", (), ("folk-0-0", "folk-0-0", "jazz-1-1")), Dialogue("y", (), ("folk-0-0", "nowhere"))]
    with Context(tracks) as context:
        system = Popularity("popularity", context)
        system.fit(taught)
        ranked = system.rank(Heard(("hello",)), 200)
        assert ranked[:2] == ["folk-0-0", "jazz-1-1"]
        assert len(ranked) == len(set(context.clusters.values())), "one of each work"
        rows = [context.catalogue.row(track_id) for track_id in ranked[2:]]
        assert abs(np.corrcoef(rows, range(len(rows)))[0, 1]) < 0.2


class Recorder:
    """Writes down what it is taught and asked; shows a slate that misses, then one that hits."""

    name = "recorder"
    made: list[Recorder]

    def __init__(self) -> None:
        self.taught: list[str] = []
        self.heard: list[Heard] = []
        Recorder.made.append(self)

    def fit(self, dialogues: Sequence[Dialogue]) -> None:
        assert not self.taught, "made anew for every fold"
        self.taught = [one.id for one in dialogues]

    def rank(self, heard: Heard, k: int) -> list[TrackId]:
        self.heard.append(heard)
        return CATALOGUE.track_ids[:k]

    def show(self, heard: Heard, n: int) -> list[TrackId] | None:
        artist = heard.utterances[0].removeprefix("something by ")
        return BY_ARTIST[artist][:n] if heard.responses else ["folk-0-0"] * n


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> type[Recorder]:
    Recorder.made = []
    monkeypatch.setitem(cpcd.SYSTEMS, "recorder", lambda context, seed: Recorder())
    return Recorder


def test_every_dialogue_is_asked_about_once_by_a_system_that_never_saw_it(
    tracks: Path, tmp_path: Path, recorder: type[Recorder]
) -> None:
    dialogues = planted_dialogues(13)
    path = written(tmp_path / "d.jsonl", dialogues)
    report = evaluate(tracks, path, ("recorder", "bm25"), (3,))
    assert len(recorder.made) == N_FOLDS
    spoken = {one.turns[1].utterance: one.id for one in dialogues}
    every = []
    for system in recorder.made:
        asked = [spoken[known.utterances[1]] for known in system.heard if len(known.utterances) == 2]
        assert sorted([*asked, *system.taught]) == sorted(spoken.values()), "each is either learnt from or asked about"
        every += asked
    assert sorted(every) == sorted(spoken.values())
    slates = report.results["recorder"]["slate as shown"]
    assert slates["hit@20"].mean == pytest.approx(2 / 3, abs=0.05), "the first slate misses, the other two hit"
    assert "slate as shown" not in report.results["bm25"]
    assert report.results["recorder"]["ranking"]["p99_ms"].n == 39
    assert report.results["recorder"]["fitting"]["seconds"].n == N_FOLDS


def test_folds_part_the_dialogues() -> None:
    dialogues = planted_dialogues(23)
    parts = list(folds(dialogues, 3))
    assert sorted(one.id for _, test in parts for one in test) == sorted(one.id for one in dialogues)
    for training, test in parts:
        assert not {one.id for one in training} & {one.id for one in test}
        assert len(training) + len(test) == 23
    assert [len(test) for _, test in parts] == [5, 5, 5, 4, 4]
    assert parts == list(folds(dialogues, 3)) != list(folds(dialogues, 4))


def test_predictions_of_a_file_score_as_the_system_that_wrote_them(tracks: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "d.jsonl", planted_dialogues(10))
    evaluate(tracks, path, ("bm25-last",), (3,), against="bm25-last", written=tmp_path / "out")
    theirs = {"theirs": tmp_path / "out" / "bm25-last.jsonl"}
    report = evaluate(tracks, path, ("bm25-last", "bm25"), (3,), predictions=theirs)
    both = report.details["averages"]
    assert both["theirs"] == both["bm25-last"]
    assert both["theirs"] != both["bm25"]
    assert set(report.results["theirs - bm25"]) == {"all", "turns 1+", "turn 0"}
    assert "ranking" not in report.results["theirs"]


def test_the_report_says_macro_micro_turns_and_each_dialogue(tracks: Path, tmp_path: Path) -> None:
    """One dialogue by hand: its artist is named, so that bm25 finds all that is left at every turn."""
    path = written(tmp_path / "d.jsonl", planted_dialogues(10))
    report = evaluate(tracks, path, ("bm25",), (3, 4))
    results = report.results["bm25"]
    assert {"all", "micro", "turns 1+", "turn 0", "turn 1", "turn 2", "ranking", "fitting"} == set(results)
    assert (results["all"]["mrr@10"].n, results["micro"]["mrr@10"].n) == (20, 60)
    turn_0, later = results["turn 0"]["hit@10"].mean, results["turns 1+"]["hit@10"].mean
    assert results["all"]["hit@10"].mean == pytest.approx((turn_0 + 2 * later) / 3)
    told = report.details["dialogues"]["bm25"]["4"]["talk-0"]
    assert [one["n_gold"] for one in told["turns"].values()] == [5, 4, 3], "less what was liked; not the fourth like"
    assert len(told["turns"]["0"]["ranks"]) == 5
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["details"]["averages"]["bm25"]["3"]["macro"]


def test_what_cannot_be_evaluated_is_refused(tracks: Path, tmp_path: Path) -> None:
    dialogues = planted_dialogues(10)
    path = written(tmp_path / "d.jsonl", dialogues)
    few = written(tmp_path / "few.jsonl", dialogues[:4])
    with pytest.raises(EvaluationDataError, match="4 dialogues and 5 folds"):
        evaluate(tracks, few, ("bm25",), (3,))
    with pytest.raises(EvaluationDataError, match=r"4 dialogues .* are also learnt from \(such as 'talk-0'\)"):
        evaluate(tracks, path, ("bm25",), (3,), training=few)
    strange = Dialogue("s", (DialogueTurn("hi", liked=("nowhere",)),), ("jazz-0-0",))
    with pytest.raises(EvaluationDataError, match=r"'s' of d\.jsonl rates the track 'nowhere'"):
        evaluate(tracks, written(path, [*dialogues, strange]), ("bm25",), (3,))
    aimless = [Dialogue(one.id, one.turns, ()) for one in dialogues]
    with pytest.raises(EvaluationDataError, match="nothing to find"):
        evaluate(tracks, written(path, aimless), ("bm25",), (3,))
    with pytest.raises(DialogueFileError, match=r"none\.jsonl"):
        evaluate(tracks, tmp_path / "none.jsonl", ("bm25",), (3,))


def test_the_command_prints_its_table_and_writes_all_that_it_is_asked_for(
    tracks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "d.jsonl", planted_dialogues(10))
    arguments = ["eval", "cpcd", "--tracks", str(tracks), "--dialogs", str(path), "--systems", "bm25,popularity"]
    assert _segue([*arguments, "--write-predictions", str(tmp_path / "out")]) == 0
    theirs = f"theirs={tmp_path / 'out' / 'popularity.jsonl'}"
    capsys.readouterr()
    json_file = tmp_path / "cpcd.json"
    assert _segue([*arguments, "--predictions", theirs, "--against", "theirs", "--json", str(json_file)]) == 0
    assert "popularity - theirs" in capsys.readouterr().out
    read = json.loads(json_file.read_text(encoding="utf-8"))
    assert read["settings"]["folds"] == N_FOLDS
    assert read["results"]["popularity - theirs"]["all"]["hit@100"] == {
        "mean": 0,
        "low": 0,
        "high": 0,
        "sd": 0,
        "n": 10,
    }
    assert read["results"]["bm25 - theirs"]["all"]["hit@10"]["low"] > 0
    assert _segue([*arguments, "--predictions", "bm25=x.jsonl"]) == 2
    assert "call it otherwise" in capsys.readouterr().err


def _segue(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        command_line().main(args=arguments, prog_name="segue")
    return int(ended.value.code or 0)


def test_systems_are_chosen_with_one_to_compare_with() -> None:
    assert choose_systems("random,bm25") == (("random", "bm25"), "bm25")
    assert choose_systems("random,popularity") == (("random", "popularity"), "random")
    assert set(BASELINES) <= set(choose_systems("all")[0])
    assert choose_systems("bm25", "theirs", ("theirs",)) == (("bm25",), "theirs")
    assert choose_systems("", None, ("theirs",)) == ((), "theirs")
    for none in ("jazz", ""):
        with pytest.raises(UnknownSystemError, match=f"no system '{none}'"):
            choose_systems(none)
    with pytest.raises(UnknownSystemError, match="no system to compare with 'bm25'"):
        choose_systems("random", "bm25")


def test_a_catalogue_without_words_is_searched_all_the_same(tmp_path: Path) -> None:
    """Signs only: no index can be made of them, and everything ties."""
    from recsys.types import Track

    write_tracks(tmp_path / "t.jsonl", Catalogue.from_tracks([Track(n, "!!!", ("???",)) for n in "abcdef"]))
    with Context(tmp_path / "t.jsonl") as context:
        ranked = BASELINES["bm25"](context, 3).rank(Heard(("hello",)), 9)
    assert sorted(ranked) == list("abcdef")
