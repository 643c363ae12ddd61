"""The free words of a session: what the text encoder reads beside the constraints, turn by turn."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from assistant.request import Request
from assistant.understanding.refusing import AFTERWARDS, CUE, MATCH
from recsys.appeal.serving import JUDGED
from recsys.common_words import FUNCTION_WORDS
from recsys.text import fold as folded
from recsys.types import WORD_FACETS, Constraint, Facet

#: Turns whose words are kept.
_MAX_PHRASES = 4
#: A message about one of these changes the subject; about anything else, it adjusts what there is.
_SUBJECTS = (Facet.GENRE, Facet.ARTIST, Facet.TRACK)

_OTHERS = re.compile(
    r"\b(something|anything|somewhat) (else|different|new)\b|\bnot (these|those)\b|\bothers\b"
    r"|\b(other|different|new|fresh|more) (ones|songs|tracks|music|picks|suggestions)\b"
    r"|\bmore (of|like) (these|those|them|this|that|the same)\b|\bshuffle\b|\btry again\b|^(next|again)$"
    r"|\b(another|a different) (one|playlist|list|set|batch|selection|mix|try)\b"
    r"|^(please )?((can|could) (i|you|we) )?(show |give |get |have |play )?(me |us )?(some )?more( please)?$"
    r"|\b(some|any|few|lot|lots|couple|add|have|get|send|see|hear|play|want) more( please| thanks| thank you)?$"
    r"|\b(from )?(a |some )?(different|other|another) artists?$"
    r"|\bmore please$|\bmore similar (songs|tracks|music|ones)$|\b(some|few) more in the same\b"
    r"|\bwhat else do you have$|\bmore of (him|her|them|it|his|their)\b"
)
#: The same in the other languages.
_OTHERS_ELSEWHERE = re.compile(
    r"\b(otra (cosa|lista|playlist)|otras (canciones|rolas)|otros temas|mas canciones|algo (distinto|diferente)"
    r"|autre chose|une autre (liste|playlist)|d autres (chansons|titres|morceaux)|plus de (chansons|titres|morceaux)"
    r"|(et)?was anderes|andere (lieder|songs|titel|musik)|eine andere (liste|playlist)|mehr (lieder|songs|titel)"
    r"|outra (coisa|lista|playlist)|outras (musicas|faixas)|mais musicas"
    r"|qualcos altro|qualcosa di diverso|altre canzoni|altri brani|un altra (lista|playlist))\b"
    r"(?! (a|al|de|du|von|als|do|da|di|que)\b)"
    r"|\b(mas (como|de) est[ao]s|mas asi|mas de lo mismo|(plus|d autres|encore) comme (ca|cela|celles ci|ceux ci)"
    r"|mehr davon|mehr (so )?wie diese|mehr so ?was|mais (como )?(d?estas|d?essas|d?estes|d?esses)|mais assim"
    r"|mais do mesmo|(piu|altre|altri|ancora) (come quest[ei]|cosi))$"
)
#: What may stand between "more" and what it is more of.
_OF = r"(?:of |from |by |songs |music |tracks |the |some |early |old |new )*"
_RESIZES = re.compile(r"\b(shorter|longer|fewer|twice|double|half|halve|two times|cut|as (long|many|the))\b")
#: Ordinary words that nevertheless say something about the music when they stand alone.
_MEANINGFUL = (
    "ballad ballads beats classic classics cover covers lyrics oldie original remix rhythm theme themes vocal vocals"
)
_SILENT = FUNCTION_WORDS - frozenset(_MEANINGFUL.split())


class Phrase(BaseModel):
    """Words of one turn that still describe what is wanted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    turn: int


def asks_for_others(text: str) -> bool:
    """Tell whether a message asks for tracks that were not shown yet ("something else", "more please")."""
    said = folded(text)
    return _OTHERS.search(said) is not None or _OTHERS_ELSEWHERE.search(said) is not None


def asks_for_more_of(text: str, wishes: Sequence[str]) -> bool:
    """Tell whether a message asks for more of something ("more songs by Rihanna"), of which some was shown then.

    Args:
        text: the message.
        wishes: words that name what was wanted before.
    """
    said = folded(text)
    named = [folded(words) for words in wishes]
    return any(re.search(rf"\bmore {_OF}{re.escape(name)}\b", said) is not None for name in named if name)


def free_words(request: Request) -> str:
    """What a request says beside sizes, dials, commands and refusals; empty where nothing is left."""
    words = request.search_text
    if asks_for_others(request.text):
        words = _OTHERS.sub(" ", folded(words))
    if request.size_factor is not None:
        words = _RESIZES.sub(" ", folded(words))
    refused = [c for c in request.constraints if not c.wanted]
    if refused and folded(words) == folded(request.text):
        words = _without_refusals(words, refused)
    words = _without(words, refused)
    named = any(mention.polarity != "-" for mention in request.mentions)
    return words if named or _says_something(words) else ""


