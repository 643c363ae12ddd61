"""What a catalogue's own figures teach: popularity, and other heads that its source states, from content.

Judged before it may serve: in folds by artist, held-out values are predicted, and a head is switched on only where the
rank correlation is surely positive (the lower end of its 95 % interval over artists) and the mean square error is below
that of saying the mean. Who an artist is counts only as far as the words of the name do.

Shapes: N tracks, n tracks that state a head.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.bayes import Z80, Posterior, fit_posterior
from recsys.appeal.content import Block, Scaling, beside, learn_scaling
from recsys.appeal.errors import AppealError, AppealModelError, OtherVectorsError
from recsys.appeal.heads import find_head, heads_in
from recsys.appeal.learners import folds_by_group
from recsys.appeal.posterior_files import load_posteriors, save_posteriors
from recsys.appeal.ranks import spearman
from recsys.catalogue import Catalogue
from recsys.types import Facet, FloatArray, Progress

FOLDER, NAME = "appeal", "own"
#: More rows teach little more, and take their time.
_MOST_ROWS = 30_000
_LEAST_KNOWN = 100
#: Values outside of a head's range, to one inside, up to which a column is of that head: some are errors.
_MOST_OUTSIDE = 0.02
_N_DIRECTIONS = 300
_N_FOLDS = 5
_N_DRAWS = 500


@dataclass(frozen=True)
class HeadTrial:
    """How well a head is predicted for artists that were held out."""

    head: str
    n_known: int
    n_artists: int
    spearman: float
    low: float  # of its 95 % interval over artists
    high: float
    error: float  # root of the mean square error, in the head's range
    error_of_mean: float
    covered: float  # share of values inside the 80 % intervals
    switched_on: bool

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True)
class OwnAppeal:
    """What was learnt and switched on."""

    posteriors: tuple[Posterior, ...]
    blocks: tuple[str, ...]
    scaling: Mapping[str, Scaling]
    made_by: Mapping[str, str] = field(default_factory=dict)  # by block, what made its vectors

    def predict(self, blocks: Mapping[str, Block]) -> dict[str, tuple[FloatArray, FloatArray]]:
        """Mean and deviation (N,) of every head; a track without any of the blocks has none (NaN).

        Raises:
            OtherVectorsError: a block is not there, or was made by another encoder than the one learnt from.
        """
        if not self.posteriors:
            return {}
        for name in self.blocks:
            learnt, there = self.made_by.get(name, ""), blocks.get(name)
            if there is None or there.made_by != learnt:
                raise OtherVectorsError(
                    "what the catalogue taught", name, learnt=learnt, found=there.made_by if there else ""
                )
        n_tracks = len(next(iter(blocks.values())).present)
        known = np.any([blocks[name].present for name in self.blocks], axis=0)
        content = beside(blocks, self.scaling, self.blocks, np.arange(n_tracks))
        found = {}
        for one in self.posteriors:
            told = one.predict(content)
            for column, head in enumerate(one.heads):
                parts = (told.mean[:, column], told.deviation[:, column])
                mean, deviation = (np.where(known, part, np.nan).astype(np.float32) for part in parts)
                found[head] = (mean, deviation)
        return found


def stated_heads(catalogue: Catalogue) -> dict[str, NDArray[np.float64]]:
    """What the catalogue states of heads: (N,) each, NaN where it does not; heads with enough values that differ.

    A column of which more than a few values lie outside of its head's range is in another unit, such as a count of
    plays, and states nothing of the head.
    """
    scale = find_head("popularity").high
    popularity = catalogue.numeric["popularity"].astype(np.float64) * scale
    for heard in (True, False):
        popularity[catalogue.derived(Facet.POPULARITY, heard=heard)] = np.nan
    found = {"popularity": popularity}
    n_outside: Counter[str] = Counter()
    for row, (_, _, details) in enumerate(catalogue.links):
        for column, head in heads_in(details).items():
            value = details[column]
            if not isinstance(value, int | float) or head.name == "popularity":
                continue
            if head.low <= value <= head.high:
                found.setdefault(head.name, np.full(len(catalogue), np.nan))[row] = value
            elif value == value:  # not NaN
                n_outside[head.name] += 1
    return {
        name: values
        for name, values in found.items()
        if (n_known := (~np.isnan(values)).sum()) >= _LEAST_KNOWN
        and np.nanmin(values) < np.nanmax(values)
        and n_outside[name] <= _MOST_OUTSIDE * n_known
    }


def learn_own(
    catalogue: Catalogue, blocks: Mapping[str, Block], seed: int, progress: Progress | None = None
) -> tuple[OwnAppeal, tuple[HeadTrial, ...]]:
    """Learn every head that the catalogue states, and judge it.

    Raises:
        AppealError: no head is stated by enough tracks, or all are by one artist.
    """
    stated = stated_heads(catalogue)
    if not stated:
        raise AppealError(
            f"fewer than {_LEAST_KNOWN} of {len(catalogue):,} tracks state a popularity or another target, or all the "
            "same; index a catalogue that does, or give a table of targets with `segue train --apex FILE`"
        )
    names = tuple(blocks)
    rng = np.random.default_rng(seed)
    learnt: list[Posterior] = []
    trials = []
    every = np.arange(len(catalogue))
    scaling = {name: learn_scaling(blocks[name], every) for name in names}
    for number, (head, values) in enumerate(stated.items()):
        rows = np.flatnonzero(~np.isnan(values))
        if len(rows) > _MOST_ROWS:
            rows = np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
        artists = catalogue.artist_rows[rows].astype(str)
        content, known = beside(blocks, scaling, names, rows), values[rows, None]
        trial = _judge(head, content, known, artists, seed)
        trials.append(trial)
        if trial.switched_on:
            learnt.append(fit_posterior((head,), content, known, artists, seed, _N_DIRECTIONS))
        if progress:
            progress("appeal", number + 1, len(stated))
    made_by = {name: block.made_by for name, block in blocks.items()}
    return OwnAppeal(tuple(learnt), names, scaling, made_by), tuple(trials)


def _judge(
    head: str, content: FloatArray, values: NDArray[np.float64], artists: NDArray[np.str_], seed: int
) -> HeadTrial:
    n_artists = len(set(artists.tolist()))
    if n_artists < _N_FOLDS:
        raise AppealError(f"{head} is stated of {n_artists} artists; at least {_N_FOLDS} are needed to judge it")
    mean, deviation, guess = (np.empty(len(values)) for _ in range(3))
    for held in folds_by_group(artists, _N_FOLDS, seed):
        rest = np.setdiff1d(np.arange(len(values)), held)
        told = fit_posterior((head,), content[rest], values[rest], artists[rest], seed, _N_DIRECTIONS).predict(
            content[held]
        )
        mean[held], deviation[held], guess[held] = told.mean[:, 0], told.deviation[:, 0], values[rest].mean()
    true = values[:, 0]
    low, high = spearman_interval(true, mean, artists, seed)
    error, plain = (float(np.sqrt(np.square(said - true).mean())) for said in (mean, guess))
    return HeadTrial(
        head,
        len(true),
        n_artists,
        spearman(true, mean),
        low,
        high,
        error,
        plain,
        float((np.abs(mean - true) <= Z80 * deviation).mean()),
        switched_on=low > 0 and error < plain,
    )


def spearman_interval(
    true: NDArray[np.float64], said: NDArray[np.float64], groups: NDArray[np.str_], seed: int
) -> tuple[float, float]:
    """A 95 % interval of the rank correlation, by drawing groups (n,) with replacement."""
    _, which = np.unique(groups, return_inverse=True)
    members = np.split(np.argsort(which, kind="stable"), np.cumsum(np.bincount(which))[:-1])
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(_N_DRAWS):
        rows = np.concatenate([members[group] for group in rng.integers(len(members), size=len(members))])
        drawn.append(spearman(true[rows], said[rows]))
    low, high = np.nanquantile(drawn, [0.025, 0.975])  # a draw whose truth is all alike says nothing
    return float(low), float(high)


def save_own(home: Path, own: OwnAppeal, facts: Mapping[str, Any]) -> None:
    """Keep what was learnt in a data folder."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, scale in own.scaling.items():
        arrays |= {f"{name}.centre": scale.centre, f"{name}.divided": scale.divided}
    told = {"blocks": list(own.blocks), "made_by": dict(own.made_by), **facts}
    save_posteriors(home / FOLDER, NAME, own.posteriors, told, arrays)


def load_own(home: Path) -> OwnAppeal | None:
    """Open what was learnt; None where nothing was.

    Raises:
        AppealModelError: its files are damaged, or of another version.
    """
    if not (home / FOLDER / f"{NAME}.json").exists():
        return None
    posteriors, card, arrays = load_posteriors(home / FOLDER, NAME)
    try:
        names = tuple(card["blocks"])
        scaling = {name: Scaling(arrays[f"{name}.centre"], arrays[f"{name}.divided"]) for name in names}
        # Earlier versions did not say; what is not known to fit is not used.
        made_by = {name: str(maker) for name, maker in card.get("made_by", {}).items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise AppealModelError(home / FOLDER, f"{error} is missing") from error
    return OwnAppeal(tuple(posteriors), names, scaling, made_by)


def own_digest(home: Path) -> str:
    """What changes whenever something else was learnt, or nothing is there any more."""
    digest = hashlib.sha256()
    for name in (f"{NAME}.json", "apex.json", "published.json"):
        path = home / FOLDER / name
        digest.update(path.read_bytes() if path.exists() else b"-")
    return digest.hexdigest()[:16]
