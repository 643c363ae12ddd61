"""Tracks with targets, as published: ratings of MusicCaps clips, hits and flops, Spotify's popularity, or any table.

    aesthetics      a table with `caption`, `aspects` (or `aspect_list`) and the four Audiobox axes; HUMAN
    hits            the Spotify hit predictor set: one table with `decade`, or a folder of dataset-of-60s.csv …; PROXY
    spotify-songs   spotify_songs.csv of the tidytuesday repository, each track once; PROXY
    any table       as `segue train --apex` reads it (`recsys.appeal.tables`)

**Leaks that were found, and are left out.**

- *hits, titles.* Titles of hits are as the charts write them ("Love Your Love The Most", "Usher Featuring …"), those of
  flops as Spotify does ("… - Remastered 2009", "of the"): the spelling tells the class. It is not content.
- *popularity, who it is.* The artist's name is taken out of titles and album names, and so is everything behind "feat."
  or "(with". How many tracks of an album or artist are in the file is not looked at.
- *popularity, playlists.* The file was gathered from playlists of the very days in which popularity was read off, and a
  popular playlist makes popular tracks. Names of playlists and the number of playlists are never used; the genre
  columns, which are the genre of the playlist and not of the track, only in the systems that say so; `stacked` learns
  to tell them of the tracks that it learns from, and reads none of a track that it is asked about.

Rows are those of the first mention of each track. Years and dates are those stated by the file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evals.apex_networks import PLANTED, planted
from evals.errors import EvaluationDataError
from recsys.appeal.errors import AppealError
from recsys.appeal.heads import heads_in
from recsys.appeal.inputs import Columns, read_vectors
from recsys.appeal.tables import numbers, targets_in
from recsys.appeal.targets import Targets
from recsys.types import FloatArray

if TYPE_CHECKING:
    import polars as pl

AESTHETICS, HITS, SONGS, TABLE = "aesthetics", "hits", "spotify-songs", "table"
_AXES = ("Production_Quality", "Production_Complexity", "Content_Enjoyment", "Content_Usefulness")
_HIT_FEATURES = (
    *("danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness", "instrumentalness"),
    *("liveness", "valence", "tempo", "duration_ms", "time_signature", "chorus_hit", "sections"),
)
_SONG_FEATURES = _HIT_FEATURES[:12]
#: Years that tracks are from before or after: as steps for networks, which reads no thresholds off a number.
_YEARS_PASSED = (1970, 1980, 1985, 1990, 1995, 2000, 2005, 2008, 2010, *range(2012, 2021))
_ASKED = "asked about"
_NAMES = ("musiccaps_ratings.csv", "tracks.csv.gz", "spotify_songs.csv.gz", "spotify_songs.csv")
_DECADE = re.compile(r"dataset-of-(\d0)s\.csv")
#: "(feat. X)", "[with X]" and, outside of brackets, "feat. X" to the end.
_CREDIT = re.compile(
    r"[(\[]\s*(?:feat|ft|featuring|with)\b[^)\]]*[)\]]?|\s(?:feat\.|ft\.|feat\s|featuring\s)[^(\[]*", re.IGNORECASE
)


@dataclass(frozen=True)
class AppealData:
    """Tracks with what is known of them."""

    kind: str
    targets: Targets
    groups: NDArray[np.str_]  # the artist of each track; each its own where nobody is named
    features: dict[str, Columns] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    labels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))  # never read of held-out tracks
    captions: list[str] = field(default_factory=list)
    aspects: list[list[str]] = field(default_factory=list)
    asked: NDArray[np.bool_] | None = None  # tracks that are only asked about, where a second set is given

    def __len__(self) -> int:
        return len(self.groups)


def read_data(path: Path, held_out: Path | None = None) -> AppealData:
    """Read tracks with targets from a file or a folder, whichever set it is.

    Args:
        path: the file or folder.
        held_out: a second set of the same columns, whose tracks are only asked about.

    Raises:
        EvaluationDataError: it is none that is known, or lacks a column.
    """
    if path == Path(PLANTED) and held_out is None and not path.exists():
        targets, artists, features = planted()
        return AppealData(TABLE, targets, artists, features={"features": features})
    table = _read(path)
    if held_out is not None:
        return _with_held_out(table, _read(held_out), held_out)
    return _data(table, path)


def _with_held_out(table: pl.DataFrame, other: pl.DataFrame, path: Path) -> AppealData:
    import polars as pl
    from polars.exceptions import PolarsError

    marked = [one.with_columns(pl.lit(asked).alias(_ASKED)) for one, asked in ((table, False), (other, True))]
    try:
        both = pl.concat(marked, how="vertical_relaxed")
    except PolarsError as error:
        raise EvaluationDataError(
            f"{path} has other columns than the first set ({error}); give a part of one"
        ) from error
    read = _data(both, path)
    asked = both.unique("track_id", keep="first", maintain_order=True)[_ASKED] if read.kind == SONGS else both[_ASKED]
    return replace(read, asked=asked.to_numpy())


def _data(table: pl.DataFrame, path: Path) -> AppealData:
    columns = set(table.columns)
    try:
        if set(_AXES) <= columns and "caption" in columns:
            return _aesthetics(table)
        if {"target", "decade", *_HIT_FEATURES} <= columns:
            return _hits(table)
        if {"track_popularity", "track_album_release_date", *_SONG_FEATURES} <= columns:
            return _songs(table)
        return _table(table, path)
    except AppealError as error:
        raise EvaluationDataError(f"{path}: {error}") from error


def _read(path: Path) -> pl.DataFrame:
    import polars as pl
    from polars.exceptions import PolarsError

    if not path.exists():
        raise EvaluationDataError(
            f"there is nothing at {path}; give a file or folder with targets (see docs/appeal.md)"
        )
    decades = sorted(one for one in path.iterdir() if _DECADE.fullmatch(one.name)) if path.is_dir() else []
    try:
        if decades:
            return pl.concat(
                [
                    pl.read_csv(one, infer_schema_length=None).with_columns(pl.lit(one.name[11:14]).alias("decade"))
                    for one in decades
                ],
                how="vertical_relaxed",
            )
        file = path if path.is_file() else next(path / name for name in _NAMES if (path / name).is_file())
        if file.suffix == ".parquet":
            return pl.read_parquet(file)
        return pl.read_csv(file, infer_schema_length=None)
    except StopIteration:
        raise EvaluationDataError(
            f"the folder {path} has none of {', '.join(_NAMES)} nor dataset-of-60s.csv …; name the file itself"
        ) from None
    except (OSError, PolarsError) as error:
        raise EvaluationDataError(f"cannot read {path} ({error}); expected CSV or Parquet with a header") from error


def _aesthetics(table: pl.DataFrame) -> AppealData:
    named = "aspects" if "aspects" in table.columns else "aspect_list"
    if named not in table.columns:
        raise EvaluationDataError("the ratings have no column aspects or aspect_list; expected MusicCaps' own columns")
    aspects = [_listed(text) for text in table[named].fill_null("[]").to_list()]
    return AppealData(
        AESTHETICS,
        Targets.of({head.name: numbers(table, axis) for axis, head in heads_in(_AXES).items()}),
        np.array([f"clip {number}" for number in range(table.height)]),
        captions=table["caption"].fill_null("").to_list(),
        aspects=aspects,
    )


def _hits(table: pl.DataFrame) -> AppealData:
    decades = [int(text[:2]) for text in table["decade"].to_list()]
    since_1960 = np.array([((decade - 60) % 100) / 10 for decade in decades])  # 60s 0, 10s 5
    sound = np.column_stack([numbers(table, name) for name in _HIT_FEATURES])
    return AppealData(
        HITS,
        Targets.of({"hit": numbers(table, "target")}),
        _artists(table, "artist"),
        features={
            "features": Columns("features", _HIT_FEATURES, sound),
            "features, decade": Columns(
                "features, decade", (*_HIT_FEATURES, "decade"), np.column_stack([sound, since_1960])
            ),
        },
        texts={"title": table["track"].fill_null("").to_list()},
    )


def _songs(table: pl.DataFrame) -> AppealData:
    table = table.unique("track_id", keep="first", maintain_order=True)
    sound = np.column_stack([numbers(table, name) for name in _SONG_FEATURES])
    dates = np.array([_date(text) for text in table["track_album_release_date"].fill_null("").to_list()])
    artists = table["track_artist"].fill_null("").to_list()
    titles = [
        unnamed(text, who) for text, who in zip(table["track_name"].fill_null("").to_list(), artists, strict=True)
    ]
    albums = [
        unnamed(text, who) for text, who in zip(table["track_album_name"].fill_null("").to_list(), artists, strict=True)
    ]
    written = np.array([_written(title, album) for title, album in zip(titles, albums, strict=True)])
    genres = np.column_stack([_numbered(table[f"playlist_{name}"].to_list()) for name in ("genre", "subgenre")])
    steps = _steps(sound, dates)
    parts = {"sound": sound, "year": dates[:, :1], "date": dates, "words": written, "genre": genres}

    def of(*names: str) -> Columns:
        values = np.column_stack([parts[name] for name in names])
        return Columns(", ".join(names), tuple(str(number) for number in range(values.shape[1])), values)

    return AppealData(
        SONGS,
        Targets.of({"popularity": numbers(table, "track_popularity")}),
        _artists(table, "track_artist"),
        features={
            "sound": of("sound"),
            "sound, year": of("sound", "year"),
            "sound, date": of("sound", "date"),
            "sound, date, words": of("sound", "date", "words"),
            "steps": Columns("steps", ("",) * steps.shape[1], steps),
            "sound, date, words, genre": of("sound", "date", "words", "genre"),
        },
        texts={"title": titles, "album": albums},
        labels=_numbered(table["playlist_subgenre"].to_list()).astype(np.int64),
    )


def _table(table: pl.DataFrame, path: Path) -> AppealData:
    read = targets_in(table.drop(_ASKED, strict=False), path)
    features = {} if read.features is None else {"features": read.features}
    return AppealData(TABLE, read.targets, read.artists, features=features)


def read_named_vectors(asked: Sequence[str]) -> dict[str, FloatArray]:
    """Read "NAME=FILE.npy" each.

    Raises:
        EvaluationDataError: one is not of that form, or its file is no table of vectors.
    """
    found = {}
    for one in asked:
        name, _, file = one.partition("=")
        if not name or not file:
            raise EvaluationDataError(
                f"--vectors {one!r} is not of the form NAME=FILE.npy; write --vectors mert=mert.npy"
            )
        try:
            found[name] = read_vectors(Path(file))
        except AppealError as error:
            raise EvaluationDataError(str(error)) from error
    return found


def unnamed(text: str, artist: str) -> str:
    """Take the artist's name, and whoever is credited beside them, out of a title."""
    bare, name = _CREDIT.sub(" ", text), artist.strip()
    return re.sub(re.escape(name), " ", bare, flags=re.IGNORECASE) if len(name) > 1 else bare


