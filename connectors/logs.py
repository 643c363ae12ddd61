"""Where the log of a command goes: to stderr, at the level of the settings.

Nothing of a listener is in it: of an error it names the kind and the place (`assistant.failures`), never the message,
and what other libraries tell of single requests is left out at every level.
"""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType

from assistant.failures import kind_and_place

#: What these tell is told at every level; of others what is at level info or above.
_OWN = ("assistant", "connectors", "evals", "recsys", "segue")
#: At level info these tell each request with its address, which holds what was searched for.
_CLIENTS = ("httpx", "httpcore", "urllib3")
_SERVER = ("uvicorn", "uvicorn.error", "uvicorn.access")

_Failure = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _ToStderr(logging.Handler):
    """Writes to what stderr is at the moment, so that a redirection in the process takes the log along."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)

    def filter(self, record: logging.LogRecord) -> bool:
        package = record.name.partition(".")[0]
        least = logging.NOTSET if package in _OWN else logging.WARNING if package in _CLIENTS else logging.INFO
        return record.levelno >= least and bool(super().filter(record))


class _Brief(logging.Formatter):
    """One line per record, with the kind of an error and its place; at level debug also all calls that led there."""

    def format(self, record: logging.LogRecord) -> str:
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            record.exc_text = None  # another formatter may have left the message there
            said = super().format(record)
            record.exc_text = None
            return said
        words = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            words += f" ({kind_and_place(record.exc_info[1])})"
        return " ".join(f"{record.levelname.lower()}: {words}".split())

    def formatException(self, ei: _Failure) -> str:  # noqa: N802 (the name is that of the base class)
        if ei[1] is None:
            return ""
        return "".join([*traceback.format_tb(ei[1].__traceback__), kind_and_place(ei[1])])


def start_logging(level: str) -> None:
    """Log to stderr from a level on: debug, info, warning or error. Started again, only the level changes."""
    root = logging.getLogger()
    root.setLevel(level.upper())
    if not any(isinstance(handler, _ToStderr) for handler in root.handlers):
        handler = _ToStderr()
        handler.setFormatter(_Brief("%(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)


def keep_words_out_of_the_server() -> None:
    """Let the web server's own log, which it has set up when it was started, name errors as ours does."""
    for name in _SERVER:
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(_Brief("%(levelname)s %(name)s: %(message)s"))
