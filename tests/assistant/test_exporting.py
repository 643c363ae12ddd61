"""Conversations as training data: what is written, what is not, and that it can be read and learnt from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel

import assistant.llm
from assistant.app import Assistant
from assistant.errors import ModelError, NothingTaughtError
from assistant.llm import LangChainModel
from assistant.reply import Message
from assistant.settings import LlmSettings
from recsys.jam.files import JamDataset, JamFormatError, read_jam
from recsys.types import EventKind, Facet
from tests.conversations import BEGAN, DAY_S, Conversations, planted_taste

Open = Callable[..., Assistant]


@pytest.fixture
def served(indexed_home: Callable[[int], Path], open_assistant: Open) -> Iterator[Assistant]:
    """An assistant that serves 40 made-up tracks."""
    with open_assistant(indexed_home(40)) as opened:
        yield opened


def track_ids(assistant: Assistant) -> list[str]:
    return list(assistant._agent().recommender.catalogue.track_ids)


def triples(dataset: JamDataset) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """(split, text, listener, answers) of every request, in order."""
    return [
        (
            name,
            split.texts[query],
            dataset.user_ids[split.users[query]],
            tuple(dataset.item_ids[item] for item in split.relevant(query).tolist()),
        )
        for name, split in dataset.splits.items()
        for query in range(len(split))
    ]


def test_a_conversation_goes_out_and_comes_back_equal(served: Assistant, tmp_path: Path) -> None:
    first = served.reply(Message(listener_id="ann", session_id="s", text="mellow jazz, 6 tracks"))
    for number in (0, 2):
        served.feedback("ann", "s", first.tracks[number].track_id, "like")
    second = served.reply(Message(listener_id="ann", session_id="t", text="energetic techno"))
    served.feedback("ann", "t", second.tracks[1].track_id, "keep")
    served.feedback("ann", "t", second.tracks[2].track_id, "like")
    served.feedback("ann", "t", second.tracks[2].track_id, "unrate")
    report = served.export_jam(tmp_path / "out")
    dataset = read_jam(tmp_path / "out")
    assert triples(dataset) == [
        ("train", "mellow jazz", "listener-1", (first.tracks[0].track_id, first.tracks[2].track_id)),
        ("train", "energetic techno", "listener-1", (second.tracks[1].track_id,)),
    ]
    assert (report.splits, report.n_listeners, report.n_kept, report.n_played) == ({"train": 2}, 1, 2, 0)
    assert (report.n_answers, report.n_tracks, report.modalities) == (3, 40, ("tags", "text"))
    assert dataset.item_ids == tuple(track_ids(served))
    assert dataset.item_names is not None
    catalogue = served._agent().recommender.catalogue
    assert dataset.item_names[0] == f"{catalogue.titles[0]} – {catalogue.artists[0][0]}"
    generation = served._served().generation.folder
    for modality in ("text", "tags"):
        vectors = np.load(generation / "embeddings" / modality / "vectors.npy")
        np.testing.assert_array_equal(dataset.item_features[modality], vectors)
    assert dataset.plays is None


def test_ten_minutes_of_listening_answer_whole(served: Assistant, tmp_path: Path) -> None:
    reply = served.reply(Message(listener_id="ann", session_id="s", text="jazz, 5 tracks"))
    lengths = [track.duration_s or 0.0 for track in reply.tracks]
    served.feedback("ann", "s", reply.tracks[0].track_id, "play", 1.0)
    served.feedback("ann", "s", reply.tracks[1].track_id, "play", 1.0)
    with pytest.raises(NothingTaughtError):
        served.export_jam(tmp_path / "out")
    assert sum(lengths[:2]) < 600 < sum(lengths[:3])
    served.feedback("ann", "s", reply.tracks[2].track_id, "play", 1.0)
    served.feedback("ann", "s", reply.tracks[4].track_id, "skip", 0.0)
    report = served.export_jam(tmp_path / "out")
    ((_, _, _, answers),) = triples(read_jam(tmp_path / "out"))
    assert answers == tuple(track.track_id for track in reply.tracks[:4])
    assert (report.n_kept, report.n_played) == (0, 1)


def test_requests_are_divided_by_time(served: Assistant, tmp_path: Path) -> None:
    conversations, ids = Conversations(served._store()), track_ids(served)
    for number in range(24):
        at = BEGAN + (24 - number) * DAY_S  # told backwards
        conversations.say("ann" if number % 2 else "bob", f"request {24 - number}", ids[:3], liked=ids[:1], at=at)
    report = served.export_jam(tmp_path / "out")
    assert report.splits == {"train": 20, "val": 2, "test": 2}
    assert [text for _, text, _, _ in triples(read_jam(tmp_path / "out"))] == [f"request {n}" for n in range(1, 25)]


def test_three_requests_are_enough_to_divide(served: Assistant, tmp_path: Path) -> None:
    conversations, ids = Conversations(served._store()), track_ids(served)
    for number in range(3):
        conversations.say("ann", f"request {number}", ids[:3], liked=ids[:1])
    assert served.export_jam(tmp_path / "out").splits == {"train": 1, "val": 1, "test": 1}


def test_listeners_are_apart_and_have_no_names_unless_asked(served: Assistant, tmp_path: Path) -> None:
    conversations, ids = Conversations(served._store()), track_ids(served)
    for listener_id, liked in (("Bob Miller", ids[0]), ("ann@example.org", ids[1])):
        conversations.say(listener_id, "folk", ids[:3], liked=[liked], session_id="same")
    served.export_jam(tmp_path / "numbered")
    written = b"".join(path.read_bytes() for path in (tmp_path / "numbered").rglob("*.tsv"))
    assert b"Bob" not in written
    assert b"ann" not in written
    assert [(who, answers) for _, _, who, answers in triples(read_jam(tmp_path / "numbered"))] == [
        ("listener-1", (ids[0],)),
        ("listener-2", (ids[1],)),
    ]
    assert served.export_jam(tmp_path / "named", with_ids=True).with_ids
    assert read_jam(tmp_path / "named").user_ids == ("Bob Miller", "ann@example.org")
    one = served.export_jam(tmp_path / "one", "ann@example.org")
    assert (one.n_listeners, one.n_answers) == (1, 1)
    assert triples(read_jam(tmp_path / "one")) == [("train", "folk", "listener-1", (ids[1],))]
    with pytest.raises(NothingTaughtError, match="listener 'eve' has not kept"):
        served.export_jam(tmp_path / "none", "eve")


def test_the_undated_history_gives_no_answer_away(served: Assistant, tmp_path: Path) -> None:
    conversations, ids = Conversations(served._store()), track_ids(served)
    ats = [
        conversations.say("ann", f"request {n}", ids[:4], liked=ids[:1], session_id=f"session {n}") for n in range(10)
    ]
    played = {
        "before": (ids[10], ats[0] - 5, None, 1.0),
        "twice": (ids[10], ats[2] + 5, None, None),
        "elsewhere": (ids[11], ats[2] + 5, "another session", 0.5),
        "broken off": (ids[12], ats[2] + 5, None, 0.2),
        "an answer": (ids[1], ats[3] + 5, "session 3", 1.0),
        "later than the first request of val": (ids[13], ats[8] + 5, None, 1.0),
        "by somebody who asked nothing": (ids[14], ats[0], None, 1.0),
    }
    for name, (track_id, at, session_id, completion) in played.items():
        who = "eve" if name.startswith("by somebody") else "ann"
        conversations.do(who, track_id, EventKind.PLAY, at, session_id, completion)
    assert served.export_jam(tmp_path / "out").n_plays == 2
    plays = read_jam(tmp_path / "out").plays
    assert plays is not None
    counted = {ids[column]: plays[0, column] for column in plays.indices.tolist()}
    assert counted == {ids[10]: 2, ids[11]: 1}


def test_answers_that_left_the_catalogue_are_left_out(served: Assistant, tmp_path: Path) -> None:
    conversations, ids = Conversations(served._store()), track_ids(served)
    conversations.say("ann", "gone", ["lost"], liked=["lost"])
    with pytest.raises(NothingTaughtError):
        served.export_jam(tmp_path / "out")
    conversations.say("ann", "here", [ids[0], "lost"], liked=[ids[0], "lost"])
    report = served.export_jam(tmp_path / "out")
    assert (report.n_left_out, report.n_answers) == (1, 1)


def test_nothing_to_export_says_what_to_do(served: Assistant, tmp_path: Path) -> None:
    with pytest.raises(NothingTaughtError, match=r"ask for music in `segue chat`.* export again"):
        served.export_jam(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_left_alone(served: Assistant, tmp_path: Path) -> None:
    conversations, ids = Conversations(served._store()), track_ids(served)
    conversations.say("ann", "folk", ids[:3], liked=ids[:1])
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(JamFormatError, match="choose another"):
        served.export_jam(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_requests_may_be_written_anew(served: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conversations, ids = Conversations(served._store()), track_ids(served)
    for text in ("ruhige Musik", "laut"):
        conversations.say("ann", text, ids[:3], liked=ids[:1])
    plain = served.export_jam(tmp_path / "template", augment=True)
    assert (plain.n_by_model, plain.n_by_template) == (0, 2)
    # The slate's commonest facets stand for a description.
    assert [text for _, text, _, _ in triples(read_jam(tmp_path / "template"))] == [
        "ruhige Musik, folk, mellow",
        "laut, folk, mellow",
    ]
    model = LangChainModel(FakeListChatModel(responses=["calm folk music", "loud songs by Metallica"]))
    monkeypatch.setattr(assistant.llm, "open_model", lambda settings: model)
    report = served.export_jam(tmp_path / "model", augment=True)
    assert (report.n_by_model, report.n_by_template) == (1, 1)
    assert [text for _, text, _, _ in triples(read_jam(tmp_path / "model"))] == [
        "calm folk music",
        "laut, folk, mellow",
    ]


def test_a_model_may_not_name_artists_of_its_own(
    served: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversations, ids = Conversations(served._store()), track_ids(served)
    conversations.say("ann", "folk", ids[:3], liked=ids[:1])
    model = LangChainModel(FakeListChatModel(responses=["folk songs by fox 12"]))
    monkeypatch.setattr(assistant.llm, "open_model", lambda settings: model)
    assert served.export_jam(tmp_path / "out", augment=True).n_by_model == 0


def test_a_model_that_cannot_be_opened_writes_nothing(served: Assistant, tmp_path: Path, open_assistant: Open) -> None:
    conversations, ids = Conversations(served._store()), track_ids(served)
    conversations.say("ann", "folk", ids[:3], liked=ids[:1])
    with (
        open_assistant(served.settings.home, llm=LlmSettings(model="nowhere:x")) as other,
        pytest.raises(ModelError, match="SEGUE_LLM__MODEL"),
    ):
        other.export_jam(tmp_path / "out", augment=True)
    assert not (tmp_path / "out").exists()


def test_what_was_exported_can_be_learnt_from_in_another_folder(
    served: Assistant, tmp_path: Path, open_assistant: Open
) -> None:
    """Out of one installation, into another that has nothing but the folder."""
    catalogue = served._agent().recommender.catalogue
    pools = {
        genre: [catalogue.track_ids[row] for row in catalogue.postings(Facet.GENRE, genre)]
        for genre in ("jazz", "rock", "folk", "techno")
    }
    planted_taste(Conversations(served._store()), pools, 70)
    served.export_jam(tmp_path / "mine")
    with open_assistant(tmp_path / "other") as other:
        shutil.copytree(served.settings.home / "cache" / "encoder", tmp_path / "other" / "cache" / "encoder")
        report = other.train(data=tmp_path / "mine")
        assert report.n_tracks == 40
        found = other.rank("nobody", "zorblax evening", 10, strict=False).track_ids
        assert len(set(found) & set(pools["folk"])) >= 9
        # And once more: what a space learnt from a data set taught is exported with vectors of its own making.
        Conversations(other._store()).say("ann", "folk", pools["folk"][:3], liked=pools["folk"][:1])
        again = other.export_jam(tmp_path / "again")
        assert again.modalities == ("tags", "text")
        assert read_jam(tmp_path / "again").item_features["text"].any(axis=1).all()


def test_tidying_the_names_of_playlists_makes_a_model_of_its_own(served: Assistant) -> None:
    plain = served._served().generation.key
    assert served.train(tidy_names=True).generation != plain
    assert served.train().generation == plain
