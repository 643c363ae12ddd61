"""Listening histories: what was heard elsewhere becomes events, and the tracks that it names become catalogue."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from assistant.enriching import undescribed
from assistant.parts import for_listener
from assistant.personal import Personal
from assistant.personal_errors import NotErasedError
from assistant.remembered import Remembered
from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.heard import HistoryItem
    from assistant.history_reports import HistoryReport


class Histories(Remembered, Personal):
    """The part of an assistant that takes histories in."""

    @for_listener
    def add_listens(
        self, listener_id: str, items: Iterable[HistoryItem], progress: Progress | None = None
    ) -> HistoryReport:
        """Remember what a listener heard elsewhere, add the tracks that the catalogue lacks, and serve them.

        Entries are taken one by one, as they are read. Those that were taken before, from this file or from another
        export, change nothing. An import that is killed is finished by importing again; what comes before an error is
        kept and served.

        Args:
            listener_id: whose taste it tells.
            items: the history, file by file.
            progress: told about indexing; whoever reads the files tells about reading.

        Raises:
            SourceError: a catalogue other than that of histories is called "history".
            Exception: whatever `items` raises.
        """
        from assistant.history_reports import HistoryReport
        from assistant.importing import Importer
        from assistant.store import identity
        from recsys.history_source import HISTORY_KIND

        started = time.perf_counter()
        store, catalogue = self._store(), self._agent().recommender.catalogue
        before = {track_id: track_id for track_id in store.track_ids(HISTORY_KIND).values()}
        taken = Importer(identity(listener_id), catalogue, before, store.imports.add, self._event_time())
        failure: Exception | None = None
        try:
            for item in items:
                taken.take(item)
        except Exception as error:
            failure = error  # events without their tracks would be of no use
        new = taken.finish()
        n_added = store.history.extend(new) if new else 0
        indexing = time.perf_counter()
        changed = bool(n_added or taken.lacks) and self._index_histories(progress)
        if failure is not None:
            raise failure
        ended = time.perf_counter()
        return HistoryReport(
            files=taken.files,
            ignored=taken.ignored,
            n_rows=taken.n_rows,
            n_events=taken.n_events,
            n_new=taken.n_new,
            n_known=taken.n_events - taken.n_new,
            n_matched_tracks=taken.n_matched_tracks,
            n_added_tracks=n_added,
            left_out=dict(taken.left_out),
            n_left_out=taken.left_out.total(),
            unmatched=taken.unmatched,
            n_unmatched=taken.n_unmatched,
            bad_rows=tuple(taken.bad_rows),
            n_bad_rows=taken.n_bad_rows,
            since=taken.since,
            until=taken.until,
            n_tracks=len(self._agent().recommender.catalogue),
            generation_changed=changed,
            undescribed=undescribed(store, HISTORY_KIND),
            seconds=ended - started,
            index_seconds=ended - indexing,
        )

    def forget(self, listener_id: str) -> bool:
        """Forget a listener, and the tracks that only their history named; tell whether there was one."""
        from assistant.indexing import chroma_server
        from recsys import generations

        known = super().forget(listener_id)
        if self._store().history.drop_orphans():
            erased = self._store().personal.erase(thoroughly=True)  # of the tracks, which went last
            self._index_histories(None)
            generations.drop_earlier(self.settings.home)
            if (server := chroma_server(self.settings)) is not None:
                server.sweep(self.settings.home)
            if not erased:
                raise NotErasedError
        return known

    def _index_histories(self, progress: Progress | None) -> bool:
        """Serve what is stored now; tell whether that is something else."""
        from recsys.sources.starter import KIND

        with self._lock:
            if not self._store().sources():
                self._add_starter(KIND)
            return self._build(progress).changed