def renew(
    phrases: Sequence[Phrase], request: Request, incoming: Sequence[Constraint], ended: Sequence[Constraint], turn: int
) -> tuple[Phrase, ...]:
    """Put a request's words before those of earlier turns that still hold.

    Args:
        phrases: words of earlier turns, newest first.
        request: the new message.
        incoming: its constraints.
        ended: earlier wanted constraints that no longer hold; their words go. Where the subject itself changed
            (another genre, artist or title), all earlier words go.
        turn: number of the message's turn.
    """
    latest = free_words(request)
    fresh = (Phrase(text=latest, turn=turn),) if latest else ()
    moved = any(c.facet in _SUBJECTS for c in ended) and any(c.wanted and c.facet in _SUBJECTS for c in incoming)
    gone = [*ended, *(c for c in incoming if not c.wanted)]
    kept: list[Phrase] = []
    for phrase in () if moved else phrases:
        text = _without(phrase.text, gone)
        if _says_something(text) and folded(text) != folded(latest):
            kept.append(phrase.model_copy(update={"text": text}))
    return (*fresh, *kept)[:_MAX_PHRASES]


def without_ended(phrases: Sequence[Phrase], ended: Sequence[Constraint]) -> tuple[Phrase, ...]:
    """Take out of the words of earlier turns what no longer holds."""
    left = (phrase.model_copy(update={"text": _without(phrase.text, ended)}) for phrase in phrases)
    return tuple(phrase for phrase in left if _says_something(phrase.text))


def compose(
    phrases: Sequence[Phrase], wanted: Sequence[Constraint], names: dict[str, str], *, max_characters: int
) -> str:
    """Write what the text encoder reads: the words of all turns, and what still holds of them.

    Wishes of several turns hold together, so they are written in one order, whichever came first.

    Args:
        phrases: words of the turns, newest first.
        wanted: the wanted constraints that hold; those of which no word was written already are written too.
        names: catalogue key → name, for artists.
        max_characters: where to cut; the oldest words go first.
    """
    parts = [phrase.text for phrase in phrases]
    said = f" {folded(' '.join(parts))} "
    for constraint in wanted:
        if folded(constraint.text) and f" {folded(constraint.text)} " in said:
            continue
        parts += [words for words in _words(constraint, names) if f" {folded(words)} " not in said]
    kept: list[str] = []
    for part in parts:
        room = max_characters - sum(len(one) + 1 for one in kept)
        kept += [part[:room]] if room > 0 else []
    return " ".join(sorted(kept, key=folded))


def _without(text: str, constraints: Sequence[Constraint]) -> str:
    """Take the words of constraints out of a text, and what then hangs loose at its ends."""
    before = text
    for constraint in constraints:
        for words in (constraint.text, *constraint.values):
            if words:
                text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", " ", text, flags=re.IGNORECASE)
    if text == before:
        return text
    left = text.split()
    while left and not _says_something(left[-1]):
        left.pop()
    while left and not _says_something(left[0]):
        left.pop(0)
    return " ".join(left).strip(" ,;:-")


def _without_refusals(text: str, refused: Sequence[Constraint]) -> str:
    """Take the words that refuse out of a message that does nothing else: "skip the rock" is no wish for "skip"."""
    line = folded(text)
    for words in {folded(constraint.text) for constraint in refused} - {""}:
        line = re.sub(rf"(?<!\S){re.escape(words)}(?!\S)", MATCH, line)
    line = AFTERWARDS.sub(" ", line)
    for cue in reversed(list(CUE.finditer(line))):
        if cue["neg"] or cue["lift"] or cue["less"]:
            line = f"{line[: cue.start()]} {line[cue.end() :]}"
    return " ".join(line.replace(MATCH, " ").split())


def _says_something(text: str) -> bool:
    return any(word not in _SILENT and not word.isdigit() for word in folded(text).split())


def _words(constraint: Constraint, names: dict[str, str]) -> list[str]:
    """What the encoder should read for a constraint of an earlier turn; nothing for what it cannot know."""
    if constraint.facet in JUDGED:
        return []
    if constraint.facet is Facet.VOCALS:
        return ["instrumental" if value == "none" else f"{value} vocals" for value in constraint.values]
    if constraint.facet is Facet.ARTIST:
        return [names.get(value, value) for value in constraint.values]
    if constraint.facet in WORD_FACETS and constraint.facet is not Facet.TRACK:
        return list(constraint.values)
    # What the encoder did not read when it was said ("over 100 bpm") tells it nothing a turn later.
    return [constraint.text] if _says_something(constraint.text) else []
