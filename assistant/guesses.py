"""What a language model added to a request gives way to what was demanded before."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.merging import Standing, merge
from assistant.request import Request
from recsys.types import Constraint


def heeding(standing: Sequence[Standing], request: Request) -> Request:
    """Leave out of a request what a model added, where a demand or a refusal that holds would end by it."""
    displacing = [guess for guess in request.guessed if _displaces(standing, guess)]
    if not displacing:
        return request
    keys = {value for guess in displacing for value in guess.values}
    return request.model_copy(
        update={
            "constraints": tuple(c for c in request.constraints if c not in displacing),
            "guessed": tuple(c for c in request.guessed if c not in displacing),
            "mentions": tuple(m for m in request.mentions if m.key not in keys),
        }
    )


def _displaces(standing: Sequence[Standing], guess: Constraint) -> bool:
    kept, _ = merge(standing, (guess,), turn=0)
    left = {one.constraint for one in kept}
    return any(one.constraint.hard and one.constraint not in left for one in standing)
