"""The composition root: `Assistant` is everything that connectors may ask of Segue.

One `Assistant` serves any number of listeners and threads. What it is made of opens in `assistant.parts`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from assistant.annotating import Annotating
from assistant.conversations import Conversations
from assistant.curating import Curating
from assistant.encoders import Encoders
from assistant.enriching import Enriching, undescribed
from assistant.errors import NothingToExportError
from assistant.failures import kind_and_place
from assistant.following import LearningWhatFollows
from assistant.front_ends import FrontEnds
from assistant.histories import Histories
from assistant.labels import plain
from assistant.languages import ENGLISH
from assistant.library import Library
from assistant.lyrics import read_lyrics
from assistant.media import Media
from assistant.naming import Naming
from assistant.phrasebook import phrasebook
from assistant.radio_start import RadioStart
from assistant.recipes import Recipes
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
from recsys.errors import ForgottenError
from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.agent import Agent
    from assistant.live import LiveReport
    from recsys.jam.helpers import Helpers

__all__ = ["Assistant", "Settings"]

_LOG = logging.getLogger(__name__)
_FORGOTTEN = "What was kept of somebody who takes part was deleted meanwhile, so nothing of this was kept. Ask again."


class Assistant(
    Histories,
    Conversations,
    Naming,
    Curating,
    Recipes,
    Media,
    FrontEnds,
    Library,
    Encoders,
    Enriching,
    Annotating,
    LearningWhatFollows,
):
    """Segue, without any way in. Use as a context manager, or `close` it."""

    # --- conversation ---

    def reply(self, message: Message) -> Reply:
        """Answer a message. Never raises: an unexpected error becomes an apology with the number of its log entry.

        Of a turn during which somebody is forgotten who takes part in it, nothing is kept, and that is said.
        """
        try:
            with self.acting_for(message.listener_id, *message.group, message.speaker or message.listener_id):
                return self._agent().reply(message)
        except ForgottenError:
            return _without_playlist(message, phrasebook(message.language or ENGLISH)(_FORGOTTEN))
        except Exception as error:
            number = uuid4().hex[:8]
            _LOG.error("turn failed, reference %s: %s", number, kind_and_place(error))
            return _without_playlist(
                message,
                f"Sorry, something went wrong and no playlist was made (reference {number}). Please try again.",
            )

    def radio(self, listener_id: str, session_id: str, n: int = 10, start: RadioStart | None = None) -> Reply:
        """Go on with a session's music, or begin a radio in it: the next n tracks, each with why it came next.

        What was played or skipped meanwhile (`feedback` with the session) moves it; a `Message` with `radio` has
        everything else that a message has. Where there is nothing to go on from, a playlist is made. Never raises.
        """
        start = start or RadioStart()
        return self.reply(Message(listener_id=listener_id, session_id=session_id, text="", n_tracks=n, radio=start))

    @property
    def rewords(self) -> bool:
        """Whether a language model is set, so that `reword` may have something to say."""
        return self.settings.llm.model is not None

    def reword(self, reply: Reply) -> Generator[tuple[str, str], None, None]:
        """Let the language model word a reply's reasons anew: yield (track id, sentence) as sentences pass the checker.

        Never raises, and ends within the model's time limit. Without a model there is nothing; a track without a
        sentence keeps its reason.
        """
        from assistant.rewording.slate import reword_reply

        if not self.rewords or not reply.tracks:
            return
        try:
            yield from reword_reply(reply, self._agent().recommender.catalogue, self.settings.llm)
        except Exception as error:
            _LOG.error("rewording failed; reasons stay as they are: %s", kind_and_place(error))

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

    def serving(self) -> Agent:
        """Return the turn pipeline over the generation that is served now.

        Raises:
            NotIndexedError: nothing is published yet.
        """
        return self._agent()

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

    # --- catalogue and model ---

    def index(
        self,
        path: Path | None = None,
        name: str | None = None,
        mapping: Mapping[str, str] | None = None,
        replace: bool = False,
        with_starter: bool = False,
        progress: Progress | None = None,
        listen: bool = True,
    ) -> IndexReport:
        """Add or refresh a catalogue source, and serve what is then there.

        Args:
            path: the catalogue file or folder; None to index again what is stored, the starter too where it serves.
            name: what to call the source; its name so far, or the file's name, by default.
            mapping: field → column where the headers do not say it.
            replace: drop the other sources.
            with_starter: keep serving the starter beside other sources.
            progress: told about every stage.
            listen: hear the files of tracks that were not heard yet.

        Raises:
            SourceError: the file cannot be read; nothing has changed then.
            WeightsError: an audio encoder of the settings lacks its weights.
            EmptyCatalogueError: neither a path nor the starter was given and nothing is stored.
        """
        from assistant.appealing_published import drop_replaced_files
        from assistant.indexing import refresh_source
        from assistant.listening import listen_to_tracks
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
            listening = listen_to_tracks(self.settings, self._store(), progress) if listen else None
            drop_replaced_files(self.settings, self._store())
            read_lyrics(self.settings, self._store(), progress)
            built = self._build(progress)
            return IndexReport(
                listening=listening,
                source=refreshed.source if refreshed else None,
                n_rows=refreshed.n_rows if refreshed else 0,
                bad_rows=refreshed.bad_rows if refreshed else (),
                remarks=refreshed.remarks if refreshed else (),
                source_changed=refreshed is None or refreshed.changed,
                starter_dropped=dropped,
                n_tracks=built.generation.manifest["n_tracks"],
                generation=built.generation.key,
                generation_changed=built.changed,
                trained=built.trained,
                undescribed=undescribed(self._store(), refreshed.source.name if refreshed else None),
                seconds=time.perf_counter() - started,
            )

    def train(
        self,
        progress: Progress | None = None,
        *,
        data: Path | None = None,
        only: str = "",
        tidy_names: bool = False,
        helpers: Helpers | None = None,
    ) -> TrainReport:
        """Train the joint space anew on what is indexed, and serve it.

        Args:
            progress: told about every stage.
            data: a folder in the JAM file format; it is indexed as a source, and its real requests are learnt from in
                place of synthetic ones, now and whenever the catalogue is indexed again.
            only: a stored space; it alone is fitted to the model being served, the rest of which stays as it is.
            tidy_names: write the names of playlists as queries (`recsys.query_text`) before they are learnt from.
            helpers: other processes of `torchrun` that learn from `data` with this one (`assistant.helping`).

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
            built = self._build(progress, retrain=True, only=only, data=data, helpers=helpers, tidy_names=tidy_names)
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

    def try_model(self, progress: Progress | None = None) -> LiveReport:
        """Put fixed requests to the language model of the settings, and count what comes of them.

        Raises:
            NoModelError: the settings name none.
            ModelError: it cannot be opened.
        """
        from assistant.live import try_model

        return try_model(self.settings.llm, progress)


def _without_playlist(message: Message, said: str) -> Reply:
    return Reply(session_id=plain(message.session_id), turn=0, query=plain(message.text), text=said, last_resort=True)
