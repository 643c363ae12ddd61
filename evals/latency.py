"""How long does a listener wait for a warm turn?

Task. A catalogue is indexed in a data folder of its own and opened by one `Assistant`. Listeners, half of them with a
history of twenty kept tracks, hold sessions of three turns: a request composed from the catalogue's own facets (the
grammar of `recsys.synthesis`), then two refinements. Every turn is a whole `Assistant.reply`: understanding, encoding,
retrieval, ranking, slate, receipt, reasons, and the write to the database.

Conventions. Turns follow one another in one thread. The first `N_WARM` turns warm caches and are not counted. Times are
wall-clock milliseconds; `p50_ms` and `p99_ms` are quantiles over turns, with bootstrap intervals. Subset `all` is the
whole turn as a connector sees it, the other subsets are its stages as the reply states them. `certified` is the share
of turns whose candidate lists the index could prove. A turn that ends in the last-resort reply fails the benchmark.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from assistant.reply import Message
from evals.errors import EvaluationError
from evals.metrics import summarise, summarise_quantile
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys import generations
from recsys.catalogue import Catalogue
from recsys.synthesis import synthesise
from recsys.types import Progress
from recsys.vocabulary import load_vocabulary

N_WARM = 12
_N_KEPT = 20
_REFINEMENTS = (
    *("more upbeat please", "something calmer", "no rock", "only from the 90s", "less famous ones", "30 tracks"),
    *("45 minutes", "something else", "nothing too fast", "with female vocals", "also some jazz", "more like these"),
)


class FailedTurnError(EvaluationError, RuntimeError):
    """A turn under measurement ended in the last-resort reply."""

    def __init__(self, text: str) -> None:
        super().__init__(f"the turn {text!r} failed; run `SEGUE_LOG_LEVEL=debug segue chat` and say the same")
        self.text = text


class TurnClock:
    """Collects the times of turns, in milliseconds by stage."""

    def __init__(self) -> None:
        self.stages: dict[str, list[float]] = {"all": []}
        self.certified: list[float] = []
        self.index = ""

    def fill(self, report: Report, system: str) -> None:
        """Put median, 99th percentile and certified share into a report."""
        for stage, times in self.stages.items():
            report.add(system, stage, "p50_ms", summarise_quantile(times, 0.5))
            report.add(system, stage, "p99_ms", summarise_quantile(times, 0.99))
            if stage == "all":
                report.add(system, stage, "certified", summarise(self.certified))


def bench_turn(
    catalogue: Path, n_turns: int, seeds: Sequence[int], *, kept: Path | None = None, progress: Progress | None = None
) -> Report:
    """Index a catalogue and measure `n_turns` warm turns per seed."""
    clock = TurnClock()
    with scratch_home(kept) as home:
        settings = scratch_settings(home)
        with Assistant(settings) as assistant:
            assistant.index(catalogue, progress=progress)
            for seed in seeds:
                time_turns(assistant, n_turns, seed, clock, progress=progress)
            n_tracks = assistant.status().n_tracks
    stated = {"catalogue": catalogue, "tracks": n_tracks, "turns": n_turns, "served_by": clock.index}
    report = Report("segue bench turn", stated | product_settings(settings), seeds)
    clock.fill(report, "segue")
    return report


def time_turns(
    assistant: Assistant, n_turns: int, seed: int, clock: TurnClock, *, progress: Progress | None = None
) -> None:
    """Hold warm sessions with an assistant whose index is built, and collect their times.

    Raises:
        FailedTurnError: a turn ended in the last-resort reply.
    """
    catalogue = Catalogue.load(generations.current(assistant.settings.home).folder / "catalogue")
    rng = np.random.default_rng(seed)
    messages = list(_messages(assistant, catalogue, N_WARM + n_turns, seed, rng))
    for done, message in enumerate(messages):
        started = time.perf_counter()
        reply = assistant.reply(message)
        waited_ms = (time.perf_counter() - started) * 1000
        if reply.last_resort:
            raise FailedTurnError(message.text)
        clock.index = reply.index
        if done < N_WARM:
            continue
        clock.stages["all"].append(waited_ms)
        clock.certified.append(float(bool(reply.certified)))
        for stage, milliseconds in reply.timings_ms.items():
            if stage != "total":
                clock.stages.setdefault(stage, []).append(milliseconds)
        if progress:
            progress("turns", done + 1, len(messages))


def _messages(
    assistant: Assistant, catalogue: Catalogue, n: int, seed: int, rng: np.random.Generator
) -> Iterator[Message]:
    """Compose sessions of three turns; every other listener has kept tracks before."""
    requests = [triple.text for triple in synthesise(catalogue, load_vocabulary(), -(-n // 3), rng)]
    for number in range(n):
        session, turn = divmod(number, 3)
        listener = f"listener {seed} {session}"
        if turn == 0 and session % 2:
            for row in rng.choice(len(catalogue), min(_N_KEPT, len(catalogue)), replace=False).tolist():
                assistant.feedback(listener, None, catalogue.track_ids[row], "keep")
        text = requests[session % len(requests)] if turn == 0 else str(rng.choice(_REFINEMENTS))
        yield Message(listener_id=listener, session_id=f"session {seed} {session}", text=text, seed=number)
