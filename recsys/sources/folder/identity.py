"""Which track a file is: the same one after it was moved, renamed, tagged anew or replaced by a better copy.

A track's id is made of a digest of its sound when it is first seen. From then on the table of known files says which
file it is: one of the same sound, wherever it lies now, else the one in the same place.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_PREFIX = "audio:"


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as it was when it was last read; the columns of the table `files`.

    A file that is gone keeps its row, with `GONE` as its size, so that it is known when it comes back.
    """

    path: str  # as `recsys.paths.written` writes it
    size: int  # with that of its sidecar
    mtime_ns: int
    digest: str
    native_id: str | None = None  # of its track; None for a file that is none
    problem: str | None = None


GONE = -1


class Identities:
    """Gives files their track ids, each id to one file."""

    def __init__(self, known: Mapping[str, KnownFile], present: Collection[str], unchanged: Collection[str]) -> None:
        """Prepare.

        Args:
            known: the files of earlier runs, by path.
            present: paths of the files that are there now.
            unchanged: paths of those that are as they were; their ids are theirs.
        """
        self._known, self._present = known, present
        self._used = {row.native_id for path in unchanged if (row := known[path]).native_id}
        self._free: dict[str, dict[str, str]] = defaultdict(dict)  # digest → path → id
        self._copies: Counter[str] = Counter()  # of a sound, that have an id of their own
        self._taken_names = {row.native_id for row in known.values() if row.native_id}
        for path, row in known.items():
            if row.native_id and path not in unchanged:
                self._free[row.digest][path] = row.native_id

    def of_sound(self, path: str, digest: str) -> str | None:
        """Return the id of a known file of this sound: the one in this place, else one that is gone from its own."""
        places = self._free.get(digest)
        if not places:
            return None
        order = sorted(
            places,
            key=lambda place: (place != path, place in self._present, self._known[place].size == GONE, place),
        )
        return next((self._use(places.pop(place)) for place in order if places[place] not in self._used), None)

    def of_place(self, path: str) -> str | None:
        """Return the id of the file that was here, unless it is elsewhere now."""
        row = self._known.get(path)
        if row is None or row.native_id is None or row.native_id in self._used or row.size == GONE:
            return None
        return self._use(row.native_id)

    def new(self, digest: str) -> str:
        """Return an id for a sound that was never seen; a second file of the same sound gets a number behind."""
        name = f"{_PREFIX}{digest}"
        while name in self._used or name in self._taken_names:
            self._copies[digest] += 1
            name = f"{_PREFIX}{digest}-{self._copies[digest] + 1}"
        return self._use(name)

    def _use(self, native_id: str) -> str:
        self._used.add(native_id)
        return native_id
