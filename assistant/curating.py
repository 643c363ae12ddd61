"""Curating a playlist that is there already: look at it, extend, shorten, re-order it, take repeats out.

Playlists of more than 2,000 tracks are refused: every track is compared with every other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.parts import Parts

if TYPE_CHECKING:
    from assistant.curate_reports import CuratedPlaylist, PlaylistAnalysis
    from assistant.curation import Curation


class Curating(Parts):
    """The part of an assistant that works on playlists given as track ids in order. Nothing is stored."""

    def analyse(self, track_ids: Sequence[str]) -> PlaylistAnalysis:
        """Say what a playlist is like: repeats, artists, era gaps, what is out of place, length, energy, genres.

        Ids that the catalogue does not have are named and left out.

        Raises:
            CurateError: it has more than 2,000 tracks.
        """
        from assistant.analysing import analyse
        from assistant.curate_errors import check_length
        from assistant.curation import known_rows

        check_length(track_ids)
        recommender = self._agent().recommender
        rows, unknown = known_rows(recommender.catalogue, track_ids)
        return analyse(recommender.catalogue, recommender.ranker.vectors, rows, unknown)

    def curate(
        self,
        listener_id: str,
        track_ids: Sequence[str],
        *,
        no_duplicates: bool = False,
        n_more: int | None = None,
        text: str = "",
        minutes: float | None = None,
        arc: str | None = None,
    ) -> CuratedPlaylist:
        """Do several things to a playlist: take repeats out, add tracks, shorten it, put it into order, in this order.

        Args:
            listener_id: whose taste takes part in what is added.
            track_ids: the playlist.
            no_duplicates: as `without_duplicates`.
            n_more: as `extend`.
            text: as `extend`; 10 tracks where no number is given.
            minutes: as `shorten`.
            arc: as `reorder`.

        Raises:
            CurateError: as these.
        """
        from assistant.curate_errors import check_length
        from assistant.curation import curate

        check_length(track_ids)
        return curate(
            self._agent(),
            listener_id,
            track_ids,
            no_duplicates=no_duplicates,
            n_more=n_more,
            text=text,
            minutes=minutes,
            arc=arc,
        )

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
        return self._curation(track_ids).extend(listener_id, n_tracks, minutes, text)

    def shorten(self, track_ids: Sequence[str], minutes: float, keep: Sequence[str] = ()) -> CuratedPlaylist:
        """Bring a playlist to a length, as near as its tracks allow; what fits least goes first, the order stays.

        Args:
            track_ids: the playlist.
            minutes: length wanted.
            keep: ids of tracks that stay in any case.

        Raises:
            CurateError: nothing of the playlist is in the catalogue, or the length is none.
        """
        return self._curation(track_ids).shorten(minutes, keep)

    def reorder(self, track_ids: Sequence[str], arc: str) -> CuratedPlaylist:
        """Put a playlist into another order.

        Args:
            track_ids: the playlist.
            arc: "rising", "falling" or "peak" by energy, or "smooth": neighbours fit, and the first stays the first.

        Raises:
            CurateError: nothing of the playlist is in the catalogue, or there is no such order.
        """
        return self._curation(track_ids).reorder(arc)

    def without_duplicates(self, track_ids: Sequence[str], *, versions: bool = True) -> CuratedPlaylist:
        """Leave every recording once, and of the versions of one work the first that is no live take or remix.

        Args:
            track_ids: the playlist.
            versions: whether versions of one work count as the same.

        Raises:
            CurateError: nothing of the playlist is in the catalogue.
        """
        return self._curation(track_ids).without_duplicates(versions=versions)

    def take_out(self, track_ids: Sequence[str], positions: Sequence[int] = ()) -> CuratedPlaylist:
        """Leave out single tracks; without positions, just say what a playlist is like as it is.

        Args:
            track_ids: the playlist.
            positions: of what is to go, from 1, among the tracks that the catalogue has.

        Raises:
            CurateError: nothing of the playlist is in the catalogue.
        """
        return self._curation(track_ids).take_out(positions)

    def _curation(self, track_ids: Sequence[str]) -> Curation:
        from assistant.curate_errors import check_length
        from assistant.curation import Curation

        check_length(track_ids)
        return Curation(self._agent(), track_ids)
