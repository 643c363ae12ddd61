"""Sequences that are made up so that it is known which signal matters, for signals without real data here.

Every item belongs to a family and has a place in it. Three things can decide what comes next:

    completion  heard to its end (c ≥ .5), a track is followed by the next of its family; broken off, by the same place
                of the next family. Where it does not matter, it is always the next of its family, and c is drawn all
                the same
    content     the family is what a vector tells (audio, say): the next item is any of the family. The ID tells less,
                since each item is seen few times

`unknown` of the completions are taken away, as where a duration is not known. Vectors are a family's own direction and
noise. Nothing here is a figure of real listening.

Shapes: I items, D width of a vector.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from recsys.sequential.sequences import Sequences
from recsys.types import FloatArray

#: What can decide in `listening`.
DECIDING = ("audio", "completion")


def completions(
    rng: np.random.Generator,
    *,
    matter: bool,
    n_sequences: int = 150,
    n_steps: int = 6,
    n_families: int = 3,
    n_places: int = 4,
    unknown: float = 0.1,
) -> Sequences:
    """Draw sequences whose next item depends on the completion of the last one, or does not.

    Args:
        rng: of all that is drawn.
        matter: whether completion decides.
        n_sequences: how many.
        n_steps: of each.
        n_families: of items.
        n_places: items of a family.
        unknown: share of the completions that are not known.
    """
    rows, shares = [], []
    for _ in range(n_sequences):
        family, place = int(rng.integers(n_families)), int(rng.integers(n_places))
        for _ in range(n_steps):
            rows.append(family * n_places + place)
            share = float(rng.uniform(0.8, 1) if rng.random() < 0.5 else rng.uniform(0, 0.2))
            shares.append(share)
            if share < 0.5 and matter:
                family = (family + 1) % n_families
            else:
                place = (place + 1) % n_places
    completion = np.array(shares, np.float32)
    completion[rng.random(len(completion)) < unknown] = np.nan
    names = [f"track {number}" for number in range(n_families * n_places)]
    made = Sequences.of(np.array(rows).reshape(n_sequences, n_steps), names)
    return replace(made, completion=completion)


def families(
    rng: np.random.Generator,
    *,
    n_sequences: int = 80,
    n_steps: int = 6,
    n_families: int = 6,
    n_places: int = 20,
    width: int = 12,
    noise: float = 0.3,
) -> tuple[Sequences, FloatArray]:
    """Draw sequences within families of items, and content vectors (I, D) that tell the family.

    Args:
        rng: of all that is drawn.
        n_sequences: how many.
        n_steps: of each.
        n_families: of items.
        n_places: items of a family.
        width: D.
        noise: standard deviation that is added to a family's direction, whose values have 1.
    """
    n_items = n_families * n_places
    rows = [
        rng.choice(n_places, size=n_steps, replace=False) + n_places * int(rng.integers(n_families))
        for _ in range(n_sequences)
    ]
    directions = rng.normal(size=(n_families, width))
    vectors = np.repeat(directions, n_places, axis=0) + noise * rng.normal(size=(n_items, width))
    return Sequences.of(rows, [f"track {number}" for number in range(n_items)]), vectors.astype(np.float32)


def listening(
    rng: np.random.Generator,
    *,
    decides: Collection[str] = DECIDING,
    n_sequences: int = 500,
    n_steps: int = 7,
    n_families: int = 24,
    n_places: int = 20,
) -> tuple[Sequences, dict[str, FloatArray]]:
    """Draw sequences for the whole table: families of items, with completion, `audio` and `attributes`.

    Heard to its end, a track is followed by any of its family; where completion decides, one that was broken off is
    followed by any of the next family. Where audio decides, it tells a track's family, and else it is of no family.
    Completion is drawn anew at each step and every item comes a few times, so the ID can hardly know either.
    `attributes` never tell anything.

    Args:
        rng: of all that is drawn.
        decides: those of `DECIDING` that do; the others are there and tell nothing.
        n_sequences: how many.
        n_steps: of each.
        n_families: of items.
        n_places: items of a family.
    """
    n_items = n_families * n_places
    rows = np.empty((n_sequences, n_steps), dtype=np.int64)
    heard = rng.random((n_sequences, n_steps)) < 0.5
    family = rng.integers(n_families, size=n_sequences)
    for step in range(n_steps):
        rows[:, step] = family * n_places + rng.integers(n_places, size=n_sequences)
        if "completion" in decides:
            family = np.where(heard[:, step], family, (family + 1) % n_families)
    completion = np.where(heard, rng.uniform(0.8, 1, heard.shape), rng.uniform(0, 0.2, heard.shape)).astype(np.float32)
    completion[rng.random(heard.shape) < 0.1] = np.nan
    told = np.repeat(np.arange(n_families), n_places)
    if "audio" not in decides:
        told = rng.permutation(told)
    directions = rng.normal(size=(n_families, 16))[told]
    content: dict[str, FloatArray] = {
        "audio": (directions + 0.3 * rng.normal(size=directions.shape)).astype(np.float32),
        "attributes": (rng.integers(0, 11, size=(n_items, 58)) / 10).astype(np.float32),
    }
    made = Sequences.of(rows, [f"track {number}" for number in range(n_items)])
    return replace(made, completion=completion.ravel()), content


def shuffled(rng: np.random.Generator, vectors: FloatArray) -> FloatArray:
    """Give each item (I, D) the vector of another; those without one stay without."""
    there = np.flatnonzero(vectors.any(axis=1))
    out = vectors.copy()
    out[there] = vectors[rng.permutation(there)]
    return out


def random_like(rng: np.random.Generator, vectors: FloatArray) -> FloatArray:
    """Give each item that has a vector (I, D) one drawn at random, of the same mean and deviation in each column."""
    there = vectors.any(axis=1)
    out = np.zeros_like(vectors)
    known = vectors[there]
    out[there] = rng.normal(known.mean(axis=0), known.std(axis=0), size=known.shape)
    return out
