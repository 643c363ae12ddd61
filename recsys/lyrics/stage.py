"""Reading the lyrics that are stored: their language and themes as annotations, their vectors as the space `lyrics`.

Every stretch of lyrics is encoded once, whatever becomes of its track: the cache is addressed by content and written
in transactions, so a run that was killed goes on where it was. A run that finds the same lyrics as the last one, read
by the same encoder in the same way, does nothing.

Shapes: n tracks with lyrics, c their stretches in all, D width of the encoder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from itertools import islice
from pathlib import Path

import numpy as np
from filelock import FileLock

from recsys.annotations import Annotation
from recsys.embeddings import EmbeddingCache
from recsys.encoders.text import TextEncoder
from recsys.lyrics.chunks import OVERLAP, SIZE, chunks
from recsys.lyrics.cleaning import sung_words
from recsys.lyrics.language import language_of
from recsys.lyrics.passages import PassageWriter, drop_passages, passages_card
from recsys.lyrics.themes import ThemeFinder
from recsys.spaces import cards, put_space, remove_space
from recsys.store import Store
from recsys.types import FloatArray, Progress, TrackId

#: The space's name, and the source of what is read off lyrics.
NAME = SOURCE = "lyrics"
#: Raised whenever the same lyrics would be read to something else.
VERSION = 1
#: Tracks whose words are in memory at a time.
_AT_ONCE = 1_000
_STAGE = "reading lyrics"
#: What the source of the space begins with, where it was not brought in from outside.
_MADE_HERE = "lyrics, "


@dataclass(frozen=True, slots=True)
class LyricsRead:
    """What reading lyrics came to."""

    n_tracks: int  # with lyrics
    n_encoded: int = 0  # stretches that were never encoded before
    changed: bool = False


@dataclass(frozen=True, slots=True)
class _Song:
    """The lyrics of one track, cut into stretches."""

    track_id: TrackId
    words: str
    parts: list[str]


def read_lyrics(
    home: Path, store: Store, encoder: Callable[[], TextEncoder], progress: Progress | None = None
) -> LyricsRead:
    """Read the lyrics that are stored, where they or the way of reading them have changed.

    Args:
        home: the data folder.
        store: holds the lyrics, and takes the annotations.
        encoder: opens what encodes lyrics; called only where there is something to read.
        progress: told ("reading lyrics", tracks done, tracks).
    """
    store.lyrics.drop_orphans()
    ids = store.lyrics.ids()
    if not ids:
        return LyricsRead(0, changed=_forget(home, store))
    opened = encoder()
    fingerprint = _fingerprint(store, opened)
    if (card := passages_card(home)) is not None and card.fingerprint == fingerprint:
        return LyricsRead(len(ids))
    finder, n_encoded = ThemeFinder(opened), 0
    annotations: list[Annotation] = []
    means: list[FloatArray] = []  # (D,) of each track
    with FileLock(home / "lyrics.lock"), EmbeddingCache(home / "cache" / "lyrics", opened) as cache:
        writer = PassageWriter(home)
        for songs in _batches(store, opened):
            parts = [part for song in songs for part in song.parts]
            n_encoded += cache.ensure(parts)
            vectors = _split(cache.vectors(parts), songs)
            writer.add([song.track_id for song in songs], vectors)
            for song, own in zip(songs, vectors, strict=True):
                means.append(own.mean(axis=0) if len(own) else np.zeros(opened.dim, dtype=np.float32))
                annotations += annotate(song.track_id, song.words, own, finder)
            if progress:
                progress(_STAGE, len(writer.ids), len(ids))
        if not writer.n_chunks:
            return LyricsRead(len(ids), changed=_forget(home, store))
        store.annotations.put(SOURCE, {*writer.ids, *_annotated(store)}, annotations)
        if not _is_anothers(home):
            put_space(home, NAME, writer.ids, np.stack(means), source=f"{_MADE_HERE}{opened.name}")
        # Last, since it says that all of this was done.
        writer.publish(fingerprint, opened.name, opened.dim)
    return LyricsRead(len(writer.ids), n_encoded, changed=True)


def annotate(track_id: TrackId, words: str, vectors: FloatArray, finder: ThemeFinder) -> Iterator[Annotation]:
    """Yield what lyrics say of their track: its language, and what it is about.

    The confidence of several themes is that of the least sure.
    """
    heard = language_of(words)
    if heard is not None:
        yield Annotation(track_id, "language", heard.language, heard.confidence, SOURCE)
    if len(vectors) and finder.reads(heard.language if heard else None):
        found = finder.find(words, vectors)
        if found:
            least = min(theme.confidence for theme in found)
            yield Annotation(track_id, "themes", tuple(theme.name for theme in found), least, SOURCE)


def _batches(store: Store, encoder: TextEncoder) -> Iterator[list[_Song]]:
    texts = store.lyrics.texts()
    while some := list(islice(texts, _AT_ONCE)):
        cleaned = ((track_id, sung_words(text)) for track_id, text in some)
        yield [_Song(track_id, words, chunks(words, encoder)) for track_id, words in cleaned]


def _split(vectors: FloatArray, songs: list[_Song]) -> list[FloatArray]:
    return np.split(vectors, np.cumsum([len(song.parts) for song in songs])[:-1])


def _fingerprint(store: Store, encoder: TextEncoder) -> str:
    """A digest of all that decides what is read off the lyrics."""
    themes = resources.files("recsys").joinpath("data/themes.toml").read_bytes()
    digest = hashlib.sha256(json.dumps([VERSION, SIZE, OVERLAP, encoder.name, encoder.dim]).encode() + themes)
    for track_id, text in store.lyrics.texts():
        digest.update(json.dumps([track_id, text]).encode())
    return digest.hexdigest()[:16]


def _annotated(store: Store) -> set[TrackId]:
    """The tracks of which lyrics said something before."""
    return {track_id for track_id, said in store.annotations.of().items() if any(one.source == SOURCE for one in said)}


def _forget(home: Path, store: Store) -> bool:
    """Drop what was read off lyrics that are no more; tell whether there was any."""
    dropped = store.annotations.drop(SOURCE) > 0
    if any(card.name == NAME for card in cards(home)) and not _is_anothers(home):
        remove_space(home, NAME)
        dropped = True
    if passages_card(home) is not None:
        drop_passages(home)
        dropped = True
    return dropped


def _is_anothers(home: Path) -> bool:
    """Tell whether somebody brought in a space of that name: it stays."""
    return any(card.name == NAME and not card.source.startswith(_MADE_HERE) for card in cards(home))
