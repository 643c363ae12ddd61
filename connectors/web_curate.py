"""The page "Curate": a playlist from elsewhere or from a request, made longer, shorter, better ordered; recipes.

Importing this module imports Gradio, which looks up hosts unless told not to: import it through `connectors.web`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from connectors.curate_desk import Desk
from connectors.web_beside import DIRECT, SLOW, discard, heard, panel, pressed, upload_box
from connectors.web_curate_view import desk_html, recipe_link

if TYPE_CHECKING:
    from assistant.app import Assistant
    from connectors.web_who import Who

_FILE_TYPES = [".m3u", ".m3u8", ".xspf", ".jspf", ".json", ".csv", ".tsv", ".txt"]
#: Longest text that can be pasted, in characters.
_MAX_TEXT = 500_000
#: How an order is called on the page → what it is.
_ORDERS = {
    "calm to loud": "rising",
    "loud to calm": "falling",
    "loudest in the middle": "peak",
    "smooth from track to track": "smooth",
}
_RECIPES = (
    '<p class="sg-plain">A recipe is a playlist as what is wanted of it: a prompt, constraints, dials, tracks that '
    "must or must never be in it, quotas by artist, a seed. Run it again, and you see what changed since last time. "
    "Tracks that you keep stay where they are. <code>segue playlist --recipe FILE</code> does the same.</p>"
)


def curate_tab(assistant: Assistant, who: Who, *, paths: bool = True) -> None:
    """Put the page where it is called, inside `gr.Blocks`.

    Args:
        assistant: knows the tracks.
        who: tells whose turn it is.
        paths: whether files to save may say where tracks lie on this machine.
    """
    desk = gr.State(None)
    with gr.Column(elem_id="sg-curate", elem_classes="sg-page"):
        with gr.Row(equal_height=False):
            given = gr.Textbox(
                value="",
                label="A playlist, or what one should be",
                placeholder="Slowdive – Alison\nPortishead – Roads\n…or: 20 mellow tracks for a train ride",
                lines=6,
                max_lines=14,
                max_length=_MAX_TEXT,
                scale=3,
                elem_id="sg-given",
            )
            file = upload_box(
                label="Or a playlist file",
                elem_id="sg-file",
                file_types=_FILE_TYPES,
                height=150,
                scale=1,
                min_width=220,
            )
        with gr.Row():
            read = gr.Button("Read it as a playlist", variant="primary")
            ask = gr.Button("Make one from these words")
        with gr.Row(elem_id="sg-tools", elem_classes="sg-tools"):
            with gr.Column(min_width=230):
                n_more = gr.Number(label="Tracks to add", value=5, minimum=1, maximum=100, precision=0)
                wish = gr.Textbox(
                    value="", label="What kind (optional)", placeholder="newer, a bit louder", max_length=300
                )
                extend = gr.Button("Extend")
            with gr.Column(min_width=230):
                minutes = gr.Number(label="Length in minutes", value=45, minimum=1, maximum=1_440)
                shorten = gr.Button("Shorten")
            with gr.Column(min_width=230):
                order = gr.Dropdown(label="Order", choices=list(_ORDERS), value=next(iter(_ORDERS)))
                reorder = gr.Button("Re-order")
            with gr.Column(min_width=230):
                unique = gr.Button("Take duplicates out")
        result = panel(desk_html(None), "sg-desk")
        with gr.Accordion("Recipes: make it anew at any time", open=False):
            gr.HTML(_RECIPES, js_on_load=None, apply_default_css=False)
            recipe = gr.Textbox(
                value="",
                label="Recipe (YAML)",
                lines=8,
                max_lines=24,
                max_length=_MAX_TEXT,
                elem_id="sg-recipe",
                autoscroll=False,
            )
            link = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="sg-recipe-link")
            with gr.Row():
                write = gr.Button("Write one for this playlist")
                run = gr.Button("Run the recipe", variant="primary")
            loaded = upload_box(
                elem_id="sg-recipe-file", label="Or load a recipe", file_types=[".yaml", ".yml"], height=135
            )

    def step(do: Callable[..., Desk], *, uploaded: bool = False) -> Callable[..., tuple[str, Desk]]:
        def done(listener_id: str, now: Desk | None, *own: Any) -> tuple[str, Desk]:
            after = do(now or Desk(), listener_id, *own)
            return shown(after, paths=paths), after

        return heard(who, done, uploaded=uploaded)

    def cooked(do: Callable[[Desk, str, str], Desk]) -> Callable[..., tuple[str, Desk, str]]:
        def done(listener_id: str, now: Desk | None, written: str) -> tuple[str, Desk, str]:
            after = do(now or Desk(), listener_id, written or "")
            return shown(after, paths=paths), after, _or_as_it_is(after, written or "")

        return heard(who, done)

    def act(listener_id: str, data: Mapping[str, str], now: Desk | None, written: str) -> tuple[str, Desk, str]:
        after = now or Desk()
        if data.get("act") == "back":
            after = after.back()
        elif data.get("position", "").isdecimal():
            position = int(data["position"])
            if data.get("act") == "remove":
                after = after.remove(assistant, position)
            elif data.get("act") == "approve":
                after = after.approve(written or "", position)
        return shown(after, paths=paths), after, _or_as_it_is(after, written or "")

    def opened(now: Desk, _: str, path: str | None) -> Desk:
        return now if path is None else now.open(assistant, Path(path))

    def wire(event: Any, do: Callable[..., Desk], *own: Any, uploaded: bool = False) -> Any:
        return event(
            step(do, uploaded=uploaded), [*who.inputs, desk, *own], [result, desk], show_progress_on=[result], **SLOW
        )

    wire(read.click, lambda now, _, text: now.paste(assistant, text), given)
    wire(ask.click, lambda now, listener, text: now.ask(assistant, listener, text), given)
    wire(file.upload, opened, file, uploaded=True).then(lambda: None, None, file, **DIRECT)
    wire(extend.click, lambda now, listener, n, text: now.extend(assistant, listener, n, None, text), n_more, wish)
    wire(shorten.click, lambda now, _, length: now.shorten(assistant, length), minutes)
    wire(reorder.click, lambda now, _, name: now.reorder(assistant, _ORDERS.get(name, "smooth")), order)
    wire(unique.click, lambda now, _: now.unique(assistant))
    result.act(pressed(who, act), [*who.inputs, desk, recipe], [result, desk, recipe], **DIRECT)
    for event, cook in (
        (write.click, lambda now, _, text: now.write_recipe()),
        (run.click, lambda now, listener, text: now.run(assistant, listener, text)),
    ):
        event(cooked(cook), [*who.inputs, desk, recipe], [result, desk, recipe], show_progress_on=[result], **SLOW)
    loaded.upload(_text_of, loaded, [recipe, loaded], **DIRECT)
    recipe.change(lambda text, now: recipe_link(text or "", now.title if now else ""), [recipe, desk], link, **DIRECT)


def _or_as_it_is(desk: Desk, written: str) -> str:
    """The recipe of the desk; what is written, where there is none or it cannot be followed."""
    return desk.recipe if desk.recipe and not desk.problem else written


def _text_of(path: str | None) -> tuple[Any, None]:
    """Read an uploaded recipe, and leave no copy of it."""
    if path is None:
        return gr.skip(), None
    try:
        with Path(path).open("rb") as content:
            return content.read(_MAX_TEXT).decode("utf-8-sig", errors="replace"), None
    finally:
        discard(path)


def shown(desk: Desk, *, paths: bool = True) -> str:
    """The desk as HTML."""
    return desk_html(
        desk.playlist,
        desk.title,
        desk.unmatched,
        desk.message,
        before=desk.names,
        problem=desk.problem,
        can_go_back=bool(desk.earlier),
        approved=desk.approved,
        paths=paths,
    )
