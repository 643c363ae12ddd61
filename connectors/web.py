"""The web chat: a page on one's own machine that asks nothing of any other host."""

from __future__ import annotations

import io
import os
import socket
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from connectors.errors import AddressError
from connectors.logs import keep_words_out_of_the_server
from connectors.progress import JobProgress
from connectors.web_files import UPLOADS, make_room
from connectors.web_gate import Gate
from connectors.web_limits import RateLimit
from connectors.web_login import WELCOME, Login, login_of
from connectors.web_player import media_route

if TYPE_CHECKING:
    import gradio as gr

    from assistant.app import Assistant

_LOCAL = ("localhost", "127.0.0.1", "::1")


def serve(assistant: Assistant, host: str, port: int, ready: Callable[[str], None] | None = None) -> None:
    """Serve the web chat until interrupted. The address is printed on stdout when the page can be opened.

    Builds the starter catalogue first where nothing is indexed, with progress on stderr.

    Args:
        assistant: answers the messages.
        host: address to listen on, such as 127.0.0.1.
        port: port to listen on; 0 takes a free one.
        ready: called with the page's address once it is up.

    Raises:
        AddressError: nothing can listen on that address and port.
        LoginRequiredError: other machines could reach the page, and nobody would have to log in.
    """
    login_of(assistant.settings, host)
    check_address(host, port)
    with JobProgress() as progress:
        assistant.ensure_ready(progress)
    # Opens encoder, index and database now, so that the first listener need not wait for them.
    assistant.rank("", "music", 1)
    app, address = launch(assistant, host, port)
    print(f"Segue is at {address} (Ctrl+C stops it)", flush=True)
    try:
        if ready is not None:
            ready(address)
        while app.is_running:
            time.sleep(0.2)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    finally:
        app.close(verbose=False)


def launch(assistant: Assistant, host: str, port: int) -> tuple[gr.Blocks, str]:
    """Start the web chat in the background; `close()` of what is returned stops it.

    Returns:
        The running page and its address.

    Raises:
        AddressError: nothing can listen on that address and port.
        LoginRequiredError: other machines could reach the page, and nobody would have to log in.
        UsersFileError: the users cannot be read.
        TrustedProxyError: the proxies that are trusted are no addresses.
    """
    login = login_of(assistant.settings, host)
    app = build_app(assistant, paths=not login.required, log_out=login.users is not None)
    from connectors.web_look import launch_options

    free = check_address(host, port)
    try:
        look, rights = launch_options(), _rights(assistant, login)
        with redirect_stdout(io.StringIO()):  # stdout is for the page's address, and not for that of its tools
            app.launch(server_name=host, server_port=free, prevent_thread_lock=True, **look, **rights)
        keep_words_out_of_the_server()
    except OSError as error:
        raise AddressError(host, free, str(error)) from error
    return app, str(app.local_url)


def build_app(assistant: Assistant, *, paths: bool = True, log_out: bool = False) -> gr.Blocks:
    """Build the page without serving it.

    Args:
        assistant: answers.
        paths: whether who uses it may learn where tracks lie on this machine: not where people log in, who are others
            than whoever owns it.
        log_out: whether the page offers that: not where a proxy logs people in.
    """
    _stay_at_home()
    os.environ["GRADIO_TEMP_DIR"] = str(make_room(assistant.settings.home))
    from connectors.web_page import page

    return page(assistant, paths=paths, log_out=log_out)


def check_address(host: str, port: int) -> int:
    """Find out whether something can listen on an address and port, before any long work.

    Returns:
        The port; a free one for 0.

    Raises:
        AddressError: it cannot.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host.strip("[]"), port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise AddressError(host, port, error.strerror or str(error)) from error


def _rights(assistant: Assistant, login: Login) -> dict[str, Any]:
    """What `Blocks.launch` needs so that only who may see the page, and use what is served beside it."""
    from starlette.middleware import Middleware

    settings = assistant.settings
    uploads, folder = RateLimit(settings.web_per_minute), settings.home / UPLOADS
    gate = Middleware(Gate, login=login, uploads=uploads, folder=folder)
    served = {"routes": [media_route(assistant)], "middleware": [gate]}
    options: dict[str, Any] = {"app_kwargs": served, "max_file_size": f"{settings.web_upload_mb}mb"}
    if login.users is not None:
        options |= {"auth": login.enter, "auth_message": WELCOME}
    if login.header:
        # The server would otherwise put the address that a proxy forwards in place of the proxy's own.
        os.environ["FORWARDED_ALLOW_IPS"] = ""
        options["auth_dependency"] = login.from_proxy
    return options


def _stay_at_home() -> None:
    """Keep Gradio from looking up hosts, and from asking a proxy for this machine."""
    fixed: dict[str, Any] = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    os.environ.update(fixed)
    for name in ("NO_PROXY", "no_proxy"):
        there = [part for part in os.environ.get(name, "").split(",") if part]
        os.environ[name] = ",".join(dict.fromkeys((*there, *_LOCAL)))
