"""How the page looks, and what serves it: the theme, the style sheets and scripts, and what Gradio may do.

Importing this module imports Gradio, which looks up hosts unless told not to: import it through `connectors.web`.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import gradio as gr

from connectors.web_memory import MAX_PAGES

_ASSETS = files("connectors") / "assets"
_STYLES = ("web.css", "slate.css", "acts.css", "page.css", "beside.css")


def asset(name: str) -> str:
    """Read a style sheet or a script of the page."""
    return (_ASSETS / name).read_text("utf-8")


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
        # The usual ones are too faint: grey on white, white on the lightest teal, and fields without an edge.
        input_border_width="1px",
        input_border_color="*neutral_500",
        input_border_color_dark="*neutral_400",
        input_placeholder_color="*neutral_600",
        input_placeholder_color_dark="*neutral_300",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_800",
    )
    return {
        "theme": theme,
        # In the head and not as `css`: Gradio rewrites that and drops container queries on the way.
        "head": f"<style>{''.join(map(asset, _STYLES))}</style>",
        "footer_links": [],
        "quiet": True,
        "share": False,
        "run_history": False,
        "enable_monitoring": False,
        "state_session_capacity": MAX_PAGES,
        "pwa": False,
        "mcp_server": True,
        "ssr_mode": False,
    }
