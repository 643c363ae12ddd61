"""Training the tagger on labelled requests: a CRF over frozen states, and how each phrase is meant.

The likelihood is that of the labels that agree with what is stated of a request: of requests whose names alone were
labelled, any labels beside the names agree (Tsuboi et al. 2008, "Training conditional random fields using incomplete
annotations"). Members of the ensemble differ by their first weights and by what they see dropped; how phrases are meant
is learnt from complete requests alone.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from assistant.errors import LabelledRequestsError
from assistant.request import POLARITIES, Polarity
from assistant.understanding.labelled import Labelled
from assistant.understanding.tagging import (
    CONTEXT_BUCKETS,
    WORD_BUCKETS,
    Tagger,
    WordReader,
    Words,
    context_buckets,
    inputs,
    labels_of,
    phrase_flags,
)
from assistant.understanding.tokens import Reading, read
from recsys.text import fold
from recsys.types import FloatArray, Progress

_IMPOSSIBLE = -1e4


@dataclass(frozen=True, slots=True)
class TaggerSettings:
    """What training does; chosen by cross-validation on requests of MusicRecoIntent."""

    members: int = 8
    state_dims: int = 192  # principal axes of the encoder's states that are seen: four times as fast as all 768
    hidden: int = 128
    dropout: float = 0.35
    epochs: int = 14
    epochs_on_complete: int = 4  # the last ones, in which requests whose names alone are labelled are left out
    batch: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 2e-2


@dataclass(frozen=True, eq=False)
class _Example:
    words: Words
    allowed: Tensor  # (n, L): 0 for the labels that agree with what is stated, else impossible
    seen: Tensor  # (n, R + F)
    phrases: tuple[tuple[str, int, int, Polarity], ...]
    complete: bool


def train_tagger(
    requests: Sequence[Labelled],
    reader: WordReader,
    settings: TaggerSettings = TaggerSettings(),
    *,
    seed: int,
    progress: Progress | None = None,
) -> Tagger:
    """Fit a tagger; the same requests and seed give the same one on the same machine.

    Raises:
        LabelledRequestsError: nothing is labelled in any request that is labelled completely.
    """
    if not any(request.intents for request in requests if request.complete):
        raise LabelledRequestsError("none of the requests has a labelled phrase")
    facets = tuple(dict.fromkeys(facet for request in requests for facet, _, _ in request.intents))
    phrases, own = _phrases(requests)
    read_ones = [
        (number, reader.read(reading)) for number, one in enumerate(requests) if len(reading := read(one.text))
    ]
    mean, axes = principal_axes(np.concatenate([words.states for _, words in read_ones]), settings.state_dims)
    examples = []
    for number, words in read_ones:
        flags = phrase_flags(words.reading, phrases, facets, own[number])
        examples.append(_example(requests[number], facets, words, inputs(words, flags, mean, axes)))
    told = None if progress is None else _within(progress, settings.epochs)
    members = _train_members(examples, len(facets), settings, seed, told)
    weights = {name: table.numpy() for name, table in members.items()} | {"mean": mean, "axes": axes}
    weights |= _train_polarity(examples, seed)
    return Tagger(facets, {phrase: sorted(of) for phrase, of in phrases.items()}, weights, reader.encoder.name)


def _within(progress: Progress, total: int) -> Callable[[int], None]:
    return lambda done: progress("Learn to read", done, total)


def places(reading: Reading, span: str) -> list[tuple[int, int]]:
    """Where a lower-case span of a message's text stands in it, as words (start, end)."""
    text, found = reading.text.lower(), []
    for match in re.finditer(rf"(?<!\w){re.escape(span.strip())}(?!\w)", text):
        inside = [n for n, t in enumerate(reading.tokens) if t.start < match.end() and t.end > match.start()]
        if inside:
            found.append((inside[0], inside[-1] + 1))
    return found


