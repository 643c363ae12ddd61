"""One turn: understand, fold into the session, recommend, count, explain, remember. Knows no connector."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock

import numpy as np

from assistant.explain import Context, explain_slate
from assistant.labels import plain
from assistant.links import link
from assistant.phrases import asks_for_others, free_words
from assistant.ports import Understanding
from assistant.receipt import slate_length, write_receipt
from assistant.reply import Message, Reply, SlateTrack
from assistant.request import Intent, Mention, Request
from assistant.session import MAX_MINUTES, MAX_TRACKS, SessionState, fold, with_slate
from assistant.store import SessionStore, identity
from assistant.versions import step, with_version
from assistant.wording import asks_for_something, is_greeting, is_thanks, say
from recsys.recommendation import Pick, Query, Recommendation
from recsys.recommender import Recommender
from recsys.store import Store
from recsys.text import artist_key
from recsys.types import Event, EventKind, Facet, Track
from recsys.usage import Shown

#: Characters of a message that are read; more is pasted by accident.
MAX_MESSAGE = 4_000
#: Tracks that stand for an artist given as an example.
_EXAMPLES_PER_ARTIST = 12
_MAX_FACETS = 6
_RELATIONS = {EventKind.PLAY: "played", EventKind.KEEP: "kept", EventKind.LIKE: "liked"}


@dataclass(frozen=True, slots=True)
class _History:
    """A listener's events as one turn needs them."""

    listener_id: str
    events: tuple[Event, ...]
    rated: dict[str, bool]  # track id → whether the last rating was a like
    relations: dict[str, str]  # track id → liked, kept or played
    disliked_now: frozenset[str]  # disliked in this session
    liked_now: frozenset[str]  # liked in this session


