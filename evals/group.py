"""Is a playlist for several listeners fair to each, on tracks that none of them was known to like?

Task. Listeners are drawn in groups. Each has tracks that they like: half are their history, half are hidden.

    starter     (no `--catalogue`) a synthetic listener takes to the `NEAR` tracks nearest, in the joint space, to
                each of two tracks drawn by seed; a random half of those is the history, the other half *wanted*
    playlists   (`--catalogue`) a listener is a playlist, held out and hidden as in `evals.held_out`; half of its tracks
                are the history, and wanted are the other half and all that is by their artists, without the history

Every group asks for "some music", `SLATE` tracks; every system answers from the same index for the same histories.
A member's *satisfaction* is the share of the slate's tracks that the member wants: what they already know is no find.

    least       the satisfaction of the member who has the least
    mean        the mean satisfaction of the members
    empty       the share of groups in which somebody has nothing at all
    known       the share of the slate's tracks that are in somebody's history
    liked       the share of the slate that is wanted by, or in the history of, the member for whom that share is least

Systems. `segue` is the product (`recsys.groups`). `average` is plain averaging of the members' scores; `least misery`
takes the least of their ranks alone; `no lift` is the product without anybody's share; `known too` the product where
what somebody knows fits them as well as a find. `asker` takes what one member would get alone. `turns` takes the next
track from each member's list in turn, without repeats, and the lists are what each would get alone. `turns of finds`
does so with what each would get if nothing in their history could be shown; `average of finds` averages with nothing of
anybody's history. `A - B` is the paired difference.

`alone` and `alone, finds` are no playlists for a group: each member has one of their own, as long, with and without
what they know. They show how much of `empty` comes from not finding what somebody wants even for them alone.

The product's figures were chosen with seeds 1, 2 and 3, on the starter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from evals.errors import EvaluationDataError
from evals.held_out import hide, read_playlists, split
from evals.metrics import summarise
from evals.report import Report
from evals.scratch import open_served, product_settings, scratch_home, scratch_settings
from recsys.catalogue import Catalogue
from recsys.groups import FAIR, Fairness
from recsys.recommendation import Query, Recommendation
from recsys.recommender import Recommender
from recsys.types import Event, EventKind, IntArray, Progress

NEAR, SLATE = 40, 20
METRICS = ("least", "mean", "empty", "known", "liked")
_ASKED, _NOW, _DAY_S = "some music", 1_000_000_000.0, 86_400.0
_WAYS = {
    "segue": FAIR,
    "average": Fairness(least=0.0, lift=0.0, by_rank=False),
    "least misery": Fairness(least=1.0, lift=0.0),
    "no lift": Fairness(lift=0.0),
    "known too": Fairness(finds=False),
}
SYSTEMS = (*_WAYS, "average of finds", "asker", "turns", "turns of finds")
ALONE = ("alone", "alone, finds")


@dataclass(frozen=True, slots=True)
class Member:
    """One listener of a group."""

    name: str
    history: IntArray  # rows that they like
    wanted: frozenset[int]  # rows that they would like, and of which nothing is known

    def query(self, catalogue: Catalogue, seed: int) -> Query:
        """What they ask."""
        events = (
            Event(self.name, catalogue.track_ids[row], EventKind.LIKE, _NOW - _DAY_S) for row in self.history.tolist()
        )
        return Query(_ASKED, listener_events=tuple(events), listener_id=self.name, size=SLATE, now=_NOW, seed=seed)


def evaluate(
    catalogue: Path | None,
    n_groups: int,
    n_members: int,
    seeds: Sequence[int],
    *,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Make playlists for groups with every system.

    Args:
        catalogue: a table with named playlists, such as `spotify_songs.csv.gz`; the starter without one.
        n_groups: groups per seed.
        n_members: listeners in each.
        seeds: one draw of listeners, and for a catalogue one split and index, each.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.

    Raises:
        EvaluationDataError: the catalogue has no playlists that could be held out, or too few.
    """
    values: dict[str, list[dict[str, float]]] = {}
    for seed in seeds:
        with _members(catalogue, n_groups, n_members, seed, kept, progress) as (recommender, groups, settings):
            for done, group in enumerate(groups, start=1):
                for system, figures in measure(recommender, group, seed).items():
                    values.setdefault(system, []).append(figures)
                if progress:
                    progress(f"groups (seed {seed})", done, len(groups))
    stated = {"catalogue": catalogue or "starter", "groups": n_groups, "members": n_members} | settings
    report = Report("segue eval group", stated, seeds)
    for system, of_groups in values.items():
        for metric in METRICS:
            report.add(system, "all", metric, summarise([one[metric] for one in of_groups]))
    for other in SYSTEMS[1:]:
        for metric in METRICS:
            pairs = zip(values["segue"], values[other], strict=True)
            report.add(f"segue - {other}", "all", metric, summarise([a[metric] - b[metric] for a, b in pairs]))
    return report


