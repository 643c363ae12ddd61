"""Commit boundaries of a process: the moment before, and the moment after, something becomes permanent.

That is a database transaction or the renaming of a file or folder. They are numbered from 1 in the order in which they
are met; at the one that it is told the process kills itself by SIGKILL, without any chance to tidy up.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from typing import Any

_met, _die_at = 0, 0


def watch(die_at: int) -> None:
    """Meet boundaries from here on, and die at one of them; with 0, live."""
    global _die_at
    _die_at = die_at
    os.replace, os.rename = _watched(os.replace), _watched(os.rename)
    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **named: connect(*args, factory=_WatchedConnection, **named)
    sqlite3.dbapi2.connect = sqlite3.connect


def n_met() -> int:
    """How many boundaries there were so far."""
    return _met


def _boundary() -> None:
    global _met
    _met += 1
    if _met == _die_at:
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
