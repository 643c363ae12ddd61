"""The tracks of the Conversational Playlist Curation Dataset (Chaganty et al. 2023), `tracks.jsonl`.

Ids are YouTube video ids; tracks of one cluster are versions of one work. Its headers are read like any others.
"""

from __future__ import annotations

from collections.abc import Collection

KIND = "cpcd"

_COLUMNS = frozenset({"track_ids", "track_titles", "track_artists", "track_cluster_ids"})


def is_cpcd(columns: Collection[str]) -> bool:
    """Tell whether a table with these columns is CPCD's."""
    return _COLUMNS.issubset(columns)
