"""The player of the page: where it gets its sound, what can be played, and how it looks.

A track's file is asked for by the track's id, never by a path, and comes in ranges, so that a browser can jump.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from starlette.routing import Route

    from assistant.app import Assistant
    from assistant.reply import Reply


def media_address(track_id: str) -> str:
    """Return where the page finds a track's sound, relative to the page."""
    return f"media/{quote(track_id, safe='')}"


def playable(assistant: Assistant, reply: Reply | None) -> frozenset[str]:
    """Return the ids of the tracks of a slate that have a file of sound which is there."""
    with_file = () if reply is None else (track.track_id for track in reply.tracks if track.path)
    return frozenset(track_id for track_id in with_file if assistant.media_path(track_id) is not None)


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
        '<button type="button" class="sg-tool" data-player="endless" aria-pressed="false" '
        'title="Go on by itself at the end, and away from what you skip of a radio">Endless</button>'
        '<button type="button" class="sg-button" data-player="close" title="Stop" aria-label="Stop the player">'
        '<span aria-hidden="true">✕</span></button></section>'
    )
