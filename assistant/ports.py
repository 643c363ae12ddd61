"""The doors of the conversation: what understanding and a language model must offer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from pydantic import BaseModel

from assistant.request import Request


class Understanding(Protocol):
    """Turns a message into a request. Never raises on any text, never chooses tracks."""

    def understand(self, text: str, *, first_turn: bool) -> Request:
        """Read one message; `first_turn` says that there is no playlist to refine yet."""


class TextModel(Protocol):
    """A language model that writes. It may be absent, fail or write nonsense: whoever asks it can do without."""

    def complete(self, messages: Sequence[tuple[str, str]], form: type[BaseModel] | None = None) -> str:
        """Return what the model writes after messages given as (role, text); roles are system, human and ai.

        A model that can be held to a form writes JSON of `form`, where one is given; any other may write anything.
        """


class StreamingModel(TextModel, Protocol):
    """A language model whose answer can be read while it is being written."""

    def stream(self, messages: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Yield what the model writes, piece by piece, after messages given as for `complete`."""
