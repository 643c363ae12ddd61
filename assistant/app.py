"""The composition root: `Assistant` is everything that connectors may ask of Segue.

One `Assistant` serves any number of listeners and threads. What it is made of opens in `assistant.parts`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from uuid import uuid4

from assistant.errors import NothingToExportError, UnknownFeedbackError
from assistant.labels import plain
from assistant.reply import Message, Reply
from assistant.reports import (
    AddedSpaceReport,
    Check,
    CompareReport,
    IndexReport,
    MapReport,
    Ranked,
    ReadingReport,
    SpaceReport,
    StatusReport,
    TrainReport,
)
from assistant.settings import Settings
from assistant.taught import Taught
from recsys.types import Event, EventKind, Progress

if TYPE_CHECKING:
    from recsys.ranking import RankingWeights

__all__ = ["Assistant", "Settings"]

_LOG = logging.getLogger(__name__)


class Assistant(Taught):
    """Segue, without any way in. Use as a context manager, or `close` it."""

    def __init__(self, settings: Settings | None = None, *, weights: RankingWeights | None = None) -> None:
        """Keep the settings, and what each part of the ranking counts for; nothing is opened yet."""
        super().__init__(settings, weights=weights)
        self._event_lock = Lock()
        self._last_event_at = 0.0

    # --- conversation ---

    def reply(self, message: Message) -> Reply:
        """Answer a message. Never raises: an unexpected error becomes an apology with the number of its log entry."""
        try:
            return self._agent().reply(message)
        except Exception:
            number = uuid4().hex[:8]
            _LOG.exception("turn failed, reference %s", number)
            return Reply(
                session_id=plain(message.session_id),
                turn=0,
                query=plain(message.text),
                text=f"Sorry, something went wrong and no playlist was made (reference {number}). Please try again.",
                last_resort=True,
            )

    def feedback(
        self, listener_id: str, session_id: str | None, track_id: str, kind: str, completion: float | None = None
    ) -> None:
        """Remember what a listener did with a track; the next turn takes it into account.

        Args:
            listener_id: whose taste it tells.
            session_id: the session it happened in, if any.
            track_id: a track of the catalogue.
            kind: like, dislike, unrate, skip, keep or play. The last like or dislike of a track holds, until an
                unrate takes it back.
            completion: share of the track that was played, 0–1, where it is known.

        Raises:
            UnknownFeedbackError: the kind is no such word, or the completion is outside 0–1.
            UnknownTrackError: the catalogue has no such track.
        """
        from assistant.store import identity

        if kind not in {known.value for known in EventKind}:
            raise UnknownFeedbackError(kind, f"one of {', '.join(known.value for known in EventKind)}")
        if completion is not None and not 0.0 <= completion <= 1.0:
            raise UnknownFeedbackError(completion, "a completion between 0 and 1")
        self._agent().recommender.catalogue.row(track_id)
        event = Event(
            identity(listener_id),
            track_id,
            EventKind(kind),
            self._event_time(),
            completion,
            None if session_id is None else identity(session_id),
        )
        self._store().add_event(event)

    def add_history(self, listener_id: str, history: Iterable[tuple[str, str, int]]) -> int:
        """Remember what a listener did elsewhere, all at once; return how many entries that were.

        Args:
            listener_id: whose taste it tells.
            history: (track id, kind, how often); kinds as for `feedback`. Tracks that the catalogue does not have are
                left out.

        Raises:
            UnknownFeedbackError: a kind is no such word, or something was done less than once; nothing is remembered.
        """
        from assistant.store import identity

        known = set(self._agent().recommender.catalogue.track_ids)
        at = self._event_time()
        events = []
        for track_id, kind, times in history:
            if kind not in {one.value for one in EventKind} or times < 1:
                kinds = ", ".join(one.value for one in EventKind)
                raise UnknownFeedbackError((kind, times), f"one of {kinds}, at least once")
            if track_id in known:
                events.append(Event(identity(listener_id), track_id, EventKind(kind), at, times=times))
        self._store().add_events(events)
        return len(events)

    def export(self, session_id: str, listener_id: str) -> Reply:
        """Return the newest turn of a session, with its playlist.

        Raises:
            NothingToExportError: this listener's session has no playlist yet.
        """
        from assistant.store import SessionStore, identity

        last = SessionStore(self._store()).last(identity(session_id), identity(listener_id))
        if last is None or not last.reply.tracks:
            raise NothingToExportError(session_id)
        return last.reply

    def rank(
        self, listener_id: str, text: str, k: int, *, how_much_me: float | None = None, strict: bool = True
    ) -> Ranked:
        """Rank the catalogue for a message outside any session: the best k tracks, without slate rules or noise.

        Args:
            listener_id: whose history takes part.
            text: the request; empty ranks by taste alone.
            k: number of tracks.
            how_much_me: weight of the listener's taste, as set by default; 0 ranks by the words alone.
            strict: whether what the words demand filters, as in a slate; otherwise it is preferred, and tracks of which
                too little is known can still be found.
        """
        ranked = self._agent().rank(listener_id, text, k, how_much_me=how_much_me, strict=strict)
        return Ranked(track_ids=tuple(t for t, _ in ranked), scores=tuple(s for _, s in ranked))

    def compare(
        self, requests: Sequence[str], listeners: Sequence[str], n: int = 20, *, how_much_me: float | None = None
    ) -> CompareReport:
        """Put side by side what two listeners get for one request, or one listener for two.

        Args:
            requests: one, or two different ones.
            listeners: two different ones, or one.
            n: length of each list; ranked as `rank` does, without slate rules or noise.
            how_much_me: weight of the listener's taste, as set by default.

        Raises:
            CompareError: it is neither of the two.
            NoTasteError: a listener has no taste yet.
        """
        from assistant.comparing import compare

        return compare(self._agent(), requests, listeners, n, how_much_me=how_much_me)

    def map_data(self, request: str, listeners: Sequence[str], n: int = 8, *, max_tracks: int = 5_000) -> MapReport:
        """Draw where a request takes listeners: points and tracks of the joint space in two dimensions.

        Args:
            request: what all of them ask for.
            listeners: at least one.
            n: picks of each listener, ranked as `rank` does.
            max_tracks: tracks drawn at most, picks among them; the same ones every time.

        Raises:
            NoTasteError: a listener has no taste yet.
        """
        from assistant.mapping import map_data

        return map_data(self._agent(), request, listeners, n, max_tracks=max_tracks, seed=self.settings.seed)

    def forget(self, listener_id: str) -> bool:
        """Forget a listener with taste, sessions, turns and vectors; tell whether there was one."""
        from assistant.store import identity
        from recsys.spaces import forget

        known = self._store().remove_listener(identity(listener_id))
        return forget(self.settings.home, identity(listener_id)) or known

    # --- catalogue and model ---

    def index(
        self,
        path: Path | None = None,
        name: str | None = None,
        mapping: Mapping[str, str] | None = None,
        replace: bool = False,
        with_starter: bool = False,
        progress: Progress | None = None,
    ) -> IndexReport:
        """Add or refresh a catalogue source, and serve what is then there.

        Args:
            path: the catalogue file; None to index again what is stored, the starter too where it serves.
            name: what to call the source; its name so far, or the file's name, by default.
            mapping: field → column where the headers do not say it.
            replace: drop the other sources.
            with_starter: keep serving the starter beside other sources.
            progress: told about every stage.

        Raises:
            SourceError: the file cannot be read; nothing has changed then.
            EmptyCatalogueError: neither a path nor the starter was given and nothing is stored.
        """
        from assistant.indexing import refresh_source
        from recsys.sources.starter import KIND

        started = time.perf_counter()
        with self._lock:
            refreshed = None
            if path is not None:
                refreshed = refresh_source(self._store(), path, name, mapping, replace=replace, progress=progress)
            dropped = False
            if with_starter:
                self._add_starter(KIND)
            elif path is not None:
                dropped = self._store().drop_source(KIND)
            built = self._build(progress)
            return IndexReport(
                source=refreshed.source if refreshed else None,
                n_rows=refreshed.n_rows if refreshed else 0,
                bad_rows=refreshed.bad_rows if refreshed else (),
                source_changed=refreshed is None or refreshed.changed,
                starter_dropped=dropped,
                n_tracks=built.generation.manifest["n_tracks"],
                generation=built.generation.key,
                generation_changed=built.changed,
                trained=built.trained,
                seconds=time.perf_counter() - started,
            )

    def train(
        self,
        progress: Progress | None = None,
        *,
        data: Path | None = None,
        only: str = "",
        tidy_names: bool = False,
    ) -> TrainReport:
        """Train the joint space anew on what is indexed, and serve it.

        Args:
            progress: told about every stage.
            data: a folder in the JAM file format; it is indexed as a source, and its real requests are learnt from in
                place of synthetic ones, now and whenever the catalogue is indexed again.
            only: a stored space; it alone is fitted to the model being served, the rest of which stays as it is.
            tidy_names: write the names of playlists as queries (`recsys.query_text`) before they are learnt from.

        Raises:
            JamFormatError: the folder is not in the format; nothing has changed then, nor with the next two.
            NoRequestsError: it holds no training requests.
            TooFewRequestsError: it holds too few of them.
            UnknownSpaceError: there is no space called `only`.
            CannotFitOnlyError: it cannot be fitted to the model being served.
        """
        from assistant.indexing import check_requests, refresh_source
        from assistant.inspection import model_card, training_figures
        from assistant.spaces import gains
        from recsys.sources.starter import KIND

        started = time.perf_counter()
        with self._lock:
            if data is not None:
                check_requests(data)
                refresh_source(self._store(), data, None, None, replace=False, progress=progress)
                self._store().drop_source(KIND)
            elif not self._store().sources():
                self._add_starter(KIND)
            built = self._build(progress, retrain=True, only=only, data=data, tidy_names=tidy_names)
            steps, loss = training_figures(built.generation)
            card = model_card(built.generation)
            return TrainReport(
                generation=built.generation.key,
                n_tracks=built.generation.manifest["n_tracks"],
                only=only,
                trained=built.trained,
                n_examples=card.get("n_triples", card.get("n_requests")),
                steps=steps,
                loss=loss,
                fit_s=built.fit_s,
                gains=gains(card),
                seconds=time.perf_counter() - started,
            )

    def train_reading(
        self, requests: Path, progress: Progress | None = None, *, names: Path | None = None
    ) -> ReadingReport:
        """Learn to read requests from labelled ones, beside the rules; used from the next message on.

        Raises:
            LabelledRequestsError: the file is missing or malformed; nothing has changed then.
        """
        from assistant.reading import learn_to_read

        settings = self.settings
        with self._lock:
            report = learn_to_read(
                settings.home,
                requests,
                self._encoder(progress),
                names=names,
                seed=settings.seed,
                threads=settings.threads,
                progress=progress,
            )
            self._serving = None
        return report

    def add_embeddings(self, name: str, vectors: Path, ids: Path, *, of: str = "tracks") -> AddedSpaceReport:
        """Bring a precomputed space in; the next training or indexing uses it.

        Args:
            name: what to call it, of lower-case letters, digits and "_"; one of that name is replaced.
            vectors: a `.npy` file of numbers, one row each.
            ids: the ids of the rows: one per line, or a CSV or TSV file with an id column.
            of: "tracks" or "listeners".

        Raises:
            SpaceError: the name, a file, or what is in it cannot be used; nothing has changed then.
        """
        from assistant.spaces import add

        return add(self.settings.home, self._store(), name, vectors, ids, of)

    def embeddings(self) -> tuple[SpaceReport, ...]:
        """Say which precomputed spaces are stored, by name."""
        from assistant.spaces import stored

        return stored(self.settings.home)

    def remove_embeddings(self, name: str) -> SpaceReport:
        """Drop a precomputed space; what is served goes on with what it has until the next training or indexing.

        Raises:
            UnknownSpaceError: there is none of that name.
        """
        from assistant.spaces import remove

        return remove(self.settings.home, name)

    def status(self) -> StatusReport:
        """Say what is indexed, trained and stored, where, and how big."""
        from assistant.inspection import status

        return status(self.settings, self._database_url(), self._store())

    def doctor(self) -> list[Check]:
        """Check the installation, piece by piece; each check says how to fix what is wrong. Never raises."""
        from assistant.doctor import examine

        return examine(self.settings, self._database_url())

    def _event_time(self) -> float:
        """The time of an event, later than that of every earlier one: the last like or dislike of a track holds."""
        with self._event_lock:
            self._last_event_at = max(time.time(), self._last_event_at + 1e-5)
            return self._last_event_at
