"""Enriching the catalogue: what tracks do not state themselves is looked up, stored beside them, and served."""

from __future__ import annotations

import hashlib
import logging
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from assistant.enriching_errors import UnknownKnowledgeError, UnknownSourceError
from assistant.enriching_reports import DropReport, EnrichReport, FieldReport, KnowledgeReport
from assistant.errors import NoModelError
from assistant.failures import kind_and_place
from assistant.labels import plain
from assistant.parts import Parts
from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.lookups import AnswerCache, Asked, Lookup
    from recsys.annotations import Annotation
    from recsys.store import Store
    from recsys.types import Track, TrackId

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

#: What may be asked, and the name under which annotations keep it.
KNOWLEDGE = {
    "artists": "artist",
    "facts": "artist-facts",
    "musicbrainz": "musicbrainz",
    "listenbrainz": "listenbrainz",
    "llm": "llm",
}
#: What is asked unless something else is said: neither leaves the machine.
BY_DEFAULT = ("artists", "facts")
#: Tracks whose answers are stored together.
_AT_ONCE = 20
#: Failures of the language model in a row after which it is not asked any more.
_MOST_FAILURES = 3
_EXAMPLES = 3
#: A track that states all of these is not looked up.
_WORTH_ASKING = ("genres", "year", "duration_s")


