"""What the study of content vectors is run on: interactions, vectors of the items, and what is known of those.

    lastfm-jam       1,347 listeners' undated play counts of artists; `tags`, `caption` and `name` vectors. The `tags`
                     are those that the same listeners gave, so that an artist's tags say that somebody here knows it,
                     also where the artist is held out: figures with `tags` are upper bounds. The stored `cf` vectors
                     of listeners and items are made of the very plays that are held out, and are never opened.
    lastfm-artists   1,090 listeners' artists in the order of time; `name` and `caption` vectors joined by name, nothing
                     else of the other data set (their listeners are the same people)
    spotify-songs    471 playlists as listeners; 12 audio features, standardised
    music4all        userid_trackid_timestamp.tsv as published, with vectors given
    events           what the app's own listeners played, with the spaces of the index
    pairs            any table with columns for listener and item, and time where it has one

An encoder without a vector for an item has a row of zeros there.

Shapes: I items, E pairs.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from evals.encoders_extra import Extra
from evals.errors import EvaluationDataError
from recsys.cold.content import Content, random_content, side_by_side
from recsys.cold.interactions import Interactions
from recsys.cold.splits import Protocol, Split, split
from recsys.enrich.known_artists import find_artist
from recsys.sequential.item_vectors import ALLOWED, read_item_vectors
from recsys.sequential.reading import open_text, read_sequences
from recsys.types import FloatArray, IntArray

#: The columns of sound of spotify-songs.
FEATURES = (
    "danceability", "energy", "key", "loudness", "mode", "speechiness",
    "acousticness", "instrumentalness", "liveness", "valence", "tempo", "duration_ms",
)  # fmt: skip
PRESETS = ("lastfm-jam", "lastfm-artists", "spotify-songs")
#: Width of vectors that are drawn, where nothing else says one.
_RANDOM_WIDTH = 192
_MOST_TAGS = 50


@dataclass(frozen=True)
class Facts:
    """What is generally known of items, for looking at who is shown and for probing vectors; empty where it is not."""

    genres: tuple[tuple[str, ...], ...]  # (I,)
    countries: tuple[str, ...]  # (I,)
    languages: tuple[str, ...]  # (I,)
    tags: tuple[frozenset[str], ...]  # (I,) of the most frequent
    about: Mapping[str, str] = field(default_factory=dict)  # where each of them is from


@dataclass(frozen=True, eq=False)
class StudyData:
    """A data set of the study."""

    name: str
    interactions: Interactions
    encoders: Mapping[str, Content]
    facts: Facts
    notes: tuple[str, ...] = ()
    divide: Callable[[Protocol, int], Split] | None = None  # by a protocol and a seed, where it is not the usual one
    combined: tuple[str, ...] = ()  # encoders made of several
    extra: Extra | None = None  # tables that are run where they are named

    def split(self, protocol: Protocol, seed: int) -> Split:
        """Hold out by a protocol."""
        if self.divide is not None:
            return self.divide(protocol, seed)
        return split(self.interactions, protocol, seed)

    @property
    def dated(self) -> bool:
        """Whether it is known what came after what."""
        return self.interactions.times is not None

    def content(self, name: str, seed: int) -> Content:
        """Return an encoder by name; "random" and "NAME shuffled" are drawn by the seed."""
        if name == "random":
            width = max((one.vectors.shape[1] for one in self.encoders.values()), default=_RANDOM_WIDTH)
            return random_content(len(self.interactions.item_ids), min(width, _RANDOM_WIDTH), seed)
        shuffled = name.endswith(" shuffled")
        of = name.removesuffix(" shuffled")
        table = self.encoders[of] if self.extra is None or of in self.encoders else self.extra.table(of)
        return table.shuffled(seed) if shuffled else table


def read_preset(name: str, folder: Path) -> StudyData:
    """Assemble a data set that is known by name from the folder that holds them.

    Raises:
        EvaluationDataError: a file is missing or is of another form, or there is no such preset.
    """
    if name == "lastfm-jam":
        return _lastfm_jam(folder / "lastfm-jam")
    if name == "lastfm-artists":
        return _lastfm_artists(folder / "sequences", folder / "lastfm-jam")
    if name == "spotify-songs":
        return _spotify_songs(folder / "spotify-songs" / "spotify_songs.csv.gz")
    raise EvaluationDataError(f"there is no data set {name!r}; expected one of {', '.join(PRESETS)}")


def _lastfm_jam(folder: Path) -> StudyData:
    listeners, items = _columns(folder / "listening.tsv", ("user_idx", "item_idx"))
    names = dict(zip(*_columns(folder / "artists.tsv", ("item_idx", "name")), strict=True))
    used = sorted({int(item) for item in items})
    row_of = {item: row for row, item in enumerate(used)}
    ids = sorted(set(listeners), key=int)
    listener_of = {one: row for row, one in enumerate(ids)}
    pairs = Interactions.of(
        np.array([listener_of[one] for one in listeners]),
        np.array([row_of[int(item)] for item in items]),
        ids,
        [names[str(item)] for item in used],
    )
    found = {}
    for kind in ("tags", "caption", "name"):
        whole = _vectors(folder / "processed" / f"item_{kind}_features.npy")
        if max(used) >= len(whole):
            raise EvaluationDataError(f"{folder}: {len(whole):,} {kind} vectors, expected one for each artist")
        found[kind] = Content(kind, whole[used], whole)
    found["all three"] = side_by_side("all three", list(found.values()))
    given: dict[int, Counter[str]] = {}
    texts, lists = _columns(folder / "processed" / "train_split.tsv", ("text", "item_idxs"))
    for text, listed in zip(texts, lists, strict=True):
        for item in listed.strip("[]").split(","):
            given.setdefault(int(item), Counter())[text.casefold()] += 1
    notes = (
        "tags are made of what the same listeners wrote in the training requests, so that they leak who knows an "
        "artist: figures with them are upper bounds; name and caption do not",
        "the listening is undated: hot is a drawn fifth of each listener's artists",
    )
    facts = known_facts(pairs.item_ids, [given.get(item, Counter()) for item in used], "the training requests' tags")
    extra = Extra(pairs.item_ids, list(zip(facts.countries, facts.languages, strict=True)), found)
    return StudyData("lastfm-jam", pairs, found, facts, notes, combined=("all three",), extra=extra)


def _lastfm_artists(folder: Path, vectors: Path) -> StudyData:
    sequences = read_sequences(folder / "lastfm-artists.txt", "listener", names=folder / "lastfm-artists.names.json")
    found = {kind: Content(kind, read_item_vectors(vectors, sequences.names, kind)) for kind in ALLOWED}
    found["both"] = side_by_side("both", list(found.values()))
    facts = known_facts(sequences.names)
    notes = ("vectors are joined by name; nothing else of the data set that they come from is used",)
    pairs = Interactions.of_sequences(sequences)
    extra = Extra(sequences.names, list(zip(facts.countries, facts.languages, strict=True)), found)
    return StudyData("lastfm-artists", pairs, found, facts, notes, combined=("both",), extra=extra)


def _spotify_songs(path: Path) -> StudyData:
    wanted = ("track_id", "track_artist", "playlist_id", "playlist_genre", "playlist_subgenre", *FEATURES)
    columns = dict(zip(wanted, _columns(path, wanted), strict=True))
    tracks = {track: row for row, track in reversed(list(enumerate(columns["track_id"])))}
    ids = list(dict.fromkeys(columns["track_id"]))
    row_of = {track: row for row, track in enumerate(ids)}
    playlists = list(dict.fromkeys(columns["playlist_id"]))
    playlist_of = {one: row for row, one in enumerate(playlists)}
    artists = {name: number for number, name in enumerate(dict.fromkeys(columns["track_artist"]))}
    table = np.array([[float(columns[name][tracks[track]]) for name in FEATURES] for track in ids], np.float32)
    spread = table.std(axis=0)
    pairs = Interactions.of(
        np.array([playlist_of[one] for one in columns["playlist_id"]]),
        np.array([row_of[one] for one in columns["track_id"]]),
        playlists,
        ids,
        groups=np.array([artists[columns["track_artist"][tracks[track]]] for track in ids]),
    )
    genres: list[Counter[str]] = [Counter() for _ in ids]
    kinds: list[Counter[str]] = [Counter() for _ in ids]
    for track, genre, kind in zip(
        columns["track_id"], columns["playlist_genre"], columns["playlist_subgenre"], strict=True
    ):
        genres[row_of[track]][genre] += 1
        kinds[row_of[track]][kind] += 1
    of_artists = known_facts([columns["track_artist"][tracks[track]] for track in ids], kinds, "playlists' subgenres")
    facts = Facts(
        tuple(tuple(genre for genre, _ in one.most_common()) for one in genres),
        of_artists.countries,
        of_artists.languages,
        of_artists.tags,
        {**of_artists.about, "genres": "playlists' genres"},
    )
    features = Content("audio", ((table - table.mean(axis=0)) / spread).astype(np.float32))
    notes = ("listeners are playlists, of one genre each: what they hold together is genre above all",)
    return StudyData("spotify-songs", pairs, {"audio": features}, facts, notes)


def known_facts(
    artists: Sequence[str], tags: Sequence[Counter[str]] | None = None, about_tags: str = "the genres known"
) -> Facts:
    """Look up what is generally known of artists; without tags, the genres that are known serve as such.

    Args:
        artists: of the items (I,).
        tags: how often each was given to an item (I,).
        about_tags: where the tags are from.
    """
    found = [find_artist((name,)) for name in artists]
    genres = tuple(() if one is None else one.genres for one in found)
    counted = tags or [Counter(one) for one in genres]
    totals = Counter(tag for one in counted for tag in one)
    frequent = {tag for tag, _ in totals.most_common(_MOST_TAGS)}
    return Facts(
        genres,
        tuple("" if one is None else one.country for one in found),
        tuple("" if one is None else one.language for one in found),
        tuple(frozenset(one) & frequent for one in counted),
        {"genres": "the shipped facts of artists", "tags": about_tags},
    )


def read_table_of_pairs(path: Path) -> Interactions:
    """Read pairs from a table between tabs or commas.

    Its header names `user_id` or `listener`, `track_id` or `item`, and, where known, `timestamp` (seconds, or ISO).

    Raises:
        EvaluationDataError: it cannot be read, or lacks a column.
    """
    header, rows = _rows(path)
    places = [_place(path, header, names) for names in (("listener", "user_id"), ("item", "track_id"))]
    when = next((header.index(name) for name in ("timestamp", "time") if name in header), None)
    kept = [row for row in rows if len(row) == len(header)]
    if not kept:
        raise EvaluationDataError(f"{path} holds no row of {len(header)} columns; give pairs of listener and item")
    names = [list(dict.fromkeys(row[place] for row in kept)) for place in places]
    row_of = [{name: number for number, name in enumerate(one)} for one in names]
    columns = [np.array([found[row[place]] for row in kept]) for found, place in zip(row_of, places, strict=True)]
    times = None if when is None else np.array([_seconds(path, row[when]) for row in kept])
    return Interactions.of(columns[0], columns[1], names[0], names[1], times=times)


def read_embeddings(given: Sequence[str], ids: Path | None, item_ids: Sequence[str]) -> dict[str, Content]:
    """Read `name=FILE.npy` each, and put rows in the order of the items.

    Args:
        given: what the command line says.
        ids: a file with the id of each row, one to a line; without it, the items' ids are numbers of rows.
        item_ids: of the items (I,).

    Raises:
        EvaluationDataError: a file cannot be used, or nothing says which row is of which item.
    """
    lines = None if ids is None else ids.read_text(encoding="utf-8").splitlines()
    if lines is None and not all(one.isdecimal() for one in item_ids):
        raise EvaluationDataError("items are named and rows are not; give --ids, a file with one id for each row")
    row_of = {one: row for row, one in enumerate(lines)} if lines is not None else {one: int(one) for one in item_ids}
    found = {}
    for text in (part for one in given for part in one.split(",")):
        name, sign, file = text.partition("=")
        if not sign or not name.strip():
            raise EvaluationDataError(f"--embeddings {text!r} names no encoder; write --embeddings NAME=FILE.npy")
        whole = _vectors(Path(file))
        rows = np.array([row_of.get(one, -1) for one in item_ids])
        if rows.max() >= len(whole) or (lines is not None and len(lines) != len(whole)):
            n_rows = rows.max() + 1 if lines is None else len(lines)
            raise EvaluationDataError(f"{file} has {len(whole):,} rows for {n_rows:,} ids; give one row for each")
        table = np.where((rows >= 0)[:, None], whole[np.maximum(rows, 0)], np.float32(0))
        found[name.strip()] = Content(name.strip(), table.astype(np.float32), whole)
    return found


def popularity_deciles(interactions: Interactions) -> IntArray:
    """Return each item's tenth (I,) by its number of listeners, 0 the least and 9 the most listened to."""
    counts = np.bincount(interactions.items, minlength=len(interactions.item_ids))
    order = np.argsort(counts, kind="stable")
    tenth = np.empty(len(counts), dtype=np.int64)
    tenth[order] = np.arange(len(counts)) * 10 // len(counts)
    return tenth


