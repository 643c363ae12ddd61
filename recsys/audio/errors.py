"""Errors of hearing: a file that cannot be decoded, an encoder that cannot be opened."""

from __future__ import annotations

from recsys.errors import RecsysError, WeightsError


class DecodeError(RecsysError, ValueError):
    """A file's sound cannot be had. Never the end of a run: the file is named and left out."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class EncoderNotReadyError(WeightsError):
    """An audio encoder lacks its weights or its library."""

    def __init__(self, name: str, lacking: str, remedy: str) -> None:
        super().__init__(f"the audio encoder {name} cannot be opened: {lacking}; {remedy}")
        self.name, self.lacking, self.remedy = name, lacking, remedy
