"""Errors of enriching: each says what was received, what was expected and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.errors import AssistantError


class UnknownKnowledgeError(AssistantError, ValueError):
    """Something is to be known from a source that there is not."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"cannot enrich from {name!r}; use one or several of {', '.join(known)}, divided by commas")
        self.name, self.known = name, tuple(known)


class UnknownSourceError(AssistantError, LookupError):
    """The tracks of a catalogue source were to be enriched that there is not."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        there = f"there are {', '.join(known)}" if known else "nothing is indexed yet"
        super().__init__(f"there is no catalogue source called {name!r}: {there}; `segue status` lists them")
        self.name, self.known = name, tuple(known)
