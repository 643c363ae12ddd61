"""What labels of the tracks that are learnt from teach about a value, by two small networks.

A label such as the genre of the playlist that a track was found in may be known of the tracks that are learnt from, and
must not be asked of a new one. A network that has to tell it from content learns a trunk that the value profits from
(Caruana 1997, "Multitask Learning"). One network learns the value and, beside it, the label, from content; another one
mostly the label, from content and what a ridge makes of the texts for each label. What they say of a row that is learnt
from is said by ones that did not learn the row's artist.

    content    numbers by the rank among the rows learnt from, as a normal deviation; an unknown one is the median, and
               flagged; steps (0 or 1) as they are
    trunk      D → 256 → 128; each layer Linear, BatchNorm, GELU, dropout .3
    loss       squared error of the standardised value + `label_weight` · cross-entropy of the labels
    training   AdamW, one cycle up to 3e-3, batches of 256; nothing is chosen while it learns

Shapes: n rows, D numbers, S steps, G labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.inputs import Beside, ContentInput
from recsys.appeal.learners import fit_ridge
from recsys.types import FloatArray, IntArray

_WIDTHS, _DROPOUT = (256, 128), 0.3
_RATE, _DECAY, _BATCH = 3e-3, 0.05, 256
_FURTHEST = 3.0  # deviations that a number is at most from the median
_N_QUANTILES = 200
_TEXT_PENALTY = 4.0
_LEAST_SHARE = 1e-3  # of a label, before the logarithm

Numbers = NDArray[np.float64]
#: Rows of the whole table (m,) and their content (m, D) to what is said of them (m, 2 + G).
Tell = Callable[[IntArray, Numbers], Numbers]


@dataclass(frozen=True)
class GuidedNetwork:
    """Learns a value and a label at once."""

    label_weight: float = 1.0
    epochs: int = 12

    def fit(
        self, content: Numbers, steps: Numbers, values: Numbers, labels: IntArray, n_labels: int, seeds: Sequence[int]
    ) -> Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]:
        """Learn from rows, once for each seed.

        Args:
            content: (n, D), NaN where unknown.
            steps: (n, S), 0 or 1.
            values: (n,), no NaN.
            labels: (n,), from 0.
            n_labels: G.
            seeds: of the initial weights, the order and dropout.

        Returns:
            What turns content (m, D) and steps (m, S) into values (m,) and shares of labels (m, G), means over seeds.
        """
        turn = _Numbers.fit(content)

        def inputs(raw: Numbers, flags: Numbers) -> FloatArray:
            return np.hstack([turn(raw), flags]).astype(np.float32)

        models = [self._train(inputs(content, steps), values, labels, n_labels, seed) for seed in seeds]

        def tell(raw: Numbers, flags: Numbers) -> tuple[Numbers, Numbers]:
            told = [model(inputs(raw, flags)) for model in models]
            return np.mean([one for one, _ in told], axis=0), np.mean([shares for _, shares in told], axis=0)

        return tell

    def _train(
        self, known: FloatArray, values: Numbers, labels: IntArray, n_labels: int, seed: int
    ) -> Callable[[FloatArray], tuple[Numbers, Numbers]]:
        import torch
        from torch import nn

        middle, spread = float(values.mean()), float(values.std()) or 1.0
        wanted = torch.from_numpy(((values - middle) / spread).astype(np.float32))
        rows, which = torch.from_numpy(known), torch.from_numpy(labels.astype(np.int64))
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
                    loss = loss + self.label_weight * nn.functional.cross_entropy(label(inner), which[batch])
                    optimiser.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimiser.step()
                    cycle.step()
        trunk.eval()

        def tell(asked: FloatArray) -> tuple[Numbers, Numbers]:
            with torch.inference_mode():
                inner = trunk(torch.from_numpy(asked))
                said, shares = value(inner).squeeze(1).numpy(), label(inner).softmax(dim=1).numpy()
            return said.astype(np.float64) * spread + middle, shares.astype(np.float64)

        return tell


@dataclass(frozen=True)
class Guide:
    """What labels teach about a value."""

    steps: Numbers  # (N, S) of the whole table: content that is 0 or 1, such as the month
    labels: IntArray  # (N,) of the whole table; only those of rows that are learnt from are read
    texts: tuple[ContentInput, ...] = ()  # that tell labels
    of_value: GuidedNetwork = GuidedNetwork()
    of_label: GuidedNetwork = GuidedNetwork(label_weight=5.0, epochs=10)
    n_seeds: int = 2  # networks of all rows whose mean is told

    def fit(
        self, rows: IntArray, content: Numbers, values: Numbers, inner: Sequence[tuple[IntArray, IntArray]], seed: int
    ) -> tuple[Numbers, Tell]:
        """Learn from rows of the whole table.

        Args:
            rows: their numbers (n,).
            content: what is known of them beside steps and texts, (n, D), NaN where unknown.
            values: theirs, (n,), no NaN.
            inner: positions within the rows to learn from and to ask about, each row asked about once.
            seed: of whatever is drawn.

        Returns:
            What is said of the rows (n, 2 + G), and what says it of others: the value, the mean value of the labels'
            tracks by how likely each label is, and the logarithms of these shares.
        """
        names, labels = np.unique(self.labels[rows], return_inverse=True)
        steps, n_labels = self.steps[rows], len(names)
        from_texts, score = self._scores(rows, labels, n_labels, inner)

        def learn(there: IntArray, seeds: Sequence[int]) -> Callable[[Numbers, Numbers, Numbers], Numbers]:
            known = (values[there], labels[there], n_labels, seeds)
            value = self.of_value.fit(content[there], steps[there], *known)
            label = self.of_label.fit(np.hstack([content, from_texts])[there], steps[there], *known)
            counts = np.bincount(labels[there], minlength=n_labels)
            means = np.bincount(labels[there], weights=values[there], minlength=n_labels) / np.maximum(counts, 1)

            def tell(raw: Numbers, scored: Numbers, flags: Numbers) -> Numbers:
                shares = label(np.hstack([raw, scored]), flags)[1]
                return np.column_stack([value(raw, flags)[0], shares @ means, np.log(shares + _LEAST_SHARE)])

            return tell

        said = np.zeros((len(rows), 2 + n_labels))
        for there, asked in inner:
            said[asked] = learn(there, (seed,))(content[asked], from_texts[asked], steps[asked])
        tell_all = learn(np.arange(len(rows)), range(seed, seed + self.n_seeds))
        return said, lambda wanted, raw: tell_all(raw, score(wanted), self.steps[wanted])

    def _scores(
        self, rows: IntArray, labels: IntArray, n_labels: int, inner: Sequence[tuple[IntArray, IntArray]]
    ) -> tuple[Numbers, Callable[[IntArray], Numbers]]:
        """What a ridge on all texts makes of each label: of the rows (n, G), by ones without them, and of any."""
        if not self.texts:
            return np.zeros((len(rows), 0)), lambda wanted: np.zeros((len(wanted), 0))
        learnt = Beside(self.texts).learn(rows)
        content, is_label = learnt(rows), np.eye(n_labels)[labels]
        scored = np.zeros((len(rows), n_labels))
        for label in range(n_labels):
            for there, asked in inner:
                scored[asked, label] = fit_ridge(content[there], is_label[there, label], _TEXT_PENALTY)(content[asked])
        models = [fit_ridge(content, is_label[:, label], _TEXT_PENALTY) for label in range(n_labels)]

        def score(wanted: IntArray) -> Numbers:
            asked = learnt(wanted)
            return np.column_stack([model(asked) for model in models])

        return scored, score


@dataclass(frozen=True)
class _Numbers:
    """Numbers by their rank among the rows learnt from, as normal deviations."""

    middles: Numbers  # (D,)
    flagged: NDArray[np.bool_]  # (D,) unknown of any row learnt from
    quantiles: Numbers  # (Q, D), of the rows learnt from
    deviations: Numbers  # (Q,)
    spreads: Numbers  # (D,)

    @classmethod
    def fit(cls, known: Numbers) -> _Numbers:
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

    def __call__(self, raw: Numbers) -> Numbers:
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
