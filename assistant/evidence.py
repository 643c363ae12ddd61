"""The facts that a reason may use: what the data states of a pick, and what was computed about why it is here.

Every fact is words for one value of the track, of the pick's numbers or of the listener's history; nothing is
inferred here. `own` marks what tells more than the request's own words do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from assistant.labels import listing, place, plain, spelled
from assistant.understanding.common_words import FUNCTION_WORDS
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


def descriptions(pick: Pick) -> list[Fact]:
    """What the data states of the track, with matched wishes worth most."""
    track = pick.track
    matched = {facet: _evidence(track, pick.matched, facet) for facet in _LISTED}
    facts: list[Fact] = []
    for facet, (column, slot, worth) in _LISTED.items():
        values: tuple[str, ...] = getattr(track, column)
        for value in _specific(facet, values):
            asked = value in matched[facet]
            own = not any(c.facet is facet and value in c.values for c in pick.matched)
            facts.append(Fact(slot, spelled(plain(value, _MAX_WORD)), worth + (0.6 if asked else 0.0), own))
    wanted = {c.facet for c in pick.matched}
    if track.year is not None:
        facts.append(Fact("year", str(track.year), 1.1 if Facet.ERA in wanted else 0.7))
    if track.vocal:
        words = "instrumental" if track.vocal == "none" else f"{track.vocal} vocals"
        slot = "adjective" if track.vocal == "none" else "with"
        facts.append(Fact(slot, words, 1.1 if Facet.VOCALS in wanted else 0.4, Facet.VOCALS not in wanted))
    if track.language:
        language = plain(track.language).title()
        facts.append(Fact("language", language, 1.1 if Facet.LANGUAGE in wanted else 0.4, Facet.LANGUAGE not in wanted))
    if track.country:
        country = place(plain(track.country))
        facts.append(Fact("country", country, 1.1 if Facet.COUNTRY in wanted else 0.5, Facet.COUNTRY not in wanted))
    if track.album:
        facts.append(Fact("album", _quoted(track.album), 0.3))
    return facts


def causes(pick: Pick, context: Context) -> list[Fact]:
    """Why the recommender put it here, as far as numbers tell."""
    facts = [*_named(pick, context), *_nearest(pick, context), *_words(pick, context)]
    facts += _measured(pick)
    facts += _known(pick, context)
    if pick.user_share >= _MOSTLY_TASTE and (context.has_taste or context.has_examples):
        both = context.has_taste and context.has_examples
        whose = "taste and examples" if both else "taste" if context.has_taste else "examples"
        share = round(pick.user_share * 100)
        words = f"{share} % your {whose}, {100 - share} % your words"
        facts.append(_cause(words if share <= 95 else f"here for your {whose} more than for your words", 0.8))
    return facts


#: Facet → column of the track, slot in the sentence, worth where it was not asked for.
_LISTED = {
    Facet.GENRE: ("genres", "genre", 1.0),
    Facet.MOOD: ("moods", "adjective", 0.8),
    Facet.INSTRUMENT: ("instruments", "with", 0.7),
    Facet.ACTIVITY: ("activities", "activity", 0.3),
}


def _cause(text: str, worth: float) -> Fact:
    return Fact("cause", text, worth)


def _quoted(name: str) -> str:
    return f"“{plain(name, _MAX_NAME)}”"


def _evidence(track: Track, matched: tuple[Constraint, ...], facet: Facet) -> set[str]:
    """The track's own words that meet a wish: "indie rock" for "rock"."""
    vocabulary = load_vocabulary()
    accepted = {
        word for c in matched if c.facet is facet for value in c.values for word in vocabulary.descendants(facet, value)
    }
    values: tuple[str, ...] = getattr(track, _LISTED[facet][0])
    return accepted & set(values)


def _specific(facet: Facet, values: tuple[str, ...]) -> list[str]:
    """Leave out words that another of the track's words implies: "rock" beside "indie rock"."""
    vocabulary = load_vocabulary()
    implied = {a for a in values for b in values if a != b and b in vocabulary.descendants(facet, a)}
    return [value for value in dict.fromkeys(values) if value not in implied]


