"""The joint space learnt from real requests: JAM's translation over richer inputs, and a small additive head.

    score(a) = (w + w'·[a was played])·(u + q)·t_a / s + Σ_f w_f·feature_f(a)

The first part is JAM (Melchiorre et al., RecSys 2025) in the exact form of `recsys.jam.score`, with these inputs added,
all inductive, so that new listeners and new requests need no training:

    u = Σ_m U_m·taste_m + P·ē(played) + G·ē(kept) + (A·q̃) ∘ Σ_m B_m·taste_m
    q = Q·q̃ + R·ē(what this request was answered with) + W·ē(what requests worded like it were answered with)
    v_m = V_m·x_m + e

e (N, d) is a vector of each item, learnt with dropout, so that items without any stand on their modalities; ē(·) is a
weighted sum of e over items (an asymmetric factor model; Koren 2008, section 4.1); taste_m is the unit sum of modality
m over the played items; ∘ is elementwise. Taste and history enter only through u, so the *how much me* dial scales all
of it, and a listener without history is exactly u = 0.

The head's features are those of `recsys.jam.memory`. How known an item is does not depend on the listener and is there
for every item: in an index it rides as one more coordinate of every modality vector, which is exact, since the weights
of the modalities sum to 1. Other features are zero for most items. s is the spread of the translation's scores. Both
parts were weighed on requests later than those that the translation and the counts had seen, and twice: for requests
that were made before, and for new ones, of which nothing is counted. One feature is computed here, from the modalities
that live in the space of the text encoder:

    says      max_m q̃·x_m                          how near the words are to what is written of the item

Shapes: N items, d joint width, D encoder width, F features, B requests.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from recsys.cards import write_card
from recsys.index.base import JointPoint, Projections
from recsys.jam.checkpoint import CheckpointError
from recsys.jam.memory import COUNTED, OF_PLAYED, OF_THE_LISTENER, History, RequestMemory
from recsys.jam.score import cross_mix, weighted
from recsys.jam.sweep import every_score
from recsys.types import BoolArray, FloatArray, IntArray, Modality
from recsys.unit import unit_rows

CARD_FILE, WEIGHTS_FILE = "joint.json", "joint.safetensors"
#: Raised when the meaning of a saved joint space changes.
FORMAT = 3
#: The features of the head.
FEATURES = (*COUNTED, "says")
#: Name of the modality that is made here: the mean text vector of the requests an item was given for.
REQUESTS = "requests"


def head_name(*, new: bool, nobody: bool) -> str:
    """Name the weights for a request that is new or was made before, by a listener of whom nothing is known or not."""
    return f"head{'_if_new' if new else ''}{'_of_nobody' if nobody else ''}"


@dataclass(frozen=True)
class Joint:
    """A fitted joint space with its memory and head.

    Keys of `weights`: `query.{weight,bias}`, `mixer_query.{weight,bias}`, `item.<m>.{weight,bias}`,
    `mixer_key.<m>.{weight,bias}`, `user.<m>.weight`, `gate.<m>.weight`, `gate_query.weight`, `residual` (N, d) and
    `map.{played,kept,own,worded}.weight` (d, d).
    """

    weights: Mapping[str, FloatArray]
    tables: Mapping[str, FloatArray]  # per modality unit rows (N, D_m), zero where absent
    memory: RequestMemory
    card: Mapping[str, Any]  # `modalities`, `dim`, `spread`, and per `head_name` feature → weight

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities mixed, in column order."""
        return tuple(self.card["modalities"])

    def head(self, text: str, history: History, how_much_me: float = 1.0) -> Mapping[str, float]:
        """Return the weight of each feature, of `translation`, and what is added to the latter for played items.

        Between nothing and all of the listener the weights are between those of nobody and those of the listener.
        """
        new = self.memory.number(text) is None
        nobody = self.card[head_name(new=new, nobody=True)]
        share = 0.0 if history.is_empty else min(max(how_much_me, 0.0), 1.0)
        if not share:
            return dict(nobody)
        known = self.card[head_name(new=new, nobody=False)]
        return {name: share * weight + (1 - share) * nobody[name] for name, weight in known.items()}

    @cached_property
    def present(self) -> BoolArray:
        """Which item has which modality (N, M); one without any is taken to have the first."""
        present = np.stack([table.any(axis=1) for table in self.tables.values()], axis=1)
        present[:, 0] |= ~present.any(axis=1)
        return present

    def projections(self) -> Projections:
        """Project every item once, for an index."""
        residual = self.weights["residual"]
        present = self.present
        item: dict[Modality, FloatArray] = {}
        keys: dict[Modality, FloatArray] = {}
        for column, m in enumerate(self.modalities):
            name = Modality(m)
            item[name] = self._map(f"item.{m}", self.tables[m]) + residual
            keys[name] = self._map(f"mixer_key.{m}", self.tables[m])
            for table in (item[name], keys[name]):
                table[~present[:, column]] = 0
        return Projections(item, keys, present)

    def point(self, text: str, vector: FloatArray, history: History, how_much_me: float = 1.0) -> JointPoint:
        """Translate the listener's point by the request.

        Args:
            text: the request; an empty one leaves the listener alone.
            vector: (D,) its unit text vector, zero for an empty one.
            history: what the listener did.
            how_much_me: scale of everything that comes from the listener.
        """
        w = self.weights
        if np.any(vector):
            query = self._map("query", vector)
            own, worded = self.memory.profile(text, vector)
            query = query + w["map.own.weight"] @ self._mean(own) + w["map.worded.weight"] @ self._mean(worded)
        else:
            query = np.zeros(int(self.card["dim"]), np.float32)
        user = w["map.played.weight"] @ self._mean(played_row(history, self.memory.n_items))
        user = user + w["map.kept.weight"] @ self._mean(kept_row(history, self.memory.n_items))
        gate = np.zeros_like(user)
        for m in self.modalities:
            taste = taste_of(history, self.tables[m])
            user = user + w[f"user.{m}.weight"] @ taste
            gate = gate + w[f"gate.{m}.weight"] @ taste
        if np.any(vector):
            user = user + (w["gate_query.weight"] @ vector) * gate
        return JointPoint(
            user=(np.float32(how_much_me) * user).astype(np.float32),
            query=query.astype(np.float32),
            key=self._map("mixer_query", vector).astype(np.float32),
        )

    def features(self, text: str, vector: FloatArray, history: History) -> dict[str, FloatArray]:
        """Compute all features (N,) of every item by name; arguments as in `point`."""
        found = self.memory.features(text, vector, history)
        nearest = np.full(self.memory.n_items, -np.inf, np.float32)
        for m, present in self._written.items():
            nearest = np.maximum(nearest, np.where(present, self.tables[m] @ vector, -np.inf))
        return found | {"says": np.where(np.isfinite(nearest), nearest, 0)}

    @cached_property
    def _written(self) -> dict[str, BoolArray]:
        """Which items have which of the modalities (N,) as wide as a request's text vector."""
        width = self.weights["query.weight"].shape[1]
        return {
            m: self.present[:, column]
            for column, (m, table) in enumerate(self.tables.items())
            if table.shape[1] == width and m != REQUESTS
        }

    @property
    def constant(self) -> FloatArray:
        """What every item has by itself (N,), to be weighed by `constant_weight`."""
        return self.memory.known

    def constant_weight(self, text: str, history: History, how_much_me: float = 1.0) -> float:
        """What the constant counts for beside a translation score, in the units of the latter."""
        head = self.head(text, history, how_much_me)
        scale = self.translation_scale(text, history, how_much_me)
        return (head["known"] + head["known_if_rare"] * self.memory.rarity(text)) / scale if scale else 0.0

    def extra(
        self,
        text: str,
        vector: FloatArray,
        history: History,
        how_much_me: float = 1.0,
        *,
        constant: bool = True,
    ) -> FloatArray:
        """Return the head's part (N,) of the score: all but what the translation gives to every item alike.

        Without `constant`, what rides in an index as `constant` times `constant_weight` is left out.
        """
        head = self.head(text, history, how_much_me)
        found = self.features(text, vector, history)
        total = np.zeros(self.memory.n_items, np.float32)
        riding = (
            () if constant or not self.translation_scale(text, history, how_much_me) else ("known", "known_if_rare")
        )
        for name in FEATURES:
            if name in riding:
                continue
            scale = how_much_me if name in OF_THE_LISTENER or name in OF_PLAYED else 1.0
            total += np.float32(head[name] * scale) * found[name]
        apart = how_much_me * head["translation_if_played"] / float(self.card["spread"])
        if apart and len(history.played):
            point = self.point(text, vector, history, how_much_me)
            total[history.played] += np.float32(apart) * self.translation_of(point, history.played)
        return total

    def translation_of(self, point: JointPoint, rows: IntArray) -> FloatArray:
        """The exact translation scores of a few items (n,), projected as they are asked for."""
        residual = self.weights["residual"][rows]
        vector, key = point.user + point.query, point.key / np.float32(math.sqrt(len(point.key)))
        similarity = [(self._map(f"item.{m}", table[rows]) + residual) @ vector for m, table in self.tables.items()]
        logits = [self._map(f"mixer_key.{m}", table[rows]) @ key for m, table in self.tables.items()]
        weights = cross_mix(np.stack(logits, axis=1), self.present[rows])
        return weighted(weights, np.stack(similarity, axis=1))

    def translation_scale(self, text: str, history: History, how_much_me: float = 1.0) -> float:
        """Return what a translation score is multiplied with before the head's part is added."""
        return float(self.head(text, history, how_much_me)["translation"]) / float(self.card["spread"])

    def save(self, folder: Path) -> None:
        """Write everything; the card last, so that a folder with a card is whole."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        arrays = {name: np.ascontiguousarray(value) for name, value in self.weights.items()}
        arrays |= {f"table.{m}": np.ascontiguousarray(table) for m, table in self.tables.items()}
        save_file(arrays, folder / WEIGHTS_FILE)
        self.memory.save(folder / "memory")
        write_card(folder / CARD_FILE, self.card, by_name=True)

    @classmethod
    def load(cls, folder: Path) -> Joint:
        """Read what `save` wrote.

        Raises:
            CheckpointError: a file is missing or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
            arrays = load_file(folder / WEIGHTS_FILE)
            memory = RequestMemory.load(folder / "memory")
        except (OSError, ValueError, SafetensorError) as error:
            raise CheckpointError(f"no readable joint space in {folder} ({error}); run `segue train`") from error
        if card.get("format") != FORMAT:
            raise CheckpointError(f"the joint space in {folder} was made by another version; run `segue train` again")
        tables = {m: arrays.pop(f"table.{m}") for m in card["modalities"]}
        return cls(arrays, tables, memory, card)

    def _map(self, layer: str, inputs: FloatArray) -> FloatArray:
        result: FloatArray = inputs @ self.weights[f"{layer}.weight"].T
        bias = self.weights.get(f"{layer}.bias")
        return result if bias is None else result + bias

    def _mean(self, row: csr_array) -> FloatArray:
        """ē of a sparse row (1, N): (d,)."""
        result: FloatArray = row.data.astype(np.float32) @ self.weights["residual"][row.indices]
        return result


