"""The child process of `test_kill`: index a catalogue, train it anew, and die by SIGKILL where told to.

    python index_and_train.py HOME CATALOGUE DIE_AT

At the commit boundary DIE_AT (`tests.e2e.boundaries`) the process kills itself; with 0 it lives. At the end it prints
how many boundaries there were.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.boundaries import n_met, watch


def main(home: Path, catalogue: Path, die_at: int) -> None:
    """Index, then train with another seed, so that both make a generation."""
    watch(die_at)
    from assistant.app import Assistant
    from assistant.settings import Settings

    settings = Settings(_env_file=None, home=home, threads=1, training_steps=20, seed=1)
    with Assistant(settings) as assistant:
        assistant.index(catalogue)
    # Training keeps its state every 200 steps: long enough to be continued in the middle.
    with Assistant(settings.model_copy(update={"seed": 2, "training_steps": 210})) as assistant:
        assistant.train()
    print(n_met())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
