"""What a reading of a message has to tell the listener: names it does not know, and limits it came to."""

from __future__ import annotations

from assistant.phrasebook import phrasebook
from assistant.understanding import numbers
from assistant.understanding.matches import Match, Size, Unlinked
from assistant.understanding.tokens import MAX_CHARACTERS, Reading


def unlinked(matches: list[Match]) -> tuple[str, ...]:
    """Return the names that the catalogue does not have, as written."""
    return tuple(dict.fromkeys(p.name for m in matches for p in m.payloads if isinstance(p, Unlinked)))


def note(reading: Reading, matches: list[Match], language: str) -> str | None:
    """Word what is to be told, in the language of the message; None where there is nothing."""
    book, notes = phrasebook(language), []
    unknown = unlinked(matches)
    if unknown:
        names = book.listing([book("“{words}”", words=name) for name in unknown])
        one = len(unknown) == 1
        notes.append(
            book("{names} is not in this catalogue." if one else "{names} are not in this catalogue.", names=names)
        )
    for size in (p for m in matches for p in m.payloads if isinstance(p, Size) and p.cut):
        hours = f"{numbers.MAX_MINUTES / 60:.0f}"
        most = book("{n} tracks", n=numbers.MAX_TRACKS) if size.n_tracks else book("{n} hours", n=hours)
        notes.append(book("A playlist has at most {most}.", most=most))
    if reading.cut:
        notes.append(book("Only the first {n} characters were read.", n=book.number(MAX_CHARACTERS)))
    return " ".join(dict.fromkeys(notes)) or None
