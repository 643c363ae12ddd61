"""What a reading of a message has to tell the listener: names it does not know, and limits it came to."""

from __future__ import annotations

from assistant.phrasebook import phrasebook
from assistant.understanding import numbers
from assistant.understanding.contradicting import Contradiction
from assistant.understanding.matches import Match, Size, Unlinked
from assistant.understanding.tokens import MAX_CHARACTERS, Reading

_CONTRADICTS = "“{other}” contradicts “{holds}”, so I went by “{holds}”."
_OF_MAKERS = "I went by “{holds}” and not by “{other}”: how well known artists are does not count."


def unlinked(matches: list[Match]) -> tuple[str, ...]:
    """Return the names that the catalogue does not have, as written."""
    return tuple(dict.fromkeys(p.name for m in matches for p in m.payloads if isinstance(p, Unlinked)))


def note(
    reading: Reading, matches: list[Match], language: str, contradiction: Contradiction | None = None
) -> str | None:
    """Word what is to be told, in the language of the message; None where there is nothing.

    Args:
        reading: the message.
        matches: what was found in it.
        language: to say it in.
        contradiction: what of it did not hold beside what.
    """
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
    if contradiction is not None:
        said = _OF_MAKERS if contradiction.of_makers else _CONTRADICTS
        notes.append(book(said, other=contradiction.other, holds=contradiction.holds))
    if reading.cut:
        notes.append(book("Only the first {n} characters were read.", n=book.number(MAX_CHARACTERS)))
    return " ".join(dict.fromkeys(notes)) or None
