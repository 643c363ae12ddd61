"""What the options that take several names have in common."""

from __future__ import annotations

from collections.abc import Callable

from evals.errors import UnknownSystemError


def choose(names: str, known: tuple[str, ...], *, allowed: Callable[[str], bool] = lambda _: False) -> tuple[str, ...]:
    """Read a comma-separated list of the names that are known; "all" is every one of them.

    Args:
        names: as given on the command line.
        known: what there is.
        allowed: tells whether a name that is not known may stand all the same.

    Raises:
        UnknownSystemError: there is no such name.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in (*known, "all") and not allowed(name):
            raise UnknownSystemError(name, known)
    return known if "all" in wanted else tuple(dict.fromkeys(wanted))
