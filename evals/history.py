"""How long does a listening history take to import, and what do turns cost after it?

Task. A made-up extended history of Spotify with so many plays of so many different tracks is written; a tenth of the
spellings are remasters. Child processes import it into an empty data folder that serves the starter: first one play of
each track (`index`: reading, adding the tracks, indexing), then the whole history (`import`: reading, matching and
storing), then the same file again (`again`). Then turns are held in one process by a listener without a history and by
the one who has it.

Conventions. `seconds` and `peak_mb` as in `evals.processes`; `rows_per_s` is of the whole process, its start included.
`events` is the share of the rows that are events afterwards, `new` the share that the second import added. `p50_ms` is
of warm turns, `first_ms` of the first one. Turns are incognito: they leave nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np

from assistant.app import Assistant
from assistant.reply import Message
from evals.latency import FailedTurnError
from evals.metrics import summarise, summarise_quantile
from evals.processes import Run, environment, measure, segue_command
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys.store import Store
from recsys.types import Progress

_WORDS = (
    *("amber", "river", "stone", "ghost", "silver", "night", "paper", "moon"),
    *("glass", "winter", "golden", "thunder", "velvet", "echo", "crystal", "harbor"),
)
_REQUESTS = ("mellow jazz for a rainy sunday", "upbeat songs from the 90s", "something by Queen", "music for running")
_LISTENER = "bench"


def bench_history(
    n_rows: int, n_tracks: int, n_turns: int, seeds: Sequence[int], *, progress: Progress | None = None
) -> Report:
    """Import a made-up history of each seed and measure it."""
    with scratch_home() as home:
        stated = {"rows": n_rows, "tracks": n_tracks, "turns": n_turns} | product_settings(scratch_settings(home))
    report = Report("segue bench history", stated, seeds)
    for seed in seeds:
        with scratch_home() as home:
            files = home.with_name("one.json"), home.with_name("all.json")
            for path, n in zip(files, (n_tracks, n_rows), strict=True):
                write_history(path, n, n_tracks, np.random.default_rng(seed))
            for name, path in zip(("index", "import", "again"), (*files, files[1]), strict=True):
                if progress:
                    progress(name, 0, 0)
                before = _n_events(home)
                run = _import(home, path)
                report.add(name, "all", "seconds", summarise([run.seconds]))
                report.add(name, "all", "peak_mb", summarise([run.peak_mb]))
                if name != "index":
                    report.add(name, "all", "rows_per_s", summarise([n_rows / run.seconds]))
                    share = "events" if name == "import" else "new"
                    report.add(name, "all", share, summarise([(_n_events(home) - before) / n_rows]))
            with Assistant(scratch_settings(home)) as assistant:
                list(_turns(assistant, "nobody", len(_REQUESTS)))
                for name, listener in (("turns without", "nobody"), ("turns with", _LISTENER)):
                    first, *rest = _turns(assistant, listener, n_turns + 1)
                    report.add(name, "all", "first_ms", summarise([first]))
                    report.add(name, "all", "p50_ms", summarise_quantile(rest, 0.5))
    return report


def write_history(path: Path, n_rows: int, n_tracks: int, rng: np.random.Generator) -> None:
    """Write an extended streaming history: each track once, then popular ones more often than others."""
    names = [
        (f"{_WORDS[n % 16]} {_WORDS[n // 16 % 16]} {n}".title(), f"{_WORDS[n // 8 % 16]} Band {n // 8}".title())
        for n in range(n_tracks)
    ]
    lengths_ms = rng.integers(120_000, 360_000, n_tracks)
    drawn = np.minimum(rng.pareto(0.7, n_rows).astype(np.float64) * 10, 1e12).astype(np.int64) % n_tracks
    drawn[: min(n_tracks, n_rows)] = np.arange(min(n_tracks, n_rows))
    skipped, pauses = rng.random(n_rows) < 0.25, rng.integers(60, 600, n_rows)
    heard, remastered = rng.random(n_rows), rng.random(n_rows) < 0.1
    at = datetime(2012, 1, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as file:
        for number, track in enumerate(drawn.tolist()):
            at += timedelta(seconds=int(pauses[number]))
            title, artist = names[track]
            length_ms = int(lengths_ms[track])
            row = {
                "ts": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "platform": "android",
                "ms_played": int(length_ms * heard[number]) if skipped[number] else length_ms,
                "conn_country": "DE",
                "ip_addr": "192.0.2.1",
                "master_metadata_track_name": f"{title} - Remastered 2011" if remastered[number] else title,
                "master_metadata_album_artist_name": artist,
                "master_metadata_album_album_name": f"Album {track // 10}",
                "spotify_track_uri": f"spotify:track:{track:022d}",
                "episode_name": None,
                "spotify_episode_uri": None,
                "reason_start": "trackdone",
                "reason_end": "fwdbtn" if skipped[number] else "trackdone",
                "shuffle": False,
                "skipped": bool(skipped[number]),
                "offline": False,
                "incognito_mode": False,
            }
            file.write(("[" if not number else ",") + json.dumps(row))
        file.write("]")


def _import(home: Path, path: Path) -> Run:
    command = [*segue_command(), "history", "import", str(path), "--listener", _LISTENER]
    return measure(command, environment(home), home.parent)


def _n_events(home: Path) -> int:
    if not (home / "segue.db").exists():
        return 0
    store = Store.open(f"sqlite:///{(home / 'segue.db').as_posix()}")
    try:
        return store.counts()["events"]
    finally:
        store.close()


def _turns(assistant: Assistant, listener: str, n: int) -> Iterator[float]:
    """Hold turns, each in a session of its own; yield what each took, in milliseconds."""
    for number in range(n):
        text, session = _REQUESTS[number % len(_REQUESTS)], UUID(int=number).hex
        started = time.perf_counter()
        reply = assistant.reply(Message(listener_id=listener, session_id=session, text=text, incognito=True))
        if reply.last_resort:
            raise FailedTurnError(text)
        yield (time.perf_counter() - started) * 1000
