"""What conversations taught: learnt from, and written as training data. A part of `assistant.app.Assistant`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import NothingLikedError, NothingTaughtError
from assistant.parts import Parts
from assistant.reports import DialoguesReport, RankerReport, TrainReport, TrialReport, UsageReport
from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.appealing_published import PublishedReport


class Taught(Parts):
    """The parts, and what listeners taught with them."""

    def train_from_events(self, progress: Progress | None = None) -> TrainReport:
        """Train on what listeners kept in conversations beside synthetic listeners; serve that only if it is better.

        Better means: on every listener's latest requests, which neither model has seen, NDCG@10 over the whole
        catalogue rises, and the paired 95 % interval of the difference is above zero.

        Args:
            progress: told about every stage.

        Raises:
            TooFewOwnRequestsError: too little was kept so far; nothing has changed then.
        """
        from assistant.inspection import training_figures
        from assistant.learning import judge, own_report, prepare
        from assistant.usage import read_usage

        started = time.perf_counter()
        with self._lock:
            catalogue = self._store().load_catalogue(with_starter=True)
            lesson = prepare(read_usage(self._store()), catalogue, half_life_days=self.settings.half_life_days)
            served = self._agent()
            verdict, figures = None, None

            def accept(folder: Path) -> bool:
                nonlocal verdict, figures
                new = self._open(folder)
                figures = training_figures(new.generation)
                verdict = judge(lesson, served, new.agent, seed=self.settings.seed, progress=progress)
                return verdict.better

            built = self._build(progress, retrain=True, own=lesson.triples, accept=accept)
            steps, loss = figures or training_figures(built.generation)
            return TrainReport(
                generation=built.generation.key,
                n_tracks=built.generation.manifest["n_tracks"],
                steps=steps,
                loss=loss,
                seconds=time.perf_counter() - started,
                own=own_report(lesson, verdict),
            )

    def predict_by_checkpoint(self, checkpoint: Path, progress: Progress | None = None) -> PublishedReport:
        """Ask the published checkpoint of APEX about every file, and serve what it says from the next message on.

        Raises:
            As `assistant.appealing_published.predict_by_checkpoint`.
        """
        from assistant.appealing_published import predict_by_checkpoint

        return predict_by_checkpoint(self.settings, self._store(), checkpoint, progress)

    def train_ranker(
        self, progress: Progress | None = None, *, dialogs: Path | None = None, n_walks: int | None = None
    ) -> RankerReport:
        """Learn the ranker from conversations held here, and serve it from the next message on if it is not worse.

        Not worse means: on the fifth of the real conversations that was held out, MRR@10 over the whole catalogue is on
        average at least that of the ranker that serves. No language model is asked.

        Args:
            progress: told about every stage.
            dialogs: a file in the format of CPCD to learn from as well; its tracks are looked up in what is served.
            n_walks: made conversations to learn from beside the real ones; by default so many that there are 300.

        Raises:
            DialogueFileError: the file is missing or malformed; nothing has changed then, nor with the others.
            TooFewConversationsError: there are too few conversations.
            NoConversationsError: the model being served reads no conversations.
            NoGroundError: there are to be walks, and the catalogue has nothing to walk on.
            RankerError: in no turn is anything of the goal among the candidates.
        """
        from assistant.agent import Agent
        from assistant.dialogues import conversations_of
        from assistant.ranking import RankerLearner, prepare
        from assistant.reading import open_understanding
        from recsys.dialogue_files import read_dialogues
        from recsys.own_ranker import publish_ranker

        started, settings = time.perf_counter(), self.settings
        with self._lock:
            given = [] if dialogs is None else read_dialogues(dialogs)
            recommender = self._agent().recommender
            lesson = prepare(conversations_of(self._store(), recommender.catalogue), given, recommender.catalogue)
            # Without the language model: it would be asked for each of thousands of turns.
            understanding = open_understanding(settings.home, recommender.catalogue, self._encoder())
            reader = Agent(recommender, understanding, self._store(), seed=settings.seed)
            learner = RankerLearner(reader, seed=settings.seed, threads=settings.threads, progress=progress)
            walks = learner.walks(n_walks, len(lesson.teach))
            counts = {
                "n_own": lesson.n_own,
                "n_given": lesson.n_given,
                "n_learnt": len(lesson.teach),
                "n_held_out": len(lesson.test),
                "n_walks": len(walks),
            }
            ranker = learner.learn(lesson.teach, walks, {**counts, "learnt_at": time.time()})
            verdict = learner.judge(ranker, lesson.test)
            trial = TrialReport(
                served=verdict.served,
                new=verdict.new,
                difference=verdict.difference,
                low=verdict.low,
                high=verdict.high,
            )
            if deployed := verdict.difference >= 0:
                publish_ranker(settings.home, ranker)
            return RankerReport(
                **counts,
                n_turns=ranker.card["n_turns"],
                trial=trial,
                deployed=deployed,
                seconds=time.perf_counter() - started,
            )

    def export_jam(
        self,
        folder: Path,
        listener_id: str | None = None,
        *,
        with_ids: bool = False,
        augment: bool = False,
        progress: Progress | None = None,
    ) -> UsageReport:
        """Write what listeners kept and played in conversations as a data set in the JAM file format.

        Args:
            folder: where to; it may exist if it is empty, and is written whole or not at all.
            listener_id: one listener's alone; everybody's by default.
            with_ids: name listeners by their ids; otherwise they are numbered.
            augment: write each request anew from itself and its playlist (`assistant.augmenting`), by the language
                model of the settings, else by template.
            progress: told about every stage.

        Raises:
            NothingTaughtError: nothing was kept or played yet.
            JamFormatError: the folder holds something already.
            ModelError: the language model of the settings cannot be opened.
        """
        from assistant.augmenting import Augmenter
        from assistant.exporting import export_jam, served_tables
        from assistant.llm import open_model
        from assistant.store import identity
        from assistant.usage import read_usage
        from recsys.jam.files import require_new

        require_new(folder)
        one = None if listener_id is None else identity(listener_id)
        usage = read_usage(self._store(), one)
        if not usage.turns:
            raise NothingTaughtError(listener_id)
        serving = self._served()
        agent, settings = serving.agent, self.settings
        catalogue, cache = agent.recommender.catalogue, settings.home / "cache" / "embeddings"
        return export_jam(
            folder,
            usage,
            catalogue,
            served_tables(serving.generation.folder, catalogue, self._encoder(), cache, progress),
            listener_id=listener_id,
            with_ids=with_ids,
            augmenter=Augmenter(open_model(settings.llm), names=agent.named) if augment else None,
            progress=progress,
        )

    def export_dialogues(
        self, folder: Path, listener_id: str | None = None, progress: Progress | None = None
    ) -> DialoguesReport:
        """Write conversations in the format of CPCD, for `segue eval cpcd`: what was said, shown and liked, and sought.

        Args:
            folder: where to; it may exist if it is empty, and is written whole or not at all.
            listener_id: one listener's alone; everybody's by default. Nobody is named in it.
            progress: told about writing.

        Raises:
            NothingLikedError: in no conversation was anything liked, kept or saved yet.
            DialogueFileError: the folder holds something already.
        """
        from assistant.dialogues import export_dialogues
        from assistant.store import identity
        from recsys.dialogue_files import require_new_folder

        require_new_folder(folder)
        catalogue = self._agent().recommender.catalogue
        one = None if listener_id is None else identity(listener_id)
        report = export_dialogues(folder, self._store(), catalogue, one, progress)
        if report is None:
            raise NothingLikedError(listener_id)
        return report
