"""The mixture of counting models, and SASRec beside it.

    score(i | prefix) = s_mixture(i | prefix) / max + 0.6 · s_sasrec(i | prefix) / max

The weight was chosen on LastFM's last known artist but one, and on the ninth tenth of Nowplaying's sessions after
training on the first eight; anything from 0.3 to 1 does about as well on both. Nothing has to be fitted twice for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recsys.sequential.mixture import Mixture
from recsys.sequential.port import SequentialModel
from recsys.sequential.presets import By, options_for
from recsys.types import FloatArray

_WEIGHTS = (1.0, 0.6)


class Ensemble(Mixture):
    """Ranks by what counting says and what was learnt by gradient."""

    name = "ensemble"

    @classmethod
    def of(
        cls,
        by: By | None = None,
        *,
        content: Mapping[str, FloatArray] | None = None,
        seed: int = 64,
        **options: Any,
    ) -> Ensemble:
        """Make one that is not fitted.

        Args:
            by: what the data is like; None leaves it to each of the two.
            content: vectors of the items (I, d) by what they are called, for the mixture.
            seed: of both.
            options: of SASRec's settings, but for `state`, the folder that it goes on from after a kill.
        """
        from recsys.sequential.sasrec import SasRec, SasRecSettings

        state = options.pop("state", None)
        learnt = SasRec(SasRecSettings(**{**options_for("sasrec", by), **options, "seed": seed}), state=state)
        models: dict[str, SequentialModel] = {"mixture": Mixture(by=by, content=content, seed=seed), "sasrec": learnt}
        return cls(models, weights=_WEIGHTS)
