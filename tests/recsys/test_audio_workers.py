"""Worker processes: a job that crashes or hangs is named and nothing else is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from typing import Any

import psutil
import pytest

from recsys.audio.workers import Answer, Crew, WorkerError


@contextmanager
def crew(n: int = 2, timeout_s: float = 60.0, function: str = "open_work", *arguments: Any) -> Iterator[Crew[Any]]:
    given = arguments or ((3,) if function == "open_work" else ())
    with Crew[Any]("tests.audio_jobs", function, given, n=n, timeout_s=timeout_s) as made:
        yield made


def test_jobs_that_crash_hang_or_fail_are_named_and_the_others_done() -> None:
    jobs = ["a", "crash", "broken", "b", "hang", "wrong", "noise", "c", "crash", "d"]
    with crew(timeout_s=3) as made:
        answers = list(made.answers(jobs))
    assert sorted(answer.job for answer in answers) == sorted(jobs)
    told = {answer.job: answer for answer in answers}
    assert {job: told[job].result for job in ("a", "b", "c", "d", "noise")} == {
        job: job * 3 for job in ("a", "b", "c", "d", "noise")
    }
    assert told["crash"].problem == "the process that read it crashed (SIGSEGV)"
    assert told["hang"].problem == "it was not done within 3 s"
    assert told["broken"] == Answer("broken", None, "it is broken", lasting=True)
    assert told["wrong"].problem == "ValueError: nobody thought of this"
    assert not any(told[job].lasting for job in ("crash", "hang", "wrong"))


def test_workers_are_other_processes_used_again_and_gone_afterwards() -> None:
    with crew() as made:
        pids = [answer.result for answer in made.answers(["pid"] * 8)]
    assert 1 <= len(set(pids)) <= 2
    assert os.getpid() not in pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_what_a_late_job_has_started_ends_with_it(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    with crew(1, 3.0) as made:
        (answer,) = made.answers([("child", str(noted))])
    assert "was not done" in answer.problem
    with suppress(ProcessLookupError):  # gone already
        child = os.pidfd_open(int(noted.read_text(encoding="utf-8")))
        ended, _, _ = select([child], [], [], 10)
        os.close(child)
        assert ended


def test_a_caller_that_takes_no_more_leaves_no_process_behind() -> None:
    with crew() as made:
        answers = made.answers(["pid"] * 100)
        pid = next(answers).result
        answers.close()
    assert not psutil.pid_exists(pid)


def test_workers_that_cannot_start_end_the_run_with_a_reason() -> None:
    with crew(2, 60.0, "open_nothing") as made, pytest.raises(WorkerError, match="RuntimeError: no such library"):
        list(made.answers(["a", "b"]))
