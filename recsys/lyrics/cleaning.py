"""The sung words of lyrics, without what files put around them.

[00:12.34] and <00:12.34>       times of an .lrc file
[ar: …], [by: …]                its facts
[Chorus], (x2), Verse 1:        what a part is called, and how often it comes
a line that was there before    a refrain says nothing new the second time
"""

from __future__ import annotations

import re

_TIMES = re.compile(r"\[\d{1,3}:\d{2}(?:[.:]\d{1,3})?\]|<\d{1,3}:\d{2}(?:[.:]\d{1,3})?>")
_FACT = re.compile(r"^\s*\[[A-Za-z#]{1,10}:.*\]\s*$")
_PART = re.compile(
    r"^\s*[\[(]?\s*(?:verse|chorus|pre-?chorus|post-?chorus|bridge|intro|outro|refrain|hook|interlude|instrumental|solo"
    r"|break|strophe|couplet|estribillo|refrão|ritornello|coro)\b[^\n]{0,40}?[\])]?\s*:?\s*$",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\[[^\]\n]{0,60}\]")
_TIMES_SUNG = re.compile(r"[(\[]?\b(?:x\s?\d{1,2}|\d{1,2}\s?x)\b[)\]]?", re.IGNORECASE)
#: Beyond it nothing is read: no lyrics are longer, and what is may be anything.
MAX_CHARACTERS = 20_000


def sung_words(text: str) -> str:
    """Return the lines that are sung, each once, in their order."""
    lines: dict[str, str] = {}
    for line in text[:MAX_CHARACTERS].splitlines():
        if _FACT.match(line):
            continue
        line = _TIMES.sub(" ", line)
        if _PART.match(line):
            continue
        line = " ".join(_TIMES_SUNG.sub(" ", _BRACKETED.sub(" ", line)).split())
        if line:
            lines.setdefault(line.casefold(), line)
    return "\n".join(lines.values())
