"""TalkRec: the request and every modality brought near each other by contrast, without a listener.

    z_q = ℓ₂(dropout(W q̃ + b)),  v_m = ℓ₂(dropout(V_m x_m + b_m)),    score = z_q · mean of v_m over the present m

Training takes every pair (a, b) of the views {request, modality 1, …, M} of B examples and adds the NT-Xent loss of
Chen et al. (2020), both ways: an example's two views are each other's positive, and all other views a and b in the
batch negatives,

    ℓ = −log( e^{a_i·b_i/τ} / (Σ_k e^{a_i·b_k/τ} + Σ_{k≠i} e^{a_i·a_k/τ}) ),    τ = .3, dropout .3

"corrected" makes examples of requests and their answers, and leaves out of the sums what is no negative: other examples
of the same text or item. "published" is what the reference code does: each (request, its random negative) is an example
too, pulled together like the answers (in a sum of its own here), and nothing is left out.

Letters as in `recsys.jam.blocks`; V = 1 + M views. Source: the baseline of Melchiorre et al. (RecSys 2025) after
Oramas et al., "Talking to Your Recs" (2024). Absent modalities are masked, as anchors, positives and negatives alike.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from recsys.jam.blocks import Batch, Chance, InputMap, ItemInputs, JamNet, LinearMaps, Projected
from recsys.jam.errors import TrainingDataError

Contrast = Literal["corrected", "published"]
TEMPERATURE = 0.3
DROPOUT = 0.3


class TalkRec(JamNet):
    """Score items for a request, whoever asks."""

    def __init__(
        self, items: ItemInputs, *, query_dim: int, dim: int = 128, contrast: Contrast = "corrected", seed: int = 0
    ) -> None:
        """Make an untrained model.

        Args:
            items: the frozen inputs of the catalogue.
            query_dim: D_q.
            dim: d.
            contrast: which loss.
            seed: of the weights.
        """
        super().__init__(items)
        self.contrast = contrast
        generator = torch.Generator().manual_seed(seed)
        self.query = InputMap(query_dim, dim, bias=True, generator=generator)
        self.item = LinearMaps(items.widths, dim, bias=True, generator=generator)

    def project(self, rows: Tensor | None = None) -> Projected:
        """Return the mean over the present modalities of the items' unit vectors: (1, C, d)."""
        x, present = self.items.take(rows)
        vectors = _unit(self.item(x, present)) * present[:, :, None]
        mean = vectors.sum(dim=0, keepdim=True) / present.sum(dim=0).clamp(min=1)[:, None]
        return Projected(mean, present)

    def scores(
        self,
        query: Tensor,
        user: Tensor,
        items: Projected,
        *,
        how_much_me: float = 1.0,
        chance: Chance | None = None,
    ) -> Tensor:
        """Score projected items: (B, D_q) to (B, C), cosines in −1–1; the listener changes nothing."""
        return _unit(self.query(query)) @ items.vectors[0].T

    def pair_scores(self, query: Tensor, user: Tensor, rows: Tensor, *, chance: Chance | None = None) -> Tensor:
        """Score each request's own candidates, rows (B, K): (B, K)."""
        distinct, place = torch.unique(rows, return_inverse=True)
        vectors = self.project(distinct).vectors[0][place]  # (B, K, d)
        return torch.bmm(vectors, _unit(self.query(query))[:, :, None]).squeeze(-1)

    def loss(self, batch: Batch) -> Tensor:
        """Return this process's part of the batch's mean NT-Xent loss; the negatives are those of all processes.

        Raises:
            TrainingDataError: the batch is a listwise one.
        """
        if batch.positive is None or batch.negative is None:
            raise TrainingDataError("TalkRec is trained by its own contrast; set loss to 'bpr', which it replaces")
        if self.contrast == "corrected":
            return self._contrast(batch, batch.positive, leave_out=True)
        columns = (batch.positive, batch.negative[:, 0])
        return torch.stack([self._contrast(batch, items, leave_out=False) for items in columns]).mean()

    def _contrast(self, batch: Batch, rows: Tensor, *, leave_out: bool) -> Tensor:
        """The part of NT-Xent over examples of requests and items, rows (B,)."""
        chance, size = batch.chance, batch.size
        distinct, place = torch.unique(rows, return_inverse=True)
        present = torch.cat([torch.ones_like(place, dtype=torch.bool)[None], self.items.present[:, rows]])  # (V, B)
        items = self.item(*self.items.take(distinct))[:, place]  # (M, B, d)
        views = torch.cat([self.query(batch.query)[None], items])  # (V, B, d)
        keep = torch.rand(views.shape, generator=chance.generator, device=views.device) >= DROPOUT
        views = _unit(views * keep) * present[:, :, None]
        mine = views[:, chance.mine]  # (V, b, d)
        n_views, n_mine, dim = mine.shape
        products = (mine.reshape(-1, dim) @ views.reshape(-1, dim).T).reshape(n_views, n_mine, n_views, size)
        # Unit vectors: exponents are at most 1/τ, so that nothing overflows.
        terms = (products / TEMPERATURE).exp() * present[None, None]  # (V, b, V, B)
        own = torch.arange(size, device=views.device)
        own_mine = own[chance.mine]
        itself = own_mine[:, None] == own[None, :]  # (b, B)
        counted = ~itself
        if leave_out:
            counted &= batch.text[chance.mine][:, None] != batch.text[None, :]
            counted &= rows[chance.mine][:, None] != rows[None, :]
        others = (terms * counted[None, :, None, :]).sum(dim=3)  # (V, b, V): Σ over the others of view b
        matched = (products * itself[None, :, None, :]).sum(dim=3) / TEMPERATURE  # (V, b, V)
        alike = torch.diagonal(others, dim1=0, dim2=2).T[:, :, None]  # (V, b, 1): Σ over the others of the same view
        per_pair = torch.log(matched.exp() + others + alike) - matched  # (V, b, V)
        pairs = present[:, :, None] & present.T[None]  # (V, B, V)
        pairs &= ~torch.eye(n_views, dtype=torch.bool, device=views.device)[:, None, :]
        return (per_pair * pairs[:, chance.mine]).sum() / pairs.sum().clamp(min=1)


def _unit(vectors: Tensor) -> Tensor:
    return functional.normalize(vectors, dim=-1)
