"""Served from Chroma, every conversation has the slates that the exact index gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.app import Assistant
from assistant.reply import Message, Reply
from assistant.settings import Settings

pytestmark = pytest.mark.e2e

_CONVERSATIONS = (
    ("something mellow for a rainy sunday, nothing too famous, 45 minutes", "no jazz", "something else"),
    ("rock from the 70s and 80s", "calmer", "with piano"),
    ("techno to run to, 30 tracks", "not too fast", "more of these"),
    ("romantic soul for dinner", "less famous", "also some folk"),
    ("surprise me",),
)


def _talk(assistant: Assistant, liked: tuple[str, ...]) -> list[Reply]:
    replies = []
    for number, conversation in enumerate(_CONVERSATIONS):
        listener = f"listener {assistant.settings.index} {number}"
        for track_id in liked if number % 2 else ():
            assistant.feedback(listener, None, track_id, "like")
        for text in conversation:
            replies.append(
                assistant.reply(Message(listener_id=listener, session_id=f"talk {number}", text=text, seed=3))
            )
    return replies


def _same_slates(settings: Settings) -> None:
    replies = {}
    for index in ("exact", "chroma"):
        with Assistant(settings.model_copy(update={"index": index})) as assistant:
            liked = assistant.rank("nobody", "music", 4).track_ids
            replies[index] = _talk(assistant, liked)
    assert {reply.index for reply in replies["exact"]} == {"exact"}
    assert {reply.index for reply in replies["chroma"]} == {"chroma"}
    for exact, chroma in zip(replies["exact"], replies["chroma"], strict=True):
        assert not chroma.last_resort
        assert chroma.certified is not None
        assert [t.track_id for t in chroma.tracks] == [t.track_id for t in exact.tracks], exact.query
        assert [t.reason for t in chroma.tracks] == [t.reason for t in exact.tracks]
        assert chroma.receipt == exact.receipt


def test_same_slates_on_a_small_catalogue(installation: Any) -> None:
    _same_slates(installation.settings)


@pytest.mark.proof
@pytest.mark.timeout(1200)
def test_same_slates_on_the_real_catalogue(eval_data: Path, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path / "home", training_steps=200, threads=2)
    with Assistant(settings) as assistant:
        assistant.index(eval_data / "spotify-songs" / "spotify_songs.csv.gz")
    _same_slates(settings)
