"""Errors of annotating: each says what was received, what was expected and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.errors import AssistantError


class NoTrackMatchedError(AssistantError, LookupError):
    """A file of attributes names no track of the catalogue."""

    def __init__(self, file: str, n_rows: int, example: str) -> None:
        super().__init__(
            f"none of the {n_rows:,} tracks in {file}, such as {example!r}, is in the catalogue; `segue status` shows "
            "what is indexed, and columns are told by their headers (docs/attributes.md)"
        )
        self.file, self.n_rows = file, n_rows


class NoSpaceError(AssistantError, LookupError):
    """Attributes are to be found from vectors, and it is not clear from which."""

    def __init__(self, name: str | None, there: Sequence[str]) -> None:
        spaces = f"there are {', '.join(there)}" if there else "there is none"
        asked = f"there is no space of tracks called {name!r}" if name else "name the space of vectors with --space"
        super().__init__(
            f"{asked}: {spaces}; `segue index` makes one of a folder of music, `segue embeddings add` takes one in"
        )
        self.name, self.there = name, tuple(there)


class UnknownScaleError(AssistantError, ValueError):
    """The scale of a file was named that there is not."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"there is no scale {name!r}; say 0-1 for values as MGPHot publishes them, or 0-5 for whole numbers from 0 "
            "to 5"
        )
        self.name, self.known = name, tuple(known)


class UnknownAnnotatorError(AssistantError, ValueError):
    """Attributes are to come from a place, or to be forgotten of one, that there is not."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"{name!r} gives no attributes; use one of {', '.join(known)}")
        self.name, self.known = name, tuple(known)
