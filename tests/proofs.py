"""The two sizes of a proof: a seeded sample in plain `pytest`, the whole in `pytest -m proof`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

#: A sample is at least one in this many.
_ONE_IN = 10


def proof_sizes(sample: int, whole: int) -> list[ParameterSet]:
    """Parametrise a proof by how many cases it goes through: `@pytest.mark.parametrize("n", proof_sizes(20, 200))`.

    The sample runs in plain `pytest`, the whole under `pytest -m proof`; both draw their cases by seed, and the figures
    in the docs come from the whole.
    """
    if not whole / _ONE_IN <= sample <= whole:
        raise ValueError(f"a sample of {sample} of {whole} is no proof; take at least one in {_ONE_IN}")
    return [
        pytest.param(sample, id=f"sample of {sample}"),
        pytest.param(whole, id=f"all {whole}", marks=pytest.mark.proof),
    ]
