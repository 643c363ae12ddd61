"""Words that an artist also goes by: "no funky" refuses the feel, and the artist Funky as well.

Which of the two is wanted is asked; which is refused need not be, for leaving out both costs little. So it is with what
may be a courtesy: "no rush" while a playlist is on screen leaves out Rush, and takes nothing else away.
"""

from __future__ import annotations

from assistant.understanding.gazetteer import Gazetteer
from assistant.understanding.negation import Marks
from assistant.understanding.tokens import Reading
from recsys.types import Constraint, Facet

#: An artist with fewer tracks is hardly meant, and hardly ever shown.
_KNOWN_TRACKS = 5


def refused_artists(
    reading: Reading, marks: Marks, gazetteer: Gazetteer, *, first_turn: bool
) -> tuple[Constraint, ...]:
    """Return refusals of the artists who go by the refused words of a message."""
    refused: dict[str, str] = {}
    if not (first_turn or marks.marks) and reading.words[:1] == ("no",) and len(reading) > 1:
        named = gazetteer.artist(reading.words[1:])
        if named is not None and named.n_tracks >= _KNOWN_TRACKS and gazetteer.artist(reading.words) is None:
            refused[named.key] = reading.raw(1, len(reading))
    for one in marks.marks:
        match = one.match
        if one.negated and not (one.toned or one.dropped) and match.words:
            artist = gazetteer.artist(reading.words[match.start : match.end])
            if artist is not None and artist.n_tracks >= _KNOWN_TRACKS:
                refused[artist.key] = reading.raw(match.start, match.end)
    return tuple(Constraint(Facet.ARTIST, (key,), wanted=False, hard=True, text=said) for key, said in refused.items())
