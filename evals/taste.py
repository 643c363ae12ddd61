"""How much of one evening stays? What a session does at once, what it leaves, and what many of them leave.

Task. Each listener has a history of their own: the `PER_TASTE` tracks nearest to each of two tracks, drawn by seed
among those that are no children's music, each played to the end, a few an evening on `HISTORY_EVENINGS` evenings, the
latest two days ago. Then `PER_EVENING` children's songs are played to the end in one evening, in a session of its own;
or on `FOUR_WEEKS` evenings, three a week, up to the same one. Children's music is what the catalogue states as such;
the starter catalogue, which is served beside a given one, has two dozen such tracks.

    session       cosine distance of the listener's vector in that session from the one before it
    evening       the same on the next day: what the evening did to the long-term vector
    four_weeks    the same on the day after the last of all those evenings
    kids_*        nearness of a slate of 20 to children's music, asked for without words: before, in the session, and
                  so on; the cosine of the mean unit vectors of the slate and of all children's songs

Conventions. The listener's vector is the user's point of the joint space without any words, as it is served. System
`segue` is the product. System `no evenings` gets the same events as if they had happened outside any session, which no
evening limits and no session lifts: what would be without either. The product promises `EVENING_AT_MOST` and
`FOUR_WEEKS_AT_LEAST`, and `kept` is the share of listeners with whom it keeps both.

`exact` is asked of the whole product: of two listeners with the same history, one has the children's evening and then
says "this was not me". It is the share of them whose five later slates are, track by track, those of the other;
`differed` the share with whom at least one of these slates was another before that was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from assistant.reply import Message
from evals.errors import EvaluationDataError
from evals.metrics import summarise
from evals.report import Report
from evals.scratch import open_served, product_settings, scratch_home, scratch_settings, serve
from recsys.catalogue import Catalogue
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.types import Event, EventKind, Facet, FloatArray, IntArray, Progress

#: Cosine distance by which one evening moves the long-term vector of such a listener at most, and many at least.
EVENING_AT_MOST, FOUR_WEEKS_AT_LEAST = 0.02, 0.05
PER_TASTE, HISTORY_EVENINGS = 30, 12
PER_EVENING, FOUR_WEEKS = 15, 12
_CHILDRENS = "children's"
_DAY_S = 86_400.0
_SONG_S = 200.0
_SLATE = 20
_REQUESTS = ("some music", "something mellow", "party music", "what should I listen to", "upbeat songs, 30 tracks")
_SHOWN = ("before", "session", "evening", "four_weeks")


@dataclass(frozen=True, slots=True)
class Moved:
    """How far one listener was moved, and what they were then shown."""

    distance: dict[str, float]  # session, evening, four_weeks → cosine distance
    children: dict[str, float]  # and before → nearness of the slate to children's music, a cosine

    @property
    def kept(self) -> bool:
        """Whether both promises hold."""
        return self.distance["evening"] <= EVENING_AT_MOST and self.distance["four_weeks"] >= FOUR_WEEKS_AT_LEAST


def evaluate(
    catalogue: Path | None,
    n_listeners: int,
    seeds: Sequence[int],
    *,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Index a catalogue beside the starter, or the starter alone, and follow so many listeners per seed."""
    with scratch_home(kept) as home:
        settings = scratch_settings(home)
        with Assistant(settings) as assistant:
            serve(assistant, catalogue, with_starter=True, progress=progress)
            n_tracks = assistant.status().n_tracks
            stated = {"catalogue": catalogue or "starter", "tracks": n_tracks, "listeners": n_listeners}
            report = Report("segue eval taste", stated | product_settings(settings), seeds)
            follow(assistant, n_listeners, seeds, report, progress=progress)
    return report


def follow(
    assistant: Assistant, n_listeners: int, seeds: Sequence[int], report: Report, *, progress: Progress | None = None
) -> None:
    """Move listeners, let some disown what moved them, and put the figures into a report.

    Raises:
        EvaluationDataError: the catalogue states too little children's music.
    """
    recommender = open_served(assistant.settings)
    tastes = [taste for seed in seeds for taste in draw_tastes(recommender, n_listeners, seed)]
    moved: dict[str, list[Moved]] = {"segue": [], "no evenings": []}
    exact, differed = [], []
    for number, (history, songs) in enumerate(tastes):
        for system, in_sessions in (("segue", True), ("no evenings", False)):
            moved[system].append(move(recommender, history, songs, in_sessions=in_sessions))
        with_it, without = disown(assistant, recommender.catalogue.track_ids, f"taste {number}", history, songs)
        differed.append(float(with_it[0] != without))
        exact.append(float(with_it[1] == without))
        if progress:
            progress("follow listeners", number + 1, len(tastes))
    for system, found in moved.items():
        for metric in _SHOWN[1:]:
            report.add(system, "all", metric, summarise([one.distance[metric] for one in found]))
        for metric in _SHOWN:
            report.add(system, "all", f"kids_{metric}", summarise([one.children[metric] for one in found]))
        report.add(system, "all", "kept", summarise([float(one.kept) for one in found]))
    report.add("segue", "all", "exact", summarise(exact))
    report.add("segue", "all", "differed", summarise(differed))


