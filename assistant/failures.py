"""What the log may say of an error: its kind and its place, never its message, which can quote a listener."""

from __future__ import annotations

import traceback
from pathlib import Path

#: Calls that are named, the innermost ones.
_MAX_CALLS = 8


def kind_and_place(error: BaseException) -> str:
    """Name an error, what caused it, and where: "KeyError in rules.py:33 (understand) < agent.py:93 (reply)"."""
    calls = reversed(traceback.extract_tb(error.__traceback__)[-_MAX_CALLS:])
    places = " < ".join(f"{Path(call.filename).name}:{call.lineno} ({call.name})" for call in calls)
    said = f"{type(error).__name__} in {places}" if places else type(error).__name__
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return said if cause is None else f"{said}; from {kind_and_place(cause)}"
