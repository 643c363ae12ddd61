"""A Subsonic server as far as playlists need it (subsonic.org/pages/api.jsp and opensubsonic.netlify.app)."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any
from urllib.parse import parse_qs

from tests.connectors.doubles.library import LIBRARY, Song, having
from tests.connectors.doubles.server import Answer, Asked, Double

USER, PASSWORD = "ann", "sssh-subsonic-password"


class SubsonicDouble(Double):
    """One user and their playlists; somebody else's public one is there too."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {"foreign": "Somebody's"}
        self.items: dict[str, list[str]] = {"foreign": []}
        self._numbers = itertools.count(1)

    def answer(self, asked: Asked) -> Answer:
        given = parse_qs(asked.body.decode(), keep_blank_values=True) | asked.query

        def one(name: str, otherwise: str = "") -> str:
            return given.get(name, [otherwise])[0]

        right = hashlib.md5(f"{PASSWORD}{one('s')}".encode()).hexdigest()
        if one("u") != USER or one("t") != right or "p" in given:
            return _failed(40, "Wrong username or password")
        wanted = one("playlistId") or one("id")
        match asked.path.removeprefix("/music/rest/").removesuffix(".view"):
            case "ping":
                return _ok({})
            case "search3":
                found = having(one("query")) if one("query") else LIBRARY[3:]
                return _ok({"searchResult3": {"song": [_song(song) for song in found[: int(one("songCount"))]]}})
            case "getPlaylists":
                return _ok({"playlists": {"playlist": [self._playlist(i) for i in self.names]}})
            case "getPlaylist" if wanted in self.names:
                entries = [_song(song) for i in self.items[wanted] for song in LIBRARY if str(song.number) == i]
                return _ok({"playlist": self._playlist(wanted) | {"entry": entries}})
            case "createPlaylist":
                playlist_id = f"pl-{next(self._numbers)}"
                self.names[playlist_id], self.items[playlist_id] = one("name"), []
                return _ok({})
            case "updatePlaylist" if wanted in self.names:
                return self._add(wanted, given.get("songIdToAdd", []))
            case "deletePlaylist" if wanted in self.names:
                del self.names[wanted], self.items[wanted]
                return _ok({})
        return _failed(70, "not found")

    def _add(self, playlist_id: str, ids: list[str]) -> Answer:
        if len(ids) > 100:
            return _failed(0, "too many parameters")
        if not set(ids) <= {str(song.number) for song in LIBRARY}:
            return _failed(70, "song not found")
        self.items[playlist_id] += ids
        return _ok({})

    def _playlist(self, playlist_id: str) -> dict[str, Any]:
        named = {"id": playlist_id, "name": self.names[playlist_id], "songCount": len(self.items[playlist_id])}
        owner = "bob" if playlist_id == "foreign" else USER
        dated = {"duration": 0, "created": "2026-01-01T00:00:00Z", "changed": "2026-01-01T00:00:00Z"}
        return named | dated | {"owner": owner, "public": owner == "bob"}


def _song(song: Song) -> dict[str, Any]:
    fields = {"id": str(song.number), "isDir": False, "title": song.title, "artist": song.artist, "album": "An album"}
    coded = {"isrc": [song.isrc]} if song.isrc else {}
    return fields | coded | {"duration": song.seconds, "musicBrainzId": song.mbid}


def _ok(said: dict[str, Any]) -> Answer:
    return 200, {"subsonic-response": {"status": "ok", "version": "1.16.1", **said}}


def _failed(code: int, message: str) -> Answer:
    error = {"code": code, "message": message}
    return 200, {"subsonic-response": {"status": "failed", "version": "1.16.1", "error": error}}
