"""Playlists sent to accounts from the command line: signing in, sending, and what came of it."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from connectors.accounts import open_account
from connectors.accounts.errors import NoClientError
from connectors.opening import read_settings

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.reply import Reply
    from connectors.accounts.base import Account, SendReport

#: Where `--to` sends a playlist; as in `connectors.accounts.ACCOUNTS`.
Service = Literal["spotify", "listenbrainz", "subsonic"]
To = Annotated[Service | None, typer.Option("--to", help="Make the playlist in your account there, too.")]
Name = Annotated[str | None, typer.Option("--name", help="What to call it there (default: your words).")]
Public = Annotated[bool, typer.Option("--public", help="Let others see it there.")]
#: How a track was matched, in words.
_HOW = {
    "isrc": "ISRC",
    "mbid": "MusicBrainz id",
    "id": "its own id",
    "name": "title and artist",
    "version": "title and artist, but another version,",
}


def login(
    service: Annotated[Literal["spotify"], typer.Argument(help="Whose account; the others need no sign-in.")],
) -> None:
    """Sign in to a service that playlists are sent to.

    Prints an address to open in any browser, and takes the address that the browser ends on. Nothing listens here.
    """
    from assistant.labels import plain

    settings = read_settings()
    try:
        from connectors.accounts.spotify import sign_in as begin
    except ModuleNotFoundError as error:
        raise NoClientError("Spotify", service) from error
    sign_in = begin(settings)
    typer.echo(f"Open this address, and allow Segue to make playlists:\n\n{sign_in.address}\n", err=True)
    typer.echo("The browser ends on an address that may not load. Paste that address here:", err=True)
    sign_in.finish(sys.stdin.readline())
    account = open_account(service, settings)
    try:
        typer.echo(f"Signed in as {plain(account.patient(account.owner))}")
    finally:
        account.close()


def send(account: Account, reply: Reply, name: str | None, *, public: bool) -> bool:
    """Send a playlist, show what came of it, and tell whether all that was matched is there."""
    from connectors.console import open_console

    try:
        report = account.send(reply, name or reply.query, public)
    finally:
        account.close()
    show_send_report(open_console(), report)
    return report.complete


def show_send_report(console: Console, report: SendReport) -> None:
    """Show where the playlist is, how its tracks were matched, and each one that is missing with why."""
    from rich.text import Text

    def show(line: str, style: str = "") -> None:
        console.print(Text(line, style=style), soft_wrap=True)

    n_all = len(report.matched) + len(report.unmatched)
    if not report.playlist_id:
        show(f"{report.service} has none of the {n_all} tracks, so no playlist was made", "bold")
    elif report.unchanged:
        show(f"“{report.name}” is at {report.service} already: {report.url}")
    else:
        show(f"Sent {report.n_sent} of {n_all} tracks to {report.service} as “{report.name}”: {report.url}")
    ways = Counter(one.how for one in report.matched)
    if ways:
        show("Matched by " + ", ".join(f"{_HOW.get(how, how)} {n}" for how, n in ways.most_common()))
    for one in report.unmatched:
        show(f"  ✗ {one.artist} – {one.title}: {one.why}")
    for other in report.matched:
        if other.how == "version":
            show(f"  ~ {other.artist} – {other.title}: another version")
    if report.problem:
        show(f"Not all of it is there: {report.problem}. Send it again to go on where it stopped", "bold")
