"""`segue discord`: run the bot, look whether it could, or print how a server takes it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connectors.opening import read_settings, ready_assistant

if TYPE_CHECKING:
    from assistant.settings import Settings


def discord(
    check: Annotated[
        bool, typer.Option("--check", help="Try token, intents and permissions, and say what is wrong.")
    ] = False,
    invite: Annotated[
        bool, typer.Option("--invite", help="Print the address by which a server takes the bot in.")
    ] = False,
) -> None:
    """Run the Discord bot.

    Its token is SEGUE_DISCORD__TOKEN; docs/discord.md goes from no bot to the first /ask.
    """
    if check and invite:
        raise typer.BadParameter("give --check or --invite, not both")
    settings = read_settings()
    if invite:
        from connectors.discord.check import invite as address

        typer.echo(address(settings.discord))
        return
    if check:
        if not try_discord(settings):
            raise typer.Exit(1)
        return
    from connectors.discord.bot import run, token_of

    token_of(settings.discord)
    with ready_assistant(settings) as assistant:
        # Opens encoder, index and names now, so that the first listener need not wait for them.
        assistant.rank("", "music", 1)
        assistant.suggest("", limit=1)
        typer.echo("Segue is on its way to Discord (Ctrl+C stops it)", err=True)
        run(assistant, settings)


def try_discord(settings: Settings) -> bool:
    """Try token, intents, commands and permissions with Discord itself, and show it; tell whether all is well."""
    from connectors.console import open_console, show_checks
    from connectors.discord.check import check

    checks = check(settings.discord)
    show_checks(open_console(), checks)
    return all(one.ok or one.optional for one in checks)
