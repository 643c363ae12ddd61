"""The command `segue serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from connectors.opening import open_assistant, read_settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: SEGUE_WEB_HOST)")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one (default: SEGUE_WEB_PORT)")
    ] = None,
    no_web: Annotated[bool, typer.Option("--no-web", help="Without the web chat.")] = False,
    no_discord: Annotated[
        bool, typer.Option("--no-discord", help="Without the bot, which else runs where SEGUE_DISCORD__TOKEN is set.")
    ] = False,
) -> None:
    """Serve the web chat and the Discord bot in one process.

    Stops within 5 seconds of Ctrl+C or SIGTERM.
    """
    from connectors.serving import serve as run

    settings = read_settings()
    place = (settings.web_host if host is None else host, settings.web_port if port is None else port)
    with open_assistant(settings) as assistant:
        run(assistant, settings, web=None if no_web else place, discord=not no_discord)
