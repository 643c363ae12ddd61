"""Which tracks are versions of one work: by ids first, by names and lengths after.

Ids that say so: what a source states (`WORK_ID`), an ISRC, a MusicBrainz recording or work, or the very same sound. By
names: one main artist and one base title ("Hurt - Live" is a version of "Hurt"); or one base title, a person in common
("Simon & Garfunkel", "Paul Simon feat. …") and lengths that agree. Names that say nothing ("Intro", or any title by
nobody known) need lengths that agree in any case.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np

from recsys.text import artist_key, base_title
from recsys.types import IntArray, Track

#: The key in `Track.ids` by which a source says that two of its tracks are versions of one work. It counts only
#: between tracks of one base title: CPCD's largest cluster is a bin of unrelated tracks.
WORK_ID = "work"
#: The keys in `Track.ids` of a MusicBrainz work, and of a digest of the sound of a file.
MUSICBRAINZ_WORK, SOUND = "mbwork", "sound"

#: Seconds by which lengths of one recording differ: encoders pad, players round.
SAME_LENGTH_S = 2.0

_ALIKE = ("isrc", "mbid", MUSICBRAINZ_WORK, SOUND)
_SAYS_NOTHING = re.compile(
    r"(?:intro|introduction|outro|interlude|intermission|skit|untitled|unknown|prelude|postlude|reprise|opening|ending"
    r"|prologue|epilogue|medley|jam|improvisation|hidden track|bonus track|(?:audio )?track|titel|piste)(?: ?\d+)?"
    r"|\d{1,2}"
)
_NOBODY = frozenset(("", "unknown artist", "unknown", "various artists", "various", "va"))
_BETWEEN_PEOPLE = re.compile(
    r"\s*[,;&+/]\s*|\s+(?:and|with|feat\.?|ft\.?|featuring|vs\.?|x|y|et|und)\s+", re.IGNORECASE
)

_Key = tuple[object, ...]


def number_works(tracks: Sequence[Track]) -> IntArray:
    """Number the works (N,): tracks that are versions of one work share a number."""
    parent: dict[_Key, _Key] = {}

    def root(key: _Key) -> _Key:
        while (above := parent.setdefault(key, key)) != key:
            parent[key] = parent[above]
            key = above
        return key

    keys: list[_Key] = []
    vague: dict[_Key, list[int]] = defaultdict(list)
    titles: dict[str, list[int]] = defaultdict(list)
    for row, track in enumerate(tracks):
        title, artist = base_title(track.title), artist_key((track.artists or ("",))[0])
        key: _Key = ("title", artist, title)
        if artist in _NOBODY or (track.duration_s is not None and _SAYS_NOTHING.fullmatch(title)):
            vague[key].append(row)
            key = (*key, row)
        else:
            titles[title].append(row)
        keys.append(key)
        if work := track.ids.get(WORK_ID):
            parent[root((WORK_ID, track.source, work, title))] = root(key)
        for service in _ALIKE:
            if one := track.ids.get(service):
                parent[root((service, one))] = root(key)

    def join(one: int, other: int) -> None:
        parent[root(keys[one])] = root(keys[other])

    for rows in vague.values():
        _join_neighbours(tracks, rows, join)
    for rows in titles.values():
        if len({keys[row] for row in rows}) > 1:
            for people in _by_person(tracks, rows):
                _join_neighbours(tracks, people, join)
    numbers: dict[_Key, int] = {}
    return np.array([numbers.setdefault(root(key), len(numbers)) for key in keys], np.int64)


def _join_neighbours(tracks: Sequence[Track], rows: Iterable[int], join: Callable[[int, int], None]) -> None:
    """Join those of some tracks whose lengths agree; one of unknown length agrees with none."""
    known = sorted((length, row) for row in rows if (length := tracks[row].duration_s) is not None)
    for (before_s, before), (after_s, after) in pairwise(known):
        if after_s - before_s <= SAME_LENGTH_S:
            join(before, after)


def _by_person(tracks: Sequence[Track], rows: Iterable[int]) -> Iterable[list[int]]:
    of: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        names = {part for artist in tracks[row].artists for part in (artist, *_BETWEEN_PEOPLE.split(artist))}
        for person in {artist_key(name) for name in names} - _NOBODY:
            of[person].append(row)
    return [some for some in of.values() if len(some) > 1]
