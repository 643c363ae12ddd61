"""Products of points with rows of a frozen table, without gathering the rows.

Letters: B points, K rows of each, N rows of the table, D width.

The products are the entries (b, rows[b, k]) of points · tableᵀ, a matrix product sampled at B·K places; and their
gradient by a point is a weighted sum of its rows, a bag. Both read the rows where they lie. Gathering them first, as
(B, K, D), and multiplying batch by batch takes five to seven times as long on a CPU, mostly for memory that is
allocated, filled and read once.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

with warnings.catch_warnings():
    # The first sparse tensor of a process says that they are in beta; nobody who trains can do anything about it.
    warnings.simplefilter("ignore")
    torch.sparse_csr_tensor(torch.tensor([0, 1]), torch.tensor([0]), torch.zeros(1), (1, 1))


def row_products(points: Tensor, table: Tensor, rows: Tensor) -> Tensor:
    """Return points (B, D) times their own rows (B, K) of a table (N, D): (B, K). The table gets no gradient."""
    products: Tensor = _RowProducts.apply(points, table, rows)  # type: ignore[no-untyped-call]
    return products


class _RowProducts(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, points: Tensor, table: Tensor, rows: Tensor) -> Tensor:
        ctx.save_for_backward(table, rows)
        if points.is_cuda:  # where gathering is cheap, and the sampled product wants rows without duplicates
            return torch.bmm(table[rows], points[:, :, None]).squeeze(-1)
        n_points, n_rows = rows.shape
        places = torch.sparse_csr_tensor(
            torch.arange(0, rows.numel() + 1, n_rows),
            rows.reshape(-1),
            torch.zeros(rows.numel(), dtype=table.dtype),
            (n_points, len(table)),
        )
        products: Tensor = torch.sparse.sampled_addmm(places, points, table.T, beta=0.0).values()
        return products.view(n_points, n_rows)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        table, rows = ctx.saved_tensors
        bags: Tensor = embedding_bag(rows, table, per_sample_weights=gradients[0].contiguous(), mode="sum")
        return bags, None, None
