"""Numbers whose unit only the whole column tells: 0–1, 1–5, 0–10, 0–100, counts; seconds or milliseconds.

All functions map known values (n,) to values (n,), NaN where a value cannot be on the column's scale.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

#: Highest value of a scale, and what is subtracted and divided by to bring it to 0–1. Of five steps, each stands
#: for the middle of its fifth.
_SCALES = {1: (0.0, 1.0), 5: (0.5, 5.0), 10: (0.0, 10.0), 100: (0.0, 100.0)}

#: Share of a column's values that must be on a scale for the rest to be taken as errors.
_MOST = 0.99

#: A column of lengths with a median above this is in milliseconds (tracks of almost three hours otherwise), one
#: with a median below the other in minutes (tracks of a few seconds otherwise).
_MOST_SECONDS, _LEAST_SECONDS = 10_000.0, 20.0

_LONGEST_S = 24 * 3600.0


def feature(values: Numbers, *, steps: int | None = None) -> Numbers:
    """Bring an audio feature to 0–1.

    The scale is the smallest of 0–1, 1–5, 0–10 and 0–100 that holds 99 % of the values (`steps` names it);
    values off the scale become NaN. Without a fitting scale all do.
    """
    for high in (steps,) if steps else _SCALES:
        on_scale = (values >= 0) & (values <= high)
        if steps or on_scale.mean() >= _MOST:
            shift, span = _SCALES[high]
            return np.where(on_scale, np.clip((values - shift) / span, 0.0, 1.0), np.nan)
    return np.full_like(values, np.nan)


def popularity(values: Numbers, *, steps: int | None = None) -> Numbers:
    """Bring popularity to 0–1: by the column's highest value up to 1, up to 5, up to 10, up to 100, or counts.

    Counts (plays, listeners) go by their logarithm: log(1 + n) / log(1 + highest). Negative values become NaN.
    """
    values = np.where(values >= 0, values, np.nan)
    highest = float(np.nanmax(values, initial=0.0))
    for high in (steps,) if steps else _SCALES:
        if steps or highest <= high:
            shift, span = _SCALES[high]
            return np.clip((values - shift) / span, 0.0, 1.0)
    logarithms = np.log1p(values)
    return logarithms / float(np.nanmax(logarithms))


def duration_s(values: Numbers) -> Numbers:
    """Bring lengths without a unit to seconds; their median tells milliseconds, seconds and minutes apart."""
    median = np.median(values)
    if median > _MOST_SECONDS:
        return values / 1_000
    return values * 60 if median < _LEAST_SECONDS else values


def plausible_duration_s(value: float | None) -> float | None:
    """Return a length in seconds that a track can have (up to a day), else None."""
    return round(value, 3) if value is not None and 0 < value <= _LONGEST_S else None
