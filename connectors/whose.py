"""`segue not-me`: a session that was somebody else's, out of a listener's taste or back in."""

from __future__ import annotations

from typing import Annotated

import typer

from connectors.opening import open_assistant, read_settings


def not_me(
    session: Annotated[
        str | None, typer.Option(metavar="ID", help="The session (default: the latest that still counts).")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Let it count again (default: the one set aside last).")] = False,
    listener: Annotated[str | None, typer.Option(help="Whose taste it is (default: SEGUE_LISTENER)")] = None,
) -> None:
    """Say that a session was somebody else's.

    Every later playlist is then what it would be had the session never been.
    """
    settings = read_settings()
    with open_assistant(settings) as assistant:
        done = assistant.not_me(settings.listener if listener is None else listener, session, undo=undo)
    events = f"{done.n_events} event{'s' if done.n_events != 1 else ''}"
    counts = "counts again" if undo else "no longer counts; --undo takes that back"
    typer.echo(f"Session {done.session_id}, with {events}, {counts}")
