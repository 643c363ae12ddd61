"""Errors of cold starts: each names the value received, the value expected and what to do next."""

from __future__ import annotations

from recsys.errors import RecsysError


class ColdStartError(RecsysError, ValueError):
    """Interactions, content vectors or a model of them cannot be used as asked."""

    def __init__(self, what: str, problem: str, remedy: str) -> None:
        super().__init__(f"{what}: {problem}; {remedy}")
        self.what, self.problem, self.remedy = what, problem, remedy
