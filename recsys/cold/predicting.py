"""The collaborative vector that a track would have if somebody had listened to it, predicted from its content.

Task. Of some tracks vectors are known that were made of listening; of all, content (words, sound). Several ways to get
from one to the other are fitted without a fifth of the artists (of a few, half), and the one that serves those best is
fitted again on all:

    nearest      the mean of the collaborative vectors of the tracks nearest in content
    ridge        a linear map, (XᵀX + λI)⁻¹ XᵀY with X and Y centred
    regression   two layers, trained for the cosine with the true vector
    contrastive  content and collaborative vectors meet in one space (`recsys.cold.projection`); the prediction is the
                 mean of the known vectors, weighed by the softmax of how near they are there
    together     the mean of all four, at length 1

Served best means: held-out tracks are ranked for each of some known tracks, by the product of the known track's vector
with theirs, as for a listener who likes that one; NDCG@10, where the ten that the true vectors rank first are right.
The same predictions dealt out to other artists say what chance gives. Where the best way is not above all such deals,
content says nothing here, and nothing is predicted.

Shapes: N tracks, F width of the contents side by side, G of the collaborative vectors, L learnt from, W wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from recsys.cold.elsa import descend
from recsys.cold.port import silent
from recsys.cold.projection import Projection, ProjectionSettings
from recsys.cold.training import batches, perceptron, seeded
from recsys.cold.weights import EncoderWeights
from recsys.types import BoolArray, FloatArray, IntArray, Progress
from recsys.unit import unit_rows

#: Artists with a vector below which nothing is predicted.
FEWEST_ARTISTS = 20
#: Of these artists, those that the way is chosen by; of a few, half, or a deal to others would often be to their like.
_HELD_OUT, _FEWEST_HELD_OUT = 0.2, 15
#: Tracks that are learnt from, held out, looked through for near ones, and asked about, at most.
_MOST_LEARNT, _MOST_HELD_OUT, _MOST_NEAR, _MOST_ASKED = 10_000, 1_000, 4_096, 400
#: Times that predictions are dealt out to other artists. One way would be above all of them by chance in one case of
#: forty; the best of five is more often, which is why that alone does not do.
_N_DEALS = 39
_FIRST = 10
#: Share of the way from chance to the true vectors below which nothing is predicted. On Last.fm, JAM lost by those
#: made of names alone (.035) and gained by those from names and captions (.163); anything between would fit as well.
_LEAST_ABOVE = 0.1
_PENALTIES, _NEIGHBOURS = (3.0, 30.0, 300.0), (10, 50)
_EPOCHS, _BATCH, _RATE, _HIDDEN = 30, 256, 2e-3, 256
_AT_ONCE = 2_048

#: Returns the vectors (W, G) of content (W, F).
Map = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, eq=False)
class Predicted:
    """Vectors in place of what listening would have told."""

    vectors: FloatArray  # (N, G) unit rows, zero but for `missing` and `stand_ins`
    missing: BoolArray  # (N,) tracks that have no collaborative vector, and get one
    stand_ins: BoolArray  # (N,) tracks that have one; theirs was predicted without them and all of their artist
    card: dict[str, Any]  # way, figures, what the contents count


def predict_collaborative(
    collaborative: FloatArray,
    contents: Mapping[str, FloatArray],
    groups: IntArray,
    *,
    weights: EncoderWeights,
    seed: int,
    progress: Progress = silent,
) -> Predicted:
    """Give vectors to tracks that have content and no collaborative vector.

    Args:
        collaborative: (N, G), zero where nobody has listened.
        contents: by name (N, F_m), zero where a track has none.
        groups: the artist (N,) of each track.
        weights: how much each content counts.
        seed: of the artists held out, and of training.
        progress: told ways.
    """
    known: BoolArray = np.asarray(collaborative.any(axis=1))
    contents = _common(contents, known)
    shares = weights.of(contents, "cold")
    content = _side_by_side(contents, shares) if contents else np.zeros((len(known), 1), dtype=np.float32)
    described = content.any(axis=1)
    target = unit_rows(collaborative)
    learnable = np.flatnonzero(described & known)
    card: dict[str, Any] = {"way": "", "contents": {name: round(share, 4) for name, share in shares.items()}}
    nothing = np.zeros_like(known)
    none = Predicted(np.zeros_like(target), nothing, nothing, card)
    generator = np.random.default_rng((seed, 9))
    artists = generator.permutation(np.unique(groups[learnable]))
    if not np.any(described & ~known):
        card["why"] = "no track without a vector has content"
        return none
    if len(artists) < FEWEST_ARTISTS:
        card["why"] = f"{len(artists)} artists have both content and a vector, expected {FEWEST_ARTISTS}"
        return none
    n_apart = max(round(_HELD_OUT * len(artists)), min(len(artists) // 2, _FEWEST_HELD_OUT))
    apart = np.isin(groups[learnable], artists[:n_apart])
    held_out = _some(learnable[apart], _MOST_HELD_OUT, generator)
    learnt = _some(learnable[~apart], _MOST_LEARNT, generator)
    total = len(_FITS) + 1
    guesses = {}
    for number, (way, fit) in enumerate(_FITS.items()):
        progress("predicting collaborative vectors", number, total)
        for option, guess in fit(content[learnt], target[learnt], seed).items():
            guesses[way, option] = guess(content[held_out])
    judge = _Judge.of(target, learnt, held_out, groups, generator)
    # Of the options of a way the best speaks for it.
    best = {way: max((one for one in guesses if one[0] == way), key=lambda one: judge(guesses[one])) for way in _FITS}
    guesses["together", 0] = _together([guesses[one] for one in best.values()])
    best["together"] = ("together", 0)
    figures = {way: judge(guesses[one]) for way, one in best.items()}
    way = max(figures, key=lambda one: figures[one])
    chance = judge.dealt(guesses[best[way]])
    truth = target[held_out]
    card |= {
        "figures": {one: round(figure, 4) for one, figure in figures.items()},
        "chance": round(max(chance), 4),
        "cosine": round(float((guesses[best[way]] * truth).sum(axis=1).mean()), 4),
        "n_learnt": len(learnable),
        "n_held_out": len(held_out),
        "seed": seed,
    }
    # True vectors have 1 by definition.
    above = (figures[way] - max(chance)) / max(1 - max(chance), 1e-9)
    card["above_chance"] = round(above, 4)
    if above < _LEAST_ABOVE:
        card["why"] = f"{above:.3f} of the way from chance to the true vectors, expected {_LEAST_ABOVE}"
        return none
    progress("predicting collaborative vectors", total - 1, total)
    rows = _some(learnable, _MOST_LEARNT, generator)
    missing = described & ~known
    wanted = np.flatnonzero(missing)
    vectors = np.zeros_like(target)
    used = list(_FITS) if way == "together" else [way]
    made = [_FITS[one](content[rows], target[rows], seed)[best[one][1]](content[wanted]) for one in used]
    vectors[wanted] = _together(made)
    vectors[held_out] = guesses[best[way]]
    stand_ins = nothing.copy()
    stand_ins[held_out] = True
    card |= {"way": way, "option": best[way][1], "n_missing": int(missing.sum())}
    progress("predicting collaborative vectors", total, total)
    return Predicted(vectors, np.asarray(missing & vectors.any(axis=1)), stand_ins, card)


@dataclass(frozen=True, eq=False)
class _Judge:
    """Asks which of the held-out tracks suit who likes a known one."""

    asked: FloatArray  # (Q, G)
    right: BoolArray  # (Q, W), as many of each question
    groups: IntArray  # (W,)
    generator: np.random.Generator

    @classmethod
    def of(
        cls, target: FloatArray, learnt: IntArray, held_out: IntArray, groups: IntArray, generator: np.random.Generator
    ) -> _Judge:
        """Take the known tracks asked for, and what their true vectors rank first."""
        asked = target[_some(learnt, _MOST_ASKED, generator)]
        first = _best(asked @ target[held_out].T, max(1, min(_FIRST, len(held_out) // 5)))
        right = np.zeros((len(asked), len(held_out)), dtype=np.bool_)
        np.put_along_axis(right, first, True, axis=1)
        return cls(asked, right, groups[held_out], generator)

    def __call__(self, guess: FloatArray) -> float:
        """Return the mean NDCG@10 of predictions (W, G)."""
        first = _best(self.asked @ guess.T, min(_FIRST, len(guess)))
        gains = 1 / np.log2(2 + np.arange(_FIRST))
        found = np.take_along_axis(self.right, first, axis=1) @ gains[: first.shape[1]]
        return float(found.mean() / gains[: int(self.right[0].sum())].sum())

    def dealt(self, guess: FloatArray) -> list[float]:
        """Return the figures of the predictions when each artist's are another's."""
        names, own = np.unique(self.groups, return_inverse=True)
        rows_of = [np.flatnonzero(own == one) for one in range(len(names))]
        found = []
        for _ in range(_N_DEALS):
            others = self.generator.permutation(len(names))[own]
            found.append(self(guess[[self.generator.choice(rows_of[one]) for one in others]]))
        return found


def _best(scores: FloatArray, n: int) -> IntArray:
    """Return the columns of the n highest scores of each row, best first; of equal ones the first."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :n]


