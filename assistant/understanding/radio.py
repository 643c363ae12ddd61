"""Reads "keep going", "more like the last three" and "radio from …": messages that want music to go on.

Only a whole message is read so; whatever says more is a request like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.radio_start import RadioStart
from recsys.text import fold

_BEFORE = (
    r"(?:(?:please|ok|okay|yes|great|nice|cool|now|just|and|can you|could you|play(?: me)?|give me|start|make(?: me)?"
    r"|turn on|i (?:want|d like)|let s have|put on) )*"
)
_AFTER = r"(?: (?:please|thanks|now|with that|with this|like this|like that|then|from here))*"
_ON = re.compile(
    rf"{_BEFORE}(?:keep (?:it |them |the music |this |that )?(?:going|playing|coming)|(?:carry|play|go) on"
    r"|continue(?: (?:playing|the (?:music|radio|session|playlist|list)|it|this|that|from here))?"
    r"|(?:what|whatever) (?:comes|is|s) next|(?:the )?next (?:tracks|songs|ones|batch)|don t stop(?: the music)?"
    rf"|(?:start |play )?(?:a |the |some )?radio){_AFTER}"
)
_NUMBERS = {"couple": 2, "two": 2, "few": 3, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
_LAST = re.compile(
    rf"{_BEFORE}(?:more|others|some more|something|music|songs|tracks)(?: (?:songs|tracks|music|of the same))? like"
    rf" (?:the|those|these|my) last (?:(couple|few|two|three|four|five|six|seven|ten|\d{{1,2}}))(?: of)?"
    rf"(?: (?:ones|songs|tracks))?(?: (?:i heard|played|you played))?{_AFTER}"
)
_FROM = re.compile(
    rf"{_BEFORE}(?:an? |the |some )?radio(?: station)? (?:from|of|off|based on|around|for|like|with|out of"
    r"|starting (?:from|with|at)) (.+)"
)
_NAMED = re.compile(r"(?:(?:please|play(?: me)?|start|give me|turn on|put on) )+(.+) radio(?: please| now)?")
_THIS = {
    "track": re.compile(r"(?:this|that|the current|the last) (?:one|track|song|tune)|this|that|it|here"),
    "artist": re.compile(r"(?:this|that|the same|the current) (?:artist|band|singer|musician|group)"),
    "playlist": re.compile(
        r"(?:this|that|the(?: current)?|my|these|all(?: of)? (?:this|these)) (?:playlist|list|mix|slate|tracks|songs)"
        r"|these|them|all of (?:it|them)|(?:what|everything) (?:is|s) on screen"
    ),
}


@dataclass(frozen=True, slots=True)
class RadioWish:
    """What a message wants to go on from."""

    start: RadioStart
    name: str = ""  # words that name the track or artist, to be looked up


def radio_wish(text: str) -> RadioWish | None:
    """Read a message that wants music to go on; None for any other."""
    said = " ".join(fold(text).split())
    if _ON.fullmatch(said):
        return RadioWish(RadioStart())
    if (last := _LAST.fullmatch(said)) is not None:
        n = _NUMBERS.get(last[1]) or int(last[1])
        return RadioWish(RadioStart(of="last", n=min(max(n, 1), 20)))
    found = _FROM.fullmatch(said) or _NAMED.fullmatch(said)
    if found is None:
        return None
    rest = re.sub(r"(?: (?:please|now|thanks))+$", "", found[1])
    if (few := re.fullmatch(r"(?:the|my) last (\w+)(?: (?:ones|songs|tracks))?", rest)) is not None:
        n = _NUMBERS.get(few[1]) or (int(few[1]) if few[1].isdecimal() else 0)
        if n:
            return RadioWish(RadioStart(of="last", n=min(n, 20)))
    for of in ("track", "artist", "playlist"):
        if _THIS[of].fullmatch(rest):
            return RadioWish(RadioStart(of=of))
    return RadioWish(RadioStart(of="artist"), name=rest)
