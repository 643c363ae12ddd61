"""Work for the worker processes of tests: some of it kills them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from recsys.audio.errors import DecodeError


def open_work(factor: int) -> Callable[[Any], Any]:
    """Return what does as each job says."""

    def work(job: Any) -> Any:
        if job == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if job == "hang":
            time.sleep(600)
        if isinstance(job, tuple):  # hang with a child of its own, whose number is noted in a file
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            with open(job[1], "w", encoding="utf-8") as noted:
                noted.write(str(child.pid))
            time.sleep(600)
        if job == "noise":
            print("on stdout")
            os.write(1, b"on stdout, past Python")
        if job == "broken":
            raise DecodeError("it is broken")
        if job == "wrong":
            raise ValueError("nobody thought of this")
        return os.getpid() if job == "pid" else str(job) * factor

    return work


def open_nothing() -> Callable[[Any], Any]:
    """Fail, as where a library is missing."""
    raise RuntimeError("no such library")