def _written(title: str, album: str) -> list[float]:
    """How a title and an album's name are written, in numbers."""
    told = [float(title == album), float(bool(title) and title.split(" (")[0].lower() in album.lower())]
    for text in (title, album):
        low = text.lower()
        told += [float(len(text)), float(len(text.split())), float(text.isupper()), float(text.islower())]
        told += [float(mark in low) for mark in ("(", "[", " - ", "remix", "remaster", "live", "version", "edit")]
        told += [float(any(one.isdigit() for one in text)), float(sum(ord(one) > 127 for one in text))]
    return told


def _date(text: str) -> list[float]:
    """Year, date as a fraction of years, month, day, how exactly it is known, and day of the week (0 Monday)."""
    parts = [int(part) for part in text.split("-") if part.isdigit()]
    if not parts:
        return [np.nan] * 6
    year, month, day = (*parts, *[np.nan] * (3 - len(parts)))[:3]
    exact = year + (np.nan_to_num(month, nan=1.0) - 1) / 12 + (np.nan_to_num(day, nan=1.0) - 1) / 365
    return [float(year), float(exact), float(month), float(day), float(len(parts)), _weekday(parts)]


def _steps(sound: NDArray[np.float64], dates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Key, month, day of the week, how exactly the date is known, the first of January, and years passed: 0 or 1."""
    key, year, month, day = sound[:, _SONG_FEATURES.index("key")], dates[:, 0], dates[:, 2], dates[:, 3]
    classes = ((key, range(12)), (month, range(1, 13)), (dates[:, 5], range(7)), (dates[:, 4], range(1, 4)))
    told = [values[:, None] == np.array(which) for values, which in classes]
    told += [((month == 1) & (day == 1))[:, None], year[:, None] >= np.array(_YEARS_PASSED)]
    return np.hstack(told).astype(np.float64)


def _weekday(parts: Sequence[int]) -> float:
    try:
        return float(date(*parts).weekday()) if len(parts) == 3 else np.nan
    except ValueError:  # such as 30 February
        return np.nan


def _numbered(values: Sequence[Any]) -> NDArray[np.float64]:
    """Number words by the alphabet."""
    return np.unique(np.array([str(one) for one in values]), return_inverse=True)[1].astype(np.float64)


def _artists(table: pl.DataFrame, column: str) -> NDArray[np.str_]:
    """Who each track is by, in lower case; a track of nobody is a group by itself."""
    names = table[column].cast(str).fill_null("").to_list()
    return np.array([name.strip().lower() or f"row {number}" for number, name in enumerate(names)])


def _listed(text: str) -> list[str]:
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return [text]
    return [str(one) for one in found] if isinstance(found, list) else [str(found)]
