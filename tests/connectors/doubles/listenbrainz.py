"""ListenBrainz's API as far as playlists need it (listenbrainz.readthedocs.io, "Playlists" and "Metadata")."""

from __future__ import annotations

import itertools
import re
from typing import Any

from tests.connectors.doubles.library import having
from tests.connectors.doubles.server import Answer, Asked, Double

TOKEN = "sssh-listenbrainz-token"
_RECORDING = re.compile(r"https://musicbrainz\.org/recording/([0-9a-f-]{36})")


class ListenBrainzDouble(Double):
    """One user and their playlists."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self.items: dict[str, list[str]] = {}
        self.public: dict[str, bool] = {}
        self._numbers = itertools.count(1)

    def answer(self, asked: Asked) -> Answer:
        said = asked.headers.get("Authorization", "")
        if asked.path == "/1/validate-token":
            good = said == f"Token {TOKEN}"
            return 200, {"valid": good, "user_name": "ann"} if good else {"valid": False, "message": "Token invalid."}
        if said != f"Token {TOKEN}":
            return 401, {"code": 401, "error": "Invalid authorization token."}
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["1", "metadata", "lookup"]:
                return self._lookup(asked)
            case "GET", ["1", "user", "ann", "playlists"]:
                start, n = int(asked.one("offset")), int(asked.one("count"))
                page = [{"playlist": self._playlist(one)} for one in list(self.names)[start : start + n]]
                return 200, {"playlists": page, "playlist_count": len(self.names), "offset": start, "count": n}
            case "POST", ["1", "playlist", "create"]:
                return self._create(asked.json()["playlist"])
            case "POST", ["1", "playlist", one, "item", "add"]:
                return self._add(one, asked.json()["playlist"]["track"])
            case "GET", ["1", "playlist", one] if one in self.names:
                tracks = [{"identifier": [f"https://musicbrainz.org/recording/{i}"]} for i in self.items[one]]
                return 200, {"playlist": self._playlist(one) | {"track": tracks}}
            case "POST", ["1", "playlist", one, "delete"] if one in self.names:
                del self.names[one], self.items[one]
                return 200, {"status": "ok"}
        return 404, {"code": 404, "error": "Not found"}

    def _lookup(self, asked: Asked) -> Answer:
        found = having(f"{asked.one('artist_name')} {asked.one('recording_name')}")
        # The real lookup is fuzzy: it answers with something near, which may be another version or artist.
        if not found:
            return 200, {}
        song = max(found, key=lambda song: song.title.endswith("Remaster"))
        return 200, {
            "recording_mbid": song.mbid,
            "recording_name": song.title,
            "artist_credit_name": song.artist,
            "release_name": "An album",
        }

    def _playlist(self, playlist_id: str) -> dict[str, Any]:
        return {"identifier": f"https://listenbrainz.org/playlist/{playlist_id}", "title": self.names[playlist_id]}

    def _create(self, playlist: dict[str, Any]) -> Answer:
        if not playlist.get("title"):
            return 400, {"code": 400, "error": "JSPF playlist.title must not be empty"}
        playlist_id = f"10000000-0000-4000-8000-{next(self._numbers):012d}"
        self.names[playlist_id], self.items[playlist_id] = playlist["title"], []
        self.public[playlist_id] = playlist["extension"]["https://musicbrainz.org/doc/jspf#playlist"]["public"]
        return 200, {"status": "ok", "playlist_mbid": playlist_id}

    def _add(self, playlist_id: str, tracks: list[dict[str, Any]]) -> Answer:
        found = [_RECORDING.fullmatch(track["identifier"][0]) for track in tracks]
        if len(tracks) > 100:
            return 400, {"code": 400, "error": "You may only add max 100 recordings per call."}
        if not all(found):
            return 400, {"code": 400, "error": "JSPF playlist track must have an identifier"}
        self.items[playlist_id] += [one[1] for one in found if one]
        return 200, {"status": "ok"}
