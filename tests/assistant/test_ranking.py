"""The ranker learnt from conversations held here: from which, when it serves, and what happens where it cannot."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant import ranking
from assistant.app import Assistant
from assistant.doctor import _ranker
from assistant.errors import TooFewConversationsError
from assistant.ranking import RankerLearner, prepare
from assistant.reply import Message
from recsys.dialogue_files import write_dialogues
from recsys.dialogues import Dialogue, DialogueTurn
from recsys.lambdarank import LambdaRank, RankerError
from recsys.own_ranker import own_ranker, publish_ranker, ranker_stamp
from recsys.trial import Verdict
from tests.conversations import Conversations, planted_taste

Open = Callable[..., Assistant]
GENRES = ("jazz", "rock", "folk", "techno")


@pytest.fixture
def served(
    indexed_home: Callable[[int], Path], open_assistant: Open, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Assistant]:
    """An assistant that serves 40 made-up tracks, and ranks them by how sessions go although they are described."""
    monkeypatch.setattr("recsys.pipeline.undescribed", lambda _: 1.0)
    with open_assistant(indexed_home(40)) as opened:
        yield opened


def ids_of(assistant: Assistant, genre: int) -> list[str]:
    return list(assistant.serving().recommender.catalogue.track_ids)[genre::4]


def talk(assistant: Assistant, n: int) -> None:
    """Let two listeners ask for moods in words of their own, n times each."""
    pools = {genre: ids_of(assistant, number) for number, genre in enumerate(GENRES)}
    planted_taste(Conversations(assistant._store()), pools, n)


def learned(assistant: Assistant) -> LambdaRank | None:
    conversations = assistant.serving().recommender.conversations
    assert conversations is not None
    return conversations.learned


def dialogues(assistant: Assistant, n: int) -> list[Dialogue]:
    return [
        Dialogue(f"given {number}", (DialogueTurn(f"some {GENRES[number % 4]}"),), tuple(ids_of(assistant, number % 4)))
        for number in range(n)
    ]


def always(monkeypatch: pytest.MonkeyPatch, difference: float) -> None:
    verdict = Verdict(0.5, 0.5 + difference, difference, difference - 0.1, difference + 0.1, 4)
    monkeypatch.setattr(ranking, "compare", lambda *_: verdict)


def test_it_is_learnt_from_what_was_liked_and_compared_on_what_was_held_out(
    served: Assistant, open_assistant: Open
) -> None:
    talk(served, 15)
    with open_assistant(served.settings.home) as elsewhere:
        before = learned(elsewhere)
        report = served.train_ranker(n_walks=0)
        assert (report.n_own, report.n_given, report.n_learnt, report.n_held_out) == (30, 0, 24, 6)
        assert (report.n_walks, report.trial.difference) == (0, report.trial.new - report.trial.served)
        assert report.deployed == (report.trial.difference >= 0)
        assert report.deployed, "what is planted can be learnt"
        for one in (served, elsewhere):
            after = learned(one)
            assert after is not None
            assert after is not before
            assert (after.card["n_learnt"], after.card["n_turns"]) == (24, report.n_turns)
        reply = served.reply(Message(listener_id="eve", session_id="s", text="zorblax evening"))
        assert reply.tracks
        assert not reply.last_resort
    assert "learnt here from 24 conversations and 0 made ones" in _ranker(served.settings.home).detail


def test_one_that_is_worse_does_not_serve(served: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    talk(served, 10)
    before = learned(served)
    always(monkeypatch, -0.01)
    assert not served.train_ranker(n_walks=0).deployed
    assert learned(served) is before
    assert own_ranker(served.settings.home) is None
    always(monkeypatch, 0.0)
    assert served.train_ranker(n_walks=0).deployed
    assert own_ranker(served.settings.home) is not None


def test_too_few_conversations_say_how_many_there_are(served: Assistant, tmp_path: Path) -> None:
    talk(served, 8)
    catalogue = served.serving().recommender.catalogue
    given = [*dialogues(served, 3), Dialogue("elsewhere", (DialogueTurn("jazz"),), ("not here",))]
    write_dialogues(tmp_path / "few.jsonl", given, catalogue)
    with pytest.raises(TooFewConversationsError, match=r"16 held here .* 3 of --dialogs .* at least 20 .* nothing has"):
        served.train_ranker(dialogs=tmp_path / "few.jsonl")
    assert ranker_stamp(served.settings.home) is None
    write_dialogues(tmp_path / "enough.jsonl", dialogues(served, 4), catalogue)
    report = served.train_ranker(dialogs=tmp_path / "enough.jsonl", n_walks=0)
    assert (report.n_own, report.n_given, report.n_learnt, report.n_held_out) == (16, 4, 16, 4)


def test_conversations_that_come_back_from_an_export_count_once(served: Assistant, tmp_path: Path) -> None:
    talk(served, 8)
    written = served.export_dialogues(tmp_path / "out")
    with pytest.raises(TooFewConversationsError, match=r"16 held here .* 0 of --dialogs"):
        served.train_ranker(dialogs=Path(written.dialogs))


def test_what_tests_teaches_nothing_and_tests_again(served: Assistant) -> None:
    catalogue, real = served.serving().recommender.catalogue, dialogues(served, 40)
    lesson = prepare(real, (), catalogue)
    assert (len(lesson.teach), len(lesson.test)) == (32, 8)
    assert not {one.id for one in lesson.teach} & {one.id for one in lesson.test}
    assert prepare((), list(reversed(real)), catalogue).test == lesson.test


def test_made_conversations_fill_up_unless_their_number_is_given(
    served: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "ENOUGH", 30)
    learner = RankerLearner(served.serving(), seed=1, threads=1)
    assert [len(learner.walks(n, 24)) for n in (None, 0, 3)] == [6, 0, 3]
    assert learner.walks(None, 31) == []
    assert learner.walks(3, 24) == learner.walks(3, 24)


def test_the_comparison_is_the_mean_reciprocal_rank(served: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the first ten; what was liked before is not right again, and a turn that misses nothing is none."""
    agent = served.serving()
    catalogue, conversations = agent.recommender.catalogue, agent.recommender.conversations
    assert conversations is not None
    ids = catalogue.track_ids
    turns = (DialogueTurn("jazz", liked=(ids[0],)), DialogueTurn("more"), DialogueTurn("thanks"))
    tests = [Dialogue("a", turns, (ids[0], ids[8])), Dialogue("b", turns[:2], (ids[0],))]
    ranks = {1: [8, 0], 2: [*range(20, 29), 8], 3: [*range(20, 30), 8]}
    asked: list[int] = []
    learner = RankerLearner(agent, seed=1, threads=1)

    def rank(self: object, query: object, k: int) -> tuple[np.ndarray, None]:
        asked.append(len(asked))
        return np.array(ranks[asked[-1] // 2 + 1] if asked[-1] < 6 else [5, 6])[:k], None

    monkeypatch.setattr(type(agent.recommender), "rank", rank)
    seen: list[list[float]] = []
    monkeypatch.setattr(ranking, "compare", lambda was, new, groups, seed: seen.extend([was, new, groups]))
    learner.judge(LambdaRank.__new__(LambdaRank), tests)
    assert seen == [[1.0, 0.1, 0.0, 0.0]] * 2 + [["a", "a", "a", "b"]]


def test_a_killed_run_changes_nothing(served: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    talk(served, 10)
    always(monkeypatch, 0.0)
    served.train_ranker(n_walks=0)
    home = served.settings.home
    first, stamp = learned(served), ranker_stamp(home)
    assert first is not None
    with monkeypatch.context() as patch:
        patch.setattr("recsys.own_ranker.os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            served.train_ranker(n_walks=0)
    assert (learned(served), ranker_stamp(home)) == (first, stamp)
    for _ in range(3):
        publish_ranker(home, first)
    assert ranker_stamp(home) != stamp
    assert len([one for one in (home / "ranker").iterdir() if one.is_dir()]) == 2


@pytest.mark.parametrize("damage", ["cut", "swapped", "gone", "empty", "no card"])
def test_a_broken_one_is_named_and_passed_over(
    served: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    ranker = tiny()
    home = served.settings.home
    publish_ranker(home, ranker)
    folder = home / "ranker" / str(ranker_stamp(home))
    trees = folder / "ranker.txt.gz"
    whole = trees.read_bytes()
    if damage == "cut":
        trees.write_bytes(whole[: len(whole) // 2])
    elif damage == "swapped":
        trees.write_bytes(whole[:30] + bytes(255 - byte for byte in whole[30:60]) + whole[60:])
    elif damage == "gone":
        shutil.rmtree(folder)
    elif damage == "empty":
        (home / "ranker" / "CURRENT").write_text("")
    else:
        (folder / "ranker.json").write_text("[]")
    with pytest.raises(RankerError, match="segue train --ranker"):
        own_ranker(home)
    with caplog.at_level(logging.WARNING):
        reply = served.reply(Message(listener_id="ann", session_id="s", text="jazz"))
    assert reply.tracks
    assert "segue train --ranker" in caplog.text
    check = _ranker(home)
    assert not check.ok
    assert "passed over" in check.detail
    assert str(home / "ranker") in check.remedy


def tiny() -> LambdaRank:
    """A ranker of one feature that every evidence has."""
    from recsys.lambdarank import RankedTurn, RankerSettings

    features = np.arange(8, dtype=np.float32)[:, None]
    turn = RankedTurn(features, np.arange(8) > 5)
    return LambdaRank.fit([turn] * 20, ["hand_set"], RankerSettings(n_trees=2, threads=1), {})
