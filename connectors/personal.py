"""`segue taste`, `mydata`, `forget`, `link` and `unlink`: what is a listener's own, on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connectors.opening import example, open_assistant, read_settings, ready_assistant

_Listener = Annotated[str | None, typer.Option(help="Whose (default: SEGUE_LISTENER)")]


def add_personal(app: typer.Typer) -> None:
    """Put the commands into the command line."""
    app.command("taste", epilog=example("taste --listener ann"))(taste)
    app.command("mydata", epilog=example("mydata my-data.zip"))(my_data)
    app.command("forget", epilog=example("forget --listener ann"))(forget)
    app.command("link", epilog=example("link K7QM-4RZP --listener ann"))(link)
    app.command("unlink", epilog=example("unlink --listener ann"))(unlink)


def taste(
    listener: _Listener = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Say what Segue has learnt of a listener, and what it was counted from."""
    settings = read_settings()
    with ready_assistant(settings) as assistant:
        report = assistant.taste(settings.listener if listener is None else listener)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
        return
    from connectors.console import open_console
    from connectors.taste_view import show_taste

    show_taste(open_console(), report)


def my_data(
    path: Annotated[Path, typer.Argument(metavar="FILE.zip", help="Archive to write, in place of one that is there.")],
    listener: _Listener = None,
) -> None:
    """Write everything that is kept of a listener to one archive.

    Open formats only: text, JSON, CSV, M3U8, JSPF and .npy; its README says what is what.
    """
    settings = read_settings()
    with ready_assistant(settings) as assistant:
        report = assistant.export_data(settings.listener if listener is None else listener, path)
    typer.echo(
        f"Wrote {_count(report.n_events, 'event')}, {_count(report.n_sessions, 'conversation')} and "
        f"{_count(report.n_playlists, 'playlist')} in {_count(len(report.files), 'file')} to {report.path}"
    )


def forget(
    listener: Annotated[str, typer.Option(metavar="NAME", help="Who is to be forgotten.")],
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
) -> None:
    """Forget a listener everywhere: taste, conversations, vectors.

    Nothing of it can be had back; `segue mydata` writes it to a file before. What a running Segue holds in memory of
    incognito turns goes when it ends.
    """
    from connectors.accounts import sign_out

    settings = read_settings()
    with open_assistant(settings) as assistant:
        if not sure and not typer.confirm(f"Forget everything of the listener {listener!r}, for good?", err=True):
            typer.echo("Nothing is forgotten", err=True)
            raise typer.Exit(1)
        # Accounts are those of the listener that the settings name.
        known = listener == settings.listener and sign_out(settings.home)
        known = assistant.forget(listener) or known
    typer.echo(f"Forgot {listener}" if known else f"Nothing was kept of {listener}")


def link(
    code: Annotated[str | None, typer.Argument(metavar="[CODE]", help="A code from the other place.")] = None,
    listener: _Listener = None,
) -> None:
    """Be the same listener in two places, such as the web and Discord.

    Without a code, print one to use in the other place within ten minutes; with one, link.
    """
    settings = read_settings()
    name = settings.listener if listener is None else listener
    with open_assistant(settings) as assistant:
        if code is None:
            typer.echo(assistant.link_code(name))
            typer.echo(f"It makes whoever uses it {name}, too; it holds once, for ten minutes", err=True)
            return
        others = assistant.link(name, code)
    typer.echo(f"{name} is the same person as {', '.join(others)} now; `segue unlink` takes that back")


def unlink(listener: _Listener = None) -> None:
    """Be a listener of your own again, as if never linked."""
    settings = read_settings()
    name = settings.listener if listener is None else listener
    with open_assistant(settings) as assistant:
        parted = assistant.unlink(name)
    typer.echo(f"{name} is nobody else any more" if parted else f"{name} was not linked to anybody")


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
