"""How well a model ranks the whole catalogue for a split's queries: NDCG and recall, in blocks of queries.

All items are ranked and none is masked; ties go as `topk` has them. Gains are binary; NDCG's ideal is over the first
min(k, number of answers) ranks, recall divides by the number of answers; means are over queries.

Memory is that of a block's scores, whatever the number of queries. Letters: Q queries, B of a block, N items, k a cut.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recsys.jam.blocks import JamNet, score_all
from recsys.jam.processes import Processes
from recsys.jam.sampling import Examples

#: Scores of a block, in floats (32 MiB).
_BLOCK = 1 << 23


def ranked_figures(
    model: JamNet, queries: Examples, cuts: Sequence[int] = (10, 100), processes: Processes | None = None
) -> dict[str, float]:
    """Return the mean `ndcg@k` and `recall@k` over queries at every cut; of several processes each ranks its part."""
    shared = processes or Processes()
    mine = torch.arange(queries.n_queries, device=queries.device)[shared.part(queries.n_queries)]
    totals = torch.zeros(2, len(cuts), dtype=torch.float64, device=queries.device)
    model.eval()
    with torch.no_grad():
        items = model.project()
        for part in torch.split(mine, max(1, _BLOCK // queries.n_items)):
            vectors, users = queries.query_vectors[queries.text[part]], queries.user_inputs[queries.user[part]]
            scores = score_all(model, vectors, users, projected=items)  # (B, N)
            top = scores.topk(min(max(cuts), queries.n_items), dim=1).indices
            hits, counts = _hits(queries, part, top)
            totals += _sums(hits, counts, cuts)
    shared.add_up([totals])
    ndcg, recall = (totals / queries.n_queries).tolist()
    return {
        f"{name}@{cut}": values[column]
        for column, cut in enumerate(cuts)
        for name, values in (("ndcg", ndcg), ("recall", recall))
    }


def _hits(queries: Examples, part: Tensor, top: Tensor) -> tuple[Tensor, Tensor]:
    """Tell which ranked items (B, k) answer their query, bool (B, k), and how many items do (B,)."""
    lines, answers = queries.pairs_of(part)
    known = lines * queries.n_items + answers  # ascending, as answers are within a query
    keys = torch.arange(len(part), device=queries.device)[:, None] * queries.n_items + top
    hits = known[torch.searchsorted(known, keys).clamp(max=len(known) - 1)] == keys
    return hits, torch.bincount(lines, minlength=len(part))


def _sums(hits: Tensor, counts: Tensor, cuts: Sequence[int]) -> Tensor:
    """Sum NDCG and recall over the queries at every cut: (2, number of cuts), float64."""
    discounts = 1 / torch.arange(2, max(cuts) + 2, device=hits.device, dtype=torch.float64).log2()
    ideals = discounts.cumsum(0)
    gains = (hits * discounts[: hits.shape[1]]).cumsum(dim=1)  # (B, k)
    found = hits.cumsum(dim=1)
    rows = []
    for cut in cuts:
        last = min(cut, hits.shape[1]) - 1
        rows.append(
            torch.stack([(gains[:, last] / ideals[counts.clamp(max=cut) - 1]).sum(), (found[:, last] / counts).sum()])
        )
    return torch.stack(rows, dim=1)
