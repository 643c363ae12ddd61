"""MusicBrainz, by musicbrainzngs: when a recording first came out, how long it is, and what its artist plays.

Two kinds of request: a search for the recording, and the artist's own entry, once for each artist of a run. The library
keeps to one request a second, as MusicBrainz asks, says who is asking, and asks again, later and later, where the
service is busy (503). It would wait for an answer for ever, so sockets get a time limit while it is asked.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import urlsplit

import musicbrainzngs

from assistant.lookups import Asked, LookedUp
from connectors.accounts.errors import NotSetUpError, ServiceError
from connectors.lookups.same import BY_ID, likeness

if TYPE_CHECKING:
    from assistant.settings import Settings

_T = TypeVar("_T")
_TIMEOUT_S = 20.0
#: Hits of a search that are looked at.
_HITS = 10
_CONTACT = "put your e-mail or web address, which MusicBrainz asks every program to state, into "


class MusicBrainz:
    """MusicBrainz as a source of what tracks do not state."""

    def __init__(self, url: str, contact: str) -> None:
        """Tell the library where to ask, and who is asking; both hold for the whole process."""
        place = urlsplit(url)
        musicbrainzngs.set_hostname(place.netloc, use_https=place.scheme != "http")
        musicbrainzngs.set_useragent("Segue", version("segue"), contact)
        musicbrainzngs.set_rate_limit(1.0, 1)
        self._artists: dict[str, Mapping[str, Any]] = {}

    def look_up(self, asked: Asked) -> LookedUp | None:
        """Return what is known of a recording and its artist, None if there is no such recording.

        Raises:
            ServiceError: MusicBrainz cannot be reached, or is busy every time it is asked.
        """
        found = self._find(asked)
        if found is None:
            return None
        match, recordings = found
        best = recordings[0]
        words = _votes(best)
        country = ""
        for artist_id in _artist_ids(best)[:1]:
            artist = self._artist(artist_id)
            country = str(artist.get("country", ""))
            for word, votes in _votes(artist).items():
                words[word] = words.get(word, 0) + votes
        years = [year for one in recordings for year in _years(one)]
        return LookedUp(
            match=match,
            words=tuple(words.items()),
            year=min(years, default=None),
            duration_s=_seconds(best),
            country=country,
        )

    def _find(self, asked: Asked) -> tuple[float, list[Mapping[str, Any]]] | None:
        """The recordings that are the track, the surest first, and how sure that one is."""
        if asked.mbid:
            known = self._ask(
                lambda: musicbrainzngs.get_recording_by_id(asked.mbid, includes=["artists", "releases", "tags"])
            )
            if known is not None:
                return BY_ID, [known["recording"]]
        said = self._ask(
            lambda: musicbrainzngs.search_recordings(
                recording=asked.title, artist=asked.artist, limit=_HITS, strict=False
            )
        )
        hits: Sequence[Mapping[str, Any]] = (said or {}).get("recording-list", [])
        worth = [(likeness(asked, str(one.get("title", "")), _names(one), _seconds(one)), one) for one in hits]
        same = sorted((pair for pair in worth if pair[0] > 0), key=lambda pair: -pair[0])
        if not same:
            return None
        # Other recordings of the same work and the same artist tell when it first came out.
        return same[0][0], [one for _, one in same if _artist_ids(one)[:1] == _artist_ids(same[0][1])[:1]]

    def _artist(self, artist_id: str) -> Mapping[str, Any]:
        if artist_id not in self._artists:
            said = self._ask(lambda: musicbrainzngs.get_artist_by_id(artist_id, includes=["tags"]))
            self._artists[artist_id] = {} if said is None else said["artist"]
        return self._artists[artist_id]

    def _ask(self, ask: Callable[[], _T]) -> _T | None:
        """Ask once; the library itself asks again where that may help. None where there is nothing of that id."""
        try:
            with _time_limit():
                return ask()
        except musicbrainzngs.ResponseError as error:
            _close(error.cause)
            if getattr(error.cause, "code", None) == 404:
                return None
            raise ServiceError("MusicBrainz", f"its answer cannot be read ({type(error.cause).__name__})") from error
        except musicbrainzngs.WebServiceError as error:
            _close(error.cause)
            code = getattr(error.cause, "code", None)
            problem = f"it answered {code}" if code else f"it cannot be reached ({type(error.cause).__name__})"
            raise ServiceError("MusicBrainz", problem) from error


def open_musicbrainz(settings: Settings) -> MusicBrainz:
    """Open MusicBrainz for who the settings say is asking.

    Raises:
        NotSetUpError: they do not say.
    """
    given = settings.musicbrainz
    if not given.contact:
        raise NotSetUpError(
            "MusicBrainz", "SEGUE_MUSICBRAINZ__CONTACT is empty", f"{_CONTACT}SEGUE_MUSICBRAINZ__CONTACT"
        )
    return MusicBrainz(given.url, given.contact)


@contextmanager
def _time_limit() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _close(refusal: object) -> None:
    """Close the connection of an answer that nobody reads."""
    if isinstance(refusal, HTTPError):
        refusal.close()


def _credits(recording: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The artists of a recording; between them stand words such as "feat."."""
    return [one for one in recording.get("artist-credit", []) if isinstance(one, Mapping)]


def _names(recording: Mapping[str, Any]) -> list[str]:
    given = [str(one.get("name") or one.get("artist", {}).get("name", "")) for one in _credits(recording)]
    return [*given, str(recording.get("artist-credit-phrase", ""))]


def _artist_ids(recording: Mapping[str, Any]) -> list[str]:
    return [str(one["artist"]["id"]) for one in _credits(recording) if "id" in one.get("artist", {})]


def _votes(entity: Mapping[str, Any]) -> dict[str, int]:
    return {str(one["name"]): int(one.get("count") or 0) for one in entity.get("tag-list", []) if one.get("name")}


def _seconds(recording: Mapping[str, Any]) -> float | None:
    said = str(recording.get("length", ""))
    return int(said) / 1000 if said.isdecimal() else None


def _years(recording: Mapping[str, Any]) -> list[int]:
    dates = (str(one.get("date", ""))[:4] for one in recording.get("release-list", []))
    return [int(year) for year in dates if len(year) == 4 and year.isdecimal()]
