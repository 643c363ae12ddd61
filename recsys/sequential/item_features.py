"""Item vectors that are learnt, and what content (modality embeddings) adds to them.

Content vectors are frozen. They are scaled so that their mean length is 1, and an item without one is marked absent:
nothing is added for it.

Shapes: I items, F width of the content vectors, D width of the item vectors, U items that a step uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from recsys.sequential.errors import SequenceDataError
from recsys.types import BoolArray, FloatArray

#: `initialise`: learning begins at the content's main directions. `add`: a learnt map of the content is added to the
#: learnt vector. `concat`: a learnt map of both side by side, and of whether there is content.
Fusion = Literal["initialise", "add", "concat"]


@dataclass(frozen=True)
class ItemFeatures:
    """Content vectors of all items of a model, in the order of its items."""

    vectors: FloatArray  # (I, F), zero where absent
    present: BoolArray  # (I,)

    def __post_init__(self) -> None:
        """Check that they can be learnt from.

        Raises:
            SequenceDataError: shapes differ, no item has a vector, or a value is no number.
        """
        shape, n_present = self.vectors.shape, self.present.shape
        if len(shape) != 2 or n_present != shape[:1]:
            raise SequenceDataError(
                "item features", None, f"vectors {shape} and presence {n_present}", "give (items, width) and (items,)"
            )
        if not self.present.any() or not np.isfinite(self.vectors).all():
            problem = "a value is no number" if self.present.any() else "no item has a vector"
            raise SequenceDataError("item features", None, problem, "check what the vectors were made from")

    @classmethod
    def by_name(cls, names: tuple[str, ...], vectors: dict[str, FloatArray]) -> ItemFeatures:
        """Put vectors in the order of items' names (I,); an item that has none is absent.

        Raises:
            SequenceDataError: none of the items has one.
        """
        found = [vectors.get(name) for name in names]
        width = next((len(one) for one in found if one is not None), 1)
        table = np.stack([np.zeros(width, np.float32) if one is None else one for one in found]).astype(np.float32)
        return cls(table, np.array([one is not None and bool(np.any(one)) for one in found]))

    def scaled(self) -> FloatArray:
        """Return the vectors (I, F) at a mean length of 1, zero where absent."""
        shown = np.where(self.present[:, None], self.vectors, np.float32(0)).astype(np.float32)
        return np.asarray(shown / np.linalg.norm(shown[self.present], axis=1).mean(), dtype=np.float32)

    def main_directions(self, width: int, deviation: float, generator: torch.Generator) -> FloatArray:
        """Return vectors (I, D) for learning to begin at: the strongest directions, of a given standard deviation.

        What is absent, and directions beyond those there are, are drawn at random.
        """
        drawn = torch.empty(len(self.present), width).normal_(std=deviation, generator=generator).numpy()
        shown = self.vectors[self.present].astype(np.float64)
        centred = shown - shown.mean(axis=0)
        values, axes = np.linalg.eigh(centred.T @ centred)
        kept = [number for number in np.argsort(-values)[:width] if values[number] > 1e-9 * max(values.max(), 1e-30)]
        if kept:
            projected = centred @ axes[:, kept]
            scaled = projected * (deviation / projected.std())
            rows = np.flatnonzero(self.present)
            drawn[rows[:, None], np.arange(len(kept))] = scaled
        return drawn


class ItemTable(nn.Module):
    """The vectors of all items: one that is learnt for each, and what its content adds."""

    def __init__(self, n_items: int, dim: int, deviation: float, features: ItemFeatures | None, fusion: Fusion) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(torch.initial_seed())
        self.fusion: Fusion | None = None if features is None or fusion == "initialise" else fusion
        start = torch.empty(n_items, dim).normal_(std=deviation, generator=generator)
        if features is not None and fusion == "initialise":
            start = torch.from_numpy(features.main_directions(dim, deviation, generator))
        self.learnt = nn.Parameter(start)
        if features is not None and self.fusion is not None:
            # Kept with the weights, since a model without them scores nothing.
            self.register_buffer("content", torch.from_numpy(features.scaled()))  # (I, F)
            self.register_buffer("present", torch.from_numpy(features.present[:, None].astype(np.float32)))  # (I, 1)
            width = features.vectors.shape[1]
            if self.fusion == "add":
                self.to_add = nn.Linear(width, dim)
                nn.init.normal_(self.to_add.weight, std=deviation)
                nn.init.zeros_(self.to_add.bias)
            else:
                self.to_join = nn.Linear(dim + width + 1, dim, bias=False)
                with torch.no_grad():
                    self.to_join.weight.normal_(std=deviation)
                    # Learning begins at the learnt vector as it is.
                    self.to_join.weight[:, :dim] = torch.eye(dim)

    def forward(self, learnt: Tensor | None = None, rows: Tensor | None = None) -> Tensor:
        """Return the vectors (U, D) of some items, or (I, D) of all.

        Args:
            learnt: (U, D), in place of the table's own rows.
            rows: (U,), the items.
        """
        of_items = self.learnt if learnt is None else learnt
        if learnt is None and rows is not None:
            of_items = of_items[rows]
        if self.fusion is None:
            return of_items
        content, present = self.get_buffer("content"), self.get_buffer("present")
        if rows is not None:
            content, present = content[rows], present[rows]
        if self.fusion == "add":
            return of_items + present * self.to_add(content)  # type: ignore[no-any-return]
        return self.to_join(torch.cat([of_items, content, present], dim=1))  # type: ignore[no-any-return]
