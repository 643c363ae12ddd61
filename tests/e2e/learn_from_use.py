"""The child process of `test_use`: learn from what conversations taught, and die by SIGKILL where told to.

    python learn_from_use.py HOME CATALOGUE DIE_AT

HOME serves the catalogue and holds conversations. At the commit boundary DIE_AT (`tests.e2e.boundaries`) the process
kills itself; with 0 it lives. At the end it prints how many boundaries there were.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.boundaries import n_met, watch


def main(home: Path, die_at: int) -> None:
    """Train for long enough to be continued in the middle: state is kept every 200 steps."""
    watch(die_at)
    from assistant.app import Assistant
    from assistant.settings import Settings

    with Assistant(Settings(_env_file=None, home=home, threads=1, training_steps=210)) as assistant:
        assistant.train_from_events()
    print(n_met())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[3]))
