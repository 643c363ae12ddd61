"""The child process of `test_kill`: index a catalogue, train it anew, and die by SIGKILL where told to.

    python index_and_train.py HOME CATALOGUE DIE_AT

A *commit boundary* is the moment before, and the moment after, something becomes permanent: a database transaction or
the renaming of a file or folder. They are numbered from 1 in the order in which they are met; at DIE_AT the process
kills itself, without any chance to tidy up; with 0 it lives. At the end it prints how many boundaries there were.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HOME, _CATALOGUE, _DIE_AT = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
_met = 0


def _boundary() -> None:
    global _met
    _met += 1
    if _met == _DIE_AT:
        os.kill(os.getpid(), signal.SIGKILL)


def _watched(act: Callable[..., Any]) -> Callable[..., Any]:
    def watched(*arguments: Any, **named: Any) -> Any:
        _boundary()
        result = act(*arguments, **named)
        _boundary()
        return result

    return watched


class _WatchedConnection(sqlite3.Connection):
    """Meets a boundary before and after each transaction that is committed."""

    def commit(self) -> None:
        if not self.in_transaction:
            return super().commit()
        _boundary()
        super().commit()
        _boundary()
        return None

    def __exit__(self, *error: Any) -> Any:
        if not self.in_transaction:
            return super().__exit__(*error)
        _boundary()
        result = super().__exit__(*error)
        _boundary()
        return result


def main() -> None:
    """Index, then train with another seed, so that both make a generation."""
    os.replace, os.rename = _watched(os.replace), _watched(os.rename)
    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **named: connect(*args, factory=_WatchedConnection, **named)
    sqlite3.dbapi2.connect = sqlite3.connect
    from assistant.app import Assistant
    from assistant.settings import Settings

    settings = Settings(_env_file=None, home=_HOME, threads=1, training_steps=20, seed=1)
    with Assistant(settings) as assistant:
        assistant.index(_CATALOGUE)
    # Training keeps its state every 200 steps: long enough to be continued in the middle.
    with Assistant(settings.model_copy(update={"seed": 2, "training_steps": 210})) as assistant:
        assistant.train()
    print(_met)


if __name__ == "__main__":
    main()