def _named(pick: Pick, context: Context) -> list[Fact]:
    """It, or its artist, was asked for by name."""
    if pick.track.track_id in context.titles:
        return [_cause("you asked for it by name", 5.0)]
    asked = {v for c in pick.matched if c.facet is Facet.ARTIST for v in c.values}
    names = [name for name in pick.track.artists if artist_key(name) in asked]
    return [_cause(f"by {plain(names[0], _MAX_NAME)}, as you asked", 1.3)] if names else []


def _nearest(pick: Pick, context: Context) -> list[Fact]:
    """The closest track of the listener's history or examples, where it is close."""
    if pick.nearest_liked is None or pick.nearest_liked[1] < _CLOSE:
        return []
    row, cosine = pick.nearest_liked
    if row not in context.references:
        return []
    track, relation = context.references[row]
    how = "one of your examples" if relation == "example" else f"which you {relation}"
    by = f" by {plain(track.artists[0], _MAX_NAME)}" if track.artists else ""
    return [_cause(f"close to {_quoted(track.title)}{by}, {how}", 1.0 + cosine)]


def _words(pick: Pick, context: Context) -> list[Fact]:
    """Words of the request that the title, the artist or the album has."""
    if "lexical" not in pick.retrievers:
        return []
    asked = {w for w in fold(context.query_text).split() if len(w) > 2 and w not in FUNCTION_WORDS}
    track = pick.track
    for where, text in (("title", track.title), ("artist", track.artist), ("album", track.album or "")):
        shared = [word for word in dict.fromkeys(fold(text).split()) if word in asked]
        if shared and where == "artist":
            return [_cause("its artist matches your words", 1.2)]
        if shared:
            return [_cause(f"its {where} has your {listing([f'“{plain(w, 20)}”' for w in shared[:2]])}", 1.5)]
    return []


def _measured(pick: Pick) -> list[Fact]:
    """Numbers by which it meets a wish: its tempo, its energy, or the audio features behind a mood."""
    track, facts = pick.track, []
    for constraint in pick.matched:
        if constraint.facet is Facet.TEMPO and track.tempo_bpm is not None:
            facts.append(_cause(f"its tempo is {track.tempo_bpm:.0f} BPM", 0.9))
        elif constraint.facet is Facet.ENERGY and track.energy is not None:
            facts.append(_cause(f"its energy is {track.energy:.2f} of 1", 0.9))
        elif constraint.facet in (Facet.MOOD, Facet.ACTIVITY) and not getattr(track, _LISTED[constraint.facet][0]):
            facts += _features(track, constraint)
        elif constraint.facet is Facet.VOCALS and track.vocal is None and track.instrumentalness is not None:
            facts.append(_cause(f"its instrumentalness is {track.instrumentalness:.2f} of 1", 0.9))
    return facts


def _features(track: Track, constraint: Constraint) -> list[Fact]:
    """The audio features that agree with a mood or activity which the data does not list."""
    for value in constraint.values:
        intervals = load_vocabulary().intervals(constraint.facet, value)
        levels = [(column, getattr(track, column)) for column in intervals]
        if levels and all(
            level is not None and intervals[column][0] <= level <= intervals[column][1] for column, level in levels
        ):
            stated = listing([f"{column} {level:.2f}" for column, level in levels[:2]])
            fit = "fit" if len(levels) > 1 else "fits"
            return [_cause(f"{stated} (of 1) {fit} “{plain(value)}”", 0.9)]
    return []


def _known(pick: Pick, context: Context) -> list[Fact]:
    """How well known it is, where that was asked for, and whether the artist is new to the listener."""
    facts, level = [], pick.track.popularity
    bounded = any(c.facet is Facet.POPULARITY for c in pick.matched)
    if level is not None and (context.fame or bounded):
        if level <= _LITTLE_KNOWN and context.fame <= 0:
            facts.append(_cause(f"little known (popularity {level:.2f} of 1)", 1.0))
        elif level >= _WELL_KNOWN and context.fame >= 0:
            facts.append(_cause(f"well known (popularity {level:.2f} of 1)", 1.0))
        elif bounded:
            facts.append(_cause(f"popularity {level:.2f} of 1", 0.9))
    artists = {artist_key(name) for name in pick.track.artists}
    if context.discovery > 0 and context.heard_artists and not artists & set(context.heard_artists):
        facts.append(_cause("by an artist new to your history here", 0.7))
    return facts
