"""Where a turn stands in the joint space: the listener's point, translated by the request.

Two ways to get there behind one port: `FoldedTranslation` for a model trained on synthetic listeners, whose user vector
is folded in from weighted tracks, and `LearnedTranslation` for one learnt from real requests, which knows what was
answered before and adds its head's part to the score (`recsys.jam.joint`).

Shapes: N tracks, n tracks of a history, d joint width, D encoder width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from recsys.catalogue import Catalogue
from recsys.index.base import JointPoint
from recsys.jam.checkpoint import Checkpoint
from recsys.jam.joint import Joint
from recsys.jam.memory import History
from recsys.listeners import fold_in
from recsys.recommendation import Query
from recsys.spaces import Space
from recsys.types import BoolArray, FloatArray, IntArray, Modality

#: Tracks named as examples speak for the moment; the long-term vector then counts this much.
_LONG_TERM_BESIDE_EXAMPLES = 0.4


class Translation(Protocol):
    """Turns a query into a point of the joint space, and what is added to the scores found there."""

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities that tracks are mixed from, in the order of the index."""

    @property
    def names(self) -> FloatArray | None:
        """The text vectors of the tracks' names (N, D), where the space has them."""

    def scale(self, query: Query) -> float:
        """Return what a score of the index is multiplied with."""

    def user_vector(self, query: Query, rows: IntArray, weights: FloatArray) -> FloatArray:
        """Return the listener's own vector (d,), zero without history; `rows` (n,) have signed `weights` (n,)."""

    def point(self, query: Query, text_vector: FloatArray, user: FloatArray) -> JointPoint:
        """Translate the listener's vector by the request (D,)."""

    def extra(self, query: Query, text_vector: FloatArray) -> FloatArray | None:
        """Return what is added to every track's score (N,), None for nothing."""


class FoldedTranslation:
    """A model trained on synthetic listeners."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        tables: Mapping[Modality, FloatArray],
        present: BoolArray,
        own: Mapping[str, Space | None] | None = None,
    ) -> None:
        """Take the maps, the tracks' vectors per modality (N, D) and which are there (N, M).

        `own` are the spaces of listeners that the model knows, in the order of its columns, None for one that is gone.
        """
        self._checkpoint, self._tables, self._present = checkpoint, tables, present
        self._own = {name: (space, space.row_of) for name, space in (own or {}).items() if space is not None}

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities that tracks are mixed from, in the order of the index."""
        return tuple(modality.value for modality in self._tables)

    @property
    def names(self) -> FloatArray | None:
        """The text vectors of the tracks' names (N, D)."""
        return self._tables.get(Modality.TEXT)

    def scale(self, query: Query) -> float:
        """Return one over the spread of the scores of one request."""
        return 1 / float(self._checkpoint.card["score_scale"])

    def user_vector(self, query: Query, rows: IntArray, weights: FloatArray) -> FloatArray:
        """Fold the weighted tracks in, beside the listener's own vectors."""
        maps = self._checkpoint.weights["user.weight"]
        vector = self._folded(rows, weights)
        for name, (space, row_of) in self._own.items():
            row = row_of.get(query.listener_id)
            if row is not None:
                vector = vector + maps[:, self._checkpoint.columns[name]] @ space.vectors[row]
        return vector.astype(np.float32)

    def _folded(self, rows: IntArray, weights: FloatArray) -> FloatArray:
        """What the weighted tracks (n,) alone make of a listener: (d,)."""
        raw = fold_in(rows, weights, self._tables, self._present) if len(rows) else None
        if raw is None:
            return np.zeros(int(self._checkpoint.card["dim"]), dtype=np.float32)
        vector: FloatArray = raw @ self._checkpoint.weights["user.weight"][:, : len(raw)].T
        return vector

    def point(self, query: Query, text_vector: FloatArray, user: FloatArray) -> JointPoint:
        """Translate: the listener's vector, with tracks named as examples as a listener of the moment, plus q."""
        user = np.float32(query.how_much_me) * user
        if query.like_rows:
            rows = np.array(query.like_rows, dtype=np.int64)
            moment = self._folded(rows, np.ones(len(rows), dtype=np.float32))
            user = np.float32(_LONG_TERM_BESIDE_EXAMPLES) * user + moment
        words = self._checkpoint.project("query", text_vector) if np.any(text_vector) else np.zeros_like(user)
        return JointPoint(
            user=user.astype(np.float32),
            query=words.astype(np.float32),
            key=self._checkpoint.project("mixer_query", text_vector).astype(np.float32),
        )

    def extra(self, query: Query, text_vector: FloatArray) -> FloatArray | None:
        """Nothing: this model's scores are the translation alone."""
        return None


class LearnedTranslation:
    """A joint space learnt from real requests."""

    def __init__(self, joint: Joint, catalogue: Catalogue) -> None:
        """Take the joint space over the catalogue's rows."""
        self._joint = joint
        self._row_of = {track_id: row for row, track_id in enumerate(catalogue.track_ids)}

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities that tracks are mixed from, in the order of the index."""
        return self._joint.modalities

    @property
    def names(self) -> FloatArray | None:
        """The text vectors of the tracks' names (N, D), where they are a modality of the space."""
        return self._joint.tables.get(Modality.TEXT)

    def scale(self, query: Query) -> float:
        """Return the head's weight of the translation over its spread."""
        return self._joint.translation_scale(query.text, self._history(query), query.how_much_me)

    def user_vector(self, query: Query, rows: IntArray, weights: FloatArray) -> FloatArray:
        """Return u without any request: what the history says by itself."""
        return self._joint.point("", self._no_words, self._history(query)).with_constant(0).user

    def point(self, query: Query, text_vector: FloatArray, user: FloatArray) -> JointPoint:
        """Translate the history's point by the request; tracks named as examples count as kept."""
        history = self._history(query)
        point = self._joint.point(query.text, text_vector, history, query.how_much_me)
        return point.with_constant(self._joint.constant_weight(query.text, history, query.how_much_me))

    def extra(self, query: Query, text_vector: FloatArray) -> FloatArray | None:
        """Return what the head gives every track (N,), but for the constant, which the index holds."""
        return self._joint.extra(query.text, text_vector, self._history(query), query.how_much_me, constant=False)

    @property
    def _no_words(self) -> FloatArray:
        return np.zeros(self._joint.weights["query.weight"].shape[1], np.float32)

    def _history(self, query: Query) -> History:
        history = History.of(query.listener_events, self._row_of, session_id=query.session_id)
        return history.beside(query.like_rows) if query.like_rows else history
