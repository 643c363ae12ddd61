"""The pages beside the chat, served on a page of their own to a real browser."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any


@contextmanager
def served(assistant: Any) -> Iterator[str]:
    """Serve the three pages until the block ends; yield their address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from connectors.web import _stay_at_home, check_address

        _stay_at_home()
        import gradio as gr

        from connectors.web_curate import curate_tab
        from connectors.web_page import launch_options
        from connectors.web_taste import taste_tab
        from connectors.web_welcome import welcome
        from connectors.web_who import Who, listener_of

        with gr.Blocks(title="Segue", analytics_enabled=False, fill_width=True) as app:
            who = Who()
            with gr.Tab("Ask"):
                opening = welcome(assistant, who)
                gr.Textbox(label="Your request")
            with gr.Tab("My taste"):
                taste_tab(assistant, who)
            with gr.Tab("Curate"):
                curate_tab(assistant, who)
            app.load(listener_of, who.inputs, who.inputs, queue=False).then(*opening, queue=False)
        assets = files("connectors") / "assets"
        styles = "".join((assets / name).read_text("utf-8") for name in ("web.css", "slate.css", "beside.css"))
        options = launch_options() | {"head": f"<style>{styles}</style>", "max_file_size": "50mb"}
        app.launch(
            server_name="127.0.0.1", server_port=check_address("127.0.0.1", 0), prevent_thread_lock=True, **options
        )
    yield str(app.local_url)
    app.close(verbose=False)
