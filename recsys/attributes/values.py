"""How attributes are kept: one annotation per track and source, which holds every value with how sure that value is.

The annotation's field is `ATTRIBUTES` and its value a mapping of attribute keys to (value, confidence), both 0–1; its
own confidence is the mean of those. A confidence says how likely the value is *right*, that is within `WITHIN` of what
MGPHot's annotators would say: one step of the scale 0–5, or two of the published one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache

from recsys.annotations import ATTRIBUTES, LEAST_CONFIDENCE, Annotation
from recsys.attributes.table import load_attributes
from recsys.types import HEARD, AttributeValue, Derived, TrackId

#: Sources of attributes, as annotations name them.
FILE, MODEL, AUDIO = "attributes:file", "attributes:llm", f"{HEARD}attributes"
SOURCES = (FILE, MODEL, AUDIO)
#: A value is right within so much of another, 0–1.
WITHIN = 0.2
_DIGITS = 4


def is_right(value: float, other: float) -> bool:
    """Whether a value is within one step of 0–5 of another."""
    return abs(value - other) <= WITHIN + 1e-6


def annotation(track_id: TrackId, values: Mapping[str, tuple[float, float]], source: str) -> Annotation:
    """Write values of a track, each (value, confidence), as an annotation.

    Raises:
        ValueError: there are none, a key is of no attribute, or a number is not within 0–1.
    """
    if not values:
        raise ValueError("no attributes were given; leave out a track of which nothing is known")
    known = load_attributes().of_key
    kept = {}
    for key, (value, confidence) in values.items():
        if key not in known:
            raise ValueError(f"{key!r} is no attribute; known are {', '.join(known)}")
        if not (0.0 <= value <= 1.0 and 0.0 <= confidence <= 1.0):
            raise ValueError(f"{key} = {value} with confidence {confidence}: both must be within 0–1")
        kept[key] = (round(float(value), _DIGITS), round(float(confidence), _DIGITS))
    mean = math.fsum(confidence for _, confidence in kept.values()) / len(kept)
    return Annotation(track_id, ATTRIBUTES, kept, round(mean, _DIGITS), source)


def values_of(one: Annotation) -> dict[str, tuple[float, float]]:
    """Read the values of an annotation; those of attributes that there are no longer are left out."""
    if one.field != ATTRIBUTES or not isinstance(one.value, Mapping):
        return {}
    known = load_attributes().of_key
    return {key: (value, sure) for key, (value, sure) in one.value.items() if key in known}


def surest(annotations: Iterable[Annotation], *, least: float = LEAST_CONFIDENCE) -> dict[str, AttributeValue]:
    """Return the surest value of every attribute among what several sources say, of at least some confidence.

    Of equally sure ones the source that comes first in `SOURCES` counts.
    """
    said = [one for one in annotations if one.field == ATTRIBUTES]
    said.sort(key=lambda one: SOURCES.index(one.source) if one.source in SOURCES else len(SOURCES))
    best: dict[str, tuple[float, float, str]] = {}
    for one in said:
        for key, (value, confidence) in values_of(one).items():
            if confidence >= least and (key not in best or confidence > best[key][1]):
                best[key] = value, confidence, one.source
    return {key: AttributeValue(value, _derived(source, sure)) for key, (value, sure, source) in best.items()}


@lru_cache(maxsize=4096)
def _derived(source: str, confidence: float) -> Derived:
    """The same object for the same origin: a catalogue has a million of them, and few are different."""
    return Derived(source, confidence)
