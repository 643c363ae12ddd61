"""Systems that count and never train by gradient: what every learned model has to beat.

    Popularity       how often an item answers a training query; no query, no listener (the paper's Pop)
    RandomScores     a fixed draw for every (text, listener)
    PlaylistMemory   the items that answered the training queries worded most alike; no listener
    Ease             what co-occurs in histories with the listener's own; no query
    Counting         five counts added with fixed weights

Shapes: B requests, U listeners, N items, T distinct training texts, D width of a text vector.
Conventions: a higher score is better; nothing is masked, so what a listener was given in training may come again; each
row is the score of its request alone, whatever else is asked with it. Texts are told apart exactly as they are written.
Nobody (`NOBODY`) is a listener without history; whether or not a system looks at the listener, it raises
UnknownListenerError where a user is neither that nor a row of the data set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.jam.dataset import JamDataset, JamSplit
from recsys.jam.errors import NOBODY, NotFittedError, checked_users
from recsys.jam.task import JamTask
from recsys.types import FloatArray, IntArray, Progress


class Popularity:
    """Rank every item by how many (query, item) pairs of training it is in (Melchiorre et al., 2025: Pop)."""

    def __init__(self) -> None:
        self._counts: FloatArray | None = None
        self._n_users = 0

    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: Progress | None = None) -> None:
        """Count; the seed changes nothing."""
        self._counts, self._n_users = pair_counts(task.train, task.dataset.n_items), task.dataset.n_users

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        """Return the counts (B, N), the same row for every request.

        Raises:
            NotFittedError: `fit` comes first.
        """
        if self._counts is None:
            raise NotFittedError(self)
        checked_users(users, self._n_users)
        return np.tile(self._counts, (len(texts), 1))


class RandomScores:
    """Uniform scores, drawn from the seed, the text and the listener, so that asking again gives the same."""

    def __init__(self) -> None:
        self._seed, self._n_items, self._n_users = 0, -1, 0

    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: Progress | None = None) -> None:
        """Remember the seed."""
        self._seed, self._n_items, self._n_users = seed, task.dataset.n_items, task.dataset.n_users

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        """Return scores (B, N) in 0–1.

        Raises:
            NotFittedError: `fit` comes first.
        """
        if self._n_items < 0:
            raise NotFittedError(self)
        out = np.empty((len(texts), self._n_items), np.float32)
        for row, (text, user) in enumerate(zip(texts, checked_users(users, self._n_users).tolist(), strict=True)):
            digest = hashlib.sha256(f"{self._seed}\t{user}\t{text}".encode("utf-8", "surrogatepass")).digest()
            np.random.default_rng(int.from_bytes(digest)).random(out=out[row], dtype=np.float32)
        return out


class PlaylistMemory:
    """The items that answered the training queries nearest to the request, "playlist memory".

    With c(t) the cosine of the request's text vector and that of a training text t, n(t, a) how many training queries
    of text t item a answered, and the sums over the `n_nearest` texts of largest c (those that tie with the last
    included; the request's own text, if it was asked in training, is one of them with c = 1):

        score(a) = Σ_t w(t)·n(t, a),    w = softmax of c(t) / temperature

    The formula is ours. Defaults chosen on the last tenth of lastfm-jam's training queries, where NDCG@10 was .205;
    5 to all texts and temperatures of .02 to .1 gave .198 to .205.
    """

    def __init__(self, *, n_nearest: int = 100, temperature: float = 0.05) -> None:
        self.n_nearest, self.temperature = n_nearest, temperature
        self._task: JamTask | None = None

    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: Progress | None = None) -> None:
        """Encode the distinct training texts and count their answers; the seed changes nothing."""
        number_of = {text: number for number, text in enumerate(dict.fromkeys(task.train.texts))}
        self._vectors = task.encode(list(number_of))  # (T, D)
        self._counts = text_counts(task.train, number_of, task.dataset.n_items)  # (T, N)
        self._task = task

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        """Return scores (B, N); the listener changes nothing.

        Raises:
            NotFittedError: `fit` comes first.
        """
        if self._task is None:
            raise NotFittedError(self)
        checked_users(users, self._task.dataset.n_users)
        place = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        if not len(self._vectors) or not place:
            return np.zeros((len(texts), self._task.dataset.n_items), np.float32)
        # Rounded, so that a cosine does not depend in its last bits on what else is asked.
        cosines = np.round(self._task.encode(list(place)).astype(np.float64) @ self._vectors.T, 6)  # (distinct, T)
        last = max(cosines.shape[1] - self.n_nearest, 0)
        nearest = cosines >= np.partition(cosines, last, axis=1)[:, last : last + 1]
        weights = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / self.temperature) * nearest
        weights /= weights.sum(axis=1, keepdims=True)
        scores: FloatArray = (self._counts.T @ weights.T).T.astype(np.float32)
        return scores[[place[text] for text in texts]]


class Ease:
    """EASE on the listener's own history: play history and the items of the listener's training queries, as 0 or 1.

    Steck (2019), "Embarrassingly Shallow Autoencoders for Sparse Data": B = argmin ‖X − XB‖² + λ‖B‖² with diag(B) = 0,
    which is B = I − P·diag(1 / diag P) with P = (XᵀX + λI)⁻¹, and score = X B. Without plays X holds the training pairs
    alone.

    Neither B nor P (N, N) is built where there are fewer listeners than items: with K = (XXᵀ + λI)⁻¹ (U, U) the
    Woodbury identity gives XP = KX and diag P = (1 − Σ_u X ∘ KX) / λ, hence score = X − KX / diag P. Time is cubic in
    the smaller of U and N and memory quadratic.

    λ = 100 was chosen on the last tenth of lastfm-jam's training queries (NDCG@10 .154; λ = 30 .154, 300 .144).
    """

    def __init__(self, *, regularisation: float = 100.0) -> None:
        self.regularisation = regularisation
        self._history: sp.csr_array | None = None

    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: Progress | None = None) -> None:
        """Solve the closed form; the seed changes nothing."""
        self._pairs = listener_pairs(task)
        history = self._with_plays(task.dataset)
        n_users, n_items = history.shape
        # `left` (U, U) or `right` (N, N): whichever is smaller, so that XP = left X = X right.
        self._by_listener = n_users <= n_items
        gram = (history @ history.T if self._by_listener else history.T @ history).toarray()
        gram[np.diag_indices_from(gram)] += self.regularisation
        inverse = np.linalg.inv(gram)
        if self._by_listener:
            explained = np.asarray(history.multiply(inverse @ history).sum(axis=0)).ravel()  # (N,)
            self._diagonal = (1 - explained) / self.regularisation
        else:
            self._diagonal = np.diagonal(inverse).copy()
        self._inverse, self._history, self._own = inverse, history, history

    def fold_in(self, listeners: JamDataset) -> None:
        """Take play histories from `listeners`; what goes with what stays as it was fitted."""
        self._own = self._with_plays(listeners)

    def _with_plays(self, dataset: JamDataset) -> sp.csr_array:
        """The listeners' histories (U, N) of zeros and ones."""
        history = sp.csr_array(self._pairs + _binary(dataset)).astype(np.float64)
        history.data[:] = 1
        return history

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        """Return scores (B, N); the text changes nothing.

        Raises:
            NotFittedError: `fit` comes first.
            UnknownListenerError: a user is neither `NOBODY` nor a row of the data set.
        """
        if self._history is None:
            raise NotFittedError(self)
        rows = checked_users(users, self._history.shape[0])
        distinct, back = np.unique(rows, return_inverse=True)
        own = _histories(self._own, distinct)
        dense = own.toarray()
        if self._by_listener:  # xP = (x - xXᵀ K X) / λ, for x in X or not
            explained = ((own @ self._history.T) @ self._inverse) @ self._history
            projected = (dense - explained) / self.regularisation  # (B, N)
        else:
            projected = own @ self._inverse
        scores: FloatArray = (dense - projected / self._diagonal).astype(np.float32)
        return scores[back]


class Counting:
    """The counting model: five counts added with fixed weights, none of them learnt.

        score(t, u, a) = .3·log(1 + n(a)) + 2·log(1 + n(t, a)) + 3·[u has played a] + [u was given a before] + 2·k(u, a)

    n(a) counts the training queries that a answers, n(t, a) those of text t; given before means in a training query of
    the listener; k is item-kNN affinity, Σ_h cos(h, a) over the items h that u has played, the cosine being that of
    the columns of the listening matrix as 0 and 1 (a itself is among the h when u has played it), divided by the
    listener's largest. Without play history its two terms are 0. The weights are those of the baseline that comes with
    the data; on lastfm-jam's validation part it gives NDCG@10 .334, and .245 without the history.
    """

    def __init__(self) -> None:
        self._counts: sp.csr_array | None = None

    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: Progress | None = None) -> None:
        """Count; the seed changes nothing."""
        self._number_of = {text: number for number, text in enumerate(dict.fromkeys(task.train.texts))}
        self._popularity = np.log1p(pair_counts(task.train, task.dataset.n_items))  # (N,)
        self._given = listener_pairs(task)  # (U, N)
        self._played = _binary(task.dataset)  # (U, N)
        norms = np.sqrt(np.asarray(self._played.sum(axis=0)).ravel())
        self._unit = sp.csr_array(self._played @ sp.diags_array(1 / np.maximum(norms, 1)))  # columns of length one
        counts = text_counts(task.train, self._number_of, task.dataset.n_items)
        counts.data = np.log1p(counts.data)
        self._counts = counts

    def fold_in(self, listeners: JamDataset) -> None:
        """Take play histories from `listeners`; counts and cosines stay as they were fitted."""
        self._played = _binary(listeners)

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        """Return scores (B, N).

        Raises:
            NotFittedError: `fit` comes first.
            UnknownListenerError: a user is neither `NOBODY` nor a row of the data set.
        """
        if self._counts is None:
            raise NotFittedError(self)
        rows = checked_users(users, self._given.shape[0])
        distinct, back = np.unique(rows, return_inverse=True)
        played = _histories(self._played, distinct)
        affinity = ((played @ self._unit.T) @ self._unit).toarray()  # (users, N)
        affinity /= np.maximum(affinity.max(axis=1, keepdims=True, initial=0), np.finfo(np.float32).tiny)
        of_user = 3 * played.toarray() + _histories(self._given, distinct).toarray() + 2 * affinity
        scores: FloatArray = of_user[back].astype(np.float32) + np.float32(0.3) * self._popularity
        for row, text in enumerate(texts):
            number = self._number_of.get(text)
            if number is not None:
                here = slice(self._counts.indptr[number], self._counts.indptr[number + 1])
                scores[row, self._counts.indices[here]] += 2 * self._counts.data[here]
        return scores


