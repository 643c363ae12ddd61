"""Names that a translation must leave alone, and that tell no language."""

from __future__ import annotations

from collections.abc import Callable

from assistant.understanding.gazetteer import Artist, Gazetteer
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading

_MAX_WORDS, _MAX_TITLE_WORDS, _MAX_LISTED = 7, 10, 15
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


def listed_names(gazetteer: Gazetteer, reading: Reading, kind: Callable[[int], str]) -> list[tuple[int, int, Artist]]:
    """Return the artists that a message lists if it says nothing else: "cheap trick and kura", with where they stand.

    `kind` tells what a word is by itself (`Evidence.kind`); "rock and pop" lists no artists, whoever is called so.
    """
    marks = [n for n, word in enumerate(reading.words) if word in ("and", "or")]
    if not marks or len(reading) > _MAX_LISTED:
        return []
    found: list[tuple[int, int, Artist]] = []
    for start, end in zip([0, *(n + 1 for n in marks)], [*marks, len(reading)], strict=True):
        artist = gazetteer.artist(reading.words[start:end]) if end > start else None
        kinds = {kind(n) for n in range(start, end)}
        if artist is None or kinds <= {"vocabulary", "function"}:
            return []
        found.append((start, end, artist))
    sure = any(end - start > 1 or kind(start) == "rare" for start, end, _ in found)
    return found if sure else []


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
