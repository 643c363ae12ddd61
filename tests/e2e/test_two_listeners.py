"""Two listeners at once never see each other's taste or session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from assistant.errors import NothingToExportError
from assistant.reply import Message, Reply
from recsys import generations
from recsys.catalogue import Catalogue
from recsys.types import Facet

pytestmark = pytest.mark.e2e

_ROUNDS = 6
_TALK = ("something for tonight, 12 tracks", "more of that please", "a bit calmer", "something else", "no rock", "60s")


def _rows(installation: Any, genre: str) -> list[str]:
    catalogue = Catalogue.load(generations.current(installation.settings.home).folder / "catalogue")
    return [catalogue.track_ids[row] for row in catalogue.postings(Facet.GENRE, genre).tolist()]


def _talk(installation: Any, listener: str, session: str, liked: list[str]) -> list[Reply]:
    """Hold a whole conversation, liking tracks on the way."""
    replies = []
    for number, text in enumerate(_TALK[:_ROUNDS]):
        installation.feedback(listener, session, liked[number], "like")
        replies.append(
            installation.reply(Message(listener_id=listener, session_id=session, text=text, seed=5, n_tracks=12))
        )
    return replies


def _told(replies: list[Reply]) -> list[tuple[object, ...]]:
    """Everything of a conversation but what the clock decides."""
    return [
        (reply.turn, reply.text, [(t.track_id, t.liked, t.reason) for t in reply.tracks], reply.receipt)
        for reply in replies
    ]


def test_conversations_at_once_are_those_that_each_would_have_alone(installation: Any) -> None:
    """Both use the same session id, as two browsers might; every reply is the one given without the other."""
    jazz, techno = _rows(installation, "jazz"), _rows(installation, "techno")
    alone = {
        "jazz": _talk(installation, "alone-jazz", "evening", jazz),
        "techno": _talk(installation, "alone-techno", "evening", techno),
    }
    with ThreadPoolExecutor(max_workers=4) as pool:
        running = [
            (kind, pool.submit(_talk, installation, f"together-{kind}-{n}", "evening", liked))
            for n in range(2)
            for kind, liked in (("jazz", jazz), ("techno", techno))
        ]
        together = [(kind, job.result()) for kind, job in running]
    for kind, replies in together:
        assert not any(reply.last_resort for reply in replies)
        assert _told(replies) == _told(alone[kind])


def test_taste_moves_only_its_own_listener(installation: Any) -> None:
    jazz, techno = _rows(installation, "jazz"), _rows(installation, "techno")
    before = installation.rank("untouched", "something for tonight", 40)
    for track_id in jazz[:10]:
        installation.feedback("taste-jazz", None, track_id, "like")
    for track_id in techno[:10]:
        installation.feedback("taste-techno", None, track_id, "like")
    assert installation.rank("untouched", "something for tonight", 40) == before
    found = {name: set(installation.rank(f"taste-{name}", "", 40).track_ids) for name in ("jazz", "techno")}
    assert len(found["jazz"] & set(jazz)) > 2 * len(found["techno"] & set(jazz))
    assert len(found["techno"] & set(techno)) > 2 * len(found["jazz"] & set(techno))


def test_a_session_belongs_to_one_listener(installation: Any) -> None:
    mine = Message(listener_id="owner", session_id="private", text="jazz, 7 tracks")
    kept = installation.reply(mine)
    with pytest.raises(NothingToExportError):
        installation.export("private", "stranger")
    theirs = installation.reply(mine.model_copy(update={"listener_id": "stranger", "text": "no jazz"}))
    assert theirs.turn == 1
    assert _told([installation.export("private", "owner")]) == _told([kept])
    assert not {line.constraint for line in theirs.receipt} & {"jazz"}
