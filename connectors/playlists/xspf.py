"""XSPF 1 (xspf.org/spec), for players and other programs: addresses, ids, and each track's reason as its annotation.

Lengths are in milliseconds and left out where they are only estimated. What XSPF has no word for is in an extension.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from assistant.reply import Reply, SlateTrack
from connectors.playlists.base import Described, describe, one_line

#: Names Segue's extension of XSPF and JSPF; an address of nothing.
EXTENSION = "urn:x-segue:playlist:1"


def xspf(reply: Reply) -> str:
    """Write a reply's slate as XSPF."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<playlist version="1" xmlns="http://xspf.org/ns/0/" xmlns:segue="{EXTENSION}">',
        f"  <title>{_text(reply.query)}</title>",
        "  <creator>Segue</creator>",
        f"  <annotation>{_text(reply.text)}</annotation>",
        f'  <extension application="{EXTENSION}">',
        f"    <segue:playlist seed={quoteattr(str(reply.seed))}/>",
        "  </extension>",
        "  <trackList>",
    ]
    for track in reply.tracks:
        lines += ["    <track>", *(f"      {line}" for line in _track(track)), "    </track>"]
    return "\n".join([*lines, "  </trackList>", "</playlist>"]) + "\n"


def _track(track: SlateTrack) -> Iterator[str]:
    said: Described = describe(track)
    yield from (f"<location>{_text(address)}</location>" for address in said.locations)
    yield from (f"<identifier>{_text(address)}</identifier>" for address in said.identifiers)
    yield f"<title>{_text(track.title)}</title>"
    for name, words in (("creator", track.artist), ("annotation", track.reason), ("info", said.info)):
        if words:
            yield f"<{name}>{_text(words)}</{name}>"
    if track.album:
        yield f"<album>{_text(track.album)}</album>"
    if said.duration_ms is not None:
        yield f"<duration>{said.duration_ms}</duration>"
    facts = {"position": str(track.position), "id": one_line(track.track_id)}
    if track.year is not None:
        facts["year"] = str(track.year)
    attributes = " ".join(f"{name}={quoteattr(_legal(value))}" for name, value in facts.items())
    yield f'<extension application="{EXTENSION}">'
    yield f"  <segue:track {attributes}/>"
    yield "</extension>"


def _text(text: str) -> str:
    return escape(_legal(one_line(text)))


def _legal(text: str) -> str:
    """Leave out what XML 1.0 cannot hold (section 2.2); control characters are spaces by now."""
    return "".join(c if c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff" else "\ufffd" for c in text)
