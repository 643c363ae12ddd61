"""Fit a joint space on real requests: the translation by a listwise loss, then the head on later requests.

What a request may know is what came before it: the kept history and the counts behind its profile are those of earlier
blocks of the requests, in the order of time. So a request never sees its own answers, nor those of the same evening.
The head is fitted on requests later than everything that translation and counts had seen; then the translation is
fitted anew on all requests with the same settings, and the head's weights are carried over.

Shapes: Q queries, B batch, C candidates, N items, d joint width, M modalities.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, diags_array, vstack

from recsys.errors import RecsysError
from recsys.jam.dataset import JamSplit
from recsys.jam.joint import REQUESTS, Joint, request_table, unit_rows
from recsys.jam.memory import FEATURES, History, RequestMemory, normalised, stack
from recsys.types import BoolArray, FloatArray, IntArray, Progress

if TYPE_CHECKING:
    import torch

#: With so few requests there is nothing to learn from; synthesis serves such a catalogue better.
LEAST_REQUESTS = 100


class TooFewRequestsError(RecsysError, ValueError):
    """There are too few real requests to learn from."""

    def __init__(self, n_requests: int) -> None:
        super().__init__(
            f"{n_requests} requests to learn from and at least {LEAST_REQUESTS} are needed; "
            "leave out --data to train on synthetic listeners"
        )
        self.n_requests = n_requests


@dataclass(frozen=True)
class JointSettings:
    """How the joint space is fitted. Chosen on the last tenth of lastfm-jam's training requests (docs/jam.md)."""

    dim: int = 256
    epochs: int = 8
    batch: int = 256
    n_negatives: int = 1024  # uniform, beside all answers of the batch
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    residual_dropout: float = 0.3  # an item stands on its modalities alone
    listener_dropout: float = 0.1  # a request stands alone
    n_blocks: int = 8  # of time
    head_share: float = 0.1  # the latest requests, which the head is fitted on
    threads: int = 2


@dataclass(frozen=True)
class Requests:
    """Everything a joint space is fitted on."""

    split: JamSplit  # in the order of time
    vectors: FloatArray  # (Q, D) unit text vectors
    tables: Mapping[str, FloatArray]  # per modality (N, D_m); zero rows are absent
    plays: csr_array | None  # (U, N) undated play counts
    n_users: int
    n_items: int
    neighbours: csr_array | None = None  # (N, N) item cosines over the play counts

    def take(self, numbers: IntArray) -> Requests:
        """Return some of the requests, in the order given."""
        return replace(self, split=self.split.take(numbers), vectors=self.vectors[numbers])

    def memory(self) -> RequestMemory:
        """Count the requests and their answers."""
        split = self.split
        return RequestMemory.build(split.texts, split.starts, split.items, self.n_items, self.vectors, self.neighbours)

    def history(self, kept: csr_array, user: int) -> History:
        """Return a listener's play counts, with what `kept` (U, N) counts as kept."""
        played, plays = (np.empty(0, np.int64), np.empty(0, np.float32)) if self.plays is None else _row(
            self.plays, user
        )  # fmt: skip
        return History(played, plays, *_row(kept, user))


