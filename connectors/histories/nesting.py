"""How deeply JSON is nested, before a parser sees it: brackets in brackets cost a parser memory by their square."""

from __future__ import annotations

import re

#: Exports have no more than eight.
MAX_DEPTH = 64

#: A text, to its end or to that of the piece; what is read is not read again in another way (*+), or a text without
#: end would take the square of its length.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("|\\?\Z)', re.DOTALL)
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_OPENING = frozenset(b"[{")


class Depth:
    """Follows the depth of JSON that comes in pieces."""

    def __init__(self) -> None:
        self._depth = 0
        self._open_string = b""  # what has to stand before the next piece, where a text goes on in it

    def too_deep(self, piece: bytes) -> bool:
        """Take the next piece; tell whether anything in it is deeper than `MAX_DEPTH`."""
        open_string = b""

        def take_out(found: re.Match[bytes]) -> bytes:
            nonlocal open_string
            if found[1] != b'"':  # it goes on in the next piece, perhaps with the character after a backslash
                open_string = b'"' + found[1]
            return b""

        outside = _STRING.sub(take_out, self._open_string + piece)
        self._open_string = open_string
        for bracket in outside.translate(None, _NO_BRACKETS):
            self._depth += 1 if bracket in _OPENING else -1
            if self._depth > MAX_DEPTH:
                return True
        return False
