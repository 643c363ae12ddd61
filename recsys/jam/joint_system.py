"""The learnt joint space, or a part of it, as a system that can be compared with others on a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.sparse import csr_array

from recsys.jam.checked import check_task
from recsys.jam.dataset import JamDataset, JamSplit
from recsys.jam.errors import NotFittedError, checked_users
from recsys.jam.joint import BatchScorer, Joint
from recsys.jam.joint_model import JointSettings
from recsys.jam.joint_train import STATE_FILES, drop_state, fit_joint, fit_translation
from recsys.jam.memory import History, cosine_neighbours
from recsys.jam.requests import LEAST_REQUESTS, Requests, TooFewRequestsError, kept_counts
from recsys.jam.task import JamTask
from recsys.types import FloatArray, IntArray, Progress
from recsys.unit import unit_rows

Part = Literal["whole", "translation", "counts"]

#: Item modalities of a data set that are made of its own training requests: a joint space makes its own of those that
#: it may see, since whoever chose weights on later requests would find the answers in these.
MADE_OF_REQUESTS = ("tags",)


class JointSystem:
    """Translation and head together, or one of them alone, fitted on both parts of a task."""

    def __init__(self, part: Part = "whole", settings: JointSettings | None = None) -> None:
        """Choose what the scores are made of."""
        self._part: Part = part
        self._settings = settings or JointSettings()
        self._scorer: BatchScorer | None = None

    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: Progress | None = None) -> None:
        """Fit on all requests of the task; the head is weighed on the latest of them, at an earlier state.

        A run that is killed goes on by its state in `folder`. Under `torchrun` all processes fit one space.

        Raises:
            FeaturesError: a modality is not one finite row for each item or listener; nothing has changed then, nor
                with any other of these.
            TrainingDataError: a split is empty, or a query has no relevant item.
            UnknownListenerError: a query is of nobody in the data set.
            TooFewRequestsError: fewer than a hundred requests.
            CheckpointError: the state in `folder` is damaged.
        """
        import torch

        from recsys.jam.joint_run import identity
        from recsys.jam.processes import Processes

        check_task(task)
        split = task.train if task.choose is None else joined(task.train, task.choose)
        if len(split) < LEAST_REQUESTS:
            raise TooFewRequestsError(len(split))
        requests = requests_of(task.dataset, split, task.encode(split.texts))
        name = f"segue-{self._part}-{identity(requests, self._settings, seed)}"
        state = None if folder is None else folder / name
        together = Processes.join(torch.device("cpu"))
        if self._part == "translation":  # the same weights, without the head that would not be asked
            joint = fit_translation(
                requests,
                self._settings,
                seed=seed,
                state=None if state is None else state / STATE_FILES[1],
                processes=together,
                progress=progress,
            )
        else:
            joint = fit_joint(
                requests,
                self._settings,
                seed=seed,
                counts_only=self._part == "counts",
                folder=state,
                processes=together,
                progress=progress,
            )
        if state is not None and together.first:
            drop_state(state)
        self._scorer, self._encode = BatchScorer(joint), task.encode
        self._requests, self._kept = requests, kept_counts(requests)

    def fold_in(self, listeners: JamDataset) -> None:
        """Take play histories from `listeners`."""
        self._requests = replace(self._requests, plays=listeners.plays)

    @property
    def joint(self) -> Joint:
        """What was fitted.

        Raises:
            NotFittedError: `fit` comes first.
        """
        if self._scorer is None:
            raise NotFittedError(self)
        return self._scorer.joint

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        """Return scores (B, N) of all items for B requests by the listeners `users` (B,).

        Raises:
            NotFittedError: `fit` comes first.
            UnknownListenerError: a user is neither `NOBODY` nor a row of the data set.
        """
        if self._scorer is None:
            raise NotFittedError(self)
        users = checked_users(users, self._requests.n_users)
        vectors = self._encode(texts)
        nobody = History.empty()
        histories = [self._requests.history(self._kept, user) if user >= 0 else nobody for user in users.tolist()]
        if self._part == "translation":
            return self._scorer.translations(texts, vectors, histories)
        asked = zip(texts, vectors, histories, strict=True)
        extras = [self.joint.extra(text, vector, history) for text, vector, history in asked]
        counted = np.array(extras, np.float32).reshape(len(texts), self._requests.n_items)
        if self._part == "counts":
            return counted
        both = zip(texts, histories, strict=True)
        scales = np.array(
            [[self.joint.translation_scale(text, history)] for text, history in both], np.float32
        )  # (B, 1)
        return self._scorer.translations(texts, vectors, histories) * scales + counted


def requests_of(dataset: JamDataset, split: JamSplit, vectors: FloatArray) -> Requests:
    """Take requests with a data set's item modalities, but those made of requests, and its play counts."""
    tables = {m: unit_rows(x) for m, x in dataset.item_features.items() if m not in MADE_OF_REQUESTS}
    near: csr_array | None = None if dataset.plays is None else cosine_neighbours(dataset.plays)
    return Requests(split, vectors, tables, dataset.plays, dataset.n_users, dataset.n_items, near)


def joined(first: JamSplit, second: JamSplit) -> JamSplit:
    """Put two splits one after the other."""
    return replace(
        first,
        query_idxs=np.concatenate([first.query_idxs, second.query_idxs]),
        texts=first.texts + second.texts,
        users=np.concatenate([first.users, second.users]),
        starts=np.concatenate([first.starts, first.starts[-1] + second.starts[1:]]),
        items=np.concatenate([first.items, second.items]),
    )
