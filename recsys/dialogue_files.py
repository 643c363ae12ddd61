"""Files of the Conversational Playlist Curation Dataset (CPCD; Chaganty et al. 2023): dialogues, clusters of tracks.

A file holds one JSON object per line, gzipped or not. Of a dialogue is read

    id                 a name that no other dialogue of the file has
    turns              at least one, each with user_query, system_response, liked_results, disliked_results
    goal_playlist      track ids; may be empty

and `tracks` (track id → metadata) is written but not read: in version 0 of the files it holds the rated tracks alone,
which gives away what is to be found. Version 1 adds track_cluster_ids and track_canonical_ids to each of them, which
are read from the file of tracks. What was searched (search_queries, search_results) is not read either.
"""

from __future__ import annotations

import gzip
import json
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from recsys.catalogue import Catalogue
from recsys.dialogues import Dialogue, DialogueTurn
from recsys.errors import DialogueFileError
from recsys.sources import read_source
from recsys.types import Progress, TrackId
from recsys.works import WORK_ID

#: The files of a folder that `write_folder` writes.
DIALOGUES, TRACKS = "dialogs.jsonl", "tracks.jsonl"

_GZIP = b"\x1f\x8b"
_REPAIR = "compare the line with the published files of CPCD, or leave it out"


def read_dialogues(path: Path) -> list[Dialogue]:
    """Read the dialogues of a file, in its order.

    Raises:
        DialogueFileError: the file cannot be read, has no dialogue, or one of them is not of the form.
    """
    dialogues: dict[str, Dialogue] = {}
    for number, value in read_json_lines(path):
        dialogue = _dialogue(path, number, value)
        if dialogue.id in dialogues:
            raise DialogueFileError(
                path, number, f"a second dialogue has the id {dialogue.id!r}", "give each an id of its own"
            )
        dialogues[dialogue.id] = dialogue
    if not dialogues:
        raise DialogueFileError(path, None, "it holds no dialogue", "give a file such as dialogs.train.jsonl")
    return list(dialogues.values())


def read_clusters(path: Path, progress: Progress | None = None) -> dict[TrackId, str]:
    """Read which cluster each track belongs to: versions of one work share it.

    A track whose row states none (`track_cluster_ids`) belongs to the work that its normalised title and main artist
    name, as in the catalogue.

    Args:
        path: CPCD's `tracks.jsonl`, or any catalogue file.
        progress: told about reading.

    Raises:
        SourceError: the file cannot be read as a catalogue.
    """
    catalogue = Catalogue.from_tracks(read_source(path, progress=progress).tracks)
    return clusters_of(catalogue)


def clusters_of(catalogue: Catalogue) -> dict[TrackId, str]:
    """Return the cluster of every track of a catalogue: the one that its source states, else its work."""
    return {
        track_id: catalogue.track(row).ids.get(WORK_ID) or f"work {work}"
        for row, (track_id, work) in enumerate(zip(catalogue.track_ids, catalogue.work.tolist(), strict=True))
    }


def write_dialogues(path: Path, dialogues: Iterable[Dialogue], catalogue: Catalogue) -> None:
    """Write dialogues in version 1 of the format.

    The tracks that they rate are described, where the catalogue has them; searches are left empty. A file is written
    whole or not at all.
    """
    rows = {track_id: row for row, track_id in enumerate(catalogue.track_ids)}
    described = _Described(catalogue)

    def lines() -> Iterator[dict[str, Any]]:
        for one in dialogues:
            named = dict.fromkeys(track for turn in one.turns for track in (*turn.liked, *turn.disliked))
            named |= dict.fromkeys(one.goal)
            yield {
                "id": one.id,
                "turns": [
                    {
                        "user_query": turn.utterance,
                        "system_response": turn.response,
                        "search_queries": [],
                        "search_results": [],
                        "liked_results": list(turn.liked),
                        "disliked_results": list(turn.disliked),
                    }
                    for turn in one.turns
                ],
                "tracks": {track: described(rows[track]) for track in named if track in rows},
                "goal_playlist": list(one.goal),
            }

    write_json_lines(path, lines())


def write_tracks(path: Path, catalogue: Catalogue) -> None:
    """Write a catalogue as CPCD's file of tracks: ids, titles, artists, albums and clusters."""
    described = _Described(catalogue)
    write_json_lines(path, (described(row) for row in range(len(catalogue))))


