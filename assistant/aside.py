"""A slate outside any session: asked, explained and counted as in a turn, and nothing of it stored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from assistant.evidence import Context, causes
from assistant.explain import explain_slate
from assistant.history import History
from assistant.phrasebook import ENGLISH_BOOK, Phrasebook
from assistant.querying import Defaults
from assistant.receipt import write_receipt
from assistant.reply import ReceiptLine, SlateTrack
from assistant.session import SessionState
from assistant.slates import slate_tracks
from recsys.catalogue import Catalogue
from recsys.recommendation import Query, Recommendation
from recsys.recommender import Recommender
from recsys.types import Track


@dataclass(frozen=True, slots=True)
class Aside:
    """What was asked, and what came of it."""

    state: SessionState
    query: Query
    result: Recommendation
    tracks: tuple[SlateTrack, ...]
    receipt: tuple[ReceiptLine, ...]


def put(recommender: Recommender, query: Query, state: SessionState, history: History, *, usual: Defaults) -> Aside:
    """Ask the recommender, and write what it finds as a slate with reasons and a receipt.

    What a listener did long ago fades from their last act on and not from today, so that the same question has the
    same answer tomorrow.
    """
    if history.events:
        query = replace(query, now=history.events[-1].at)
    result = recommender.recommend(query)
    context = context_of(recommender.catalogue, query, state, result, history, frozenset())
    why = [tuple(fact.text for fact in causes(pick, context)) for pick in result.picks]
    return Aside(
        state=state,
        query=query,
        result=result,
        tracks=slate_tracks(result.picks, explain_slate(result.picks, context), history.rated, causes=why),
        receipt=write_receipt(
            result, state, usual_size=usual.slate_size, max_per_artist=query.max_per_artist, clean=query.clean
        ),
    )


def context_of(
    catalogue: Catalogue,
    query: Query,
    state: SessionState,
    result: Recommendation,
    history: History,
    heard: Collection[str],
    book: Phrasebook = ENGLISH_BOOK,
) -> Context:
    """Gather what the reasons of a slate may tell.

    Args:
        catalogue: the tracks.
        query: what was asked.
        state: the session that asked it.
        result: the slate.
        history: what the listener did.
        heard: keys of the artists in it, where the familiar ↔ discovery dial was turned.
        book: the language of the reasons.
    """
    references: dict[int, tuple[Track, str]] = {}
    for row in {pick.nearest_liked[0] for pick in result.picks if pick.nearest_liked}:
        track = catalogue.track(row)
        relation = history.relations.get(track.track_id)
        if relation is None and row in query.like_rows:
            relation = "example"
        if relation is not None:
            references[row] = (track, relation)
    return Context(
        query_text=query.text,
        titles=frozenset(mention.key for mention in state.titles),
        references=references,
        heard_artists=frozenset(heard),
        fame=query.fame,
        discovery=query.discovery,
        has_taste=result.has_taste and query.how_much_me > 0 and not result.for_group,
        has_examples=bool(query.like_rows),
        book=book,
    )
