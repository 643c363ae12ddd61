"""The card of a trained model: what it is, how it was trained, and what it reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from recsys.jam.errors import TrainingDataError
from recsys.jam.trainer import Size, TrainerSettings
from recsys.jam.training_run import History


def card_of(
    what: Mapping[str, Any],
    identity: str,
    settings: TrainerSettings,
    modalities: Sequence[str],
    query_dim: int,
    items: str,
    n_queries: int,
    n_pairs: int,
    history: History,
) -> dict[str, Any]:
    """Write the card of a training run.

    Args:
        what: everything that the run depends on.
        identity: a digest of it.
        settings: how it was trained.
        modalities: of the items.
        query_dim: width of the requests' vectors.
        items: fingerprint of the items' inputs.
        n_queries: learnt from.
        n_pairs: of queries and their answers.
        history: of the run.
    """
    best = history.best
    return {
        **what,
        "identity": identity,
        "modalities": list(modalities),
        "mixer": what["model"],
        "size": settings.size,
        "query_dim": query_dim,
        "items": items,
        "n_queries": n_queries,
        "n_pairs": n_pairs,
        "losses": history.losses,
        "epochs_ndcg@10": history.ndcg,
        "best_epoch": None if best is None else best + 1,
        "ndcg@10": None if best is None else history.ndcg[best],
    }


def summary_of(card: Mapping[str, Any]) -> dict[str, Any]:
    """What a grid tells of one of its runs."""
    rate = card["settings"]["learning_rate"]
    return {"size": card["size"], "learning_rate": rate, "ndcg@10": card["ndcg@10"], "epochs": len(card["losses"])}


def of_result(settings: TrainerSettings) -> dict[str, Any]:
    """The settings that the result depends on."""
    values = asdict(settings)
    del values["state_every"], values["device"], values["threads"]
    return values


def settings_of(values: Mapping[str, Any]) -> TrainerSettings:
    """Read the settings in a card."""
    return TrainerSettings(**{**values, "size": size_of(values["size"])})


def size_of(value: Any) -> Size:
    """Read a size in a card: one number, or the widths of layers."""
    return tuple(map(int, value)) if isinstance(value, (list, tuple)) else int(value)


def width_of(name: str, size: Size) -> int:
    """Return the one width of a model that has no layers.

    Raises:
        TrainingDataError: the size is of layers.
    """
    if not isinstance(size, int):
        raise TrainingDataError(f"the size of {name} is {size}, expected one number; only two-tower has layers")
    return size
