"""The player of the page: where it gets its sound, how it looks, and what it tells of what was heard.

A track's file is asked for by the track's id, never by a path, and comes in ranges, so that a browser can jump.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from starlette.routing import Route

    from assistant.app import Assistant

#: Share of a track from which on it counts as played and not as skipped.
_HEARD = 0.5


def media_address(track_id: str) -> str:
    """Return where the page finds a track's sound, relative to the page."""
    return f"media/{quote(track_id, safe='')}"


def media_route(assistant: Assistant) -> Route:
    """Make the route that sends the sound of tracks; whoever may see the page may use it."""
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import FileResponse, PlainTextResponse, Response
    from starlette.routing import Route

    async def send(request: Request) -> Response:
        # Other sites may not find out which tracks there are by playing them in a page of theirs.
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return PlainTextResponse("Only Segue's own page plays this.", 403)
        found = await run_in_threadpool(assistant.media_path, request.path_params["track_id"])
        if found is None:
            return PlainTextResponse("There is no such track to play.", 404)
        path, kind = found
        return FileResponse(path, media_type=kind, headers={"X-Content-Type-Options": "nosniff"})

    return Route("/media/{track_id:path}", send, methods=["GET", "HEAD"])


def player_html() -> str:
    """The player, which shows itself when something is played."""
    return (
        '<section class="sg-player" aria-label="Player" hidden>'
        '<p class="sg-playing" aria-live="polite"></p><audio controls preload="none"></audio>'
        '<button type="button" class="sg-button" data-player="next" title="Next track" aria-label="Next track">'
        '<span aria-hidden="true">⏭</span></button>'
        '<button type="button" class="sg-button" data-player="close" title="Stop" aria-label="Stop the player">'
        '<span aria-hidden="true">✕</span></button></section>'
    )


def remember_heard(
    assistant: Assistant, listener_id: str, session_id: str, heard: Mapping[str, Any], *, incognito: bool
) -> bool:
    """Store what a player says of a track: how much of it was heard. False for anything that is no such thing."""
    track_id, share = heard.get("track"), heard.get("completion")
    if not isinstance(track_id, str) or isinstance(share, bool) or not isinstance(share, (int, float)):
        return False
    if not 0.0 <= share <= 1.0 or assistant.media_path(track_id) is None:
        return False
    kind = "play" if share >= _HEARD else "skip"
    assistant.feedback(listener_id, session_id, track_id, kind, float(share), incognito=incognito)
    return True
