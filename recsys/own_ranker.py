"""The ranker that a data folder learnt from its own conversations.

HOME/ranker/<name>/     trees and card (`recsys.lambdarank`), never written again
HOME/ranker/CURRENT     the name of the one that serves, replaced atomically
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from uuid import uuid4

from recsys.generations import writing
from recsys.lambdarank import LambdaRank, RankerError

RANKER_FOLDER = "ranker"
_CURRENT = "CURRENT"


def publish_ranker(home: Path, ranker: LambdaRank) -> None:
    """Let a ranker serve from now on; until the last step a killed process has changed nothing.

    The one before is kept for processes that are just opening it; what is older, or was left by a kill, is dropped.
    """
    folder, name = home / RANKER_FOLDER, uuid4().hex[:16]
    with writing(home):
        previous = _named(home)
        ranker.save(folder / name)
        scratch = folder / f"{_CURRENT}.part"
        scratch.write_text(name + "\n", encoding="utf-8")
        os.replace(scratch, folder / _CURRENT)
        for other in folder.iterdir():
            if other.is_dir() and other.name not in (name, previous):
                shutil.rmtree(other, ignore_errors=True)


def own_ranker(home: Path) -> LambdaRank | None:
    """Open the ranker that a data folder learnt; None where it learnt none.

    Raises:
        RankerError: it cannot be read.
    """
    if not (home / RANKER_FOLDER / _CURRENT).exists():
        return None
    name = _named(home)
    if name is None:
        raise RankerError(f"{home / RANKER_FOLDER / _CURRENT} names no ranker; run `segue train --ranker`")
    return LambdaRank.load(home / RANKER_FOLDER / name)


def ranker_stamp(home: Path) -> str | None:
    """What changes whenever another ranker of a data folder is to serve."""
    return _named(home)


def _named(home: Path) -> str | None:
    try:
        name = (home / RANKER_FOLDER / _CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return name if name.isalnum() else None
