"""From the entries of a listening history to events: which track each names, what it is worth, and whether it is new.

A track is looked up by its ids and its name (`assistant.matching`, misspelt names left alone). One that is not there is
added to the source "history", under an id made of its artist, its work and its version, so that every spelling of it
and every later import lead to the same track.

An event's origin is a digest of what an entry says: its log, the minute, the track's name and the time it played. The
same entry of another export, older or newer, has the same origin and is stored once.
"""

from __future__ import annotations

import hashlib
import re
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from assistant.entries import Entry, name_key, name_keys, tidy_ids, title_key, version_kinds, work_key
from assistant.heard import Broken, Heard, HistoryItem, LeftOut, Opened
from assistant.history_reports import BadEntry, HistoryFile, UnmatchedHeard
from assistant.labels import plain
from assistant.matching import match
from recsys.catalogue import TYPICAL_DURATION_S, Catalogue
from recsys.history_source import HISTORY_KIND
from recsys.listeners import HEARD_OUT
from recsys.types import Event, EventKind, Track

#: Events stored by one transaction.
_AT_ONCE = 5_000
#: Unmatched tracks and bad rows that a report names.
_NAMED = 100
#: Plays known to be whole that a track's length is judged by.
_LENGTHS = 9
#: A play that was cut off by no choice of the listener speaks neither for nor against a track (`event_worth`).
_NEUTRAL = 1 / 3
#: A play of less than this, in milliseconds, whose end is not told was not wanted: Spotify counts none either.
_HARDLY_MS = 30_000
#: A track is no shorter and no longer than this, in seconds; what says otherwise says nothing.
_SHORTEST_S, _LONGEST_S = 1.0, 86_400.0
#: Before 1990, and after tomorrow, nobody kept a listening history.
_EARLIEST, _TOMORROW_S = 631_152_000.0, 86_400.0
_GUESTS = re.compile(r"\s*(?:[(\[]\s*)?\b(?:feat\.?|ft\.?|featuring)\s.*$", re.IGNORECASE)
#: Ways of matching that are sure enough to say that a history means this track.
_SURE = frozenset(("segue", "isrc", "mbid", "spotify", "youtube", "path", "name", "title"))

#: Tracks that one import may add: all listeners share them.
MAX_ADDED = 100_000

TOO_MANY = f"one history may add {MAX_ADDED:,} tracks"
NO_ARTIST = "it names no artist, so it cannot be added"
NO_NAME = "it names no title, and its id is not here"


@dataclass(slots=True)
class _Found:
    """A track that entries name, and what is learnt of its length."""

    track_id: str
    added: bool
    duration_s: float | None
    lengths: list[float] = field(default_factory=list)
    album: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    title: str = ""
    artists: tuple[str, ...] = ()

    @property
    def length_s(self) -> float | None:
        """How long it is, as stated or as it played when it played whole."""
        return self.duration_s or (statistics.median(self.lengths) if self.lengths else None)


