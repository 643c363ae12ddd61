"""What the recommender holds of one turn between its steps. Shapes: N tracks of the catalogue, C candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recsys.constraints import Checked
from recsys.index.base import JointPoint
from recsys.ranking import Taste
from recsys.recommendation import Query
from recsys.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything one turn knows before candidates are drawn."""

    query: Query
    checked: Checked
    taste: Taste
    point: JointPoint
    lexical: FloatArray  # (N,)
    company: FloatArray  # (N,)
    moment: FloatArray  # (N,) the company of what was liked in this session
    extra: FloatArray | None  # (N,) what is added to the joint-space scores, if anything
    evidence: Mapping[str, FloatArray] | None  # what the conversation says of every track, (N,) by name


@dataclass(frozen=True, slots=True)
class Found:
    """The retrievers' candidates."""

    rows: IntArray  # (C,) of all of them
    by: Mapping[str, IntArray]  # and of each
    certified: bool  # whether the joint space's are proven
