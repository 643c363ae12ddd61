"""The trainable form of the joint space: inputs of every training request, parameters and the loss of a batch.

The maps and the scores are those of `recsys.jam.joint`, which serves them in numpy; here they are tensors.

Shapes: Q queries, B batch, C candidates, N items, d joint width, M modalities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, vstack

from recsys.jam.memory import normalised
from recsys.jam.requests import Requests, kept_counts, play_weights
from recsys.types import FloatArray, IntArray
from recsys.unit import unit_rows

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class JointSettings:
    """How the joint space is fitted. Chosen on the last tenth of lastfm-jam's training requests (docs/jam.md)."""

    dim: int = 256
    epochs: int = 6
    batch: int = 256
    n_negatives: int = 1024  # uniform, beside all answers of the batch
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    residual_dropout: float = 0.3  # an item stands on its modalities alone
    listener_dropout: float = 0.1  # a request stands alone
    n_blocks: int = 8  # of time
    head_share: float = 0.1  # the latest requests, which the head is fitted on
    new_share: float = 0.18  # of the distinct texts, kept from all but the fitting of the head for new requests
    threads: int = 2


@dataclass(frozen=True)
class TrainingInputs:
    """Frozen inputs of every training request."""

    requests: Requests
    played: csr_array  # (Q, N) unit rows
    kept: csr_array
    own: csr_array
    worded: csr_array
    tastes: Mapping[str, FloatArray]  # per modality (Q, D_m)

    @classmethod
    def prepare(cls, requests: Requests, tables: Mapping[str, FloatArray], n_blocks: int) -> TrainingInputs:
        """Collect for every request what was there before its block of time; `tables` are unit rows (N, D_m)."""
        split = requests.split
        weights = play_weights(requests)  # (U, N)
        edges = np.linspace(0, len(split), n_blocks + 1).astype(np.int64)
        kept_rows, own, worded = [], [], []
        for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            before = requests.take(np.arange(start))
            counts = kept_counts(before)
            counts.data = np.log1p(counts.data)
            kept_rows.append(normalised(counts)[split.users[start:end]])
            memory = before.memory()
            texts = split.texts[start:end]
            first = {text: start + number for number, text in reversed(list(enumerate(texts)))}
            profiles = [memory.profile(text, requests.vectors[number]) for text, number in first.items()]
            place = {text: number for number, text in enumerate(first)}
            numbers = np.array([place[text] for text in texts], np.int64)
            own.append(csr_array(vstack([one for one, _ in profiles], format="csr"))[numbers])
            worded.append(csr_array(vstack([one for _, one in profiles], format="csr"))[numbers])
        return cls(
            requests,
            normalised(weights)[split.users],
            csr_array(vstack(kept_rows, format="csr")),
            csr_array(vstack(own, format="csr")),
            csr_array(vstack(worded, format="csr")),
            {m: unit_rows(np.asarray(weights @ table))[split.users] for m, table in tables.items()},
        )


