"""Run one part of a benchmark in a process of its own, with as many threads as it is to have.

Libraries read their number of threads once, when they are loaded, so a part that is to use one core needs a process
that was told so from the start; and its memory is its own. The child is `python -m evals.child MODULE:FUNCTION`; it
reads the function's arguments as JSON from stdin and writes lines of JSON to stdout: {"stage", "done", "total"} while
it works, and last {"result"}.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from evals.errors import CommandFailedError
from recsys.types import Progress

_THREADED = ("OMP", "OPENBLAS", "MKL")


def run_child(target: str, arguments: Mapping[str, Any], *, threads: int, progress: Progress | None = None) -> Any:
    """Call MODULE:FUNCTION(**arguments, progress=…) in a child process and return what it returned.

    Args:
        target: of the function; its arguments and result are JSON.
        arguments: by name.
        threads: of BLAS and torch.
        progress: told what the child tells.

    Raises:
        CommandFailedError: the child did not end well.
    """
    env = dict(os.environ) | {f"{name}_NUM_THREADS": str(threads) for name in _THREADED}
    env |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}
    result: Any = None
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
        child = subprocess.Popen(
            [sys.executable, "-m", "evals.child", target],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
        )
        assert child.stdin is not None  # they are pipes
        assert child.stdout is not None
        with child, child.stdin as to_child, child.stdout as from_child:
            to_child.write(json.dumps(dict(arguments)))
            to_child.close()
            for line in from_child:
                said = json.loads(line)
                if "result" in said:
                    result = said["result"]
                elif progress:
                    progress(said["stage"], said["done"], said["total"])
        complaints.seek(0)
        if child.returncode:
            raise CommandFailedError(f"{sys.executable} -m evals.child {target}", child.returncode, complaints.read())
    return result


def _main(target: str) -> None:
    """Be the child."""
    said = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no line of ours

    def tell(stage: str, done: int, total: int) -> None:
        print(json.dumps({"stage": stage, "done": done, "total": total}), file=said, flush=True)

    module, _, function = target.partition(":")
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    result = getattr(importlib.import_module(module), function)(**json.load(sys.stdin), progress=tell)
    print(json.dumps({"result": result}), file=said, flush=True)


if __name__ == "__main__":
    _main(sys.argv[1])
