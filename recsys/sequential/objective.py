"""What a step of a neural model is asked: which candidates its states are held against, and the loss of that.

Shapes: T steps of a batch, A of them at which something is predicted, B sequences, U items that a batch uses, N
negatives, I items, D width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from recsys.sequential.batches import OwnCounts, Packed, SharedNegatives, places_of, unlike_own
from recsys.sequential.sequence_losses import binary, full_softmax, generalised_binary, sampled_softmax
from recsys.types import FloatArray, IntArray

Loss = Literal["auto", "softmax", "sampled", "bce", "gbce"]
#: Items up to which `auto` is the full softmax: beyond, it takes more time than everything else.
_FULL_UP_TO = 2_000


@dataclass(frozen=True)
class LossSettings:
    """What is predicted against what."""

    loss: Loss = "auto"  # full softmax up to 2,000 items, sampled beyond
    n_negatives: int = 1024  # that a batch shares, of the sampled softmax and gBCE
    negatives_power: float = 0.5  # negatives of the sampled softmax are drawn by count to this power
    log_q: bool = True  # whether the sampled softmax is corrected for how negatives are drawn
    calibration: float = 0.75  # t of gBCE
    own_counts: bool = False  # whether log p(item | own counts) is added to the logits
    own_epsilon: float = 0.01


@dataclass(frozen=True)
class Drawn:
    """Windows of a step as rows of items."""

    lengths: IntArray  # (B,)
    inputs: IntArray  # (T,)
    asked: IntArray | None  # (A,) of the T, which are hidden; None for all of them, and each asks for the next one
    targets: IntArray  # (A,)


@dataclass(frozen=True)
class NextBatch:
    """Inputs, and what comes at some of their steps. Items are places in `items`, or rows where that is None."""

    items: IntArray | None  # (U,)
    packed: Packed
    inputs: Tensor  # (T,)
    asked: Tensor | None  # (A,) steps at which something is predicted; None for all of them
    targets: Tensor  # (A,)
    own: Tensor | None  # (A, 1) negatives of each step
    shared: Tensor | None  # (N,) negatives of all steps
    log_chance: Tensor | None  # (N,) of being drawn
    counts: BatchCounts | None


@dataclass(frozen=True)
class BatchCounts:
    """Log odds by the sequence's own counts."""

    at: tuple[Tensor, Tensor]  # (P,) of the A steps, and (P,) of the candidates that all steps share
    log_odds: Tensor  # (P,)
    of_targets: Tensor  # (A,)
    of_own: Tensor  # (A, 1)