class TranslationModel:
    """The trainable part: parameters by name, and the loss of a batch."""

    def __init__(self, tables: Mapping[str, FloatArray], width: int, settings: JointSettings, seed: int) -> None:
        import torch

        self.settings, self.modalities = settings, tuple(tables)
        self.tables = {m: torch.from_numpy(table) for m, table in tables.items()}
        present = torch.stack([table.abs().sum(dim=1) > 0 for table in self.tables.values()])  # (M, N)
        present[0] |= ~present.any(dim=0)
        self.absent = ~present
        rng = torch.Generator().manual_seed(seed)
        d, n_items = settings.dim, present.shape[1]
        self.parameters: dict[str, torch.Tensor] = {}

        def linear(name: str, n_in: int, *, bias: bool = True) -> None:
            bound = 1 / math.sqrt(n_in)
            self.parameters[f"{name}.weight"] = (torch.rand(d, n_in, generator=rng) * 2 - 1) * bound
            if bias:
                self.parameters[f"{name}.bias"] = (torch.rand(d, generator=rng) * 2 - 1) * bound

        linear("query", width)
        linear("mixer_query", width)
        linear("gate_query", width, bias=False)
        for m, table in tables.items():
            linear(f"item.{m}", table.shape[1])
            linear(f"mixer_key.{m}", table.shape[1])
            linear(f"user.{m}", table.shape[1], bias=False)
            linear(f"gate.{m}", table.shape[1], bias=False)
        for name in ("played", "kept", "own", "worded"):
            self.parameters[f"map.{name}.weight"] = torch.eye(d)
        self.parameters["residual"] = torch.randn(n_items, d, generator=rng) * 0.1
        for parameter in self.parameters.values():
            parameter.requires_grad_()

    def loss(
        self,
        inputs: TrainingInputs,
        batch: IntArray,
        rng: np.random.Generator,
        torch_rng: torch.Generator,
        mine: slice = slice(None),
    ) -> torch.Tensor:
        """The listwise loss of a batch against its own answers and uniform negatives.

        With `mine` it is that part of the loss which these requests of the batch make up; what is drawn stays the same.
        """
        import torch

        from recsys.jam.losses import listwise_softmax

        split = inputs.requests.split
        answers = [split.relevant(int(number)) for number in batch]
        negatives = rng.integers(inputs.requests.n_items, size=self.settings.n_negatives)
        candidates = np.unique(np.concatenate([*answers, negatives]))  # (C,)
        lines = np.repeat(np.arange(len(batch)), [len(a) for a in answers])
        positive = np.zeros((len(batch), len(candidates)), bool)
        positive[lines, np.searchsorted(candidates, np.concatenate(answers))] = True
        keeps = torch.rand(len(batch), 1, generator=torch_rng) >= self.settings.listener_dropout
        scores = self._scores(inputs, batch[mine], torch.from_numpy(candidates), keeps[mine], torch_rng)
        right = torch.from_numpy(positive[mine])
        return listwise_softmax(scores, right, torch.zeros_like(right)) * (len(right) / len(batch))

    def _scores(
        self,
        inputs: TrainingInputs,
        batch: IntArray,
        candidates: torch.Tensor,
        keeps: torch.Tensor,
        torch_rng: torch.Generator,
    ) -> torch.Tensor:
        """Scores (B, C), with dropout of residuals, and of the listeners whose `keeps` (B, 1) is not set."""
        import torch
        from torch.nn.functional import linear

        p, s = self.parameters, self.settings
        residual = p["residual"]
        text = torch.from_numpy(inputs.requests.vectors[batch])  # (B, D)

        def mean(rows: csr_array, name: str) -> torch.Tensor:
            return linear(_bags(rows[batch], residual), p[f"map.{name}.weight"])  # (B, d)

        query = linear(text, p["query.weight"], p["query.bias"])
        query = query + mean(inputs.own, "own") + mean(inputs.worded, "worded")
        user = mean(inputs.played, "played") + mean(inputs.kept, "kept")
        gate = torch.zeros_like(user)
        for m in self.modalities:
            taste = torch.from_numpy(inputs.tastes[m][batch])
            user = user + linear(taste, p[f"user.{m}.weight"])
            gate = gate + linear(taste, p[f"gate.{m}.weight"])
        user = user + linear(text, p["gate_query.weight"]) * gate
        point = query + user * keeps
        key = linear(text, p["mixer_query.weight"], p["mixer_query.bias"]) / math.sqrt(s.dim)
        stands = torch.rand(len(candidates), 1, generator=torch_rng) >= s.residual_dropout
        own = residual[candidates] * stands  # (C, d)
        similarity, logits = [], []
        for m in self.modalities:
            x = self.tables[m][candidates]
            similarity.append(point @ (linear(x, p[f"item.{m}.weight"], p[f"item.{m}.bias"]) + own).T)
            logits.append(key @ linear(x, p[f"mixer_key.{m}.weight"], p[f"mixer_key.{m}.bias"]).T)
        masked = torch.stack(logits).masked_fill(
            self.absent[:, None, candidates], torch.finfo(torch.float32).min
        )  # (M, B, C)
        return (masked.softmax(dim=0) * torch.stack(similarity)).sum(dim=0)


def _bags(rows: csr_array, table: torch.Tensor) -> torch.Tensor:
    """Σ of table rows (N, d) by the entries of sparse rows (B, N): (B, d)."""
    import torch
    from torch.nn.functional import embedding_bag

    rows = csr_array(rows)
    return embedding_bag(
        torch.from_numpy(rows.indices.astype(np.int64)),
        table,
        torch.from_numpy(rows.indptr[:-1].astype(np.int64)),
        mode="sum",
        per_sample_weights=torch.from_numpy(rows.data.astype(np.float32)),
    )
