"""The console script `segue`: the product's commands, and `eval` and `bench` beside them, imported when called.

`segue --help` names both without importing either, so it stays as fast as the product alone.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

from typer.core import TyperGroup
from typer.main import get_group

from connectors.cli import app

#: name → (what `segue --help` says of it, where its Typer app is).
_GROUPS = {
    "eval": ("Measure quality, with intervals.", "evals.run:eval_app"),
    "bench": ("Measure speed and memory.", "evals.run:bench_app"),
}


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


def command_line() -> TyperGroup:
    """Put the whole command line together."""
    group = get_group(app)
    for name, (help_text, target) in _GROUPS.items():
        group.add_command(LazyGroup(name, help_text, target))
    return group


def main() -> None:
    """Run `segue` and leave with its exit status."""
    # Threads that spin while they wait make torch fifty times slower as soon as another process holds a core.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    command_line().main(args=sys.argv[1:], prog_name="segue")