class BatchScorer:
    """Scores every item, for one request or many, with vectors projected once."""

    def __init__(self, joint: Joint) -> None:
        """Project the items of a fitted joint space."""
        self.joint, self._projections = joint, joint.projections()

    def translations(
        self, texts: Sequence[str], vectors: FloatArray, histories: Sequence[History], how_much_me: float = 1.0
    ) -> FloatArray:
        """The exact translation scores (B, N), Σ_m α_m S_m, of B requests with text vectors (B, D)."""
        asked = zip(texts, vectors, histories, strict=True)
        points = [self.joint.point(text, vector, history, how_much_me) for text, vector, history in asked]
        return every_score(points, self._projections, cross_mix)

    def translation(self, text: str, vector: FloatArray, history: History, how_much_me: float = 1.0) -> FloatArray:
        """The exact translation scores (N,) of one request."""
        scores: FloatArray = self.translations([text], vector[None], [history], how_much_me)[0]
        return scores

    def score(self, text: str, vector: FloatArray, history: History, how_much_me: float = 1.0) -> FloatArray:
        """The whole scores (N,): translation and head."""
        scaled = self.translation(text, vector, history, how_much_me) * np.float32(
            self.joint.translation_scale(text, history)
        )
        return scaled + self.joint.extra(text, vector, history, how_much_me)


