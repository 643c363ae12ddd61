"""What is a listener's own: their taste as a page shows it, what not to show them again, who else they are."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

from assistant.parts import Parts, for_listener
from assistant.personal_errors import NotErasedError, UnknownRestError
from assistant.taste_reports import DataReport, TasteReport
from recsys.errors import ForgottenError
from recsys.types import Event, EventKind

#: The records of exports that are in the data folder.
EXPORTS = "export"
#: More tracks than anybody has.
_ALL = 10**9
_DAY_S = 86_400.0
#: Longest rest of a track, in days; who wants more means never again.
MAX_REST_DAYS = 36_500.0


class Personal(Parts):
    """The part of an assistant that answers for what it keeps of listeners."""

    def taste(
        self, listener_id: str, *, language: str = "en", n_tracks: int = 50, n_exposures: int = 200
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
        from assistant.taste import known_of, tell_taste

        now = time.time()
        return tell_taste(
            known_of(self._store(), identity(listener_id), now),
            self._agent().recommender,
            now=now,
            half_life_days=self.settings.half_life_days,
            n_tracks=n_tracks,
            n_exposures=n_exposures,
            book=phrasebook(language),
        )

    @for_listener
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

    @for_listener
    def link_code(self, listener_id: str) -> str:
        """Make a code such as "K7QM-4RZP", by which whoever uses it within ten minutes is this listener, too.

        It holds once, and in place of an earlier one.
        """
        from assistant.linking import new_code
        from assistant.store import identity

        return new_code(self._store(), identity(listener_id))

    def link(self, listener_id: str, code: str) -> tuple[str, ...]:
        """Say by a code that a listener is somebody known elsewhere: from now on what either does counts for both.

        Nothing is moved, and conversations stay apart; `unlink` restores both exactly.

        Returns:
            The other listeners who are now the same person.

        Raises:
            LinkError: there is no such code, it is too old or the listener's own, or the listener tried too often.
        """
        from assistant.linking import use_code, whose_code
        from assistant.store import identity

        listener, store = identity(listener_id), self._store()
        with self.acting_for(listener, *whose_code(store, code)):
            store.joined.join(listener, use_code(store, listener, code))
        return tuple(one for one in store.joined.of(listener) if one != listener)

    def unlink(self, listener_id: str) -> bool:
        """Let a listener be somebody else again than those they were linked to; tell whether there were any."""
        from assistant.store import identity

        return self._store().joined.part(identity(listener_id))

    @for_listener
    def export_data(self, listener_id: str, path: Path, *, places: bool = True) -> DataReport:
        """Write everything that is kept of a listener to one zip in open formats; its README says what is what.

        What is the listener's own is in it, and nothing of those who are the same person. A file that is written in
        the data folder is forgotten with the listener.

        Args:
            listener_id: whose.
            path: the file to write.
            places: whether it may say where files of tracks lie on this machine: not for people elsewhere.

        Raises:
            DataFileError: it cannot be written; nothing has changed then.
        """
        from assistant.my_data import write_data
        from assistant.store import identity
        from assistant.taste import known_of, tell_taste

        listener, store, now = identity(listener_id), self._store(), time.time()
        recommender, home = self._agent().recommender, self.settings.home
        taste = tell_taste(
            known_of(store, listener, now, alone=True),
            recommender,
            now=now,
            half_life_days=self.settings.half_life_days,
            n_tracks=_ALL,
            n_exposures=_ALL,
        )
        path = path.expanduser()
        report = write_data(path, listener, store, home, recommender.catalogue, taste, places=places)
        if path.resolve().is_relative_to(home.resolve()):
            try:
                store.records.put(EXPORTS, path.resolve().relative_to(home.resolve()).as_posix(), {}, listener)
            except ForgottenError:
                path.unlink(missing_ok=True)
                raise
        return report

    def forget(self, listener_id: str) -> bool:
        """Forget a listener in database, vectors, exports in the data folder and memory; tell whether there was one.

        Those who were the same person stay as they are, without what this listener did. No deleted byte stays in the
        files of the data folder. What the listener wrote in a group is taken out of the session of whoever opened it.
        What is under way for the listener, in whichever thread, keeps nothing from then on:
        it ends with a ForgottenError, and a turn with words that say so.

        Raises:
            NotErasedError: all is deleted, but another process kept bytes of it from being overwritten.
        """
        from assistant.blanking import forget_words
        from assistant.store import identity
        from recsys.artist_facts import decades_in
        from recsys.own_following import forget_following
        from recsys.spaces import forget

        listener, store, home = identity(listener_id), self._store(), self.settings.home
        with store.presence.forgetting(listener):
            self._incognito().forget(listener)
            for name in store.records.all(EXPORTS, listener):
                (home / name).unlink(missing_ok=True)
            known = forget_words(store, listener)
            known = store.remove_listener(listener) or known
            known = forget(home, listener) or known
            known = forget_following(home, listener) or known
            with self._lock:
                self._serving = None  # with all that it remembers of texts and of who has a vector
            decades_in.cache_clear()
        if not store.personal.erase(thoroughly=known):
            raise NotErasedError
        return known

    @for_listener
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
        from assistant.taste import NAMED_ARTISTS, named_artists

        listener, catalogue = identity(listener_id), self._agent().recommender.catalogue
        fresh = [key for key in dict.fromkeys(keys) if key not in named_artists(self._store(), listener)]
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
