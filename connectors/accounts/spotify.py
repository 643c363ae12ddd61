"""Spotify, by spotipy: sign-in with an app of the listener's own, and playlists of up to 10,000 tracks.

The token lies in the data folder, for its owner alone (mode 600); it is refreshed before it ends, and when Spotify says
that it has ended. Tracks: by Spotify's own id, else by ISRC, else by title and artist.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import spotipy
from spotipy.cache_handler import CacheHandler
from spotipy.oauth2 import SpotifyOAuth, SpotifyOauthError

from assistant.entries import Entry, search_title
from connectors.accounts.base import Account, Hit, There, best_hit
from connectors.accounts.errors import BusyError, NotSetUpError, RefusedError, SignInError, UnwellError
from connectors.accounts.patience import Patience, retry_after_s

if TYPE_CHECKING:
    from assistant.settings import Settings

#: Reading names of playlists so as not to make one twice, and making them.
SCOPE = "playlist-read-private playlist-modify-private playlist-modify-public"
_TIMEOUT_S = 20.0
_PAGE = 50
_LOG_IN = "run `segue login spotify`"
_APP = "make an app at https://developer.spotify.com/dashboard and set {} (docs/playlists.md)"

# spotipy logs requests with their headers, the token among them, and every refusal as an error.
logging.getLogger("spotipy").setLevel(logging.CRITICAL)


class TokenFile(CacheHandler):  # type: ignore[misc]
    """The token on disk: readable by its owner alone from the first byte, and replaced whole."""

    def __init__(self, path: Path) -> None:
        """Take where it lies; its folder is made when there is something to keep."""
        self.path = path

    def get_cached_token(self) -> dict[str, Any] | None:
        """Return the token; None where there is none that can be read."""
        try:
            token = json.loads(self.path.read_bytes())
        except (OSError, ValueError):
            return None
        return token if isinstance(token, dict) and {"access_token", "expires_at"} <= token.keys() else None

    def save_token_to_cache(self, token_info: dict[str, Any]) -> None:
        """Keep the token."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(6)}")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(token_info, file)
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)


class SignIn:
    """Getting a token: an address to open, and the address that the browser is sent back to."""

    def __init__(self, oauth: SpotifyOAuth) -> None:
        """Take the app's credentials; the answer must bring back a word that only this sign-in knows."""
        self._oauth, self._state = oauth, secrets.token_urlsafe(16)

    @property
    def address(self) -> str:
        """The address to open in a browser, on any machine."""
        return str(self._oauth.get_authorize_url(state=self._state))

    def finish(self, redirected: str) -> None:
        """Take the address that the browser was sent back to, and keep the token.

        Raises:
            SignInError: it brings no code, not for this sign-in, or Spotify does not take it.
        """
        again = f"{_LOG_IN} again and paste the whole address that the browser ends on"
        try:
            state, code = self._oauth.parse_auth_response_url(redirected.strip())
            if not code or state != self._state:
                raise SignInError("Spotify", "the address has no code for this sign-in", again)
            self._oauth.get_access_token(code, as_dict=False, check_cache=False)
        except SpotifyOauthError as error:
            raise SignInError("Spotify", str(error.error or "the code is not valid"), again) from error
        except requests.RequestException as error:
            raise SignInError("Spotify", f"it cannot be reached ({type(error).__name__})", again) from error


