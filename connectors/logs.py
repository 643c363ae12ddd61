"""Where the log of a command goes: to stderr, at the level of the settings, tracebacks only at level debug."""

from __future__ import annotations

import logging
import sys


class _ToStderr(logging.Handler):
    """Writes to what stderr is at the moment, so that a redirection in the process takes the log along."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


class _Brief(logging.Formatter):
    """One line per record, with the last line of a traceback; the whole of it at level debug."""

    def format(self, record: logging.LogRecord) -> str:
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            return super().format(record)
        words = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            words += f" ({type(error).__name__}: {error}); SEGUE_LOG_LEVEL=debug shows where"
        return " ".join(f"{record.levelname.lower()}: {words}".split())


def start_logging(level: str) -> None:
    """Log to stderr from a level on: debug, info, warning or error. Started again, only the level changes."""
    root = logging.getLogger()
    root.setLevel(level.upper())
    if not any(isinstance(handler, _ToStderr) for handler in root.handlers):
        handler = _ToStderr()
        handler.setFormatter(_Brief("%(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
