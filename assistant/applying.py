"""What a plan for the playlist on screen does to the state of a session, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.editing import Plan, only_resizes
from assistant.labels import plain
from assistant.phrasebook import ENGLISH_BOOK, Phrasebook
from assistant.request import Intent, Mention, Request
from assistant.session import MAX_SHOWN, SessionState, fold
from recsys.constraints import YES
from recsys.recommendation import Pick, Query, Recommendation
from recsys.recommender import Recommender
from recsys.types import Constraint


def next_states(before: SessionState, request: Request, plan: Plan | None) -> tuple[SessionState, SessionState]:
    """The state after a message, and the one that new tracks are asked for in: they differ in a local wish.

    A playlist that is made anew ends the radio that was on.
    """
    if plan is None or not (plan.edited or only_resizes(request)):
        before = before.model_copy(update={"radio": None})
    if plan is None:
        state = fold(before, request)
        return state, state
    examples = tuple(Mention(kind="track", key=t, name=n, polarity="~") for t, n in plan.examples)
    told = {"mentions": (*request.mentions, *examples), "constraints": (*request.constraints, *plan.refused)}
    asked = request.model_copy(update=told)
    if plan.edited:
        asked = asked.model_copy(update={"intent": Intent.REFINE})
    if not plan.local:
        state = fold(before, asked)
        return state, state
    bare = Request(text="", spoken=request.spoken, intent=Intent.REFINE)
    base = before
    if plan.n_added:
        refusals = tuple(standing for standing in before.constraints if not standing.constraint.wanted)
        base = before.model_copy(update={"constraints": refusals, "phrases": (), "likes": (), "titles": ()})
    return fold(before, bare), fold(base, asked)


def with_plan(state: SessionState, plan: Plan, before: SessionState, ids: Sequence[str]) -> SessionState:
    """Remember what stays, what was taken out, what was spoken of, and how many there are to be."""
    added = [track for track in ids if track not in before.slate] if plan.n_added else []
    changes: dict[str, object] = {
        "pins": tuple(track for track in (*plan.pins, *added) if track in ids),
        "removed": tuple(dict.fromkeys((*state.removed, *plan.removed)))[-MAX_SHOWN:],
        "focus": plan.focus,
    }
    if plan.resized:
        changes |= {"n_tracks": len(ids), "minutes": None}
    return state.model_copy(update=changes)


def additions(plan: Plan, before: SessionState, picks: Sequence[Pick], book: Phrasebook = ENGLISH_BOOK) -> list[str]:
    """Say what was added, or that too little was found."""
    if not plan.n_added:
        return []
    new = [
        book("“{words}”", words=plain(pick.track.title, 40))
        for pick in picks
        if pick.track.track_id not in before.slate
    ]
    if not new:
        return [book("Found nothing to add that fits.")]
    added = book.listing(new) if len(new) <= 3 else book("{n} tracks", n=len(new))
    said = [book("Added {tracks}.", tracks=added)]
    if len(new) < plan.n_added:
        said.append(book("I found only {n} of the {asked}.", n=len(new), asked=plan.n_added))
    return said


def meeting(recommender: Recommender, constraints: Sequence[Constraint], track_ids: Sequence[str]) -> frozenset[str]:
    """Which of some tracks, by id, are known to meet all of some constraints."""
    rows = recommender.catalogue.rows(track_ids)
    fits = np.ones(len(rows), dtype=bool)
    for constraint in constraints:
        fits &= recommender.agreement(constraint, rows) == YES
    return frozenset(recommender.catalogue.track_ids[row] for row in rows[fits].tolist())


def planned(query: Query, plan: Plan | None, wished: SessionState, recommender: Recommender) -> Query:
    """Fix what stays in its place, and ask for so many that the rest is filled."""
    if plan is None:
        return query
    catalogue = recommender.catalogue
    rows = {track_id: row for _, track_id in plan.fixed for row in catalogue.rows([track_id]).tolist()}
    fixed = tuple((place, rows[track_id]) for place, track_id in plan.fixed if track_id in rows)
    gone = frozenset(catalogue.rows([*wished.removed, *plan.removed]).tolist())
    query = replace(query, fixed=fixed, exclude=(query.exclude | gone) - {row for _, row in fixed})
    if plan.sized:
        query = replace(query, size=len(plan.places), minutes=None)
    return query


def locally(
    result: Recommendation, state: SessionState, wished: SessionState, recommender: Recommender
) -> Recommendation:
    """Count what the session asks, where only the new tracks were asked for something else; drop what misses it."""
    asked = [c for c in wished.active() if c.hard and c.wanted and c not in state.active()]
    old = set(state.slate)
    ids = [pick.track.track_id for pick in result.picks]
    fitting = meeting(recommender, asked, ids)
    picks = tuple(p for p in result.picks if p.track.track_id in old or p.track.track_id in fitting)
    rows = np.array([pick.row for pick in picks], dtype=np.int64)
    return replace(result, picks=picks, counts=recommender.counts(state.active(), rows), relaxed=())