class SpotifyAccount(Account):
    """A Spotify account."""

    service = "Spotify"

    def __init__(self, client: spotipy.Spotify, oauth: SpotifyOAuth, patience: Patience | None = None) -> None:
        """Take a client and what refreshes its token."""
        super().__init__(patience)
        self._client, self._oauth = client, oauth
        self._owner = ""

    def owner(self) -> str:
        """Return the id of the account's owner."""
        if not self._owner:
            self._owner = str(self._ask(self._client.current_user)["id"])
        return self._owner

    def find(self, entry: Entry) -> tuple[str, str] | None:
        """Find a track by its id at Spotify, by ISRC, or by title and artist."""
        if spotify_id := entry.ids.get("spotify"):
            return spotify_id, "id"
        if isrc := entry.ids.get("isrc"):
            for item in self._search(f"isrc:{isrc}"):
                coded = (item.get("external_ids") or {}).get("isrc")
                if coded == isrc or (coded is None and best_hit(entry, [_hit(item)])):
                    return str(item["id"]), "isrc"
        artist = entry.artist.split(",")[0]
        for query in (
            f'track:"{_bare(entry.title)}" artist:"{_bare(artist)}"',
            f"{search_title(entry.title)} {artist}",
        ):
            if found := best_hit(entry, map(_hit, self._search(query))):
                return found
        return None

    def playlists(self) -> list[There]:
        """Return the playlists that the account owns."""
        owner = self.owner()
        found: list[There] = []
        for page in self._pages(lambda offset: self._client.current_user_playlists(_PAGE, offset)):
            found += [_there(one) for one in page if one and one.get("owner", {}).get("id") == owner]
        return found

    def make(self, name: str, description: str, *, public: bool) -> There:
        """Make an empty playlist."""
        return _there(
            self._ask(
                lambda: self._client.current_user_playlist_create(name, public=public, description=description or None)
            )
        )

    def add(self, playlist_id: str, service_ids: Sequence[str]) -> None:
        """Add at most 100 tracks."""
        self._ask(lambda: self._client.playlist_add_items(playlist_id, [f"spotify:track:{i}" for i in service_ids]))

    def tracks(self, playlist_id: str) -> list[str]:
        """Return the ids of a playlist's tracks."""
        ids: list[str] = []
        for page in self._pages(lambda offset: self._client.playlist_items(playlist_id, limit=_PAGE, offset=offset)):
            ids += [str((one.get("item") or one.get("track") or {}).get("id")) for one in page]
        return ids

    def delete(self, playlist_id: str) -> None:
        """Take a playlist out of the account, which is all the deleting that Spotify knows."""
        try:
            self._ask(lambda: self._client._delete("me/library", uris=f"spotify:playlist:{playlist_id}"))
        except (SignInError, RefusedError):
            # The address before February 2026, and the only one that spotipy 2.26 has a word for.
            self._ask(lambda: self._client.current_user_unfollow_playlist(playlist_id))

    def examples(self) -> list[Entry]:
        """Name tracks that Spotify has everywhere."""
        return [
            Entry("Bohemian Rhapsody", "Queen"),
            Entry("Billie Jean", "Michael Jackson"),
            Entry("Dancing Queen", "ABBA"),
        ]

    def close(self) -> None:
        """Close the connections."""
        self._client._session.close()

    def _search(self, query: str) -> list[dict[str, Any]]:
        found = self._ask(lambda: self._client.search(query, limit=10, type="track"))
        return [item for item in found["tracks"]["items"] if item and item.get("id")]

    def _pages(self, read: Callable[[int], Any]) -> list[list[dict[str, Any]]]:
        pages: list[list[dict[str, Any]]] = []
        offset = 0
        while True:
            page = self._ask(partial(read, offset))
            pages.append(page["items"])
            offset += len(page["items"])
            if not page.get("next") or not page["items"]:
                return pages

    def _ask(self, ask: Callable[[], Any], *, again: bool = True) -> Any:
        """Ask Spotify; when it says that the token has ended, refresh it and ask once more."""
        try:
            return ask()
        except spotipy.SpotifyException as error:
            status = error.http_status
            if status == 401 and again:
                self._refresh()
                return self._ask(ask, again=False)
            if status == 429:
                raise BusyError(retry_after_s(error.headers)) from error
            if status >= 500:
                raise UnwellError(f"it answered {status}") from error
            if status in (401, 403):
                problem = "the app may not do that for this account" if status == 403 else "the sign-in has ended"
                raise SignInError(self.service, problem, _LOG_IN) from error
            raise RefusedError(self.service, f"it answered {status}") from error
        except SpotifyOauthError as error:
            raise _refused(error) from error
        except (requests.RequestException, EOFError) as error:
            raise UnwellError(f"it cannot be reached ({type(error).__name__})") from error

    def _refresh(self) -> None:
        token = self._oauth.cache_handler.get_cached_token() or {}
        if not token.get("refresh_token"):
            raise SignInError(self.service, "nobody is signed in", _LOG_IN)
        try:
            self._oauth.refresh_access_token(token["refresh_token"])
        except SpotifyOauthError as error:
            raise _refused(error) from error
        except requests.RequestException as error:
            raise UnwellError(f"it cannot be reached ({type(error).__name__})") from error


