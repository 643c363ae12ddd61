"""APEX's published checkpoint as a system among the others: nothing is learnt, every row is asked about as it is.

It reads vectors as MERT makes them, not scaled and not of unit length, one a track: the mean of a track's segments. A
checkpoint that was learnt by segment would be asked about each, and is asked about their mean here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.apex_data import AppealData
from evals.apex_systems import Compared
from evals.errors import EvaluationDataError
from recsys.appeal.learners import Predict
from recsys.appeal.published import Published, read_published
from recsys.appeal.targets import Targets
from recsys.types import FloatArray, IntArray

NAME = "published"


@dataclass(frozen=True)
class PublishedSystem:
    """The checkpoint, on one vector a track."""

    published: Published
    table: FloatArray  # (n, D); NaN where a track has no vector

    @property
    def name(self) -> str:
        """What reports call it."""
        return NAME

    def fit(self, rows: IntArray, targets: Targets, groups: NDArray[np.str_], seed: int) -> Predict:
        """Learn nothing; of a track without a vector nothing is said (NaN)."""
        names = [head.name for head in self.published.model.heads]
        columns = [names.index(head.name) for head in targets.heads]

        def predict(wanted: IntArray) -> NDArray[np.float64]:
            said = np.full((len(wanted), len(columns)), np.nan)
            for place, row in enumerate(wanted.tolist()):
                if np.isfinite(self.table[row]).all():
                    said[place] = self.published.predict(self.table[row][None])[columns]
            return said

        return predict


def with_published(
    compared: Compared, checkpoint: Path, data: AppealData, vectors: Mapping[str, FloatArray]
) -> Compared:
    """Add the checkpoint to what is compared.

    Args:
        compared: the other systems.
        checkpoint: as published.
        data: the set.
        vectors: of its rows (n, D), by name; one of them.

    Raises:
        PublishedCheckpointError: the file is no such checkpoint.
        EvaluationDataError: there is not one table of vectors, it is of another width, or the set has no such head.
    """
    published = read_published(checkpoint)
    width = published.model.n_inputs
    if len(vectors) != 1:
        raise EvaluationDataError(
            f"{len(vectors)} tables of vectors were given, and --checkpoint reads one; give --vectors mert=mert.npy"
        )
    ((name, table),) = vectors.items()
    if table.shape[1] != width:
        raise EvaluationDataError(
            f"--vectors {name} has {table.shape[1]:,} numbers a track, and {checkpoint} reads {width:,}; give what "
            "MERT-v1-95M in APEX's mix makes, as it comes (`segue encoders fetch mert_v1_95m_apex`)"
        )
    said = {head.name for head in published.model.heads}
    heads = tuple(head.name for head in data.targets.heads if head.name in said)
    if not heads:
        raise EvaluationDataError(
            f"{checkpoint} predicts {', '.join(sorted(said))}, and the set states none of these; give one that does"
        )
    return replace(
        compared,
        learners=(*compared.learners, PublishedSystem(published, table)),
        heads={**compared.heads, NAME: heads},
    )
