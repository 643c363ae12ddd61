"""What an installation is made of, each part opened on first use: database, encoder, the generation being served.

Nothing is opened before it is needed, and heavy parts are imported where they are used: a cold `segue playlist`
loads no torch, no polars and no Chroma. What is served follows the data folder when another process publishes a new
generation.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from threading import Lock, RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from assistant.pace import Pace
from assistant.settings import Settings
from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.agent import Agent
    from assistant.asking import Asker
    from assistant.incognito import IncognitoSessions
    from assistant.suggesting import Suggestions
    from recsys.encoders.text import TextEncoder
    from recsys.generations import Generation
    from recsys.jam.helpers import Helpers
    from recsys.pipeline import BuildResult
    from recsys.ranking import RankingWeights
    from recsys.store import Store
    from recsys.synthesis import Triple

_LOG = logging.getLogger(__name__)
_Method = TypeVar("_Method", bound=Callable[..., Any])
#: What changes when another generation, another ranker, or another model of what comes next or of appeal is to serve.
Stamp = tuple[tuple[str, int] | None, str | None, str | None, str]


@dataclass(frozen=True)
class Serving:
    """The generation being answered from."""

    stamp: Stamp  # of the publication that it was opened for
    generation: Generation
    agent: Agent


def for_listener(method: _Method) -> _Method:
    """Let a method of an assistant act for the listener that it is given first, as `Parts.acting_for` does."""

    @wraps(method)
    def acting(self: Parts, listener_id: str, *args: Any, **named: Any) -> Any:
        with self.acting_for(listener_id):
            return method(self, listener_id, *args, **named)

    return cast(_Method, acting)


class Parts:
    """The parts, shared by threads. Use as a context manager, or `close` it."""

    def __init__(self, settings: Settings | None = None, *, weights: RankingWeights | None = None) -> None:
        """Keep the settings, and what each part of the ranking counts for; nothing is opened yet."""
        self.settings = settings or Settings()
        self._weights = weights
        self._lock = RLock()
        self._store_or_none: Store | None = None
        self._encoder_or_none: TextEncoder | None = None
        self._asker_or_none: Asker | None = None
        self._serving: Serving | None = None
        self._incognito_or_none: IncognitoSessions | None = None
        self._suggestions_or_none: Suggestions | None = None
        self._naming = Lock()
        self._pace = Pace.of_machine(self.settings.threads)
        self._event_lock = Lock()
        self._last_event_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; the assistant opens it again if it is used again."""
        with self._lock:
            if self._store_or_none is not None:
                self._store_or_none.close()
            self._store_or_none = self._serving = self._incognito_or_none = None

    def ensure_ready(self, progress: Progress | None = None) -> bool:
        """Make sure that there is something to answer from; tell whether anything had to be built.

        An empty data folder gets the starter catalogue. What an interrupted run left is finished, and an index made
        with other settings or by another version is made anew.
        """
        from recsys import generations, pipeline
        from recsys.sources.starter import KIND

        with self._lock:
            if generations.current_key(self.settings.home) is not None:
                manifest = generations.current(self.settings.home).manifest
                if manifest["schema"] == pipeline.SCHEMA and manifest["encoder"] == self._encoder(progress).name:
                    return False
            if not self._store().sources():
                self._add_starter(KIND)
            self._build(progress)
            return True

    @contextmanager
    def acting_for(self, *listener_ids: str) -> Iterator[None]:
        """Let what is done in the block be for listeners: once one of them is forgotten, it keeps nothing any more.

        Raises:
            ForgottenError: in the block, where something was to be kept after that.
        """
        from assistant.store import identity
        from recsys.artist_facts import decades_in

        store, listeners = self._store(), [identity(one) for one in listener_ids]
        with store.presence.act(*listeners) as act:
            try:
                yield
            finally:
                if act.struck:  # what it remembered after the forgetting
                    decades_in.cache_clear()
                    store.imports.let_go(*act.listeners)

    def _agent(self) -> Agent:
        """The agent of the generation being served.

        Raises:
            ForgottenError: the thread acts for somebody who was forgotten; it must not meet what was opened since.
        """
        agent = self._served().agent
        self._store().presence.check()
        return agent

    def _served(self) -> Serving:
        """The generation being served, opened again when another one, or what it ranks with, has been published."""
        serving = self._serving
        if serving is not None and serving.stamp == self._stamp():
            return serving
        with self._lock:
            serving, stamp = self._serving, self._stamp()
            if serving is not None and serving.stamp == stamp:
                return serving
            try:
                self._serving = self._open()
            except Exception:
                if self._stamp() != stamp:
                    return self._served()  # replaced, and perhaps deleted, while it was being opened
                if serving is None:
                    raise
                _LOG.exception("the new generation cannot be opened; the one before goes on serving")
                return serving
            return self._serving

    def _stamp(self) -> Stamp:
        from recsys import generations
        from recsys.appeal.own import own_digest
        from recsys.own_following import following_stamp
        from recsys.own_ranker import ranker_stamp

        home = self.settings.home
        return generations.stamp(home), ranker_stamp(home), following_stamp(home), own_digest(home)

    def _open(self, candidate: Path | None = None) -> Serving:
        """Open the generation being served, or a finished folder that may come to be."""
        from assistant.agent import Agent
        from assistant.indexing import chroma_server
        from assistant.reading import open_understanding
        from recsys.pipeline import open_recommender
        from recsys.vocabulary import load_vocabulary

        if candidate is None:
            self.ensure_ready()
        settings = self.settings
        stamp = self._stamp()
        recommender, generation = open_recommender(
            settings.home,
            load_vocabulary(),
            self._encoder(),
            index=settings.index if candidate is None else "exact",
            exact_limit=settings.exact_limit,
            half_life_days=settings.half_life_days,
            ranker=settings.ranker,
            weights=self._weights,
            candidate=candidate,
            server=chroma_server(settings),
            appeal=settings.appeal,
        )
        agent = Agent(
            recommender,
            open_understanding(settings.home, recommender.catalogue, self._encoder(), self._asker()),
            self._store(),
            slate_size=settings.slate_size,
            max_per_artist=settings.max_per_artist,
            how_much_me=settings.how_much_me,
            seed=settings.seed,
            clock=self._event_time,
            incognito=self._incognito(),
            pace=self._pace,
        )
        return Serving(stamp, generation, agent)

    def _event_time(self) -> float:
        """The time of an event, later than that of every earlier one: the last like or dislike of a track holds."""
        with self._event_lock:
            self._last_event_at = max(time.time(), self._last_event_at + 1e-5)
            return self._last_event_at

    def _build(
        self,
        progress: Progress | None,
        *,
        retrain: bool = False,
        only: str = "",
        data: Path | None = None,
        helpers: Helpers | None = None,
        tidy_names: bool = False,
        own: Sequence[Triple] = (),
        accept: Callable[[Path], bool] | None = None,
    ) -> BuildResult:
        from assistant.indexing import chroma_server, request_data
        from assistant.spaces import histories_of
        from recsys import pipeline
        from recsys.vocabulary import load_vocabulary

        if progress:
            progress("load", 0, 0)
        settings = self.settings
        # The starter is stored beside other sources only if it was asked for.
        catalogue = self._store().load_catalogue(with_starter=True)
        training = pipeline.default_training(
            len(catalogue), seed=settings.seed, steps=settings.training_steps, threads=settings.threads
        )
        server = chroma_server(settings)
        built = pipeline.build(
            settings.home,
            catalogue,
            load_vocabulary(),
            self._encoder(progress),
            replace(training, tidy_names=tidy_names, dialogue_share=settings.dialogue_share),
            retrain=retrain,
            only=only,
            histories=histories_of(self._store(), settings.half_life_days),
            data=request_data(self._store(), settings.home, data, go_on=not retrain),
            helpers=helpers,
            own=own,
            predict=settings.cold_vectors,
            appeal=settings.appeal,
            accept=accept,
            server=server,
            progress=progress,
        )
        if server is not None:
            server.sweep(settings.home)
        return built

    def _add_starter(self, name: str) -> None:
        from recsys.sources import read_starter

        content = read_starter()
        if self._store().source_fingerprint(name) != content.fingerprint:
            self._store().add_source(name, "", content.kind, content.fingerprint, content.tracks, content.collections)

    def _database_url(self) -> str:
        return self.settings.database_url or f"sqlite:///{(self.settings.home / 'segue.db').as_posix()}"

    def _store(self) -> Store:
        if (opened := self._store_or_none) is not None:
            return opened  # without waiting for whoever is indexing
        with self._lock:
            if self._store_or_none is None:
                from recsys.store import Store

                self._store_or_none = Store.open(self._database_url())
            return self._store_or_none

    def _incognito(self) -> IncognitoSessions:
        """What is to leave nothing behind, shared by all generations."""
        if (opened := self._incognito_or_none) is not None:
            return opened
        with self._lock:
            if self._incognito_or_none is None:
                from assistant.incognito import IncognitoSessions
                from assistant.store import SessionStore

                self._incognito_or_none = IncognitoSessions(SessionStore(self._store()))
            return self._incognito_or_none

    def _asker(self) -> Asker | None:
        """The language model of the settings, shared by all generations: it may be big, and it may be down."""
        with self._lock:
            if self._asker_or_none is None:
                from assistant.reading import open_asker

                self._asker_or_none = open_asker(self.settings.llm)
            return self._asker_or_none

    def _encoder(self, progress: Progress | None = None) -> TextEncoder:
        with self._lock:
            if self._encoder_or_none is None:
                from recsys.encoders.text import open_text_encoder

                folder = self.settings.home / "cache" / "encoder"
                self._encoder_or_none = open_text_encoder(
                    self.settings.text_encoder, folder, self.settings.threads, progress
                )
            return self._encoder_or_none
