"""Which column of a table means what.

Headers are compared without case, spaces and punctuation: "Artist Name(s)" and `artist_names` are one. A field
takes its first recognised column that is not empty in a row; the fields in MANY take all of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.errors import SourceError

#: Field → squeezed headers that mean it, best first. No header means two fields.
_ALIASES = {
    "id": "trackid trackids songid id",
    "title": "title titles tracktitle tracktitles trackname tracknames songtitle songname song name track",
    "artist": "artist artists artistname artistnames trackartist trackartists trackartistnames songartist "
    "performer performers band singer albumartist albumartistnames composer",
    "album": "album albums albumname albumtitle trackalbumname trackreleasetitles trackreleasetitle release "
    "releasetitle releasename",
    "year": "year releaseyear albumyear originalyear releasedate trackalbumreleasedate albumreleasedate "
    "originalreleasedate date",
    "duration_s": "durations durationsec durationsecs durationseconds durationinseconds lengthseconds seconds",
    "duration_ms": "durationms trackdurationms durationinms durationmilliseconds lengthms milliseconds",
    "duration": "duration trackduration length tracklength time totaltime runtime",
    "genres": "genre genres trackgenre trackgenres artistgenre artistgenres albumgenre albumgenres topgenre "
    "primarygenre playlistgenre",
    "subgenres": "subgenre subgenres playlistsubgenre style styles",
    "moods": "mood moods",
    "activities": "activity activities occasion occasions",
    "instruments": "instrument instruments",
    "themes": "theme themes topic topics",
    "lyrics": "lyrics lyric songlyrics tracklyrics unsyncedlyrics",
    "tags": "tag tags toptags tracktags keyword keywords",
    "vocal": "vocal vocals voice vocaltype",
    "explicit": "explicit isexplicit trackexplicit explicitlyrics explicitcontent parentaladvisory advisory",
    "language": "language languages lang",
    "country": "country artistcountry nationality",
    "energy": "energy",
    "valence": "valence",
    "danceability": "danceability",
    "acousticness": "acousticness",
    "instrumentalness": "instrumentalness",
    "tempo_bpm": "tempo bpm tempobpm",
    "key": "key musicalkey initialkey",
    "mode": "mode scale",
    "loudness_db": "loudness loudnessdb integratedloudness lufs loudnesslufs",
    "ai_generated": "aigenerated isaigenerated isai generatedbyai madebyai aimusic ismachinemade",
    "popularity": "popularity trackpopularity rating stars playcount plays listeners",
    "path": "path file filepath filename location",
    "spotify": "spotify spotifyid spotifytrackid spotifyuri spotifyurl trackuri uri",
    "youtube": "youtube youtubeid youtubeurl videoid",
    "link": "link url href trackurl",
    "isrc": "isrc",
    "mbid": "mbid musicbrainzid musicbrainztrackid recordingmbid trackmbid",
    "playlist_id": "playlistid playlisturi",
    "playlist_name": "playlistname playlisttitle playlist",
    "work": "workid clusterid trackclusterid trackclusterids",
}
FIELD_OF = {alias: field for field, aliases in _ALIASES.items() for alias in aliases.split()}
_RANK = {alias: rank for aliases in _ALIASES.values() for rank, alias in enumerate(aliases.split())}

#: Fields that gather the values of all their columns.
MANY = frozenset({"genres", "subgenres", "moods", "activities", "instruments", "themes", "tags"})

#: Fields whose second-best columns mean something else when there is a better one: `track` beside `title` is
#: the number on the disc, `id` beside `track_id` the number of the row, `rating` has another scale.
_ONLY_BEST = frozenset({"title", "id", "popularity"})

#: Columns that only tables made from Spotify's data have.
_SPOTIFY_SIGNS = frozenset({"danceability", "acousticness", "instrumentalness", "speechiness", "liveness"})


@dataclass(frozen=True, slots=True)
class Columns:
    """Field → the columns it is read from, best first; and the columns that nothing is read from."""

    of_field: Mapping[str, tuple[str, ...]]
    ignored: tuple[str, ...]
    from_spotify: bool  # ids of Spotify's form are Spotify's

    def first(self, row: Mapping[str, Any], field: str) -> Any:
        """Return the field's first value in the row that is not empty, else None."""
        for column in self.of_field.get(field, ()):
            value = row.get(column)
            if value is not None and value != "" and value != []:
                return value
        return None

    def each(self, row: Mapping[str, Any], field: str) -> Iterator[Any]:
        """Yield all values of the field in the row that are not empty."""
        for column in self.of_field.get(field, ()):
            value = row.get(column)
            if value is not None and value != "":
                yield value


def squeeze(header: str) -> str:
    """Reduce a header to its letters and digits, in lower case."""
    return re.sub(r"[\W_]+", "", header.lower())


def recognise(columns: Sequence[str], mapping: Mapping[str, str] | None, path: Path) -> Columns:
    """Find out which columns mean what; `mapping` (field → column) overrules the guess.

    Raises:
        SourceError: there is no title or no artist column, or `mapping` names a field or column there is not.
    """
    of_field: dict[str, list[str]] = {}
    for column in sorted(columns, key=lambda column: _RANK.get(squeeze(column), 0)):
        if field := FIELD_OF.get(squeeze(column)):
            of_field.setdefault(field, []).append(column)
    for name, column in (mapping or {}).items():
        field = name if name in _ALIASES else FIELD_OF.get(squeeze(name))
        if field is None:
            raise SourceError(path, f"--map names the unknown field {name!r}", f"use one of {', '.join(_ALIASES)}")
        if column not in columns:
            raise SourceError(
                path, f"--map names the column {column!r}, which it does not have", f"it has {_listed(columns)}"
            )
        for others in of_field.values():
            if column in others:
                others.remove(column)
        of_field[field] = [column]
    for field in ("title", "artist"):
        if not of_field.get(field):
            raise SourceError(
                path,
                f"no {field} column among {_listed(columns)}",
                f"name it with `--map {field}=COLUMN`",
            )
    used = {field: tuple(names[:1] if field in _ONLY_BEST else names) for field, names in of_field.items() if names}
    taken = {column for names in used.values() for column in names}
    squeezed = {squeeze(column) for column in columns}
    from_spotify = bool(
        squeezed & _SPOTIFY_SIGNS or any("spotify" in name for name in squeezed) or "spotify" in path.name.lower()
    )
    return Columns(used, tuple(column for column in columns if column not in taken), from_spotify)


def _listed(columns: Sequence[str]) -> str:
    shown = [repr(column if len(column) <= 40 else f"{column[:40]}…") for column in columns[:30]]
    more = f" and {len(columns) - 30} more" if len(columns) > 30 else ""
    return (", ".join(shown) or "no columns") + more
