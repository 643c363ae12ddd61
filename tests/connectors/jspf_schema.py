"""JSPF as a JSON schema, written from the specification of XSPF 1 (xspf.org/spec) and its form in JSON (xspf.org/jspf).

Every element that XSPF allows many times is a list, a duration is a whole number of milliseconds, an extension maps an
application's URI to a list.
"""

from __future__ import annotations

_TEXT = {"type": "string"}
_URI = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*$"}
_URIS = {"type": "array", "items": _URI}
_WHOLE = {"type": "integer", "minimum": 0}
_LINKS = {"type": "array", "items": {"type": "object", "minProperties": 1, "maxProperties": 1}}
_EXTENSION = {
    "type": "object",
    "propertyNames": _URI,
    "additionalProperties": {"type": "array"},
}
_TRACK = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "location": _URIS,
        "identifier": _URIS,
        "title": _TEXT,
        "creator": _TEXT,
        "annotation": _TEXT,
        "info": _URI,
        "image": _URI,
        "album": _TEXT,
        "trackNum": {"type": "integer", "minimum": 1},
        "duration": _WHOLE,
        "link": _LINKS,
        "meta": _LINKS,
        "extension": _EXTENSION,
    },
}
JSPF_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["playlist"],
    "properties": {
        "playlist": {
            "type": "object",
            "additionalProperties": False,
            "required": ["track"],
            "properties": {
                "title": _TEXT,
                "creator": _TEXT,
                "annotation": _TEXT,
                "info": _URI,
                "location": _URI,
                "identifier": _URI,
                "image": _URI,
                "date": {"type": "string"},
                "license": _URI,
                "attribution": {"type": "array"},
                "link": _LINKS,
                "meta": _LINKS,
                "extension": _EXTENSION,
                "track": {"type": "array", "items": _TRACK},
            },
        }
    },
}