def _nearest(content: FloatArray, target: FloatArray, seed: int) -> dict[float, Map]:
    rows = _some(np.arange(len(content)), _MOST_NEAR, np.random.default_rng((seed, 10)))
    among, theirs = unit_rows(content[rows]), target[rows]

    def guess(wanted: FloatArray, k: int) -> FloatArray:
        found = np.zeros((len(wanted), target.shape[1]), dtype=np.float32)
        for begin in range(0, len(wanted), _AT_ONCE):
            cosines = unit_rows(wanted[begin : begin + _AT_ONCE]) @ among.T
            first = _best(cosines, k)
            near = np.maximum(np.take_along_axis(cosines, first, axis=1), 0)
            found[begin : begin + _AT_ONCE] = np.einsum("wk,wkg->wg", near, theirs[first])
        return unit_rows(found)

    return {k: lambda wanted, k=k: guess(wanted, k) for k in _NEIGHBOURS}  # type: ignore[misc]


def _ridge(content: FloatArray, target: FloatArray, seed: int) -> dict[float, Map]:
    x, y = content.astype(np.float64), target.astype(np.float64)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    left, right = (x - x_mean).T @ (x - x_mean), (x - x_mean).T @ (y - y_mean)
    unit = np.eye(len(left)) * max(float(np.trace(left)) / len(left), 1e-12)
    maps: dict[float, NDArray[np.float64]] = {
        penalty: np.linalg.solve(left + penalty / 10 * unit, right) for penalty in _PENALTIES
    }

    def guess(wanted: FloatArray, solved: NDArray[np.float64]) -> FloatArray:
        return unit_rows(((wanted - x_mean) @ solved + y_mean).astype(np.float32))

    return {penalty: lambda wanted, one=one: guess(wanted, one) for penalty, one in maps.items()}  # type: ignore[misc]


