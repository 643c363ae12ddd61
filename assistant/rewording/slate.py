"""The reasons of a reply in other words: facts from the catalogue and the reply, sentences from the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.llm import open_model
from assistant.reply import Reply
from assistant.rewording.facts import StatedFact, track_facts
from assistant.rewording.streaming import reword
from assistant.settings import LlmSettings

if TYPE_CHECKING:
    from recsys.catalogue import Catalogue


def reword_reply(reply: Reply, catalogue: Catalogue, settings: LlmSettings) -> Iterator[tuple[str, str]]:
    """Yield (track id, sentence) for the tracks of a reply as sentences pass; see `assistant.rewording.streaming`."""
    return reword(lambda: open_model(settings), slate_facts(reply, catalogue), settings.timeout_s)


def slate_facts(reply: Reply, catalogue: Catalogue) -> dict[str, tuple[StatedFact, ...]]:
    """Return track id → the facts of each track that the catalogue still holds, in the slate's order."""
    row_of = {catalogue.track_ids[row]: row for row in catalogue.rows(t.track_id for t in reply.tracks).tolist()}
    return {
        shown.track_id: track_facts(shown.position, catalogue.track(row_of[shown.track_id]), shown.causes)
        for shown in reply.tracks
        if shown.track_id in row_of
    }