class Enriching(Parts):
    """The part of an assistant that learns of tracks what they do not state."""

    def enrich(
        self,
        knowledge: Sequence[str] = BY_DEFAULT,
        *,
        source: str | None = None,
        dry_run: bool = False,
        lookups: Mapping[str, Lookup] | None = None,
        progress: Progress | None = None,
    ) -> EnrichReport:
        """Fill what tracks do not state, from what else is known, and serve it.

        Every value is kept with its source and how sure it is, beside what tracks state, never in its place. Enriching
        again changes nothing that is still so; a run that is killed goes on where it was.

        Args:
            knowledge: where from, of `KNOWLEDGE`.
            source: enrich the tracks of this catalogue source alone.
            dry_run: find out and report, but ask no service, store nothing and serve what was served.
            lookups: the services by name, for those that are asked.
            progress: told about every stage.

        Raises:
            UnknownKnowledgeError: a name is none of `KNOWLEDGE`, or its service was not given.
            UnknownSourceError: there is no catalogue source of that name.
            NoModelError: "llm" is asked for and the settings name no language model.
        """
        from recsys.sources.starter import KIND

        started, services = time.perf_counter(), lookups or {}
        asked = tuple(dict.fromkeys(knowledge))
        for name in asked:
            if name not in KNOWLEDGE or (name in ("musicbrainz", "listenbrainz") and name not in services):
                raise UnknownKnowledgeError(name, tuple(KNOWLEDGE))
        if "llm" in asked and self._asker() is None:
            raise NoModelError
        with self._lock:
            if not self._store().sources():
                self._add_starter(KIND)
        if progress:
            progress("load", 0, 0)
        tracks = self._store().stated.tracks()
        wanted = self._wanted(tracks, source)
        reports = []
        for name in asked:
            if name in services:
                reports.append(self._ask_service(name, services[name], wanted, dry_run, progress))
            elif name == "llm":
                reports.append(self._ask_model(wanted, dry_run, progress))
            else:
                reports.append(self._infer(name, tracks, wanted, dry_run, progress))
        changed, n_served = False, 0
        if not dry_run:
            with self._lock:
                built = self._build(progress)
            changed, n_served = built.changed, built.generation.manifest["n_tracks"]
        return EnrichReport(
            n_tracks=len(wanted),
            dry_run=dry_run,
            sources=tuple(reports),
            n_served=n_served,
            generation_changed=changed,
            seconds=time.perf_counter() - started,
        )

    def drop_enrichment(self, knowledge: str, progress: Progress | None = None) -> DropReport:
        """Forget everything that one source of knowledge said, and serve what is left.

        Args:
            knowledge: one of `KNOWLEDGE`, or the name under which annotations keep it.
            progress: told about every stage.

        Raises:
            UnknownKnowledgeError: it is neither.
        """
        named = KNOWLEDGE.get(knowledge, knowledge)
        if named not in KNOWLEDGE.values():
            raise UnknownKnowledgeError(knowledge, tuple(KNOWLEDGE))
        with self._lock:
            n_values = self._store().annotations.drop(named)
            changed = bool(n_values) and self._build(progress).changed
        return DropReport(source=named, n_values=n_values, generation_changed=changed)

    def _wanted(self, tracks: Sequence[Track], source: str | None) -> list[Track]:
        names = [one.name for one in self._store().sources()]
        if source is not None and source not in names:
            raise UnknownSourceError(source, names)
        return [track for track in tracks if source is None or track.source == source]

    def _infer(
        self, name: str, tracks: Sequence[Track], wanted: Sequence[Track], dry_run: bool, progress: Progress | None
    ) -> KnowledgeReport:
        """Find out what the tracks of the catalogue, or the shipped facts, tell."""
        from recsys.enrich.artist import from_artists
        from recsys.enrich.facts import from_facts
        from recsys.vocabulary import load_vocabulary

        if progress:
            progress(name, 0, len(wanted))
        ids = frozenset(track.track_id for track in wanted)
        find = from_artists if name == "artists" else from_facts
        found = list(find(tracks, ids, load_vocabulary()))
        if not dry_run:
            self._store().annotations.put(KNOWLEDGE[name], ids, found)
        if progress:
            progress(name, len(wanted), len(wanted))
        return KnowledgeReport(source=KNOWLEDGE[name], fields=_fields(wanted, found))

    def _ask_service(
        self, name: str, service: Lookup, wanted: Sequence[Track], dry_run: bool, progress: Progress | None
    ) -> KnowledgeReport:
        """Ask a service about every track that lacks what it can tell."""
        from assistant.lookups import AnswerCache
        from recsys.enrich.base import states
        from recsys.enrich.looked_up import FIELDS, LookedUp, from_answer
        from recsys.vocabulary import load_vocabulary

        lacking = [one for one in wanted if one.artists and not all(states(one, f) for f in _WORTH_ASKING)]
        cache = AnswerCache(self.settings.home / "cache" / "lookups" / f"{name}.jsonl")

        def answer(batch: Sequence[Track]) -> Iterator[tuple[Asked, dict[str, Any] | None]]:
            for track in batch:
                asked = _asked(track)
                if asked not in cache:
                    found = service.look_up(asked)
                    yield asked, None if found is None else found.as_json()

        def tell(track: Track, kept: Mapping[str, Any]) -> list[Annotation]:
            told = from_answer(track, LookedUp.of_json(kept), name, load_vocabulary())
            return [one for one in told if one.field in FIELDS]

        return self._collect(name, lacking, cache, answer, tell, dry_run, progress)

    def _ask_model(self, wanted: Sequence[Track], dry_run: bool, progress: Progress | None) -> KnowledgeReport:
        """Ask the language model about every track that states no genre."""
        from assistant.lookups import AnswerCache
        from recsys.annotations import Annotation
        from recsys.enrich.base import states
        from recsys.enrich.by_model import AT_ONCE, CONFIDENCE, ask_model
        from recsys.vocabulary import load_vocabulary

        model = self._asker()
        assert model is not None, "checked by `enrich`"
        lacking = [one for one in wanted if one.artists and not states(one, "genres")]
        which = hashlib.blake2b(str(self.settings.llm.model).encode(), digest_size=6).hexdigest()
        cache = AnswerCache(self.settings.home / "cache" / "lookups" / f"llm-{which}.jsonl")

        def answer(batch: Sequence[Track]) -> Iterator[tuple[Asked, dict[str, Any] | None]]:
            new = [one for one in batch if _asked(one) not in cache]
            for first in range(0, len(new), AT_ONCE):
                some = new[first : first + AT_ONCE]
                said = patiently(lambda some=some: ask_model(model, some, load_vocabulary()))  # type: ignore[misc]
                for track in some:
                    values = {one.field: one.value for one in said if one.track_id == track.track_id}
                    yield _asked(track), values or None

        def tell(track: Track, kept: Mapping[str, Any]) -> list[Annotation]:
            given = ((field, tuple(said) if isinstance(said, list) else said) for field, said in kept.items())
            return [Annotation(track.track_id, field, value, CONFIDENCE[field], "llm") for field, value in given]

        return self._collect("llm", lacking, cache, answer, tell, dry_run, progress)

    def _collect(
        self,
        name: str,
        tracks: Sequence[Track],
        cache: AnswerCache,
        answer: Callable[[Sequence[Track]], Iterator[tuple[Asked, dict[str, Any] | None]]],
        tell: Callable[[Track, Mapping[str, Any]], list[Annotation]],
        dry_run: bool,
        progress: Progress | None,
    ) -> KnowledgeReport:
        """Ask batch by batch, keep every answer as it comes, and store what it tells."""
        found: list[Annotation] = []
        n_asked, n_kept, problem = 0, sum(_asked(one) in cache for one in tracks), ""
        for first in range(0, len(tracks), _AT_ONCE):
            batch = tracks[first : first + _AT_ONCE]
            try:
                for asked, said in () if dry_run or problem else answer(batch):
                    cache.keep(asked, said)
                    n_asked += 1
            except Exception as error:
                problem = plain(str(error), 300)
                _LOG.info("%s stopped: %s", name, kind_and_place(error))
            known = [one for one in batch if _asked(one) in cache]
            told = [one for track in known if (said := cache[_asked(track)]) is not None for one in tell(track, said)]
            if not dry_run:
                self._store().annotations.put(name, [track.track_id for track in known], told)
            found += told
            if progress:
                progress(f"ask {name}", min(first + _AT_ONCE, len(tracks)), len(tracks))
        n_left = sum(_asked(one) not in cache for one in tracks)
        fields = _fields(tracks, found)
        return KnowledgeReport(
            source=name, fields=fields, n_asked=n_asked, n_kept=n_kept, n_left=n_left, problem=problem
        )


