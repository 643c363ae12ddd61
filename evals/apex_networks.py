"""The network of APEX in all its ways: each loss at each depth, one network for all heads or one for each, and without
the aesthetics.

    multi, LOSS, N layers       one network, its losses combined by LOSS, a trunk of N layers
    single, N layers            one network for each head
    popularity alone, N layers  one network for the popularity heads, where there are aesthetics to do without

`weighted` is left out where all heads have one weight: it is `equal` then. Of one head, all but the depth and
`uncertainty` is the same, so `multi` of one head is that head's `single`.

`planted` makes a table with a known answer: all heads follow from three hidden qualities of the sound, every aesthetic
head is rated, and popularity is known of three in ten tracks. What is learnt of the aesthetics can help there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recsys.appeal.apex import TRUNKS
from recsys.appeal.heads import Group, Head
from recsys.appeal.inputs import Columns, ContentInput
from recsys.appeal.learners import ApexLearner
from recsys.appeal.losses import LOSSES
from recsys.appeal.targets import Targets
from recsys.appeal.training import ApexSettings

NETWORKS, PLANTED = "networks", "planted"
_N_PLANTED, _N_ARTISTS, _N_FEATURES, _N_HIDDEN, _SHARE_KNOWN = 400, 130, 12, 3, 0.3
_PLANTED_SEED = 64


def networks(
    content: ContentInput, settings: ApexSettings, heads: Sequence[Head]
) -> tuple[tuple[ApexLearner, ...], dict[str, tuple[str, ...]], tuple[tuple[str, str], ...]]:
    """Return every way to train the network on some content.

    Args:
        content: what is looked at.
        settings: what all of them share.
        heads: that have values.

    Returns:
        The learners; the heads of those that learn some only; and the pairs whose difference is told.
    """
    popular = tuple(head.name for head in heads if head.group is Group.POPULARITY)
    learners: list[ApexLearner] = []
    partly: dict[str, tuple[str, ...]] = {}
    pairs: list[tuple[str, str]] = []
    for n_shared in TRUNKS:
        deep = replace(settings, n_shared=n_shared)
        single, alone = f"single, {n_shared} layers", f"popularity alone, {n_shared} layers"
        without = 0 < len(popular) < len(heads)
        for loss in _losses(heads):
            multi = f"multi, {loss}, {n_shared} layers"
            learners.append(ApexLearner(content, replace(deep, loss=loss), called=multi))
            pairs += [(multi, single)] * (len(heads) > 1) + [(multi, alone)] * without
        if len(heads) > 1:
            learners.append(ApexLearner(content, replace(deep, loss="equal"), alone=True, called=single))
        if without:
            learners.append(ApexLearner(content, replace(deep, loss="equal"), called=alone))
            partly[alone] = popular
    return tuple(learners), partly, tuple(pairs)


def _losses(heads: Sequence[Head]) -> tuple[str, ...]:
    """Ways to combine losses that differ for these heads."""
    several = len({head.weight for head in heads}) > 1
    return tuple(loss for loss in LOSSES if several or loss != "weighted")


def planted() -> tuple[Targets, np.ndarray[tuple[int], np.dtype[np.str_]], Columns]:
    """Make targets (n, H), artists (n,) and features (n, D) with a known answer, always the same."""
    rng = np.random.default_rng(_PLANTED_SEED)
    sound = rng.normal(size=(_N_PLANTED, _N_FEATURES))
    hidden = np.tanh(sound @ rng.normal(size=(_N_FEATURES, _N_HIDDEN)) / np.sqrt(_N_FEATURES))
    aesthetics = ("coherence", "musicality", "memorability", "clarity")
    columns = {}
    for name in aesthetics:
        shares = rng.dirichlet(np.ones(_N_HIDDEN))
        columns[name] = np.clip(3 + 2 * hidden @ shares + 0.3 * rng.normal(size=_N_PLANTED), 1, 5)
    popularity = np.clip(50 + 25 * hidden.mean(axis=1) + 10 * rng.normal(size=_N_PLANTED), 0, 100)
    columns["popularity"] = np.where(rng.random(_N_PLANTED) < _SHARE_KNOWN, popularity, np.nan)
    artists = np.array([f"artist {number}" for number in rng.integers(_N_ARTISTS, size=_N_PLANTED)])
    return Targets.of(columns), artists, Columns("features", tuple(f"x{one}" for one in range(_N_FEATURES)), sound)
