"""The latest part of training, held out to choose weights on or to learn a ranking from.

    steps   round r holds out the r-th step from the end of every sequence, with all that comes after it
    lines   the last tenth of the sequences is held out, and steps of it are drawn as targets

Nothing that is asked about, nor anything later in its sequence, is learnt from in its round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from recsys.sequential.errors import SequentialModelError
from recsys.sequential.sequences import Questions, Sequences, leave_one_out

_N_ROUNDS = 3
_N_QUESTIONS = 4_000
LINES_HELD_OUT = 0.1
#: Steps of all prefixes that are held at once: with their times and completion some 2 GB.
_MOST_STEPS = 100_000_000


@dataclass(frozen=True)
class Round:
    """What is learnt from, and what is asked then."""

    train: Sequences
    questions: Questions
    repeats: bool  # whether an item of the prefix may be the answer


def rounds(train: Sequences, by: str, *, seed: int, n_rounds: int = _N_ROUNDS) -> list[Round]:
    """Hold out the latest part of training.

    Args:
        train: all that may be learnt from.
        by: "steps" or "lines".
        seed: of drawing questions where there are more than needed.
        n_rounds: of steps.

    Raises:
        SequentialModelError: nothing is left to ask.
    """
    repeats = train.has_repeats()
    if by == "lines":
        n_kept = len(train) - max(int(LINES_HELD_OUT * len(train)), 1)
        later = train.take(np.arange(n_kept, len(train)))
        found = [(train.take(np.arange(n_kept)), every_step(later, n_drawn=_N_QUESTIONS, seed=seed))]
    else:
        found = [leave_one_out(train, from_end=number) for number in range(1, n_rounds + 1)]
    rng = np.random.default_rng(seed)
    held = [
        Round(known, _drawn(asked, _N_QUESTIONS, rng), repeats)
        for known, asked in found
        if len(asked) and len(known.items)
    ]
    if not held:
        problem = f"{len(train):,} sequences are too few or too short to hold anything out"
        raise SequentialModelError("mixture", problem, "give more sequences, or give the weights")
    return held


def every_step(sequences: Sequences, *, n_drawn: int | None = None, seed: int = 0) -> Questions:
    """Ask for every step of the sequences but the first of each, given what came before it.

    Args:
        sequences: what is asked about.
        n_drawn: of the steps, so many are drawn; all when None, or where there are no more.
        seed: of drawing.

    Raises:
        SequentialModelError: the prefixes of all steps, which grow with the square of a sequence, are too much to hold.
    """
    place = np.arange(len(sequences.items)) - np.repeat(sequences.offsets[:-1], sequences.lengths)
    asked = np.flatnonzero(place >= 1)
    if n_drawn is not None and n_drawn < len(asked):
        asked = asked[np.sort(np.random.default_rng(seed).choice(len(asked), n_drawn, replace=False))]
    if (held := int(place[asked].sum())) > _MOST_STEPS:
        problem = f"the prefixes of {len(asked):,} steps hold {held:,} steps, and {_MOST_STEPS:,} are the most"
        raise SequentialModelError("questions", problem, "draw fewer of them, or cut the sequences shorter")
    prefixes = sequences.windows(asked - place[asked], asked)
    owners = tuple(sequences.owners[row] for row in sequences.sequence_rows[asked])
    return Questions(replace(prefixes, owners=owners), sequences.items[asked])


def _drawn(questions: Questions, count: int, rng: np.random.Generator) -> Questions:
    if len(questions) <= count:
        return questions
    rows = np.sort(rng.choice(len(questions), count, replace=False))
    return Questions(questions.prefixes.take(rows), questions.targets[rows])
