"""Errors of learning what comes next: what was received, what was expected, what to do next."""

from __future__ import annotations

from assistant.errors import AssistantError


class TooFewSequencesError(AssistantError, ValueError):
    """There is too little to learn from what comes next."""

    def __init__(self, n_sessions: int, n_playlists: int, *, least: int) -> None:
        super().__init__(
            f"there are {n_sessions:,} sessions of listeners and {n_playlists:,} playlists, of which one must be at "
            f"least {least:,}; import a listening history with `segue history import FILE`, or index a "
            "catalogue with playlists"
        )
        self.n_sessions, self.n_playlists, self.least = n_sessions, n_playlists, least
