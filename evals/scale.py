"""Does it still work with a hundred and twenty thousand tracks? Perturbed copies of a real catalogue, from Chroma.

Task. Rows of a real table are copied under new ids until the catalogue has as many tracks as asked. The first copy of
each track is the original; in later ones the title gets a word of another title, the artist is another's in one row of
three, the year moves by up to three, audio features and popularity are jittered, and playlist ids are those of the
copy. The table is indexed by a child process (`segue index`) and served with the default settings.

Conventions. `seconds` and `peak_mb` of the build as in `evals.processes`, `p50_ms`, `p99_ms` and `certified` of warm
turns as in `evals.latency`. The subset `build` is the indexing. The report's settings name the index that served.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from evals.errors import EvaluationDataError
from evals.held_out import open_table
from evals.latency import TurnClock, time_turns
from evals.metrics import summarise
from evals.processes import environment, measure, segue_command
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys.types import Progress

_FEATURES = ("danceability", "energy", "acousticness", "instrumentalness", "valence")
_NEEDED = ("track_id", "track_name", "track_artist", "track_album_name", "track_album_release_date", "playlist_id")
_FEATURE_NOISE = 0.05
_POPULARITY_NOISE = 8
_MAX_YEARS_MOVED = 3
_SHARE_OF_OTHER_ARTISTS = 1 / 3


def bench_scale(
    catalogue: Path, n_tracks: int, n_turns: int, seeds: Sequence[int], *, progress: Progress | None = None
) -> Report:
    """Build, index and serve a large catalogue; the first seed perturbs it, every seed holds turns."""
    clock = TurnClock()
    with scratch_home() as home:
        table = home.with_name("large.csv")
        write_large_table(catalogue, table, n_tracks, np.random.default_rng(seeds[0]))
        if progress:
            progress("index", 0, 0)
        build = measure([*segue_command(), "index", str(table)], environment(home), home.parent)
        settings = scratch_settings(home)
        with Assistant(settings) as assistant:
            for seed in seeds:
                time_turns(assistant, n_turns, seed, clock, progress=progress)
    stated = {"catalogue": catalogue, "tracks": n_tracks, "turns": n_turns, "served_by": clock.index}
    report = Report("segue bench scale", stated | product_settings(settings), seeds)
    clock.fill(report, "segue")
    report.add("segue", "build", "seconds", summarise([build.seconds]))
    report.add("segue", "build", "peak_mb", summarise([build.peak_mb]))
    return report


def write_large_table(source: Path, target: Path, n_tracks: int, rng: np.random.Generator) -> None:
    """Write a table of perturbed copies with exactly `n_tracks` different track ids.

    Raises:
        EvaluationDataError: the source lacks a column of `spotify-songs`.
    """
    with open_table(source) as file:
        rows = [row for row in csv.DictReader(file) if row.get("track_name") not in (None, "", "NA")]
    missing = [name for name in _NEEDED if not rows or name not in rows[0]]
    if missing:
        raise EvaluationDataError(f"{source.name} lacks {', '.join(missing)}; give --catalogue spotify_songs.csv.gz")
    seen: set[str] = set()
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in _copies(rows, rng):
            if row["track_id"] not in seen and len(seen) == n_tracks:
                break
            seen.add(row["track_id"])
            writer.writerow(row)


def _copies(rows: Sequence[Mapping[str, str]], rng: np.random.Generator) -> Iterator[dict[str, str]]:
    """Yield the table, then perturbed copies of it without end."""
    yield from (dict(row) for row in rows)
    number = 1
    while True:
        perturbed: dict[str, dict[str, str]] = {}
        for row in rows:
            # one track stays one track: its rows, one per playlist, are perturbed alike
            if row["track_id"] not in perturbed:
                perturbed[row["track_id"]] = _perturb(row, rows, number, rng)
            playlist = {name: value for name, value in row.items() if name.startswith("playlist")}
            yield playlist | perturbed[row["track_id"]] | {"playlist_id": f"{row['playlist_id']}-{number}"}
        number += 1


def _perturb(
    row: Mapping[str, str], rows: Sequence[Mapping[str, str]], number: int, rng: np.random.Generator
) -> dict[str, str]:
    other = rows[int(rng.integers(len(rows)))]
    copy = {name: value for name, value in row.items() if not name.startswith("playlist")}
    copy["track_id"] = f"{row['track_id']}-{number}"
    copy["track_name"] = f"{row['track_name']} {rng.choice(other['track_name'].split() or ['again'])}"
    if rng.random() < _SHARE_OF_OTHER_ARTISTS:
        copy["track_artist"] = other["track_artist"]
    year = row["track_album_release_date"][:4]
    if year.isdecimal():
        moved = int(year) + int(rng.integers(-_MAX_YEARS_MOVED, _MAX_YEARS_MOVED + 1))
        copy["track_album_release_date"] = str(moved)
    for name in _FEATURES:
        if name in row:
            copy[name] = f"{np.clip(float(row[name]) + rng.normal(0, _FEATURE_NOISE), 0, 1):.4f}"
    if "track_popularity" in row:
        moved_popularity = float(row["track_popularity"]) + rng.normal(0, _POPULARITY_NOISE)
        copy["track_popularity"] = str(round(float(np.clip(moved_popularity, 0, 100))))
    return copy
