"""How well does what ships predict how people rate a recording, and how far do its intervals reach?

Task. 496 clips of MusicCaps with the mean of ten people's ratings on four axes (Audiobox Aesthetics; AudioMOS 2025).
Content is the built-in encoder's vector of a clip's aspects, joined as `Catalogue.tags_of` joins what a track states.

Conventions. Ten folds over clips; deviations are widened by folds within what is learnt from, never by the clips asked
about. *Covered* is the share of clips whose rating lies in the 80 % interval around the prediction, .80 being right;
*the mean* says the mean of the other folds of every clip. Intervals are 95 %, over clips.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.apex_data import AESTHETICS, read_data
from evals.errors import EvaluationDataError
from recsys.appeal.bayes import Z80, fit_posterior
from recsys.appeal.learners import folds_by_group
from recsys.appeal.own import spearman_interval
from recsys.appeal.posterior_files import save_posteriors
from recsys.appeal.predicting import SHIPPED
from recsys.appeal.ranks import spearman
from recsys.encoders.text import TextEncoder
from recsys.types import FloatArray

_N_FOLDS = 10
COMMAND = "segue eval appeal-use --ratings musiccaps_ratings.csv --ship recsys/data/appeal"


@dataclass(frozen=True)
class AxisFigures:
    """How one axis is predicted."""

    axis: str
    spearman: float
    low: float
    high: float
    error: float  # root of the mean square error, of 1–10
    error_of_mean: float
    covered: float
    covered_elsewhere: float  # by whole descriptions, which are unlike the lists of aspects that were learnt from


@dataclass(frozen=True)
class Ratings:
    """The clips, encoded."""

    heads: tuple[str, ...]
    values: NDArray[np.float64]  # (n, H)
    clips: NDArray[np.str_]  # (n,)
    aspects: FloatArray  # (n, D)
    captions: FloatArray  # (n, D)
    encoder: str


def read_ratings(path: Path, encoder: TextEncoder) -> Ratings:
    """Read and encode the clips.

    Raises:
        EvaluationDataError: the file holds no such ratings.
    """
    data = read_data(path)
    if data.kind != AESTHETICS:
        raise EvaluationDataError(f"{path} holds {data.kind}; expected ratings with captions and aspects")
    heads = tuple(head.name for head in data.targets.heads)
    return Ratings(
        heads,
        data.targets.values,
        np.arange(len(data.targets.values)).astype(str),
        encoder.encode([", ".join(part) for part in data.aspects]),
        encoder.encode(data.captions),
        encoder.name,
    )


def evaluate_ratings(ratings: Ratings, seed: int) -> list[AxisFigures]:
    """Predict every clip from the others."""
    n = len(ratings.values)
    mean, deviation = np.empty_like(ratings.values), np.empty_like(ratings.values)
    other, wider, guess = (np.empty_like(ratings.values) for _ in range(3))
    for held in folds_by_group(ratings.clips, _N_FOLDS, seed):
        rest = np.setdiff1d(np.arange(n), held)
        learnt = fit_posterior(ratings.heads, ratings.aspects[rest], ratings.values[rest], ratings.clips[rest], seed)
        told, unlike = learnt.predict(ratings.aspects[held]), learnt.predict(ratings.captions[held])
        mean[held], deviation[held], other[held], wider[held] = told.mean, told.deviation, unlike.mean, unlike.deviation
        guess[held] = ratings.values[rest].mean(axis=0)
    found = []
    for axis, head in enumerate(ratings.heads):
        true, said = ratings.values[:, axis], mean[:, axis]
        low, high = spearman_interval(true, said, ratings.clips, seed)
        found.append(
            AxisFigures(
                head,
                spearman(true, said),
                low,
                high,
                float(np.sqrt(np.square(said - true).mean())),
                float(np.sqrt(np.square(guess[:, axis] - true).mean())),
                float((np.abs(said - true) <= Z80 * deviation[:, axis]).mean()),
                float((np.abs(other[:, axis] - true) <= Z80 * wider[:, axis]).mean()),
            )
        )
    return found


def ship(ratings: Ratings, folder: Path, seed: int, figures: list[AxisFigures]) -> dict[str, Any]:
    """Learn from all clips and write what ships, with its card; weights only, no word of any description."""
    learnt = fit_posterior(ratings.heads, ratings.aspects, ratings.values, ratings.clips, seed)
    card = {
        "encoder": ratings.encoder,
        "learnt_from": f"{len(ratings.values)} clips of MusicCaps, rated by ten people each (AudioMOS 2025)",
        "licence": "weights Apache-2.0; ratings (Audiobox Aesthetics, Tjandra et al. 2025) CC BY 4.0; descriptions "
        "(MusicCaps, Agostinelli et al. 2023) CC BY-SA 4.0, of which nothing is shipped",
        "command": COMMAND,
        "seed": seed,
        "figures": {
            one.axis: {"spearman": round(one.spearman, 3), "covered by 80 %": round(one.covered, 3)} for one in figures
        },
    }
    save_posteriors(folder, SHIPPED, [learnt], card)
    return card
