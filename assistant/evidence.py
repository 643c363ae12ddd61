"""The facts that a reason may use: what the data states of a pick, and what was computed about why it is here.

Every fact is words for one value of the track, of the pick's numbers or of the listener's history; nothing is
inferred here. `own` marks what tells more than the request's own words do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from assistant.judging import judged_cause
from assistant.labels import key_label, place, plain, spelled
from assistant.phrasebook import ENGLISH_BOOK, Phrasebook
from assistant.situation import titled
from assistant.trait_facts import levels_met, said_of
from assistant.words import word_in
from recsys.common_words import FUNCTION_WORDS
from recsys.recommendation import Pick
from recsys.text import artist_key, fold
from recsys.types import Constraint, Facet, Track
from recsys.vocabulary import load_vocabulary

#: Names longer than this are cut in a reason, in characters.
_MAX_NAME = 40
#: Vocabulary words are shorter; a source may state longer ones.
_MAX_WORD = 30
#: Joint-space cosine from which two tracks are called close.
_CLOSE = 0.6
#: Share of the score from which the listener's taste is worth naming.
_MOSTLY_TASTE = 0.6
#: Popularity up to which a track is called little known, and from which well known; the scale is 0 to 1.
_LITTLE_KNOWN, _WELL_KNOWN = 0.4, 0.6


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that may be said of a pick. Facts with the same key say the same of two tracks."""

    slot: str
    text: str
    worth: float
    own: bool = True
    origin: str = ""  # heard or inferred, where the data does not state it

    @property
    def key(self) -> tuple[str, str]:
        """What it says, whatever track it says it of."""
        return self.slot, self.text


@dataclass(frozen=True, slots=True)
class Context:
    """What the session and the listener's history add to the facts of the picks."""

    query_text: str = ""
    titles: frozenset[str] = frozenset()  # ids of tracks asked for by title
    #: row → the track, and how it became a reference point: liked, kept, played or example
    references: Mapping[int, tuple[Track, str]] = field(default_factory=dict)
    heard_artists: Collection[str] = ()  # keys of artists in the listener's history
    fame: float = 0.0
    discovery: float = 0.0
    has_taste: bool = False
    has_examples: bool = False
    book: Phrasebook = ENGLISH_BOOK  # the language to say it in


def descriptions(pick: Pick, book: Phrasebook = ENGLISH_BOOK) -> list[Fact]:
    """What the data states of the track, with matched wishes worth most."""
    track = pick.track
    matched = {facet: _evidence(track, pick.matched, facet) for facet in _LISTED}
    facts: list[Fact] = []
    for facet, (column, slot, worth) in _LISTED.items():
        values: tuple[str, ...] = getattr(track, column)
        for value in _specific(facet, values):
            asked = value in matched[facet]
            own = not any(c.facet is facet and value in c.values for c in pick.matched)
            said = spelled(plain(word_in(book, facet, value), _MAX_WORD))
            facts.append(Fact(slot, said, worth + (0.6 if asked else 0.0), own, origin(track, column)))
    wanted = {c.facet for c in pick.matched}
    if track.year is not None:
        facts.append(Fact("year", str(track.year), 1.1 if Facet.ERA in wanted else 0.7, origin=origin(track, "year")))
    if track.vocal:
        words = book(_SUNG[track.vocal]) if track.vocal in _SUNG else f"{track.vocal} vocals"
        slot = "adjective" if track.vocal == "none" else "with"
        own = Facet.VOCALS not in wanted
        facts.append(Fact(slot, words, 0.4 if own else 1.1, own, origin(track, "vocal")))
    if track.language:
        language = plain(track.language)
        known = word_in(book, Facet.LANGUAGE, language)
        language = known if known != language else language.title()
        own = Facet.LANGUAGE not in wanted
        facts.append(Fact("language", language, 0.4 if own else 1.1, own, origin(track, "language")))
    if track.country:
        country = plain(track.country)
        known = word_in(book, Facet.COUNTRY, country)
        country = known if known != country else place(country)
        own = Facet.COUNTRY not in wanted
        facts.append(Fact("country", country, 0.5 if own else 1.1, own, origin(track, "country")))
    if track.album:
        facts.append(Fact("album", _quoted(track.album, book), 0.3))
    return facts