def played_row(history: History, n_items: int) -> csr_array:
    """The damped play counts as a unit row (1, N)."""
    return unit_row(history.played, history.play_weights, n_items)


def kept_row(history: History, n_items: int) -> csr_array:
    """The kept items as a unit row (1, N), log(1 + times) each."""
    return unit_row(history.kept, np.log1p(history.times), n_items)


def unit_row(rows: np.ndarray[Any, Any], values: FloatArray, n_items: int) -> csr_array:
    """Return values at rows as a sparse row (1, N) of norm 1, or an empty one."""
    norm = float(np.linalg.norm(values)) or 1.0
    data = (values / norm).astype(np.float32)
    return csr_array((data, (np.zeros(len(rows), np.int64), rows)), shape=(1, n_items))


def taste_of(history: History, table: FloatArray) -> FloatArray:
    """The unit sum of a modality (N, D) over the played items, by their weights: (D,); zero without any."""
    total = history.play_weights @ np.asarray(table[history.played], np.float32)
    norm = float(np.linalg.norm(total))
    return (total / norm if norm > 1e-6 else np.zeros(table.shape[1])).astype(np.float32)


def request_table(texts: Sequence[str], vectors: FloatArray, starts: Any, items: Any, n_items: int) -> FloatArray:
    """Make the `requests` modality: the unit mean (N, D) of the text vectors of what each item was given for."""
    queries = np.repeat(np.arange(len(texts)), np.diff(starts))
    given = csr_array((np.ones(len(items), np.float32), (items, queries)), shape=(n_items, len(texts)))
    return unit_rows(given @ vectors)
