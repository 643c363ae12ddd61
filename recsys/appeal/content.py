"""Content of a catalogue's tracks as blocks side by side, as `segue train --apex` learns from it without a table.

    text    the vector of "title – artists – album (year)"
    tags    the vector of genres, moods, instruments, tags and names of playlists
    facts   year, length, energy and the like, each with its square
    others  stored spaces of the sound, by name

A block is centred, and divided so that its rows have length one on average: none counts for more because it has larger
numbers. A track without a block is the average one there. Shapes: N tracks, D numbers of a block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.appeal.errors import AppealError
from recsys.catalogue import Catalogue
from recsys.types import NUMERIC_COLUMNS, BoolArray, FloatArray, IntArray

TEXT, TAGS, FACTS = "text", "tags", "facts"
_NOT_CONTENT = "popularity"


@dataclass(frozen=True)
class Block:
    """One kind of content."""

    rows: FloatArray  # (N, D); of no meaning where absent
    present: BoolArray  # (N,)
    made_by: str = ""  # the encoder, as the table or the stored space knows it; empty of facts


@dataclass(frozen=True)
class Scaling:
    """How the rows of one block are brought to the scale of the others."""

    centre: FloatArray  # (D,)
    divided: FloatArray  # (D,)


def facts_of(catalogue: Catalogue) -> Block:
    """The numeric facts of every track, without popularity; a fact that is unknown is the average one."""
    columns = np.column_stack([catalogue.numeric[name] for name in NUMERIC_COLUMNS if name != _NOT_CONTENT])
    known = ~np.isnan(columns)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, columns, 0).sum(axis=0) / counts
    off = np.where(known, columns - mean, 0)
    deviation = np.sqrt(np.square(off).sum(axis=0) / counts)
    # Some years out of order, such as 1900 for "unknown", must not decide alone.
    standard = np.clip(off / np.where(deviation > 0, deviation, 1), -4, 4)
    squares = np.where(known, np.square(standard) - 1, 0)
    return Block(np.hstack([standard, squares]).astype(np.float32), np.asarray(known.any(axis=1), np.bool_))


def learn_scaling(block: Block, rows: IntArray) -> Scaling:
    """Learn a block's scale on the rows (n,) that are learnt from and have it."""
    found = block.rows[rows[block.present[rows]]]
    if not len(found):
        width = block.rows.shape[1]
        return Scaling(np.zeros(width, np.float32), np.ones(width, np.float32))
    centre = found.mean(axis=0, dtype=np.float64).astype(np.float32)
    length = float(np.sqrt(np.square(found - centre).sum(axis=1).mean()))
    return Scaling(centre, np.full(len(centre), max(length, 1e-6), np.float32))


def beside(
    blocks: Mapping[str, Block], scaling: Mapping[str, Scaling], names: Sequence[str], rows: IntArray
) -> FloatArray:
    """Lay blocks side by side for some rows (n,): (n, sum of widths).

    Raises:
        AppealError: a block is of another width than its scaling was learnt on.
    """
    parts = []
    for name in names:
        block, scale = blocks[name], scaling[name]
        if block.rows.shape[1] != len(scale.centre):
            raise AppealError(
                f"{name} has {block.rows.shape[1]:,} numbers a track; {len(scale.centre):,} were learnt from, as of "
                "another encoder; run `segue train --apex` again"
            )
        part = (block.rows[rows] - scale.centre) / scale.divided
        part[~block.present[rows]] = 0
        parts.append(part.astype(np.float32))
    return np.hstack(parts)
