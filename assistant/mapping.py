"""The joint space seen flat: the same request taking listeners to different regions.

After figure 2 of "Just Ask for Music" (Melchiorre et al., RecSys 2025). Tracks are drawn as their vectors mixed for the
request, which makes them points of the space in which u and u + q lie; one plane, the widest of the tracks drawn,
projects them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from assistant.comparing import named, standpoint
from assistant.labels import plain
from assistant.reports import MapListener, MapReport, MapTrack
from assistant.store import identity
from recsys.portrait import Plane, widest_plane
from recsys.types import FloatArray

if TYPE_CHECKING:
    from assistant.agent import Agent
    from recsys.recommender import Recommender


#: Decimals of a place on the map, whose width is a few units.
_DECIMALS = 4


def map_data(agent: Agent, request: str, listeners: Sequence[str], n: int, *, max_tracks: int, seed: int) -> MapReport:
    """Place tracks, listeners and their picks on a plane; see `Assistant.map_data`."""
    people = list(dict.fromkeys(identity(listener) for listener in listeners))
    stands = [standpoint(agent, listener, request, n) for listener in people]
    recommender = agent.recommender
    n_tracks = len(recommender.catalogue)
    picked = np.unique(np.concatenate([stand.rows for stand in stands]))
    drawn = np.random.default_rng(seed).permutation(n_tracks)
    others = drawn[~np.isin(drawn, picked)][: max(max_tracks - len(picked), 0)]
    rows = np.sort(np.concatenate([picked, others]))
    # The mix depends on the request alone, so that all listeners see the tracks at the same places.
    width = stands[0].point.n_directions
    vectors = recommender.index.vectors(stands[0].point, rows)[:, :width]
    there = vectors.any(axis=1)  # a track of which nothing is known is nowhere
    rows, vectors = rows[there], vectors[there]
    plane = widest_plane(vectors)
    places = dict(zip(rows.tolist(), _rounded(plane.project(vectors)), strict=True))
    return MapReport(
        request=plain(request),
        tracks=tuple(_placed(recommender, row, place) for row, place in places.items()),
        listeners=tuple(
            MapListener(
                listener_id=listener,
                start=_pair(plane, stand.point.user[:width]),
                end=_pair(plane, (stand.point.user + stand.point.query)[:width]),
                picks=tuple(_placed(recommender, row, places[row]) for row in stand.rows.tolist() if row in places),
            )
            for listener, stand in zip(people, stands, strict=True)
        ),
        n_catalogue=n_tracks,
        kept=plane.kept,
    )


def _placed(recommender: Recommender, row: int, place: Sequence[float]) -> MapTrack:
    return MapTrack(**named(recommender, row).model_dump(), x=place[0], y=place[1])


def _pair(plane: Plane, vector: FloatArray) -> tuple[float, float]:
    x, y = _rounded(plane.project(vector[None]))[0]
    return x, y


def _rounded(places: FloatArray) -> list[list[float]]:
    """Write places (n, 2) as exactly as they are seen: a taste fades from moment to moment in the eighth digit."""
    rounded: list[list[float]] = np.round(places.astype(np.float64), _DECIMALS).tolist()
    return rounded