class Agent:
    """Answers messages from one published generation of the catalogue. Shared by threads."""

    def __init__(
        self,
        recommender: Recommender,
        understanding: Understanding,
        store: Store,
        *,
        slate_size: int = 20,
        max_per_artist: int = 2,
        how_much_me: float = 1.0,
        seed: int = 64,
    ) -> None:
        """Put the parts of a turn together."""
        self.recommender, self._understanding = recommender, understanding
        self._store, self._sessions = store, SessionStore(store)
        self._slate_size, self._max_per_artist = slate_size, max_per_artist
        self._how_much_me, self._seed = how_much_me, seed
        self._locks = tuple(Lock() for _ in range(64))  # turns of one session follow one another

    def reply(self, message: Message) -> Reply:
        """Answer a message with a slate and remember the turn."""
        listener_id, session_id = identity(message.listener_id), identity(message.session_id)
        with self._locks[hash((listener_id, session_id)) % len(self._locks)]:
            return self._turn(message, listener_id, session_id)

    def rank(
        self, listener_id: str, text: str, k: int, *, how_much_me: float | None = None, strict: bool = True
    ) -> list[tuple[str, float]]:
        """Rank the whole catalogue for a message outside any session: (track id, score), best first.

        Hard constraints of the text filter, unless not `strict`: then wanted ones are preferences, and only what is
        refused filters. Nothing is relaxed, capped or reordered, and no turn is stored.
        """
        query = self.read(listener_id, text, how_much_me=how_much_me, strict=strict)
        rows, scores = self.recommender.rank(query, k)
        ids = self.recommender.catalogue.track_ids
        return [(ids[row], score) for row, score in zip(rows.tolist(), scores.tolist(), strict=True)]

    def read(self, listener_id: str, text: str, *, how_much_me: float | None = None, strict: bool = True) -> Query:
        """Understand a message outside any session, as `rank` takes it."""
        request = self._understand(plain(text, MAX_MESSAGE), first_turn=True)
        history = self._history(identity(listener_id), session_id=None)
        query = self._query(fold(SessionState(), request), history, seed=self._seed)
        if how_much_me is not None:
            query = replace(query, how_much_me=how_much_me)
        return query if strict else _preferring(query)

    def replay(self, shown: Shown, state: SessionState, events: Sequence[Event]) -> Query:
        """Ask again what a turn asked, as of then and knowing what was done before it alone; demands are preferences.

        Args:
            shown: the turn.
            state: the session after it.
            events: what the listener had done by then, oldest first.
        """
        history = self._history(shown.listener_id, shown.session_id, tuple(events))
        # The state is that after the turn, but its own slate was not yet shown when it was made.
        before = tuple(track_id for track_id in state.shown if track_id not in set(state.slate))
        query = self._query(state.model_copy(update={"shown": before}), history, seed=self._seed)
        return replace(_preferring(query), text=shown.text, now=shown.at)

    def named(self, text: str) -> frozenset[str]:
        """Return the keys of the catalogue's artists and tracks that a text mentions."""
        return frozenset(mention.key for mention in self._understand(text, first_turn=True).mentions)

    # --- one turn ---

    def _turn(self, message: Message, listener_id: str, session_id: str) -> Reply:
        started = lap = time.perf_counter()
        timings: dict[str, float] = {}

        def stage(name: str) -> None:
            nonlocal lap
            now = time.perf_counter()
            timings[name] = round((now - lap) * 1000, 3)
            lap = now

        text = plain(message.text, MAX_MESSAGE)
        last = self._sessions.last(session_id, listener_id)
        before = last.state if last else SessionState()
        history = self._history(listener_id, session_id)
        stage("load")
        request = _with_overrides(self._understand(text, first_turn=not before.slate), message)
        if last and request.intent in (Intent.UNDO, Intent.REDO):
            state, reply = step(
                request.intent, last, partial(self._sessions.at, session_id, listener_id), history.rated
            )
            stage("understanding")
            reply = reply.model_copy(update={"query": plain(text), "timings_ms": timings})
            self._sessions.save(text, listener_id, request, state, reply)
            return reply
        state = fold(before, request)
        stage("understanding")
        seed = self._seed_of(session_id) if message.seed is None else message.seed % 2**32
        query = self._query(state, history, seed=seed)
        result = self.recommender.recommend(query)
        repeated = not result.picks and bool(state.set_aside)
        if repeated:
            state = state.model_copy(update={"set_aside": ()})
            result = self.recommender.recommend(self._query(state, history, seed=seed))
        timings |= result.timings_ms
        lap = time.perf_counter()
        heard = self._heard_artists(history) if state.discovery else frozenset()
        receipt = write_receipt(
            result, state, usual_size=self._slate_size, max_per_artist=self._max_per_artist, heard_artists=heard
        )
        length = slate_length(result.picks)
        unknown = self._unknown_words(request)
        said = say(text, request, state, result, receipt, length=length, repeated=repeated, unknown_words=unknown)
        stage("receipt")
        context = self._context(query, state, result, history, heard)
        tracks = _slate(result.picks, explain_slate(result.picks, context), history)
        stage("explain")
        reply = Reply(
            session_id=session_id,
            turn=state.turn,
            query=plain(text),
            text=said,
            tracks=tracks,
            receipt=receipt,
            total=length if tracks else "",
            seed=seed,
            index=result.index,
            certified=result.certified,
            n_candidates=result.n_candidates,
            timings_ms=timings,
        )
        if unknown:
            # What nobody understood counts once: it must not colour the turns that follow.
            state = state.model_copy(update={"phrases": state.phrases[1:]})
        state = with_version(with_slate(state, (track.track_id for track in tracks)), before)
        self._sessions.save(text, listener_id, request, state, reply)
        stage("store")
        timings["total"] = round((time.perf_counter() - started) * 1000, 3)
        return reply.model_copy(update={"timings_ms": timings})

    def _understand(self, text: str, *, first_turn: bool) -> Request:
        if is_greeting(text) or is_thanks(text):
            # "Hello" is also the title of a track; said alone, it greets.
            return Request(text=text, intent=Intent.REFINE)
        return self._understanding.understand(text, first_turn=first_turn)

    def _unknown_words(self, request: Request) -> str:
        """The message's free words, where nothing else was understood and no track has any of them."""
        words = free_words(request)
        if not words or asks_for_something(request) or asks_for_others(request.text):
            return ""
        return "" if self.recommender.has_words(words) else words

    def _seed_of(self, session_id: str) -> int:
        digest = hashlib.sha256(f"{self._seed}:{session_id}".encode()).digest()
        return int.from_bytes(digest[:4], "big")

    def _history(self, listener_id: str, session_id: str | None, events: tuple[Event, ...] | None = None) -> _History:
        if events is None:
            events = tuple(self._store.events(listener_id))
        rated: dict[str, bool] = {}
        relations: dict[str, str] = {}
        now: dict[str, bool] = {}  # the last rating in this session
        for event in events:
            if event.kind not in (EventKind.LIKE, EventKind.DISLIKE, EventKind.UNRATE):
                continue
            rated.pop(event.track_id, None)
            now.pop(event.track_id, None)
            if event.kind is not EventKind.UNRATE:
                rated[event.track_id] = event.kind is EventKind.LIKE
                if session_id is not None and event.session_id == session_id:
                    now[event.track_id] = event.kind is EventKind.LIKE
        for kind, relation in _RELATIONS.items():  # the strongest last
            # A like that was taken back is no like, though the track may still have been kept or played.
            told = {e.track_id for e in events if e.kind is kind and rated.get(e.track_id) is not False}
            relations |= {t: relation for t in told if kind is not EventKind.LIKE or rated.get(t)}
        liked_now = frozenset(track_id for track_id, liked in now.items() if liked)
        return _History(listener_id, events, rated, relations, frozenset(now) - liked_now, liked_now)

    def _query(self, state: SessionState, history: _History, *, seed: int) -> Query:
        catalogue = self.recommender.catalogue
        disliked = {track_id for track_id, liked in history.rated.items() if not liked}
        examples = {mention.key for mention in state.likes if mention.kind == "track"}
        titles = {mention.key for mention in state.titles}
        # An example shows what is wanted; shown again it would be a wasted place. Titles are asked for.
        excluded = (disliked | set(state.set_aside) | examples) - (titles - disliked)
        return Query(
            text=state.query_text(),
            newest=state.phrases[0].text if len(state.phrases) > 1 else "",
            lead=frozenset(state.lead).intersection(v for c in state.active() if c.wanted for v in c.values),
            constraints=state.active(),
            listener_id=history.listener_id,
            listener_events=history.events,
            like_rows=self._example_rows(state.likes),
            dislike_rows=tuple(catalogue.rows(sorted(history.disliked_now)).tolist()),
            liked_rows=tuple(catalogue.rows(sorted(history.liked_now)).tolist()),
            passed_rows=tuple(catalogue.rows(_passed(state, history)).tolist()),
            title_rows=tuple(catalogue.rows(mention.key for mention in state.titles).tolist()),
            size=(state.n_tracks or self._slate_size) if state.minutes is None else state.n_tracks,
            minutes=state.minutes,
            discovery=state.discovery or 0.0,
            fame=state.fame or 0.0,
            how_much_me=self._how_much_me,
            exclude=frozenset(catalogue.rows(sorted(excluded)).tolist()),
            seed=seed,
            max_per_artist=self._max_per_artist,
        )

    def _example_rows(self, likes: Sequence[Mention]) -> tuple[int, ...]:
        """Rows of "like X": the track itself, or an artist's best-known tracks."""
        catalogue = self.recommender.catalogue
        rows: list[int] = []
        for mention in likes:
            if mention.kind == "track":
                rows += catalogue.rows((mention.key,)).tolist()
                continue
            found = catalogue.postings(Facet.ARTIST, mention.key)
            main = [row for row in found.tolist() if catalogue.artist_keys[catalogue.artist_rows[row]] == mention.key]
            mine = np.array(main or found, dtype=np.int64)
            known = np.nan_to_num(catalogue.numeric["popularity"][mine], nan=0.0)
            rows += mine[np.argsort(-known, kind="stable")][:_EXAMPLES_PER_ARTIST].tolist()
        return tuple(dict.fromkeys(rows))

    def _heard_artists(self, history: _History) -> frozenset[str]:
        catalogue = self.recommender.catalogue
        rows = catalogue.rows(history.relations)
        return frozenset(artist_key(name) for row in rows.tolist() for name in catalogue.artists[row])

    def _context(
        self, query: Query, state: SessionState, result: Recommendation, history: _History, heard: frozenset[str]
    ) -> Context:
        references: dict[int, tuple[Track, str]] = {}
        for row in {pick.nearest_liked[0] for pick in result.picks if pick.nearest_liked}:
            track = self.recommender.catalogue.track(row)
            relation = history.relations.get(track.track_id)
            if relation is None and row in query.like_rows:
                relation = "example"
            if relation is not None:
                references[row] = (track, relation)
        return Context(
            query_text=query.text,
            titles=frozenset(mention.key for mention in state.titles),
            references=references,
            heard_artists=heard,
            fame=query.fame,
            discovery=query.discovery,
            has_taste=result.has_taste and query.how_much_me > 0,
            has_examples=bool(query.like_rows),
        )


