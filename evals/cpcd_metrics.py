"""How well are the tracks of a goal playlist found, turn by turn? The official metrics of CPCD, as pure functions.

Task. At every turn of a dialogue a system ranks tracks, best first. To be found is the dialogue's goal playlist.

Conventions, those of the dataset's own script (`eval.py`, `metrics.py` in google-research-datasets/cpcd):

- Predictions and goal are mapped to *clusters* (versions of one work share one) and deduplicated, the first of each
  cluster staying in its place. Ties are the system's to break.
- Clusters of the first three tracks that were liked at any *earlier* turn are taken out of both. What is then left of
  the predictions closes up: rank 1 is the first that is left.
- A turn whose goal is then empty is skipped; a dialogue without any other turn is left out. Seeds only grow, so once a
  turn is skipped, all later ones are.
- With P the first k predictions left, G the goal left, rel(i) = 1 if rank i is in G:

      hit@k        1 if any of P is in G, else 0
      mrr@k        1 / the first rank i ≤ k with rel(i) = 1, 0 if there is none
      recall@k     |P ∩ G| / |G|
      precision@k  |P ∩ G| / k
      map@k        Σ_{i≤k} rel(i) · precision@i / min(|G|, k)

  The script refuses a turn of which fewer than 100 predictions are left, so that its |P| is always k. Here fewer
  will do: the missing ranks are misses, and precision and map still divide by k, so that nobody gains by saying less.
  No prediction at all scores 0. Wherever the script gives a figure, this module gives the same.
- *Macro* averages a dialogue's turns first, then the dialogues; *micro* averages all turns; turn t averages the turns
  t of all dialogues that have it. Turns count from 0.

Reference: Chaganty et al. (2023), "Beyond Single Items: Exploring User Preferences in Item Sets with the
Conversational Playlist Curation Dataset".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evals.errors import MetricError
from recsys.dialogues import N_RATED, Dialogue
from recsys.types import TrackId

K_VALUES = (1, 5, 10, 20, 100)
KINDS = ("hit", "mrr", "recall", "precision", "map")
#: Every metric of a turn, by its name in reports.
METRICS = tuple(f"{kind}@{k}" for kind in KINDS for k in K_VALUES)

#: Metric → value.
Figures = dict[str, float]


def to_clusters(track_ids: Iterable[TrackId], clusters: Mapping[TrackId, str]) -> list[str]:
    """Return the clusters of tracks, each once, in the order of their first track.

    Raises:
        MetricError: a track has no cluster.
    """
    try:
        return list(dict.fromkeys(clusters[track_id] for track_id in track_ids))
    except KeyError as error:
        raise MetricError(
            f"track {error.args[0]!r} is not among the {len(clusters):,} tracks searched; "
            "give --tracks the file that belongs to the dialogues and predictions"
        ) from error


@dataclass(frozen=True, slots=True)
class Found:
    """What a ranking of one turn found: everything that its figures depend on."""

    ranks: tuple[int, ...]  # of gold among the predictions looked at, from 1, ascending
    n_gold: int  # at least 1

    def figures(self) -> Figures:
        """Compute every metric of `METRICS`."""
        figures: Figures = {}
        for k in K_VALUES:
            ranks = [rank for rank in self.ranks if rank <= k]
            precisions = sum(number / rank for number, rank in enumerate(ranks, start=1))
            figures[f"hit@{k}"] = float(bool(ranks))
            figures[f"mrr@{k}"] = 1 / ranks[0] if ranks else 0.0
            figures[f"recall@{k}"] = len(ranks) / self.n_gold
            figures[f"precision@{k}"] = len(ranks) / k
            figures[f"map@{k}"] = precisions / min(self.n_gold, k)
        return figures


def find(predictions: Sequence[str], gold: Sequence[str], depth: int = max(K_VALUES)) -> Found:
    """Look for the gold of one turn in the first `depth` of its ranking; seeds are taken out of both already.

    Raises:
        MetricError: the gold is empty, or either has duplicates.
    """
    wanted = set(gold)
    if not wanted:
        raise MetricError("no gold is left; skip the turn, it has no score")
    if len(wanted) < len(gold) or len(set(predictions)) < len(predictions):
        raise MetricError("predictions or gold hold duplicates; map them with to_clusters, which keeps one of each")
    ranks = (rank for rank, one in enumerate(predictions[:depth], start=1) if one in wanted)
    return Found(tuple(ranks), len(wanted))


def seeds_before(dialogue: Dialogue, turn: int, clusters: Mapping[TrackId, str]) -> set[str]:
    """Return the clusters of the first three tracks liked at each turn before `turn`."""
    liked = (track_id for one in dialogue.turns[:turn] for track_id in one.liked[:N_RATED])
    return set(to_clusters(liked, clusters))


def find_turns(
    dialogue: Dialogue,
    predictions: Sequence[Sequence[TrackId]],
    clusters: Mapping[TrackId, str],
    depth: int = max(K_VALUES),
) -> dict[int, Found]:
    """Look for what is left of the goal at each turn: turn → found, without the turns that are skipped.

    Args:
        dialogue: with its goal.
        predictions: track ids for each of its turns, best first.
        clusters: track id → cluster.
        depth: how many predictions of a turn are looked at.

    Raises:
        MetricError: there is not one ranking per turn, or a track has no cluster.
    """
    if len(predictions) != len(dialogue.turns):
        raise MetricError(
            f"dialogue {dialogue.id!r} has {len(dialogue.turns)} turns but {len(predictions)} rankings; "
            "expected one ranking per turn"
        )
    goal = to_clusters(dialogue.goal, clusters)
    found: dict[int, Found] = {}
    for turn, ranking in enumerate(predictions):
        seeds = seeds_before(dialogue, turn, clusters)
        gold = [cluster for cluster in goal if cluster not in seeds]
        if not gold:
            break
        found[turn] = find([one for one in to_clusters(ranking, clusters) if one not in seeds], gold, depth)
    return found


def average(figures: Sequence[Figures]) -> Figures:
    """Average figures that have the same metrics.

    Raises:
        MetricError: there are none.
    """
    if not figures:
        raise MetricError("no turn to average; every goal is empty or was liked before")
    return {metric: sum(one[metric] for one in figures) / len(figures) for metric in figures[0]}


def official_table(scored: Sequence[Mapping[int, Figures]]) -> dict[str, Figures]:
    """Average dialogues as the dataset's script does.

    Args:
        scored: of every dialogue, turn → figures; dialogues without any are left out.

    Returns:
        "macro", "micro", "turn 0", "turn 1", … → metric → value, and under "n" how many dialogues or turns it averages.

    Raises:
        MetricError: no dialogue has a turn that counts.
    """
    held = [one for one in scored if one]
    turns = sorted({turn for one in held for turn in one})
    parts = {
        "macro": [average(list(one.values())) for one in held],
        "micro": [figures for one in held for figures in one.values()],
    } | {f"turn {turn}": [one[turn] for one in held if turn in one] for turn in turns}
    return {name: average(values) | {"n": float(len(values))} for name, values in parts.items()}
