"""One turn: understand, fold into the session, recommend, count, explain, remember. Knows no connector."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Lock

from assistant import disowning
from assistant.answering import answer, answers, remark, without_wishes
from assistant.applying import additions, locally, meeting, next_states, planned, with_plan
from assistant.aside import context_of
from assistant.asides import MAX_MESSAGE
from assistant.chips import apply, less, resolve
from assistant.clarifying import N_COMPARED, chosen, question, reopened
from assistant.clean import cleaned
from assistant.editing import Plan, edits_of, only_resizes, plan_edits, plan_pins, plan_resize
from assistant.evidence import causes
from assistant.explain import explain_slate
from assistant.groups import Circle
from assistant.history import History
from assistant.incognito import IncognitoSessions
from assistant.labels import plain
from assistant.overrides import as_request, with_overrides
from assistant.pace import Pace
from assistant.phrasebook import phrasebook
from assistant.phrases import asks_for_others, free_words
from assistant.ports import Understanding
from assistant.querying import Defaults, dials_of
from assistant.radio import Radios
from assistant.receipt import slate_length, write_receipt
from assistant.relative import against
from assistant.reply import Message, Reply
from assistant.request import Intent, Request
from assistant.session import SessionState, fold, resized, with_answer, with_slate, with_speaker
from assistant.situation import Situation
from assistant.slates import diff, slate_tracks
from assistant.speaking import in_language
from assistant.store import SessionStore, StoredTurn, identity
from assistant.versions import step, with_version
from assistant.wording import asks_for_something, say
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.store import Store
from recsys.text import artist_key
from recsys.types import Event, EventKind


class Agent(Radios):
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
        clock: Callable[[], float] = time.time,
        incognito: IncognitoSessions | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Put the parts of a turn together; agents of one process share a `pace`."""
        defaults = Defaults(slate_size, max_per_artist, how_much_me)
        incognito = incognito or IncognitoSessions(SessionStore(store))
        super().__init__(recommender, understanding, store, defaults, seed=seed, incognito=incognito)
        self._stored, self._clock = SessionStore(store), clock
        self._pace = pace or Pace(1)
        self._locks = tuple(Lock() for _ in range(64))  # turns of one session follow one another

    def reply(self, message: Message) -> Reply:
        """Answer a message with a slate and remember the turn."""
        listener_id, session_id = identity(message.listener_id), identity(message.session_id)
        with self._locks[hash((listener_id, session_id)) % len(self._locks)], self._pace.turn():
            return self._turn(message, listener_id, session_id)

    # --- one turn ---

    def _turn(self, message: Message, listener_id: str, session_id: str) -> Reply:
        self._stored.check()
        started = lap = time.perf_counter()
        timings: dict[str, float] = {}

        def stage(name: str) -> None:
            nonlocal lap
            now = time.perf_counter()
            timings[name] = round((now - lap) * 1000, 3)
            lap = now

        text = plain(message.text, MAX_MESSAGE)
        if not message.incognito:
            self._incognito.drop(session_id, listener_id)  # what is stored must know nothing of it
        sessions = self._incognito if message.incognito else self._stored
        last = sessions.last(session_id, listener_id)
        before = last.state if last else SessionState()
        if not self._store.presence.covers(before.speakers):  # those who left: what they said may have to go just now
            with self._store.presence.act(*before.speakers):
                return self._turn(message, listener_id, session_id)
        known = before
        circle = self._circle(message, session_id)
        words, whose, language = self._whose(text, circle, session_id, started=last is not None)
        history = self._history(listener_id, session_id)
        stage("load")
        if (radio := self.tuned(message, words, before, circle, history)) is not None:
            seed, at = self._seed_now(message, session_id), self._clock()
            request, state, reply = self.play_on(radio, message, last, circle, history, seed=seed, at=at)
            stage("radio")
            timings["total"] = round((time.perf_counter() - started) * 1000, 3)
            reply = reply.model_copy(update={"timings_ms": timings})
            sessions.save(text, listener_id, request, with_speaker(state, known, request.speaker), reply)
            return reply
        if (pressed := as_request(message, before)) is not None:
            request = pressed
        elif (answered := chosen(text, before.open_question, before.turn)) is not None:
            before = reopened(before, sessions.at(session_id, listener_id, before.turn - 1))
            request = answered.request.model_copy(update={"text": text})
        else:
            nothing = self.unbegun(words, before)
            request = nothing or self._understand(words, first_turn=not before.begun(), model=message.model)
        request = with_overrides(request, message, whose, begun=before.begun())
        request = in_language(request, language or before.language, message.language)
        request = request.model_copy(update={"speaker": circle.member_speaking})
        request = request.model_copy(update={"chips": (*request.chips, *message.chips)})
        told_of = circle.outward(history)
        settled = self._settled(request, last, told_of, sessions, session_id, public=message.public)
        if settled is not None:
            state, reply = settled
            if message.clean or state.clean:
                state, reply = cleaned(state, reply, self.recommender.catalogue)
            stage("understanding")
            made_by = last.reply.query if last else ""  # what made the playlist, not what was asked about it
            reply = reply.model_copy(update={"query": made_by or plain(text), "timings_ms": timings})
            sessions.save(text, listener_id, request, with_speaker(state, known, request.speaker), reply)
            return reply
        request = against(without_wishes(request), self.recommender.catalogue, before.slate)
        before, told = self._with_chips(before, request, last)
        plan = self._plan(request, last)
        if plan is not None and last is not None and last.reply.radio is not None:
            # What the radio gave is edited as it is, however many were asked for before it.
            before = before.model_copy(update={"n_tracks": len(before.slate), "minutes": None})
        if plan is not None and (plan.liked or plan.disliked):
            self._rate(circle.speaker, session_id, plan, incognito=message.incognito)
            history, circle = self._history(listener_id, session_id), self._circle(message, session_id)
        state, wished = next_states(before, request, plan)
        if plan is not None and not plan.edited and plan.pins and not state.pins:
            plan = None  # a new start lets go of what was pinned
        stage("understanding")
        seed = self._seed_now(message, session_id)

        def ask(of: SessionState, whose: History) -> Query:
            query = self._query(of, whose, seed=seed)
            return planned(replace(query, clean=query.clean or message.clean), plan, of, self.recommender)

        query, result = circle.recommend(self.recommender, partial(ask, wished), history)
        repeated = not result.picks and bool(state.set_aside)
        if repeated:
            state = state.model_copy(update={"set_aside": ()})
            query, result = circle.recommend(self.recommender, partial(ask, state), history)
        if plan is not None and plan.local:
            result = locally(result, state, wished, self.recommender)
        ids = tuple(pick.track.track_id for pick in result.picks)
        if plan is not None:
            state = with_plan(state, plan, before, ids)
        timings |= result.timings_ms
        lap = time.perf_counter()
        public = circle.outward(history)
        heard = self._heard_artists(public) if state.discovery else frozenset()
        book = phrasebook(request.spoken)
        receipt = write_receipt(
            result,
            state,
            usual_size=self._defaults.slate_size,
            max_per_artist=self._defaults.max_per_artist,
            heard_artists=heard,
            clean=message.clean,
            book=book,
        )
        receipt = circle.receipt(receipt, result.picks, book)
        length = slate_length(result.picks, book)
        unknown = self._unknown_words(request)
        said = say(text, request, state, result, receipt, length=length, repeated=repeated, unknown_words=unknown)
        if told:
            said = " ".join([*told, said])
        if plan is not None:
            said = " ".join([*plan.said, *additions(plan, before, result.picks, book), said])
        stage("receipt")
        context = context_of(self.recommender.catalogue, query, state, result, public, heard, book)
        reasons = explain_slate(result.picks, context)
        why = [tuple(fact.text for fact in causes(pick, context)) for pick in result.picks]
        tracks = slate_tracks(result.picks, reasons, public.rated, causes=why, pins=state.pins, before=before.slate)
        tracks = circle.tracks(tracks, result.picks, book)
        stage("explain")
        reply = Reply(
            session_id=session_id,
            turn=state.turn,
            query=plain(text) or (last.reply.query if last else ""),
            text=remark(request) + said,
            tracks=tracks,
            receipt=receipt,
            diff=diff(before.slate, ids),
            total=length if tracks else "",
            dials=dials_of(query, len(tracks)),
            seed=seed,
            index=result.index,
            certified=result.certified,
            n_candidates=result.n_candidates,
            timings_ms=timings,
        )
        asked, words = question(request, before, lambda other: self._best(fold(before, other), history, seed))
        if asked is not None:
            state = state.model_copy(update={"open_question": asked})
            options = tuple(option.label for option in asked.options)
            reply = reply.model_copy(update={"text": f"{reply.text} {words}", "options": options})
        if unknown:
            # What nobody understood counts once: it must not colour the turns that follow.
            state = state.model_copy(update={"phrases": state.phrases[1:]})
        state = with_version(
            with_slate(state, ids), before, changed=ids != before.slate or plan is None or plan.changes
        )
        state = with_answer(state, text, reply.text, self._clock(), request.speaker)
        sessions.save(text, listener_id, request, with_speaker(state, known, request.speaker), reply)
        stage("store")
        timings["total"] = round((time.perf_counter() - started) * 1000, 3)
        return reply.model_copy(update={"timings_ms": timings})

    def _best(self, state: SessionState, history: History, seed: int) -> list[str]:
        """The tracks that answer a state best, by id: titles asked for, then the ranking."""
        query = self._query(state, history, seed=seed)
        rows, _ = self.recommender.rank(query, N_COMPARED)
        best = dict.fromkeys((*query.title_rows, *rows.tolist()))
        return [self.recommender.catalogue.track_ids[row] for row in list(best)[:N_COMPARED]]

    # --- edits of the playlist on screen ---

    def _with_chips(
        self, before: SessionState, request: Request, last: StoredTurn | None
    ) -> tuple[SessionState, list[str]]:
        """Drop wishes, insist on them, or want less of them; and say so."""
        if last is None or not (request.chips or request.less):
            return before, []
        before, told = apply(before, resolve(request.chips, last.reply.receipt), phrasebook(request.spoken))
        if not request.less:
            return before, told
        before, more = less(before, phrasebook(request.spoken))
        return before, [*told, *more]

    def _plan(self, request: Request, last: StoredTurn | None) -> Plan | None:
        """What becomes of the playlist on screen; None where it is made anew."""
        if last is None or not last.state.slate:
            return None
        before, tracks = last.state, last.reply.tracks
        if edits := edits_of(request):
            return plan_edits(edits, request, before, tracks, partial(meeting, self.recommender))
        if only_resizes(request):
            n_tracks, minutes = request.n_tracks, request.minutes
            if n_tracks is None and minutes is None:
                n_tracks, minutes = resized(before, request.size_factor)
            return plan_resize(before, tracks, n_tracks, minutes)
        return plan_pins(before) if before.pins else None

    def _rate(self, listener_id: str, session_id: str, plan: Plan, *, incognito: bool) -> None:
        kinds = ((EventKind.LIKE, plan.liked), (EventKind.DISLIKE, plan.disliked))
        for kind, track_ids in kinds:
            for track_id in track_ids:
                event = Event(listener_id, track_id, kind, self._clock(), session_id=session_id)
                (self._incognito if incognito else self._store).add_event(event)

    def _whose(self, text: str, circle: Circle, session_id: str, *, started: bool) -> tuple[str, str, str]:
        """Follow "this was not me" before all else: what else the message says, a note, and the note's language."""
        said = disowning.read(text)
        if said is None:
            return text, "", ""
        if not circle.speaks_alone:
            return said.rest, disowning.refuse(said), said.language
        note = disowning.follow(self._store, said, circle.asker, session_id, started=started)
        return said.rest, note, said.language

    def _seed_now(self, message: Message, session_id: str) -> int:
        return self._seed_of(session_id) if message.seed is None else message.seed % 2**32

    def _circle(self, message: Message, session_id: str) -> Circle:
        return Circle.of(message, lambda other: self._history(other, session_id))

    def _settled(
        self,
        request: Request,
        last: StoredTurn | None,
        history: History,
        sessions: SessionStore,
        session_id: str,
        *,
        public: bool,
    ) -> tuple[SessionState, Reply] | None:
        """The state and the reply of a turn that makes no playlist: undo, redo, a question; None for all others."""
        find = partial(sessions.at, session_id, history.listener_id)
        if last and request.intent in (Intent.UNDO, Intent.REDO):
            return step(request.intent, last, find, history.rated, phrasebook(request.spoken))
        situation = Situation(
            recommender=self.recommender,
            last=last,
            find=find,
            ask=lambda state, seed: self._query(state, history, seed=seed),
            events=history.events,
            rated=history.rated,
            relations=history.relations,
            kept_back=history.kept_back,
            max_per_artist=self._defaults.max_per_artist,
            book=phrasebook(request.spoken),
            before_others=history.before_others,
            public=public,
        )
        return answer(request, situation, session_id=session_id) if answers(request, situation) else None

    def _unknown_words(self, request: Request) -> str:
        """The message's free words, where nothing else was understood and no track has any of them."""
        words = free_words(request)
        if not words or asks_for_something(request) or asks_for_others(request.text):
            return ""
        return "" if self.recommender.has_words(words) else words

    def _heard_artists(self, history: History) -> frozenset[str]:
        catalogue = self.recommender.catalogue
        rows = catalogue.rows(history.relations)
        return frozenset(artist_key(name) for row in rows.tolist() for name in catalogue.artists[row])
