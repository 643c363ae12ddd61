"""Errors of `recsys`: each names the value received, the value expected and what to do next."""

from __future__ import annotations

from pathlib import Path


class RecsysError(Exception):
    """Root of every error that `recsys` raises on purpose."""


class ForgottenError(RecsysError, RuntimeError):
    """A listener was forgotten while something was done for them; nothing of it was kept."""

    def __init__(self) -> None:
        super().__init__(
            "what was kept of somebody who takes part was deleted while this was being done, so nothing of this was "
            "kept; do it again if it is still wanted"
        )


class SourceError(RecsysError, ValueError):
    """A catalogue source as a whole cannot be read. For single bad rows see `sources.BadRow`."""

    def __init__(self, path: Path | str, problem: str, remedy: str) -> None:
        super().__init__(f"cannot read {path}: {problem}; {remedy}")
        self.path, self.problem, self.remedy = Path(path), problem, remedy


class DialogueFileError(RecsysError, ValueError):
    """A file of dialogues, or of predictions for them, cannot be read, or not be written where it is to go."""

    def __init__(self, path: Path, line: int | None, problem: str, remedy: str) -> None:
        place = f"{path}" if line is None else f"{path}, line {line}"
        super().__init__(f"{place}: {problem}; {remedy}")
        self.path, self.line, self.problem, self.remedy = path, line, problem, remedy


class UnknownTrackError(RecsysError, KeyError):
    """A track id is not in the catalogue."""

    def __init__(self, track_id: str) -> None:
        super().__init__(f"no track {track_id!r} in the catalogue; `segue status` lists its sources")
        self.track_id = track_id

    def __str__(self) -> str:
        return str(self.args[0])


class CatalogueMismatchError(RecsysError, ValueError):
    """An embedding table, index or checkpoint belongs to another catalogue."""

    def __init__(self, what: str, *, found: str, expected: str) -> None:
        super().__init__(f"{what} belongs to catalogue {found} but the catalogue is {expected}; run `segue train`")
        self.what, self.found, self.expected = what, found, expected


class WeightsError(RecsysError, ValueError):
    """Model weights are missing or are not the pinned ones."""


class EmptyCatalogueError(RecsysError, LookupError):
    """There is nothing to recommend from."""

    def __init__(self) -> None:
        super().__init__("the catalogue is empty; run `segue index PATH` or `segue index --with-starter`")


class NotIndexedError(RecsysError, LookupError):
    """No index generation has been published in the data folder yet."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"nothing is indexed in {home}; run `segue index`")
        self.home = home


class DuplicateTrackError(RecsysError, ValueError):
    """Two tracks of one catalogue have the same id."""

    def __init__(self, track_id: str) -> None:
        super().__init__(
            f"two tracks have the id {track_id!r} but a track id must be unique in a catalogue; "
            "put the source's name in front of one of them"
        )
        self.track_id = track_id


class SnapshotError(RecsysError, ValueError):
    """The stored columns of a catalogue are missing, damaged or written by another version."""

    def __init__(self, folder: Path, problem: str) -> None:
        super().__init__(f"the catalogue snapshot in {folder} is unreadable: {problem}; run `segue index`")
        self.folder, self.problem = folder, problem


class DatabaseError(RecsysError, RuntimeError):
    """The database cannot be opened or used."""

    def __init__(self, url: str, problem: str, remedy: str) -> None:
        super().__init__(f"cannot use the database {url}: {problem}; {remedy}")
        self.url, self.problem, self.remedy = url, problem, remedy
