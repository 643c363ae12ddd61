"""Errors of what is a listener's own: rests, codes that link listeners, and the file of all that is kept."""

from __future__ import annotations

from assistant.errors import AssistantError


class UnknownRestError(AssistantError, ValueError):
    """A track was to rest for no sensible number of days."""

    def __init__(self, days: float, most: float) -> None:
        super().__init__(f"a track cannot rest for {days:g} days; give more than 0 and at most {most:,.0f}, or never")
        self.days, self.most = days, most
