"""Which tracks here a playlist of elsewhere names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.entries import Entry
from assistant.parts import Parts

if TYPE_CHECKING:
    from assistant.matching import Match


class Naming(Parts):
    """The part of an assistant that finds named tracks."""

    def match_entries(self, entries: Sequence[Entry], *, versions: bool = True) -> list[Match]:
        """Match entries to the tracks being served, one answer per entry and in their order; see `assistant.matching`.

        Args:
            entries: as they were named.
            versions: whether another version of the same work will do where nothing is better.
        """
        from assistant.matching import match

        return match(self._agent().recommender.catalogue, entries, versions=versions)
