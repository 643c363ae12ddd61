"""How the pages beside the chat hear a browser: each event comes with whose it is, and presses with their data.

Importing this module imports Gradio, which looks up hosts unless told not to: import it through `connectors.web`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

if TYPE_CHECKING:
    from connectors.web_who import Who

#: For events that answer at once: Gradio's queue would add a round trip, and the assistant takes many threads.
DIRECT: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}
#: For events that may take a second or more.
SLOW: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4, "show_progress": "minimal"}


@cache
def script() -> str:
    """The script of a `gr.HTML` whose buttons are `act` events, and each of whose appearances is a `shown` event."""
    assets = files("connectors") / "assets"
    return "".join((assets / name).read_text("utf-8") for name in ("copy.js", "beside.js"))


def panel(content: str, name: str) -> gr.HTML:
    """A part of a page that is HTML, with events `act` and `shown`."""
    return gr.HTML(content, js_on_load=script(), apply_default_css=False, elem_id=name, elem_classes="sg-beside")


def upload_box(**how: Any) -> gr.File:
    """A `gr.File` for one file, which leaves nothing of what it does not take."""
    box = gr.File(**how)
    taken = box.preprocess

    def preprocess(payload: Any) -> Any:
        try:
            return taken(payload)
        except gr.Error:
            discard(getattr(payload, "path", None))
            raise

    box.preprocess = preprocess
    return box


def discard(path: object) -> None:
    """Delete a file that was uploaded: it is the listener's, and not to lie about."""
    if isinstance(path, str):
        Path(path).unlink(missing_ok=True)


def heard(who: Who, do: Callable[..., Any], *, by_itself: bool = False, uploaded: bool = False) -> Callable[..., Any]:
    """Make an event's handler of `do(listener_id, *own)`; the event's inputs are those of `who` and then its own.

    Events that come `by_itself`, with every letter or when a part comes into view, do not count among what a listener
    may do in a minute. The last input may be an `uploaded` file, of which nothing is left, whatever happens.
    """
    n, whose = len(who.inputs), who.listener if by_itself else who.act

    def handler(request: gr.Request, *values: Any) -> Any:
        try:
            identity = whose(*values[:n], request=request)
            with who.work(identity):
                return do(identity, *values[n:])
        finally:
            if uploaded:
                discard(values[-1])

    return handler


def pressed(who: Who, do: Callable[..., Any]) -> Callable[..., Any]:
    """Make the handler of an `act` event of `do(listener_id, data, *own)`, data as the button carries it.

    What a browser sends is anybody's invention: `do` gets words by name, and judges them.
    """
    n = len(who.inputs)

    def handler(request: gr.Request, event: gr.EventData, *values: Any) -> Any:
        sent = event._data if isinstance(event._data, dict) else {}
        data = {name: value for name, value in sent.items() if isinstance(name, str) and isinstance(value, str)}
        identity = who.act(*values[:n], request=request)
        with who.work(identity):
            return do(identity, data, *values[n:])

    return handler
