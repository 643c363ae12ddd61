"""JAM in the reference code's way of working: the yardstick of `segue bench jam`, and of nothing else.

What the way is, after Melchiorre et al. (RecSys 2025) and the public code:

- the data exploded to one row per (query, listener, item), read by a `DataLoader` through one Python `__getitem__`
  per row, in which negatives are drawn until enough of them do not answer the query;
- every candidate's inputs mapped forth by one biased linear layer per modality, and item vectors t built for every
  (query, candidate) pair before they meet the point u + q;
- evaluation per block of queries: all items mapped anew for each block, item vectors built as (block, N, d) by the very
  mixing that training uses, dense labels and dense masks of catalogue length, metrics by sorting to the largest cut.

AdamW with weight decay .1, a cosine over the epochs, BPR with 4 negatives, Kaiming-uniform weights and zero biases;
absent modalities are not masked. Nothing here is slowed down on purpose: rows are plain tuples where the code reads
them through pandas, inputs lie on the device once, and nothing is written to disk.

Times are CPU seconds of this process, which on one thread are what a core of its own would take.

Letters: Q queries, B of a block, K candidates of one query, N items, M modalities, d joint width.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from recsys.jam.dataset import JamSplit
from recsys.types import FloatArray, Progress

Mixing = Literal["avg", "cross"]
CUTS = (10, 100)
#: Queries of a block of evaluation; of 1 to 256 the fastest for each.
BLOCKS: Mapping[Mixing, int] = {"avg": 64, "cross": 16}

Row = tuple[int, int, int, Tensor]  # query, user, item, negatives (n,)


class Rows(Dataset[Row]):
    """One row per (query, user, item); negatives are drawn when the row is read."""

    def __init__(self, split: JamSplit, n_items: int, n_negatives: int, seed: int) -> None:
        """Explode a split."""
        self.rows = [
            (query, int(split.users[query]), item)
            for query in range(len(split))
            for item in split.relevant(query).tolist()
        ]
        self.answers = [set(split.relevant(query).tolist()) for query in range(len(split))]
        self.n_items, self.n_negatives = n_items, n_negatives
        self.random = random.Random(seed)

    def __len__(self) -> int:
        """Return the number of triples."""
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        """Read one triple and draw its negatives."""
        query, user, item = self.rows[index]
        negatives: list[int] = []
        while len(negatives) < self.n_negatives:
            drawn = self.random.randrange(self.n_items)
            if drawn not in self.answers[query]:
                negatives.append(drawn)
        return query, user, item, torch.tensor(negatives)


class ReferenceJam(nn.Module):
    """AvgMixing or CrossMixing that builds every item vector."""

    def __init__(self, items: Mapping[str, FloatArray], *, query_dim: int, user_dim: int, dim: int, mixing: Mixing):
        """Make an untrained model of items whose inputs are (N, D_m) by modality; without D_u there is no listener."""
        super().__init__()
        self.mixing, self.dim = mixing, dim
        self.inputs = [torch.as_tensor(table, dtype=torch.float32) for table in items.values()]
        self.query, self.user = _linear(query_dim, dim), _linear(user_dim, dim) if user_dim else None
        self.item = nn.ModuleList(_linear(table.shape[1], dim) for table in self.inputs)
        if mixing == "cross":
            self.mixer_query = _linear(query_dim, dim)
            self.mixer_key = nn.ModuleList(_linear(table.shape[1], dim) for table in self.inputs)

    def forward(self, query: Tensor, user: Tensor, rows: Tensor) -> Tensor:
        """Score candidates of the given rows (B, K) for inputs (B, D_q) and (B, D_u): (B, K)."""
        inputs = [table[rows] for table in self.inputs]
        return self._scores(query, user, *self._map(inputs))

    def score_all(self, query: Tensor, user: Tensor) -> Tensor:
        """Map all items, and score them for inputs (B, D_q) and (B, D_u): (B, N)."""
        vectors, keys = self._map(self.inputs)
        return self._scores(query, user, vectors[None], None if keys is None else keys[None])

    def _map(self, inputs: Sequence[Tensor]) -> tuple[Tensor, Tensor | None]:
        """Map inputs, M of (…, D_m), to vectors and keys (…, M, d)."""
        vectors = torch.stack([layer(x) for layer, x in zip(self.item, inputs, strict=True)], dim=-2)
        if self.mixing == "avg":
            return vectors, None
        return vectors, torch.stack([layer(x) for layer, x in zip(self.mixer_key, inputs, strict=True)], dim=-2)

    def _scores(self, query: Tensor, user: Tensor, vectors: Tensor, keys: Tensor | None) -> Tensor:
        """Build item vectors (B, K, d) of vectors and keys (B, K, M, d), or (1, K, M, d), and score them: (B, K)."""
        point: Tensor = self.query(query)  # (B, d)
        if self.user is not None:
            point = point + self.user(user)
        if keys is None:
            mixed = vectors.mean(dim=2)
        else:
            logits = (keys * self.mixer_query(query)[:, None, None]).sum(dim=-1) / math.sqrt(self.dim)  # (B, K, M)
            mixed = (logits.softmax(dim=-1)[..., None] * vectors).sum(dim=2)
        return (point[:, None] * mixed).sum(dim=-1)


@dataclass(frozen=True, eq=False)
class Inputs:
    """The frozen inputs of requests and listeners."""

    query: Tensor  # (Q, D_q) of the split, one line per query
    user: Tensor  # (U, D_u)


@dataclass
class ReferenceRun:
    """What a training run took and reached, epoch by epoch."""

    n_triples: int
    losses: list[float] = field(default_factory=list)
    train_s: list[float] = field(default_factory=list)
    validate_s: list[float] = field(default_factory=list)
    metrics: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)  # weights of the epoch of the highest NDCG@10


def train_reference(
    model: ReferenceJam,
    train: tuple[JamSplit, Inputs],
    validate: tuple[JamSplit, Inputs],
    *,
    epochs: int,
    seed: int,
    cosine_over: int | None = None,
    batch: int = 512,
    n_negatives: int = 4,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.1,
    progress: Progress | None = None,
) -> ReferenceRun:
    """Train and validate after every epoch; afterwards the model holds the weights of the best one.

    Args:
        model: untrained.
        train: the split to learn from, with its inputs.
        validate: the split to stop by, with its inputs.
        epochs: how many are run.
        seed: of order and negatives.
        cosine_over: epochs after which the learning rate is 0; by default those that are run.
        batch: triples of a step.
        n_negatives: of each triple.
        learning_rate: at the start.
        weight_decay: of AdamW.
        progress: told (stage, epochs done, epochs).
    """
    split, inputs = train
    rows = Rows(split, len(model.inputs[0]), n_negatives, seed)
    loader = DataLoader(rows, batch, shuffle=True, generator=torch.Generator().manual_seed(seed))
    optimiser = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, cosine_over or epochs)
    run = ReferenceRun(len(rows))
    for epoch in range(epochs):
        started = time.process_time()
        model.train()
        total = 0.0
        for query, user, item, negatives in loader:
            loss = bpr_loss(model, inputs.query[query], inputs.user[user], item, negatives)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += loss.item()
        schedule.step()
        run.losses.append(total / len(loader))
        run.train_s.append(time.process_time() - started)
        started = time.process_time()
        run.metrics.append(evaluate_reference(model, *validate))
        run.validate_s.append(time.process_time() - started)
        if run.metrics[-1]["ndcg@10"] >= max(found["ndcg@10"] for found in run.metrics):
            run.best = {name: value.detach().clone() for name, value in model.state_dict().items()}
        if progress:
            progress(f"reference {model.mixing}", epoch + 1, epochs)
    model.load_state_dict(run.best)
    return run


def bpr_loss(model: ReferenceJam, query: Tensor, user: Tensor, item: Tensor, negatives: Tensor) -> Tensor:
    """Return BPR's mean loss for inputs (B, D_q) and (B, D_u), answers (B,) and negatives (B, n)."""
    scores = model(query, user, torch.cat([item[:, None], negatives], dim=1))
    return -functional.logsigmoid(scores[:, :1] - scores[:, 1:]).mean()


