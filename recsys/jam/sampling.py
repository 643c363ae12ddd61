"""Training examples as tensors, and negatives drawn for a whole batch at once.

Letters: Q queries, P (query, item) pairs, T distinct texts, U listeners, N items, B batch, n negatives of one example.

A negative of a query is drawn uniformly from the items that do not answer it, exactly and without rejection: with the
query's positives p_0 < p_1 < …, the r-th other item (from 0) is r + #{i : p_i − i ≤ r}, and the count for a whole batch
is one binary search in one sorted array. Everything random is a function of (seed, what, number), never of a generator
that runs on, so that a run that was stopped goes on exactly as one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recsys.jam.dataset import JamSplit
from recsys.jam.errors import TrainingDataError
from recsys.types import FloatArray

#: What randomness is for; part of its seed.
ORDER, STEP = 1, 2


@dataclass(frozen=True, eq=False)
class Examples:
    """The queries of a split with their frozen inputs, on the device once."""

    query_vectors: Tensor  # (T, D_q)
    user_inputs: Tensor  # (U, D_u)
    text: Tensor  # (Q,) rows of query_vectors
    user: Tensor  # (Q,) rows of user_inputs
    starts: Tensor  # (Q+1,) offsets into `items`
    items: Tensor  # (P,) item rows, ascending within a query
    query: Tensor  # (P,) the query of each pair
    shifted: Tensor  # (P,) query·(N+1) + item − its rank within the query: ascending
    n_items: int

    @classmethod
    def of(
        cls,
        split: JamSplit,
        encode: Callable[[Sequence[str]], FloatArray],
        user_inputs: FloatArray,
        n_items: int,
        device: str | torch.device = "cpu",
    ) -> Examples:
        """Put a split on the device.

        Args:
            split: the queries.
            encode: texts to vectors (n, D_q).
            user_inputs: (U, D_u).
            n_items: N.
            device: where the tensors are kept.

        Raises:
            TrainingDataError: the split has no query, or one without any item.
        """
        counts = np.diff(split.starts)
        if not len(split) or not counts.all():
            problem = "there is no query" if not len(split) else f"query {int(np.argmin(counts))} has no item"
            raise TrainingDataError(f"{problem}; a split to learn from or choose by needs queries that items answer")
        number_of = {text: number for number, text in enumerate(dict.fromkeys(split.texts))}
        queries, items = split.pairs
        items = items[np.lexsort((items, queries))]
        ranks = np.arange(len(items)) - np.repeat(split.starts[:-1], counts)

        def there(array: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array, np.int64)).to(device)

        return cls(
            query_vectors=torch.from_numpy(np.array(encode(list(number_of)), np.float32)).to(device),
            user_inputs=torch.from_numpy(np.array(user_inputs, np.float32)).to(device),
            text=there(np.fromiter((number_of[text] for text in split.texts), np.int64, len(split))),
            user=there(split.users),
            starts=there(split.starts),
            items=there(items),
            query=there(queries),
            shifted=there(queries * (n_items + 1) + items - ranks),
            n_items=n_items,
        )

    @property
    def n_queries(self) -> int:
        """Q, the number of queries."""
        return len(self.text)

    @property
    def n_pairs(self) -> int:
        """P, the number of (query, item) pairs."""
        return len(self.items)

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.items.device

    def require_negatives(self) -> None:
        """Make sure that every query leaves some item unanswered.

        Raises:
            TrainingDataError: all items answer some query.
        """
        full = (self.starts.diff() >= self.n_items).nonzero()
        if len(full):
            raise TrainingDataError(
                f"all {self.n_items:,} items answer query {int(full[0])} of training, which leaves no negative for it; "
                "drop the query"
            )

    def negatives(self, queries: Tensor, n: int, generator: torch.Generator) -> Tensor:
        """Draw items that do not answer the queries (B,): (B, n) rows, uniform and with replacement."""
        free = self.n_items - (self.starts[queries + 1] - self.starts[queries])  # (B,)
        drawn = torch.randint(1 << 62, (len(queries), n), generator=generator, device=self.device)
        rank = drawn % free[:, None]  # (B, n); the bias is below N / 2⁶²
        keys = queries[:, None] * (self.n_items + 1) + rank
        before = torch.searchsorted(self.shifted, keys, right=True) - self.starts[queries][:, None]
        return rank + before

    def answers(self, queries: Tensor, candidates: Tensor | None) -> Tensor:
        """Tell which candidates (C,), ascending rows and by default all items, answer the queries (B,): bool (B, C)."""
        lines, items = self.pairs_of(queries)
        width = self.n_items if candidates is None else len(candidates)
        columns = items if candidates is None else torch.searchsorted(candidates, items).clamp(max=width - 1)
        out = torch.zeros(len(queries), width, dtype=torch.bool, device=self.device)
        known = torch.ones_like(items, dtype=torch.bool) if candidates is None else candidates[columns] == items
        out[lines[known], columns[known]] = True
        return out

    def pairs_of(self, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pairs of queries (B,), as lines from 0 to B-1 and item rows."""
        counts = self.starts[queries + 1] - self.starts[queries]
        lines = torch.arange(len(queries), device=self.device).repeat_interleave(counts)
        first = counts.cumsum(0) - counts
        places = torch.arange(len(lines), device=self.device) - first[lines] + self.starts[queries][lines]
        return lines, self.items[places]


def seeded(seed: int, what: int, number: int, device: str | torch.device = "cpu") -> torch.Generator:
    """Return the generator of one purpose and number."""
    state = np.random.SeedSequence((seed, what, number)).generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(state[0]))
