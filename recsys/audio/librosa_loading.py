"""librosa, imported by one process at a time.

While some of its modules are imported, numba compiles functions and keeps them beside the package, each in two files
that belong together. Processes that do so at once leave files of different ones there, and every process that loads
them from then on dies of a segmentation fault (numba issue 10128). So librosa comes from here alone. The first import
of an installation takes half a minute of computing; later ones find what it kept.
"""

from __future__ import annotations

import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

#: What is used of it, and all that this imports on first use.
_PARTS = ("core.audio", "core.pitch", "feature", "filters", "onset", "util.utils")

_opened: set[str] = set()


def open_librosa(*parts: str) -> Any:
    """Return the package with what is used of it imported, and further parts of it, such as "beat"."""
    missing = [part for part in (*_PARTS, *parts) if part not in _opened]
    if missing:
        from filelock import FileLock

        with FileLock(_lock()):
            for part in missing:
                import_module(f"librosa.{part}")
        _opened.update(missing)
    return import_module("librosa")


def _lock() -> Path:
    """The file that all processes of this user lock, whatever data folder they work on: the package is the same."""
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""  # elsewhere everybody has a temporary folder
    return Path(tempfile.gettempdir()) / f"segue-librosa{user}.lock"
