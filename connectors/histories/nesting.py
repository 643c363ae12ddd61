"""How deeply JSON is nested, before a parser sees it: brackets in brackets cost a parser memory by their square."""

from __future__ import annotations

import re

#: Exports have no more than eight.
MAX_DEPTH = 64

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_OPENING = frozenset(b"[{")


class Depth:
    """Follows the depth of JSON that comes in pieces."""

    def __init__(self) -> None:
        self._depth = 0
        self._open_string = b""  # what has to stand before the next piece, where a text goes on in it

    def too_deep(self, piece: bytes) -> bool:
        """Take the next piece; tell whether anything in it is deeper than `MAX_DEPTH`."""
        outside = _STRING.sub(b"", self._open_string + piece)
        outside, quote, inside = outside.partition(b'"')
        self._open_string = quote
        if quote and (len(inside) - len(inside.rstrip(b"\\"))) % 2:
            self._open_string += b"\\"
        for bracket in outside.translate(None, _NO_BRACKETS):
            self._depth += 1 if bracket in _OPENING else -1
            if self._depth > MAX_DEPTH:
                return True
        return False