def fit_joint(
    requests: Requests,
    settings: JointSettings,
    *,
    seed: int,
    counts_only: bool = False,
    progress: Progress | None = None,
) -> Joint:
    """Fit translation, memory and head; with `counts_only` no translation, which then weighs nothing.

    Raises:
        TooFewRequestsError: fewer than a hundred requests.
    """
    n = len(requests.split)
    if n < LEAST_REQUESTS:
        raise TooFewRequestsError(n)
    cut = n - max(int(n * settings.head_share), 1)
    earlier, later = requests.take(np.arange(cut)), requests.take(np.arange(cut, n))
    used = replace(settings, epochs=0) if counts_only else settings
    first = fit_translation(earlier, used, seed=seed, progress=_staged(progress, "train, for the head"))
    head, spread = fit_head(first, earlier, later, counts_only=counts_only, progress=progress)
    whole = fit_translation(requests, used, seed=seed, progress=_staged(progress, "train"))
    card = {
        **whole.card,
        "head": head,
        "spread": spread,
        "n_requests": n,
        "seed": seed,
        "settings": asdict(used) | {"steps": used.epochs * max(n // used.batch, 1)},
    }
    return Joint(whole.weights, whole.tables, whole.memory, card)


def fit_translation(
    requests: Requests,
    settings: JointSettings,
    *,
    seed: int,
    progress: Progress | None = None,
) -> Joint:
    """Fit the translation; the head of the result is the bare translation.

    Args:
        requests: what to learn from.
        settings: how.
        seed: of weights, order, negatives and dropout.
        progress: told (stage, step, steps).
    """
    import torch

    torch.set_num_threads(settings.threads)
    tables = {m: unit_rows(table) for m, table in requests.tables.items()}
    split = requests.split
    tables[REQUESTS] = request_table(split.texts, requests.vectors, split.starts, split.items, requests.n_items)
    inputs = _Inputs.prepare(requests, tables, settings.n_blocks) if settings.epochs else None
    model = _Translation(tables, requests.vectors.shape[1], settings, seed)
    rng = np.random.default_rng(seed)
    torch_rng = torch.Generator().manual_seed(seed)
    n, n_steps = len(split), max(len(split) // settings.batch, 1)
    total = settings.epochs * n_steps
    optimiser = torch.optim.AdamW(
        model.parameters.values(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=max(total, 1) + 1, pct_start=0.1
    )
    step = 0
    for _ in range(settings.epochs):
        order = rng.permutation(n)
        for k in range(n_steps):
            batch = order[k * settings.batch : (k + 1) * settings.batch]
            assert inputs is not None  # there are epochs
            loss = model.loss(inputs, batch, rng, torch_rng)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            step += 1
            if progress:
                progress("train", step, total)
    weights = {name: p.detach().numpy().copy() for name, p in model.parameters.items()}
    memory = requests.memory()
    card = {
        "modalities": list(tables),
        "dim": settings.dim,
        "head": {"translation": 1.0, **dict.fromkeys(FEATURES, 0.0)},
        "spread": 1.0,
    }
    return Joint(weights, tables, memory, card)


def fit_head(
    fitted: Joint,
    earlier: Requests,
    later: Requests,
    *,
    counts_only: bool = False,
    progress: Progress | None = None,
    n_most: int = 2000,
) -> tuple[dict[str, float], float]:
    """Fit the weights of translation and features on later requests; return them and the translation's spread."""
    numbers = _evenly(len(later.split), n_most)
    kept = kept_counts(earlier)
    scorer = BatchScorer(fitted)
    columns = np.zeros((len(FEATURES) + 1, len(numbers), earlier.n_items), np.float32)
    for line, number in enumerate(numbers.tolist()):
        history = later.history(kept, int(later.split.users[number]))
        text, vector = later.split.texts[number], later.vectors[number]
        if not counts_only:
            columns[0, line] = scorer.translation(text, vector, history)
        columns[1:, line] = stack(fitted.memory.features(text, vector, history))
        if progress:
            progress("weigh", line + 1, len(numbers))
    spread = float(columns[0].std(axis=1).mean()) or 1.0
    columns[0] /= spread
    weights = fit_weights(columns, _answers(later, numbers))
    return dict(zip(("translation", *FEATURES), weights.tolist(), strict=True)), spread


def fit_weights(columns: FloatArray, positive: BoolArray) -> FloatArray:
    """Fit one weight per column (F, B, N) so that the weighted sum ranks `positive` (B, N) first: (F,).

    The loss is that of `recsys.jam.losses.listwise_softmax` over all items with a small ridge; it is convex, so
    neither a start nor a seed matters.
    """
    import torch

    from recsys.jam.losses import listwise_softmax

    scale = np.maximum(columns.std(axis=(1, 2)), 1e-6)  # (F,)
    x, right, unit = torch.from_numpy(columns), torch.from_numpy(positive), torch.from_numpy(scale)
    nothing = torch.zeros_like(right)
    weights = torch.zeros(len(columns), requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=30, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        scores = torch.einsum("f,fqn->qn", weights / unit, x)
        loss = listwise_softmax(scores, right, nothing) + 1e-3 * weights.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    result: FloatArray = (weights.detach() / unit).numpy()
    return result


def _answers(requests: Requests, numbers: IntArray) -> BoolArray:
    """Which items answer the requests at these positions: (B, N)."""
    positive = np.zeros((len(numbers), requests.n_items), bool)
    for line, number in enumerate(numbers.tolist()):
        positive[line, requests.split.relevant(number)] = True
    return positive


def _evenly(n: int, n_most: int) -> IntArray:
    """At most so many positions of n, evenly spread."""
    return np.unique(np.linspace(0, n - 1, min(n, n_most)).astype(np.int64))


def kept_counts(requests: Requests) -> csr_array:
    """For how many requests each listener was given each item: (U, N)."""
    users = np.repeat(requests.split.users, np.diff(requests.split.starts))
    kept = csr_array(
        (np.ones(len(users), np.float32), (users, requests.split.items)), shape=(requests.n_users, requests.n_items)
    )
    kept.sum_duplicates()
    return kept


def play_weights(requests: Requests) -> csr_array:
    """Every listener's damped play counts (U, N) in 0–1, as in `History.play_weights`."""
    if requests.plays is None:
        return csr_array((requests.n_users, requests.n_items), dtype=np.float32)
    weights = requests.plays.astype(np.float32)
    weights.data = np.log1p(weights.data)
    most = weights.max(axis=1).toarray().ravel()
    return csr_array(diags_array(1 / np.where(most > 0, most, 1)) @ weights).astype(np.float32)


class BatchScorer:
    """Scores every item with vectors projected once."""

    def __init__(self, joint: Joint) -> None:
        """Project the items of a fitted joint space."""
        self.joint = joint
        projections = joint.projections()
        self._item = np.stack(list(projections.item.values()))  # (M, N, d)
        self._keys = np.stack(list(projections.keys.values()))
        self._absent = ~projections.present.T  # (M, N)

    def translation(self, text: str, vector: FloatArray, history: History, how_much_me: float = 1.0) -> FloatArray:
        """The exact translation scores (N,): Σ_m α_m S_m."""
        point = self.joint.point(text, vector, history, how_much_me)
        similarity = self._item @ (point.user + point.query)  # (M, N)
        logits = self._keys @ (point.key / np.float32(math.sqrt(len(point.key))))
        logits[self._absent] = np.finfo(np.float32).min
        weights = np.exp(logits - logits.max(axis=0))
        result: FloatArray = (weights * similarity).sum(axis=0) / weights.sum(axis=0)
        return result

    def score(self, text: str, vector: FloatArray, history: History, how_much_me: float = 1.0) -> FloatArray:
        """The whole scores (N,): translation and head."""
        scaled = self.translation(text, vector, history, how_much_me) * np.float32(self.joint.translation_scale)
        return scaled + self.joint.extra(text, vector, history, how_much_me)


@dataclass(frozen=True)
class _Inputs:
    """Frozen inputs of every training request."""

    requests: Requests
    played: csr_array  # (Q, N) unit rows
    kept: csr_array
    own: csr_array
    worded: csr_array
    tastes: Mapping[str, FloatArray]  # per modality (Q, D_m)

    @classmethod
    def prepare(cls, requests: Requests, tables: Mapping[str, FloatArray], n_blocks: int) -> _Inputs:
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


class _Translation:
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
        inputs: _Inputs,
        batch: IntArray,
        rng: np.random.Generator,
        torch_rng: torch.Generator,
    ) -> torch.Tensor:
        """The listwise loss of a batch against its own answers and uniform negatives."""
        import torch

        from recsys.jam.losses import listwise_softmax

        split = inputs.requests.split
        answers = [split.relevant(int(number)) for number in batch]
        negatives = rng.integers(inputs.requests.n_items, size=self.settings.n_negatives)
        candidates = np.unique(np.concatenate([*answers, negatives]))  # (C,)
        lines = np.repeat(np.arange(len(batch)), [len(a) for a in answers])
        positive = np.zeros((len(batch), len(candidates)), bool)
        positive[lines, np.searchsorted(candidates, np.concatenate(answers))] = True
        scores = self._scores(inputs, batch, torch.from_numpy(candidates), torch_rng)
        right = torch.from_numpy(positive)
        return listwise_softmax(scores, right, torch.zeros_like(right))

    def _scores(
        self, inputs: _Inputs, batch: IntArray, candidates: torch.Tensor, torch_rng: torch.Generator
    ) -> torch.Tensor:
        """Scores (B, C), with dropout of residuals and listeners."""
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
        keeps = torch.rand(len(batch), 1, generator=torch_rng) >= s.listener_dropout
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


def _row(matrix: csr_array, row: int) -> tuple[IntArray, FloatArray]:
    here = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[here].astype(np.int64), matrix.data[here].astype(np.float32)


def _staged(progress: Progress | None, stage: str) -> Progress | None:
    if progress is None:
        return None
    report: Callable[[str, int, int], None] = progress
    return lambda _, done, total: report(stage, done, total)
