"""Other ways to read a message that is a single phrase: the mood, the song or the band called "Happy".

In a sentence the words around a name tell what it is. A message that is one phrase and nothing else has no such words,
so all that it may name is kept, and the session asks where the answer would change the playlist.
"""

from __future__ import annotations

from assistant.request import Alternative, Intent, Mention, Request
from assistant.understanding.gazetteer import Gazetteer
from assistant.understanding.tokens import read
from assistant.wishes import constraints_of
from recsys.types import Constraint, Facet

_MAX_WORDS = 5
#: What the readings of a phrase are called in a question.
_SENSES = {
    Facet.GENRE: "genre",
    Facet.MOOD: "mood",
    Facet.ACTIVITY: "occasion",
    Facet.INSTRUMENT: "instrument",
    Facet.ERA: "year",
    Facet.LANGUAGE: "language",
    Facet.COUNTRY: "country",
    Facet.TEMPO: "tempo",
    Facet.ENERGY: "energy",
    Facet.VOCALS: "vocals",
}


def alternatives(request: Request, facets: tuple[Constraint, ...], gazetteer: Gazetteer) -> tuple[Alternative, ...]:
    """Find what else a message may mean; nothing unless it is one phrase.

    Args:
        request: as the message was read.
        facets: the constraints that its words make as words of the vocabulary, names left aside.
        gazetteer: the names of the catalogue.
    """
    reading = read(request.search_text)
    n_words = len(reading)
    if not 0 < n_words <= _MAX_WORDS or request.edits or request.unlinked or len(request.constraints) > 1:
        return ()
    phrase = reading.words
    said = request.search_text.strip()
    found: list[Alternative] = []
    if len(facets) == 1 and facets[0].wanted and read(facets[0].text).words == phrase:
        sense = _SENSES.get(facets[0].facet, facets[0].facet.value)
        found.append(_alternative(request, sense, f"the {sense} “{said}”", constraints=facets))
    if (artist := gazetteer.artist(phrase)) is not None:
        mention = Mention(kind="artist", key=artist.key, name=artist.name, text=said)
        wanted = (Constraint(Facet.ARTIST, (artist.key,), hard=True, text=said),)
        label = f"the artist {artist.name}"
        found.append(_alternative(request, "artist", label, constraints=wanted, mentions=(mention,)))
    if (title := gazetteer.title(phrase)) is not None:
        mention = Mention(kind="track", key=title.track_ids[0], name=title.name, text=said)
        found.append(_alternative(request, "song", f"the song “{title.name}”", mentions=(mention,)))
    taken = _meaning(request)
    others = tuple(one for one in found if _meaning(one.request) != taken)
    return others if len(others) < len(found) else ()


def _alternative(
    request: Request,
    sense: str,
    label: str,
    *,
    constraints: tuple[Constraint, ...] = (),
    mentions: tuple[Mention, ...] = (),
) -> Alternative:
    changed = {"constraints": constraints, "mentions": mentions, "intent": Intent.ASK, "alternatives": ()}
    return Alternative(sense=sense, label=label, request=request.model_copy(update=changed))


def _meaning(request: Request) -> tuple[object, ...]:
    """What a request asks for, whatever the words."""
    asked = tuple((c.facet, c.values, c.low, c.high) for c in constraints_of(request))
    return asked, tuple((m.kind, m.key) for m in request.mentions)