def _passed(state: SessionState, history: _History) -> list[str]:
    """What was shown and not rated, in a session in which something shown was liked."""
    return [t for t in state.shown if t not in history.rated] if history.liked_now else []


def _preferring(query: Query) -> Query:
    """Let wanted constraints be preferences, so that only what is refused filters."""
    return replace(query, constraints=tuple(replace(c, hard=c.hard and not c.wanted) for c in query.constraints))


def _with_overrides(request: Request, message: Message) -> Request:
    """Let the size that a connector hands over beat the text; what is out of range comes to the nearest possible."""
    if message.n_tracks is None and message.minutes is None:
        return request
    size: dict[str, int | float | None] = {"n_tracks": None, "minutes": None}
    if message.n_tracks is not None:
        size["n_tracks"] = min(max(message.n_tracks, 1), MAX_TRACKS)
    if message.minutes is not None and math.isfinite(message.minutes):
        size["minutes"] = min(max(message.minutes, 1.0), MAX_MINUTES)
    note = request.note
    if message.n_tracks is not None and message.n_tracks > MAX_TRACKS:
        note = f"A playlist has at most {MAX_TRACKS} tracks." + (f" {note}" if note else "")
    return request.model_copy(update=size | {"note": note, "size_factor": None})


def _slate(picks: Sequence[Pick], reasons: Sequence[str], history: _History) -> tuple[SlateTrack, ...]:
    return tuple(
        SlateTrack(
            position=position,
            track_id=track.track_id,
            title=plain(track.title),
            artist=plain(track.artist),
            artists=tuple(plain(name) for name in track.artists),
            album=plain(track.album) if track.album else None,
            year=track.year,
            duration_s=pick.duration_s,
            duration_estimated=pick.duration_estimated,
            link=link(track),
            path=track.path,
            facets=_facets(track),
            reason=reason,
            query_share=pick.query_share,
            user_share=pick.user_share,
            liked=history.rated.get(track.track_id),
        )
        for position, (pick, reason) in enumerate(zip(picks, reasons, strict=True), start=1)
        for track in (pick.track,)
    )


def _facets(track: Track) -> tuple[str, ...]:
    words = (*track.genres[:3], *track.moods[:2], *track.activities[:2], *track.instruments[:2])
    return tuple(plain(word, 40) for word in dict.fromkeys(words))[:_MAX_FACETS]
