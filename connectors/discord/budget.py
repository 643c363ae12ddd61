"""How often a server may use the language model in a day; when that is spent, rules and templates do the work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors.discord.guilds import BUDGET

if TYPE_CHECKING:
    from assistant.app import Assistant


class Budget:
    """Counts the uses of the language model, by server and day (UTC), in the database: a restart gives none back."""

    def __init__(self, assistant: Assistant, per_day: int) -> None:
        """Allow so many uses in a day."""
        self._assistant, self._per_day = assistant, per_day

    def take(self, guild: str, listener_id: str | None = None, *, day: str | None = None) -> bool:
        """Take one use out of the day's budget; tell whether there was one left.

        Args:
            guild: the server's id, or what stands for the direct messages of one person.
            listener_id: that person.
            day: as 2026-03-31; today by default.
        """
        if not self._assistant.rewords or not self._per_day:
            return False
        key = f"{guild}:{day or f'{datetime.now(UTC):%Y-%m-%d}'}"

        def one_more(used: int | None) -> tuple[int, bool]:
            return min((used or 0) + 1, self._per_day), (used or 0) < self._per_day

        return self._assistant.records.change(BUDGET, key, one_more, listener_id)

    def left(self, guild: str) -> int:
        """Return how many uses a server has left today."""
        used = self._assistant.records.get(BUDGET, f"{guild}:{datetime.now(UTC):%Y-%m-%d}")
        return self._per_day - (used or 0)

    def tidy(self, now: float) -> None:
        """Forget the counts of days that are over, given the time in seconds since the epoch."""
        self._assistant.records.drop_before(BUDGET, now - 2 * 86_400)
