"""Fitting the network of E4SRec.

Where every step is read, each target of a sequence is learnt in one pass over it; a sequence longer than the history is
cut into windows whose targets do not overlap. Where the response alone is read, each prefix is an example of its own,
as published. The learning rate rises from zero and falls along a half cosine (the public code's schedule).

Sampled softmax: each step draws items uniformly, shared by its examples, and leaves out of an example's the one that is
its target. A uniform draw needs no correction of the logits (Jean et al., 2015, eq. 10, with all Q equal).

Shapes: X examples, R targets of a batch, C items told apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from recsys.sequential.e4srec_net import E4SRecNet
from recsys.sequential.e4srec_settings import E4SRecSettings
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.sequences import Sequences
from recsys.types import IntArray

_LONGEST_GRADIENT = 1.0
#: Batches whose examples are laid out by length.
_SORTED = 8


def recent(sequences: Sequences, n_steps: int) -> Sequences:
    """Return the last so many steps of each sequence."""
    ends = sequences.offsets[1:]
    return sequences.windows(np.maximum(sequences.offsets[:-1], ends - n_steps), ends)


def train(
    net: E4SRecNet, sequences: Sequences, optimiser: torch.optim.Optimizer, rng: np.random.Generator
) -> Iterator[float]:
    """Train, and yield the mean loss of each epoch after it; the caller may stop in between.

    Raises:
        SequentialModelError: no sequence has a step.
    """
    settings = net.settings
    examples = _examples(sequences, settings, rng)
    if not len(examples):
        raise SequentialModelError("e4srec", "no sequence has a step to learn from", "give sequences of listening")
    n_steps = settings.epochs * math.ceil(len(examples) / settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: _learning_rate(step, min(settings.warm_up, n_steps // 2), n_steps)
    )
    for epoch in range(settings.epochs):
        if epoch:
            examples = _examples(sequences, settings, rng)
        net.train()
        losses = []
        for rows in _batches(examples, settings.batch, rng):
            losses.append(_step(net, sequences, examples[rows], rng))
            torch.nn.utils.clip_grad_norm_(net.parameters(), _LONGEST_GRADIENT)
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
        net.eval()
        yield float(np.mean(losses))


def _examples(sequences: Sequences, settings: E4SRecSettings, rng: np.random.Generator) -> IntArray:
    """Return (X, 3): where the history begins and ends in the columns, and where its sequence begins."""
    found = []
    for first, end in zip(sequences.offsets[:-1].tolist(), sequences.offsets[1:].tolist(), strict=True):
        if settings.reading == "each":
            targets = range(end - 1, first - 1, -settings.history)
        else:
            targets = range(first, end)
            if settings.n_prefixes is not None and len(targets) > settings.n_prefixes:
                drawn = rng.choice(len(targets), settings.n_prefixes, replace=False)
                found += [(max(first, first + cut - settings.history), first + cut, first) for cut in drawn.tolist()]
                continue
        found += [(max(first, target - settings.history), target, first) for target in targets]
    return np.array(found, dtype=np.int64).reshape(-1, 3)


def _batches(examples: IntArray, size: int, rng: np.random.Generator) -> Iterator[IntArray]:
    """Draw batches of rows; of a few batches' examples those of like length go together, so that little is padded."""
    order = rng.permutation(len(examples))
    lengths = examples[:, 1] - examples[:, 0]
    together = _SORTED * size
    parts = [order[begin : begin + together] for begin in range(0, len(order), together)]
    order = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in parts])
    for begin in (rng.permutation(math.ceil(len(order) / size)) * size).tolist():
        yield order[begin : begin + size]


def _step(net: E4SRecNet, sequences: Sequences, examples: IntArray, rng: np.random.Generator) -> float:
    """Gather the gradients of one batch, a part of it at a time."""
    settings = net.settings
    drawn = None
    if settings.n_negatives is not None and settings.n_negatives < sequences.n_items:
        chosen = rng.choice(sequences.n_items, settings.n_negatives, replace=False)
        drawn = torch.from_numpy(chosen).to(settings.device)
    size = settings.micro_batch or len(examples)
    laid = []
    for begin in range(0, len(examples), size):
        part = examples[begin : begin + size]
        histories = sequences.windows(part[:, 0], part[:, 1])
        layout = net.prompt.lay_out(histories, last=False)
        row = layout.reads[:, 0].numpy()
        # What began before the window is no beginning: nothing was heard before only at a sequence's first step.
        asked = (layout.n_read.numpy() > 0) | (part[row, 0] == part[row, 2])
        targets = torch.from_numpy(sequences.items[part[row, 0] + layout.n_read.numpy()][asked])
        layout = replace(layout, reads=layout.reads[asked], n_read=layout.n_read[asked])
        laid.append((histories, layout, targets.to(settings.device)))
    n_targets = sum(len(targets) for *_, targets in laid)
    total = 0.0
    for histories, layout, targets in laid:
        states = net.states(histories, layout)
        loss = loss_of(net, states, targets, drawn) * (len(targets) / n_targets)
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    return total


def loss_of(net: E4SRecNet, states: Tensor, targets: Tensor, drawn: Tensor | None) -> Tensor:
    """Cross-entropy of targets (R,) at states (R, H) against all items, or against those drawn (C,)."""
    if drawn is None:
        return functional.cross_entropy(net.logits(states, net.answers()), targets)
    distinct, place = torch.unique(torch.cat([targets, drawn]), return_inverse=True)
    vectors, biases = net.answers(distinct)
    of_target, of_drawn = place.split([len(targets), len(drawn)])
    asked = net.asked(states)  # (R, A)
    right = (asked * vectors[of_target]).sum(dim=1)  # (R,)
    if biases is not None:
        right = right + biases[of_target]
    wrong = functional.linear(asked, vectors[of_drawn], None if biases is None else biases[of_drawn])  # (R, C)
    wrong = wrong.masked_fill(drawn[None, :] == targets[:, None], -math.inf)
    return functional.cross_entropy(torch.cat([right[:, None], wrong], dim=1), torch.zeros_like(targets))


def _learning_rate(step: int, n_warm: int, n_steps: int) -> float:
    if step < n_warm:
        return (step + 1) / n_warm
    return 0.5 * (1 + math.cos(math.pi * (step - n_warm) / max(1, n_steps - n_warm)))
