"""How long does a listener wait for the next ten tracks of a radio?

Task. A data folder is copied, or a table indexed. Sessions are held one after the other by listeners with twenty kept
tracks: `wishes` begin with a request composed from the catalogue's own facets, `no wishes` with a radio from a track
drawn by chance; then comes "keep going", `_A_SESSION` times in each. Every turn is a whole `Assistant.reply`.

Conventions. Only "keep going" is timed, in one thread, the first session of each kind not counted. `p50_ms` and
`p95_ms` are quantiles over turns of wall-clock milliseconds, with bootstrap intervals; `cpu_p50_ms` is of what the
process computed, whatever else the machine does.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from assistant.radio_start import RadioStart
from assistant.reply import Message
from evals.latency import FailedTurnError
from evals.metrics import summarise_quantile
from evals.radio import N_LIKED, served
from evals.report import Report
from evals.scratch import product_settings
from recsys.synthesis import synthesise
from recsys.types import Progress

KINDS = ("wishes", "no wishes")
_A_SESSION = 5


def bench_radio(
    n_turns: int,
    seeds: Sequence[int],
    *,
    catalogue: Path | None = None,
    home: Path | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Measure `n_turns` of each kind per seed.

    Raises:
        FailedTurnError: a turn ended in the last-resort reply.
    """
    with served(home, catalogue, kept, progress) as assistant:
        stated = {"catalogue": catalogue or "starter", "home": home, "turns": n_turns}
        stated |= {"n_tracks": assistant.status().n_tracks} | product_settings(assistant.settings)
        report = Report("segue bench radio", stated, seeds)
        times: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
        for seed in seeds:
            for kind in KINDS:
                times[kind] += time_radio(assistant, kind, n_turns, seed, progress)
    for kind, taken in times.items():
        waited, computed = zip(*taken, strict=True)
        report.add(kind, "all", "p50_ms", summarise_quantile(waited, 0.5))
        report.add(kind, "all", "p95_ms", summarise_quantile(waited, 0.95))
        report.add(kind, "all", "cpu_p50_ms", summarise_quantile(computed, 0.5))
    return report


def time_radio(
    assistant: Assistant, kind: str, n_turns: int, seed: int, progress: Progress | None = None
) -> list[tuple[float, float]]:
    """Hold sessions of a kind; what each "keep going" took and computed, in milliseconds."""
    recommender = assistant.serving().recommender
    catalogue, rng = recommender.catalogue, np.random.default_rng(seed)
    n_sessions = -(-n_turns // _A_SESSION) + 1
    asked = [one.text for one in synthesise(catalogue, recommender.vocabulary, n_sessions, rng)]
    taken: list[tuple[float, float]] = []
    for number in range(n_sessions):
        name = f"{kind} {seed} {number}"
        for row in rng.choice(len(catalogue), min(N_LIKED, len(catalogue)), replace=False).tolist():
            assistant.feedback(name, None, catalogue.track_ids[row], "keep")
        start = RadioStart(of="track", key=catalogue.track_ids[int(rng.integers(len(catalogue)))])
        first = {"text": asked[number]} if kind == "wishes" else {"text": "", "radio": start}
        assistant.reply(Message.model_validate({"listener_id": name, "session_id": name, **first}))
        for _ in range(_A_SESSION):
            started, computed = time.perf_counter(), time.process_time()
            reply = assistant.reply(Message(listener_id=name, session_id=name, text="keep going"))
            took_ms = ((time.perf_counter() - started) * 1000, (time.process_time() - computed) * 1000)
            if reply.last_resort:
                raise FailedTurnError("keep going")
            if number:
                taken.append(took_ms)
        if progress:
            progress(f"{kind} (seed {seed})", number + 1, n_sessions)
    return taken[:n_turns]
