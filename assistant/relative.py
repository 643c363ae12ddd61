"""Comparatives against what is on screen: "older" than these tracks, not older than some year.

The rules read "faster" as fast and "older" as old, which changes nothing where the playlist is fast or old already. So
the bound moves to where three quarters of the playlist lie on its other side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from assistant.request import Request
from assistant.understanding.tongues import Tongue, load_tongues
from recsys.catalogue import Catalogue
from recsys.text import fold
from recsys.types import Constraint, Facet, FloatArray

_COLUMNS = {Facet.ERA: "year", Facet.TEMPO: "tempo_bpm", Facet.ENERGY: "energy"}
_COMPARATIVE = re.compile(
    r"(?:much |a (?:bit|little|lot) |even |far |still |way )*(?:older|newer|earlier|later|faster|slower|louder|quieter"
    r"|(?:more|less) (?:recent|modern|energetic|upbeat|intense))",
    re.IGNORECASE,
)
#: How the words of "less fast" begin in other languages' requests.
_NOT_TOO = "not too "
#: Smallest step beyond the playlist, in the units of the facet.
_STEP = {Facet.ERA: 1.0, Facet.TEMPO: 4.0, Facet.ENERGY: 0.05}
_QUARTER = 0.25


def against(request: Request, catalogue: Catalogue, track_ids: Sequence[str]) -> Request:
    """Read a request's comparatives against the tracks on screen; unchanged where there are none."""
    compares = _comparison(request)
    if not track_ids or not any(map(compares, request.constraints)):
        return request
    rows = catalogue.rows(track_ids)
    columns = catalogue.numeric
    moved = (_moved(c, columns[_COLUMNS[c.facet]][rows]) if compares(c) else c for c in request.constraints)
    return request.model_copy(update={"constraints": tuple(moved)})


def _comparison(request: Request) -> Callable[[Constraint], bool]:
    """Tell which constraints of a request compare; in other languages than English its own words say so."""
    tongue = next((tongue for tongue in load_tongues() if tongue.code == request.spoken), None)
    line = fold(request.text)

    def compares(constraint: Constraint) -> bool:
        one_sided = (constraint.low is None) != (constraint.high is None)
        if constraint.facet not in _COLUMNS or not one_sided:
            return False
        if tongue is None:
            return _COMPARATIVE.fullmatch(constraint.text) is not None
        return _compares(fold(constraint.text.removeprefix(_NOT_TOO)), line, tongue)

    return compares


def _compares(said: str, line: str, tongue: Tongue) -> bool:
    """Tell whether folded words of a message are a comparative: "langsamer", or "lento" behind "más"."""
    if said in tongue.comparatives:
        return True
    before = "|".join(map(re.escape, tongue.comparing))
    return re.search(rf"\b(?:{before}) {re.escape(said)}\b", line) is not None or (
        re.match(rf"(?:{before}) ", said) is not None
    )


def _moved(constraint: Constraint, levels: FloatArray) -> Constraint:
    known = levels[~np.isnan(levels)]
    if not known.size:
        return constraint
    step = _STEP[constraint.facet]
    whole = constraint.facet is Facet.ERA  # years have no natural scale of old and new: only the playlist counts
    if constraint.low is not None:
        bound = float(np.quantile(known, 1 - _QUARTER)) + step
        return replace(constraint, low=_rounded(bound if whole else max(bound, constraint.low), constraint.facet))
    bound = float(np.quantile(known, _QUARTER)) - step
    high = constraint.high if constraint.high is not None else bound
    return replace(constraint, high=_rounded(bound if whole else min(bound, high), constraint.facet))


def _rounded(bound: float, facet: Facet) -> float:
    return round(bound, 2) if facet is Facet.ENERGY else float(round(bound))
