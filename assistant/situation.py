"""What a question is answered from: the playlist on screen, the session, the listener's history and the catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant.labels import plain
from assistant.phrasebook import ENGLISH_BOOK, Phrasebook
from assistant.reply import SlateTrack
from assistant.request import Question
from assistant.session import SessionState
from assistant.store import StoredTurn
from assistant.understanding.pointing import find_reference
from assistant.understanding.tokens import read
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.text import artist_key, fold
from recsys.types import Event

#: What is between a person and the track that stands for them: "the singer of track 4".
_OF = re.compile(
    r"(?:the |this |that )?(?:artist|singer|band|group|musician|performer|composer|rapper|duo|guy|woman|man|person)"
    r"(?: (?:of|on|behind|in|from|for) |$)"
)
_PEOPLE = frozenset(("he", "she", "they", "him", "her"))
_COUNTED = {
    "track": ("{n} track", "{n} tracks"),
    "more track": ("{n} more track", "{n} more tracks"),
    "artist": ("{n} artist", "{n} artists"),
    "album": ("{n} album", "{n} albums"),
    "like": ("{n} like", "{n} likes"),
    "keep": ("{n} keep", "{n} keeps"),
    "play": ("{n} play", "{n} plays"),
    "skip": ("{n} skip", "{n} skips"),
    "dislike": ("{n} dislike", "{n} dislikes"),
}
_THEM = frozenset(("choices", "picks", "playlist", "list", "mix"))


@dataclass(frozen=True)
class Situation:
    """Everything that an answer may look at."""

    recommender: Recommender
    last: StoredTurn | None  # the newest turn of the session
    find: Callable[[int], StoredTurn | None]  # a turn of the session by its number
    ask: Callable[[SessionState, int], Query]  # what a state asks with a seed, and what is known of the listener now
    events: Sequence[Event]  # the listener's, oldest first
    rated: Mapping[str, bool]  # track id → whether the last rating was a like
    relations: Mapping[str, str]  # track id → liked, kept or played
    kept_back: Mapping[str, float | None]  # track id → not to be shown until then; None: never again
    max_per_artist: int
    book: Phrasebook = ENGLISH_BOOK  # the language to answer in
    before_others: bool = False  # a group listens: nobody's taste is told
    public: bool = False  # others read the answer

    @property
    def tracks(self) -> tuple[SlateTrack, ...]:
        """The playlist on screen."""
        return self.last.reply.tracks if self.last else ()

    @property
    def state(self) -> SessionState:
        """What holds in the session."""
        return self.last.state if self.last else SessionState()

    @property
    def query(self) -> Query:
        """What the playlist on screen was made from, with what is known of the listener now."""
        made = self.state.model_copy(update={"turn": self.state.shows or self.state.turn})
        return self.ask(made, self.last.reply.seed if self.last else 0)


def tracks_meant(question: Question, situation: Situation) -> tuple[SlateTrack, ...]:
    """The tracks of the playlist that a question is about, by place or by name; () where it means none of them."""
    tracks = situation.tracks
    line = _OF.sub("", read(question.subject).line, count=1)
    if not question.subject or _THEM.intersection(line.split()):
        return tracks
    keys = {mention.key for mention in question.mentions}
    if keys:
        return tuple(t for t in tracks if t.track_id in keys or keys & {artist_key(name) for name in t.artists})
    if not line or line in _PEOPLE:
        return _focus(situation)
    found = find_reference(line, 0, lambda _: ())
    if found is None:
        return _having(line, tracks)
    what, _ = found
    if what.which == "it":
        return _focus(situation)
    if what.which == "described":
        return _having(what.words, tracks)
    if what.which in ("all", "rest"):
        return tracks
    places = [place - 1 if place > 0 else len(tracks) + place for place in what.positions]
    return tuple(tracks[place] for place in places if 0 <= place < len(tracks))


def _focus(situation: Situation) -> tuple[SlateTrack, ...]:
    """The track that "this" means: the one that was spoken of last, else the first."""
    focused = tuple(track for track in situation.tracks if track.track_id == situation.state.focus)
    return focused or situation.tracks[:1]


def _having(words: str, tracks: Sequence[SlateTrack]) -> tuple[SlateTrack, ...]:
    """The tracks whose title and artists have all of some words."""
    said = set(words.split())
    return tuple(t for t in tracks if said <= set(fold(f"{t.title} {t.artist}").split()))


def called(track: SlateTrack, book: Phrasebook = ENGLISH_BOOK) -> str:
    """Name a track by its place: "Number 3, “So What” by Miles Davis"."""
    return book("Number {n}, {track}", n=track.position, track=titled(track.title, track.artists, book))


def titled(title: str, artists: Sequence[str], book: Phrasebook = ENGLISH_BOOK) -> str:
    """Name a track: "“So What” by Miles Davis"."""
    if not artists:
        return book("“{words}”", words=plain(title, 40))
    return book("“{title}” by {artist}", title=plain(title, 40), artist=plain(artists[0], 40))


def counted(n: int, noun: str, book: Phrasebook = ENGLISH_BOOK) -> str:
    """Write a number with its noun: "1 track", "1,200 tracks"."""
    one, many = _COUNTED[noun]
    return book(one if n == 1 else many, n=book.number(n))
