"""What a question is answered from: the playlist on screen, the session, the listener's history and the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant.labels import plain
from assistant.reply import SlateTrack
from assistant.request import Question
from assistant.session import SessionState
from assistant.store import StoredTurn
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.text import artist_key, fold
from recsys.types import Event

_NTH = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_NTH_WORDS = _NTH.split()
_COUNTED = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
_COUNTED_WORDS = [*_COUNTED.split(), "eighteen", "nineteen", "twenty"]
_DIGITS = re.compile(r"(\d{1,3})(?:st|nd|rd|th)?")
_LAST = {"last": 1, "final": 1, "closing": 1, "penultimate": 2}
#: Words that point at the whole playlist, and those that point at one track without naming it.
_ALL = frozenset(("these", "those", "them", "playlist", "list", "mix", "choices", "picks"))
_POINTING = (
    "it this that he she they him her the one song track tune pick piece title number artist singer band group "
    "musician performer composer rapper duo guy woman man person of on behind in from for"
)
_POINTING_WORDS = frozenset(_POINTING.split())


@dataclass(frozen=True)
class Situation:
    """Everything that an answer may look at."""

    recommender: Recommender
    last: StoredTurn | None  # the newest turn of the session
    find: Callable[[int], StoredTurn | None]  # a turn of the session by its number
    query: Callable[[], Query]  # what the playlist on screen was made from, with what is known of the listener now
    events: Sequence[Event]  # the listener's, oldest first
    rated: Mapping[str, bool]  # track id → whether the last rating was a like
    relations: Mapping[str, str]  # track id → liked, kept or played
    max_per_artist: int

    @property
    def tracks(self) -> tuple[SlateTrack, ...]:
        """The playlist on screen."""
        return self.last.reply.tracks if self.last else ()

    @property
    def state(self) -> SessionState:
        """What holds in the session."""
        return self.last.state if self.last else SessionState()


def tracks_meant(question: Question, tracks: Sequence[SlateTrack]) -> tuple[SlateTrack, ...]:
    """The tracks of the playlist that a question is about, by place or by name; () where it means none of them."""
    words = fold(question.subject).split()
    if not tracks:
        return ()
    if not words or _ALL.intersection(words):
        return tuple(tracks)
    if not question.mentions and (place := _place(words, len(tracks))) is not None:
        return (tracks[place - 1],) if 1 <= place <= len(tracks) else ()
    keys = {mention.key for mention in question.mentions}
    if keys:
        return tuple(t for t in tracks if t.track_id in keys or keys & {artist_key(name) for name in t.artists})
    said = {word for word in words if word not in _POINTING_WORDS}
    return tuple(t for t in tracks if said <= set(fold(f"{t.title} {t.artist}").split()))


def _place(words: Sequence[str], n_tracks: int) -> int | None:
    """The place that words name, from 1; None where they name none."""
    said = set(words)
    for word in words:
        if word in _LAST:
            return n_tracks - (1 if {"second", "next"} & said else _LAST[word] - 1)
    if said <= _POINTING_WORDS or {"top", "opening"} & said:
        return 1
    for word in words:
        if (digits := _DIGITS.fullmatch(word)) is not None:
            return int(digits[1])
        if word in _NTH_WORDS:
            return _NTH_WORDS.index(word) + 1
        if word in _COUNTED_WORDS and word != "one":
            return _COUNTED_WORDS.index(word) + 1
    return None


def called(track: SlateTrack) -> str:
    """Name a track by its place: "Number 3, “So What” by Miles Davis"."""
    return f"Number {track.position}, {titled(track.title, track.artists)}"


def titled(title: str, artists: Sequence[str]) -> str:
    """Name a track: "“So What” by Miles Davis"."""
    return f"“{plain(title, 40)}”" + (f" by {plain(artists[0], 40)}" if artists else "")


def counted(n: int, noun: str) -> str:
    """Write a number with its noun: "1 track", "1,200 tracks"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