def undescribed(store: Store, source: str | None) -> float:
    """The share of a source's tracks (0–1) of which nothing knows a genre; 0 where there are none."""
    n_all, n_bare = store.stated.n_undescribed(source) if source is not None else (0, 0)
    return n_bare / n_all if n_all else 0.0


def _asked(track: Track) -> Asked:
    from assistant.lookups import Asked

    return Asked(
        track.title, track.artists[0], track.album or "", track.ids.get("mbid", ""), duration_s=track.duration_s
    )


def patiently(ask: Callable[[], _T]) -> _T:
    """Ask a model again where it gave no usable answer; the last failure is an error."""
    from assistant.errors import NoAnswerError

    for attempt in range(1, _MOST_FAILURES + 1):
        try:
            return ask()
        except NoAnswerError:
            if attempt == _MOST_FAILURES:
                raise
    raise AssertionError("the last failure was raised")


def _fields(tracks: Sequence[Track], found: Sequence[Annotation]) -> tuple[FieldReport, ...]:
    """Count what was found for tracks that do not state it, field by field, the fullest first."""
    from recsys.annotations import LEAST_CONFIDENCE
    from recsys.enrich.base import states

    of_id: dict[TrackId, Track] = {track.track_id: track for track in tracks}
    by_field: dict[str, list[Annotation]] = {}
    for one in found:
        if not states(of_id[one.track_id], one.field):
            by_field.setdefault(one.field, []).append(one)
    reports = []
    for field, values in by_field.items():
        sure = [one for one in values if one.confidence >= LEAST_CONFIDENCE]
        spread = sure[:: max(1, len(sure) // _EXAMPLES)][:_EXAMPLES]
        reports.append(
            FieldReport(
                field=field,
                n_missing=sum(not states(track, field) for track in tracks),
                n_filled=len(sure),
                n_unsure=len(values) - len(sure),
                confidence=statistics.fmean(one.confidence for one in sure) if sure else 0.0,
                examples=tuple(_example(of_id[one.track_id], one) for one in spread),
            )
        )
    return tuple(sorted(reports, key=lambda one: (-one.n_filled, one.field)))


def _example(track: Track, one: Annotation) -> str:
    value = ", ".join(map(str, one.value)) if isinstance(one.value, tuple) else _shown(one.value)
    return f"{plain(track.artist, 40)} – {plain(track.title, 40)}: {plain(value)} ({one.confidence:.2f})"


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
