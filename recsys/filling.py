"""How many tracks of an artist a slate may hold, and whether what is allowed can fill it.

Shapes: N tracks of the catalogue.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recsys.catalogue import Catalogue
from recsys.recommendation import Query
from recsys.types import BoolArray, Facet

DEFAULT_SIZE = 20
#: Share of a slate that artists asked for last may take, where others were asked for before.
_LEAD = 0.75


def fills(catalogue: Catalogue, allowed: BoolArray, query: Query) -> bool:
    """Whether the allowed tracks (N,), one version a work and capped by artist, fill what was asked for."""
    rows = np.flatnonzero(allowed)
    _, first = np.unique(catalogue.work[rows], return_index=True)
    rows = rows[first]
    artists, counts = np.unique(catalogue.artist_rows[rows], return_counts=True)
    caps = artist_caps(catalogue, query)
    limits = np.array([caps.get(int(a), query.max_per_artist) for a in artists], dtype=np.int64)
    n_usable = int(np.minimum(counts, limits).sum())
    if query.minutes is None or not n_usable:
        return n_usable >= (query.size or DEFAULT_SIZE)
    return n_usable * float(catalogue.durations_s[rows].mean()) >= query.minutes * 60.0


def usual_size(query: Query) -> int:
    """How many tracks a slate has, or about how many where minutes were asked for."""
    return query.size or int((query.minutes or DEFAULT_SIZE * 4.0) / 4.0)


def artist_caps(catalogue: Catalogue, query: Query) -> dict[int, int]:
    """Lift the cap of artists that were asked for, who share the slate evenly; one track of each example's."""
    keys = [v for c in query.constraints if c.facet is Facet.ARTIST and c.wanted for v in c.values]
    size = query.size or int((query.minutes or 60.0) / 2) + 1
    share = size if len(keys) == 1 else -(-size // max(len(keys), 1)) + 1
    leading = query.lead.intersection(keys)
    lead = max(share, -(-int(_LEAD * size) // max(len(leading), 1)) + 1)
    caps = {int(catalogue.artist_rows[row]): 1 for row in query.like_rows}
    for key in keys:
        for row in catalogue.postings(Facet.ARTIST, key):
            most = lead if key in leading else share
            caps[int(catalogue.artist_rows[row])] = max(most, query.max_per_artist)
    if query.quotas:
        numbers = {key: number for number, key in enumerate(catalogue.artist_keys)}
        caps |= {numbers[key]: most for key, most in query.quotas if key in numbers}
    return caps


def cleaned(catalogue: Catalogue, query: Query) -> Query:
    """Take what is known to be explicit out of what a query wants in any case, where it is to be clean."""
    if not query.clean:
        return query
    explicit = frozenset(np.flatnonzero(catalogue.explicit == 1).tolist())
    return replace(
        query,
        fixed=tuple((place, row) for place, row in query.fixed if row not in explicit),
        must_rows=tuple(row for row in query.must_rows if row not in explicit),
    )
