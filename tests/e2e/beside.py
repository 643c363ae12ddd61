"""The pages beside the chat on a page of their own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files

from assistant.app import Assistant

ASSETS = ("web.css", "slate.css", "acts.css", "beside.css")


@dataclass
class Served:
    """Where the pages are, and who came, in order."""

    address: str
    arrivals: list[str]


@contextmanager
def served(assistant: Assistant) -> Iterator[Served]:
    """Serve the three pages until the block ends."""
    arrivals: list[str] = []
    with warnings.catch_warnings():
        # Gradio and what it builds on warn of their own future while they are imported and start.
        warnings.simplefilter("ignore")
        from connectors.web import build_app, check_address

        build_app(assistant)  # keeps Gradio from looking up hosts
        import gradio as gr

        from connectors.web_curate import curate_tab
        from connectors.web_look import launch_options
        from connectors.web_taste import taste_tab
        from connectors.web_welcome import welcome
        from connectors.web_who import Who, listener_of

        def arrive(stored: object) -> str:
            arrivals.append(listener_of(stored))
            return arrivals[-1]

        with gr.Blocks(title="Segue", analytics_enabled=False, fill_width=True) as app:
            who = Who()
            with gr.Tab("Ask"):
                opening = welcome(assistant, who)
                gr.Textbox(label="Your request")
                ready = gr.HTML("")
            with gr.Tab("My taste"):
                taste_tab(assistant, who)
            with gr.Tab("Curate"):
                curate_tab(assistant, who)
            app.load(arrive, who.inputs, who.inputs, queue=False).then(*opening, queue=False).then(
                lambda: '<span id="ready">ready</span>', None, ready, queue=False
            )
        styles = "".join((files("connectors") / "assets" / name).read_text("utf-8") for name in ASSETS)
        options = launch_options() | {"head": f"<style>{styles}</style>", "max_file_size": "2mb", "mcp_server": False}
        port = check_address("127.0.0.1", 0)
        app.launch(server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, **options)
    yield Served(str(app.local_url), arrivals)
    app.close(verbose=False)
