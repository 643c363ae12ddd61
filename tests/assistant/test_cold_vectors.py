"""Tracks that listening data lacks, through the assistant: said to be predicted, and left alone where that is set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from assistant.app import Assistant
from assistant.evidence import Context, causes
from assistant.languages import TONGUES
from assistant.phrasebook import phrasebook
from assistant.reply import Message
from recsys.picking import bare_pick
from tests.brought_listening import bring_listening
from tests.planted import planted_catalogue

SAID, WHY = "predicted from its words", "The listening data lacks it: its place there was predicted from its words."


def test_predicted_vectors_from_the_file_to_the_reason(
    fresh_home: Path, tmp_path: Path, write_catalogue: Callable[..., Path], open_assistant: Callable[..., Assistant]
) -> None:
    with open_assistant(fresh_home, cold_vectors=False) as assistant:
        assistant.index(write_catalogue(n_tracks=200))
        catalogue, known = bring_listening(assistant, fresh_home, tmp_path)
        assistant.index()
        off = assistant.reply(Message(text="40 jazz tracks", session_id="off", listener_id="ann"))
        assert not any(SAID in track.reason for track in off.tracks)
        ranked = assistant.rank("nobody", "jazz", 60).track_ids
    with open_assistant(fresh_home) as assistant:
        assert assistant.index().generation_changed
        assert assistant.rank("nobody", "jazz", 60).track_ids != ranked
        reply = assistant.reply(Message(text="40 jazz tracks", session_id="on", listener_id="ann"))
        listened = {catalogue.track_ids[row] for row in known}
        predicted = [track for track in reply.tracks if track.track_id not in listened]
        assert predicted
        assert any(SAID in track.reason for track in predicted)
        assert not any(SAID in track.reason for track in reply.tracks if track.track_id in listened)
        for track in (predicted[0], next(track for track in reply.tracks if track.track_id in listened)):
            why = assistant.reply(Message(text=f"why number {track.position}?", session_id="on", listener_id="ann"))
            assert (WHY in why.text) == (track is predicted[0])
        assert not assistant.index().generation_changed
    with open_assistant(fresh_home, cold_vectors=False) as assistant:
        assert assistant.index().generation_changed
        assert assistant.rank("nobody", "jazz", 60).track_ids == ranked


def test_every_language_says_that_it_was_predicted_and_from_what() -> None:
    pick = replace(bare_pick(planted_catalogue(), 0), predicted_from=("text", "tags", "musicnn", "muq"))
    for language in TONGUES:
        book = phrasebook(language)
        (said,) = [fact.text for fact in causes(pick, Context(book=book))]
        assert "predicted" not in said
        assert book("words") in said
        assert "muq" in said
    (said,) = [fact.text for fact in causes(pick, Context())]
    assert said == "listening data lacks it: predicted from its words, sound and muq"
