"""What is predicted of every track of a catalogue: appeal and quality, each with how unsure that is.

Four sources, the first that knows a head of a track counts:

    network    APEX, learnt by `segue train --apex FILE` on stored spaces, for tracks that have all of them
    catalogue  what `segue train --apex` learnt from the catalogue's own figures, for what does not state them
    checkpoint the published APEX, asked by `segue train --apex --checkpoint FILE`, for tracks whose file it heard;
               its values are made by a model and called so
    ratings    the four Audiobox axes, learnt from the descriptions of rated clips (`recsys/data/appeal`), for tracks
               of which something is stated beside their name; with the built-in text encoder only

*Quality* is the mean of all aesthetic heads that are known, each brought to 1–10; its deviation is the mean of theirs,
as if all erred alike. A track of which nothing is known has no prediction (NaN), and is never judged.

Shapes: N tracks, H heads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys.appeal.heads import Group, find_head
from recsys.types import BoolArray, Constraint, Facet, FloatArray

if TYPE_CHECKING:
    from recsys.catalogue import Catalogue
    from recsys.recommendation import Query

QUALITY, RECORDING, POPULARITY = "quality", "production_quality", "popularity"
#: The values of the facets that are judged by what is predicted.
HIGH, GOOD, POOR = "high", "good", "poor"
JUDGED = (Facet.APPEAL, Facet.RECORDING)
#: A track is only said to be recorded badly, or well, where that is as likely as this.
SURE = 0.9
#: Below the middle of the scale of production quality (1–10), a recording is a poor one.
_POOR_BELOW = 5.5
#: Of a deviation, what is taken off a mean before tracks are ordered by it: what is not known earns less.
_CAUTION = 0.25
#: A kind of so many tracks has as much a middle of its own as that of the catalogue.
_FEW = 20
_LOW, _HIGH = 1.0, 10.0
#: As in `recsys.constraints`.
_YES, _NO, _UNKNOWN = 1, 0, -1


@dataclass(frozen=True)
class Predicted:
    """One head of one track."""

    mean: float  # in the head's own range
    deviation: float
    middle: float  # the catalogue's median of the means
    by_model: bool = False  # whether a published model said it, learnt from other tracks than anybody's here


class Appeal:
    """The predictions of one catalogue. Safe to share between threads."""

    def __init__(
        self,
        heads: Mapping[str, tuple[FloatArray, FloatArray]],
        n_tracks: int,
        by_model: Mapping[str, BoolArray] | None = None,
    ) -> None:
        """Take mean and deviation (N,) by head, NaN where nothing is predicted, and where a published model says it."""
        self.heads = dict(heads)
        self._by_model = dict(by_model or {})
        self.n_tracks = n_tracks
        self._worth: FloatArray | None = None

    @cached_property
    def quality(self) -> tuple[FloatArray, FloatArray]:
        """Mean and deviation (N,) of the quality, 1–10; NaN where nothing is predicted."""
        scaled = []
        for name, (mean, deviation) in self.heads.items():
            head = find_head(name)
            if head.group is Group.AESTHETICS:
                times = (_HIGH - _LOW) / head.span
                scaled.append((_LOW + (mean - head.low) * times, deviation * times))
        if not scaled:
            none = np.full(self.n_tracks, np.nan, np.float32)
            return none, none
        return _mean([mean for mean, _ in scaled]), _mean([deviation for _, deviation in scaled])

    @cached_property
    def middles(self) -> dict[str, float]:
        """The median of the means of every head, and of the quality, over the tracks that have one."""
        means = {name: mean for name, (mean, _) in self.heads.items()} | {QUALITY: self.quality[0]}
        return {name: float(np.nanmedian(mean)) for name, mean in means.items() if not np.isnan(mean).all()}

    def worth(self, kinds: Callable[[], Sequence[str]]) -> FloatArray:
        """How much the quality of every track (N,) counts where that is asked for, 0–1; .5 where it is not known.

        It is compared within its kind, such as its first genre (N,): people rate some kinds higher than others, and
        who asks for good music does not ask for another kind of it.
        """
        if self._worth is None:
            mean, deviation = self.quality
            careful = mean - np.float32(_CAUTION) * deviation
            self._worth = np.full(self.n_tracks, 0.5, np.float32)
            if not np.isnan(careful).all():
                careful = careful - _usual_of_kind(careful, kinds())
                self._worth = np.nan_to_num(_normal(careful / max(float(np.nanstd(careful)), 1e-6)), nan=0.5)
        return self._worth

    @cached_property
    def poor(self) -> FloatArray:
        """How likely it is that every track (N,) is badly recorded, 0–1; NaN where nothing is predicted."""
        if RECORDING not in self.heads:
            return np.full(self.n_tracks, np.nan, np.float32)
        mean, deviation = self.heads[RECORDING]
        return _normal((np.float32(_POOR_BELOW) - mean) / np.maximum(deviation, np.float32(1e-6)))

    def popularity(self, stated: FloatArray, otherwise: float) -> FloatArray:
        """Popularity (N,), 0–1: as stated, else as predicted, else a constant.

        The mean of a posterior is shrunk already: the less content tells, the nearer it is to the mean of all.
        """
        if POPULARITY not in self.heads:
            return np.where(np.isnan(stated), np.float32(otherwise), stated).astype(np.float32)
        told = np.clip(self.heads[POPULARITY][0] / np.float32(find_head(POPULARITY).high), 0, 1)
        return np.where(np.isnan(stated), np.nan_to_num(told, nan=otherwise), stated).astype(np.float32)

    def of(self, row: int) -> dict[str, Predicted]:
        """What is predicted of one track, by head, and its quality."""
        found = {name: (mean[row], deviation[row]) for name, (mean, deviation) in self.heads.items()}
        found[QUALITY] = (self.quality[0][row], self.quality[1][row])
        return {
            name: Predicted(
                float(mean),
                float(deviation),
                self.middles[name],
                name in self._by_model and bool(self._by_model[name][row]),
            )
            for name, (mean, deviation) in found.items()
            if not np.isnan(mean)
        }


def judged(catalogue: Catalogue, constraint: Constraint) -> NDArray[np.int8]:
    """Tell for each track (N,) whether it has what a constraint says of its appeal or recording: 1, 0 or -1 (unknown).

    A recording is good or poor only where that is sure; an appeal is high above the catalogue's middle.
    """
    result = np.full(len(catalogue), _UNKNOWN, np.int8)
    appeal = catalogue.appeal
    if appeal is None:
        return result
    if constraint.facet is Facet.APPEAL:
        quality = appeal.quality[0]
        known = ~np.isnan(quality)
        result[known] = quality[known] > appeal.middles.get(QUALITY, 0.0)
        return result
    for value in constraint.values:
        likely = appeal.poor if value == POOR else 1 - appeal.poor
        told = np.where(likely > SURE, _YES, np.where(likely < 1 - SURE, _NO, _UNKNOWN))
        result = np.maximum(result, told.astype(np.int8))
    return result


def judged_closeness(catalogue: Catalogue, constraint: Constraint) -> FloatArray:
    """Grade each track (N,) by a wish for appeal or a recording, 0–1; the middle where nothing is known."""
    appeal = catalogue.appeal
    if appeal is None:
        return np.full(len(catalogue), 0.5, np.float32)
    if constraint.facet is Facet.APPEAL:
        return appeal.worth(lambda: [genres[0] if genres else "" for genres in catalogue.genres])
    likely = [appeal.poor if value == POOR else 1 - appeal.poor for value in constraint.values]
    return np.asarray(np.nan_to_num(np.max(likely, axis=0), nan=0.5), np.float32)


def unjudged(catalogue: Catalogue, query: Query) -> Query:
    """Let no prediction be a demand; where there are none, leave out what only they decide, as if it were not asked."""
    if not any(one.facet in JUDGED for one in query.constraints):
        return query
    if catalogue.appeal is None:
        return replace(query, constraints=tuple(one for one in query.constraints if one.facet not in JUDGED))
    softer = (replace(one, hard=one.hard and not (one.wanted and one.facet in JUDGED)) for one in query.constraints)
    return replace(query, constraints=tuple(softer))


def predictions_told(catalogue: Catalogue, constraints: Sequence[Constraint], row: int) -> dict[str, Predicted]:
    """What is predicted of a track, as far as that took part in choosing it: some constraint is decided by it."""
    if catalogue.appeal is None or not any(one.facet in JUDGED for one in constraints):
        return {}
    told = catalogue.appeal.of(row)
    if any(one.facet is Facet.APPEAL for one in constraints):
        return told
    return {name: one for name, one in told.items() if name == RECORDING}


def _usual_of_kind(values: FloatArray, kinds: Sequence[str]) -> FloatArray:
    """The mean value (N,) of each track's kind, drawn to that of all as far as the kind is small; NaN are left out."""
    _, which = np.unique(np.asarray(kinds), return_inverse=True)
    known = ~np.isnan(values)
    counts = np.bincount(which[known], minlength=int(which.max()) + 1)
    sums = np.bincount(which[known], weights=values[known], minlength=len(counts))
    usual = (sums + _FEW * values[known].mean()) / (counts + _FEW)
    return np.asarray(usual[which], np.float32)


def _mean(columns: list[FloatArray]) -> FloatArray:
    stacked = np.stack(columns)
    known = ~np.isnan(stacked)
    counts = known.sum(axis=0)
    summed = np.where(known, stacked, 0).sum(axis=0)
    return np.where(counts > 0, summed / np.maximum(counts, 1), np.nan).astype(np.float32)


def _normal(values: NDArray[Any]) -> FloatArray:
    from scipy.special import ndtr

    return np.asarray(ndtr(values), np.float32)
