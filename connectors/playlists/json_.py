"""JSON with everything a program needs of a turn: the slate, its reasons and the receipt. Schema 1."""

from __future__ import annotations

import json

from assistant.reply import Reply


def json_document(reply: Reply) -> str:
    """Write a reply as one JSON document; `duration_s` is null where the length is not known."""
    document = {
        "schema": 1,
        "query": reply.query,
        "seed": reply.seed,
        "index": reply.index,
        "tracks": [
            {
                "position": track.position,
                "track_id": track.track_id,
                "title": track.title,
                "artist": track.artist,
                "artists": list(track.artists),
                "album": track.album,
                "year": track.year,
                "duration_s": None if track.duration_estimated else track.duration_s,
                "link": track.link,
                "reason": track.reason,
            }
            for track in reply.tracks
        ],
        "receipt": [
            {
                "constraint": line.constraint,
                "hard": line.hard,
                "asked": line.asked,
                "delivered": line.delivered,
                "unknown": line.unknown,
                "relaxed": line.relaxed,
            }
            for line in reply.receipt
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
