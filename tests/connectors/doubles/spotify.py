"""Spotify's Web API as far as playlists need it, with its sign-in (developer.spotify.com/documentation/web-api)."""

from __future__ import annotations

import base64
import itertools
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.connectors.doubles.library import LIBRARY, Song, having
from tests.connectors.doubles.server import Answer, Asked, Double

CLIENT, SECRET, REDIRECT = "client-of-segue", "sssh-client-secret", "http://127.0.0.1:8888/callback"
_QUOTED = re.compile(r'(\w+):"([^"]*)"')


class SpotifyDouble(Double):
    """One user, whose sign-in gives tokens that end on demand."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.items: dict[str, list[str]] = {}
        self.foreign = {"id": "foreign", "name": "Somebody's", "owner": {"id": "other"}}
        self._numbers = itertools.count(1)
        self._codes: dict[str, str] = {}
        self.access: set[str] = set()
        self.refresh: set[str] = set()
        #: As it was before February 2026: deleting has another address, and tracks state their ISRC.
        self.old = True

    def settings(self) -> dict[str, Any]:
        return {
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uri": REDIRECT,
            "api_url": f"{self.url}/v1",
            "sign_in_url": self.url,
        }

    def allow(self, address: str) -> str:
        """What a listener does in the browser: open the address, say yes, and end on another one."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        code = f"code-{next(self._numbers)}"
        self._codes[code] = asked["redirect_uri"]
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def end_tokens(self) -> None:
        """All access tokens end before their time."""
        self.access.clear()

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/api/token":
            return self._token(asked)
        if asked.headers.get("Authorization", "").removeprefix("Bearer ") not in self.access:
            return 401, {"error": {"status": 401, "message": "The access token expired"}}
        path = asked.path.removeprefix("/v1/").rstrip("/").split("/")
        match asked.method, path:
            case "GET", ["me"]:
                return 200, {"id": "ann"}
            case "GET", ["search"]:
                return 200, {"tracks": {"items": self._search(asked)}}
            case "GET", ["me", "playlists"]:
                owned = [self._playlist(one) for one in self.names]
                return 200, _page(asked, [self.foreign, *owned])
            case "POST", ["me", "playlists"]:
                playlist_id = f"list{next(self._numbers):018d}"
                self.names[playlist_id], self.items[playlist_id] = asked.json()["name"], []
                return 201, self._playlist(playlist_id)
            case "GET", ["playlists", one, "items"]:
                field = "track" if self.old else "item"
                return 200, _page(asked, [{field: {"id": i}} for i in self.items[one]])
            case "POST", ["playlists", one, "items"]:
                return self._add(one, asked.json())
            case "DELETE", ["me", "library"] if not self.old:
                one = asked.one("uris").removeprefix("spotify:playlist:")
                del self.names[one], self.items[one]
                return 200, None
            case "DELETE", ["playlists", one, "followers"]:
                if not self.old:
                    return 403, {"error": {"status": 403, "message": "Forbidden"}}
                del self.names[one], self.items[one]
                return 200, None
        return 404, {"error": {"status": 404, "message": asked.path}}

    def _token(self, asked: Asked) -> Answer:
        given = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked.headers.get("Authorization") != f"Basic {basic}":
            return 400, {"error": "invalid_client"}
        if given["grant_type"] == "authorization_code":
            if self._codes.pop(given["code"], None) != given["redirect_uri"]:
                return 400, {"error": "invalid_grant"}
        elif given["refresh_token"] not in self.refresh:
            return 400, {"error": "invalid_grant", "error_description": "Refresh token revoked"}
        access, refresh = (f"sssh-{kind}-{next(self._numbers)}" for kind in ("access", "refresh"))
        self.access.add(access)
        self.refresh.add(refresh)
        return 200, {"access_token": access, "refresh_token": refresh, "expires_in": 3600, "token_type": "Bearer"}

    def _search(self, asked: Asked) -> list[dict[str, Any]]:
        said = asked.one("q")
        limit = int(asked.one("limit"))
        assert 1 <= limit <= 10
        if said.startswith("isrc:"):
            found = [song for song in LIBRARY if song.isrc == said[5:]]
        elif quoted := dict(_QUOTED.findall(said)):
            found = having(" ".join(quoted.values()))
        else:
            found = having(said)
        return [self._track(song) for song in found[:limit]]

    def _track(self, song: Song) -> dict[str, Any]:
        coded = {"external_ids": {"isrc": song.isrc}} if self.old else {}
        named = {"id": song.spotify, "name": song.title, "artists": [{"name": song.artist}]}
        return named | {"album": {"name": "An album"}, "duration_ms": song.seconds * 1000} | coded

    def _playlist(self, playlist_id: str) -> dict[str, Any]:
        url = f"https://open.spotify.com/playlist/{playlist_id}"
        return {
            "id": playlist_id,
            "name": self.names[playlist_id],
            "owner": {"id": "ann"},
            "external_urls": {"spotify": url},
        }

    def _add(self, playlist_id: str, said: list[str] | dict[str, list[str]]) -> Answer:
        uris = said["uris"] if isinstance(said, dict) else said
        known = {song.spotify for song in LIBRARY}
        ids = [uri.removeprefix("spotify:track:") for uri in uris]
        if len(ids) > 100:
            return 400, {"error": {"status": 400, "message": "You can add a maximum of 100 tracks per request."}}
        if not set(ids) <= known:
            return 400, {"error": {"status": 400, "message": "Payload contains a non-existing ID"}}
        self.items[playlist_id] += ids
        return 201, {"snapshot_id": "x"}


def _page(asked: Asked, rows: list[Any]) -> dict[str, Any]:
    limit, offset = int(asked.one("limit", "20")), int(asked.one("offset", "0"))
    assert limit <= 50
    more = offset + limit < len(rows)
    return {"items": rows[offset : offset + limit], "total": len(rows), "next": "more" if more else None}