def _regression(content: FloatArray, target: FloatArray, seed: int) -> dict[float, Map]:
    scale = np.float32(content.shape[1] ** 0.5)  # columns of about deviation 1, for the layers' usual start
    x, y = torch.from_numpy(content * scale), torch.from_numpy(target)
    with seeded(seed) as generator:
        network = perceptron(content.shape[1], _HIDDEN, target.shape[1])
        optimiser = torch.optim.Adam(network.parameters(), lr=_RATE)
        for _ in range(_EPOCHS):
            for rows in batches(len(x), _BATCH, generator):
                drawn = torch.from_numpy(rows)
                descend(optimiser, 1 - (normalize(network(x[drawn]), dim=1) * y[drawn]).sum(dim=1).mean())
    network.eval()

    def guess(wanted: FloatArray) -> FloatArray:
        with torch.inference_mode():
            return unit_rows(network(torch.from_numpy(wanted * scale)).numpy())

    return {0: guess}


def _contrastive(content: FloatArray, target: FloatArray, seed: int) -> dict[float, Map]:
    chosen, scale = ProjectionSettings(), np.float32(content.shape[1] ** 0.5)
    x, y = torch.from_numpy(content * scale), torch.from_numpy(target)
    with seeded(seed) as generator:
        network = Projection(content.shape[1], target.shape[1], chosen)
        optimiser = torch.optim.Adam(network.parameters(), lr=chosen.schedule.learning_rate)
        for _ in range(_EPOCHS):
            for rows in batches(len(x), chosen.batch, generator):
                if len(rows) > 1:
                    drawn = torch.from_numpy(rows)
                    descend(optimiser, network.loss(x[drawn], y[drawn]))
    network.eval()
    near = torch.from_numpy(_some(np.arange(len(content)), _MOST_NEAR, np.random.default_rng((seed, 10))))

    def guess(wanted: FloatArray) -> FloatArray:
        with torch.inference_mode():
            there = network.of_collaborative(y[near])
            found = [
                ((network.of_content(part) @ there.T) / chosen.temperature).softmax(dim=1) @ y[near]
                for part in torch.split(torch.from_numpy(wanted * scale), _AT_ONCE)
            ]
            return unit_rows(torch.cat(found).numpy()) if len(wanted) else np.zeros((0, y.shape[1]), np.float32)

    return {0: guess}


#: By way, what fits it and returns one map for each of its options.
_FITS: dict[str, Callable[[FloatArray, FloatArray, int], dict[float, Map]]] = {
    "nearest": _nearest,
    "ridge": _ridge,
    "regression": _regression,
    "contrastive": _contrastive,
}
WAYS = (*_FITS, "together")


def _together(guesses: list[FloatArray]) -> FloatArray:
    return unit_rows(np.sum(guesses, axis=0))


def _common(contents: Mapping[str, FloatArray], known: BoolArray) -> dict[str, FloatArray]:
    """Return the contents that the missing tracks have at least half as often as the known: others would mislead."""
    found = {}
    for name, table in contents.items():
        has: BoolArray = np.asarray(table.any(axis=1))
        if has[~known].any() and has[~known].mean() >= has[known].mean() / 2:
            found[name] = table
    return found


def _side_by_side(contents: Mapping[str, FloatArray], shares: Mapping[str, float]) -> FloatArray:
    """Join contents (N, F), each centred, of length 1 and weighed so that its share is that of the squared length."""
    parts = []
    for name, table in contents.items():
        here = table.any(axis=1)
        part = np.zeros(table.shape, dtype=np.float32)
        if here.any():
            part[here] = unit_rows(table[here] - table[here].mean(axis=0, dtype=np.float64).astype(np.float32))
        parts.append(part * np.float32(shares[name] ** 0.5))
    return np.concatenate(parts, axis=1)


def _some(rows: IntArray, most: int, generator: np.random.Generator) -> IntArray:
    """Return the rows, or so many of them, drawn, in rising order."""
    return rows if len(rows) <= most else np.sort(generator.choice(rows, most, replace=False))
