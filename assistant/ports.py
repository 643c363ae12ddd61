"""The doors of the conversation: what understanding, and later a language model, must offer."""

from __future__ import annotations

from typing import Protocol

from assistant.request import Request


class Understanding(Protocol):
    """Turns a message into a request. Never raises on any text, never chooses tracks."""

    def understand(self, text: str, *, first_turn: bool) -> Request:
        """Read one message; `first_turn` says that there is no playlist to refine yet."""
