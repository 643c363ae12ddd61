"""Worker processes that may crash or hang without harm: the job is named, the worker replaced, the run goes on.

Decoders are C code fed with any file that anybody put into a folder. Each worker is a fresh interpreter, never a fork:
it shares no memory, no lock and no open file with its parent.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Full, Queue
from types import TracebackType
from typing import Any, Generic, TypeVar

from recsys.errors import RecsysError

Job = TypeVar("Job")
#: Longest wait for a worker to open what does the work: the first time, numba compiles parts of librosa.
_START_TIMEOUT_S = 600.0
#: Each worker has one thread, or they would take the cores from one another.
_ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


class WorkerError(RecsysError, RuntimeError):
    """Worker processes cannot do any work at all."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the processes that listen to files cannot start: {problem}; `segue doctor` checks the installation, and "
            "`segue index --no-listen` does without"
        )
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Answer(Generic[Job]):
    """What came of a job."""

    job: Job
    result: Any = None
    problem: str = ""  # why there is no result
    lasting: bool = False  # whether the same job would meet the same problem again: the file itself is at fault


class Crew(Generic[Job]):
    """Processes that do jobs side by side. Use as a context manager."""

    def __init__(self, module: str, function: str, arguments: tuple[Any, ...], *, n: int, timeout_s: float) -> None:
        """Say who does the work; processes are started by `answers`.

        Args:
            module: where the function is.
            function: called once in each worker with the arguments, it returns what is then called with each job.
            arguments: anything that can be pickled, as can jobs and results.
            n: processes.
            timeout_s: longest time for one job.
        """
        self._opening = (module, function, arguments)
        self._n, self._timeout_s = n, timeout_s
        self._workers: set[_Worker] = set()
        self._closed = False
        self._lock = threading.Lock()

    def __enter__(self) -> Crew[Job]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._closed = True
            workers = list(self._workers)
        for worker in workers:
            worker.kill()

    def answers(self, jobs: Iterable[Job]) -> Iterator[Answer[Job]]:
        """Yield what comes of each job, in the order in which they end.

        Raises:
            WorkerError: no worker can start.
        """
        waiting = iter(jobs)
        # Bounded, or workers that are faster than the caller would fill the memory.
        ended: Queue[Answer[Job] | WorkerError | None] = Queue(2 * self._n)
        threads = [threading.Thread(target=self._serve, args=(waiting, ended), daemon=True) for _ in range(self._n)]
        for thread in threads:
            thread.start()
        running = len(threads)
        try:
            while running:
                answer = ended.get()
                if isinstance(answer, WorkerError):
                    raise answer
                if answer is None:
                    running -= 1
                else:
                    yield answer
        finally:
            if running:
                self.close()

    def _serve(self, waiting: Iterator[Job], ended: Queue[Answer[Job] | WorkerError | None]) -> None:
        """Keep one worker busy, with another one in its place when it is gone."""
        worker: _Worker | None = None
        try:
            while not self._closed:
                with self._lock:
                    job = next(waiting, None)
                if job is None:
                    break
                if worker is None:
                    worker = self._start()
                kind, content = worker.ask(job, self._timeout_s)
                if kind == "gone":
                    self._drop(worker)
                    worker = None
                done = kind == "done"
                self._put(ended, Answer(job, content) if done else Answer(job, None, content, kind == "refused"))
        except WorkerError as error:
            self._put(ended, error)
        except Exception as error:  # the caller must not wait for a thread that is gone
            self._put(ended, WorkerError(f"{type(error).__name__}: {error}"))
        finally:
            if worker is not None:
                self._drop(worker)
            self._put(ended, None)

    def _put(self, ended: Queue[Answer[Job] | WorkerError | None], answer: Answer[Job] | WorkerError | None) -> None:
        """Hand an answer over, unless nobody takes any more."""
        while not self._closed:
            with suppress(Full):
                ended.put(answer, timeout=0.5)
                return

    def _start(self) -> _Worker:
        worker = _Worker()
        with self._lock:
            self._workers.add(worker)
        kind, content = worker.ask(self._opening, _START_TIMEOUT_S)
        if kind != "ready":
            self._drop(worker)
            raise WorkerError(content)
        return worker

    def _drop(self, worker: _Worker) -> None:
        worker.kill()
        with self._lock:
            self._workers.discard(worker)


class _Worker:
    """One process, and the pipes to it."""

    def __init__(self) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            # -P: a file in the folder that Segue is called in must not be taken for a module.
            [sys.executable, "-P", "-m", "recsys.audio.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": paths},
            start_new_session=True,  # so that what it starts itself ends with it, and Ctrl-C meets the parent alone
        )
        self._late = False

    def ask(self, message: Any, timeout_s: float) -> tuple[str, Any]:
        """Send something and return the answer; ("gone", why) of a process that crashed or was late, and is dead."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = threading.Timer(timeout_s, self._end_late)
        timer.daemon = True
        timer.start()
        try:
            pickle.dump(message, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
            kind, content = pickle.load(self._process.stdout)
            return kind, content
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            self.kill()
            if self._late:
                return "gone", f"it was not done within {timeout_s:g} s"
            return "gone", f"the process that read it crashed ({_how(self._process.returncode)})"
        finally:
            timer.cancel()

    def kill(self) -> None:
        """End the process and all that it started."""
        self._end()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _end_late(self) -> None:
        self._late = True
        self._end()

    def _end(self) -> None:
        if self._process.returncode is not None:
            return  # its number may be another process's by now
        with suppress(OSError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()


def _how(status: int) -> str:
    try:
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"
    except ValueError:
        return f"signal {-status}"