def _vectors(path: Path) -> FloatArray:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise EvaluationDataError(f"{path} cannot be read ({type(error).__name__}); give a .npy of numbers") from error
    if found.ndim != 2 or found.dtype.kind not in "fiu":
        raise EvaluationDataError(f"{path} holds {found.dtype} {found.shape}; give a table of numbers (rows, width)")
    return np.asarray(found, dtype=np.float32)


def _columns(path: Path, names: Sequence[str]) -> list[list[str]]:
    header, rows = _rows(path)
    places = [_place(path, header, (name,)) for name in names]
    return [[row[place] for row in rows] for place in places]


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return header and rows; between tabs quotes are text, as the JAM file format has it."""
    try:
        with open_text(path) as file:
            first = file.readline()
            tabs = "\t" in first
            header = first.rstrip("\r\n").split("\t") if tabs else next(csv.reader([first]))
            rows = [line.rstrip("\r\n").split("\t") for line in file] if tabs else list(csv.reader(file))
    except (OSError, UnicodeDecodeError, StopIteration) as error:
        raise EvaluationDataError(
            f"{path} cannot be read ({type(error).__name__}); give the file as published"
        ) from error
    return header, [row for row in rows if len(row) >= len(header)]


def _place(path: Path, header: Sequence[str], names: Sequence[str]) -> int:
    for name in names:
        if name in header:
            return header.index(name)
    raise EvaluationDataError(f"{path} has no column {' or '.join(names)}; its header is {', '.join(header[:12])}")


def _seconds(path: Path, text: str) -> float:
    from datetime import UTC, datetime

    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise EvaluationDataError(f"{path}: {text!r} is no time; give seconds or ISO form") from error