def measure(recommender: Recommender, group: Sequence[Member], seed: int) -> dict[str, dict[str, float]]:
    """Make a playlist for a group with every system, and say what its members make of it."""
    queries = [member.query(recommender.catalogue, seed) for member in group]
    asker, *others = queries
    finding = [replace(q, exclude=frozenset(m.history.tolist())) for q, m in zip(queries, group, strict=True)]
    alone, finds = ([_rows(recommender.recommend(query)) for query in asked] for asked in (queries, finding))
    made = {system: _rows(recommender.recommend(asker, others, way)) for system, way in _WAYS.items()}
    made["average of finds"] = _rows(recommender.recommend(finding[0], finding[1:], _WAYS["average"]))
    made |= {"asker": alone[0], "turns": in_turns(alone, SLATE), "turns of finds": in_turns(finds, SLATE)}
    figures = {system: _figures(group, [rows] * len(group)) for system, rows in made.items()}
    return figures | {"alone": _figures(group, alone), "alone, finds": _figures(group, finds)}


def in_turns(lists: Sequence[Sequence[int]], n: int) -> list[int]:
    """Take the first of each list in turn that was not taken yet, n in all or as many as there are."""
    taken: dict[int, None] = {}
    left = [list(one) for one in lists]
    while len(taken) < n and any(left):
        for one in left:
            while one and one[0] in taken:
                one.pop(0)
            if one and len(taken) < n:
                taken[one.pop(0)] = None
    return list(taken)


def _rows(result: Recommendation) -> list[int]:
    return [pick.row for pick in result.picks]


def _figures(group: Sequence[Member], slates: Sequence[Sequence[int]]) -> dict[str, float]:
    """Say what each member makes of their slate, which is the same one for a group."""
    each = list(zip(group, slates, strict=True))
    satisfied = [_share(rows, member.wanted) for member, rows in each]
    own = [frozenset(member.history.tolist()) for member in group]
    return {
        "least": min(satisfied),
        "mean": float(np.mean(satisfied)),
        "empty": float(min(satisfied) == 0),
        "known": float(np.mean([_share(rows, frozenset().union(*own)) for rows in slates])),
        "liked": min(_share(rows, member.wanted | history) for (member, rows), history in zip(each, own, strict=True)),
    }


def _share(rows: Sequence[int], of: frozenset[int]) -> float:
    return sum(row in of for row in rows) / max(len(rows), 1)


def synthetic(recommender: Recommender, n: int, seed: int) -> list[Member]:
    """Draw listeners who take to what is near two tracks."""
    vectors, rng = recommender.ranker.vectors, np.random.default_rng(seed)
    drawn = []
    for number in range(n):
        anchors = rng.choice(len(vectors), 2, replace=False)
        near = [np.argsort(-(vectors @ vectors[one]), kind="stable")[:NEAR] for one in anchors]
        liked = rng.permutation(np.unique(np.concatenate(near)))
        half = len(liked) // 2
        drawn.append(Member(f"member {number}", liked[:half], frozenset(liked[half:].tolist())))
    return drawn


@contextmanager
def _members(
    catalogue: Path | None, n_groups: int, n_members: int, seed: int, kept: Path | None, progress: Progress | None
) -> Iterator[tuple[Recommender, list[list[Member]], dict[str, object]]]:
    """Index what is asked for and draw the groups of one seed."""
    with scratch_home(kept) as home:
        settings = scratch_settings(home)
        with Assistant(settings) as assistant:
            if catalogue is None:
                assistant.ensure_ready(progress)
                recommender = open_served(settings)
                members = synthetic(recommender, n_groups * n_members, seed)
                groups = [members[first : first + n_members] for first in range(0, len(members), n_members)]
            else:
                held_out = split(read_playlists(catalogue), seed)
                table = home.with_name("catalogue.csv")
                hide(catalogue, held_out.hidden, table)
                assistant.index(table, progress=progress)
                recommender = open_served(settings)
                owners = [
                    _owner(recommender.catalogue, one.playlist_id, one.history, one.targets)
                    for one in held_out.playlists
                ]
                if len(owners) < n_members:
                    raise EvaluationDataError(
                        f"{catalogue.name} gives {len(owners)} listeners and a group has {n_members}; "
                        "give --catalogue a table with more playlists"
                    )
                rng = np.random.default_rng(seed)
                drawn = (rng.choice(len(owners), n_members, replace=False).tolist() for _ in range(n_groups))
                groups = [[owners[number] for number in numbers] for numbers in drawn]
        yield recommender, groups, product_settings(settings)


def _owner(catalogue: Catalogue, name: str, history: Sequence[str], targets: Sequence[str]) -> Member:
    """Somebody whose playlist was hidden."""
    known, hidden = catalogue.rows(history), catalogue.rows(targets)
    theirs = np.flatnonzero(np.isin(catalogue.artist_rows, catalogue.artist_rows[hidden]))
    return Member(name, known, frozenset(np.setdiff1d(np.union1d(hidden, theirs), known).tolist()))
