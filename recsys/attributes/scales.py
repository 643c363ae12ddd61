"""The two scales of attributes, and the way between them, which is always stated and never guessed.

    0-1   as published: 0 to 1 in steps of .1 (finer values, as means of several annotators, are taken as they are)
    0-5   as the E4SRec paper annotates: whole numbers from 0 to 5

Segue keeps 0–1. From 0–5 a value n becomes n / 5; to 0–5 a value v becomes the nearest of 0, .2, .4, .6, .8, 1, halves
up. A value of one scale is never taken for one of the other: 3 is no value of 0–1 and .3 is none of 0–5.
"""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np

from recsys.errors import RecsysError
from recsys.types import FloatArray, IntArray


class Scale(StrEnum):
    """How values of attributes are written."""

    UNIT = "0-1"
    FIVE = "0-5"

    @property
    def n_steps(self) -> int:
        """Steps from the least value to the greatest: 10 of .1, or 5 of 1."""
        return 10 if self is Scale.UNIT else 5


class ScaleError(RecsysError, ValueError):
    """A value is none of the scale that it is said to be of."""

    def __init__(self, value: object, scale: Scale, where: str = "") -> None:
        expected = "a number from 0 to 1" if scale is Scale.UNIT else "a whole number from 0 to 5"
        other = Scale.FIVE if scale is Scale.UNIT else Scale.UNIT
        at = f"{where}: " if where else ""
        super().__init__(
            f"{at}{value!r} is not {expected}, as values on the scale {scale.value} are; leave it empty where nothing "
            f"is known, or name the scale {other.value} if that is what it is"
        )
        self.value, self.scale = value, scale


def read_value(value: object, scale: Scale, where: str = "") -> float | None:
    """Read one value as 0–1; None where it is empty or says that nothing is known.

    Args:
        value: a number, or a text that holds one.
        scale: of the value.
        where: said in the error, such as "row 3, Tempo".

    Raises:
        ScaleError: it is no value of the scale.
    """
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", "nan", "null", "none", "n/a", "-")):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ScaleError(value, scale, where)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise ScaleError(value, scale, where) from None
    if math.isnan(number):
        return None
    if not 0.0 <= number <= (1.0 if scale is Scale.UNIT else 5.0):
        raise ScaleError(value, scale, where)
    if scale is Scale.FIVE:
        if number != int(number):
            raise ScaleError(value, scale, where)
        return round(number / 5.0, 4)
    return number


def levels(values: FloatArray, scale: Scale) -> IntArray:
    """Write values of 0–1 (any shape) as whole steps of a scale: 0–10, or 0–5."""
    # A float32 .3 times 10 is a little above 3, and .25 times 10 must go up as by hand.
    steps = np.floor(np.round(values.astype(np.float64) * scale.n_steps, 6) + 0.5)
    return np.clip(steps, 0, scale.n_steps).astype(np.int64)


def in_five(value: float) -> int:
    """Write one value of 0–1 on the scale 0–5."""
    return int(levels(np.array([value], np.float32), Scale.FIVE)[0])
