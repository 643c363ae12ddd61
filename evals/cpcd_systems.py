"""The systems of `segue eval cpcd`, by the name that the command line knows them by."""

from __future__ import annotations

from evals.cpcd_baselines import BASELINES
from evals.cpcd_context import Factory

SYSTEMS: dict[str, Factory] = {**BASELINES}
