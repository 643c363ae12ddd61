"""What came of a listening history that was imported."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class UnmatchedHeard(_Frozen):
    """A track of a history that could be neither found nor added."""

    name: str
    n_rows: int
    why: str


class BadEntry(_Frozen):
    """An entry that could not be read."""

    place: str
    why: str


class HistoryFile(_Frozen):
    """A file that was read, and as what."""

    name: str
    format: str
    n_rows: int


class HistoryReport(_Frozen):
    """What an import did. `n_rows` is the sum of `n_events`, `n_left_out`, `n_unmatched` and `n_bad_rows`."""

    files: tuple[HistoryFile, ...]
    ignored: tuple[str, ...]  # files of an archive that are no history
    n_rows: int
    n_events: int  # rows that are events of the listener now
    n_new: int  # of them, those that were not before
    n_known: int  # and those that were, or that the files have twice
    n_matched_tracks: int  # different tracks that the catalogue had
    n_added_tracks: int  # and that it has got
    left_out: dict[str, int]  # why → rows that are no music this listener heard
    n_left_out: int
    unmatched: tuple[UnmatchedHeard, ...]  # the commonest
    n_unmatched: int  # rows of all of them
    bad_rows: tuple[BadEntry, ...]  # the first
    n_bad_rows: int
    since: float | None  # of the events that are dated, in seconds since the epoch, UTC
    until: float | None
    n_tracks: int  # that are served now
    generation_changed: bool
    undescribed: float = 0.0  # share of the tracks that histories brought of which nothing knows a genre, 0–1
    seconds: float
    index_seconds: float  # of them, for indexing

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that were read."""
        return tuple(dict.fromkeys(file.format for file in self.files))
