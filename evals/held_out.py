"""Playlists taken out of a catalogue: which, and a copy of its table that knows nothing of them.

Conventions. One playlist in five is held out, drawn by seed (`numpy` generator, a permutation of the playlists in the
table's order). Of a held-out playlist's tracks a random half (rounded down) is the *history*, the other half the
*targets*; a playlist of a single track has no history and is left out of the scores, though it stays hidden.

Hidden is everything that the table states of a playlist: in the rows of held-out playlists, each column whose header
begins with "playlist" (id, name, genre, subgenre in `spotify-songs`) is emptied. The rows stay, so that every track
stays in the catalogue with its own facts; what other playlists state of the same track stays too.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from evals.errors import EvaluationDataError
from recsys.sources import read_source
from recsys.sources.headers import squeeze
from recsys.text import fold
from recsys.types import Collection, TrackId

#: One playlist in this many is held out.
ONE_IN = 5


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A playlist that the catalogue does not know, cut in two."""

    playlist_id: str
    name: str
    history: tuple[TrackId, ...]
    targets: tuple[TrackId, ...]
    name_is_new: bool  # no playlist that stayed has the same name


@dataclass(frozen=True, slots=True)
class Split:
    """What one seed holds out: all hidden ids, and the playlists that can be scored."""

    hidden: frozenset[str]
    playlists: tuple[HeldOut, ...]


def read_playlists(path: Path) -> list[Collection]:
    """Read the named playlists of a catalogue table, in its order.

    Raises:
        SourceError: the table cannot be read.
        EvaluationDataError: it names fewer than five playlists, or is no CSV.
    """
    if not {".csv", ".tsv"} & {suffix.lower() for suffix in path.suffixes}:
        raise EvaluationDataError(
            f"{path.name} is no CSV or TSV; give --catalogue a table such as spotify_songs.csv.gz"
        )
    playlists = [one for one in read_source(path).collections if one.name.strip()]
    if len(playlists) < ONE_IN:
        raise EvaluationDataError(
            f"{path.name} names {len(playlists)} playlists and at least {ONE_IN} are needed; "
            "give --catalogue a table with playlist_id and playlist_name columns"
        )
    return playlists


def split(playlists: Sequence[Collection], seed: int) -> Split:
    """Draw one playlist in five and cut each into history and targets."""
    rng = np.random.default_rng(seed)
    drawn = sorted(rng.permutation(len(playlists))[: len(playlists) // ONE_IN].tolist())
    hidden = frozenset(playlists[number].collection_id for number in drawn)
    kept_names = {fold(one.name) for one in playlists if one.collection_id not in hidden}
    scored = []
    for number in drawn:
        playlist = playlists[number]
        tracks = list(dict.fromkeys(playlist.track_ids))
        order = rng.permutation(len(tracks)).tolist()
        history, targets = order[: len(tracks) // 2], order[len(tracks) // 2 :]
        if history:
            scored.append(
                HeldOut(
                    playlist.collection_id,
                    playlist.name,
                    tuple(tracks[n] for n in history),
                    tuple(tracks[n] for n in targets),
                    fold(playlist.name) not in kept_names,
                )
            )
    return Split(hidden, tuple(scored))


def hide(path: Path, hidden: frozenset[str], copy: Path) -> int:
    """Write the table to `copy` without what it states of the hidden playlists; return the number of rows emptied.

    Raises:
        EvaluationDataError: the table has no column of playlist ids, or none of the hidden ids is in it.
    """
    delimiter = "\t" if ".tsv" in path.suffixes else ","
    n_emptied = 0
    with open_table(path) as source, copy.open("w", encoding="utf-8", newline="") as target:
        rows = csv.DictReader(source, delimiter=delimiter)
        columns = [name for name in rows.fieldnames or () if squeeze(name).startswith("playlist")]
        ids = [name for name in columns if squeeze(name) in ("playlistid", "playlisturi")]
        if not ids:
            raise EvaluationDataError(f"{path.name} has no playlist_id column, so no playlist can be hidden in it")
        writer = csv.DictWriter(target, rows.fieldnames or (), delimiter=delimiter)
        writer.writeheader()
        for row in rows:
            if row[ids[0]] in hidden:
                row |= dict.fromkeys(columns, "")
                n_emptied += 1
            writer.writerow(row)
    if not n_emptied:
        raise EvaluationDataError(f"no row of {path.name} belongs to the {len(hidden)} playlists that were held out")
    return n_emptied


def open_table(path: Path) -> IO[str]:
    """Open a CSV or TSV for reading, gzipped or not."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")