def draw_tastes(recommender: Recommender, n: int, seed: int) -> list[tuple[IntArray, IntArray]]:
    """Draw listeners: the rows of each one's history, and the children's songs (rows) in an order of their own."""
    catalogue, vectors = recommender.catalogue, recommender.ranker.vectors
    songs = catalogue.postings(Facet.GENRE, _CHILDRENS)
    if len(songs) < PER_EVENING:
        raise EvaluationDataError(
            f"the catalogue states {len(songs)} tracks of children's music and {PER_EVENING} are needed; "
            "run without --catalogue, or with one that states more"
        )
    others = np.setdiff1d(np.arange(len(catalogue)), songs)
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(n):
        anchors = rng.choice(others, 2, replace=False)
        near = [others[np.argsort(-(vectors[others] @ vectors[one]), kind="stable")[:PER_TASTE]] for one in anchors]
        drawn.append((rng.permutation(np.unique(np.concatenate(near))), rng.permutation(songs)))
    return drawn


def move(recommender: Recommender, history: IntArray, songs: IntArray, *, in_sessions: bool) -> Moved:
    """Let a listener play children's songs on one evening, and on many."""
    tonight = _DAY_S * 365
    before = _plays(recommender.catalogue, np.array_split(history, HISTORY_EVENINGS), tonight - 2 * _DAY_S, in_sessions)
    evening = _plays(recommender.catalogue, [songs[:PER_EVENING]], tonight, in_sessions, name="children")
    weekly = [np.roll(songs, -k)[:PER_EVENING] for k in range(FOUR_WEEKS)]
    weeks = _plays(recommender.catalogue, weekly, tonight, in_sessions, name="children")
    here, tomorrow = tonight + PER_EVENING * _SONG_S, tonight + _DAY_S
    present = "children 0" if in_sessions else None
    asked = {
        "before": _query(before, tonight),
        "session": _query([*before, *evening], here, present),
        "evening": _query([*before, *evening], tomorrow),
        "four_weeks": _query([*before, *weeks], tomorrow),
    }
    was = _vector(recommender, asked["before"])
    distance = {name: 1 - float(was @ _vector(recommender, asked[name])) for name in _SHOWN[1:]}
    return Moved(distance, {name: _nearness(recommender, query, songs) for name, query in asked.items()})


def disown(
    assistant: Assistant, ids: Sequence[str], name: str, history: IntArray, songs: IntArray
) -> tuple[tuple[list[list[str]], list[list[str]]], list[list[str]]]:
    """Let one of two listeners have the children's evening and disown it.

    Returns:
        That one's slates before and after disowning it, and those of the one who never had it.
    """
    one, other = f"{name} with", f"{name} without"
    for listener in (one, other):
        assistant.add_history(listener, [(ids[row], "play", 1) for row in history.tolist()])
    for row in songs[:PER_EVENING].tolist():
        assistant.feedback(one, "children", ids[row], "play", 1.0)
    before = _slates(assistant, one, "before")
    assistant.not_me(one, "children")
    return (before, _slates(assistant, one, "after")), _slates(assistant, other, "never")


def _slates(assistant: Assistant, listener: str, session: str) -> list[list[str]]:
    replies = [
        assistant.reply(Message(listener_id=listener, session_id=f"{session} {n}", text=text, seed=n))
        for n, text in enumerate(_REQUESTS)
    ]
    return [[track.track_id for track in reply.tracks] for reply in replies]


def _plays(
    catalogue: Catalogue, evenings: Sequence[IntArray], last_at: float, in_sessions: bool, *, name: str = "own"
) -> list[Event]:
    """Play tracks to the end, one evening's after the other's, every 7/3 days up to `last_at` (seconds)."""
    return [
        Event(
            "listener",
            catalogue.track_ids[row],
            EventKind.PLAY,
            last_at - (len(evenings) - 1 - number) * 7 / 3 * _DAY_S + position * _SONG_S,
            completion=1.0,
            session_id=f"{name} {len(evenings) - 1 - number}" if in_sessions else None,
        )
        for number, rows in enumerate(evenings)
        for position, row in enumerate(rows.tolist())
    ]


def _query(events: Sequence[Event], now: float, session_id: str | None = None) -> Query:
    return Query("", listener_events=tuple(events), now=now, session_id=session_id, size=_SLATE)


def _vector(recommender: Recommender, query: Query) -> FloatArray:
    """The listener's unit vector (d,)."""
    vector = recommender.stand(query, 1).point.user
    unit: FloatArray = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return unit


def _nearness(recommender: Recommender, query: Query, songs: IntArray) -> float:
    """The cosine of the mean vectors of a query's slate and of the children's songs; 0 for an empty slate."""
    rows = np.array([pick.row for pick in recommender.recommend(query).picks], dtype=np.int64)
    if not len(rows):
        return 0.0
    slate, children = (recommender.ranker.vectors[one].mean(axis=0) for one in (rows, songs))
    return float(slate @ children) / max(float(np.linalg.norm(slate) * np.linalg.norm(children)), 1e-9)
