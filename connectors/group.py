"""How commands begin and end: imported when called; a truthful exit status, errors as one line with what to do next."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any
from uuid import uuid4

import typer
from typer.core import TyperGroup
from typer.main import get_group

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_FAILED, _MISUSED = 1, 2

_logger = logging.getLogger("segue")
#: Longest error that is told, in characters: names of files and playlists are in it.
_MAX_SAID = 4_000


class SegueGroup(TyperGroup):
    """The root of the command line. 0 is success, 1 an error, 2 a misuse, 130 an interrupt; never a traceback."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run one command line and, standing alone, leave the process with its exit status."""

        def command() -> Any:
            return super(SegueGroup, self).main(
                args, prog_name, complete_var, standalone_mode=False, windows_expand_args=windows_expand_args, **extra
            )

        return sys.exit(_status(command)) if standalone_mode else command()


class LazyGroup(TyperGroup):
    """A command group that knows its name and help, and fetches its commands only when it is invoked."""

    def __init__(self, name: str, help_text: str, target: str) -> None:
        """Stand for the Typer app at `target`, written as "module:attribute"."""
        super().__init__(name=name, help=help_text)
        self._target = target

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Begin an invocation: from here on the fetched group takes the place of this one."""
        module, attribute = self._target.split(":")
        group = get_group(getattr(import_module(module), attribute))
        group.name = self.name
        return group.make_context(info_name, args, parent=parent, **extra)


def say_error(error: BaseException) -> None:
    """Tell an error on one line of stderr; the whole story is logged at level debug."""
    from assistant.labels import plain

    print(f"segue: {plain(describe(error), _MAX_SAID)}", file=sys.stderr)


def describe(error: BaseException) -> str:
    """Word an error on one line: what is wrong and what to do next."""
    from assistant.errors import DELIBERATE
    from connectors.errors import ConnectorError

    if isinstance(error, (*DELIBERATE, ConnectorError)):
        _logger.debug("this error was raised on purpose", exc_info=error)
        return " ".join(str(error).split())
    if type(error).__name__ == "ValidationError" and getattr(error, "title", "") == "Settings":
        return _describe_settings(error)
    if isinstance(error, OSError) and error.strerror:
        _logger.debug("the system refused", exc_info=error)
        place = f" {error.filename}" if error.filename else ""
        return (
            f"the system refused{place}: {error.strerror}; check that the place exists, can be written and has room "
            "(`segue status` shows the data folder, SEGUE_HOME moves it)"
        )
    number = uuid4().hex[:8]
    _logger.debug("unexpected error %s", number, exc_info=error)
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return f"unexpected error {number} ({said}); try `segue doctor`, or run again with SEGUE_LOG_LEVEL=debug"


def _status(command: Any) -> int:
    """Run a command and turn whatever happens into an exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that knows no "≈" must not end a command
    try:
        result = command()
        sys.stdout.flush()
    except typer.TyperException as error:
        return _usage(error)
    except (typer.Abort, KeyboardInterrupt):
        result = _INTERRUPTED
    except OSError as error:
        if error.errno != errno.EPIPE:
            say_error(error)
            return _FAILED
        result = _FAILED
        _abandon_stdout()
    except Exception as error:
        say_error(error)
        return _FAILED
    if result == _INTERRUPTED:
        print("segue: interrupted", file=sys.stderr)
    return result if type(result) is int else 0


def _abandon_stdout() -> None:
    """Stop Python from flushing once more, at exit, into a pipe that nobody reads."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: typer.TyperException) -> int:
    """Say on one line what is wrong with a command line and where its help is."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "segue"
    if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help
        print(error.format_message(), file=sys.stderr)
        return _MISUSED
    problem = " ".join(error.format_message().split()).rstrip(".")
    print(f"segue: {problem[:1].lower()}{problem[1:]}; see `{path} --help`", file=sys.stderr)
    return error.exit_code


def _describe_settings(error: Any) -> str:
    problems = [
        f"SEGUE_{'__'.join(str(part) for part in problem['loc']).upper()} is {problem['input']!r}: {problem['msg']}"
        for problem in error.errors()
    ]
    return f"{'; '.join(problems)}; correct it in the environment or in .env"
