"""Learning to predict popularity and the like from a catalogue's own figures (`segue train --apex` without a table)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.types import Progress

if TYPE_CHECKING:
    from recsys.appeal.own import HeadTrial


@dataclass(frozen=True)
class OwnAppealReport:
    """What was learnt, and how well it does for artists that were held out."""

    folder: Path
    trials: tuple[HeadTrial, ...]
    inputs: tuple[str, ...]
    n_tracks: int
    seconds: float


def train_own_appeal(home: Path, seed: int, progress: Progress | None = None) -> OwnAppealReport:
    """Learn what the served catalogue states of some tracks, for those of which it states nothing.

    What does not beat the mean on artists that were held out is not kept. What was learnt before is replaced.

    Args:
        home: the data folder.
        seed: of folds and intervals.
        progress: told about every head.

    Raises:
        NotIndexedError: nothing is indexed.
        AppealError: too few tracks state anything that could be learnt.
    """
    from recsys import generations
    from recsys.appeal.own import FOLDER, learn_own, save_own
    from recsys.appeal.predicting import blocks_of, tables_of
    from recsys.catalogue import Catalogue

    started = time.perf_counter()
    if progress:
        progress("load", 0, 0)
    folder = generations.current(home).folder
    catalogue = Catalogue.load(folder / "catalogue")
    blocks = blocks_of(home, catalogue, tables_of(folder, catalogue))
    own, trials = learn_own(catalogue, blocks, seed, progress)
    facts = {"catalogue": catalogue.fingerprint, "seed": seed, "trials": [one.to_json() for one in trials]}
    with generations.writing(home):
        save_own(home, own, facts)
    return OwnAppealReport(home / FOLDER, trials, own.blocks, len(catalogue), time.perf_counter() - started)
