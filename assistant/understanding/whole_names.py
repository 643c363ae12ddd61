"""Names that a translation must leave alone."""

from __future__ import annotations

from collections.abc import Callable

from assistant.understanding.gazetteer import Gazetteer
from assistant.understanding.tokens import Reading

_MAX_WORDS = 7


def names_to_keep(gazetteer: Gazetteer, reading: Reading, is_ordinary: Callable[[str], bool]) -> frozenset[int]:
    """The positions of quoted passages, of artists, and of titles of more than two words.

    Args:
        gazetteer: the names of the catalogue.
        reading: the message.
        is_ordinary: tells the words of the language that make no name by themselves ("los de").
    """
    found = {n for start, end in reading.quotes for n in range(start, end)}
    for start in range(len(reading)):
        for end in range(_end(reading, start), start, -1):
            said = reading.words[start:end]
            if all(map(is_ordinary, said)):
                continue
            if gazetteer.artist(said) or (len(said) > 2 and gazetteer.title(said)):
                found.update(range(start, end))
                break
    return frozenset(found)


def _end(reading: Reading, start: int) -> int:
    end = start + 1
    while end < min(start + _MAX_WORDS, len(reading)) and not reading.pause(end):
        end += 1
    return end
