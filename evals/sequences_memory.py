"""How much memory does a log of listening take, for each row and for each name, while it is read and cut?

Task. A log in the published form of LastFM-1K is made up: six columns, newest first for each of 1,000 listeners,
sessions of fifteen plays, one row in a thousand broken. It is read (`read_lastfm_1k`), put in order, and cut into
sessions (`sessions_of`, the paper's values but for listeners and tracks of any number of plays).

Conventions. Each figure is of processes of their own, whose largest resident memory the system tells. `bytes_per_row`
is what the second half of the rows adds to the peak, for each of its rows, less what names that first come there add;
`bytes_per_name` what twice as many tracks add, for each that is new. `half` is the same for the
second quarter of the rows: where both agree, memory grows with the rows and not faster. `read` is up to the plays in
their order, `cut` up to the sessions. `full` is what both come to for LastFM-1K's 19,150,868 rows and 1.5 million
tracks: reckoned, and not measured.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from evals.child import run_child
from evals.metrics import summarise
from evals.report import Report
from recsys.types import Progress

_N_LISTENERS, _SESSION, _STEP_S, _BROKEN, _DAY_S = 1_000, 15, 200, 1_000, 86_400
#: As the data set's description has them.
FULL_ROWS, FULL_NAMES = 19_150_868, 1_500_000
_STAGES = ("read", "cut")


def bench_sequences(n_rows: int, n_tracks: int, seeds: Sequence[int], *, progress: Progress) -> Report:
    """Measure all of it.

    Args:
        n_rows: of the log.
        n_tracks: different ones in it.
        seeds: of the logs that are made up; figures are means over them.
        progress: told about every stage.

    Raises:
        CommandFailedError: a process ended badly.
    """
    report = Report("segue bench sequences", {"rows": n_rows, "tracks": n_tracks, "listeners": _N_LISTENERS}, seeds)
    found: dict[tuple[str, str, str], list[float]] = {}
    for seed in seeds:
        sizes = [(n_rows // 4, n_tracks), (n_rows // 2, n_tracks), (n_rows, n_tracks), (n_rows, 2 * n_tracks)]
        quarter, half, whole, named = (_measured(rows, tracks, seed, progress) for rows, tracks in sizes)
        for stage in _STAGES:
            per_name = (named[stage] - whole[stage]) / max(named["names"] - whole["names"], 1)
            per_row, of_half = (
                (more[stage] - less[stage] - per_name * (more["names"] - less["names"])) / (more["rows"] - less["rows"])
                for more, less in ((whole, half), (half, quarter))
            )
            rest = whole[stage] - per_row * whole["rows"] - per_name * whole["names"]
            full = rest + per_row * FULL_ROWS + per_name * FULL_NAMES
            for subset, metric, value in (
                ("all", "bytes_per_row", per_row),
                ("all", "bytes_per_name", per_name),
                ("all", "peak_mb", whole[stage] / 1e6),
                ("all", "rows_per_s", whole["rows"] / whole[f"{stage}_s"]),
                ("half", "bytes_per_row", of_half),
                ("full", "peak_mb", full / 1e6),
            ):
                found.setdefault((stage, subset, metric), []).append(value)
        report.details[f"seed {seed}"] = {"quarter": quarter, "half": half, "whole": whole, "twice the names": named}
    for (stage, subset, metric), values in found.items():
        report.add(stage, subset, metric, summarise(values))
    return report


def _measured(n_rows: int, n_tracks: int, seed: int, progress: Progress) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="segue-") as folder:
        path = Path(folder) / "plays.tsv"
        write_log(path, n_rows, n_tracks, seed, progress)
        stages: list[dict[str, float]] = [
            run_child(
                "evals.sequences_memory:measure", {"path": str(path), "stage": stage}, threads=1, progress=progress
            )
            for stage in _STAGES
        ]
    return {name: value for one in stages for name, value in one.items()}


def write_log(path: Path, n_rows: int, n_tracks: int, seed: int, progress: Progress) -> None:
    """Make up a log of so many rows, each listener's together and newest first, as they are published."""
    rng, days = np.random.default_rng(seed), dict[int, str]()
    n_each = -(-n_rows // _N_LISTENERS)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        left = n_rows
        for listener in range(_N_LISTENERS):
            # Some tracks are played far more often than others.
            tracks = (n_tracks * rng.random(min(n_each, left)) ** 2).astype(np.int64).tolist()
            lines = []
            for place, track in enumerate(tracks):
                day, second = divmod(1_230_000_000 - _STEP_S * place - _DAY_S * (place // _SESSION), _DAY_S)
                if day not in days:
                    days[day] = datetime.fromtimestamp(day * _DAY_S, UTC).strftime("%Y-%m-%d")
                clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
                said = (
                    f"user_{listener:06}\t{days[day]}T{clock}Z\t\tAn artist {track % 997}\t\tA track's title {track}\n"
                )
                lines.append("broken\toff\n" if not (place + 1) % _BROKEN else said)
            file.writelines(lines)
            left -= len(tracks)
            progress("make up a log", n_rows - left, n_rows)


def measure(path: str, stage: str, progress: Progress) -> dict[str, Any]:
    """Read a log, and cut it if `stage` is "cut", in this process; return bytes of its largest resident memory."""
    import resource

    from recsys.sequential.reading_logs import read_lastfm_1k
    from recsys.sequential.sessions import SessionSettings, sessions_of

    began = time.perf_counter()
    plays = read_lastfm_1k(Path(path), progress=progress)
    n_rows, n_names = len(plays) + plays.n_bad_rows, len(plays.names)
    if stage == "cut":
        began = time.perf_counter()
        sessions_of(plays, SessionSettings(least_steps=10))
    seconds = time.perf_counter() - began
    # Linux tells kibibytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {stage: float(peak), f"{stage}_s": seconds, "rows": n_rows, "names": n_names}
