"""Make the ranker that ships: learnt from CPCD's training dialogues, and from made conversations over its tracks.

    python -m evals.ranker_package --cpcd cpcd --output recsys/data/ranker

Only features that do not depend on a catalogue's own playlists are learnt from. CPCD is by Chaganty et al. (2023),
CC BY 4.0; of it nothing but the trees' thresholds is shipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from assistant.app import Assistant
from connectors.progress import JobProgress
from evals.scratch import scratch_home, scratch_settings
from recsys.dialogue_files import read_dialogues
from recsys.lambdarank import RISING, RankerSettings
from recsys.ranker_training import fit_ranker, ranked_turns
from recsys.walk_talk import WalkSettings
from recsys.walks import walk_dialogues

#: Made conversations, beside 400 real ones.
_N_WALKS = 250
_SEED = 64
#: Small enough to ship: the trees as text, packed, stay below 300 kB.
_SETTINGS = RankerSettings(n_trees=180, learning_rate=0.08, seed=_SEED)


def main(
    cpcd: Annotated[Path, typer.Option(help="CPCD's folder: tracks.jsonl and dialogs.train.jsonl.")],
    output: Annotated[Path, typer.Option(help="Where the ranker and its card are written.")],
    keep: Annotated[Path | None, typer.Option(help="Keep encoded texts there.")] = None,
) -> None:
    """Learn the ranker and write it."""
    real = read_dialogues(cpcd / "dialogs.train.jsonl")
    with (
        JobProgress() as progress,
        scratch_home(keep) as home,
        Assistant(scratch_settings(home)) as assistant,
    ):
        assistant.index(cpcd / "tracks.jsonl", progress=progress)
        agent = assistant.serving()
        conversations = agent.recommender.conversations
        if conversations is None:
            raise typer.BadParameter(f"the tracks of {cpcd} have no text vectors")
        made = walk_dialogues(
            agent.recommender.catalogue,
            _N_WALKS,
            np.random.default_rng(_SEED),
            vectors=conversations.conversing.texts,
            settings=WalkSettings(say_names=False),
        )

        turns = [
            turn
            for dialogues in (real, made)
            for turn in ranked_turns(agent.recommender, conversations, dialogues, agent.hear, progress, own_goals=False)
        ]
    card = {
        "learnt_from": {
            "CPCD (Chaganty et al. 2023, CC BY 4.0)": f"{len(real)} training dialogues",
            "made conversations (recsys/walks.py) over CPCD's tracks": f"{_N_WALKS} dialogues",
        },
        "licence": "Apache-2.0; the dialogues that it was learnt from are CC BY 4.0",
        "command": "python -m evals.ranker_package --cpcd cpcd --output recsys/data/ranker",
        "figure": "docs/evaluation.md: row segue, by cross-validation, with counts over playlists besides",
    }
    ranker = fit_ranker(turns, _SETTINGS, card, keep=lambda name: name not in RISING)
    ranker.save(output)
    for name, share in list(ranker.importance().items())[:12]:
        typer.echo(f"{name:32s}{share:.3f}")


if __name__ == "__main__":
    typer.run(main)
