"""The catalogue's names that come nearest to one that it does not have."""

from __future__ import annotations

from assistant.labels import plain
from recsys.catalogue import Catalogue
from recsys.text import fold

#: Names offered, and how alike they must be (0–100, share of letters in common order).
_MAX_OFFERED, _ALIKE = 3, 62.0


def near_names(name: str, catalogue: Catalogue) -> list[str]:
    """Return up to three artists or titles that are spelt like a name, the nearest first, as the catalogue has them."""
    from rapidfuzz import fuzz, process

    said = fold(name)
    if not said:
        return []
    artists = process.extract(said, catalogue.artist_keys, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=_MAX_OFFERED)
    lowered = (title.lower() for title in catalogue.titles)
    titles = process.extract(said, list(lowered), scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=_MAX_OFFERED)
    found = [(score, plain(catalogue.artist_names[number], 40)) for _, score, number in artists]
    found += [(score, f"“{plain(catalogue.titles[row], 40)}”") for _, score, row in titles]
    return list(dict.fromkeys(name for _, name in sorted(found, key=lambda one: -one[0])))[:_MAX_OFFERED]
