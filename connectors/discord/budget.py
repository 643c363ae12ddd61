"""How often a server may use the language model in a day; when that is spent, rules and templates do the work."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from connectors.discord.guilds import BUDGET

if TYPE_CHECKING:
    from assistant.app import Assistant


class Budget:
    """Counts the calls of the language model, by server and day (UTC), in the database: a restart gives none back."""

    def __init__(self, assistant: Assistant, per_day: int) -> None:
        """Allow so many calls in a day."""
        self._assistant, self._per_day = assistant, per_day

    def take(self, guild: str, n: int = 1, *, user: int | None = None, day: str | None = None) -> bool:
        """Take calls out of the day's budget; tell whether so many were left, and take none if not.

        Args:
            guild: the server's id, or what stands for direct messages.
            n: how many calls.
            user: whose direct messages they are. The count is no longer theirs once it is kept, so that forgetting them
                gives nothing back: it lies under a digest of the user and the day, and is deleted soon after the day.
            day: as 2026-03-31; today by default.
        """
        if not self._assistant.rewords or not self._per_day:
            return False
        day = day or f"{datetime.now(UTC):%Y-%m-%d}"
        whose = guild if user is None else f"{guild}-{sha256(f'{user}:{day}'.encode()).hexdigest()[:16]}"

        def more(used: int | None) -> tuple[int, bool]:
            enough = (used or 0) + n <= self._per_day
            return (used or 0) + (n if enough else 0), enough

        return self._assistant.records.change(BUDGET, f"{whose}:{day}", more)

    def left(self, guild: str) -> int:
        """Return how many calls a server has left today."""
        used = self._assistant.records.get(BUDGET, f"{guild}:{datetime.now(UTC):%Y-%m-%d}")
        return self._per_day - (used or 0)

    def tidy(self, now: float) -> None:
        """Forget the counts of days that are over, given the time in seconds since the epoch."""
        self._assistant.records.drop_before(BUDGET, now - 2 * 86_400)
