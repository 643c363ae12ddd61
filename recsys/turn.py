"""What the recommender holds of one turn between its steps. Shapes: N tracks of the catalogue, C candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys.constraints import Checked
from recsys.index.base import JointPoint
from recsys.ranking import Taste
from recsys.recommendation import Query
from recsys.types import FloatArray, IntArray

#: Lyrics that are all about the topic asked for count so many times what a request's words do that a title carries.
LYRICS_COUNT = 2.0


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
    following: FloatArray | None = None  # (N,) what comes after this session so far; None: nothing tells
    lyrics: FloatArray | None = None  # (N,) how near they come to the topic asked for; None where none is

    @property
    def words(self) -> FloatArray:
        """What the request's words are worth on every track (N,): those its facts carry, and what its lyrics say."""
        return self.lexical if self.lyrics is None else self.lexical + np.float32(LYRICS_COUNT) * self.lyrics


@dataclass(frozen=True, slots=True)
class Found:
    """The retrievers' candidates."""

    rows: IntArray  # (C,) of all of them
    by: Mapping[str, IntArray]  # and of each
    certified: bool  # whether the joint space's are proven