def _phrases(requests: Sequence[Labelled]) -> tuple[dict[str, set[str]], list[dict[str, str]]]:
    """Facets by folded phrase of complete requests; and for each request the phrases that it alone has."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    said = [
        {(fold(span), facet) for facet, span, _ in request.intents if fold(span) and request.complete}
        for request in requests
    ]
    for one in said:
        for phrase, facet in one:
            counts[phrase][facet] += 1
    own = [{phrase: facet for phrase, facet in one if counts[phrase][facet] == 1} for one in said]
    return {phrase: set(of) for phrase, of in counts.items()}, own


def principal_axes(states: FloatArray, n_axes: int) -> tuple[FloatArray, FloatArray]:
    """Return the mean (S,) of states (N, S) and the axes (S, at most n_axes) along which they differ most."""
    mean = states.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((states - mean).T))
    return mean, np.ascontiguousarray(axes[:, ::-1][:, :n_axes]).astype(np.float32)


def _example(request: Labelled, facets: Sequence[str], words: Words, seen: FloatArray) -> _Example:
    """Say which labels agree with a request; `seen` (n, R + F) is what the network sees of its words."""
    reading = words.reading
    names = labels_of(facets)
    numbers = {name: number for number, name in enumerate(names)}
    labels = [0] * len(reading)
    found = [
        (facet, start, end, polarity)
        for facet, span, polarity in request.intents
        for start, end in places(reading, span)
    ]
    for facet, start, end, _ in sorted(found, key=lambda one: one[1] - one[2]):
        if not any(labels[start:end]):
            labels[start:end] = [numbers[f"B-{facet}"], *[numbers[f"I-{facet}"]] * (end - start - 1)]
    stated = {facet for facet, _, _ in request.intents}
    # Where only some facets were labelled, a word outside them may be anything else.
    open_to = [0.0 if not request.complete and name[2:] not in stated else _IMPOSSIBLE for name in names]
    allowed = torch.full((len(reading), len(names)), _IMPOSSIBLE)
    for position, label in enumerate(labels):
        if label or request.complete:
            allowed[position, label] = 0
        else:
            allowed[position] = torch.tensor(open_to)
    return _Example(words, allowed, torch.from_numpy(seen.astype(np.float32)), tuple(found), request.complete)


class _Networks(nn.Module):
    """Emissions of every label for every word, and the steps between labels, of all members of the ensemble at once.

    Shapes: K members, B messages, T words, L labels, I inputs of a word and its neighbours, D inner width.
    """

    def __init__(self, n_inputs: int, n_facets: int, settings: TaggerSettings) -> None:
        super().__init__()
        members, n_labels, hidden = settings.members, 1 + 2 * n_facets, settings.hidden
        self.members, self.dropout = members, nn.Dropout(settings.dropout)
        self.words = nn.EmbeddingBag(WORD_BUCKETS + 1, members * n_labels, mode="sum", padding_idx=WORD_BUCKETS)
        nn.init.zeros_(self.words.weight)
        inner = [nn.Linear(3 * n_inputs, hidden) for _ in range(members)]
        outer = [nn.Linear(hidden, n_labels) for _ in range(members)]
        self.inner = nn.Parameter(torch.stack([one.weight.T for one in inner]).detach().clone())
        self.inner_bias = nn.Parameter(torch.stack([one.bias for one in inner]).detach().clone())
        self.outer = nn.Parameter(torch.stack([one.weight.T for one in outer]).detach().clone())
        self.outer_bias = nn.Parameter(torch.stack([one.bias for one in outer]).detach().clone())
        self.steps = nn.Parameter(torch.zeros(members, n_labels, n_labels))
        self.starts = nn.Parameter(torch.zeros(members, n_labels))
        self.possible: Tensor
        self.possible_starts: Tensor
        goes_on = torch.tensor([label > 0 and label % 2 == 0 for label in range(n_labels)])
        follows = torch.zeros(n_labels, n_labels, dtype=torch.bool)
        for label in range(2, n_labels, 2):
            follows[label - 1, label] = follows[label, label] = True
        self.register_buffer("possible", torch.where(goes_on & ~follows, _IMPOSSIBLE, 0.0))
        self.register_buffer("possible_starts", torch.where(goes_on, _IMPOSSIBLE, 0.0))

    def emissions(self, seen: Tensor, hashes: Tensor) -> Tensor:
        """Emissions (K, B, T, L) of inputs (B, T, R + F) and buckets (B, T, H)."""
        nothing = torch.zeros_like(seen[:, :1])
        before, after = torch.cat([nothing, seen[:, :-1]], 1), torch.cat([seen[:, 1:], nothing], 1)
        beside = torch.cat([before, seen, after], 2).flatten(0, 1)  # (B T, I)
        # Every member sees other inputs dropped.
        dropped = self.dropout(beside.expand(self.members, *beside.shape))
        inner = self.dropout(torch.relu(torch.baddbmm(self.inner_bias[:, None], dropped, self.inner)))
        outer = torch.baddbmm(self.outer_bias[:, None], inner, self.outer)  # (K, B T, L)
        words = self.words(hashes.flatten(0, 1)).reshape(len(beside), self.members, -1)  # (B T, K, L)
        emissions: Tensor = (outer + words.transpose(0, 1)).reshape(self.members, *hashes.shape[:2], -1)
        return emissions

    def log_total(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """The logarithm (K, B) of the summed weight of all sequences of labels."""
        steps = (self.steps + self.possible)[:, None]  # (K, 1, L, L)
        total = (self.starts + self.possible_starts)[:, None] + emissions[:, :, 0]
        for position in range(1, emissions.shape[2]):
            stepped = torch.logsumexp(total[..., None] + steps, dim=2) + emissions[:, :, position]
            total = torch.where((position < lengths)[:, None], stepped, total)
        return torch.logsumexp(total, dim=2)


def _train_members(
    examples: Sequence[_Example], n_facets: int, settings: TaggerSettings, seed: int, told: Callable[[int], None] | None
) -> dict[str, Tensor]:
    drawn = random.Random(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = _Networks(examples[0].seen.shape[1], n_facets, settings)
        optimiser = torch.optim.AdamW(
            networks.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        for epoch in range(settings.epochs):
            for group in optimiser.param_groups:
                group["lr"] = settings.learning_rate * (1 - epoch / settings.epochs)
            last = epoch >= settings.epochs - settings.epochs_on_complete
            seen_now = [one for one in examples if one.complete] if last else examples
            for batch in _batches(seen_now, settings.batch, drawn):
                seen, hashes, allowed, lengths = _stack(batch)
                emissions = networks.emissions(seen, hashes)
                loss = networks.log_total(emissions, lengths) - networks.log_total(emissions + allowed, lengths)
                optimiser.zero_grad()
                (2 * loss.mean(dim=1).sum()).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
            if told:
                told(epoch + 1)
        networks.eval()
    with torch.no_grad():
        words = networks.words.weight.reshape(WORD_BUCKETS + 1, settings.members, -1)
        return {
            "words": words.permute(1, 0, 2).detach().clone(),
            "inner": networks.inner.clone(),
            "inner_bias": networks.inner_bias.clone(),
            "outer": networks.outer.clone(),
            "outer_bias": networks.outer_bias.clone(),
            "steps": (networks.steps + networks.possible).mean(dim=0),
            "starts": (networks.starts + networks.possible_starts).mean(dim=0),
        }


def _batches(examples: Sequence[_Example], size: int, drawn: random.Random) -> list[list[_Example]]:
    """Shuffle into batches of about equal length, so that little is padded."""
    order = list(examples)
    drawn.shuffle(order)
    pools = [sorted(order[n : n + 8 * size], key=lambda one: len(one.seen)) for n in range(0, len(order), 8 * size)]
    batches = [pool[n : n + size] for pool in pools for n in range(0, len(pool), size)]
    drawn.shuffle(batches)
    return batches


def _stack(batch: Sequence[_Example]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    pad = nn.utils.rnn.pad_sequence
    return (
        pad([one.seen for one in batch], batch_first=True),
        pad([torch.from_numpy(one.words.hashes) for one in batch], batch_first=True, padding_value=float(WORD_BUCKETS)),
        pad([one.allowed for one in batch], batch_first=True),
        torch.tensor([len(one.seen) for one in batch]),
    )


def _train_polarity(examples: Sequence[_Example], seed: int, epochs: int = 30) -> dict[str, np.ndarray]:
    """Fit how phrases are meant: softmax regression over the words around them and their mean state."""
    rows, states, targets = [], [], []
    for one in examples:
        for facet, start, end, polarity in one.phrases if one.complete else ():
            rows.append(torch.from_numpy(context_buckets(one.words.reading, facet, start, end)))
            states.append(one.words.states[start:end].mean(axis=0))
            targets.append(POLARITIES.index(polarity))
    meanings, wanted = torch.from_numpy(np.stack(states)), torch.tensor(targets)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        context = nn.EmbeddingBag(CONTEXT_BUCKETS, len(POLARITIES), mode="sum")
        nn.init.zeros_(context.weight)
        meaning = nn.Linear(meanings.shape[1], len(POLARITIES))
        parameters = [*context.parameters(), *meaning.parameters()]
        optimiser = torch.optim.AdamW(parameters, lr=3e-3, weight_decay=3e-2)
        for _ in range(epochs):
            for batch in torch.randperm(len(rows)).chunk(max(len(rows) // 64, 1)):
                bags = [rows[n] for n in batch.tolist()]
                offsets = torch.tensor([0, *np.cumsum([len(bag) for bag in bags])[:-1].tolist()])
                logits = context(torch.cat(bags), offsets) + meaning(nn.functional.dropout(meanings[batch], 0.3))
                loss = nn.functional.cross_entropy(logits, wanted[batch])
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
    with torch.no_grad():
        return {
            "context": context.weight.numpy().copy(),
            "meaning": meaning.weight.T.contiguous().numpy(),
            "polarity_bias": meaning.bias.numpy().copy(),
        }
