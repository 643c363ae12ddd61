"""Two standpoints side by side: what a listener's taste does to a request, and a request to a taste.

After Table 3 of "Just Ask for Music" (Melchiorre et al., RecSys 2025), where the examples are chosen by eye; here the
difference is counted. Definitions of the numbers: `recsys.portrait`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.errors import CompareError, NoTasteError
from assistant.labels import plain
from assistant.reports import ComparedList, CompareReport, NamedTrack
from assistant.store import identity
from recsys.portrait import Standpoint, jaccard, listener_share, nearness, taste_fit

if TYPE_CHECKING:
    from assistant.agent import Agent
    from recsys.recommender import Recommender


def compare(
    agent: Agent, requests: Sequence[str], listeners: Sequence[str], n: int, *, how_much_me: float | None = None
) -> CompareReport:
    """Rank for both sides and say how far apart they are; see `Assistant.compare`."""
    told = [plain(request).strip() for request in requests]
    people = [identity(listener) for listener in listeners]
    if (len(told), len(people)) not in ((1, 2), (2, 1)) or len(set(told)) < len(told) or len(set(people)) < len(people):
        raise CompareError(len(set(told)), len(set(people)))
    sides = [(listener, request) for request in told for listener in people]
    stands = [standpoint(agent, *side, n, how_much_me=how_much_me) for side in sides]
    lists = [
        _list(agent.recommender, *side, own, other if len(people) == 2 else None)
        for side, own, other in zip(sides, stands, reversed(stands), strict=True)
    ]
    n_common, share = jaccard(stands[0].rows, stands[1].rows)
    return CompareReport(
        lists=(lists[0], lists[1]),
        size=n,
        n_common=n_common,
        jaccard=share,
        cosine=nearness(stands[0].point, stands[1].point),
    )


def standpoint(agent: Agent, listener_id: str, request: str, n: int, *, how_much_me: float | None = None) -> Standpoint:
    """Find where a listener stands with a request.

    Raises:
        NoTasteError: nothing that the listener did says anything of this catalogue.
    """
    found = agent.recommender.stand(agent.read(listener_id, request, how_much_me=how_much_me), n)
    if not found.has_taste:
        raise NoTasteError(listener_id)
    return found


def named(recommender: Recommender, row: int) -> NamedTrack:
    """Name a track as lists do."""
    track = recommender.catalogue.track(row)
    return NamedTrack(track_id=track.track_id, title=plain(track.title), artist=plain(track.artist))


def _list(
    recommender: Recommender, listener_id: str, request: str, own: Standpoint, other: Standpoint | None
) -> ComparedList:
    index, n_tracks = recommender.index, len(recommender.catalogue)

    def fit(user: Standpoint) -> float:
        return taste_fit(index, user.point.user, own.point, own.rows, n_tracks)

    return ComparedList(
        listener_id=listener_id,
        request=request,
        tracks=tuple(named(recommender, row) for row in own.rows.tolist()),
        listener_share=listener_share(index, own, n_tracks),
        own_fit=fit(own),
        other_fit=None if other is None else fit(other),
    )