def pair_counts(split: JamSplit, n_items: int) -> FloatArray:
    """How many queries each item answers (N,)."""
    return np.bincount(split.items, minlength=n_items).astype(np.float32)


def text_counts(split: JamSplit, number_of: dict[str, int], n_items: int) -> sp.csr_array:
    """How many queries of each text each item answers (T, N), texts numbered by `number_of`."""
    queries, items = split.pairs
    numbers = np.fromiter((number_of[text] for text in split.texts), np.int64, len(split))[queries]
    counts = sp.csr_array((np.ones(len(items), np.float32), (numbers, items)), shape=(len(number_of), n_items))
    counts.sum_duplicates()
    return counts


def listener_pairs(task: JamTask) -> sp.csr_array:
    """Which listener was given which item in training: 1 or 0, (U, N)."""
    queries, items = task.train.pairs
    shape = (task.dataset.n_users, task.dataset.n_items)
    pairs = sp.csr_array((np.ones(len(items), np.float32), (task.train.users[queries], items)), shape=shape)
    pairs.sum_duplicates()
    pairs.data[:] = 1
    return pairs


def _histories(matrix: sp.csr_array, users: IntArray) -> sp.csr_array:
    """Take listeners' rows (B, N) of a matrix (U, N); nobody's is empty."""
    somebody = (users != NOBODY).astype(matrix.dtype)
    return sp.csr_array(sp.diags_array(somebody) @ matrix[np.maximum(users, 0)])


def _binary(dataset: JamDataset) -> sp.csr_array:
    """Which listener has played which item: 1 or 0, (U, N); zeros without a play history."""
    if dataset.plays is None:
        return sp.csr_array((dataset.n_users, dataset.n_items), dtype=np.float32)
    heard: sp.csr_array = dataset.plays.astype(np.float32, copy=True)
    heard.eliminate_zeros()
    data: NDArray[np.float32] = heard.data
    data[:] = 1
    return heard
