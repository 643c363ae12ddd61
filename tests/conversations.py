"""Conversations written straight into a data folder: what was asked, shown and done, at made-up times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from assistant.phrases import Phrase
from assistant.reply import Reply, SlateTrack
from assistant.request import Request
from assistant.session import SessionState, with_slate
from recsys.store import Store
from recsys.types import Event, EventKind

DAY_S = 86_400.0
BEGAN = 1_700_000_000.0


@dataclass
class Conversations:
    """Writes turns and events of any listener; every turn is a session of its own unless one is named."""

    store: Store
    n_turns: int = field(default=0)

    def say(
        self,
        listener_id: str,
        text: str,
        shown: Sequence[str],
        *,
        liked: Iterable[str] = (),
        at: float | None = None,
        session_id: str | None = None,
        turn: int = 1,
        duration_s: float = 200.0,
    ) -> float:
        """Store a turn and, a minute later, what was liked of it; return when the turn was."""
        self.n_turns += 1
        at = BEGAN + self.n_turns * DAY_S if at is None else at
        session_id = session_id or f"session {self.n_turns}"
        tracks = tuple(
            SlateTrack(
                position=position,
                track_id=track_id,
                title=track_id,
                artist="Fox",
                artists=("Fox",),
                duration_s=duration_s,
                link="https://example.org",
                facets=("folk", "mellow"),
            )
            for position, track_id in enumerate(shown, start=1)
        )
        state = with_slate(SessionState(turn=turn, phrases=(Phrase(text=text, turn=turn),)), shown)
        reply = Reply(session_id=session_id, turn=turn, query=text, text="Here.", tracks=tracks)
        self._save(text, listener_id, Request(text=text, search_text=text), state, reply, at)
        for track_id in liked:
            self.do(listener_id, track_id, EventKind.LIKE, at + 60, session_id)
        return at

    def do(
        self,
        listener_id: str,
        track_id: str,
        kind: EventKind,
        at: float,
        session_id: str | None = None,
        completion: float | None = None,
    ) -> None:
        """Store an event."""
        self.store.add_event(Event(listener_id, track_id, kind, at, completion, session_id))

    def _save(
        self, text: str, listener_id: str, request: Request, state: SessionState, reply: Reply, at: float
    ) -> None:
        self.store.save_turn(
            reply.session_id,
            listener_id,
            reply.turn,
            text,
            request.model_dump(mode="json"),
            state.model_dump(mode="json"),
            reply.model_dump(mode="json"),
            at,
        )


#: Words of no language, each of which stands for a genre in the head of whoever says it.
MOODS = {"zorblax evening": "folk", "quimby hours": "techno"}


def planted_taste(
    conversations: Conversations, pools: dict[str, list[str]], n_requests: int, *, seed: int = 0, shuffled: bool = False
) -> None:
    """Two listeners ask for moods in words of their own, and keep what they mean by them.

    Args:
        conversations: where to.
        pools: track ids by genre.
        n_requests: of each listener.
        seed: decides.
        shuffled: keep any tracks instead, so that there is nothing to learn.
    """
    rng = np.random.default_rng(seed)
    everything = [track_id for pool in pools.values() for track_id in pool]
    for number in range(n_requests):
        for listener_id in ("ann", "bob"):
            words = list(MOODS)[number % 2]
            pool = everything if shuffled else pools[MOODS[words]]
            liked = rng.choice(pool, 4, replace=False).tolist()
            others = [one for one in rng.permutation(everything).tolist() if one not in liked][:6]
            shown = rng.permutation([*liked, *others]).tolist()
            conversations.say(listener_id, words, shown, liked=liked)