def origin(track: Track, column: str) -> str:
    """Tell whether a value of a track was heard or inferred; an empty text where its source states it."""
    derived = track.derived.get(column)
    return "" if derived is None else "heard" if derived.heard else "inferred"


def causes(pick: Pick, context: Context) -> list[Fact]:
    """Why the recommender put it here, as far as numbers tell."""
    facts = [*_named(pick, context), *_nearest(pick, context), *_followed(pick, context), *_words(pick, context)]
    facts += _sung(pick, context.book)
    facts += _measured(pick, context.book)
    facts += _known(pick, context)
    facts += _judged(pick, context)
    facts += _predicted(pick, context.book)
    if pick.user_share >= _MOSTLY_TASTE and (context.has_taste or context.has_examples):
        both = context.has_taste and context.has_examples
        shares, alone = _WHOSE["both" if both else "taste" if context.has_taste else "examples"]
        share = round(pick.user_share * 100)
        words = context.book(shares, share=share, rest=100 - share) if share <= 95 else context.book(alone)
        facts.append(_cause(words, 0.8))
    return facts


#: Facet → column of the track, slot in the sentence, worth where it was not asked for.
_LISTED = {
    Facet.GENRE: ("genres", "genre", 1.0),
    Facet.MOOD: ("moods", "adjective", 0.8),
    Facet.INSTRUMENT: ("instruments", "with", 0.7),
    Facet.ACTIVITY: ("activities", "activity", 0.3),
}

_SUNG = {"none": "instrumental", "male": "male vocals", "female": "female vocals", "mixed": "mixed vocals"}
_WHOSE = {
    "both": (
        "{share} % your taste and examples, {rest} % your words",
        "here for your taste and examples more than for your words",
    ),
    "taste": ("{share} % your taste, {rest} % your words", "here for your taste more than for your words"),
    "examples": ("{share} % your examples, {rest} % your words", "here for your examples more than for your words"),
}
_HOW = {
    "example": "one of your examples",
    "liked": "which you liked",
    "kept": "which you kept",
    "played": "which you played",
}
_HAS_WORDS = {"title": "its title has your {words}", "album": "its album has your {words}"}


#: What a reason calls the modalities that a collaborative vector is predicted from.
_CONTENTS = {"text": "words", "tags": "words", "lyrics": "lyrics", "librosa": "sound", "musicnn": "sound"}


def _cause(text: str, worth: float) -> Fact:
    return Fact("cause", text, worth)


def _quoted(name: str, book: Phrasebook, limit: int = _MAX_NAME) -> str:
    return book("“{words}”", words=plain(name, limit))


def _evidence(track: Track, matched: tuple[Constraint, ...], facet: Facet) -> set[str]:
    """The track's own words that meet a wish: "indie rock" for "rock"."""
    vocabulary = load_vocabulary()
    accepted = {
        word for c in matched if c.facet is facet for value in c.values for word in vocabulary.descendants(facet, value)
    }
    values: tuple[str, ...] = track.themes if facet is Facet.THEME else getattr(track, _LISTED[facet][0])
    return accepted & set(values)


def _specific(facet: Facet, values: tuple[str, ...]) -> list[str]:
    """Leave out words that another of the track's words implies: "rock" beside "indie rock"."""
    vocabulary = load_vocabulary()
    implied = {a for a in values for b in values if a != b and b in vocabulary.descendants(facet, a)}
    return [value for value in dict.fromkeys(values) if value not in implied]


