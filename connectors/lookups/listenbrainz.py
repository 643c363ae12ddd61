"""ListenBrainz, by liblistenbrainz: one request says what it knows of a track by artist and title.

The answer holds words that listeners gave the recording, its release and its artist, the release's year, the length and
the artist's country. ListenBrainz looks names up fuzzily, so what it found is compared with what was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from assistant.lookups import Asked, LookedUp
from connectors.accounts.errors import NotSetUpError, RefusedError
from connectors.accounts.listenbrainz import Client
from connectors.accounts.patience import Patience
from connectors.lookups.same import likeness

if TYPE_CHECKING:
    from assistant.settings import Settings

_TOKEN = "copy your token from https://listenbrainz.org/settings into SEGUE_LISTENBRAINZ__TOKEN"


class ListenBrainzLookup:
    """ListenBrainz as a source of what tracks do not state."""

    def __init__(self, client: Client, patience: Callable[[], Patience] = lambda: Patience("ListenBrainz")) -> None:
        """Take a client, and how long it is waited for in one lookup."""
        self._client, self._patience = client, patience

    def look_up(self, asked: Asked) -> LookedUp | None:
        """Return what is known of a recording, None if it is not known.

        Raises:
            ServiceError: ListenBrainz cannot be reached, or fails every time it is asked.
            SignInError: the token is not valid.
        """
        wanted = {"artist_name": asked.artist, "recording_name": asked.title}
        given = {**wanted, "metadata": "true", "inc": "artist tag release"}
        try:
            said = self._patience()(lambda: self._client.get("/1/metadata/lookup/", given))
        except RefusedError:
            return None  # nothing of that name
        if not isinstance(said, dict) or not said.get("recording_mbid"):
            return None
        known = _object(said.get("metadata"))
        length = _object(known.get("recording")).get("length")
        duration_s = float(length) / 1000 if isinstance(length, int) and length > 0 else None
        artists = _listed(_object(known.get("artist")).get("artists"))
        names = [str(said.get("artist_credit_name", "")), *(str(one.get("name", "")) for one in artists)]
        match = likeness(asked, str(said.get("recording_name", "")), names, duration_s)
        if not match:
            return None
        year = _object(known.get("release")).get("year")
        return LookedUp(
            match=match,
            words=tuple(_words(_object(known.get("tag"))).items()),
            year=year if isinstance(year, int) else None,
            duration_s=duration_s,
            country=str(artists[0].get("area") or "") if artists else "",
        )


def open_listenbrainz_lookup(settings: Settings) -> ListenBrainzLookup:
    """Open ListenBrainz with the token of the settings.

    Raises:
        NotSetUpError: there is none.
    """
    given = settings.listenbrainz
    if given.token is None or not given.token.get_secret_value():
        raise NotSetUpError("ListenBrainz", "SEGUE_LISTENBRAINZ__TOKEN is empty", _TOKEN)
    return ListenBrainzLookup(Client(given.url, given.token.get_secret_value()))


def _words(tags: Mapping[str, Any]) -> dict[str, int]:
    """The words with their votes; those of the recording count as those of its artist and its release group do."""
    votes: dict[str, int] = {}
    for of in ("recording", "release_group", "artist"):
        for one in _listed(tags.get(of)):
            if isinstance(one.get("tag"), str) and isinstance(one.get("count"), int):
                votes[one["tag"]] = votes.get(one["tag"], 0) + one["count"]
    return votes


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
