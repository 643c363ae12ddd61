"""The first visit: pick a few artists or bring a history, both optional, never in the way of asking.

Importing this module imports Gradio, which looks up hosts unless told not to: import it through `connectors.web`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from connectors.histories import import_history
from connectors.web_beside import DIRECT, SLOW, discard, heard, panel, pressed, upload_box
from connectors.web_chat import apology
from connectors.web_parts import said
from connectors.web_welcome_view import artists_html, history_html, intro_html

if TYPE_CHECKING:
    from assistant.app import Assistant
    from connectors.web_who import Who

#: Names offered at a time, and the most that can be picked.
_N_OFFERED, _MAX_PICKED = 16, 30
#: Where a browser remembers that the panel was closed; nothing of the listener is in it.
_STORAGE_KEY = _STORAGE_SECRET = "segue-welcomed"
#: What a history or a playlist may be called. The reader looks at the content, not at the name.
_FILE_TYPES = [".zip", ".json", ".jsonl", ".csv", ".tsv", ".m3u", ".m3u8", ".xspf", ".jspf", ".txt"]
_PROGRESS = gr.Progress()
#: Longest name of a time zone that is taken, in characters.
_MAX_ZONE = 60

Picked = dict[str, str]  # artist key → name, in the order of picking


class Welcome(NamedTuple):
    """The event that opens the panel on a first visit: chain it to the page's load as `.then(*welcome(…))`."""

    fn: Callable[..., Any]
    inputs: list[Any]
    outputs: list[Any]


def welcome(assistant: Assistant, who: Who) -> Welcome:
    """Put the panel where it is called, closed; what is returned opens it for whoever is here for the first time."""
    closed = gr.BrowserState(False, storage_key=_STORAGE_KEY, secret=_STORAGE_SECRET)
    picked = gr.State({})
    with gr.Column(visible=False, elem_id="sg-welcome", elem_classes="sg-page") as box:
        intro = panel(intro_html(), "sg-welcome-intro")
        typed = gr.Textbox(
            value="", label="Artists you like", placeholder="type a name", max_length=80, elem_id="sg-welcome-search"
        )
        offered = panel("", "sg-welcome-artists")
        with gr.Accordion("Or bring a listening history", open=False):
            learnt = history_box(assistant, who)

    def arrive(listener_id: str, was_closed: object) -> tuple[Any, str]:
        first = was_closed is not True and not assistant.taste(listener_id).n_events
        return gr.Column(visible=first), artists_html(_offer(assistant, "", {}), {}) if first else ""

    def look(listener_id: str, text: str, chosen: Picked) -> str:
        return artists_html(_offer(assistant, text, chosen), chosen, searched=bool(text.strip()))

    def act(listener_id: str, data: Mapping[str, str], text: str, chosen: Picked) -> tuple[Any, ...]:
        artist = data.get("artist", "")
        match data.get("act"):
            case "pick" if len(chosen) < _MAX_PICKED:
                known = {one.key: one.name for one in _offer(assistant, text, chosen)}
                chosen, text = (chosen | {artist: known[artist]}, "") if artist in known else (chosen, text)
            case "drop":
                chosen = {key: name for key, name in chosen.items() if key != artist}
            case "keep" if chosen:
                return _kept(assistant, listener_id, chosen)
        return look(listener_id, text, chosen), chosen, text, gr.skip(), gr.skip()

    def close(_: str, data: Mapping[str, str]) -> tuple[Any, Any]:
        return (gr.Column(visible=False), True) if data.get("act") == "dismiss" else (gr.skip(), gr.skip())

    own = [*who.inputs, typed, picked]
    typed.input(heard(who, look, by_itself=True), own, offered, trigger_mode="always_last", **DIRECT)
    offered.act(pressed(who, act), own, [offered, picked, typed, intro, closed], trigger_mode="multiple", **DIRECT)
    intro.act(pressed(who, close), who.inputs, [box, closed], **DIRECT)
    learnt.then(lambda: True, None, closed, **DIRECT)
    return Welcome(heard(who, arrive, by_itself=True), [*who.inputs, closed], [box, offered])


def history_box(assistant: Assistant, who: Who) -> Any:
    """Put a place to drop a history where it is called; return the event after which its taste is learnt."""
    with gr.Column(elem_classes="sg-history"):
        zone = gr.Textbox(
            value="UTC",
            label="Time zone, for files that state none",
            placeholder="Europe/Berlin",
            max_length=_MAX_ZONE,
            elem_classes="sg-zone",
        )
        file = upload_box(label="A history or a playlist", file_types=_FILE_TYPES, height=135)
        told = gr.HTML(history_html(None), js_on_load=None, apply_default_css=False)
    n = len(who.inputs)

    def read(request: gr.Request, progress: gr.Progress = _PROGRESS, *values: Any) -> tuple[str, None]:
        path, timezone = Path(values[n]), str(values[n + 1] or "").strip() or None

        def step(stage: str, done: int, total: int) -> None:
            progress((done, total or None), desc=stage)

        try:
            listener_id = who.act(*values[:n], request=request)
            with who.work(listener_id):
                report = import_history(assistant, listener_id, path, step, timezone=timezone)
            return history_html(report), None
        except gr.Error:
            raise
        except Exception as error:
            return said(apology(error), problem=True), None
        finally:
            discard(values[n])

    return file.upload(read, [*who.inputs, file, zone], [told, file], show_progress_on=[told], **SLOW)


def _offer(assistant: Assistant, text: str, chosen: Picked) -> list[Any]:
    """The names that go on from what is typed, without those that were picked."""
    found = assistant.suggest(text[:80], ("artist",), _N_OFFERED + len(chosen))
    return [one for one in found if one.key not in chosen][:_N_OFFERED]


def _kept(assistant: Assistant, listener_id: str, chosen: Picked) -> tuple[Any, ...]:
    """Like what was picked, and say so in place of the question."""
    try:
        assistant.like_artists(listener_id, tuple(chosen))
    except Exception as error:
        return artists_html([], chosen, said(apology(error), problem=True)), chosen, "", gr.skip(), gr.skip()
    return artists_html([], {}), {}, "", intro_html(tuple(chosen.values())), True
