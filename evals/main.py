"""The console script `segue`: the product's commands, and `eval`, `bench` and `benchmark` beside them.

`segue --help` names them without importing any, so it stays as fast as the product alone.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer.core import TyperGroup

#: name → (what `segue --help` says of it, where its Typer app is).
_GROUPS = {
    "eval": ("Measure quality, with intervals.", "evals.run:eval_app"),
    "bench": ("Measure speed and memory.", "evals.run:bench_app"),
    "benchmark": ("Build the benchmark of the E4SRec paper.", "evals.run_benchmark:benchmark_app"),
}


def command_line() -> TyperGroup:
    """Put the whole command line together."""
    from typer.main import get_group

    from connectors.cli import app
    from connectors.group import LazyGroup

    group = get_group(app)
    for name, (help_text, target) in _GROUPS.items():
        group.add_command(LazyGroup(name, help_text, target))
    return group


def main() -> None:
    """Run `segue` and leave with its exit status."""
    # Threads that spin while they wait make torch many times slower as soon as another process holds a core.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        command_line().main(args=sys.argv[1:], prog_name="segue")
    except KeyboardInterrupt:  # before the command line was there to catch it
        sys.exit(130)
