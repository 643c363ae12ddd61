"""Names that a translation must leave alone, and that tell no language."""

from __future__ import annotations

from collections.abc import Callable

from assistant.understanding.gazetteer import Gazetteer
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading

_MAX_WORDS, _MAX_TITLE_WORDS = 7, 10
#: English words that are a whole command with a name behind them, and tell the language of what follows.
_COMMANDS = words("no not skip play add more some without like")


def whole_name(gazetteer: Gazetteer, reading: Reading) -> frozenset[int]:
    """The positions of the words of a name, where a message is one, or an artist behind one English command."""
    said = reading.words
    if len(said) <= _MAX_TITLE_WORDS and (gazetteer.artist(said) or gazetteer.title(said)):
        return frozenset(range(len(said)))
    behind = 1 + (said[:2] == ("no", "more")) if said[:1] and said[0] in _COMMANDS else 0
    named = behind and len(said) - behind <= _MAX_WORDS and gazetteer.artist(said[behind:])
    return frozenset(range(behind, len(said))) if named else frozenset()


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
