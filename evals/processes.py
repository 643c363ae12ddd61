"""How long do commands take from a cold process, and how much memory? Measured from outside, on child processes.

Task. `bench_cold`: on an empty data folder one `segue playlist` builds the starter, then `segue playlist` is run again
and again with varied requests. `bench_index`: `segue index FILE` on an empty data folder, then again with nothing
changed.

Conventions. `seconds` is wall-clock time from starting the process to its end; `p50_ms` and `p99_ms` are its quantiles
where there are many runs. `peak_mb` is in 10⁶ bytes: the larger of the process's own peak resident set, as the kernel
reports it, and the greatest sum of resident sets over the process and its children, sampled every 50 ms; pages that
they share are counted once for each, so it errs high. Files are warm in the page cache after the first run, as they are
for a user. The user's `SEGUE_*` settings and `.env` take no part.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from evals.errors import CommandFailedError
from evals.metrics import summarise, summarise_quantile
from evals.report import Report
from evals.scratch import scratch_home
from recsys.types import Progress

_SAMPLE_EVERY_S = 0.05
#: Starts the command from a process that holds next to nothing: what a process occupies before it becomes another
#: program counts towards that program's peak, and this one may hold gigabytes.
_LAUNCHER = """
import os, sys, time
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as noted:
    print(time.perf_counter() - started, usage.ru_maxrss, file=noted)
status = os.waitstatus_to_exitcode(status)
sys.exit(status if status >= 0 else 128 - status)
"""
_REQUESTS = (
    "something mellow for a rainy sunday, nothing too famous, 45 minutes",
    "90s hip-hop, no Eminem",
    "songs like Nina Simone",
    "instrumental music to study to",
    "metal but no screaming death metal",
    "French songs for dinner",
    "disco from between 1975 and 1982",
    "sad songs for a breakup",
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one child process took and said."""

    seconds: float
    peak_mb: float
    stdout: str


def segue_command() -> list[str]:
    """The `segue` of this environment, as the start of a command."""
    script = Path(sys.executable).with_name("segue")
    return [str(script)] if script.is_file() else [sys.executable, "-c", "from evals.main import main; main()"]


def environment(home: Path, **settings: str) -> dict[str, str]:
    """This process's environment without the user's settings, with the data in `home`."""
    clean = {name: value for name, value in os.environ.items() if not name.upper().startswith("SEGUE_")}
    return clean | {"SEGUE_HOME": str(home)} | settings


def measure(command: Sequence[str], env: Mapping[str, str], folder: Path) -> Run:
    """Run a command to its end in a working folder and measure it.

    Raises:
        CommandFailedError: its exit status is not 0.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryDirectory() as scratch:
        noted = Path(scratch) / "noted"
        launcher = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(noted), *command],
            env=dict(env),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        watched, sampled = psutil.Process(launcher.pid), 0
        while launcher.poll() is None:
            sampled = max(sampled, _resident_below(watched))
            time.sleep(_SAMPLE_EVERY_S)
        out.seek(0)
        err.seek(0)
        said, complained = out.read().decode("utf-8", "replace"), err.read().decode("utf-8", "replace")
        if launcher.returncode:
            raise CommandFailedError(" ".join(command), launcher.returncode, complained)
        seconds, max_rss = noted.read_text(encoding="utf-8").split()
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts kilobytes everywhere but there
    return Run(float(seconds), max(sampled, int(max_rss) * unit) / 1e6, said)


def bench_cold(n_runs: int, seeds: Sequence[int], *, progress: Progress | None = None) -> Report:
    """Measure `segue playlist` from cold processes, `n_runs` times per seed."""
    runs = []
    with scratch_home() as home:
        env = environment(home)
        first = measure([*segue_command(), "playlist", _REQUESTS[0], "-o", "first.m3u8"], env, home.parent)
        for number, seed in enumerate(s for s in seeds for _ in range(n_runs)):
            request = _REQUESTS[number % len(_REQUESTS)]
            command = [*segue_command(), "playlist", request, "--seed", str(seed), "-o", "list.m3u8"]
            runs.append(measure(command, env, home.parent))
            if progress:
                progress("cold playlists", number + 1, n_runs * len(seeds))
    report = Report("segue bench cold", {"catalogue": "starter", "runs": n_runs}, seeds)
    seconds = [run.seconds for run in runs]
    report.add("segue", "all", "seconds", summarise(seconds))
    report.add("segue", "all", "p50_ms", summarise_quantile([s * 1000 for s in seconds], 0.5))
    report.add("segue", "all", "p99_ms", summarise_quantile([s * 1000 for s in seconds], 0.99))
    report.add("segue", "all", "peak_mb", summarise([run.peak_mb for run in runs]))
    _add_runs(report, "first, building the starter", [first])
    return report


def bench_index(catalogue: Path, seeds: Sequence[int], *, progress: Progress | None = None) -> Report:
    """Measure `segue index` once per seed, and again with nothing changed."""
    fresh: list[Run] = []
    again: list[Run] = []
    for number, seed in enumerate(seeds):
        with scratch_home() as home:
            env = environment(home, SEGUE_SEED=str(seed))
            command = [*segue_command(), "index", str(catalogue.absolute())]
            for runs in (fresh, again):
                if progress:
                    progress("index", 2 * number + (runs is again), 2 * len(seeds))
                runs.append(measure(command, env, home.parent))
    report = Report("segue bench index", {"catalogue": catalogue}, seeds)
    _add_runs(report, "all", fresh)
    _add_runs(report, "nothing changed", again)
    return report


def _add_runs(report: Report, subset: str, runs: Sequence[Run]) -> None:
    report.add("segue", subset, "seconds", summarise([run.seconds for run in runs]))
    report.add("segue", subset, "peak_mb", summarise([run.peak_mb for run in runs]))


def _resident_below(process: psutil.Process) -> int:
    """Bytes resident in the descendants of a process; 0 for what has just ended."""
    total = 0
    try:
        family = process.children(recursive=True)
    except psutil.Error:
        return 0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total
