"""AvgMixing, CrossMixing and MoEMixing: (u + q)·t, with t mixed from the modalities of an item.

    v_m = V_m x_m    t = Σ_m α_m v_m    score = (λu + q)·t = Σ_m α_m S_m,  S_m = (λu + q)·v_m

    AvgMixing     α_m = 1 / number of present modalities
    CrossMixing   α = softmax over present m of L_m = (K_m x_m)·(Q q̃) / √d
    MoEMixing     α = softmax over the K largest gates L_m = (G_m x_m)·(G q̃), unscaled; training adds
                  softplus((N_m x_m)·(N q̃))·ε with ε ~ N(0, 1). No loss that balances the load.

The weights are a distribution, so t is never built: S and L are two products per modality over vectors mapped once.

K counted "pair" by pair, as in the code: each query–item pair keeps its K largest gates. Counted per "query", as the
text says ("to answer a single query"): the query orders the modalities once, by its mean gate over the items of the
catalogue that have them, and each item keeps the first K of that order that it has. The mean over the catalogue is the
gate of the mean input, since maps are linear; it does not depend on which candidates are scored. ε is then one draw per
query and modality.

Letters as in `recsys.jam.blocks`. Source: Melchiorre et al., "Just Ask for Music" (RecSys 2025). Deviations: absent
modalities and listeners are masked; ε is drawn from a seeded generator.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from recsys.jam.blocks import Chance, InputMap, ItemInputs, JamNet, LinearMaps, Projected

Mixer = Literal["avg", "cross", "moe"]
KeptPer = Literal["pair", "query"]


class MixingModel(JamNet):
    """The paper's three models. Weights go by the names of `recsys.jam.checkpoint.Checkpoint`."""

    def __init__(
        self,
        items: ItemInputs,
        *,
        query_dim: int,
        user_dim: int,
        dim: int = 128,
        mixer: Mixer = "cross",
        n_kept: int = 2,
        kept_per: KeptPer = "pair",
        bias: bool = True,
        seed: int = 0,
    ) -> None:
        """Make an untrained model.

        Args:
            items: the frozen inputs of the catalogue.
            query_dim: D_q.
            user_dim: D_u; 0 where nothing is known of any listener.
            dim: d.
            mixer: how modalities are mixed.
            n_kept: K of MoEMixing, the modalities kept.
            kept_per: what MoEMixing counts them per.
            bias: whether maps have a bias, as in the reference code; the paper's formulas have none.
            seed: of the weights.
        """
        super().__init__(items)
        self.dim, self.mixer, self.n_kept, self.kept_per = dim, mixer, n_kept, kept_per
        generator = torch.Generator().manual_seed(seed)
        self.query = InputMap(query_dim, dim, bias=bias, generator=generator)
        self.user = InputMap(user_dim, dim, bias=bias, generator=generator) if user_dim else None
        self.item = LinearMaps(items.widths, dim, bias=bias, generator=generator)
        if mixer != "avg":
            self.mixer_query = InputMap(query_dim, dim, bias=bias, generator=generator)
            self.mixer_key = LinearMaps(items.widths, dim, bias=bias, generator=generator)
        if mixer == "moe":
            self.noise_query = InputMap(query_dim, dim, bias=bias, generator=generator)
            self.noise_key = LinearMaps(items.widths, dim, bias=bias, generator=generator)

    def points(self, query: Tensor, user: Tensor, how_much_me: float = 1.0) -> Tensor:
        """Return λu + q, (B, d); a zero row of `user` (B, D_u) is u = 0 past the map."""
        point: Tensor = self.query(query)
        if self.user is not None and how_much_me:
            point = point + self.user(user) * user.any(dim=1, keepdim=True) * how_much_me
        return point

    def project(self, rows: Tensor | None = None) -> Projected:
        """Map items of the given rows (C,), by default all, into the joint space."""
        x, present = self.items.take(rows)
        if self.mixer == "avg":  # the one mixture that is the same for every query
            return Projected(self.item.mean(x, present)[None], present)
        vectors = self.item(x, present)  # (M, C, d)
        keys = self.mixer_key(x, present)
        # Only training adds noise: maps for it are left out of what evaluation and serving hold.
        noisy = self.mixer == "moe" and torch.is_grad_enabled()
        return Projected(vectors, present, keys, self.noise_key(x, present) if noisy else None)

    def scores(
        self,
        query: Tensor,
        user: Tensor,
        items: Projected,
        *,
        how_much_me: float = 1.0,
        chance: Chance | None = None,
    ) -> Tensor:
        """Score projected items: (B, D_q) and (B, D_u) to (B, C), exactly."""
        point = self.points(query, user, how_much_me)
        if items.keys is None:
            return point @ items.vectors[0].T
        logits = _against(self._key(query), items.keys)  # (M, B, C)
        noise = None
        if chance is not None and items.noise_keys is not None:
            noise = _against(self.noise_query(query), items.noise_keys)
        weights = self._weights(query, logits, noise, items.present[:, None, :], chance)
        return (weights * _against(point, items.vectors)).sum(dim=0)

    def pair_scores(self, query: Tensor, user: Tensor, rows: Tensor, *, chance: Chance | None = None) -> Tensor:
        """Score each request's own candidates, rows (B, K): (B, K), exactly and without mapping any item."""
        point = self.points(query, user)
        if self.mixer == "avg":
            return self.item.mean_products(point, self.items, rows)
        present = self.items.present[:, rows]  # (M, B, K)
        similarity = self.item.products(point, self.items, rows)  # (M, B, K)
        logits = self.mixer_key.products(self._key(query), self.items, rows)
        noise = None
        if self.mixer == "moe" and chance is not None:
            noise = self.noise_key.products(self.noise_query(query), self.items, rows)
        return (self._weights(query, logits, noise, present, chance) * similarity).sum(dim=0)

    def modality_weights(self, query: Tensor, items: Projected) -> Tensor:
        """The α (M, B, C) that requests (B, D_q) give the modalities of projected items; zero where absent."""
        present = items.present[:, None, :]
        if items.keys is None:
            return (present / present.sum(dim=0).clamp(min=1)).expand(-1, len(query), -1)
        return self._weights(query, _against(self._key(query), items.keys), None, present, None)

    def _key(self, query: Tensor) -> Tensor:
        key: Tensor = self.mixer_query(query)  # (B, d)
        return key / math.sqrt(self.dim) if self.mixer == "cross" else key

    def _weights(
        self, query: Tensor, logits: Tensor, noise: Tensor | None, present: Tensor, chance: Chance | None
    ) -> Tensor:
        """α (M, B, C) from logits and products for the noise (M, B, C); `present` broadcasts to them."""
        kept = present
        if self.mixer == "moe":
            if noise is not None and chance is not None:
                logits, order = self._with_noise(query, logits, noise, chance)
            else:
                order = logits if self.kept_per == "pair" else self._mean_gates(query)[:, :, None]
            kept = present & _among_largest(torch.where(present, order, -math.inf), self.n_kept)
        # finfo.min, not -inf: a track with no modality at all must not become NaN.
        return logits.masked_fill(~kept, torch.finfo(logits.dtype).min).softmax(dim=0) * kept

    def _with_noise(self, query: Tensor, logits: Tensor, noise: Tensor, chance: Chance) -> tuple[Tensor, Tensor]:
        """Gates (M, B, C) with noise, and what the modalities are ordered by: (M, B, C) or (M, B, 1)."""
        n_modalities, _, n_candidates = logits.shape
        epsilon = chance.normal(n_modalities, n_candidates if self.kept_per == "pair" else 1)
        gates = logits + functional.softplus(noise) * epsilon
        if self.kept_per == "pair":
            return gates, gates
        mean_noise = _against(self.noise_query(query), self._mean(self.noise_key))  # (M, B, 1)
        order = self._mean_gates(query)[:, :, None] + functional.softplus(mean_noise) * epsilon
        return gates, order

    def _mean_gates(self, query: Tensor) -> Tensor:
        """The mean gate (M, B) over the items of the catalogue that have the modality; -inf where none has."""
        gates = _against(self._key(query), self._mean(self.mixer_key)).squeeze(-1)
        return gates.masked_fill(~self.items.present.any(dim=1)[:, None], -math.inf)

    def _mean(self, maps: LinearMaps) -> Tensor:
        mean: Tensor = maps(self.items.means, self.items.present.any(dim=1)[:, None])
        return mean  # (M, 1, d)


def _against(points: Tensor, vectors: Tensor) -> Tensor:
    """Points (B, d) times vectors (M, C, d): (M, B, C)."""
    return torch.matmul(points, vectors.transpose(1, 2))


def _among_largest(values: Tensor, k: int) -> Tensor:
    """Which of the modalities (M, …) are among the k largest; of equal ones the first."""
    n = len(values)
    if k >= n:
        return torch.ones_like(values, dtype=torch.bool)
    before = torch.zeros_like(values, dtype=torch.int8)  # how many come before each
    for one in range(n):
        for other in range(n):
            if one != other:
                ahead = values[other] >= values[one] if other < one else values[other] > values[one]
                before[one] += ahead
    return before < k