def _named(pick: Pick, context: Context) -> list[Fact]:
    """It, or its artist, was asked for by name."""
    if pick.track.track_id in context.titles:
        return [_cause(context.book("you asked for it by name"), 5.0)]
    asked = {v for c in pick.matched if c.facet is Facet.ARTIST for v in c.values}
    names = [name for name in pick.track.artists if artist_key(name) in asked]
    said = context.book("by {artist}, as you asked", artist=plain(names[0], _MAX_NAME)) if names else ""
    return [_cause(said, 1.3)] if names else []


def _nearest(pick: Pick, context: Context) -> list[Fact]:
    """The closest track of the listener's history or examples, where it is close."""
    if pick.nearest_liked is None or pick.nearest_liked[1] < _CLOSE:
        return []
    row, cosine = pick.nearest_liked
    if row not in context.references:
        return []
    track, relation = context.references[row]
    how, book = _HOW.get(relation, f"which you {relation}"), context.book
    named = titled(track.title, track.artists, book)
    return [_cause(book("close to {track}, {how}", track=named, how=book(how)), 1.0 + cosine)]


def _followed(pick: Pick, context: Context) -> list[Fact]:
    """The track of this session that it came right after, more than once, in what was listened to here."""
    if pick.comes_after is None or pick.comes_after[0] not in context.references:
        return []
    track, _ = context.references[pick.comes_after[0]]
    return [
        _cause(context.book("often comes after {track}", track=titled(track.title, track.artists, context.book)), 1.6)
    ]


def _words(pick: Pick, context: Context) -> list[Fact]:
    """Words of the request that the title, the artist or the album has."""
    if "lexical" not in pick.retrievers:
        return []
    asked = {w for w in fold(context.query_text).split() if len(w) > 2 and w not in FUNCTION_WORDS}
    track = pick.track
    for where, text in (("title", track.title), ("artist", track.artist), ("album", track.album or "")):
        shared = [word for word in dict.fromkeys(fold(text).split()) if word in asked]
        if shared and where == "artist":
            return [_cause(context.book("its artist matches your words"), 1.2)]
        if shared:
            words = context.book.listing([_quoted(w, context.book, 20) for w in shared[:2]])
            return [_cause(context.book(_HAS_WORDS[where], words=words), 1.5)]
    return []


def _sung(pick: Pick, book: Phrasebook) -> list[Fact]:
    """What its lyrics are about, by which it meets a wish; never their words."""
    facts = []
    for constraint in pick.matched:
        if constraint.facet is Facet.THEME:
            words = plain(
                " or ".join(sorted(_evidence(pick.track, (constraint,), Facet.THEME))) or constraint.text, _MAX_NAME
            )
            stated = pick.track.themes and "themes" not in pick.track.derived
            how = "it is said to be about {words}" if stated else "its lyrics speak of {words}"
            facts.append(_cause(book(how, words=book.either(words)), 1.4))
    return facts


def _measured(pick: Pick, book: Phrasebook) -> list[Fact]:
    """Numbers by which it meets a wish: its tempo, its energy, or the audio features behind a mood."""
    track, facts, heard = pick.track, [], []
    annotated: list[str] = []
    for constraint in pick.matched:
        if constraint.facet is Facet.TEMPO and track.tempo_bpm is not None:
            if _is_heard(track, "tempo_bpm"):
                heard.append(book("≈{n} BPM", n=f"{track.tempo_bpm:.0f}"))
            else:
                facts.append(_cause(book("its tempo is {n} BPM", n=f"{track.tempo_bpm:.0f}"), 0.9))
        elif constraint.facet is Facet.KEY and track.key is not None:
            if _is_heard(track, "key"):
                heard.append(key_label(track.key, book))
            else:
                facts.append(_cause(book("it is in {key}", key=key_label(track.key, book)), 0.9))
        elif constraint.facet is Facet.ENERGY and track.energy is not None:
            if _is_heard(track, "energy"):
                heard.append(book("energy ≈{n} of 1", n=f"{track.energy:.2f}"))
            else:
                facts.append(_cause(book("its energy is {n} of 1", n=f"{track.energy:.2f}"), 0.9))
        elif constraint.facet in (Facet.MOOD, Facet.ACTIVITY) and not getattr(track, _LISTED[constraint.facet][0]):
            facts += _features(track, constraint, book)
        elif constraint.facet is Facet.VOCALS and track.vocal is None and track.instrumentalness is not None:
            level = f"{track.instrumentalness:.2f}"
            if _is_heard(track, "instrumentalness"):
                heard.append(book("instrumentalness ≈{n} of 1", n=level))
            else:
                facts.append(_cause(book("its instrumentalness is {n} of 1", n=level), 0.9))
        also_heard, known = said_of(levels_met(track, constraint), book)
        heard, annotated = heard + also_heard, annotated + known
    if heard:
        facts.append(_cause(book("{words}, heard", words=book.listing(heard)), 0.95))
    if annotated:
        facts.append(_cause(book("{words}, annotated", words=book.listing(annotated)), 0.95))
    return facts


