"""From a session's state and a listener's history to what the recommender is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assistant.history import History, history_of
from assistant.request import Mention
from assistant.session import Exchange, SessionState
from recsys.catalogue import Catalogue
from recsys.dialogues import Heard
from recsys.recommendation import Conversation, Query
from recsys.types import Event, EventKind, Facet

#: An artist named as an example stands for so many of their best-known tracks.
_EXAMPLES_PER_ARTIST = 12
#: Ratings of one turn that the conversation tells of.
_RATED_PER_TURN = 10
_HEARD = "heard"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a session says nothing."""

    slate_size: int
    max_per_artist: int
    how_much_me: float


def query_of(catalogue: Catalogue, state: SessionState, history: History, defaults: Defaults, *, seed: int) -> Query:
    """Ask for what a session wants now, for a listener with a history."""
    never = {track_id for track_id, liked in history.rated.items() if not liked} | history.never
    examples = {mention.key for mention in state.likes if mention.kind == "track"}
    titles = {mention.key for mention in state.titles}
    # An example shows what is wanted; shown again it would be a wasted place. Titles are asked for.
    excluded = (never | history.resting | set(state.set_aside) | set(state.removed) | examples) - (titles - never)
    return Query(
        text=state.query_text(),
        newest=state.phrases[0].text if len(state.phrases) > 1 else "",
        lead=frozenset(state.lead).intersection(v for c in state.active() if c.wanted for v in c.values),
        constraints=state.active(),
        listener_id=history.listener_id,
        session_id=history.session_id,
        listener_events=history.events,
        like_rows=example_rows(catalogue, state.likes),
        dislike_rows=tuple(catalogue.rows(sorted(history.disliked_now)).tolist()),
        liked_rows=tuple(catalogue.rows(sorted(history.liked_now)).tolist()),
        passed_rows=tuple(catalogue.rows(history.passed(state.shown)).tolist()),
        title_rows=tuple(catalogue.rows(mention.key for mention in state.titles).tolist()),
        size=(state.n_tracks or defaults.slate_size) if state.minutes is None else state.n_tracks,
        minutes=state.minutes,
        discovery=state.discovery or 0.0,
        fame=state.fame or 0.0,
        how_much_me=defaults.how_much_me if state.how_much_me is None else state.how_much_me,
        arc=state.arc,
        exclude=frozenset(catalogue.rows(sorted(excluded)).tolist()),
        seed=seed,
        max_per_artist=defaults.max_per_artist,
        clean=bool(state.clean),
        conversation=_conversation(catalogue, state.exchanges, history),
    )


def dials_of(query: Query, n_tracks: int) -> dict[str, float]:
    """Say where the dials stand that a query was asked with, and how long its slate is, by the names of `Message`."""
    return {
        "how_much_me": query.how_much_me,
        "discovery": query.discovery,
        "fame": query.fame,
        "n_tracks": float(n_tracks),
    }


def heard_query(catalogue: Catalogue, state: SessionState, heard: Heard, defaults: Defaults, *, seed: int) -> Query:
    """Ask for what a conversation that was led elsewhere wants now.

    Its ratings count as this session's; what was liked in it is not looked for again.
    """
    events = [
        Event(_HEARD, track_id, kind, float(turn), session_id=_HEARD)
        for kind, rated in ((EventKind.LIKE, heard.liked), (EventKind.DISLIKE, heard.disliked))
        for turn, track_ids in enumerate(rated)
        for track_id in track_ids
    ]
    history = history_of(_HEARD, _HEARD, tuple(sorted(events, key=lambda event: event.at)))
    query = preferring(query_of(catalogue, state, history, defaults, seed=seed))
    conversation = Conversation(
        heard.utterances,
        heard.responses,
        tuple(tuple(catalogue.rows(ids).tolist()) for ids in heard.liked),
        tuple(tuple(catalogue.rows(ids).tolist()) for ids in heard.disliked),
    )
    exclude = query.exclude | frozenset(query.liked_rows)
    return replace(query, conversation=conversation, now=float(len(heard.responses)), exclude=exclude)


def preferring(query: Query) -> Query:
    """Let wanted constraints be preferences, so that only what is refused filters."""
    return replace(query, constraints=tuple(replace(c, hard=c.hard and not c.wanted) for c in query.constraints))


def example_rows(catalogue: Catalogue, likes: Sequence[Mention]) -> tuple[int, ...]:
    """Rows of "like X": the track itself, or an artist's best-known tracks."""
    rows: list[int] = []
    for mention in likes:
        if mention.kind == "track":
            rows += catalogue.rows((mention.key,)).tolist()
            continue
        found = catalogue.postings(Facet.ARTIST, mention.key)
        main = [row for row in found.tolist() if catalogue.artist_keys[catalogue.artist_rows[row]] == mention.key]
        mine = np.array(main or found, dtype=np.int64)
        known = np.nan_to_num(catalogue.numeric["popularity"][mine], nan=0.0)
        rows += mine[np.argsort(-known, kind="stable")][:_EXAMPLES_PER_ARTIST].tolist()
    return tuple(dict.fromkeys(rows))


def _conversation(catalogue: Catalogue, exchanges: Sequence[Exchange], history: History) -> Conversation | None:
    """The session turn by turn: what was rated between two answers belongs to the first."""
    if not exchanges:
        return None
    answered = exchanges[:-1]
    liked: list[list[str]] = [[] for _ in answered]
    disliked: list[list[str]] = [[] for _ in answered]
    for event in history.events.own:
        if event.session_id != history.session_id or event.track_id not in history.rated:
            continue
        turns = [number for number, one in enumerate(answered) if one.at <= event.at]
        if turns and event.kind in (EventKind.LIKE, EventKind.DISLIKE):
            liked_it = history.rated[event.track_id]
            if liked_it == (event.kind is EventKind.LIKE):
                (liked if liked_it else disliked)[turns[-1]].append(event.track_id)
    return Conversation(
        tuple(one.utterance for one in exchanges),
        tuple(one.response for one in answered),
        tuple(tuple(catalogue.rows(dict.fromkeys(ids)).tolist()[:_RATED_PER_TURN]) for ids in liked),
        tuple(tuple(catalogue.rows(dict.fromkeys(ids)).tolist()[:_RATED_PER_TURN]) for ids in disliked),
    )
