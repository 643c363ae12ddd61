"""The learnt ranker: boosted trees over interpretable features, with what they were learnt from.

Two forests, by LightGBM, learn the same turns by different losses, LambdaRank (Burges 2010) and XE-NDCG (Bruch et al.
2020), and err differently; each one's scores are divided by their usual spread within a turn, and the mean is taken.

What counts over playlists may only speak for a track (`recsys.retrieval.together`), so those features are constrained
to rise. Shapes: C candidates of a turn, K features.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys.errors import RecsysError
from recsys.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from lightgbm import Booster

FORMAT = 2
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
_END_OF_TREES, _NEXT_FOREST = "\nend of trees\n", "\nnext forest\n"
_LOSSES = ("lambdarank", "rank_xendcg")


class RankerError(RecsysError, ValueError):
    """A ranker cannot be read, or there is nothing to learn one from."""


@dataclass(frozen=True, slots=True)
class RankerSettings:
    """How a ranker is learnt."""

    n_trees: int = 300  # of each forest
    learning_rate: float = 0.05
    n_leaves: int = 15
    min_leaf: int = 100
    feature_share: float = 0.3
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

    def __init__(
        self, forests: Sequence[Booster], spreads: Sequence[float], names: Sequence[str], card: Mapping[str, Any]
    ) -> None:
        """Put a ranker together.

        Args:
            forests: trees, by loss.
            spreads: what the scores of each are divided by.
            names: of the features, in their order.
            card: what it was learnt from.
        """
        self._forests, self._spreads = tuple(forests), tuple(spreads)
        self.names, self.card = tuple(names), dict(card)

    def scores(self, features: FloatArray) -> FloatArray:
        """Score candidates (C,) by their features (C, K), in the order of `names`."""
        each = [one.predict(features, num_threads=1) / spread for one, spread in self._by_spread()]
        result: FloatArray = np.mean(each, axis=0).astype(np.float32)
        return result

    def _by_spread(self) -> Iterator[tuple[Booster, float]]:
        return zip(self._forests, self._spreads, strict=True)

    def importance(self) -> dict[str, float]:
        """How much of the gain each feature has, most first; they sum to 1."""
        gains = [np.asarray(one.feature_importance("gain"), dtype=np.float64) for one in self._forests]
        shares = np.mean([of / max(float(of.sum()), 1e-9) for of in gains], axis=0)
        return {self.names[number]: float(shares[number]) for number in np.argsort(-shares, kind="stable")}

    def save(self, folder: Path) -> None:
        """Write the trees and the card."""
        folder.mkdir(parents=True, exist_ok=True)
        with gzip.GzipFile(folder / MODEL_FILE, "wb", mtime=0) as file:
            file.write(_NEXT_FOREST.join(one.model_to_string() for one in self._forests).encode())
        card = self.card | {"format": FORMAT, "features": self.names, "spreads": self._spreads}
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
            texts = gzip.decompress((folder / MODEL_FILE).read_bytes()).decode().split(_NEXT_FOREST)
            spreads = [float(spread) for spread in card["spreads"]]
            if len(texts) != len(spreads) or not all(_END_OF_TREES in text for text in texts):
                raise ValueError("the trees break off")  # LightGBM ends the process over half a tree
            forests = [Booster(model_str=text) for text in texts]
            for forest in forests:
                if len(card["features"]) != forest.num_feature():
                    raise ValueError(f"{len(card['features'])} names for {forest.num_feature()} features")
            return cls(forests, spreads, card["features"], card)
        except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error, LightGBMError) as error:
            if isinstance(error, RankerError):
                raise
            raise RankerError(f"no readable ranker in {folder} ({error}); run `segue train --ranker`") from error

    @classmethod
    def fit(
        cls,
        turns: Iterable[RankedTurn],
        names: Sequence[str],
        settings: RankerSettings,
        card: Mapping[str, Any],
        *,
        rising: Collection[str] = RISING | {HAND_SET},
    ) -> LambdaRank:
        """Learn to put the right candidates first; the features named `rising` may only raise one.

        Raises:
            RankerError: no turn has a right candidate.
        """
        import lightgbm

        learnt = [turn for turn in turns if turn.right.any()]
        if not learnt:
            raise RankerError("no conversation has a turn whose answer is among the candidates; nothing can be learnt")
        features = np.concatenate([turn.features for turn in learnt])
        data = lightgbm.Dataset(
            features,
            np.concatenate([turn.right for turn in learnt]).astype(np.int8),
            group=[len(turn.right) for turn in learnt],
            feature_name=list(names),
            free_raw_data=False,
        )
        parameters = {
            "learning_rate": settings.learning_rate,
            "num_leaves": settings.n_leaves,
            "min_data_in_leaf": settings.min_leaf,
            "feature_fraction": settings.feature_share,
            "bagging_fraction": settings.row_share,
            "bagging_freq": 1,
            "lambdarank_truncation_level": settings.truncation,
            "monotone_constraints": [int(name in rising) for name in names],
            "num_threads": settings.threads,
            "seed": settings.seed,
            "deterministic": True,
            "force_row_wise": True,
            "verbose": -1,
        }
        forests, spreads = [], []
        ends = np.cumsum([len(turn.right) for turn in learnt])[:-1]
        for loss in _LOSSES:
            forest = lightgbm.train(parameters | {"objective": loss}, data, settings.n_trees)
            forests.append(forest)
            each = np.split(np.asarray(forest.predict(features, num_threads=settings.threads)), ends)
            spreads.append(max(float(np.mean([scores.std() for scores in each])), 1e-6))
        return cls(forests, spreads, names, {"n_turns": len(learnt), **card})