def sign_in(settings: Settings) -> SignIn:
    """Begin to sign in.

    Raises:
        NotSetUpError: the app's credentials are missing.
    """
    return SignIn(_oauth(settings))


def open_spotify(settings: Settings, patience: Patience | None = None) -> SpotifyAccount:
    """Open the account that is signed in.

    Raises:
        NotSetUpError: the app's credentials are missing, or nobody is signed in.
    """
    oauth = _oauth(settings)
    if oauth.cache_handler.get_cached_token() is None:
        raise NotSetUpError("Spotify", "nobody is signed in", _LOG_IN)
    # A session of our own: spotipy's would wait for as long as Spotify says, hours even, without a word.
    client = spotipy.Spotify(auth_manager=oauth, requests_session=requests.Session(), requests_timeout=_TIMEOUT_S)
    client.prefix = settings.spotify.api_url.rstrip("/") + "/"
    return SpotifyAccount(client, oauth, patience)


def token_path(home: Path) -> Path:
    """Say where the token lies."""
    return home / "accounts" / "spotify.json"


def _oauth(settings: Settings) -> SpotifyOAuth:
    given = settings.spotify
    if not given.client_id or given.client_secret is None:
        missing = "SEGUE_SPOTIFY__CLIENT_SECRET" if given.client_id else "SEGUE_SPOTIFY__CLIENT_ID"
        raise NotSetUpError("Spotify", f"{missing} is empty", _APP.format(missing))
    oauth = SpotifyOAuth(
        client_id=given.client_id,
        client_secret=given.client_secret.get_secret_value(),
        redirect_uri=given.redirect_uri,
        scope=SCOPE,
        open_browser=False,
        requests_timeout=_TIMEOUT_S,
        cache_handler=TokenFile(token_path(settings.home)),
    )
    oauth.OAUTH_AUTHORIZE_URL = given.sign_in_url.rstrip("/") + "/authorize"
    oauth.OAUTH_TOKEN_URL = given.sign_in_url.rstrip("/") + "/api/token"
    return oauth


def _refused(error: SpotifyOauthError) -> SignInError | UnwellError:
    """Tell a sign-in that has ended (RFC 6749, section 5.2) from a service that cannot say just now."""
    if str(error.error).startswith(("invalid_", "unauthorized_", "unsupported_")):
        return SignInError("Spotify", "the sign-in has ended", _LOG_IN)
    return UnwellError("its sign-in does not answer")


def _bare(words: str) -> str:
    """Words between quotes of a search."""
    return words.replace('"', " ").strip()


def _hit(item: dict[str, Any]) -> Hit:
    milliseconds = item.get("duration_ms")
    return Hit(
        service_id=str(item["id"]),
        title=str(item.get("name", "")),
        artists=tuple(str(one.get("name", "")) for one in item.get("artists", ())),
        album=str((item.get("album") or {}).get("name", "")),
        duration_s=None if milliseconds is None else milliseconds / 1000,
    )


def _there(one: dict[str, Any]) -> There:
    url = (one.get("external_urls") or {}).get("spotify") or f"https://open.spotify.com/playlist/{one['id']}"
    return There(str(one["id"]), str(one["name"]), str(url))
