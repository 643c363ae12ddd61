"""Navidrome, and every other server that speaks (Open)Subsonic's protocol, by py-opensonic.

Tracks: by ISRC or MusicBrainz id among what a search for title and artist gives, else by title and artist alone.
Passwords are sent as the protocol has them since 1.13, salted and hashed; use https all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
from libopensonic import Connection, errors

from assistant.entries import Entry, search_title
from connectors.accounts.base import Account, Hit, There, best_hit
from connectors.accounts.errors import BusyError, NotSetUpError, RefusedError, SignInError, UnwellError
from connectors.accounts.patience import Patience, retry_after_s

if TYPE_CHECKING:
    from assistant.settings import Settings

_ASKED = 20
_CHECK = "check SEGUE_SUBSONIC__USER and SEGUE_SUBSONIC__PASSWORD"


class SubsonicAccount(Account):
    """An account of a Subsonic server."""

    service = "Subsonic"

    def __init__(self, connection: Connection, url: str, user: str, patience: Patience | None = None) -> None:
        """Take a connection, the server's address and whom it signs in."""
        super().__init__(patience)
        self._connection, self._url, self._user = connection, url, user

    def owner(self) -> str:
        """Return the name of the user."""
        self._ask(self._connection.ping)
        return self._user

    def find(self, entry: Entry) -> tuple[str, str] | None:
        """Find a track of the server."""
        title, artist = search_title(entry.title), entry.artist.split(",")[0]
        for query in dict.fromkeys((f"{title} {artist}".strip(), title)):
            songs = self._search(query)
            if found := _by_id(entry, songs) or best_hit(entry, map(_hit, songs)):
                return found
        return None

    def playlists(self) -> list[There]:
        """Return the user's own playlists."""
        return [
            There(str(one.id), str(one.name), self._url)
            for one in self._ask(self._connection.get_playlists)
            if one.owner is None or one.owner.lower() == self._user.lower()
        ]

    def make(self, name: str, description: str, *, public: bool) -> There:
        """Make an empty playlist; it is private or public as the server makes them, which the client cannot say."""
        before = {one.playlist_id for one in self.playlists()}
        self._ask(lambda: self._connection.create_playlist(name=name))
        made = next((one for one in self.playlists() if one.name == name and one.playlist_id not in before), None)
        if made is None:
            raise UnwellError("the playlist that it made is not there")
        if description:
            self._ask(lambda: self._connection.update_playlist(made.playlist_id, comment=description))
        return made

    def add(self, playlist_id: str, service_ids: Sequence[str]) -> None:
        """Add at most 100 tracks."""
        self._ask(lambda: self._connection.update_playlist(playlist_id, song_ids_to_add=list(service_ids)))

    def tracks(self, playlist_id: str) -> list[str]:
        """Return the ids of a playlist's tracks."""
        return [str(one.id) for one in self._ask(lambda: self._connection.get_playlist(playlist_id)).entry or ()]

    def delete(self, playlist_id: str) -> None:
        """Delete a playlist."""
        self._ask(lambda: self._connection.delete_playlist(playlist_id))

    def examples(self) -> list[Entry]:
        """Name tracks of this server: those that a search for nothing gives."""
        songs = [song for song in self._search("") if song.title and song.artist]
        return [Entry(song.title, song.artist, song.album or "", song.duration) for song in songs[:10]]

    def close(self) -> None:
        """Close the connection and its thread."""
        self._connection.cleanup()
        self._connection._loop.close()  # which the library leaves open

    def _search(self, query: str) -> list[Any]:
        found = self._ask(lambda: self._connection.search3(query, artist_count=0, album_count=0, song_count=_ASKED))
        return found.song or []

    def _ask(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except (errors.CredentialError, errors.AuthError) as error:
            raise SignInError(
                self.service, "user and password are not valid, or not allowed to do that", _CHECK
            ) from error
        except errors.DataNotFoundError as error:
            raise RefusedError(self.service, "it has no such track or playlist") from error
        except errors.SonicError as error:
            raise RefusedError(self.service, str(error)[:200]) from error
        except aiohttp.ClientResponseError as error:
            if error.status == 429:
                raise BusyError(retry_after_s(error.headers)) from error
            if error.status in (401, 403):
                raise SignInError(self.service, f"it answered {error.status}", _CHECK) from error
            if error.status >= 500:
                raise UnwellError(f"it answered {error.status}") from error
            raise RefusedError(self.service, f"it answered {error.status}; is SEGUE_SUBSONIC__URL right?") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnwellError(f"it cannot be reached ({type(error).__name__})") from error
        except (KeyError, ValueError) as error:
            raise UnwellError("its answer cannot be read") from error


def open_subsonic(settings: Settings, patience: Patience | None = None) -> SubsonicAccount:
    """Open the account of the settings.

    Raises:
        NotSetUpError: address, user or password are missing.
    """
    given = settings.subsonic
    for name, value in (("URL", given.url), ("USER", given.user), ("PASSWORD", given.password)):
        if not value:
            raise NotSetUpError("Subsonic", f"SEGUE_SUBSONIC__{name} is empty", "set it (docs/playlists.md)")
    url = urlsplit(given.url or "")
    if url.scheme not in ("http", "https") or not url.hostname or given.password is None:
        remedy = "give the address that you open in a browser, such as https://music.example.org"
        raise NotSetUpError("Subsonic", "SEGUE_SUBSONIC__URL is no web address", remedy)
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    connection = Connection(
        f"{url.scheme}://{host}",
        given.user,
        given.password.get_secret_value(),
        port=url.port or (443 if url.scheme == "https" else 80),
        server_path=url.path.strip("/"),
        app_name="segue",
    )
    return SubsonicAccount(connection, given.url or "", given.user or "", patience)


def _by_id(entry: Entry, songs: Sequence[Any]) -> tuple[str, str] | None:
    isrc, mbid = entry.ids.get("isrc"), entry.ids.get("mbid")
    for song in songs:
        if isrc and isrc in [code.replace("-", "").upper() for code in song.isrc or ()]:
            return str(song.id), "isrc"
        if mbid and mbid == (song.music_brainz_id or "").lower():
            return str(song.id), "mbid"
    return None


def _hit(song: Any) -> Hit:
    artists = tuple(one.name for one in song.artists or ()) or (song.display_artist or song.artist or "",)
    return Hit(str(song.id), song.title, artists, song.album or "", song.duration)
