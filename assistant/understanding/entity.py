"""Artists and titles of a gazetteer as what a message names."""

from __future__ import annotations

from assistant.request import Polarity
from assistant.understanding.gazetteer import Artist, Title
from assistant.understanding.matches import Entity, Name

#: How sure a name is that was told to be one and found as an artist or as a title.
_TOLD_ARTIST, _TOLD_TITLE = 0.9, 0.8


def of_artist(artist: Artist, polarity: Polarity, confidence: float) -> Entity:
    """Name an artist."""
    return Entity("artist", (artist.key,), artist.name, polarity, round(confidence, 3))


def of_title(title: Title, polarity: Polarity, confidence: float, names: tuple[Name, ...] = ()) -> Entity:
    """Name a track, with the names that its words are made of."""
    return Entity("track", title.track_ids, title.name, polarity, round(confidence, 3), names)


def linked(found: Artist | Title, polarity: Polarity) -> Entity:
    """Name what was looked up because its words were told to be a name."""
    if isinstance(found, Artist):
        return of_artist(found, polarity, _TOLD_ARTIST)
    return of_title(found, polarity, _TOLD_TITLE)


def names_of(of_title: tuple[int, int], title: Title, of_artist: tuple[int, int], artist: Artist) -> tuple[Name, ...]:
    """The two names in "title by artist", each with where it stands (start, end)."""
    return (Name("track", *of_title, title.track_ids), Name("artist", *of_artist, (artist.key,)))
