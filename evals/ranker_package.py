"""Make the ranker that ships: learnt from CPCD's training dialogues and from made conversations over other catalogues.

    python -m evals.ranker_package --cpcd shared/data/cpcd --catalogue spotify_songs.csv.gz --output recsys/data/ranker

Only features that do not depend on a catalogue's own playlists are learnt from. CPCD is by Chaganty et al. (2023),
CC BY 4.0; of it nothing but the trees' thresholds is shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from assistant.app import Assistant
from connectors.progress import JobProgress
from evals.scratch import scratch_home, scratch_settings
from recsys.conversation_ranking import ConversationRanking
from recsys.dialogue_files import read_dialogues
from recsys.dialogues import Dialogue, Heard
from recsys.lambdarank import RISING, RankedTurn, RankerSettings
from recsys.ranker_training import fit_ranker, ranked_turns
from recsys.recommendation import Query
from recsys.types import Progress
from recsys.walk_talk import WalkSettings
from recsys.walks import walk_dialogues

#: Made conversations over each further catalogue and over the starter.
_N_WALKS = 250
_SEED = 64
#: Small enough to ship: the trees as text, packed, stay below 300 kB.
_SETTINGS = RankerSettings(n_trees=220, n_leaves=24, learning_rate=0.06, seed=_SEED)

Turns = Iterator[tuple[tuple[str, ...], RankedTurn]]


def main(
    cpcd: Annotated[Path, typer.Option(help="CPCD's folder: tracks.jsonl and dialogs.train.jsonl.")],
    catalogue: Annotated[list[Path], typer.Option(help="Further catalogues for made conversations.")],
    output: Annotated[Path, typer.Option(help="Where the ranker and its card are written.")],
    keep: Annotated[Path | None, typer.Option(help="Keep encoded texts there.")] = None,
) -> None:
    """Learn the ranker and write it."""
    dialogues = read_dialogues(cpcd / "dialogs.train.jsonl")
    with JobProgress() as progress:
        turns = [*_turns(cpcd / "tracks.jsonl", lambda _: dialogues, keep, progress)]
        n_real = len(turns)
        for path in [None, *catalogue]:
            turns += _turns(path, _walks, keep, progress)
    card = {
        "learnt_from": {
            "CPCD (Chaganty et al. 2023, CC BY 4.0)": f"{len(dialogues)} training dialogues, {n_real:,} turns",
            "made conversations (recsys/walks.py)": f"{len(turns) - n_real:,} turns over the starter catalogue and "
            + ", ".join(path.name for path in catalogue),
        },
        "licence": "Apache-2.0; the dialogues that it was learnt from are CC BY 4.0",
        "command": "python -m evals.ranker_package --cpcd cpcd --catalogue spotify_songs.csv.gz "
        "--output recsys/data/ranker",
    }
    ranker = fit_ranker(turns, _SETTINGS, card, keep=lambda name: name not in RISING)
    ranker.save(output)
    for name, share in list(ranker.importance().items())[:12]:
        typer.echo(f"{name:32s}{share:.3f}")


def _turns(
    source: Path | None,
    conversations: Callable[[Assistant], Sequence[Dialogue]],
    keep: Path | None,
    progress: Progress,
) -> Turns:
    """The turns of conversations over a catalogue, None for the starter."""
    with scratch_home(keep) as home, Assistant(scratch_settings(home)) as assistant:
        if source is None:
            assistant.train(progress)
        else:
            assistant.index(source, progress=progress)
        agent = assistant.serving()
        ranking = agent.recommender.conversations
        if ranking is None:
            raise typer.BadParameter(f"{source} has no text vectors")

        def ask(heard: Heard) -> Query:
            query = agent.hear(heard)
            return replace(query, exclude=query.exclude | frozenset(query.liked_rows))

        bare = ConversationRanking(lambda: ranking.conversing, None)
        yield from ranked_turns(agent.recommender, bare, conversations(assistant), ask, progress, own_goals=False)


def _walks(assistant: Assistant) -> Sequence[Dialogue]:
    recommender = assistant.serving().recommender
    vectors = recommender.conversations.conversing.texts if recommender.conversations else None
    return walk_dialogues(
        recommender.catalogue,
        _N_WALKS,
        np.random.default_rng(_SEED),
        vectors=vectors,
        settings=WalkSettings(say_names=False),
    )


if __name__ == "__main__":
    typer.run(main)
