"""Everything that listens, in one process over one index: the web chat, and the Discord bot.

An index is safe in one process alone (docs/deploy.md), so both share an assistant here. They stop together, within
`STOP_S` of a signal: connections are closed, the database last, and a turn that is still being made by then is cut off,
which loses that turn and nothing else, since each is stored whole or not at all.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError
from connectors.progress import JobProgress

if TYPE_CHECKING:
    import gradio as gr

    from assistant.app import Assistant
    from assistant.settings import Settings

_LOG = logging.getLogger(__name__)
#: Longest time from a signal to the end of the process, in seconds; and what of it the web's open connections have.
STOP_S, _DRAIN_S = 4.5, 2
#: Seconds after which the bot tries again to reach Discord.
AGAIN_S = 30.0


class NothingToServeError(ConnectorError, ValueError):
    """Neither the web chat nor the bot is to run."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"there is nothing to serve: {problem}")
        self.problem = problem


def serve(
    assistant: Assistant,
    settings: Settings,
    *,
    web: tuple[str, int] | None,
    discord: bool = True,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, and then return.

    Builds the starter catalogue first where nothing is indexed, with progress on stderr; a signal ends that, too, and
    the next start goes on with it.

    Args:
        assistant: answers the messages; closed at the end.
        settings: those of the assistant, and the bot's.
        web: address and port of the web chat, None for none; port 0 takes a free one.
        discord: whether the bot runs, where the settings have a token for it.
        ready: called with the page's address once it is up.

    Raises:
        NothingToServeError: nothing is to run.
        AddressError: nothing can listen on that address and port.
        BadTokenError: Discord refuses the bot's token.
        IntentError: Discord does not allow an intent of the bot.
    """
    discord = discord and settings.discord.token is not None
    if web is None and not discord:
        raise NothingToServeError("leave --no-web out, or set SEGUE_DISCORD__TOKEN and leave --no-discord out")
    if web is not None:
        from connectors.web import check_address

        check_address(*web)

    async def until_a_signal() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        await run(assistant, settings, stop, web=web, discord=discord, ready=ready, cut_off=True)

    leave_on_signals()
    try:
        with JobProgress() as progress:
            assistant.ensure_ready(progress)
        # Opens encoder, index, names and database now, so that the first listener need not wait for them.
        assistant.rank("", "music", 1)
        assistant.suggest("", limit=1)
        asyncio.run(until_a_signal())
    except KeyboardInterrupt:  # before anything was served
        assistant.close()
    print("Stopped.", file=sys.stderr)


async def run(
    assistant: Assistant,
    settings: Settings,
    stop: asyncio.Event,
    *,
    web: tuple[str, int] | None,
    discord: bool,
    ready: Callable[[str], None] | None = None,
    cut_off: bool = False,
) -> None:
    """Serve until an event is set; the rest is as for `serve`. With `cut_off`, the process ends soon after it."""
    page: gr.Blocks | None = None
    waiting: set[asyncio.Task[object]] = {asyncio.create_task(stop.wait())}
    try:
        if web is not None:
            page, address = _open_web(assistant, web)
            print(f"Segue is at {address} (Ctrl+C stops it)", flush=True)
            if ready is not None:
                ready(address)
        if discord:
            waiting.add(asyncio.create_task(keep_bot(assistant, settings, alone=web is None)))
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        if cut_off:
            _cut_off_in(STOP_S)
        # What is still connected is cut off, which its server takes for an error of the page.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        for task in waiting:
            task.cancel()
        closing = [asyncio.to_thread(page.close, verbose=False)] if page is not None else []
        await asyncio.gather(*waiting, *closing, return_exceptions=True)
        assistant.close()


async def keep_bot(assistant: Assistant, settings: Settings, *, alone: bool) -> None:
    """Run the bot for ever; where Discord cannot be reached, try again after a while.

    Args:
        assistant: answers the messages.
        settings: the bot's.
        alone: whether nothing else is served. If something is, a bot that was up and is refused from then on stays
            off, with one clear line in the log, and the rest goes on.

    Raises:
        BadTokenError: Discord refuses the bot's token.
        IntentError: Discord does not allow an intent of the bot.
    """
    from connectors.discord.bot import build
    from connectors.discord.bot import serve as serve_bot
    from connectors.discord.errors import BadTokenError, IntentError, UnreachableError

    was_up = False
    while True:
        bot = build(assistant, settings)
        try:
            await serve_bot(bot)
        except UnreachableError as error:
            _LOG.warning("%s; trying again in %g s", error, AGAIN_S)
        except (BadTokenError, IntentError) as error:
            if alone or not (was_up or bot.was_up):
                raise
            _LOG.error("%s; then start `segue serve` again: until then it goes on without the bot", error)
            await asyncio.get_running_loop().create_future()
        was_up = was_up or bot.was_up
        await asyncio.sleep(AGAIN_S)


def _open_web(assistant: Assistant, web: tuple[str, int]) -> tuple[gr.Blocks, str]:
    from connectors.web import launch

    page, address = launch(assistant, *web)
    # Browsers hold a connection open for as long as a page is; waiting for them would be waiting for ever.
    page.server.config.timeout_graceful_shutdown = _DRAIN_S
    return page, address


def leave_on_signals() -> None:
    """Let SIGINT and SIGTERM interrupt what runs; process 1 of a container would heed neither of them by itself."""

    def leave(*_: object) -> None:
        _cut_off_in(STOP_S)
        raise KeyboardInterrupt

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, leave)


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set an event of the running loop when the process is interrupted or told to end."""
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: loop.call_soon_threadsafe(stop.set))


def _cut_off_in(seconds: float) -> None:
    """End the process after so long, whatever still runs: threads that make a turn cannot be interrupted."""

    def cut_off() -> None:
        _LOG.warning("what still ran took too long to wait for; it is cut off")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    timer = threading.Timer(seconds, cut_off)
    timer.daemon = True
    timer.start()
