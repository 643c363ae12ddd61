"""What a listener with a held-out playlist in mind says: its name, then what its tracks have in common.

One playlist in five is held out and hidden, as in `evals.held_out`; every track of it is a target. The words are made
of what the table states of the targets, by a fixed rule, before anything is shown, and hold no word that the parser's
vocabulary (genres, moods, artists, titles, …) was built from except by chance:

    turn 1   the playlist's name
    turn 2   the years that hold the middle half of the targets: "from 2011 to 2017"
    turn 3   an album of those years, drawn by seed from the targets': "in the spirit of …"
    turn 4   another: "also in the spirit of …"

Albums whose title is also that of a track are not drawn, for titles are among what the parser knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evals.held_out import HeldOut
from evals.listener import Conversation
from recsys.text import fold
from recsys.types import Track, TrackId

_MIDDLE = (0.25, 0.75)


def write_conversations(playlists: Sequence[HeldOut], tracks: Mapping[TrackId, Track], seed: int) -> list[Conversation]:
    """Write what is said for each held-out playlist; playlists without two albums to name are left out."""
    rng = np.random.default_rng(seed)
    titles = {fold(track.title) for track in tracks.values()}
    written = []
    for playlist in playlists:
        targets = [tracks[track_id] for track_id in (*playlist.history, *playlist.targets) if track_id in tracks]
        years = [track.year for track in targets if track.year is not None]
        if not years:
            continue
        low, high = np.quantile(years, _MIDDLE, method="nearest").astype(int).tolist()
        within = [track for track in targets if track.year is not None and low <= track.year <= high]
        albums = sorted({track.album for track in within if track.album and fold(track.album) not in titles})
        if len(albums) < 2:
            continue
        one, other = (albums[number] for number in rng.permutation(len(albums))[:2].tolist())
        words = (playlist.name, f"from {low} to {high}", f"in the spirit of {one}", f"also in the spirit of {other}")
        written.append(Conversation(playlist.playlist_id, words, frozenset(track.track_id for track in targets)))
    return written