def _is_heard(track: Track, column: str) -> bool:
    return origin(track, column) == "heard"


def _features(track: Track, constraint: Constraint, book: Phrasebook) -> list[Fact]:
    """The audio features that agree with a mood or activity which the data does not list."""
    for value in constraint.values:
        intervals = load_vocabulary().intervals(constraint.facet, value)
        levels = [(column, getattr(track, column)) for column in intervals]
        if levels and all(
            level is not None and intervals[column][0] <= level <= intervals[column][1] for column, level in levels
        ):
            stated = book.listing([f"{column} {level:.2f}" for column, level in levels[:2]])
            fits = "{levels} (of 1) fit “{wish}”" if len(levels) > 1 else "{levels} (of 1) fits “{wish}”"
            wish = plain(word_in(book, constraint.facet, value))
            return [_cause(book(fits, levels=stated, wish=wish), 0.9)]
    return []


def _judged(pick: Pick, context: Context) -> list[Fact]:
    """What is predicted of it, where that took part in the choice and speaks for it."""
    level = pick.track.popularity
    said = judged_cause(
        pick, context.book, little_known=context.fame < 0 and level is not None and level <= _LITTLE_KNOWN
    )
    return [_cause(said, 1.45)] if said else []


def _known(pick: Pick, context: Context) -> list[Fact]:
    """How well known it is, where that was asked for, and whether the artist is new to the listener."""
    facts, level, book = [], pick.track.popularity, context.book
    bounded = any(c.facet is Facet.POPULARITY for c in pick.matched)
    if level is not None and (context.fame or bounded):
        if level <= _LITTLE_KNOWN and context.fame <= 0:
            facts.append(_cause(book("little known (popularity {n} of 1)", n=f"{level:.2f}"), 1.0))
        elif level >= _WELL_KNOWN and context.fame >= 0:
            facts.append(_cause(book("well known (popularity {n} of 1)", n=f"{level:.2f}"), 1.0))
        elif bounded:
            facts.append(_cause(book("popularity {n} of 1", n=f"{level:.2f}"), 0.9))
    artists = {artist_key(name) for name in pick.track.artists}
    if context.discovery > 0 and context.heard_artists and not artists & set(context.heard_artists):
        facts.append(_cause(book("by an artist new to your history here"), 0.7))
    return facts


def _predicted(pick: Pick, book: Phrasebook) -> list[Fact]:
    """That who would listen to it was predicted, and from what: of its listeners nothing else may be said."""
    if not pick.predicted_from:
        return []
    return [_cause(book("listening data lacks it: predicted from its {parts}", parts=content_named(pick, book)), 0.65)]


def content_named(pick: Pick, book: Phrasebook) -> str:
    """Name what a pick's collaborative vector was predicted from: "words and attributes"."""
    names = [_CONTENTS.get(name, name) for name in pick.predicted_from]
    return book.listing([book(plain(name, _MAX_NAME)) for name in dict.fromkeys(names)])