class Objective:
    """Puts candidates to what was drawn, and computes the loss."""

    def __init__(self, settings: LossSettings, item_counts: IntArray) -> None:
        """Take how often each item (I,) occurs in what is learnt from."""
        self.settings, self.n_items = settings, len(item_counts)
        self.loss_name = settings.loss
        if settings.loss == "auto":
            self.loss_name = "softmax" if self.n_items <= _FULL_UP_TO else "sampled"
        self._negatives = SharedNegatives(item_counts, 0.0 if settings.loss == "gbce" else settings.negatives_power)

    @property
    def by_rows(self) -> bool:
        """Whether a batch needs the vectors of a few items alone."""
        return self.loss_name != "softmax"

    def batch_of(
        self,
        drawn: Drawn,
        generator: np.random.Generator,
        *,
        own: IntArray | None = None,
        places: IntArray | None = None,
    ) -> NextBatch:
        """Put negatives to what was drawn, and name all items by their places among those that are used.

        Args:
            drawn: rows of items.
            generator: of the negatives.
            own: (A, 1) negatives of each step, in place of drawn ones.
            places: (T,) what each step's place is taken to be, in place of counting from the first.
        """
        shared, log_chance = None, None
        if self.loss_name == "bce" and own is None:
            own = unlike_own(drawn.inputs, drawn.lengths, self.n_items, 1, generator)
            own = own if drawn.asked is None else own[drawn.asked]
        if self.loss_name in ("sampled", "gbce"):
            shared, log_chance = self._negatives.draw(self.settings.n_negatives, generator)
        counts = self._counts(drawn, own, shared) if self.settings.own_counts else None
        items, place = None, None
        if self.by_rows:
            parts = [drawn.inputs, drawn.targets, *(one.ravel() for one in (own, shared) if one is not None)]
            items = np.unique(np.concatenate(parts))
            place = places_of(items, self.n_items)

        def named(rows: IntArray) -> Tensor:
            return torch.from_numpy(rows if place is None else place[rows])

        return NextBatch(
            items=items,
            packed=Packed.of(drawn.lengths, places),
            inputs=named(drawn.inputs),
            asked=None if drawn.asked is None else torch.from_numpy(drawn.asked),
            targets=named(drawn.targets),
            own=None if own is None else named(own),
            shared=None if shared is None else named(shared),
            log_chance=torch.from_numpy(log_chance) if log_chance is not None and self.settings.log_q else None,
            counts=counts,
        )

    def loss(self, batch: NextBatch, states: Tensor, vectors: Tensor) -> Tensor:
        """Return the mean loss from the states (A, D) and the vectors (U, D) of the batch's items, or (I, D) of all."""
        counts = batch.counts
        if self.loss_name == "softmax":
            return full_softmax(_with(states @ vectors.T, counts), batch.targets)
        positive = (states * vectors[batch.targets]).sum(dim=1)
        if counts is not None:
            positive = positive + counts.of_targets
        if batch.own is not None:
            negative = torch.einsum("ad,and->an", states, vectors[batch.own])
            return binary(positive, negative if counts is None else negative + counts.of_own)
        assert batch.shared is not None
        negative = _with(states @ vectors[batch.shared].T, counts)  # (A, N)
        place = torch.full((len(vectors),), -1, dtype=torch.int64)
        place[batch.shared] = torch.arange(len(batch.shared))
        hit = place[batch.targets]
        struck = torch.nonzero(hit >= 0)[:, 0]
        negative = negative.index_put((struck, hit[struck]), negative.new_tensor(-torch.inf))
        if self.loss_name == "gbce":
            return generalised_binary(positive, negative, self.n_items, self.settings.calibration)
        return sampled_softmax(positive, negative, batch.log_chance)

    def own_log_odds(self, items: IntArray, lengths: IntArray) -> OwnCounts | None:
        """Count the items (T,) of whole sequences of these lengths (B,), where the settings want that."""
        if not self.settings.own_counts:
            return None
        return OwnCounts.of_whole(items, lengths, self.n_items, self.settings.own_epsilon)

    def _counts(self, drawn: Drawn, own: IntArray | None, shared: IntArray | None) -> BatchCounts:
        given = (drawn.inputs, drawn.lengths, self.n_items, self.settings.own_epsilon)
        if drawn.asked is None:
            odds = OwnCounts.up_to_each_step(*given)
        else:
            odds = OwnCounts.around_hidden(*given, drawn.asked)
        asked = np.arange(len(drawn.targets))
        columns = odds.items if shared is None else places_of(shared, self.n_items)[odds.items]
        kept = columns >= 0
        of_own: FloatArray = np.zeros((len(asked), 1), np.float32) if own is None else odds.of(asked[:, None], own)
        return BatchCounts(
            at=(torch.from_numpy(odds.steps[kept]), torch.from_numpy(columns[kept])),
            log_odds=torch.from_numpy(odds.log_odds[kept]),
            of_targets=torch.from_numpy(odds.of(asked, drawn.targets)),
            of_own=torch.from_numpy(of_own),
        )


def _with(logits: Tensor, counts: BatchCounts | None) -> Tensor:
    """Add the log odds to logits (A, N)."""
    return logits if counts is None else logits.index_put(counts.at, counts.log_odds, accumulate=True)
