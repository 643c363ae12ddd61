"""Where files lie that a browser sends: in a folder of the data folder that only its owner reads, and not for long."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

#: Folder in the data folder.
UPLOADS = "web-uploads"
#: After this long nothing reads a file any more, in seconds.
KEPT_S = 3_600


def make_room(home: Path) -> Path:
    """Make the folder, empty: what an earlier run left is of no use to this one."""
    folder = home / UPLOADS
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def sweep(folder: Path, older_s: float = KEPT_S, now: float | None = None) -> int:
    """Delete files that lie there longer than so many seconds, and folders that are empty; return how many files."""
    before = (time.time() if now is None else now) - older_s
    n_deleted = 0
    for path in sorted(folder.rglob("*"), reverse=True):
        with suppress(OSError):  # somebody else may have just deleted it, or put something into it
            if path.is_dir():
                if path.stat().st_mtime < before:
                    path.rmdir()
            elif path.stat().st_mtime < before:
                path.unlink()
                n_deleted += 1
    return n_deleted
