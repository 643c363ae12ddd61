"""Playlists for people at other machines: where files lie on this one is nothing for them, and leads nowhere there."""

from __future__ import annotations

from assistant.links import web_link
from assistant.reply import Reply, SlateTrack


def without_path(track: SlateTrack) -> SlateTrack:
    """Return a track whose address is on the web, though there may be a file of it."""
    if not track.path:
        return track
    return track.model_copy(update={"path": None, "link": web_link(track.ids, track.artist, track.title)})


def without_paths(reply: Reply) -> Reply:
    """Return a reply whose tracks have addresses on the web, though there may be files of them."""
    return reply.model_copy(update={"tracks": tuple(without_path(track) for track in reply.tracks)})
