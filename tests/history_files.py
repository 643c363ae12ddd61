"""Small exports as the services write them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: 2024-01-01 12:00 UTC.
NOON = 1704110400


def play(title: str | None, artist: str | None = "Slowdive", **changes: Any) -> dict[str, Any]:
    """Return one play of Spotify's extended streaming history."""
    return {
        "ts": "2024-01-01T12:00:00Z",
        "platform": "android",
        "ms_played": 200_000,
        "conn_country": "DE",
        "master_metadata_track_name": title,
        "master_metadata_album_artist_name": artist,
        "master_metadata_album_album_name": "Souvlaki",
        "spotify_track_uri": "spotify:track:4R7ShRyEp7ZrPrAtrhrjyW",
        "episode_name": None,
        "spotify_episode_uri": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "skipped": False,
        "incognito_mode": False,
    } | changes


def listen(title: str, artist: str = "Slowdive", at: int = NOON, **more: Any) -> dict[str, Any]:
    """Return one listen of ListenBrainz."""
    metadata = {"track_name": title, "artist_name": artist, "release_name": "Souvlaki", "additional_info": more}
    return {"listened_at": at, "track_metadata": metadata, "recording_msid": "m"}


def scrobble(title: str, artist: str = "Slowdive", at: int = NOON) -> dict[str, Any]:
    """Return one track of a page of Last.fm's API."""
    return {
        "artist": {"#text": artist, "mbid": ""},
        "name": title,
        "album": {"#text": "Souvlaki", "mbid": ""},
        "mbid": "",
        "date": {"uts": str(at), "#text": "01 Jan 2024, 12:00"},
    }


def write(path: Path, content: Any) -> Path:
    """Write JSON, or text or bytes as they are."""
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def lines(*rows: Mapping[str, Any]) -> str:
    """Write rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def zipped(path: Path, members: Mapping[str, Any]) -> Path:
    """Write a zip archive of members by name."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            data = content if isinstance(content, str | bytes) else json.dumps(content)
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return write(path, held.getvalue())
