"""ListenBrainz, by liblistenbrainz: playlists of MusicBrainz recordings, with a token of the listener's.

The library knows nothing of playlists, so its requests are used with ListenBrainz's own addresses. It would also wait
for as long as a server asks, and for an answer for ever: `Client` asks once, with a limit, and says what came.
Tracks: by MusicBrainz id, else by title and artist as ListenBrainz looks them up; ISRCs it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from liblistenbrainz import ListenBrainz

from assistant.entries import Entry, ids_in, search_title
from connectors.accounts.base import Account, Hit, There, best_hit
from connectors.accounts.errors import BusyError, NotSetUpError, RefusedError, SignInError, UnwellError
from connectors.accounts.patience import Patience, retry_after_s

if TYPE_CHECKING:
    from assistant.settings import Settings

_TIMEOUT_S = 20.0
_PAGE = 100
_OF_PLAYLIST = "https://musicbrainz.org/doc/jspf#playlist"
_RECORDING = "https://musicbrainz.org/recording/"
_TOKEN = "copy your token from https://listenbrainz.org/settings into SEGUE_LISTENBRAINZ__TOKEN"


class Client(ListenBrainz):  # type: ignore[misc]
    """The library's client, asking once and with a time limit."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(api_base_url=url)
        self.set_auth_token(token, check_validity=False)
        self.session = requests.Session()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Read an address."""
        return self._ask("GET", path, params=params)

    def post(self, path: str, document: Mapping[str, object] | None = None) -> Any:
        """Send a document."""
        return self._ask("POST", path, data=json.dumps(document or {}), headers={"Content-Type": "application/json"})

    def _ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
        signed = {**(headers or {}), "Authorization": f"Token {self._auth_token}"}
        url = self.api_base_url.rstrip("/") + path
        try:
            answer = self.session.request(
                method, url, headers=signed, timeout=_TIMEOUT_S, allow_redirects=False, **more
            )
        except requests.RequestException as error:
            raise UnwellError(f"it cannot be reached ({type(error).__name__})") from error
        self._update_rate_limit_variables(answer)
        status = answer.status_code
        if status == 429:
            after_s = retry_after_s(answer.headers)
            raise BusyError(self.ratelimit_reset_in if after_s is None else after_s)
        if status >= 500:
            raise UnwellError(f"it answered {status}")
        if status in (401, 403):
            raise SignInError("ListenBrainz", "the token is not valid", _TOKEN)
        if status >= 300:
            raise RefusedError("ListenBrainz", f"it answered {status}")
        try:
            return answer.json() if answer.content else {}
        except ValueError as error:
            raise UnwellError("its answer cannot be read") from error


class ListenBrainzAccount(Account):
    """An account at ListenBrainz, or at a server of one's own that speaks its protocol."""

    service = "ListenBrainz"

    def __init__(self, client: Client, patience: Patience | None = None) -> None:
        """Take a client with a token."""
        super().__init__(patience)
        self._client = client
        self._owner = ""

    def owner(self) -> str:
        """Return the name of the token's owner."""
        if not self._owner:
            said = self._client.get("/1/validate-token")
            if not said.get("valid"):
                raise SignInError(self.service, "the token is not valid", _TOKEN)
            self._owner = str(said["user_name"])
        return self._owner

    def find(self, entry: Entry) -> tuple[str, str] | None:
        """Find a recording by its MusicBrainz id, or look its title and artist up."""
        if mbid := entry.ids.get("mbid"):
            return mbid, "mbid"
        artist = entry.artist.split(",")[0]
        if not artist:
            return None
        for title in dict.fromkeys((entry.title, search_title(entry.title))):
            said = self._lookup(artist, title)
            if mbid := said.get("recording_mbid"):
                hit = Hit(str(mbid), str(said.get("recording_name", "")), (str(said.get("artist_credit_name", "")),))
                if found := best_hit(entry, [hit]):
                    return found
        return None

    def playlists(self) -> list[There]:
        """Return the account's playlists, private ones too."""
        path = f"/1/user/{quote(self.owner(), safe='')}/playlists"
        found: list[There] = []
        while True:
            page = self._client.get(path, {"count": _PAGE, "offset": len(found)})
            found += [_there(one["playlist"]) for one in page["playlists"]]
            if not page["playlists"] or len(found) >= int(page.get("playlist_count", 0)):
                return found

    def make(self, name: str, description: str, *, public: bool) -> There:
        """Make an empty playlist."""
        playlist = {
            "title": name,
            "annotation": description,
            "extension": {_OF_PLAYLIST: {"public": public}},
        }
        made = self._client.post("/1/playlist/create", {"playlist": playlist})
        return There(str(made["playlist_mbid"]), name, _url(str(made["playlist_mbid"])))

    def add(self, playlist_id: str, service_ids: Sequence[str]) -> None:
        """Add at most 100 recordings."""
        tracks = [{"identifier": [_RECORDING + mbid]} for mbid in service_ids]
        self._client.post(f"/1/playlist/{quote(playlist_id, safe='')}/item/add", {"playlist": {"track": tracks}})

    def tracks(self, playlist_id: str) -> list[str]:
        """Return the ids of a playlist's recordings."""
        said = self._client.get(f"/1/playlist/{quote(playlist_id, safe='')}", {"fetch_metadata": "false"})
        return [ids_in(_listed(track.get("identifier"))).get("mbid", "") for track in said["playlist"]["track"]]

    def delete(self, playlist_id: str) -> None:
        """Delete a playlist."""
        self._client.post(f"/1/playlist/{quote(playlist_id, safe='')}/delete")

    def examples(self) -> list[Entry]:
        """Name recordings that MusicBrainz has had for years."""
        return [
            Entry("Bohemian Rhapsody", "Queen"),
            Entry("Karma Police", "Radiohead"),
            Entry("Dancing Queen", "ABBA"),
        ]

    def close(self) -> None:
        """Close the connections."""
        self._client.session.close()

    def _lookup(self, artist: str, title: str) -> dict[str, Any]:
        try:
            said = self._client.get("/1/metadata/lookup/", {"artist_name": artist, "recording_name": title})
        except RefusedError:
            return {}  # nothing of that name
        return said if isinstance(said, dict) else {}


def open_listenbrainz(settings: Settings, patience: Patience | None = None) -> ListenBrainzAccount:
    """Open the account whose token is set.

    Raises:
        NotSetUpError: there is no token.
    """
    given = settings.listenbrainz
    if given.token is None or not given.token.get_secret_value():
        raise NotSetUpError("ListenBrainz", "SEGUE_LISTENBRAINZ__TOKEN is empty", _TOKEN)
    return ListenBrainzAccount(Client(given.url, given.token.get_secret_value()), patience)


def _there(playlist: Mapping[str, Any]) -> There:
    address = next(iter(_listed(playlist.get("identifier"))), "")
    return There(address.rstrip("/").rpartition("/")[2], str(playlist.get("title", "")), address)


def _listed(value: object) -> list[str]:
    """An identifier, which the protocol has as a text here and as a list there."""
    return [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []


def _url(mbid: str) -> str:
    return f"https://listenbrainz.org/playlist/{mbid}"
