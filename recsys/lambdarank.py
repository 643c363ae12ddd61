"""The learnt ranker: LambdaRank over interpretable features (Burges 2010, by LightGBM), with what it was learnt from.

What counts over playlists may only speak for a track (`recsys.retrieval.together`), so those features are constrained
to rise. Shapes: C candidates of a turn, K features.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.errors import RecsysError
from recsys.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from lightgbm import Booster

FORMAT = 1
MODEL_FILE, CARD_FILE = "ranker.txt.gz", "ranker.json"
#: What the hand-set ranking says of a candidate; the trees may doubt it, but never turn it round.
HAND_SET = "hand_set"
#: Features that may only raise a track.
RISING = frozenset(
    {
        "artist_in_playlists",
        "artist_tracks_in_playlists",
        "track_in_playlists",
        "company_of_liked",
        "company_of_liked_counted",
        "company_of_named",
        "company_of_named_counted",
        "tracks_beside_liked",
        "artist_in_alike_playlists",
        "track_in_alike_playlists",
        "artist_in_playlists_alike_now",
    }
)
_END_OF_TREES = "\nend of trees\n"


class RankerError(RecsysError, ValueError):
    """A ranker cannot be read, or there is nothing to learn one from."""


@dataclass(frozen=True, slots=True)
class RankerSettings:
    """How a ranker is learnt."""

    n_trees: int = 300
    learning_rate: float = 0.05
    n_leaves: int = 31
    min_leaf: int = 50
    feature_share: float = 0.5
    row_share: float = 0.8
    truncation: int = 20  # ranks that the loss looks at
    threads: int = 2
    seed: int = 64


@dataclass(frozen=True, slots=True)
class RankedTurn:
    """One turn to learn from: its candidates' features (C, K) and which of them are right (C,)."""

    features: FloatArray
    right: BoolArray

    def thinned(self, n_wrong: int, rng: np.random.Generator) -> RankedTurn:
        """Keep all that is right, and so many drawn of what is wrong."""
        wrong = np.flatnonzero(~self.right)
        if len(wrong) <= n_wrong:
            return self
        kept = np.sort(np.concatenate([np.flatnonzero(self.right), rng.choice(wrong, n_wrong, replace=False)]))
        return RankedTurn(self.features[kept], self.right[kept])


class LambdaRank:
    """Scores candidates by trees. Safe to share between threads."""

    def __init__(self, booster: Booster, names: Sequence[str], card: Mapping[str, Any]) -> None:
        """Take the trees, the names of the features in their order, and what the ranker was learnt from."""
        self._booster, self.names, self.card = booster, tuple(names), dict(card)

    def scores(self, features: FloatArray) -> FloatArray:
        """Score candidates (C,) by their features (C, K), in the order of `names`."""
        result: FloatArray = np.asarray(self._booster.predict(features, num_threads=1), dtype=np.float32)
        return result

    def importance(self) -> dict[str, float]:
        """How much of the gain each feature has, most first; they sum to 1."""
        gains = np.asarray(self._booster.feature_importance("gain"), dtype=np.float64)
        shares = gains / max(float(gains.sum()), 1e-9)
        return {self.names[number]: float(shares[number]) for number in np.argsort(-shares, kind="stable")}

    def save(self, folder: Path) -> None:
        """Write the trees and the card."""
        folder.mkdir(parents=True, exist_ok=True)
        with gzip.GzipFile(folder / MODEL_FILE, "wb", mtime=0) as file:
            file.write(self._booster.model_to_string().encode())
        card = self.card | {"format": FORMAT, "features": self.names}
        (folder / CARD_FILE).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LambdaRank:
        """Read what `save` wrote.

        Raises:
            RankerError: a file is missing, damaged or of another version.
        """
        from lightgbm import Booster
        from lightgbm.basic import LightGBMError

        try:
            card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
            if card["format"] != FORMAT:
                raise RankerError(f"the ranker in {folder} is of another version; run `segue train --ranker`")
            text = gzip.decompress((folder / MODEL_FILE).read_bytes()).decode()
            if _END_OF_TREES not in text:  # LightGBM ends the process over half a tree
                raise ValueError("the trees break off")
            booster = Booster(model_str=text)
            if len(card["features"]) != booster.num_feature():
                raise ValueError(f"{len(card['features'])} names for {booster.num_feature()} features")
            return cls(booster, card["features"], card)
        except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error, LightGBMError) as error:
            if isinstance(error, RankerError):
                raise
            raise RankerError(f"no readable ranker in {folder} ({error}); run `segue train --ranker`") from error

    @classmethod
    def fit(
        cls, turns: Iterable[RankedTurn], names: Sequence[str], settings: RankerSettings, card: Mapping[str, Any]
    ) -> LambdaRank:
        """Learn to put the right candidates first.

        Raises:
            RankerError: no turn has a right candidate.
        """
        import lightgbm

        learnt = [turn for turn in turns if turn.right.any()]
        if not learnt:
            raise RankerError("no conversation has a turn whose answer is among the candidates; nothing can be learnt")
        data = lightgbm.Dataset(
            np.concatenate([turn.features for turn in learnt]),
            np.concatenate([turn.right for turn in learnt]).astype(np.int8),
            group=[len(turn.right) for turn in learnt],
            feature_name=list(names),
            free_raw_data=True,
        )
        parameters = {
            "objective": "lambdarank",
            "learning_rate": settings.learning_rate,
            "num_leaves": settings.n_leaves,
            "min_data_in_leaf": settings.min_leaf,
            "feature_fraction": settings.feature_share,
            "bagging_fraction": settings.row_share,
            "bagging_freq": 1,
            "lambdarank_truncation_level": settings.truncation,
            "monotone_constraints": [int(name in RISING or name == HAND_SET) for name in names],
            "num_threads": settings.threads,
            "seed": settings.seed,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        }
        booster = lightgbm.train(parameters, data, settings.n_trees)
        return cls(booster, names, {"n_turns": len(learnt), **card})
