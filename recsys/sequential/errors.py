"""Errors of sequences: each names the value received, the value expected and what to do next."""

from __future__ import annotations

from pathlib import Path

from recsys.errors import RecsysError


class SequenceDataError(RecsysError, ValueError):
    """A file of sequences, of targets or of item vectors cannot be used."""

    def __init__(self, path: Path | str, line: int | None, problem: str, remedy: str) -> None:
        place = f"{path}" if line is None else f"{path}, line {line}"
        super().__init__(f"{place}: {problem}; {remedy}")
        self.path, self.line, self.problem, self.remedy = Path(path), line, problem, remedy


class SequentialModelError(RecsysError, ValueError):
    """A sequential model cannot be made, fitted or loaded as asked."""

    def __init__(self, model: str, problem: str, remedy: str) -> None:
        super().__init__(f"{model}: {problem}; {remedy}")
        self.model, self.problem, self.remedy = model, problem, remedy
