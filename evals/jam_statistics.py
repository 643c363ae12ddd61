"""What a data set in the JAM file format holds, in the manner of table 1 of Melchiorre et al. (RecSys 2025).

The system is the data set; subsets are `all`, its splits, and its modalities with how wide they are and how many rows
they have (`item-cf`, `user-cf`). `users` and `items` under `all` count the listeners and
items that some query has, `indexed_users` and `indexed_items` all that the index files state. Nothing is estimated, so
low, mean and high agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evals.metrics import summarise
from evals.report import Report
from recsys.jam.dataset import statistics
from recsys.jam.files import read_jam


def evaluate(folder: Path, seeds: Sequence[int]) -> Report:
    """Count.

    Raises:
        JamFormatError: the folder is not in the format.
    """
    found = statistics(read_jam(folder))
    report = Report("segue eval statistics", {"data": folder}, seeds)
    indexed = {"indexed_users": found["users"], "indexed_items": found["items"], "plays": found["plays"]}
    modalities = {
        f"{kind}-{name}": counts for kind in ("item", "user") for name, counts in found[f"{kind}_modalities"].items()
    }
    for subset, counts in {"all": found["total"] | indexed, **found["splits"], **modalities}.items():
        for metric, value in counts.items():
            if value is not None:
                report.add(found["name"], subset, metric, summarise([float(value)]))
    return report
