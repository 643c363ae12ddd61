"""The sequential models whose item vectors a language model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.sequential.errors import SequentialModelError
from recsys.types import FloatArray

if TYPE_CHECKING:
    from recsys.sequential.neural import NeuralModel

BACKBONES = ("sasrec", "bert4rec", "gru4rec")


def open_backbone(name: str, **settings: Any) -> NeuralModel:
    """Make a backbone that is to be fitted, with these of its settings.

    Raises:
        SequentialModelError: no backbone has such a name.
    """
    from recsys.sequential.bert4rec import Bert4Rec, Bert4RecSettings
    from recsys.sequential.gru4rec import Gru4Rec, Gru4RecSettings
    from recsys.sequential.sasrec import SasRec, SasRecSettings

    if name == "sasrec":
        return SasRec(SasRecSettings(**settings))
    if name == "bert4rec":
        return Bert4Rec(Bert4RecSettings(**settings))
    if name == "gru4rec":
        return Gru4Rec(Gru4RecSettings(**settings))
    raise SequentialModelError("e4srec", f"no backbone is called {name!r}", f"name one of {', '.join(BACKBONES)}")


def item_vectors(backbone: NeuralModel) -> FloatArray:
    """Return the item vectors (I, D) of a fitted backbone, frozen."""
    import torch

    with torch.inference_mode():
        return np.asarray(backbone.table().float().cpu().numpy(), dtype=np.float32)
