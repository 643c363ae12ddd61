"""What a request asks for as constraints, those that its mentions imply included."""

from __future__ import annotations

from assistant.request import Request
from recsys.types import Constraint, Facet


def constraints_of(request: Request) -> tuple[Constraint, ...]:
    """The request's constraints, and those that its mentions imply where they were left implicit."""
    facets = {"artist": Facet.ARTIST, "track": Facet.TRACK}
    covered = {(c.facet, c.wanted, value) for c in request.constraints for value in c.values}
    implied: list[Constraint] = []
    for mention in request.mentions:
        facet, wanted = facets[mention.kind], mention.polarity == "+"
        if mention.polarity == "~" or (mention.kind == "track" and wanted):
            continue  # examples and titles steer and lead the slate; they do not restrict it
        if (facet, wanted, mention.key) not in covered:
            words = mention.text or mention.name
            implied.append(Constraint(facet, (mention.key,), wanted=wanted, hard=not wanted, text=words))
    return (*request.constraints, *implied)
