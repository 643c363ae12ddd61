"""`segue doctor --live NAME`: trying an outside service for real. Each runner tells whether all was well."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

import typer

if TYPE_CHECKING:
    from assistant.settings import Settings


def _try_model(settings: Settings) -> bool:
    from connectors.console import open_console
    from connectors.live import show_live_report
    from connectors.opening import open_assistant
    from connectors.progress import JobProgress

    with open_assistant(settings) as assistant, JobProgress() as progress:
        report = assistant.try_model(progress)
    show_live_report(open_console(), report)
    if not report.n_valid:
        typer.echo("No answer could be used: until that is mended, the rules read every message alone", err=True)
    return bool(report.n_valid)


def _try_account(name: str, settings: Settings) -> bool:
    from rich.text import Text

    from connectors.accounts import open_account
    from connectors.accounts.contract import run_contract
    from connectors.console import open_console

    console, account, n_broken = open_console(), open_account(name, settings), 0
    try:
        for outcome in run_contract(account):
            mark, style = ("✗", "bold red") if outcome.problem else ("✓", "green")
            said = f" {outcome.clause}{f': {outcome.problem}' if outcome.problem else ''}"
            console.print(Text.assemble((mark, style), said), soft_wrap=True)
            n_broken += bool(outcome.problem)
    finally:
        account.close()
    return not n_broken


def _try_discord(settings: Settings) -> bool:
    import asyncio

    from connectors.console import open_console, show_checks
    from connectors.discord.contract import run_contract

    console = open_console()

    async def all_hold() -> bool:
        hold = True
        async for outcome in run_contract(settings.discord):
            show_checks(console, [outcome])
            hold = hold and outcome.ok
        return hold

    return asyncio.run(all_hold())


#: What can be tried.
Live = Literal["llm", "discord", "spotify", "listenbrainz", "subsonic"]
#: What tries it.
LIVE: dict[Live, Callable[[Settings], bool]] = {
    "llm": _try_model,
    "discord": _try_discord,
    "spotify": partial(_try_account, "spotify"),
    "listenbrainz": partial(_try_account, "listenbrainz"),
    "subsonic": partial(_try_account, "subsonic"),
}
