"""The product itself on a JAM data set: the same command line, data folder, events and ranking that a listener gets.

`segue train --data` learns from a folder that holds the requests of the task and nothing else; every listener's play
counts and what they were given become events (`Assistant.add_history`); each query is a message that
`Assistant.rank` answers with the whole catalogue in order, what it demands being preferred unless asked to filter, as
it does in a slate. Nothing here scores anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np

from assistant.app import Assistant
from evals.scratch import scratch_home, scratch_settings
from recsys.jam.dataset import JamDataset
from recsys.jam.errors import NotFittedError, checked_users
from recsys.jam.files import write_jam
from recsys.jam.joint_system import joined
from recsys.jam.requests import Requests, kept_counts
from recsys.jam.task import JamTask
from recsys.types import FloatArray, IntArray, Progress

_NOBODY = "a listener without history"


class ProductSystem:
    """Segue as it ships, behind the port of every other system."""

    def __init__(self, text_encoder: str | None = None, *, strict: bool = False) -> None:
        """Open nothing yet.

        Args:
            text_encoder: in place of the settings' one.
            strict: whether what a request demands filters, as in a slate; otherwise it is preferred.
        """
        self._open, self._text_encoder, self._strict = ExitStack(), text_encoder, strict
        self._row_of: dict[str, int] | None = None

    def fit(self, task: JamTask, *, seed: int, folder: Path | None = None, progress: Progress | None = None) -> None:
        """Index the data set, learn from its requests and replay its histories, in a data folder of its own."""
        self._open.close()
        split = task.train if task.choose is None else joined(task.train, task.choose)
        home = self._open.enter_context(scratch_home(folder))
        source = home.with_name("requests")
        write_jam(source, replace(task.dataset, name=source.name, splits={"train": split}))
        changes = {"seed": seed} | ({"text_encoder": self._text_encoder} if self._text_encoder else {})
        settings = scratch_settings(home).model_copy(update=changes)
        self._assistant = self._open.enter_context(Assistant(settings))
        self._assistant.train(progress, data=source)
        dataset = task.dataset
        self._row_of = {one: row for row, one in enumerate(dataset.item_ids)}
        self._split, self._known, self._n_users = split, set[int](), dataset.n_users
        self._replay(dataset, progress)

    def fold_in(self, listeners: JamDataset) -> None:
        """Replay the histories of listeners of whom nothing was known so far."""
        self._replay(listeners, None)

    def _replay(self, dataset: JamDataset, progress: Progress | None) -> None:
        """Tell the product what each listener did of whom it knows nothing yet."""
        split = self._split
        stated = Requests(
            split, np.empty((len(split), 0), np.float32), {}, dataset.plays, dataset.n_users, dataset.n_items
        )
        kept = kept_counts(stated)
        for user in range(dataset.n_users):
            history = stated.history(kept, user)
            did = [
                (dataset.item_ids[row], kind, int(times))
                for kind, rows, counts in (
                    ("play", history.played, history.plays),
                    ("keep", history.kept, history.times),
                )
                for row, times in zip(rows.tolist(), counts.tolist(), strict=True)
            ]
            if did and user not in self._known:
                self._known.add(user)
                self._assistant.add_history(f"user {user}", did)
            if progress:
                progress("replay histories", user + 1, dataset.n_users)

    def score(self, texts: Sequence[str], users: IntArray) -> FloatArray:
        """Return the product's scores (B, N); what it refuses to show comes last.

        Raises:
            NotFittedError: `fit` comes first.
            UnknownListenerError: a user is neither `NOBODY` nor a row of the data set.
        """
        if self._row_of is None:
            raise NotFittedError(self)
        n_items, users = len(self._row_of), checked_users(users, self._n_users)
        scores = np.full((len(texts), n_items), -np.inf, np.float32)
        for line, (text, user) in enumerate(zip(texts, users.tolist(), strict=True)):
            listener = f"user {user}" if user >= 0 else _NOBODY
            ranked = self._assistant.rank(listener, text, n_items, strict=self._strict)
            rows = [self._row_of[track_id] for track_id in ranked.track_ids]
            scores[line, rows] = ranked.scores
        return scores
