"""What all accounts share: matching each track, naming the playlist, sending it in parts, and saying what came of it.

A playlist is never half sent in silence: whatever stops the sending is in the report with what is there by then, and
sending the same playlist again goes on where it stopped. The same playlist twice makes nothing new, and other tracks
under a name that is taken get the next free one, "Rainy sunday (2)": what is there is never changed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from assistant.entries import Entry, same_track
from assistant.labels import plain
from assistant.reply import Reply, SlateTrack
from connectors.accounts.errors import AccountError, RefusedError
from connectors.accounts.patience import Patience

#: Longest name and description that all services take, in characters.
MAX_NAME, MAX_DESCRIPTION = 100, 300
#: Longest problem that is told: some quote what a service answered.
MAX_PROBLEM = 600
NOT_THERE = "the service has no track of this title and artist"
NOT_TAKEN = "the service did not take it"


class SentTrack(BaseModel):
    """A track that the service has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    track_id: str
    title: str
    artist: str
    service_id: str
    how: str = Field(description="isrc, mbid, id (the service's own), name, or version: another one of the work")


class UnsentTrack(BaseModel):
    """A track that is not in the playlist at the service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    track_id: str
    title: str
    artist: str
    why: str


class SendReport(BaseModel):
    """What came of sending a playlist."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str
    name: str = Field(description="as it is called there; empty where none was made")
    url: str = Field(description="where it is; empty where none was made")
    playlist_id: str
    matched: tuple[SentTrack, ...]
    unmatched: tuple[UnsentTrack, ...]
    n_sent: int = Field(description="tracks of it that are there now")
    unchanged: bool = Field(default=False, description="it was there already, whole")
    problem: str = Field(default="", description="what stopped the sending before its end")

    @property
    def complete(self) -> bool:
        """Whether every matched track is there."""
        return bool(self.n_sent) and not self.problem and self.n_sent == len(self.matched)


@dataclass(frozen=True, slots=True)
class Hit:
    """A track of the service, as a search gives it."""

    service_id: str
    title: str
    artists: tuple[str, ...]
    album: str = ""
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class There:
    """A playlist at the service."""

    playlist_id: str
    name: str
    url: str


