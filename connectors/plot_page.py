"""A plot as one HTML file that needs no network and forbids itself to fetch anything."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>html, body {{ margin: 0; height: 100%; overflow-x: hidden; font-family: system-ui, sans-serif }}</style>
</head>
<body>
{plot}
</body>
</html>
"""


def page_of(title: str, figures: Sequence[Any], *, height: str = "100vh") -> str:
    """Write plots one below the other, with the library inside.

    Args:
        title: of the page, escaped.
        figures: of plotly.
        height: of each plot.
    """
    plots = [
        figure.to_html(
            full_html=False,
            include_plotlyjs=number == 0,
            include_mathjax=False,
            div_id="map" if number == 0 else f"plot-{number}",
            default_height=height,
            config={
                # What is drawn is nobody else's business: without this there is a button that uploads the plot.
                "showSendToCloud": False,
                "plotlyServerURL": "",
                "modeBarButtonsToRemove": ["select2d", "lasso2d"],
                "displaylogo": False,
                "responsive": True,
                "scrollZoom": number == 0 and height == "100vh",
            },
        )
        for number, figure in enumerate(figures)
    ]
    return _PAGE.format(title=title, plot="\n".join(plots))


def as_text(words: str) -> str:
    """Words as they are: a plot takes tags and entities for markup, and "%{" for a variable."""
    return html.escape(words, quote=False).replace("%{", "%&#123;")
