"""Where else an artist is heard: as a guest whom a title names, "Latina (feat. Maluma)", and before a band.

Who asks for an artist asks for the artist's own tracks; who refuses one does not want to hear that artist as a guest,
nor with the band: "Prince" in "Prince and the Revolution".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from recsys.text import artist_key

_GUESTS = re.compile(r"\b(?:feat|ft|featuring)\b\.?\s+([^()\[\]]+)|[(\[]with\s+([^()\[\]]+)[)\]]", re.IGNORECASE)
_APART = re.compile(r"\s+[-–—]\s+")  # what follows is about the version: "feat. Kid Cudi - Radio Edit"
_BETWEEN = re.compile(r"\s*[,;&+/]\s*|\s+(?:and|x|y|feat\.?|ft\.?)\s+", re.IGNORECASE)
_JOINED = re.compile(r" and ")
_SIGN = "|"


def guests_in(title: str) -> str:
    """Return the keys of the guests that a title names, each between signs: "|kid cudi|mgmt|"; "" without any."""
    found = [_APART.split(one or other)[0] for one, other in _GUESTS.findall(title)]
    names = [artist_key(name) for said in found for name in _BETWEEN.split(said) if name]
    return f"{_SIGN}{_SIGN.join(names)}{_SIGN}" if names else ""


def is_guest(keys: Sequence[str], guests: str) -> bool:
    """Tell whether one of some artists, by key, is among the guests that a title names; bands of several count."""
    return any(f"{_SIGN}{_JOINED.sub(_SIGN, key)}{_SIGN}" in guests for key in keys)


def led_by(keys: Sequence[str], artists: Iterable[str]) -> list[str]:
    """Return those of some artists, by key, that are bands which one of `keys` leads."""
    leading = tuple(f"{key} and {whose} " for key in keys for whose in ("the", "his", "her"))
    return [artist for artist in artists if artist.startswith(leading)]
