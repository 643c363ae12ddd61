"""What JAM's trainable systems share: frozen inputs, linear maps into the joint space, and the frame of a model.

Letters: B requests, K candidates of one request, C candidates shared by all, N items, M modalities, D_m width of one,
W = Σ D_m, D_q and D_u widths of query and user inputs, d joint width.

Masking. An all-zero row of a modality is absent: its vector in the joint space is zero although the map has a bias, and
it takes no part in any mean, softmax or denominator. The same holds for a listener without inputs: u = 0, past the map.
The reference code has no such masks; on data where everything is present the two agree.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recsys.jam.errors import TrainingDataError
from recsys.jam.losses import bpr, listwise_softmax
from recsys.jam.row_products import row_products
from recsys.types import FloatArray
from recsys.unit import unit_rows

#: Queries and cells (query × item) of a tile of `score_all`: what is made of it on the way, several numbers per cell
#: and modality, stays in a core's cache. Of 64 to 512 queries and 2¹³ to 2¹⁸ cells these were fastest.
_TILE_QUERIES, _TILE = 64, 1 << 16


@dataclass(frozen=True, eq=False)
class ItemInputs:
    """The frozen inputs of all items, on the device once."""

    names: tuple[str, ...]  # M
    tables: tuple[Tensor, ...]  # M of (N, D_m), zero where absent
    present: Tensor  # bool (M, N): modalities lead, since a reduction over a last axis of few is many times slower

    @classmethod
    def of(
        cls, features: Mapping[str, FloatArray], *, unit: bool = False, device: str | torch.device = "cpu"
    ) -> ItemInputs:
        """Put modalities (N, D_m) on a device.

        Args:
            features: at least one modality; a zero row is absent.
            unit: whether rows are brought to length one first.
            device: where they are kept.

        Raises:
            TrainingDataError: there is no modality.
        """
        if not features:
            raise TrainingDataError("the items have no features; a data set needs at least one item_*_features.npy")
        rows = [unit_rows(table) if unit else np.asarray(table, np.float32) for table in features.values()]
        present = np.stack([table.any(axis=1) for table in rows])
        return cls(
            names=tuple(features),
            tables=tuple(torch.from_numpy(np.ascontiguousarray(table)).to(device) for table in rows),
            present=torch.from_numpy(present).to(device),
        )

    @property
    def n_items(self) -> int:
        """N, the number of items."""
        return self.present.shape[1]

    @property
    def widths(self) -> tuple[int, ...]:
        """M, the D_m."""
        return tuple(table.shape[1] for table in self.tables)

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.present.device

    def take(self, rows: Tensor | None) -> tuple[Sequence[Tensor], Tensor]:
        """Return inputs, M of (C, D_m), and presence (M, C) of the given rows, by default of all."""
        if rows is None:
            return self.tables, self.present
        return [table[rows] for table in self.tables], self.present[:, rows]

    @cached_property
    def means(self) -> Sequence[Tensor]:
        """The mean inputs, M of (1, D_m), over the items that have the modality; zero where none has."""
        counts = self.present.sum(dim=1).clamp(min=1)  # (M,)
        return [table.sum(dim=0, keepdim=True) / count for table, count in zip(self.tables, counts, strict=True)]

    @cached_property
    def mean_inputs(self) -> Tensor:
        """Inputs and presence over the number of present modalities, (N, W + M): their map is the mean vector."""
        columns = torch.cat([*self.tables, self.present.T.to(self.tables[0].dtype)], dim=1)
        return columns / self.present.sum(dim=0).clamp(min=1)[:, None]


class LinearMaps(nn.Module):
    """One linear map per modality into the joint space: v_m = V_m x_m + b_m.

    Kaiming-uniform (He et al., 2015) over each modality's own width, bias zero at the start.
    """

    def __init__(self, widths: Sequence[int], dim: int, *, bias: bool, generator: torch.Generator) -> None:
        super().__init__()
        self.weights = nn.ParameterList(
            kaiming(torch.empty(dim, width), generator) for width in widths
        )  # M of (d, D_m)
        self.bias = nn.Parameter(torch.zeros(len(widths), dim)) if bias else None  # (M, d)

    def forward(self, inputs: Sequence[Tensor], present: Tensor) -> Tensor:
        """Map inputs, M of (C, D_m), and bool (M, C) to vectors (M, C, d), zero where absent."""
        vectors = torch.stack([x @ weight.T for x, weight in zip(inputs, self.weights, strict=True)])  # (M, C, d)
        if self.bias is not None:
            vectors = vectors + self.bias[:, None, :] * present[:, :, None]
        return vectors

    def mean(self, inputs: Sequence[Tensor], present: Tensor) -> Tensor:
        """Map inputs, M of (C, D_m), and bool (M, C) to the mean of the present modalities' vectors: (C, d)."""
        there = present.T.to(inputs[0].dtype)  # (C, M)
        total: Tensor = inputs[0] @ self.weights[0].T
        for x, weight in zip(inputs[1:], list(self.weights)[1:], strict=True):
            total = torch.addmm(total, x, weight.T)
        if self.bias is not None:
            total = torch.addmm(total, there, self.bias)
        return total / there.sum(dim=1, keepdim=True).clamp(min=1)

    def products(self, points: Tensor, items: ItemInputs, rows: Tensor) -> Tensor:
        """Return points (B, d) times the vectors of each point's own items, rows (B, K): (M, B, K).

        By (p·V_m) x_m + p·b_m, which maps B points back where the plain way maps B·K inputs forth. Where a modality
        is absent the value is p·b_m, which the mixers' weights leave out.
        """
        pairs = zip(self.weights, items.tables, strict=True)
        out = torch.stack([row_products(points @ weight, table, rows) for weight, table in pairs])
        return out if self.bias is None else out + (self.bias @ points.T)[:, :, None]

    def mean_products(self, points: Tensor, items: ItemInputs, rows: Tensor) -> Tensor:
        """Return points (B, d) times the mean vectors of each point's own items, rows (B, K): (B, K).

        The mean over the present modalities is linear in `ItemInputs.mean_inputs`, so all is one product.
        """
        bias = points.new_zeros(points.shape[1], len(self.weights)) if self.bias is None else self.bias.T
        return row_products(points @ torch.cat([*self.weights, bias], dim=1), items.mean_inputs, rows)


