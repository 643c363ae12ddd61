"""Which reading was meant? Asked only where the answer would change the playlist a lot, and never twice in a row.

How much it would change is measured: by the share of the best tracks that the readings have in common.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from assistant.labels import plain
from assistant.phrasebook import Phrasebook, phrasebook
from assistant.request import Alternative, Request
from assistant.session import OpenQuestion, SessionState
from assistant.store import StoredTurn
from recsys.text import fold

#: Tracks of each reading that are compared, and the share in common from which it does not matter which was meant.
N_COMPARED, SAME_FROM = 50, 0.5
_MAX_OPTIONS = 3

_YES = re.compile(
    r"(?:yes|yeah|yep|yup|right|correct|exactly|sure|i (?:do|did)|that(?: one)?|that s it"
    r"|si|claro(?: que si)?|eso|exacto|vale|oui|ouais|exactement|c est ca|ja|genau|richtig|stimmt|sim|isso(?: mesmo)?"
    r"|exato|certo|esatto|giusto)"
    r"(?: please| i (?:do|did)| por favor| s il (?:te|vous) plait| bitte| per favore)*"
)
_KINDS = {
    "song": (
        "song track title tune cancion tema pista chanson morceau titre lied titel stuck musica faixa canzone brano"
    ),
    "artist": (
        "artist band group singer musician act name artista banda grupo cantante artiste groupe chanteur chanteuse "
        "kunstler kunstlerin gruppe sanger sangerin cantor cantora gruppo"
    ),
    "year": "year decade era years time ano annee jahr anno decada decennie jahrzehnt decennio",
    "genre": "genre style genero estilo stil genere stile",
    "mood": "mood feeling vibe animo humeur ambiance stimmung umore atmosfera",
}
#: How an option is named, by what it is.
_NAMED = {
    "artist": "the artist {name}",
    "song": "the song “{name}”",
    "genre": "the genre “{name}”",
    "mood": "the mood “{name}”",
    "occasion": "the occasion “{name}”",
    "instrument": "the instrument “{name}”",
    "year": "the year “{name}”",
    "language": "the language “{name}”",
    "country": "the country “{name}”",
    "tempo": "the tempo “{name}”",
    "energy": "the energy “{name}”",
    "vocals": "the vocals “{name}”",
}
_PLACES = {
    "first 1 primera primero premiere premier erste ersten erstes primeira primeiro prima primo": 0,
    "second 2 segunda segundo deuxieme seconde second zweite zweiten zweites seconda secondo": 1,
    "third 3 tercera tercero troisieme dritte dritten drittes terceira terceiro terza terzo": 2,
}
_FILLER = re.compile(
    r"\b(?:i (?:meant|mean|want(?:ed)?)|it s|the|a|an|please|one|as|of course|actually|no|yes|was|by"
    r"|el|la|los|las|le|les|l|der|die|das|den|il|lo|o|os|si|oui|ja|sim|non|nein|nao|por favor|s il (?:te|vous) plait"
    r"|bitte|per favore|(?:queria|quiero|quise) decir|me refiero a|(?:je )?(?:voulais|veux) dire|ich (?:meinte|meine)"
    r"|(?:queria|quero|quis) dizer|intendevo|volevo dire)\b"
)


def question(
    request: Request, before: SessionState, best: Callable[[Request], Sequence[str]]
) -> tuple[OpenQuestion | None, str]:
    """Ask which reading was meant, if it matters.

    Args:
        request: the message as it was read, with its alternatives.
        before: the state before it; where its last turn asked, nothing is asked now.
        best: the best tracks for a reading, by id.

    Returns:
        The question to keep and its words; None and nothing where there is none.
    """
    if not request.alternatives or (before.open_question is not None and before.open_question.turn == before.turn):
        return None, ""
    book = phrasebook(request.spoken)
    taken = set(best(request))
    options = []
    for other in request.alternatives[:_MAX_OPTIONS]:
        found = set(best(other.request))
        if len(taken & found) < SAME_FROM * max(len(taken | found) / 2, 1):
            options.append(other.model_copy(update={"label": _label(other, book)}))
    if not options:
        return None, ""
    labels = [plain(option.label, 60) for option in options]
    either = book("{first} or {last}", first=labels[0], last=labels[1]) if len(labels) == 2 else book.listing(labels)
    words = book("Or did you mean {options}?", options=either)
    return OpenQuestion(turn=before.turn + 1, options=tuple(options)), words


def _label(option: Alternative, book: Phrasebook) -> str:
    """Name an option in the language of a phrasebook: "der Künstler The 1975"."""
    names = [m.name for m in option.request.mentions] + [c.text for c in option.request.constraints]
    template = _NAMED.get(option.sense)
    return option.label if book.is_english or template is None or not names else book(template, name=names[0])


def chosen(text: str, asked: OpenQuestion | None, turn: int) -> Alternative | None:
    """The option that an answer chooses; None where the message is no answer, or turns all of them down."""
    if asked is None or asked.turn != turn:
        return None
    said = fold(text)
    if _YES.fullmatch(said):
        return asked.options[0] if len(asked.options) == 1 else None
    rest = " ".join(_FILLER.sub(" ", said).split())
    for option in asked.options:
        words = _KINDS.get(option.sense, option.sense).split()
        named = _FILLER.sub(" ", fold(option.label)).split()
        bare = named[1:] if named and named[0] in (option.sense, *words) else named
        if rest and (rest in words or rest in (" ".join(named), " ".join(bare))):
            return option
    place = next((place for words, place in _PLACES.items() if rest in words.split()), None)
    return asked.options[place] if place is not None and place < len(asked.options) else None


def reopened(state: SessionState, earlier: StoredTurn | None) -> SessionState:
    """Go back to what held before a message that was read otherwise than it was meant; what was shown stays shown."""
    held = earlier.state if earlier is not None else SessionState()
    kept = ("turn", "slate", "shown", "shows", "past", "future", "language")
    return held.model_copy(update={name: getattr(state, name) for name in kept})
