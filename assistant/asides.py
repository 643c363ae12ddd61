"""What is asked of one generation of the catalogue outside the turns of a session; nothing of it is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.aside import Aside, context_of, put
from assistant.explain import explain_slate
from assistant.history import History, history_of
from assistant.incognito import IncognitoSessions
from assistant.labels import plain
from assistant.ports import Understanding
from assistant.querying import Defaults, heard_query, preferring, query_of
from assistant.reply import SlateTrack
from assistant.request import Intent, Request
from assistant.session import SessionState, fold
from assistant.slates import slate_tracks
from assistant.store import identity
from assistant.understanding.by_model import without_model
from assistant.wording import courtesy_language, is_greeting, is_thanks
from recsys.dialogues import Heard
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.store import Store
from recsys.types import Event
from recsys.usage import Shown

#: Characters of a message that are read; more is pasted by accident.
MAX_MESSAGE = 4_000


class Asides:
    """Reads messages, asks the recommender, and compares. Shared by threads."""

    def __init__(
        self,
        recommender: Recommender,
        understanding: Understanding,
        store: Store,
        defaults: Defaults,
        *,
        seed: int,
        incognito: IncognitoSessions,
    ) -> None:
        """Put the parts together."""
        self.recommender, self._understanding = recommender, understanding
        self._store, self._incognito = store, incognito
        self._defaults, self._seed = defaults, seed

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
        return query if strict else replace(preferring(query), taste_first=True)

    def hear(self, heard: Heard) -> Query:
        """Understand a conversation that was led elsewhere, as `rank` takes it: demands are preferences."""
        state = SessionState()
        for number, text in enumerate(heard.utterances):
            state = fold(state, self._understand(plain(text, MAX_MESSAGE), first_turn=not number))
        return heard_query(self.recommender.catalogue, state, heard, self._defaults, seed=self._seed)

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
        return replace(preferring(query), text=shown.text, now=shown.at)

    def without_me(self, listener_id: str, session_id: str) -> tuple[SlateTrack, ...]:
        """Return the playlist that somebody of whom nothing is known would get where a session stands now."""
        listener_id, session_id = identity(listener_id), identity(session_id)
        last = self._incognito.last(session_id, listener_id)
        if last is None:
            return ()
        nobody = history_of("", None, ())
        query = self._query(last.state, nobody, seed=self._seed_of(session_id))
        result = self.recommender.recommend(query)
        context = context_of(self.recommender.catalogue, query, last.state, result, nobody, frozenset())
        return slate_tracks(result.picks, explain_slate(result.picks, context), {})

    def aside(
        self,
        listener_id: str,
        texts: Sequence[str],
        *,
        wish: Callable[[SessionState], SessionState] = lambda state: state,
        adjust: Callable[[Query], Query] = lambda query: query,
        seed: int | None = None,
    ) -> Aside:
        """Answer messages outside any session, each taken as refining those before; nothing is stored.

        Args:
            listener_id: whose taste takes part.
            texts: the messages.
            wish: what else is wanted.
            adjust: changes what the recommender is asked.
            seed: draws among near equals, as set by default.
        """
        state = SessionState()
        for number, text in enumerate(texts):
            state = fold(state, self._understand(plain(text, MAX_MESSAGE), first_turn=not number))
        state, history = wish(state), self._history(identity(listener_id), session_id=None)
        query = self._query(state, history, seed=self._seed if seed is None else seed)
        return put(self.recommender, adjust(query), state, history, usual=self._defaults)

    def named(self, text: str) -> frozenset[str]:
        """Return the keys of the catalogue's artists and tracks that a text mentions; asks no language model."""
        if is_greeting(text) or is_thanks(text):
            return frozenset()
        read = without_model(self._understanding).understand(text, first_turn=True)
        return frozenset(mention.key for mention in read.mentions)

    def rated(self, listener_id: str) -> dict[str, bool]:
        """Return which tracks a listener likes (True) or dislikes (False), by id."""
        return self._history(identity(listener_id), session_id=None).rated

    def _understand(self, text: str, *, first_turn: bool, model: bool = True) -> Request:
        if is_greeting(text) or is_thanks(text):
            # "Hello" is also the title of a track; said alone, it greets.
            return Request(text=text, spoken=courtesy_language(text), intent=Intent.SMALL_TALK)
        reader = self._understanding if model else without_model(self._understanding)
        return reader.understand(text, first_turn=first_turn)

    def _seed_of(self, session_id: str) -> int:
        digest = hashlib.sha256(f"{self._seed}:{session_id}".encode()).digest()
        return int.from_bytes(digest[:4], "big")

    def _history(self, listener_id: str, session_id: str | None, events: Sequence[Event] | None = None) -> History:
        if events is None:
            unstored = () if session_id is None else self._incognito.events(session_id, listener_id)
            events = self._store.past(listener_id).then(unstored)
        return history_of(listener_id, session_id, events, self._store.suppressions.of(listener_id))

    def _query(self, state: SessionState, history: History, *, seed: int) -> Query:
        return query_of(self.recommender.catalogue, state, history, self._defaults, seed=seed)