class InputMap(nn.Module):
    """One linear map of a query's or a listener's inputs into the joint space."""

    def __init__(self, width: int, dim: int, *, bias: bool, generator: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(kaiming(torch.empty(dim, width), generator))
        self.bias = nn.Parameter(torch.zeros(dim)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, D) to (B, d)."""
        return functional.linear(x, self.weight, self.bias)


@dataclass(frozen=True, eq=False)
class Projected:
    """Items in the joint space: C of them, mapped once for any number of requests."""

    vectors: Tensor  # (M, C, d), or (1, C, d) where the mixture does not depend on the query
    present: Tensor  # bool (M, C)
    keys: Tensor | None = None  # (M, C, d)
    noise_keys: Tensor | None = None  # (M, C, d)

    @property
    def n_items(self) -> int:
        """C, the number of items."""
        return self.present.shape[1]

    def part(self, columns: slice) -> Projected:
        """Return some of the items, as views."""
        of = (self.keys, self.noise_keys)
        keys, noise_keys = (None if table is None else table[:, columns] for table in of)
        return Projected(self.vectors[:, columns], self.present[:, columns], keys, noise_keys)

    def hiding(self, hidden: Tensor) -> Projected:
        """Return the same items as if some of their modalities, bool (M, C), were absent.

        Raises:
            TrainingDataError: the mixture was made before the query is known, so that nothing can leave it any more.
        """
        if self.keys is None:
            raise TrainingDataError(
                "modalities can be hidden only where they are weighed by the query; choose cross or moe"
            )
        return replace(self, present=self.present & ~hidden)


@dataclass(frozen=True, eq=False)
class Chance:
    """What is random in one training step. Every process draws for the whole batch and takes its own part."""

    generator: torch.Generator  # seeded by the step
    size: int  # B of the whole batch
    mine: slice  # the examples of this process, b of them

    def normal(self, n_leading: int, n_trailing: int) -> Tensor:
        """Draw from N(0, 1): (n_leading, b, n_trailing)."""
        device = self.generator.device
        drawn = torch.randn(n_leading, self.size, n_trailing, generator=self.generator, device=device)
        return drawn[:, self.mine]


@dataclass(frozen=True, eq=False)
class Batch:
    """One step's examples: all of them, of which this process answers for `chance.mine`. B is the number of all."""

    text: Tensor  # (B,) numbers of distinct texts
    query: Tensor  # (B, D_q)
    user: Tensor  # (B, D_u)
    chance: Chance
    positive: Tensor | None = None  # (B,) item rows; None in a listwise batch
    negative: Tensor | None = None  # (B, n) item rows
    candidates: Tensor | None = None  # (C,) item rows of a listwise batch; None there stands for all items
    answers: Tensor | None = None  # bool (B, C) of a listwise batch
    hidden: Tensor | None = None  # bool (M, C) of a listwise batch: modalities taken for absent

    @property
    def size(self) -> int:
        """B, the examples of all processes."""
        return len(self.text)

    @property
    def share(self) -> float:
        """Which part of the examples is this process's."""
        return len(self.text[self.chance.mine]) / self.size


class JamNet(nn.Module, ABC):
    """A model that the trainer can fit: it scores, and knows its loss. The frozen inputs are no part of its state."""

    def __init__(self, items: ItemInputs) -> None:
        super().__init__()
        self.items = items

    @abstractmethod
    def project(self, rows: Tensor | None = None) -> Projected:
        """Map the items of the given rows (C,), by default all, into the joint space."""

    @abstractmethod
    def scores(
        self,
        query: Tensor,
        user: Tensor,
        items: Projected,
        *,
        how_much_me: float = 1.0,
        chance: Chance | None = None,
    ) -> Tensor:
        """Score projected items: (B, D_q) and (B, D_u) to (B, C).

        `how_much_me` is λ of (λu + q)·t. `chance` is given while training only, for what is random there.
        """

    @abstractmethod
    def pair_scores(self, query: Tensor, user: Tensor, rows: Tensor, *, chance: Chance | None = None) -> Tensor:
        """Score each request's own candidates, rows (B, K): (B, K)."""

    def loss(self, batch: Batch) -> Tensor:
        """Return this process's part of the batch's mean loss, a scalar: the parts of all processes add up to it.

        BPR (Rendle et al., 2009) where the batch has positives and negatives; listwise softmax where it has answers.
        """
        mine = batch.chance.mine
        if batch.answers is not None:
            right = batch.answers[mine]
            items = self.project(batch.candidates)
            if batch.hidden is not None:
                items = items.hiding(batch.hidden)
            scores = self.scores(batch.query[mine], batch.user[mine], items, chance=batch.chance)
            return listwise_softmax(scores, right, torch.zeros_like(right)) * batch.share
        if batch.positive is None or batch.negative is None:
            raise TrainingDataError("a batch holds neither answers nor positives with negatives; build it by `batches`")
        rows = torch.cat([batch.positive[:, None], batch.negative], dim=1)[mine]  # (b, 1 + n)
        scores = self.pair_scores(batch.query[mine], batch.user[mine], rows, chance=batch.chance)
        return bpr(scores[:, 0], scores[:, 1:]) * batch.share

    def exported(self) -> dict[str, FloatArray]:
        """The weights by name, those of a modality under its name: `item.<modality>.weight` and so on."""
        return {name: value.detach().cpu().numpy().copy() for name, value in self._named()}

    def load_exported(self, weights: Mapping[str, FloatArray]) -> None:
        """Take over what `exported` gave.

        Raises:
            TrainingDataError: a weight is missing or has another shape.
        """
        with torch.no_grad():
            for name, target in self._named():
                given = weights.get(name)
                if given is None or tuple(given.shape) != tuple(target.shape):
                    found = "none" if given is None else str(tuple(given.shape))
                    raise TrainingDataError(
                        f"the weights of {name} are {found}, expected {tuple(target.shape)}; "
                        "they belong to another model or data set, train again"
                    )
                target.copy_(torch.from_numpy(np.array(given, np.float32)))

    def _named(self) -> Iterator[tuple[str, Tensor]]:
        """Yield every exported name with its parameter, or a view of its part of one."""
        for path, module in self.named_modules():
            if isinstance(module, LinearMaps):
                for column, name in enumerate(self.items.names):
                    yield f"{path}.{name}.weight", module.weights[column]
                    if module.bias is not None:
                        yield f"{path}.{name}.bias", module.bias[column]
            elif not isinstance(module, nn.ParameterList):
                for local, value in module.named_parameters(recurse=False):
                    yield f"{path}.{local}" if path else local, value


def score_all(
    model: JamNet,
    query_vectors: Tensor,
    user_inputs: Tensor,
    *,
    projected: Projected | None = None,
    how_much_me: float = 1.0,
) -> Tensor:
    """Score every item exactly: (B, D_q) and (B, D_u) to (B, N), without ever building item vectors per query.

    Per modality one product (B, d)×(d, N) for the similarities and one for the logits, over vectors mapped once. Memory
    is the result's and a fixed amount beside it.

    Args:
        model: whose items are scored.
        query_vectors: text vectors.
        user_inputs: listeners' inputs; a zero row is a listener of whom nothing is known.
        projected: of `model.project()` with the model as it is; by default they are made anew.
        how_much_me: λ, how much the listener counts.
    """
    with torch.no_grad():
        items = model.project() if projected is None else projected
        out = torch.empty(len(query_vectors), items.n_items, device=query_vectors.device)
        # Without logits there is nothing on the way.
        width = items.n_items if items.keys is None else max(1, _TILE // min(max(len(out), 1), _TILE_QUERIES))
        for start in range(0, len(out), _TILE_QUERIES):
            lines = slice(start, start + _TILE_QUERIES)
            query, user = query_vectors[lines], user_inputs[lines]
            for first in range(0, items.n_items, width):
                columns = slice(first, first + width)
                out[lines, columns] = model.scores(query, user, items.part(columns), how_much_me=how_much_me)
    return out


def drawn_hidden(present: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Draw which modalities, bool (M, C), are taken for absent: each with a probability, never an item's last."""
    hidden = torch.rand(present.shape, generator=generator, device=present.device) < share
    return hidden & (present & ~hidden).any(dim=0)


def kaiming(weight: Tensor, generator: torch.Generator) -> Tensor:
    """Fill a weight (out, in) uniformly in ±√(6 / in) and return it."""
    if weight.shape[1]:
        nn.init.kaiming_uniform_(weight, generator=generator)
    return weight
