"""The sequential models whose item vectors a language model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from recsys.sequential.errors import SequentialModelError
from recsys.types import FloatArray

if TYPE_CHECKING:
    from recsys.sequential.neural import NeuralModel

BACKBONES = ("sasrec", "bert4rec", "gru4rec")


def require_backbone(name: str) -> None:
    """Check that there is such a backbone.

    Raises:
        SequentialModelError: there is none.
    """
    if name not in BACKBONES:
        raise SequentialModelError("e4srec", f"no backbone is called {name!r}", f"name one of {', '.join(BACKBONES)}")


def open_backbone(name: str, **settings: Any) -> NeuralModel:
    """Make a backbone that is to be fitted, with these of its settings.

    Raises:
        SequentialModelError: no backbone has such a name, or it knows no such setting.
    """
    from recsys.sequential.registry import open_model

    require_backbone(name)
    return cast("NeuralModel", open_model(name, **settings))


def item_vectors(backbone: NeuralModel) -> FloatArray:
    """Return the item vectors (I, D) of a fitted backbone, frozen."""
    import torch

    with torch.inference_mode():
        return np.asarray(backbone.table().float().cpu().numpy(), dtype=np.float32)
