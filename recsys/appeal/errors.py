"""Errors of `recsys.appeal`: each names the value received, the value expected and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from recsys.errors import RecsysError, WeightsError


class AppealError(RecsysError, ValueError):
    """Targets, inputs or settings do not fit what is to be learnt."""


class UnknownHeadError(AppealError, LookupError):
    """There is no head of that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"there is no head {name!r}; expected some of {', '.join(known)}")
        self.name = name


class AppealModelError(AppealError):
    """A folder holds no model of appeal that can be read."""

    def __init__(self, folder: Path, problem: str, again: str = "segue train --apex FILE") -> None:
        super().__init__(f"cannot read a model of appeal in {folder}: {problem}; run `{again}` anew")
        self.folder, self.problem = folder, problem


class OtherVectorsError(AppealError):
    """A model of appeal was learnt from vectors that something else made than what is there now.

    Numbers of two encoders mean different things, even where there are as many of them.
    """

    def __init__(self, what: str, name: str, *, learnt: str, found: str) -> None:
        super().__init__(
            f"{what} was learnt from {name} by {learnt or 'an encoder that it does not name'}, and {name} is "
            f"{f'by {found}' if found else 'not there'} now; learn it again with `segue train --apex`, or go back to "
            "what it was learnt from"
        )
        self.name, self.learnt, self.found = name, learnt, found


class PublishedCheckpointError(WeightsError):
    """A file is not a checkpoint of APEX as its authors publish it."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} is no checkpoint of APEX: {problem}; expected best_model.pt of the authors' training script, or "
            "its weights as safetensors"
        )
        self.path, self.problem = path, problem
