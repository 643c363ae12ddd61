"""Learning what comes next, and switching a model of it on only where it beats counting."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.following_errors import TooFewSequencesError
from assistant.following_reports import SequentialReport
from assistant.parts import Parts
from assistant.reports import TrialReport
from recsys.errors import ForgottenError
from recsys.types import Progress

if TYPE_CHECKING:
    from recsys.sequential.choosing import Choice
    from recsys.store import Store

#: Seconds between two looks at who was forgotten.
_LOOKS_EVERY_S = 2.0


class _Watch:
    """Ends a training as soon as somebody whom it learns from is forgotten, and leaves nothing of it."""

    def __init__(self, store: Store, listeners: Mapping[str, float]) -> None:
        """Take who is learnt from, with when each was first heard of (`Presence.since`)."""
        self.listeners = dict(listeners)
        self._store, self._looked = store, 0.0

    def over(self, progress: Progress) -> Progress:
        """Look whenever progress is told, every few seconds at most."""

        def tell(stage: str, done: int, total: int) -> None:
            if time.monotonic() - self._looked >= _LOOKS_EVERY_S:
                self._looked = time.monotonic()
                if self._store.presence.since(self.listeners) != self.listeners:
                    raise ForgottenError
            progress(stage, done, total)

        return tell

    @contextmanager
    def clearing(self, folder: Path) -> Iterator[None]:
        """Remove what training keeps where somebody was forgotten."""
        try:
            yield
        except ForgottenError:
            shutil.rmtree(folder, ignore_errors=True)
            raise


class LearningWhatFollows(Parts):
    """The part of an assistant that learns what comes next."""

    def train_sequential(self, progress: Progress | None = None, *, neural: bool | None = None) -> SequentialReport:
        """Learn what comes next from listeners' sessions, or from playlists where these are too few.

        A candidate is switched on, from the next message on, if it is surely better than popularity and successor
        counts on the latest sequences (`recsys.sequential.choosing`) and adds to likeness and shared playlists there
        (`recsys.radio`); otherwise no model is. A training that is killed
        changes nothing and goes on where it was.

        Args:
            progress: told about every stage.
            neural: whether SASRec is tried beside the mixture of counting models; None where there is enough.

        Raises:
            TooFewSequencesError: there are too few sessions and too few playlists; nothing has changed then.
            ForgottenError: somebody who was learnt from was forgotten meanwhile; nothing has changed then, either.
        """
        from recsys.generations import writing
        from recsys.own_following import publish_following, switch_off, training_folder
        from recsys.sequential.choosing import choose, fitted
        from recsys.sequential.port import silent
        from recsys.sequential.reading_logs import read_events
        from recsys.sequential.steps import LEAST, choose_steps, steps_of_plays
        from recsys.sequential.successors import Successors

        started, home, seed = time.perf_counter(), self.settings.home, self.settings.seed
        catalogue = self._agent().recommender.catalogue
        store = self._store()
        known = store.presence.since(store.listener_ids())
        lengths = dict(zip(catalogue.track_ids, catalogue.durations_s.tolist(), strict=True))
        plays = read_events(store, lengths, progress=progress or silent)
        # Who is joined to whom may change while it trains.
        learnt_of = {one for person in plays.listener_ids for one in store.joined.of(person)}
        steps = choose_steps(plays, catalogue, seed=seed)
        if steps is None:
            own = steps_of_plays(plays, catalogue)
            n_playlists = sum(len(rows) > 1 for rows in catalogue.collection_rows)
            raise TooFewSequencesError(0 if own is None else len(own.sequences), n_playlists, least=LEAST)
        if steps.source == "playlists":
            learnt_of = set()
        sequences, watch = steps.sequences, _Watch(store, {one: known[one] for one in learnt_of & known.keys()})
        if learnt_of - known.keys():
            raise ForgottenError
        with writing(home), watch.clearing(training_folder(home)):
            tell = watch.over(progress or silent)
            state = training_folder(home)
            choice = choose(sequences, seed=seed, neural=neural, state=state, progress=tell)
            verdict, weight = choice.verdict, 0.0
            if choice.switched_on:
                weight = self._weight_in_radio(choice, steps.source == "playlists")
            if weight:
                model = fitted(choice.name, sequences, seed=seed, state=state / "whole", progress=tell)
                publish_following(
                    home,
                    store,
                    model,
                    Successors().fit(sequences),
                    sequences.names,
                    watch.listeners,
                    {
                        "weight": weight,
                        "source": steps.source,
                        "n_sequences": len(sequences),
                        "ndcg": verdict.new,
                        "baseline": choice.baseline,
                        "baseline_ndcg": verdict.served,
                        "low": verdict.low,
                        "high": verdict.high,
                        "at": time.time(),
                    },
                )
            else:
                switch_off(home)
        return SequentialReport(
            source=steps.source,
            n_sequences=len(sequences),
            n_steps=len(sequences.items),
            n_tracks=sequences.n_items,
            n_listeners=steps.n_listeners,
            n_learnt=choice.n_learnt,
            n_questions=choice.n_questions,
            figures=dict(choice.figures),
            model=choice.name,
            baseline=choice.baseline,
            trial=TrialReport(
                served=verdict.served,
                new=verdict.new,
                difference=verdict.difference,
                low=verdict.low,
                high=verdict.high,
            ),
            switched_on=weight > 0,
            weight=weight,
            seconds=time.perf_counter() - started,
        )

    def _weight_in_radio(self, choice: Choice, of_playlists: bool) -> float:
        """What the model counts beside likeness and shared playlists, by sequences that neither knows."""
        from recsys.radio import Radio
        from recsys.retrieval.company import Company
        from recsys.retrieval.sequential import Following
        from recsys.sequential.choosing import people_of
        from recsys.sequential.successors import Successors

        recommender = self._agent().recommender
        catalogue, train, later = recommender.catalogue, choice.train, choice.later
        rows = catalogue.rows(train.names)
        members = [rows[one] for one in train] if of_playlists else None
        successors = Successors().fit(train)
        following = Following.over(catalogue, choice.name, choice.model, successors, train.names)
        radio = Radio(catalogue, recommender.ranker.vectors, Company(catalogue, members))
        seed = self.settings.seed
        return radio.weight_of(following, [rows[one] for one in later], people_of(later), seed)
