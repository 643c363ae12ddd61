"""How long do many listeners at once wait, and does each get an answer of their own?

Task. One `Assistant` in this process, on two cores at most, answers `n_listeners` listeners, each in a thread of its
own as web and Discord have them. Into each a distinct taste is planted: they have liked the tracks of one artist, who
is nobody else's. `steady`: each sends a message every `every_s` seconds, all of them spread evenly over that time, for
`seconds`; messages are requests composed from the catalogue's facets (the grammar of `recsys.synthesis`), refinements,
and now and then "what do you know about my taste?"; a track of each session's first slate is liked. `at once`: all send
a request in the same moment, `N_ROUNDS` times.

Conventions. A turn's time runs from when it was due until its reply is there, in wall-clock milliseconds: a listener
who is late because the turn before took long has waited. `p50_ms` and `p95_ms` are quantiles over turns, with bootstrap
intervals. `errors` is the share of turns that ended in the last-resort reply or raised, `mixed_up` the share whose
reply is not this listener's (`problem_of`): another session or turn, a size that another session asked, a track marked
as liked that the listener did not like or the reverse, a reason that names a liked track of somebody else, or a taste
without the planted artist. Each listener asks for a size of their own.

The promise: p95 of at most `STEADY_P95_MS`, and `AT_ONCE_P95_MS` all at once, no errors and no mix-ups.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from assistant.labels import plain
from assistant.reply import Message, Reply
from assistant.situation import titled
from evals.errors import EvaluationDataError
from evals.metrics import summarise, summarise_quantile
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings
from recsys import generations
from recsys.catalogue import Catalogue
from recsys.synthesis import synthesise
from recsys.types import Progress
from recsys.vocabulary import load_vocabulary

STEADY_P95_MS, AT_ONCE_P95_MS = 1_500.0, 4_000.0
#: Cores that the promise is made for, and rounds in which all ask at once.
N_CORES, N_ROUNDS = 2, 5
_TURNS_PER_SESSION, _MOST_PLANTED = 5, 10
_TASTE = "what do you know about my taste?"
_REFINEMENTS = (
    *("more upbeat please", "something calmer", "no rock", "only from the 90s", "less famous ones", "something else"),
    *("nothing too fast", "with female vocals", "also some jazz", "more like these"),
)
_LIKED = re.compile(r"close to (“.+?”(?: by .+)?), which you liked")


@dataclass
class Listener:
    """Somebody with a taste of their own."""

    listener_id: str
    artist: str
    size: int  # tracks that they ask for
    liked: dict[str, str]  # track id → how a reason names it
    turn: int = 0  # of the session that goes on
    session: int = 0

    @property
    def session_id(self) -> str:
        """The session that goes on."""
        return f"{self.listener_id}'s {self.session}"


@dataclass
class Turns:
    """What was measured."""

    waited_ms: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # one per turn, "" for a good one
    errors: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, waited_ms: float, error: str, problem: str) -> None:
        """Note one turn."""
        with self.lock:
            self.waited_ms.append(waited_ms)
            self.errors.append(error)
            self.problems.append(problem)

    def fill(self, report: Report, subset: str) -> None:
        """Put the figures into a report, and into its cases what went wrong."""
        report.add("segue", subset, "p50_ms", summarise_quantile(self.waited_ms, 0.5))
        report.add("segue", subset, "p95_ms", summarise_quantile(self.waited_ms, 0.95))
        report.add("segue", subset, "errors", summarise([float(bool(one)) for one in self.errors]))
        report.add("segue", subset, "mixed_up", summarise([float(bool(one)) for one in self.problems]))
        report.cases += [{"when": subset, "problem": one} for one in (*self.errors, *self.problems) if one]


def bench_load(
    catalogue: Path | None,
    home: Path | None,
    n_listeners: int,
    seconds: float,
    every_s: float,
    seeds: Sequence[int],
    *,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Serve a catalogue, or the starter, to many listeners at once.

    Args:
        catalogue: a table of tracks; the starter without one.
        home: a data folder whose index is served, in place of a catalogue; nothing of it changes.
        n_listeners: how many there are.
        seconds: how long the steady part lasts.
        every_s: seconds between two messages of a listener.
        seeds: what is said, one run each.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.

    Raises:
        EvaluationDataError: the catalogue has too few artists to plant one in each listener.
    """
    steady, at_once = Turns(), Turns()
    with scratch_home(kept) as scratch, on_cores(N_CORES):
        database = f"sqlite:///{(scratch / 'load.db').as_posix()}"
        settings = scratch_settings(scratch)
        if home is not None:
            settings = settings.model_copy(update={"home": home, "database_url": database})
        with Assistant(settings) as assistant:
            if catalogue is not None and home is None:
                assistant.index(catalogue, progress=progress)
            assistant.ensure_ready(progress)
            assistant.rank("", "music", 1)
            for seed in seeds:
                crowd = plant(assistant, n_listeners, seed)
                hold(assistant, crowd, seconds, every_s, seed, steady, progress=progress)
                for number in range(N_ROUNDS):
                    all_at_once(assistant, crowd, seed + 1 + number, at_once)
            n_tracks = len(_catalogue(assistant))
    stated: dict[str, object] = {"catalogue": catalogue or home or "starter", "tracks": n_tracks}
    stated |= {
        "listeners": n_listeners,
        "seconds": seconds,
        "every_s": every_s,
        "cores": min(N_CORES, os.cpu_count() or N_CORES),
    }
    report = Report("segue bench load", stated | product_settings(settings), seeds)
    steady.fill(report, "all")
    at_once.fill(report, "all at once")
    return report