class Importer:
    """Takes the entries of one import for one listener, and stores their events as they come."""

    def __init__(
        self,
        listener_id: str,
        catalogue: Catalogue,
        added_before: dict[str, str],
        store: Callable[[dict[str, Event]], int],
        now: float,
    ) -> None:
        """Prepare for entries.

        Args:
            listener_id: whose history it is.
            catalogue: what is served.
            added_before: ids of the tracks of earlier histories, by themselves.
            store: remembers events by their origins and tells how many are new.
            now: seconds since the epoch; what has no time happened now.
        """
        self._listener_id, self._catalogue, self._store, self._now = listener_id, catalogue, store, now
        self._added_before = added_before
        self._by_name: dict[tuple[str, str, str], _Found | str] = {}
        self._by_track: dict[str, _Found] = {}
        self._by_id: dict[tuple[str, str], _Found] = {}
        self._waiting: dict[str, Event] = {}
        self._same_day: Counter[str] = Counter()
        self._unmatched: Counter[tuple[str, str]] = Counter()
        self.bad_rows: list[BadEntry] = []
        self.left_out: Counter[str] = Counter()
        self._n_added = 0
        self.n_rows = self.n_events = self.n_new = self.n_bad_rows = 0
        self.since: float | None = None
        self.until: float | None = None
        self._files: list[tuple[str, str, int]] = []  # name, format, rows before it

    def take(self, item: HistoryItem) -> None:
        """Take what comes next."""
        if isinstance(item, Opened):
            self._files.append((item.name, item.format, self.n_rows))
            self._same_day.clear()
            return
        self.n_rows += 1
        if isinstance(item, LeftOut):
            self.left_out[item.why] += 1
        elif isinstance(item, Broken):
            self._refuse(item.place, item.why)
        else:
            self._hear(item)

    def finish(self) -> list[Track]:
        """Store what is left; return the tracks that the catalogue lacks."""
        self._flush()
        return [
            Track(
                found.track_id,
                found.title,
                found.artists,
                album=found.album or None,
                duration_s=found.length_s,
                ids=found.ids,
            )
            for found in self._by_track.values()
            if found.added and found.title and found.track_id not in self._added_before
        ]

    @property
    def n_matched_tracks(self) -> int:
        """How many different tracks were there already."""
        return sum(not (f.added and f.track_id not in self._added_before) for f in self._by_track.values())

    @property
    def lacks(self) -> bool:
        """Whether events name tracks that are stored and not served yet."""
        return any(f.added and not len(self._catalogue.rows([f.track_id])) for f in self._by_track.values())

    @property
    def files(self) -> tuple[HistoryFile, ...]:
        """The files that were read."""
        ends = [before for _, _, before in self._files[1:]] + [self.n_rows]
        return tuple(
            HistoryFile(name=name, format=form, n_rows=end - before)
            for (name, form, before), end in zip(self._files, ends, strict=True)
            if form
        )

    @property
    def ignored(self) -> tuple[str, ...]:
        """The files that are no history."""
        return tuple(name for name, form, _ in self._files if not form)

    @property
    def unmatched(self) -> tuple[UnmatchedHeard, ...]:
        """The commonest tracks that were neither found nor added."""
        common = sorted(self._unmatched.items(), key=lambda one: (-one[1], one[0]))[:_NAMED]
        return tuple(UnmatchedHeard(name=name, n_rows=n, why=why) for (name, why), n in common)

    @property
    def n_unmatched(self) -> int:
        """How many rows name such tracks."""
        return self._unmatched.total()

    # --- one entry ---

    def _hear(self, heard: Heard) -> None:
        if heard.at is not None and not _EARLIEST <= heard.at <= self._now + _TOMORROW_S:
            self._refuse(f"{plain(heard.artist, 60)} – {plain(heard.title, 60)}", "its time is before 1990 or to come")
            return
        if heard.duration_s is not None and not _SHORTEST_S <= heard.duration_s <= _LONGEST_S:
            heard = replace(heard, duration_s=None)
        found = self._find(heard)
        if isinstance(found, str):
            self._unmatched[plain(f"{heard.artist} – {heard.title}".strip(" –"), 120) or "(no name)", found] += 1
            return
        event = self._event(heard, found)
        self.n_events += 1
        if heard.at is not None:
            self.since = heard.at if self.since is None else min(self.since, heard.at)
            self.until = heard.at if self.until is None else max(self.until, heard.at)
        origin = self._origin(heard, found)
        earlier = self._waiting.get(origin)
        if earlier is None or event.times > earlier.times:
            self._waiting[origin] = event
        if len(self._waiting) >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        self.n_new += self._store(self._waiting)
        self._waiting = {}

    def _refuse(self, place: str, why: str) -> None:
        self.n_bad_rows += 1
        if len(self.bad_rows) < _NAMED:
            self.bad_rows.append(BadEntry(place=plain(place), why=plain(why)))

    # --- which track ---

    def _find(self, heard: Heard) -> _Found | str:
        """Return the track that an entry names, or why there is none."""
        key = (heard.title, heard.artist, "" if heard.title else str(sorted(heard.ids.items())))
        found = self._by_name.get(key)
        if found is None:
            found = self._by_name[key] = self._look_up(heard)
        if isinstance(found, _Found):
            if not found.album:
                found.album = heard.album
            if found.duration_s is None:
                found.duration_s = heard.duration_s
        return found

    def _look_up(self, heard: Heard) -> _Found | str:
        ids = tidy_ids(heard.ids)
        entry = Entry(heard.title, heard.artist, heard.album, heard.duration_s, heard.path, ids)
        known = next((self._by_id[pair] for pair in ids.items() if pair in self._by_id), None)
        found = known or self._known(entry) or self._new(heard)
        if isinstance(found, _Found):
            for pair in ids.items():
                self._by_id.setdefault(pair, found)
                found.ids.setdefault(*pair)
        return found

    def _known(self, entry: Entry) -> _Found | None:
        """The track of the catalogue, or of an earlier part of this history, that an entry names."""
        (matched,) = match(self._catalogue, [entry], versions=False)
        if matched.row is not None and matched.how in _SURE:
            seconds, estimated = self._catalogue.duration_s(matched.row)
            return self._kept(str(matched.track_id), added=False, duration_s=None if estimated else seconds)
        if not entry.title.strip():
            return None
        for name in name_keys(entry.artist):
            track_id = _id_of(name, entry.title)
            if track_id in self._by_track or track_id in self._added_before:
                return self._kept(track_id, added=True, duration_s=None)
        return None

    def _new(self, heard: Heard) -> _Found | str:
        artists = tuple(one for part in heard.artist.split(";") if (one := _GUESTS.sub("", part).strip()))
        if not heard.title:
            return NO_NAME
        if not artists:
            return NO_ARTIST
        if self._n_added >= MAX_ADDED:
            return TOO_MANY
        self._n_added += 1
        found = self._kept(_id_of(name_key(artists[0]), heard.title), added=True, duration_s=heard.duration_s)
        if not found.title:
            found.title, found.artists = heard.title, artists
        return found

    def _kept(self, track_id: str, *, added: bool, duration_s: float | None) -> _Found:
        found = self._by_track.get(track_id)
        if found is None:
            found = self._by_track[track_id] = _Found(track_id, added, duration_s)
        return found

    # --- which event ---

    def _event(self, heard: Heard, found: _Found) -> Event:
        at = self._now if heard.at is None else min(heard.at, self._now)
        kind, completion = EventKind(heard.kind), None
        if kind is EventKind.PLAY:
            completion = self._completion(heard, found)
            hardly = heard.ended is None and heard.ms_played is not None and heard.ms_played < _HARDLY_MS
            if completion is not None and completion < HEARD_OUT and (heard.ended == "skipped" or hardly):
                kind = EventKind.SKIP
            elif completion is not None and heard.ended == "broken off":
                completion = max(completion, _NEUTRAL)
        return Event(self._listener_id, found.track_id, kind, at, completion, times=heard.times)

    def _completion(self, heard: Heard, found: _Found) -> float | None:
        if heard.completion is not None:
            return min(max(heard.completion, 0.0), 1.0)
        if heard.ms_played is None:
            return {"over": 1.0, "skipped": 0.0}.get(heard.ended or "")
        seconds, length_s = heard.ms_played / 1000, found.length_s
        if heard.ended == "over" and (length_s is None or seconds >= length_s / 2):
            if heard.ms_played >= _HARDLY_MS and seconds <= _LONGEST_S and len(found.lengths) < _LENGTHS:
                found.lengths.append(seconds)
            return 1.0
        return min(seconds / (length_s or TYPICAL_DURATION_S), 1.0)

    def _origin(self, heard: Heard, found: _Found) -> str:
        title = title_key(heard.title) if heard.title else found.track_id
        minute = 0
        if heard.kind == "play" and heard.at is not None and heard.log:
            # Without the artist: one export names the album's, another one the track's.
            minute = int(heard.at // 60)
            said = f"{heard.log}|{minute}|{heard.ms_played}|{title}"
            if heard.whole_day:
                self._same_day[said] += 1
                said = f"{said}|{self._same_day[said]}"
        else:
            said = f"{heard.kind}|{name_key(heard.artist)}|{title}"
        # The time in front lets a database write its index from end to end, which is twice as fast.
        return f"{minute:08x}{hashlib.blake2b(said.encode('utf-8', 'replace'), digest_size=12).hexdigest()}"


def _id_of(artist: str, title: str) -> str:
    """Name a track by artist, work and version, the same in every spelling."""
    said = "|".join((artist, work_key(title), *sorted(version_kinds(title))))
    return f"{HISTORY_KIND}:{hashlib.blake2b(said.encode('utf-8', 'replace'), digest_size=10).hexdigest()}"
