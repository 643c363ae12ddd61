"""Asking a service again: after as long as it asks for, or a little later when it fails; never for ever."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from connectors.accounts.errors import BusyError, ServiceError, UnwellError

T = TypeVar("T")
#: All that one playlist waits for a service, in seconds.
LONGEST_WAIT_S = 120.0
#: How often a failing service is asked in all, and how long after its first failure it is asked again, in seconds.
_MOST_ATTEMPTS, _FIRST_WAIT_S = 4, 0.5


class Patience:
    """Waits for one service while one playlist is sent."""

    def __init__(
        self, service: str, *, longest_s: float = LONGEST_WAIT_S, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Begin with all of `longest_s` seconds to wait."""
        self._service, self._longest_s, self._sleep = service, longest_s, sleep
        self.waited_s = 0.0

    def __call__(self, ask: Callable[[], T], *, done: Callable[[], T | None] | None = None) -> T:
        """Ask until there is an answer.

        Args:
            ask: what to ask; raises BusyError or UnwellError to be asked again.
            done: after a failure, finds out whether it was done all the same, and gives the answer then. Without it,
                asking twice must do no harm.

        Raises:
            ServiceError: the service fails every time, or asks to wait for longer than is left.
        """
        for attempt in range(1, _MOST_ATTEMPTS + 1):
            try:
                return ask()
            except BusyError as busy:
                problem = f"it is busy ({busy})"
                wait_s = _FIRST_WAIT_S * 2 ** (attempt - 1) if busy.after_s is None else busy.after_s
            except UnwellError as error:
                problem, wait_s = str(error), _FIRST_WAIT_S * 2 ** (attempt - 1)
                if done is not None and (answer := self(done)) is not None:
                    return answer
            if attempt == _MOST_ATTEMPTS:
                break
            if self.waited_s + wait_s > self._longest_s:
                raise ServiceError(self._service, f"{problem}, and {self._longest_s:g} s is all that is waited")
            self.waited_s += wait_s
            self._sleep(wait_s)
        raise ServiceError(self._service, problem)


def retry_after_s(headers: Mapping[str, str] | None) -> float | None:
    """Read `Retry-After`, seconds or a date (RFC 9110, section 10.2.3); None where it is missing or cannot be read."""
    said = next((value for name, value in (headers or {}).items() if name.lower() == "retry-after"), None)
    if said is None:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
