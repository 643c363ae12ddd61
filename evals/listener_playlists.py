"""The simulated listener with a held-out playlist of a table in mind: its name, then what its tracks have in common.

One playlist in five is held out and hidden, as in `evals.held_out`; every track of it is a target. The words are made
of what the table states of the targets, by a fixed rule and before anything is shown. Neither years nor albums are
among what the parser's vocabulary (genres, moods, artists, titles, …) was built from:

    turn 1   the playlist's name
    turn 2   the years that hold the middle half of the targets: "from 2011 to 2017"
    turn 3   an album of those years, drawn by seed from the targets': "in the spirit of …"
    turn 4   another: "also in the spirit of …"

Albums whose title is also that of a track are not drawn, for titles are among what the parser knows. Systems, figures
and conventions are those of `evals.listener`; the split of seed 1 was used for choosing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from evals.held_out import HeldOut, hide, read_playlists, split
from evals.listener import Conversation, Talks, works_of
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys.sources import read_source
from recsys.text import fold
from recsys.types import Progress, Track, TrackId

_MIDDLE = (0.25, 0.75)


def evaluate_playlists(
    catalogue: Path,
    n_conversations: int,
    seeds: Sequence[int],
    *,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Index the catalogue without the playlists of each seed's split, and hold conversations about them.

    Args:
        catalogue: a table with named playlists, such as `spotify_songs.csv.gz`.
        n_conversations: how many to hold at most, per seed.
        seeds: one split, and set of slates, each.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.

    Raises:
        EvaluationDataError: the catalogue has no playlists that could be held out, or too few.
        FailedTurnError: a turn ended in the last-resort reply.
    """
    playlists = read_playlists(catalogue)
    tracks = {track.track_id: track for track in read_source(catalogue).tracks}
    talks = Talks()
    said: dict[str, object] = {"catalogue": catalogue, "conversations": n_conversations}
    for seed in seeds:
        with scratch_home(kept) as home:
            settings = scratch_settings(home)
            held_out = split(playlists, seed)
            table = home.with_name("catalogue.csv")
            hide(catalogue, held_out.hidden, table)
            with Assistant(settings) as assistant:
                assistant.index(table, progress=progress)
                written = write_conversations(held_out.playlists, tracks, seed)[:n_conversations]
                talks.hold(assistant, works_of(assistant), written, seed, progress)
            said |= product_settings(settings)
    return talks.report(said, seeds)


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