def evaluate_reference(model: ReferenceJam, split: JamSplit, inputs: Inputs) -> dict[str, float]:
    """Return mean NDCG and recall at 10 and 100 over the queries of a split, ranking all items."""
    model.eval()
    n_items = len(model.inputs[0])
    sums: dict[str, float] = {}
    with torch.no_grad():
        block = BLOCKS[model.mixing]
        for start in range(0, len(split), block):
            queries = range(start, min(start + block, len(split)))
            users = torch.as_tensor(split.users[start : queries.stop])
            scores = model.score_all(inputs.query[start : queries.stop], inputs.user[users])
            labels = torch.zeros(len(queries), n_items)
            for line, query in enumerate(queries):
                labels[line, torch.as_tensor(split.relevant(query))] = 1
            # The training items of the same query index: there are none, yet the mask is made and applied.
            mask = torch.zeros(len(queries), n_items, dtype=torch.bool)
            scores = scores.masked_fill(mask, -math.inf)
            for name, value in _metrics(scores, labels):
                sums[name] = sums.get(name, 0.0) + float(value.sum())
    return {name: value / len(split) for name, value in sums.items()}


def _metrics(scores: Tensor, labels: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield NDCG and recall (B,) of scores and labels (B, N) at every cut."""
    for cut in CUTS:
        k = min(cut, scores.shape[1])
        hits = labels.gather(1, scores.topk(k, dim=1).indices)  # (B, k)
        discounts = 1 / torch.arange(2, k + 2).log2()
        ideal = (labels.topk(k, dim=1).values * discounts).sum(dim=1)
        yield f"ndcg@{cut}", (hits * discounts).sum(dim=1) / ideal
        yield f"recall@{cut}", hits.sum(dim=1) / labels.sum(dim=1)


def _linear(width: int, dim: int) -> nn.Linear:
    layer = nn.Linear(width, dim)
    nn.init.kaiming_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
