"""The attributes as a modality: one vector per track, made of what is known of it and of how sure that is.

Every attribute of value v and confidence c gives two numbers, c·v and c·(1 − v): how much speaks for its high end, and
how much for its low one. What is unknown is 0 on both sides, and so is told from the middle. Shape: n tracks, 2·58.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from recsys.attributes.table import load_attributes
from recsys.spaces import SpaceCard, cards, put_space, remove_space
from recsys.types import AttributeValue, FloatArray, TrackId

#: The modality's name.
SPACE = "attributes"
_SOURCE = "attributes known of tracks"


def vectors_of(known: Sequence[Mapping[str, AttributeValue]]) -> FloatArray:
    """Write the attributes of tracks as vectors (n, 116)."""
    table = load_attributes()
    vectors = np.zeros((len(known), 2 * len(table.keys)), np.float32)
    for row, values in enumerate(known):
        for key, one in values.items():
            column = 2 * table.number[key]
            vectors[row, column] = one.derived.confidence * one.value
            vectors[row, column + 1] = one.derived.confidence * (1 - one.value)
    return vectors


def store_space(home: Path, known: Mapping[TrackId, Mapping[str, AttributeValue]]) -> SpaceCard | None:
    """Store the attributes of tracks as a space, in place of what was there; None, and no space, where none is known.

    A space of that name that a person brought in stays, and None is returned.
    """
    before = next((card for card in cards(home) if card.name == SPACE), None)
    if before is not None and before.source != _SOURCE:
        return None
    there = {track_id: values for track_id, values in sorted(known.items()) if values}
    if there:
        return put_space(home, SPACE, list(there), vectors_of(list(there.values())), source=_SOURCE)
    if before is not None:
        remove_space(home, SPACE)
    return None
