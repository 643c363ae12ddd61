"""What a server remembers of open pages: whose conversations, words on screen and files to save they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.web_chat import Conversation

if TYPE_CHECKING:
    import gradio as gr

#: Pages that are remembered at a time; one that is let go of goes on from what is stored.
MAX_PAGES = 1_000


def forget_pages(app: gr.Blocks, listener_id: str) -> int:
    """Let go of every page of a listener, with all that is on it; return how many there were."""
    held, n_pages = app.state_holder, 0
    for page, state in list(held.session_data.items()):
        talks = [value for value in list(state.state_data.values()) if isinstance(value, Conversation)]
        if any(talk.listener_id == listener_id for talk in talks):
            for talk in talks:
                talk.start_over()  # whoever still answers in it holds it, too
            held.session_data.pop(page, None)
            held.time_last_used.pop(page, None)
            n_pages += 1
    return n_pages
