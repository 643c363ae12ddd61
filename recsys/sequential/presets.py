"""How models are made by what the training data is like, and which are mixed.

    lines   sessions of tracks, with repeats: what follows matters most, then what is near, then sessions alike
    steps   one long sequence for each listener, without repeats: what is in it together matters too

The options were chosen on what comes before the parts that figures are told of: on Nowplaying's ninth tenth of
sessions, after training on the first eight, and on the last known artist but one of LastFM's listeners.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from recsys.sequential.content import Content
from recsys.sequential.ease import Ease
from recsys.sequential.item_knn import ItemKnn
from recsys.sequential.nearby import Nearby
from recsys.sequential.popularity import Popularity
from recsys.sequential.port import SequentialModel
from recsys.sequential.repeats import Repeats
from recsys.sequential.session_knn import SessionKnn
from recsys.sequential.successors import Successors
from recsys.types import FloatArray

By = Literal["lines", "steps"]
#: Items up to which EASE is among the models: the mixture fits it several times.
_MOST_ITEMS_FOR_EASE = 6_000
#: Of models that learn by gradient, where they are not made by their defaults.
_OPTIONS: Mapping[tuple[str, By], Mapping[str, Any]] = {
    ("sasrec", "lines"): {
        "dim": 64,
        "max_length": 30,
        "dropout": 0.2,
        "n_negatives": 2048,
        "deviation": 0.05,
        "steps": 1500,
        "batch": 512,
        "learning_rate": 4e-3,
        "validate_every": 300,
    }
}


def options_for(name: str, by: By | None) -> Mapping[str, Any]:
    """Return the options of a model that learns by gradient, for such data; none where its defaults are for it."""
    return {} if by is None else _OPTIONS.get((name, by), {})


def models_for(by: By, n_items: int, content: Mapping[str, FloatArray] | None = None) -> dict[str, SequentialModel]:
    """Return models that are not fitted, by name.

    Args:
        by: "lines" or "steps".
        n_items: of the catalogue.
        content: vectors of the items (I, d) by what they are called.
    """
    described: dict[str, SequentialModel] = {f"content_{kind}": Content(one) for kind, one in (content or {}).items()}
    if by == "lines":
        return {
            "near": Nearby(decay=0.65),
            "after": Nearby(back=0.0, decay=0.65, half_life=0.5),
            "wide": Nearby(reach=5.0, slope=0.0),
            "session-knn": SessionKnn(n_neighbours=100, idf=0.2),
            "successors": Successors(decay=0.1),
            "repeats": Repeats(),
            **described,
        }
    models: dict[str, SequentialModel] = {
        "after": Nearby(reach=30.0, slope=0.0, back=0.0, alpha=0.3),
        "after-near": Nearby(back=0.0, alpha=0.3, decay=0.7),
        "wide": Nearby(reach=30.0, slope=0.0, back=1.0, alpha=0.4, decay=0.9),
        "item-knn": ItemKnn(),
        "session-knn": SessionKnn(n_neighbours=100, decay=0.9, idf=0.0),
        "popularity": Popularity(),
    }
    if n_items <= _MOST_ITEMS_FOR_EASE:
        models["ease"] = Ease(penalty=300.0)
    return models | described
