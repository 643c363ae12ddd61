"""What every command begins with: the settings, an assistant, and an example under its help."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.app import Assistant
    from assistant.settings import Settings

#: Prefixes of the variables by which BLAS libraries, and those built on OpenMP, learn their number of threads.
_THREADED = ("OMP", "OPENBLAS", "MKL")


def example(line: str) -> str:
    """Put a command line under the help of a command, on a line of its own (\\b keeps it from being filled)."""
    return f"\b\nExample:\n  segue {line}"


def read_settings() -> Settings:
    """Read the settings, start the log at their level, and tell the libraries that come how many threads to use."""
    from assistant.settings import Settings
    from connectors.logs import start_logging

    settings = Settings()
    start_logging(settings.log_level)
    for library in _THREADED:  # each reads its variable once, when it is loaded
        os.environ.setdefault(f"{library}_NUM_THREADS", str(settings.threads))
    return settings


def open_assistant(settings: Settings) -> Assistant:
    """Open an assistant; nothing is loaded yet."""
    from assistant.app import Assistant

    return Assistant(settings)


def ready_assistant(settings: Settings) -> Assistant:
    """Open an assistant that has something to answer from; the first time, that takes a while and shows progress."""
    from connectors.progress import JobProgress

    assistant = open_assistant(settings)
    with JobProgress() as progress:
        assistant.ensure_ready(progress)
    return assistant