class Account(ABC):
    """One signed-in account. Not shared by threads."""

    #: What people call the service.
    service: ClassVar[str]
    #: Most tracks that one request may add.
    batch: ClassVar[int] = 100

    def __init__(self, patience: Patience | None = None) -> None:
        """Take what waits for the service."""
        self.patient = patience or Patience(self.service)

    # --- what each service does its way; each raises BusyError and UnwellError for `Patience` ---

    @abstractmethod
    def owner(self) -> str:
        """Sign in, and return who the account belongs to.

        Raises:
            SignInError: the service does not let us in.
        """

    @abstractmethod
    def find(self, entry: Entry) -> tuple[str, str] | None:
        """Return a track's id at the service and how it was found; None where the service does not have it."""

    @abstractmethod
    def playlists(self) -> list[There]:
        """Return the account's own playlists."""

    @abstractmethod
    def make(self, name: str, description: str, *, public: bool) -> There:
        """Make an empty playlist."""

    @abstractmethod
    def add(self, playlist_id: str, service_ids: Sequence[str]) -> None:
        """Add at most `batch` tracks to the end of a playlist.

        Raises:
            RefusedError: it takes one of them, or all, for wrong; nothing was added.
        """

    @abstractmethod
    def tracks(self, playlist_id: str) -> list[str]:
        """Return the ids of a playlist's tracks, in order."""

    @abstractmethod
    def delete(self, playlist_id: str) -> None:
        """Delete a playlist of the account."""

    @abstractmethod
    def examples(self) -> list[Entry]:
        """Name at least three tracks that the service surely has, to try it with."""

    def close(self) -> None:  # noqa: B027 (not every client holds anything open)
        """Let go of connections."""

    # --- what is the same everywhere ---

    def send(self, reply: Reply, name: str, public: bool = False) -> SendReport:
        """Make a playlist of a reply's slate in the account.

        Args:
            reply: the playlist.
            name: what to call it there; shortened to 100 characters.
            public: whether others may see it, where the service knows the difference.

        Raises:
            SignInError: the service does not let us in.
            ServiceError: it could not be asked; nothing was made then.
        """
        return self.send_entries(
            [(track.track_id, entry_of(track)) for track in reply.tracks], name, reply.text, public
        )

    def send_entries(
        self, entries: Sequence[tuple[str, Entry]], name: str, description: str = "", public: bool = False
    ) -> SendReport:
        """Make a playlist of named tracks, each with its own id beside it; see `send`."""
        self.patient(self.owner)
        matched, unmatched = self._matched(entries)
        report = SendReport(
            service=self.service,
            name="",
            url="",
            playlist_id="",
            matched=tuple(matched),
            unmatched=tuple(unmatched),
            n_sent=0,
        )
        if not matched:
            return report
        wanted = [one.service_id for one in matched]
        there, present = self._place(
            plain(name, MAX_NAME) or "Playlist", plain(description, MAX_DESCRIPTION), wanted, public
        )
        named = report.model_copy(update={"name": there.name, "url": there.url, "playlist_id": there.playlist_id})
        if present == wanted:
            return named.model_copy(update={"n_sent": len(wanted), "unchanged": True})
        return self._filled(named, frozenset(present))

    def _matched(self, entries: Sequence[tuple[str, Entry]]) -> tuple[list[SentTrack], list[UnsentTrack]]:
        matched: list[SentTrack] = []
        unmatched: list[UnsentTrack] = []
        for track_id, entry in entries:
            names = {"track_id": track_id, "title": plain(entry.title), "artist": plain(entry.artist)}
            found = self.patient(partial(self.find, entry))
            if found is None:
                unmatched.append(UnsentTrack(**names, why=NOT_THERE))
            elif any(one.service_id == found[0] for one in matched):
                unmatched.append(UnsentTrack(**names, why="another track of the playlist is the same one there"))
            else:
                matched.append(SentTrack(**names, service_id=found[0], how=found[1]))
        return matched, unmatched

    def _place(self, name: str, description: str, wanted: list[str], public: bool) -> tuple[There, list[str]]:
        """Find the playlist that is already there, whole or in part, or make one; and the tracks that it holds.

        A part is some of the tracks in their order: sending broke off, or the service did not take one.
        """
        named: dict[str, list[There]] = {}
        for one in self.patient(self.playlists):
            named.setdefault(one.name, []).append(one)
        for free in (name if number == 1 else f"{name} ({number})" for number in count(1)):
            for one in named.get(free, ()):
                present = self.patient(partial(self.tracks, one.playlist_id))
                if _is_part(present, wanted):
                    return one, present
            if free not in named:
                break
        known = {one.playlist_id for ones in named.values() for one in ones}

        def made() -> There | None:
            return next((o for o in self.playlists() if o.name == free and o.playlist_id not in known), None)

        return self.patient(lambda: self.make(free, description, public=public), done=made), []

    def _filled(self, report: SendReport, present: Collection[str]) -> SendReport:
        """Add what is missing, part by part; what stops it is in the report."""
        sent = [one for one in report.matched if one.service_id in present]
        rest = [one for one in report.matched if one.service_id not in present]
        refused: list[SentTrack] = []
        problem = ""
        try:
            while rest:
                part, rest = rest[: self.batch], rest[self.batch :]
                try:
                    self._add(report.playlist_id, sent, part)
                    sent += part
                except RefusedError:
                    for one in part:  # one of them is wrong: the others need not suffer for it
                        try:
                            self._add(report.playlist_id, sent, [one])
                            sent.append(one)
                        except RefusedError:
                            refused.append(one)
        except AccountError as error:
            problem = plain(str(error), MAX_PROBLEM)
        told = [
            UnsentTrack(**one.model_dump(include={"track_id", "title", "artist"}), why=NOT_TAKEN) for one in refused
        ]
        return report.model_copy(
            update={
                "matched": tuple(one for one in report.matched if one not in refused),
                "unmatched": (*report.unmatched, *told),
                "n_sent": len(sent),
                "problem": problem,
            }
        )

    def _add(self, playlist_id: str, before: Sequence[SentTrack], part: Sequence[SentTrack]) -> None:
        ids = [one.service_id for one in part]

        def added() -> bool | None:
            # Counted, not compared: some services answer with the id of an equal recording.
            return True if len(self.tracks(playlist_id)) >= len(before) + len(ids) else None

        def add() -> bool:
            self.add(playlist_id, ids)
            return True

        self.patient(add, done=added)


def _is_part(some: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether all of some ids are among others in the same order."""
    left = iter(whole)
    return all(one in left for one in some)


def entry_of(track: SlateTrack) -> Entry:
    """Name a track of a slate as services are asked for it."""
    return Entry(
        title=track.title,
        artist=", ".join(track.artists) or track.artist,
        album=track.album or "",
        duration_s=None if track.duration_estimated else track.duration_s,
        path=track.path,
        ids=track.ids,
    )


def best_hit(entry: Entry, hits: Iterable[Hit]) -> tuple[str, str] | None:
    """Return the hit that is what an entry names, and how they agree; none of another title or artist, ever.

    The same version wins over another one, then the nearest length, then the service's own order.
    """
    agreeing = [(how, hit) for hit in hits if (how := same_track(entry, hit.title, hit.artists)) is not None]

    def order(one: tuple[str, Hit]) -> tuple[bool, float]:
        how, hit = one
        known = entry.duration_s is not None and hit.duration_s is not None
        gap_s = abs((entry.duration_s or 0) - (hit.duration_s or 0)) if known else 0.0
        return how != "name", gap_s // 3

    how, hit = min(agreeing, key=order, default=(None, None))
    return None if how is None or hit is None else (hit.service_id, how)