def plant(assistant: Assistant, n_listeners: int, seed: int) -> list[Listener]:
    """Let each listener have liked the tracks of an artist of their own.

    Raises:
        EvaluationDataError: too few artists have two tracks.
    """
    catalogue = _catalogue(assistant)
    artists, counts = np.unique(catalogue.artist_rows, return_counts=True)
    usable = artists[counts >= 2]
    if len(usable) < n_listeners:
        raise EvaluationDataError(
            f"{len(usable)} artists of the catalogue have two tracks and {n_listeners} are needed; "
            "give a greater catalogue, or fewer --listeners"
        )
    drawn = np.random.default_rng(seed).permutation(usable)[:n_listeners].tolist()
    crowd = []
    for number, artist in enumerate(drawn):
        rows = np.flatnonzero(catalogue.artist_rows == artist)[:_MOST_PLANTED].tolist()
        tracks = [catalogue.track(row) for row in rows]
        liked = {track.track_id: titled(track.title, track.artists) for track in tracks}
        listener = Listener(f"listener {seed} {number}", tracks[0].artists[0], 5 + number % 26, liked)
        assistant.add_history(listener.listener_id, [(track_id, "like", 1) for track_id in liked])
        crowd.append(listener)
    return crowd


def hold(
    assistant: Assistant,
    crowd: Sequence[Listener],
    seconds: float,
    every_s: float,
    seed: int,
    turns: Turns,
    *,
    progress: Progress | None = None,
) -> None:
    """Let listeners send a message every so many seconds each, for so many seconds."""
    n_each = max(round(seconds / every_s), 1)
    requests = _requests(assistant, len(crowd) * n_each, seed)
    began = time.perf_counter() + 0.1

    def talk(number: int) -> None:
        listener = crowd[number]
        rng = np.random.default_rng((seed, number))
        for n in range(n_each):
            due = began + number * every_s / len(crowd) + n * every_s
            time.sleep(max(due - time.perf_counter(), 0.0))
            _take_turn(assistant, listener, requests[number * n_each + n], rng, due, turns)
            if progress and not number:
                progress("turns", n + 1, n_each)

    _together(talk, len(crowd))


def all_at_once(assistant: Assistant, crowd: Sequence[Listener], seed: int, turns: Turns) -> None:
    """Let all listeners begin a session in the same moment."""
    requests = _requests(assistant, len(crowd), seed)
    gate = threading.Barrier(len(crowd))

    def talk(number: int) -> None:
        listener = crowd[number]
        listener.session, listener.turn = listener.session + 1, 0
        gate.wait()
        _take_turn(assistant, listener, requests[number], np.random.default_rng(seed), time.perf_counter(), turns)

    _together(talk, len(crowd))


def problem_of(reply: Reply, listener: Listener, *, asked_taste: bool = False) -> str:
    """Say what shows that a reply is somebody else's; "" where nothing does."""
    who = listener.listener_id
    if (reply.session_id, reply.turn) != (listener.session_id, listener.turn):
        return f"{who}: turn {reply.turn} of {reply.session_id!r} for turn {listener.turn} of {listener.session_id!r}"
    sizes = [line.asked for line in reply.receipt if line.constraint == "tracks"]
    if sizes and sizes != [str(listener.size)]:
        return f"{who}: asked for {listener.size} tracks and was given what {sizes[0]} were asked for"
    for track in reply.tracks:
        if bool(track.liked) != (track.track_id in listener.liked):
            return f"{who}: {track.track_id} is marked as {'' if track.liked else 'not '}liked"
        named = _LIKED.search(track.reason)
        if named and named[1] not in listener.liked.values():
            return f"{who}: {named[1]} is named as liked"
    if asked_taste and plain(listener.artist, 40) not in reply.text:
        return f"{who}: {listener.artist} is not in their taste: {reply.text}"
    return ""


@contextmanager
def on_cores(n: int) -> Iterator[None]:
    """Keep this process, and the threads that it starts, to so many cores, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:n])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _take_turn(
    assistant: Assistant, listener: Listener, request: str, rng: np.random.Generator, due: float, turns: Turns
) -> None:
    if listener.turn == _TURNS_PER_SESSION:
        listener.session, listener.turn = listener.session + 1, 0
    listener.turn += 1
    asks_taste = listener.turn == _TURNS_PER_SESSION - 1
    refinement = _TASTE if asks_taste else str(rng.choice(_REFINEMENTS))
    message = Message(
        listener_id=listener.listener_id,
        session_id=listener.session_id,
        text=request if listener.turn == 1 else refinement,
        n_tracks=listener.size if listener.turn == 1 else None,
    )
    reply = assistant.reply(message)
    waited_ms = (time.perf_counter() - due) * 1000
    error = f"{listener.listener_id}: {message.text!r} failed" if reply.last_resort else ""
    turns.note(waited_ms, error, "" if error else problem_of(reply, listener, asked_taste=asks_taste))
    if listener.turn == 1 and reply.tracks:
        track = reply.tracks[0]
        assistant.feedback(listener.listener_id, listener.session_id, track.track_id, "like")
        listener.liked[track.track_id] = titled(track.title, track.artists)


def _together(work: Callable[[int], None], n: int) -> None:
    """Run numbered work in threads, all at once, and wait for all of it; the first error is raised."""
    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def _requests(assistant: Assistant, n: int, seed: int) -> list[str]:
    drawn = synthesise(_catalogue(assistant), load_vocabulary(), n, np.random.default_rng(seed))
    return [one.text for one in drawn]


def _catalogue(assistant: Assistant) -> Catalogue:
    return Catalogue.load(generations.current(assistant.settings.home).folder / "catalogue")
