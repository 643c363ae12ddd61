"""The web chat's page in Gradio: which components there are, and what each act of a listener changes.

Importing this module imports Gradio, which looks up hosts unless told not to: import it through `connectors.web`.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import gradio as gr

from connectors.web_chat import Conversation
from connectors.web_view import EXAMPLES, exports_html, footer_html, header_html, slate_html
from connectors.web_who import Who

if TYPE_CHECKING:
    from assistant.app import Assistant

_ASSETS = files("connectors") / "assets"


def page(assistant: Assistant) -> gr.Blocks:
    """Build the page for one assistant."""
    with gr.Blocks(title="Segue", analytics_enabled=False, fill_width=True) as app:
        who = Who()
        listener = who.stored
        conversation = gr.State(None)
        with gr.Row(elem_id="sg-top"):
            gr.HTML(header_html(), js_on_load=None, apply_default_css=False)
            start_over = gr.Button("Start over", size="sm", variant="secondary", elem_id="sg-start-over")
        with gr.Row(elem_id="sg-main", equal_height=False):
            with gr.Column(scale=5, min_width=300, elem_id="sg-talk"):
                chat = gr.Chatbot(
                    label="Conversation",
                    show_label=False,
                    elem_id="sg-chat",
                    placeholder="What would you like to hear?",
                    examples=[{"text": example} for example in EXAMPLES],
                    # Messages are shown as they are: no markup in them, whoever wrote it, may load or do anything.
                    render_markdown=False,
                    latex_delimiters=[],
                    allow_tags=False,
                    allow_file_downloads=False,
                    feedback_options=None,
                    buttons=[],
                    height=None,
                )
                box = gr.Textbox(
                    label="Your request",
                    show_label=False,
                    placeholder="Say what you want to hear",
                    lines=1,
                    max_lines=5,
                    autofocus=True,
                    submit_btn="Ask",
                    elem_id="sg-box",
                )
            with gr.Column(scale=11, min_width=300, elem_id="sg-result"):
                slate = gr.HTML(
                    slate_html(None), js_on_load=_asset("web.js"), apply_default_css=False, elem_id="sg-slate"
                )
                exports = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="sg-exports")
                footer = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="sg-footer")
        screen = [chat, slate, exports, footer, conversation]

        def arrive(stored: object, request: gr.Request) -> tuple[str, Conversation]:
            return who.listener(stored, request=request), Conversation()

        def hear(text: str, talk: Conversation | None) -> tuple[Any, str, Conversation]:
            talk = talk or Conversation()
            return (list(talk.messages) if talk.hear(text) else gr.skip()), "", talk

        def choose(talk: Conversation | None, event: gr.SelectData) -> tuple[Any, Conversation]:
            talk = talk or Conversation()
            value = event.value
            text = value.get("text", "") if isinstance(value, dict) else str(value)
            return (list(talk.messages) if talk.hear(text) else gr.skip()), talk

        def answer(stored: object, talk: Conversation, request: gr.Request) -> tuple[Any, ...]:
            identity = who.listener(stored, request=request)
            if not talk.answer(assistant, identity):
                return tuple(gr.skip() for _ in (*screen, listener))
            return (*_shown(talk), identity)

        def reword(talk: Conversation | None) -> Iterator[str]:
            if talk is not None:
                for _ in talk.reword(assistant):
                    yield slate_html(talk.reply, talk.rated)

        def rate(
            stored: object, talk: Conversation | None, event: gr.EventData, request: gr.Request
        ) -> tuple[Any, ...]:
            data = event._data if isinstance(event._data, dict) else {}
            identity = who.listener(stored, request=request)
            if talk is None or not talk.rate(assistant, identity, data.get("track"), data.get("kind")):
                return gr.skip(), gr.skip()
            return slate_html(talk.reply, talk.rated), list(talk.messages)

        def begin_again(talk: Conversation | None) -> tuple[Any, ...]:
            talk = talk or Conversation()
            talk.start_over()
            return (*_shown(talk), "")

        # Without Gradio's queue: it would add a round trip to every act, and the assistant takes many threads.
        direct: dict[str, Any] = {"api_visibility": "private", "queue": False}
        at_once = direct | {"show_progress": "hidden"}
        app.load(arrive, [listener], [listener, conversation], **at_once)
        heard = (
            box.submit(hear, [box, conversation], [chat, box, conversation], **at_once),
            chat.example_select(choose, [conversation], [chat, conversation], **at_once),
        )
        for event in heard:
            answered = event.then(
                answer,
                [listener, conversation],
                [*screen, listener],
                show_progress="minimal",
                show_progress_on=[chat],
                trigger_mode="multiple",
                **direct,
            )
            if assistant.rewords:
                # What streams needs the queue; the slate is on screen by then.
                answered.then(
                    reword,
                    [conversation],
                    [slate],
                    show_progress="hidden",
                    trigger_mode="multiple",
                    concurrency_limit=None,
                    api_visibility="private",
                )
        slate.rate(rate, [listener, conversation], [slate, chat], trigger_mode="multiple", **at_once)
        start_over.click(begin_again, [conversation], [*screen, box], **at_once)
    return app


def launch_options() -> dict[str, Any]:
    """Return what `Blocks.launch` needs for the page's look and for keeping everything on this machine."""
    system = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
    theme = gr.themes.Base(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="stone",
        font=system,
        font_mono=("ui-monospace", "monospace"),
    ).set(
        # The usual ones are too faint: grey on white, and white on the lightest teal.
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_600",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
    )
    return {
        "theme": theme,
        # In the head and not as `css`: Gradio rewrites that and drops container queries on the way.
        "head": f"<style>{_asset('web.css')}{_asset('slate.css')}</style>",
        "footer_links": [],
        "quiet": True,
        "share": False,
        "run_history": False,
        "enable_monitoring": False,
        "pwa": False,
        "mcp_server": False,
        "ssr_mode": False,
        "max_file_size": "1kb",
    }


def _shown(talk: Conversation) -> tuple[Any, ...]:
    return (
        list(talk.messages),
        slate_html(talk.reply, talk.rated),
        exports_html(talk.reply),
        footer_html(talk.reply),
        talk,
    )


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text("utf-8")
