"""One-time codes by which somebody shows, in one front end, who they are in another.

A code is drawn from 31^8 and holds for ten minutes and once; the database knows its digest alone. Somebody who tries
codes is stopped after a few: at five tries in ten minutes, a guess hits one of a thousand codes with probability 6e-9.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any

from assistant.personal_errors import LinkError
from recsys.store import Store

#: The kinds of the records.
CODES, TRIES = "link code", "link tries"
#: How long a code holds, and for how long tries are counted, in seconds.
HOLDS_S = 600.0
MAX_TRIES = 5
#: Letters and digits that are not taken for one another.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 8


def new_code(store: Store, listener: str, clock: Callable[[], float] = time.time) -> str:
    """Draw a code for a listener, in place of an earlier one: "K7QM-4RZP"."""
    now = clock()
    for kind in (CODES, TRIES):
        store.records.drop_before(kind, now - HOLDS_S)
    for digest in store.records.all(CODES, listener):
        store.records.drop(CODES, digest)
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    store.records.put(CODES, _digest(code), {"listener": listener, "until": now + HOLDS_S}, listener, now)
    return f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}"


def whose_code(store: Store, code: str) -> tuple[str, ...]:
    """Return whose a code is, nobody for none; it can still be used then."""
    found = store.records.get(CODES, _digest(code))
    return () if found is None else (str(found["listener"]),)


def use_code(store: Store, listener: str, code: str, clock: Callable[[], float] = time.time) -> str:
    """Take a code, and return whose it is.

    Raises:
        LinkError: there is no such code, it is too old or the listener's own, or the listener tried too often.
    """
    now = clock()
    if not store.records.change(TRIES, listener, lambda before: _counted(before, now), listener):
        raise LinkError(f"wrong codes were tried {MAX_TRIES} times", "wait ten minutes, and get a new code")

    def take(found: Any) -> tuple[Any, Any]:
        mine = found is not None and found["listener"] == listener
        return found if mine else None, found

    found = store.records.change(CODES, _digest(code), take, listener)
    if found is None or found["until"] < now:
        raise LinkError(
            "there is no such code any more", "get a new one where you are known, and use it within ten minutes"
        )
    if found["listener"] == listener:
        raise LinkError("this code is your own", "use it in the other place, where you are to be known too")
    store.records.drop(TRIES, listener)
    return str(found["listener"])


def _counted(before: Any, now: float) -> tuple[list[float], bool]:
    """Count a try; tell whether it may be made."""
    lately = [at for at in before or () if now - HOLDS_S < at <= now]
    return ([*lately, now], True) if len(lately) < MAX_TRIES else (lately, False)


def _digest(code: str) -> str:
    said = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
