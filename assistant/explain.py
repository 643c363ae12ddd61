"""Why each track is in the slate, in one sentence made only of facts that were computed or that the data states.

A reason is a description ("Dreamy shoegaze from 1991 with guitar") and, where there is one, a cause ("close to
“Alison” by Slowdive, which you liked"). Both are chosen by what sets the track apart: a fact that every track of
the slate shares says little, and no two tracks get the same sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from assistant.evidence import Context, Fact, causes, descriptions
from assistant.labels import listing, plain
from assistant.phrasebook import ENGLISH_BOOK, Phrasebook
from assistant.words import word_in
from recsys.recommendation import Pick
from recsys.types import Facet

__all__ = ["MAX_REASON", "Context", "explain_slate"]

#: Longest reason, in characters.
MAX_REASON = 140
#: What a fact keeps of its worth when every track of the slate shares it.
_SHARED_WORTH = 0.3
#: A cause worth less than this goes behind what describes the track.
_WORTH_SAYING = 0.6
#: Genres that are no nouns: "warm African music", "minimalist classical music".
_ADJECTIVE_WORDS = (
    "african alternative arabic balkan baroque bollywood brazilian cappella celtic children's choral christmas "
    "classical dance electronic hawaiian indian indie industrial latin mexican psychedelic singer-songwriter turkish "
    "world"
)
_ADJECTIVES = frozenset(_ADJECTIVE_WORDS.split())
_ORIGINS = {"heard": "heard: {words}", "inferred": "inferred: {words}"}
#: How many facts of a kind one sentence takes.
_PER_SLOT = {"genre": 2, "adjective": 2, "with": 2}


def explain_slate(picks: Sequence[Pick], context: Context) -> tuple[str, ...]:
    """Write one sentence per pick, at most `MAX_REASON` characters, no two alike."""
    described = [descriptions(pick, context.book) for pick in picks]
    caused = [causes(pick, context) for pick in picks]
    frequency = Counter(key for facts in (*described, *caused) for key in {fact.key for fact in facts})
    reasons: list[str] = []
    for pick, known, why in zip(picks, described, caused, strict=True):
        known, why = _ranked(known, frequency, len(picks)), _ranked(why, frequency, len(picks))
        sentence = ""
        for sentence in _sentences(pick, known, why, context.book):
            if sentence not in reasons:
                break
        reasons.append(sentence)
    return tuple(reasons)


def _ranked(facts: Sequence[Fact], frequency: Counter[tuple[str, str]], n_picks: int) -> list[Fact]:
    """Weigh facts by how few tracks of the slate share them, and order them by what is left."""
    weighed = []
    for fact in facts:
        rarity = 1.0 - (frequency[fact.key] - 1) / max(n_picks - 1, 1)
        weighed.append(replace(fact, worth=fact.worth * (_SHARED_WORTH + (1.0 - _SHARED_WORTH) * rarity)))
    return sorted(weighed, key=lambda fact: fact.worth, reverse=True)


def _sentences(pick: Pick, known: list[Fact], why: list[Fact], book: Phrasebook) -> Iterator[str]:
    """Ways to say it, the best first, each within the limit; the last ones name the track and so are unique."""
    strong = [cause for cause in why if cause.worth >= _WORTH_SAYING]
    weak = [cause for cause in why if cause.worth < _WORTH_SAYING]
    plans = [(size, cause) for size in ((3, 4, 5, 2) if strong else (4, 5, 3, 6)) for cause in (*strong, None, *weak)]
    for size, cause in plans:
        chosen = _choose(known, size)
        while cause or any(fact.own for fact in chosen):
            sentence = _join(_describe(chosen, book) + origins(chosen, book), cause)
            if len(sentence) <= MAX_REASON:
                yield sentence
                break
            if not chosen:
                break
            chosen = chosen[:-1]
    title, artist = plain(pick.track.title, 36), plain(pick.track.artist, 36)
    name = (
        book("“{title}” by {artist}", title=title, artist=artist)
        if pick.track.artists
        else book("“{words}”", words=title)
    )
    meant = "translation" in pick.retrievers and pick.query_share > 0
    closest = book("near your words in meaning" if meant else "a varied pick")
    stated = f"{known[0].text}, {closest}" if known and known[0].slot == "genre" else closest
    yield f"{name}: {stated}."
    yield f"{name} ({plain(pick.track.track_id, 24)}): {closest}."


def _choose(known: Sequence[Fact], size: int) -> list[Fact]:
    """Take the best facts that go into one sentence, with at least one that the request did not already say."""
    taken: Counter[str] = Counter()
    chosen: list[Fact] = []
    for fact in known:
        repeats = any(fact.text in other.text or other.text in fact.text for other in chosen)
        if len(chosen) < size and taken[fact.slot] < _PER_SLOT.get(fact.slot, 1) and not repeats:
            taken[fact.slot] += 1
            chosen.append(fact)
    if chosen and not any(fact.own for fact in chosen):
        own = next((fact for fact in known if fact.own), None)
        if own is not None:
            chosen = [*(chosen[:-1] if len(chosen) == size else chosen), own]
    return chosen


def _describe(facts: Sequence[Fact], book: Phrasebook) -> str:
    """Put stated facts into one phrase: "dreamy, warm shoegaze from 1991 with guitar"."""
    of: dict[str, list[str]] = {}
    for fact in facts:
        of.setdefault(fact.slot, []).append(fact.text)
    if not of:
        return ""
    if not book.is_english:
        return _enumerate(of, book)
    noun = listing(of.get("genre", [])) or "track"
    if noun.split()[-1].lower() in _ADJECTIVES:
        noun += " music"
    words = " ".join([*([", ".join(of["adjective"])] if "adjective" in of else []), noun])
    year = of.get("year", [""])[0]
    if "country" in of:
        words += f" from {of['country'][0]}" + (f" ({year})" if year else "")
    elif year:
        words += f" from {year}"
    if "language" in of:
        words += f" in {of['language'][0]}"
    if "with" in of:
        words += f" with {listing(of['with'])}"
    if "album" in of:
        words += f" on {of['album'][0]}"
    if "activity" in of:
        words += f", listed for “{of['activity'][0]}”"
    return words


def origins(facts: Sequence[Fact], book: Phrasebook = ENGLISH_BOOK) -> str:
    """Say in brackets which facts no source states: " (heard: warm and piano)"; nothing where all are stated."""
    said = ""
    for where, template in _ORIGINS.items():
        if words := [fact.text for fact in facts if fact.origin == where]:
            said += f" ({book(template, words=book.listing(words))})"
    return said


def _enumerate(of: Mapping[str, list[str]], book: Phrasebook) -> str:
    """The same in other languages, one thing after the other: endings and cases are then those of the vocabulary."""
    genre = book.listing(of.get("genre", []))
    if genre and genre.split()[-1].lower() in _adjectives(book):
        genre = book("{genre} music", genre=genre)
    parts = [genre or book("track"), *of.get("adjective", []), *of.get("country", []), *of.get("year", [])]
    parts += [book("in {words}", words=language) for language in of.get("language", [])[:1]]
    if "with" in of:
        parts.append(book("with {words}", words=book.listing(of["with"])))
    parts += [book("on {album}", album=album) for album in of.get("album", [])[:1]]
    parts += [book("listed for “{activity}”", activity=activity) for activity in of.get("activity", [])[:1]]
    return ", ".join(parts)


def _adjectives(book: Phrasebook) -> frozenset[str]:
    """The last words of genres that are no nouns, as a language says them."""
    return frozenset(word_in(book, Facet.GENRE, word).split()[-1].lower() for word in _ADJECTIVES)


def _join(description: str, cause: Fact | None) -> str:
    parts = [part for part in (description, cause.text if cause else "") if part]
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."
