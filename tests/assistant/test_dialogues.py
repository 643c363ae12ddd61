"""Conversations as dialogues: what is written of them, what is not, and that the evaluation reads it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.errors import NothingLikedError
from assistant.reply import Message
from evals.cpcd import evaluate
from recsys.dialogue_files import read_clusters, read_dialogues
from recsys.dialogues import Dialogue, heard
from recsys.errors import DialogueFileError
from recsys.types import EventKind
from tests.conversations import BEGAN, Conversations

Open = Callable[..., Assistant]


@pytest.fixture
def served(indexed_home: Callable[[int], Path], open_assistant: Open) -> Iterator[Assistant]:
    """An assistant that serves 40 made-up tracks."""
    with open_assistant(indexed_home(40)) as opened:
        yield opened


def exported(assistant: Assistant, folder: Path, listener_id: str | None = None) -> list[Dialogue]:
    assistant.export_dialogues(folder, listener_id)
    return read_dialogues(folder / "dialogs.jsonl")


def test_a_conversation_goes_out_as_it_was_held(served: Assistant, tmp_path: Path) -> None:
    first = served.reply(Message(listener_id="ann", session_id="s", text="mellow jazz, 6 tracks"))
    shown = [track.track_id for track in first.tracks]
    for number, kind in ((4, "like"), (1, "like"), (2, "dislike"), (3, "like"), (3, "unrate"), (5, "keep")):
        served.feedback("ann", "s", shown[number], kind)
    second = served.reply(Message(listener_id="ann", session_id="s", text="more energetic, please"))
    new = next(track.track_id for track in second.tracks if track.track_id not in shown)
    served.feedback("ann", "s", new, "like")
    served.feedback("ann", "s", shown[1], "like")
    served.reply(Message(listener_id="bob", session_id="s", text="some rock"))

    report = served.export_dialogues(tmp_path / "out")
    (dialogue,) = read_dialogues(tmp_path / "out" / "dialogs.jsonl")
    assert [turn.utterance for turn in dialogue.turns] == ["mellow jazz, 6 tracks", "more energetic, please"]
    assert [turn.response for turn in dialogue.turns] == [first.text, second.text]
    assert [turn.liked for turn in dialogue.turns] == [(shown[4], shown[1]), (new,)]
    assert [turn.disliked for turn in dialogue.turns] == [(shown[2],), ()]
    assert dialogue.goal == (shown[4], shown[1], shown[5], new)
    assert heard(dialogue, 1).liked == ((shown[4], shown[1]),)
    assert (report.n_dialogues, report.n_turns, report.n_listeners, report.n_goal) == (1, 2, 1, 4)
    assert (report.n_left_out, report.n_gone, report.n_tracks) == (1, 0, 40)

    raw = json.loads((tmp_path / "out" / "dialogs.jsonl").read_text(encoding="utf-8"))
    assert set(raw["tracks"]) == {shown[1], shown[2], shown[4], shown[5], new}
    assert raw["tracks"][new]["track_titles"] in {track.title for track in second.tracks}
    assert "ann" not in json.dumps({**raw, "turns": [], "tracks": {}})
    assert set(read_clusters(tmp_path / "out" / "tracks.jsonl")) == set(served._agent().recommender.catalogue.track_ids)


def test_the_evaluation_reads_it(served: Assistant, tmp_path: Path) -> None:
    for number, genre in enumerate(("jazz", "rock", "folk", "techno", "jazz", "rock")):
        reply = served.reply(Message(listener_id="ann", session_id=f"s{number}", text=f"{genre}, 5 tracks"))
        for track in reply.tracks[:2]:
            served.feedback("ann", f"s{number}", track.track_id, "like")
    report = served.export_dialogues(tmp_path / "out")
    figures = evaluate(Path(report.tracks), Path(report.dialogs), ("bm25", "random"), (3,))
    assert figures.results["bm25"]["all"]["hit@10"].n == 6


def test_a_saved_playlist_is_a_goal_less_what_is_disliked(served: Assistant, tmp_path: Path) -> None:
    reply = served.reply(Message(listener_id="ann", session_id="s", text="mellow jazz, 6 tracks"))
    served.feedback("ann", "s", reply.tracks[2].track_id, "dislike")
    saved = served.reply(Message(listener_id="ann", session_id="s", text="save it as csv"))
    assert saved.export == "csv"
    (dialogue,) = exported(served, tmp_path / "out")
    kept = [track.track_id for track in saved.tracks if track.track_id != reply.tracks[2].track_id]
    assert dialogue.goal == tuple(kept) != ()


def test_ratings_belong_to_the_turn_after_which_they_were_made(served: Assistant, tmp_path: Path) -> None:
    """Also those of an earlier slate: what was not yet said must not be heard."""
    ids = served._agent().recommender.catalogue.track_ids
    talk = Conversations(served._store())
    talk.say("ann", "jazz", ids[:3], at=BEGAN, session_id="s")
    talk.say("ann", "more", ids[3:6], at=BEGAN + 100, session_id="s", turn=2)
    talk.do("ann", ids[0], EventKind.LIKE, BEGAN + 150, "s")
    talk.do("ann", ids[3], EventKind.LIKE, BEGAN + 90, "s")
    talk.do("ann", ids[4], EventKind.LIKE, BEGAN + 160, None)
    (dialogue,) = exported(served, tmp_path / "out")
    assert [turn.liked for turn in dialogue.turns] == [(ids[3],), (ids[0],)]
    assert dialogue.goal == (ids[3], ids[0])


def test_only_what_holds_is_told(served: Assistant, tmp_path: Path) -> None:
    """Taken back and given again, a like is of the later turn; turned into a dislike, it is none."""
    ids = served._agent().recommender.catalogue.track_ids
    talk = Conversations(served._store())
    talk.say("ann", "jazz", ids[:3], at=BEGAN, session_id="s", liked=ids[:3])
    talk.do("ann", ids[0], EventKind.UNRATE, BEGAN + 70, "s")
    talk.do("ann", "gone", EventKind.LIKE, BEGAN + 80, "s")
    talk.say("ann", "more", ids[:3], at=BEGAN + 100, session_id="s", turn=2)
    talk.do("ann", ids[0], EventKind.LIKE, BEGAN + 150, "s")
    talk.do("ann", ids[1], EventKind.DISLIKE, BEGAN + 151, "s")
    talk.do("ann", ids[1], EventKind.KEEP, BEGAN + 152, "s")
    report = served.export_dialogues(tmp_path / "out")
    (dialogue,) = read_dialogues(tmp_path / "out" / "dialogs.jsonl")
    assert [turn.liked for turn in dialogue.turns] == [(ids[2],), (ids[0],)]
    assert [turn.disliked for turn in dialogue.turns] == [(), (ids[1],)]
    assert dialogue.goal == (ids[2], ids[0])
    assert report.n_gone == 1


def test_one_listener_alone_and_no_session_of_somebody_else(served: Assistant, tmp_path: Path) -> None:
    ids = served._agent().recommender.catalogue.track_ids
    talk = Conversations(served._store())
    for number, who in enumerate(("ann", "bob", "bob")):
        talk.say(who, f"talk {number}", ids[:3], at=BEGAN + number, session_id=f"s{number}", liked=ids[:1])
    served.not_me("bob", "s2")
    assert [one.turns[0].utterance for one in exported(served, tmp_path / "bob", "bob")] == ["talk 1"]
    assert len({one.id for one in exported(served, tmp_path / "all")}) == 2


def test_without_anything_liked_nothing_is_written(served: Assistant, tmp_path: Path) -> None:
    served.reply(Message(listener_id="ann", session_id="s", text="mellow jazz"))
    with pytest.raises(NothingLikedError, match="no listener has a conversation in which a track was liked"):
        served.export_dialogues(tmp_path / "out")
    with pytest.raises(NothingLikedError, match="listener 'ann' has no conversation"):
        served.export_dialogues(tmp_path / "out", "ann")
    assert not (tmp_path / "out").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(DialogueFileError, match="expected no or an empty folder"):
        served.export_dialogues(tmp_path / "full")
