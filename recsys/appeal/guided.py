"""A small network that learns a number and, beside it, which label each track has: what a label teaches is kept.

A label such as the genre of the playlist that a track was found in may be known of the tracks that are learnt from,
and must not be asked of a new one. A network that has to tell it from content learns a trunk that the number profits
from (Caruana 1997, "Multitask Learning"). Two numbers come out of it: the value itself, and what tracks of the labels
that it expects have on average.

    content    numbers by the rank among the rows learnt from, as a normal deviation; an unknown one is the median, and
               flagged; steps (0 or 1) as they are
    trunk      D → 256 → 128; each layer Linear, BatchNorm, GELU, dropout .3
    loss       squared error of the standardised value + `label_weight` · cross-entropy of the labels
    training   AdamW, one cycle up to 3e-3, batches of 256; nothing is chosen while it learns

Shapes: n rows, D numbers, G labels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.types import FloatArray, IntArray

_WIDTHS, _DROPOUT = (256, 128), 0.3
_RATE, _DECAY, _BATCH = 3e-3, 0.05, 256
_FURTHEST = 3.0  # deviations that a number is at most from the median
_N_QUANTILES = 200

Tell = Callable[[IntArray, NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class GuidedNetwork:
    """Learns a value and a label at once; the mean of several that differ by their seed."""

    steps: NDArray[np.float64]  # (N, S) of the whole table: content that is 0 or 1, such as the month
    labels: IntArray  # (N,) of the whole table; only those of rows that are learnt from are read
    label_weight: float = 1.0
    epochs: int = 12
    n_seeds: int = 1

    def fit(self, rows: IntArray, content: NDArray[np.float64], values: NDArray[np.float64], seed: int) -> Tell:
        """Learn from rows of the whole table.

        Args:
            rows: their numbers (n,).
            content: what is known of them beside the steps, (n, D), NaN where unknown.
            values: theirs, (n,), no NaN.
            seed: of the initial weights, the order and dropout.

        Returns:
            What turns rows of the whole table (m,) and their content (m, D) into two numbers each, (m, 2): the value,
            and the mean value of the labels' tracks, by how likely each label is.
        """
        turn = _Numbers.fit(content)

        def inputs(wanted: IntArray, raw: NDArray[np.float64]) -> FloatArray:
            return np.hstack([turn(raw), self.steps[wanted]]).astype(np.float32)

        known = inputs(rows, content)
        names, which = np.unique(self.labels[rows], return_inverse=True)
        of_label = np.bincount(which, weights=values) / np.bincount(which, minlength=len(names))
        models = [self._train(known, values, which, len(names), seed + number) for number in range(self.n_seeds)]

        def tell(wanted: IntArray, raw: NDArray[np.float64]) -> NDArray[np.float64]:
            told = [model(inputs(wanted, raw)) for model in models]
            value = np.mean([one for one, _ in told], axis=0)
            return np.column_stack([value, np.mean([shares for _, shares in told], axis=0) @ of_label])

        return tell

    def _train(
        self, known: FloatArray, values: NDArray[np.float64], which: IntArray, n_labels: int, seed: int
    ) -> Callable[[FloatArray], tuple[NDArray[np.float64], NDArray[np.float64]]]:
        import torch
        from torch import nn

        middle, spread = float(values.mean()), float(values.std()) or 1.0
        wanted = torch.from_numpy(((values - middle) / spread).astype(np.float32))
        rows, labels = torch.from_numpy(known), torch.from_numpy(which.astype(np.int64))
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            trunk = nn.Sequential()
            for before, after in zip((known.shape[1], *_WIDTHS), _WIDTHS, strict=False):
                trunk.extend([nn.Linear(before, after), nn.BatchNorm1d(after), nn.GELU(), nn.Dropout(_DROPOUT)])
            value, label = nn.Linear(_WIDTHS[-1], 1), nn.Linear(_WIDTHS[-1], n_labels)
            learnt = [*trunk.parameters(), *value.parameters(), *label.parameters()]
            n_batches = max(len(known) // _BATCH, 1)
            optimiser = torch.optim.AdamW(learnt, lr=_RATE, weight_decay=_DECAY)
            cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=self.epochs * n_batches + 1)
            for _ in range(self.epochs):
                order = torch.randperm(len(known))
                for batch in torch.split(order[: n_batches * _BATCH], _BATCH):
                    inner = trunk(rows[batch])
                    loss = nn.functional.mse_loss(value(inner).squeeze(1), wanted[batch])
                    loss = loss + self.label_weight * nn.functional.cross_entropy(label(inner), labels[batch])
                    optimiser.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimiser.step()
                    cycle.step()
        trunk.eval()

        def tell(asked: FloatArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            with torch.inference_mode():
                inner = trunk(torch.from_numpy(asked))
                said, shares = value(inner).squeeze(1).numpy(), label(inner).softmax(dim=1).numpy()
            return said.astype(np.float64) * spread + middle, shares.astype(np.float64)

        return tell


@dataclass(frozen=True)
class _Numbers:
    """Numbers by their rank among the rows learnt from, as normal deviations."""

    middles: NDArray[np.float64]  # (D,)
    flagged: NDArray[np.bool_]  # (D,) unknown of any row learnt from
    quantiles: NDArray[np.float64]  # (Q, D), of the rows learnt from
    deviations: NDArray[np.float64]  # (Q,)
    spreads: NDArray[np.float64]  # (D,)

    @classmethod
    def fit(cls, known: NDArray[np.float64]) -> _Numbers:
        from scipy.stats import norm

        some = ~np.isnan(known).all(axis=0)
        middles = np.zeros(known.shape[1])
        middles[some] = np.nanmedian(known[:, some], axis=0)
        filled = np.where(np.isnan(known), middles, known)
        shares = np.linspace(0, 1, _N_QUANTILES)
        deviations = np.clip(norm.ppf(shares), -_FURTHEST, _FURTHEST)
        flagged = np.asarray(np.isnan(known).any(axis=0), np.bool_)
        plain = cls(middles, flagged, np.quantile(filled, shares, axis=0), deviations, np.ones(len(middles)))
        spreads = plain(known)[:, : len(middles)].std(axis=0)
        return cls(middles, flagged, plain.quantiles, deviations, np.where(spreads > 0, spreads, 1.0))

    def __call__(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn numbers (n, D) into deviations and flags."""
        missing = np.isnan(raw)
        filled = np.where(missing, self.middles, raw)
        found = np.empty_like(filled)
        for column in range(filled.shape[1]):
            # Many tracks share a value such as 0: the middle of its quantiles stands for it, from either side.
            edges = self.quantiles[:, column]
            up = np.interp(filled[:, column], edges, self.deviations)
            down = np.interp(-filled[:, column], -edges[::-1], -self.deviations[::-1])
            found[:, column] = (up - down) / 2
        return np.hstack([found / self.spreads, missing[:, self.flagged]])
