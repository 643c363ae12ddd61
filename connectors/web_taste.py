"""The page "My taste": what was learnt and from what, what was shown, the map; linked places; all my data, or none.

Importing this module imports Gradio, which looks up hosts unless told not to: import it through `connectors.web`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from connectors.web_beside import DIRECT, SLOW, heard, panel, pressed
from connectors.web_chat import apology
from connectors.web_map import map_html
from connectors.web_parts import said
from connectors.web_taste_view import FORGET_WORD, INCOGNITO, export_html, joined_html, taste_html
from connectors.web_welcome import history_box

if TYPE_CHECKING:
    from assistant.app import Assistant
    from connectors.web_who import Who

#: Tracks that the map draws, and how many picks.
_MAP_TRACKS, _MAP_PICKS = 900, 8
_REST_DAYS = 30.0
_SWITCH = (
    '<p><button type="button" class="sg-button sg-tool" data-switch="incognito" aria-pressed="false">'
    "Incognito</button></p>"
)
_FILE = "segue-my-data.zip"
#: Presses the link that has just appeared.
_SAVE = "() => { setTimeout(() => document.querySelector('#sg-export-all a[download]')?.click(), 60) }"
#: Leaves nothing of the forgotten on the screen; the browser gets another listener id then.
_AFRESH = """() => { if (document.querySelector('#sg-forgotten .sg-done')?.innerText.trim()) setTimeout(() => {
  localStorage.removeItem('segue-listener'); location.replace(location.pathname) }, 1500) }"""


def taste_tab(
    assistant: Assistant,
    who: Who,
    *,
    paths: bool = True,
    forgetting: Callable[[str], None] = lambda _: None,
    forgotten: Callable[[str], object] = lambda _: None,
) -> None:
    """Put the page where it is called, inside `gr.Blocks`; it reads the taste anew each time that it is looked at.

    Args:
        assistant: knows the taste.
        who: tells whose it is.
        paths: whether the export of all data may say where tracks lie on this machine.
        forgetting: called with a listener's id before all of theirs is deleted, to let go of what waits to be stored.
        forgotten: called with it afterwards, to let go of what pages remember.
    """
    with gr.Column(elem_id="sg-my-taste", elem_classes="sg-page"):
        report = panel("", "sg-taste-report")
        _map(assistant, who)
        with gr.Accordion("Bring a listening history", open=False):
            learnt = history_box(assistant, who)
        _joined(assistant, who)
        with gr.Accordion("Incognito", open=False):
            script = (files("connectors") / "assets" / "incognito.js").read_text("utf-8")
            gr.HTML(f'<p class="sg-plain">{INCOGNITO}</p>{_SWITCH}', js_on_load=script, apply_default_css=False)
        _my_data(assistant, who, paths=paths, forgetting=forgetting, forgotten=forgotten)

    def show(listener_id: str) -> str:
        return taste_html(assistant.taste(listener_id))

    def change(listener_id: str, data: Mapping[str, str]) -> str:
        message, problem = changed(assistant, listener_id, data)
        return taste_html(assistant.taste(listener_id), message, problem=problem)

    report.shown(heard(who, show, by_itself=True), who.inputs, report, **DIRECT)
    report.act(pressed(who, change), who.inputs, report, trigger_mode="multiple", **DIRECT)
    learnt.then(heard(who, show, by_itself=True), who.inputs, report, **DIRECT)


def changed(assistant: Assistant, listener_id: str, data: Mapping[str, str]) -> tuple[str, bool]:
    """Do what a press on the page asks for; say what came of it, and whether that is a problem."""
    track = data.get("track", "")
    try:
        match data.get("act"):
            case "unrate":
                assistant.feedback(listener_id, None, track, "unrate")
                return "Taken back.", False
            case "dislike":
                assistant.feedback(listener_id, None, track, "dislike")
                return "Noted: you do not like it.", False
            case "rest":
                assistant.rest(listener_id, track, _REST_DAYS)
                return "You will not be shown it for 30 days.", False
            case "never":
                assistant.rest(listener_id, track, None)
                return "You will never be shown it again.", False
            case "unrest":
                assistant.unrest(listener_id, track)
                return "You may be shown it again.", False
            case _:
                return "", False
    except Exception as error:
        return apology(error), True


def _map(assistant: Assistant, who: Who) -> None:
    """Where a request takes the listener."""
    with gr.Accordion("Map: where a request takes you", open=False), gr.Column():
        asked = gr.Textbox(
            value="",
            label="A request to draw",
            placeholder="mellow jazz for the evening",
            submit_btn="Draw",
            elem_id="sg-map-box",
        )
        drawing = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="sg-map")

    def draw(listener_id: str, request: str) -> str:
        if not request.strip():
            return said("Say what you would ask for, and it is drawn.", problem=True)
        try:
            return map_html(assistant.map_data(request, [listener_id], _MAP_PICKS, max_tracks=_MAP_TRACKS))
        except Exception as error:
            return said(apology(error), problem=True)

    asked.submit(heard(who, draw), [*who.inputs, asked], drawing, show_progress_on=[drawing], **SLOW)


def _joined(assistant: Assistant, who: Who) -> None:
    """One person in several places."""
    state = panel("", "sg-joined")
    with gr.Row():
        code = gr.Textbox(
            value="",
            label="A code from another place",
            placeholder="K7QM-4RZP",
            max_length=20,
            submit_btn="Link",
            elem_id="sg-link-code",
        )

    def shown(listener_id: str) -> str:
        return joined_html(assistant.taste(listener_id).joined)

    def act(listener_id: str, data: Mapping[str, str]) -> str:
        made, message, problem = "", "", False
        try:
            if data.get("act") == "code":
                made = assistant.link_code(listener_id)
            elif data.get("act") == "unlink" and assistant.unlink(listener_id):
                message = "Unlinked. Each place has its own taste back."
        except Exception as error:
            message, problem = apology(error), True
        return joined_html(assistant.taste(listener_id).joined, made, message, problem=problem)

    def link(listener_id: str, typed: str) -> tuple[str, str]:
        try:
            joined = assistant.link(listener_id, typed)
        except Exception as error:
            return joined_html(assistant.taste(listener_id).joined, "", apology(error), problem=True), typed
        return joined_html(joined, "", "Linked. Both places now share one taste."), ""

    state.shown(heard(who, shown, by_itself=True), who.inputs, state, **DIRECT)
    state.act(pressed(who, act), who.inputs, state, **DIRECT)
    code.submit(heard(who, link), [*who.inputs, code], [state, code], **DIRECT)


def _my_data(
    assistant: Assistant,
    who: Who,
    *,
    paths: bool,
    forgetting: Callable[[str], None],
    forgotten: Callable[[str], object],
) -> None:
    """Take everything along, or have it forgotten."""
    with gr.Accordion("My data", open=False):
        gr.HTML(
            '<p class="sg-plain">Everything that is kept of you, in one file of open formats.</p>',
            js_on_load=None,
            apply_default_css=False,
        )
        save = gr.Button("Export everything", elem_id="sg-export-button")
        link = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="sg-export-all")
        gr.HTML(
            '<p class="sg-plain">Forgetting deletes your events, taste, conversations and all files that were made of '
            "them. It cannot be undone.</p>",
            js_on_load=None,
            apply_default_css=False,
        )
        typed = gr.Textbox(value="", label=f"Type “{FORGET_WORD}” to have everything forgotten", max_length=40)
        forget = gr.Button("Forget me", variant="stop", elem_id="sg-forget")
        outcome = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="sg-forgotten")

    def export(listener_id: str) -> str:
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / _FILE
                report = assistant.export_data(listener_id, path, places=paths)
                return export_html(report, path.read_bytes(), _FILE)
        except Exception as error:
            return said(apology(error), problem=True)

    def forget_all(listener_id: str, word: str) -> tuple[Any, str]:
        if " ".join(word.split()).strip("“”\"'").lower() != FORGET_WORD:
            return word, said(f"Nothing was forgotten: type “{FORGET_WORD}” first.", problem=True)
        forgetting(listener_id)
        try:
            known = assistant.forget(listener_id)
        except Exception as error:
            return word, said(apology(error), problem=True)
        finally:
            forgotten(listener_id)
        return "", said("You are forgotten. The page starts afresh." if known else "There was nothing to forget.")

    save.click(heard(who, export), who.inputs, link, **SLOW).then(None, js=_SAVE, api_visibility="private")
    forget.click(heard(who, forget_all), [*who.inputs, typed], [typed, outcome], **SLOW).then(
        None, js=_AFRESH, api_visibility="private"
    )
