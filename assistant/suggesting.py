"""Names that the catalogue has for what somebody is typing: artists, tracks, genres.

A name is found where each typed word begins one of its words, in any order. Names that begin with what was typed come
first, then those of the most tracks, then the shortest.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from assistant.labels import plain
from assistant.reports import Suggestion
from recsys.catalogue import Catalogue
from recsys.text import fold
from recsys.types import Facet

_Kind = Literal["artist", "track", "genre"]
#: Longest name that is suggested, in characters.
_MAX_NAME = 90


@dataclass(frozen=True, slots=True)
class _Entry:
    line: str  # folded, with a space before every word
    n_tracks: int
    suggestion: Suggestion


class Suggestions:
    """The names of one catalogue; shared by threads."""

    def __init__(self, catalogue: Catalogue, stamp: object) -> None:
        """Read the names; `stamp` tells for which publication."""
        self.stamp = stamp
        self._entries = {
            "artist": _artists(catalogue),
            "track": _tracks(catalogue),
            "genre": _entries(
                ("genre", word, word, len(catalogue.postings(Facet.GENRE, word)))
                for word in catalogue.values(Facet.GENRE)
            ),
        }

    def find(self, text: str, kinds: Sequence[str], limit: int) -> tuple[Suggestion, ...]:
        """Return the best names for what was typed (see above)."""
        words = fold(text).split()
        typed = f" {' '.join(words)}"
        heads = [f" {word}" for word in words]
        found = (
            (not entry.line.startswith(typed), -entry.n_tracks, len(entry.line), entry.line, entry)
            for kind in kinds
            for entry in self._entries[kind]
            if all(head in entry.line for head in heads)
        )
        return tuple(best[-1].suggestion for best in heapq.nsmallest(limit, found, key=lambda one: one[:-1]))


def _artists(catalogue: Catalogue) -> list[_Entry]:
    names = zip(catalogue.artist_keys, catalogue.artist_names, strict=True)
    return _entries(("artist", key, name, len(catalogue.postings(Facet.ARTIST, key))) for key, name in names)


def _tracks(catalogue: Catalogue) -> list[_Entry]:
    rows = zip(catalogue.track_ids, catalogue.titles, catalogue.artists, strict=True)
    return _entries(("track", key, f"{title} – {', '.join(artists)}", 1) for key, title, artists in rows)


def _entries(named: Iterable[tuple[_Kind, str, str, int]]) -> list[_Entry]:
    return [
        _Entry(f" {fold(name)}", n_tracks, Suggestion(kind=kind, key=key, name=plain(name, _MAX_NAME)))
        for kind, key, name, n_tracks in named
    ]
