"""What conversations taught: learnt from, and written as training data. A part of `assistant.app.Assistant`."""

from __future__ import annotations

import time
from pathlib import Path

from assistant.errors import NothingLikedError, NothingTaughtError
from assistant.parts import Parts
from assistant.reports import DialoguesReport, TrainReport, UsageReport
from recsys.types import Progress


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
