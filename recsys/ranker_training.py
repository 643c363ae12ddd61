"""Learning the ranker from conversations: every turn is a query, and what its goal still holds is right.

The goals count as playlists of the catalogue while one learns and afterwards, named by what was said; a conversation
never sees its own. Shapes: C candidates of a turn, K features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from recsys.conversation_ranking import ConversationRanking
from recsys.dialogue_files import clusters_of
from recsys.dialogues import Dialogue, Heard, heard
from recsys.lambdarank import LambdaRank, RankedTurn, RankerSettings
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.retrieval.conversing import Conversing
from recsys.retrieval.together import Playlist, Together
from recsys.types import Progress

Ask = Callable[[Heard], Query]
#: Candidates that are not right, of each turn, to learn from.
_N_WRONG = 150


def beside_goals(conversing: Conversing, dialogues: Sequence[Dialogue]) -> Conversing:
    """Let the goals of conversations count as playlists, in their order, and nothing else."""
    catalogue = conversing.catalogue
    playlists = [
        Playlist(catalogue.rows(one.goal), tuple(turn.utterance for turn in one.turns if turn.utterance.strip()))
        for one in dialogues
    ]
    together = Together(
        playlists, conversing.mentions.main, catalogue.work, conversing.encode, conversing.texts.shape[1]
    )
    return conversing.with_playlists(together)


def ranked_turns(
    recommender: Recommender,
    conversations: ConversationRanking,
    dialogues: Sequence[Dialogue],
    ask: Ask,
    progress: Progress | None = None,
    *,
    own_goals: bool = True,
) -> Iterator[tuple[tuple[str, ...], RankedTurn]]:
    """Yield each turn's features by name, with what is right, for turns whose goal is not reached yet.

    Args:
        recommender: of the catalogue that the conversations are about.
        conversations: what reads them; with `own_goals`, its playlists are the goals of `dialogues`, in their order.
        dialogues: the conversations.
        ask: makes the query of a turn.
        progress: told about every conversation.
        own_goals: whether a conversation's goal is among the playlists, and must not speak for itself.
    """
    catalogue, rng = recommender.catalogue, np.random.default_rng(len(dialogues))
    works, stated = catalogue.work, clusters_of(catalogue)
    _, clusters = np.unique([stated[track_id] for track_id in catalogue.track_ids], return_inverse=True)
    for number, dialogue in enumerate(dialogues):
        if progress:
            progress("conversations", number, len(dialogues))
        goal = np.unique(clusters[catalogue.rows(dialogue.goal)])
        for turn in range(len(dialogue.turns)):
            what = heard(dialogue, turn)
            liked = catalogue.rows([one for ids in what.liked for one in ids])
            if not len(np.setdiff1d(goal, clusters[liked])):
                continue
            found = recommender.candidates(ask(what), conversations, without=number if own_goals else None)
            new = ~np.isin(works[found.rows], works[liked])
            right = np.isin(clusters[found.rows][new], goal)
            yield found.names, RankedTurn(found.features[new], right).thinned(_N_WRONG, rng)


def fit_ranker(
    turns: Iterable[tuple[tuple[str, ...], RankedTurn]],
    settings: RankerSettings,
    card: Mapping[str, Any],
    *,
    keep: Callable[[str], bool] = lambda _: True,
) -> LambdaRank:
    """Learn a ranker from what `ranked_turns` yields, of the features whose names are to be kept.

    Raises:
        RankerError: no turn has a right candidate.
    """
    names: tuple[str, ...] = ()
    kept: list[int] = []
    learnt: list[RankedTurn] = []
    for names, turn in turns:
        kept = kept or [number for number, name in enumerate(names) if keep(name)]
        learnt.append(replace(turn, features=turn.features[:, kept]))
    return LambdaRank.fit(learnt, [names[number] for number in kept], settings, card)
