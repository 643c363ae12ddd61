"""What goes into the recommender and what comes out: the query, the picks with their reasons as numbers, the counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recsys.appeal.serving import Predicted
from recsys.attributes.wishes import derived_of
from recsys.catalogue import Catalogue
from recsys.constraints import UNKNOWN, YES, Agreement
from recsys.types import Arc, Constraint, Event, IntArray, Track


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said and rated so far, as `recsys.dialogues.Heard` has it, with rows for tracks; the newest last."""

    utterances: tuple[str, ...]  # t + 1
    responses: tuple[str, ...] = ()  # t
    liked: tuple[tuple[int, ...], ...] = ()  # t
    disliked: tuple[tuple[int, ...], ...] = ()  # t


@dataclass(frozen=True, slots=True)
class Query:
    """One turn, as the recommender sees it.

    `size` is a number of tracks, `minutes` a total length; with both, minutes decide. The dials run from -1 to 1:
    `discovery` (-1 familiar, +1 unheard), `fame` (-1 deep cuts, +1 popular). `how_much_me` scales the user vector.
    """

    text: str
    constraints: tuple[Constraint, ...] = ()
    listener_events: Sequence[Event] = ()  # oldest first; a `Past` where much of it was imported
    like_rows: tuple[int, ...] = ()  # "like X": track rows to be near
    dislike_rows: tuple[int, ...] = ()  # disliked in this session: never shown, neighbours lowered
    title_rows: tuple[int, ...] = ()  # tracks asked for by title: shown first
    liked_rows: tuple[int, ...] = ()  # liked in this session: answers to these very words
    passed_rows: tuple[int, ...] = ()  # shown in this session beside liked ones, and not rated
    size: int | None = None
    fixed: tuple[tuple[int, int], ...] = ()  # (place in the slate from 0, row): they stay where they are
    must_rows: tuple[int, ...] = ()  # in the slate whatever is asked for, at any place
    quotas: tuple[tuple[str, int], ...] = ()  # (key of a main artist, most tracks of theirs), before all other caps
    clean: bool = False  # nothing that is known to be explicit, not even what is fixed
    arc: Arc | None = None
    minutes: float | None = None
    discovery: float = 0.0
    fame: float = 0.0
    how_much_me: float = 1.0
    exclude: frozenset[int] = frozenset()
    seed: int = 0
    max_per_artist: int = 2
    now: float | None = None  # seconds since the epoch; the clock when None
    newest: str = ""  # the part of the text that was said last, where earlier turns said the rest
    lead: frozenset[str] = frozenset()  # keys of the artists that were asked for last, after other wishes
    listener_id: str = ""  # for vectors of listeners that were brought in; the events say what was done
    session_id: str | None = None  # the session that is going on: what was done in it counts at once, in full
    taste_first: bool = False  # the words are a playlist's name rather than demands: its tracks say more
    conversation: Conversation | None = None  # how the session went, turn by turn; None for words alone


@dataclass(frozen=True, slots=True)
class Pick:
    """One track of the slate and why it is there, in numbers."""

    row: int
    track: Track
    duration_s: float
    duration_estimated: bool
    score: float
    query_share: float  # of what lifts the track above the average candidate, the request's share, 0–1
    user_share: float  # and the listener's; the two sum to 1 unless nothing lifts it (both 0)
    modality_weights: Mapping[str, float] = field(default_factory=dict)
    #: translation, constraint, lexical, lyrics, company, following, neighbours, title, kept
    retrievers: tuple[str, ...] = ()
    matched: tuple[Constraint, ...] = ()  # wanted constraints that this track is known to meet
    nearest_liked: tuple[int, float] | None = None  # (row, cosine) of the closest positively rated track
    comes_after: tuple[int, int] | None = None  # (row of this session's track, how often it came right after that)
    fits: tuple[int, ...] = ()  # of several listeners, the asker being 0, those it fits (`recsys.groups`)
    keenest: int = 0  # and the one who has it highest, whether it fits or not
    appeal: Mapping[str, Predicted] = field(default_factory=dict)  # by head, where what is predicted took part
    predicted_from: tuple[str, ...] = ()  # the modalities that stand in for anybody's listening to it, if they do


@dataclass(frozen=True, slots=True)
class Place:
    """Where one track stands for a query, shown or not, and what its score is made of."""

    pick: Pick
    rank: int  # among the tracks that may be shown, from 1; 0 for one that may not
    n_allowed: int
    #: What each part adds to the score; they sum to it: words, taste, learnt (the head's of a learnt space), examples,
    #: dislikes, fame, chance (the seeded noise among near equals)
    parts: Mapping[str, float] = field(default_factory=dict)
    failed: tuple[Constraint, ...] = ()  # hard constraints that it is known not to meet
    unknown: tuple[Constraint, ...] = ()  # wanted hard ones of which nothing is known
    banned: bool = False  # it, or another version of it, is excluded or was disliked


@dataclass(frozen=True, slots=True)
class ConstraintCount:
    """How many of the slate's tracks meet one constraint; unknown ones are never counted as met."""

    constraint: Constraint
    n_met: int
    n_total: int
    n_unknown: int
    relaxed: bool = False
    n_heard: int = 0  # of those that meet it, how many by what was heard and not stated
    n_inferred: int = 0  # and by what another source said


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A slate with its reasons."""

    picks: tuple[Pick, ...]
    counts: tuple[ConstraintCount, ...]
    relaxed: tuple[Constraint, ...]
    index: str  # exact or chroma
    certified: bool  # the joint-space candidates are provably the exact top ones
    n_candidates: int
    timings_ms: Mapping[str, float]
    has_taste: bool  # whether a user vector took part
    for_group: bool = False  # whether it is for several listeners


def count_all(
    catalogue: Catalogue,
    checked: Iterable[tuple[Constraint, Agreement]],
    rows: IntArray,
    relaxed: Sequence[Constraint] = (),
) -> tuple[ConstraintCount, ...]:
    """Count how many of some rows (K,) meet each constraint, of which is given what every track (N,) makes of it."""
    counts = []
    for constraint, of_all in checked:
        met = of_all[rows]
        yes = met == YES
        heard, inferred = (
            int((yes & derived_of(catalogue, constraint, heard=heard)[rows]).sum()) for heard in (True, False)
        )
        n_met, n_unknown = int(yes.sum()), int((met == UNKNOWN).sum())
        counts.append(ConstraintCount(constraint, n_met, len(met), n_unknown, constraint in relaxed, heard, inferred))
    return tuple(counts)
