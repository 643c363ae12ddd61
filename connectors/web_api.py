"""What programs may ask of the page's server, through Gradio's API and as tools of the Model Context Protocol.

They have the rights of whoever uses them: a login's listener is the login's own. Without a login, a listener is known
by an unguessable id, which the first answer gives out; nobody else's can be named.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from secrets import token_hex
from typing import TYPE_CHECKING

import gradio as gr

from assistant.reply import Message, Reply
from connectors.playlists import FORMATS
from connectors.playlists.places import without_paths
from connectors.web_chat import apology
from connectors.web_limits import MAX_MESSAGE, TOO_FAST, TOO_LONG, RateLimit
from connectors.web_who import Who

if TYPE_CHECKING:
    from assistant.app import Assistant

_ROW = {"position", "track_id", "title", "artist", "album", "year", "duration_s", "link", "reason", "facets"}
_MAX_SESSION = 64


def add_endpoints(assistant: Assistant, who: Who, limit: RateLimit, *, paths: bool = True) -> None:
    """Add `ask`, `refine`, `explain` and `export`. Call it inside `gr.Blocks`.

    Args:
        assistant: answers.
        who: tells who calls.
        limit: how much one listener may do.
        paths: whether answers may say where tracks lie on this machine.
    """
    outward: Callable[[Reply], Reply] = (lambda reply: reply) if paths else without_paths

    def identify(request: gr.Request, listener: str) -> str:
        identity = who.listener(listener, request=request)
        if not limit.allows(who.counted(identity, request=request)):
            raise gr.Error(TOO_FAST, print_exception=False)
        return identity

    def turn(request: gr.Request, identity: str, session: str, text: str) -> Reply:
        if len(text) > MAX_MESSAGE or len(session) > _MAX_SESSION:
            raise gr.Error(TOO_LONG, print_exception=False)
        with who.work(who.counted(identity, request=request)):
            return outward(assistant.reply(Message(listener_id=identity, session_id=session, text=text)))

    def ask(request: gr.Request, text: str, listener: str = "", session: str = "") -> str:
        """Ask for music in your own words and get a playlist from the catalogue, as JSON.

        Args:
            text: what you would like to hear.
            listener: whose taste to use, as an earlier answer gave it; empty for somebody new. A login needs none.
            session: names the conversation; empty for a new one.
        """
        identity = identify(request, listener)
        return _told(turn(request, identity, session or token_hex(16), text), identity)

    def refine(request: gr.Request, text: str, session: str, listener: str = "") -> str:
        """Change the playlist of a conversation: "no country", "calmer", "swap 3". Returns JSON as `ask` does.

        Args:
            text: the change.
            session: the conversation, as `ask` gave it.
            listener: as `ask` gave it. A login needs none.
        """
        identity = identify(request, listener)
        return _told(turn(request, identity, session, text), identity)

    def explain(request: gr.Request, position: int, session: str, listener: str = "") -> str:
        """Say why a track is in the playlist of a conversation.

        Args:
            position: of the track, from 1.
            session: the conversation, as `ask` gave it.
            listener: as `ask` gave it. A login needs none.
        """
        return turn(request, identify(request, listener), session, f"why {int(position)}?").text

    def export(request: gr.Request, session: str, listener: str = "", file_format: str = "m3u8") -> str:
        """Return the playlist of a conversation as the text of a file.

        Args:
            session: the conversation, as `ask` gave it.
            listener: as `ask` gave it. A login needs none.
            file_format: the extension of the format, such as m3u8, csv or json.
        """
        identity = identify(request, listener)
        written = FORMATS.get(f".{file_format.lower().lstrip('.')}")
        if written is None:
            known = ", ".join(extension[1:] for extension in FORMATS)
            raise gr.Error(f"There is no format {file_format[:20]!r}; choose one of {known}.", print_exception=False)
        try:
            return written(outward(assistant.export(session, identity)))
        except Exception as error:
            raise gr.Error(apology(error), print_exception=False) from error

    for endpoint in (ask, refine, explain, export):
        gr.api(endpoint, api_name=endpoint.__name__, queue=False)


def _told(reply: Reply, identity: str) -> str:
    # As text: tools of agents would otherwise be given Python's way of writing it.
    told = {
        "listener": identity,
        "session": reply.session_id,
        "turn": reply.turn,
        "text": reply.text,
        "options": list(reply.options),
        "total": reply.total,
        "tracks": [track.model_dump(mode="json", include=_ROW) for track in reply.tracks],
        "receipt": [line.model_dump(mode="json") for line in reply.receipt],
    }
    return json.dumps(told, ensure_ascii=False)
