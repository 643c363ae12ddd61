"""A command typed into the name behind it, all in small letters: "addtlc", "play18 karat".

Where a capital stands between the two, the words are cut without looking any name up (`tokens.read`); in small letters
only the catalogue can tell "addtlc" from "address".
"""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.understanding.gazetteer import Gazetteer
from assistant.understanding.tokens import Reading, Token
from recsys.common_words import COMMON_WORDS, FUNCTION_WORDS

_STUCK = re.compile(r"(?:add|play)(?=\w)")
_MAX_WORDS = 7


def unstick(reading: Reading, gazetteer: Gazetteer) -> Reading:
    """Cut such a command off where an artist of the catalogue follows it, and the words are no name as they stand."""
    if _STUCK.search(" ".join(reading.words)) is None:
        return reading
    tokens: list[Token] = []
    for position, token in enumerate(reading.tokens):
        stuck = _STUCK.match(token.text)
        if stuck is None or not _hides_name(reading, position, stuck.end(), gazetteer):
            tokens.append(token)
            continue
        cut = stuck.end()
        tokens.append(replace(token, text=token.text[:cut], raw=token.raw[:cut], end=token.start + cut))
        tokens.append(Token(token.text[cut:], token.raw[cut:], token.start + cut, token.end, gap="", pause=0))
    return replace(reading, tokens=tuple(tokens)) if len(tokens) > len(reading) else reading


def _hides_name(reading: Reading, position: int, cut: int, gazetteer: Gazetteer) -> bool:
    token = reading.tokens[position]
    if token.text in COMMON_WORDS or token.text in FUNCTION_WORDS or len(token.text) != len(token.raw):
        return False
    # Past the end of a sentence too: "playdr. dre", "playpanic! at the disco".
    limit = min(position + _MAX_WORDS, len(reading))
    spans = [reading.words[position:end] for end in range(position + 1, limit + 1)]
    if any(gazetteer.artist(said) or gazetteer.title(said) for said in spans):
        return False
    names = [(said[0][cut:], *said[1:]) for said in spans]
    return any(gazetteer.artist(name) is not None for name in names if len("".join(name)) > 1)
