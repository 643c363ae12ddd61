"""What is a listener's own: their taste as a page shows it, what not to show them again, who else they are."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.parts import Parts
from assistant.personal_errors import UnknownRestError
from assistant.taste_reports import TasteReport
from recsys.types import Event, EventKind

if TYPE_CHECKING:
    from recsys.store import Store

#: The record of the artists that a listener named on a first visit.
NAMED_ARTISTS = "named artists"
_DAY_S = 86_400.0
#: Longest rest of a track, in days; who wants more means never again.
MAX_REST_DAYS = 36_500.0


class Personal(Parts):
    """The part of an assistant that answers for what it keeps of listeners."""

    def taste(
        self, listener_id: str, *, language: str = "en", n_tracks: int = 50, n_exposures: int = 500
    ) -> TasteReport:
        """Say what is known of a listener's taste and what it was counted from.

        Args:
            listener_id: whose; what those did counts, too, who are the same person.
            language: of the sentences: en, de, es, fr, it or pt.
            n_tracks: tracks listed for the taste, and against it, at most.
            n_exposures: tracks that were shown listed at most; those kept back are listed always.
        """
        from assistant.phrasebook import phrasebook
        from assistant.store import identity
        from assistant.taste import Known, tell_taste

        listener, store, now = identity(listener_id), self._store(), time.time()
        person = store.joined.of(listener)
        known = Known(
            events=store.events(listener),
            shown=store.sessions.shown(listener),
            suppressed=store.suppressions.of(listener, now),
            joined=tuple(one for one in person if one != listener),
            named=tuple(dict.fromkeys(key for one in person for key in _named(store, one))),
        )
        return tell_taste(
            known,
            self._agent().recommender,
            now=now,
            half_life_days=self.settings.half_life_days,
            n_tracks=n_tracks,
            n_exposures=n_exposures,
            book=phrasebook(language),
        )

    def rest(self, listener_id: str, track_id: str, days: float | None = 30) -> float | None:
        """Keep a track out of a listener's playlists for some days, or for ever; the last wish holds.

        Args:
            listener_id: from whom to keep it.
            track_id: a track of the catalogue.
            days: for how long; None for never again.

        Returns:
            Until when, in seconds since the epoch; None for ever.

        Raises:
            UnknownRestError: the days are no number above 0 and at most MAX_REST_DAYS.
            UnknownTrackError: the catalogue has no such track.
        """
        from assistant.store import identity

        if days is not None and not (math.isfinite(days) and 0 < days <= MAX_REST_DAYS):
            raise UnknownRestError(days, MAX_REST_DAYS)
        self._agent().recommender.catalogue.row(track_id)
        now = time.time()
        until = None if days is None else now + days * _DAY_S
        self._store().suppressions.add(identity(listener_id), track_id, until, now)
        return until

    def unrest(self, listener_id: str, track_id: str) -> bool:
        """Let a track be shown again; tell whether it was kept from the listener."""
        from assistant.store import identity

        return self._store().suppressions.remove(identity(listener_id), track_id)

    def like_artists(self, listener_id: str, keys: Sequence[str]) -> int:
        """Remember which artists a listener likes, as on a first visit: their best-known tracks count as kept.

        Args:
            listener_id: whose taste it tells.
            keys: folded names of artists, as `suggest` gives them. Those that the catalogue has not, and those that
                were named before, change nothing.

        Returns:
            How many tracks now count as kept that did not before.
        """
        from assistant.querying import example_rows
        from assistant.request import Mention
        from assistant.store import identity

        listener, catalogue = identity(listener_id), self._agent().recommender.catalogue
        fresh = [key for key in dict.fromkeys(keys) if key not in _named(self._store(), listener)]
        at, known = self._event_time(), {event.track_id for event in self._store().events(listener)}
        events, named = [], []
        for key in fresh:
            mention = Mention(kind="artist", key=key, name=key)
            ids = [catalogue.track_ids[row] for row in example_rows(catalogue, (mention,))]
            events += [Event(listener, track_id, EventKind.KEEP, at) for track_id in ids if track_id not in known]
            known.update(ids)
            named += [key] if ids else []
        self._store().add_events(events)
        if named:
            self._store().records.change(
                NAMED_ARTISTS, listener, lambda before: ([*(before or ()), *named], None), listener_id=listener
            )
        return len(events)


def _named(store: Store, listener: str) -> tuple[str, ...]:
    return tuple(store.records.get(NAMED_ARTISTS, listener) or ())
