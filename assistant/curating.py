"""Curating a playlist that is there already: look at it, extend, shorten, re-order it, take repeats out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.parts import Parts

if TYPE_CHECKING:
    from assistant.curate_reports import CuratedPlaylist, PlaylistAnalysis


class Curating(Parts):
    """The part of an assistant that works on playlists given as track ids in order. Nothing is stored."""

    def analyse(self, track_ids: Sequence[str]) -> PlaylistAnalysis:
        """Say what a playlist is like: repeats, artists, era gaps, what is out of place, length, energy, genres.

        Ids that the catalogue does not have are named and left out.
        """
        from assistant.analysing import analyse
        from assistant.curation import known_rows

        recommender = self._agent().recommender
        rows, unknown = known_rows(recommender.catalogue, track_ids)
        return analyse(recommender.catalogue, recommender.ranker.vectors, rows, unknown)

    def extend(
        self,
        listener_id: str,
        track_ids: Sequence[str],
        n_tracks: int | None = None,
        minutes: float | None = None,
        text: str = "",
    ) -> CuratedPlaylist:
        """Add tracks that fit a playlist and the listener; what is there stays as it is.

        Args:
            listener_id: whose taste takes part; what they never want again is not added.
            track_ids: the playlist.
            n_tracks: how many to add; 10 where neither this nor minutes are given.
            minutes: or how many minutes of music.
            text: what is wanted of the new tracks, in the listener's words.

        Raises:
            CurateError: nothing of the playlist is in the catalogue, or there is no such number.
        """
        from assistant.curation import Curation

        return Curation(self._agent(), track_ids).extend(listener_id, n_tracks, minutes, text)

    def shorten(self, track_ids: Sequence[str], minutes: float, keep: Sequence[str] = ()) -> CuratedPlaylist:
        """Bring a playlist to a length, as near as its tracks allow; what fits least goes first, the order stays.

        Args:
            track_ids: the playlist.
            minutes: length wanted.
            keep: ids of tracks that stay in any case.

        Raises:
            CurateError: nothing of the playlist is in the catalogue, or the length is none.
        """
        from assistant.curation import Curation

        return Curation(self._agent(), track_ids).shorten(minutes, keep)

    def reorder(self, track_ids: Sequence[str], arc: str) -> CuratedPlaylist:
        """Put a playlist into another order.

        Args:
            track_ids: the playlist.
            arc: "rising", "falling" or "peak" by energy, or "smooth": neighbours fit, and the first stays the first.

        Raises:
            CurateError: nothing of the playlist is in the catalogue, or there is no such order.
        """
        from assistant.curation import Curation

        return Curation(self._agent(), track_ids).reorder(arc)

    def without_duplicates(self, track_ids: Sequence[str], *, versions: bool = True) -> CuratedPlaylist:
        """Leave every recording once, and of the versions of one work the first that is no live take or remix.

        Args:
            track_ids: the playlist.
            versions: whether versions of one work count as the same.

        Raises:
            CurateError: nothing of the playlist is in the catalogue.
        """
        from assistant.curation import Curation

        return Curation(self._agent(), track_ids).without_duplicates(versions=versions)
