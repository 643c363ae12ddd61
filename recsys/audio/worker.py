"""What runs in a worker process of `recsys.audio.workers`: jobs come in on stdin, answers go out on stdout, pickled.

Nothing else may write there: what libraries print, in C too, goes nowhere. A worker whose parent is gone ends.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
from importlib import import_module
from typing import IO, Any

from recsys.audio.errors import DecodeError

#: Seconds between two looks at whether the parent is still there, for a worker that hangs.
_LOOK_EVERY_S = 2.0


def main() -> None:
    """Open what does the work, say that it is there, and do one job after another until stdin ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    jobs = sys.stdin.buffer
    try:
        module, function, arguments = pickle.load(jobs)
        work = getattr(import_module(module), function)(*arguments)
    except Exception as error:
        _answer(answers, ("unfit", _said(error)))
        return
    _answer(answers, ("ready", None))
    while True:
        try:
            job = pickle.load(jobs)
        except EOFError:
            return
        try:
            answer: tuple[str, Any] = ("done", work(job))
        except DecodeError as error:
            answer = ("refused", error.problem)
        except Exception as error:  # whatever a file brings about is said of that file
            answer = ("failed", _said(error))
        _answer(answers, answer)


def _answer(answers: IO[bytes], answer: tuple[str, Any]) -> None:
    pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
    answers.flush()


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)


if __name__ == "__main__":
    main()