def require_new_folder(folder: Path) -> None:
    """Make sure that a folder of dialogues can be written.

    Raises:
        DialogueFileError: it holds something already, or is a file.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise DialogueFileError(
            folder, None, "it exists, expected no or an empty folder", "choose another or remove it"
        )


def write_folder(folder: Path, dialogues: Iterable[Dialogue], catalogue: Catalogue) -> None:
    """Write dialogues and the catalogue that they are about to a folder, which appears whole or not at all.

    Raises:
        DialogueFileError: the folder holds something already.
    """
    folder = folder.absolute()
    require_new_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        unfinished = Path(scratch) / folder.name
        unfinished.mkdir()
        write_dialogues(unfinished / DIALOGUES, dialogues, catalogue)
        write_tracks(unfinished / TRACKS, catalogue)
        if folder.exists():
            folder.rmdir()
        os.replace(unfinished, folder)


class _Described:
    """Tells of a track what CPCD's files tell; a cluster's canonical track is its first in the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._clusters = clusters_of(catalogue)
        self._canonical: dict[str, TrackId] = {}
        for track_id, cluster in self._clusters.items():
            self._canonical.setdefault(cluster, track_id)

    def __call__(self, row: int) -> dict[str, Any]:
        track_id = self._catalogue.track_ids[row]
        return {
            "track_ids": track_id,
            "track_titles": self._catalogue.titles[row],
            "track_artists": list(self._catalogue.artists[row]),
            "track_release_titles": self._catalogue.albums[row] or "",
            "track_canonical_ids": self._canonical[self._clusters[track_id]],
            "track_cluster_ids": self._clusters[track_id],
        }


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a file with their lines, from 1; empty lines are skipped.

    Raises:
        DialogueFileError: the file cannot be read, or a line is no JSON object.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == _GZIP
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, _object(path, number, line)
    except (OSError, EOFError, zlib.error) as error:
        problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DialogueFileError(path, None, problem, "give the path of a complete JSONL file") from error


def write_json_lines(path: Path, values: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object per line; a file is written whole or not at all."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    os.replace(part, path)


def _object(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DialogueFileError(path, number, f"this is not JSON ({error})", _REPAIR) from error
    if not isinstance(value, dict):
        raise DialogueFileError(path, number, "this is not a JSON object", _REPAIR)
    return value


def _dialogue(path: Path, number: int, value: Mapping[str, Any]) -> Dialogue:
    name = value.get("id")
    if not isinstance(name, str) or not name:
        raise DialogueFileError(path, number, f"a dialogue has the id {name!r} but needs text", _REPAIR)
    fields = _Fields(path, number, f"dialogue {name!r}")
    turns = value.get("turns")
    if not isinstance(turns, list) or not turns:
        raise fields.error("turns", turns, "a list of at least one turn")
    read = []
    for position, turn in enumerate(turns):
        of_turn = _Fields(path, number, f"turn {position} of dialogue {name!r}")
        if not isinstance(turn, dict):
            raise fields.error(f"turns[{position}]", turn, "an object")
        read.append(
            DialogueTurn(
                utterance=of_turn.text(turn, "user_query"),
                response=of_turn.text(turn, "system_response"),
                liked=of_turn.ids(turn, "liked_results"),
                disliked=of_turn.ids(turn, "disliked_results"),
            )
        )
    return Dialogue(name, tuple(read), fields.ids(value, "goal_playlist"))


class _Fields:
    """Reads fields of one object, and names it where they are wrong."""

    def __init__(self, path: Path, number: int, whose: str) -> None:
        self._path, self._number, self._whose = path, number, whose

    def text(self, value: Mapping[str, Any], field: str) -> str:
        found = value.get(field)
        if not isinstance(found, str):
            raise self.error(field, found, "text")
        return found

    def ids(self, value: Mapping[str, Any], field: str) -> tuple[TrackId, ...]:
        found = value.get(field)
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self.error(field, found, "a list of track ids")
        return tuple(found)

    def error(self, field: str, found: object, expected: str) -> DialogueFileError:
        said = "none" if found is None else f"{type(found).__name__} {str(found)[:60]!r}"
        return DialogueFileError(
            self._path, self._number, f"{self._whose} has {said} as {field} but needs {expected}", _REPAIR
        )
