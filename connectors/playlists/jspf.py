"""JSPF: XSPF's fields as JSON (xspf.org/jspf), as ListenBrainz and others read it."""

from __future__ import annotations

import json
from typing import Any

from assistant.reply import Reply, SlateTrack
from connectors.playlists.base import describe
from connectors.playlists.xspf import EXTENSION


def jspf(reply: Reply) -> str:
    """Write a reply's slate as JSPF; each track's reason is its annotation."""
    playlist = {
        "title": reply.query,
        "creator": "Segue",
        "annotation": reply.text,
        "extension": {EXTENSION: [{"seed": reply.seed}]},
        "track": [_track(track) for track in reply.tracks],
    }
    return json.dumps({"playlist": playlist}, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _track(track: SlateTrack) -> dict[str, Any]:
    said = describe(track)
    fields: dict[str, Any] = {
        "location": said.locations,
        "identifier": said.identifiers,
        "title": track.title,
        "creator": track.artist,
        "annotation": track.reason,
        "info": said.info,
        "album": track.album,
        "duration": said.duration_ms,
        "extension": {EXTENSION: [{"position": track.position, "id": track.track_id, "year": track.year}]},
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [])}
