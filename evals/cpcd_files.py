"""Predictions in the official format of CPCD, so that systems can be scored by anybody and compared side by side.

One JSON object per line: `{"docid": "<dialogue>:<turn>", "neighbor": [{"docid": "<track>"}, …]}`, best first, turns
from 0. Dialogue ids of the published files have no colon; what stands after the last one is the turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recsys.dialogue_files import read_json_lines, write_json_lines
from recsys.dialogues import Dialogue
from recsys.errors import DialogueFileError
from recsys.types import TrackId

#: Dialogue id → a ranking per turn.
Predictions = dict[str, list[Sequence[TrackId]]]


def write_predictions(path: Path, predictions: Mapping[str, Sequence[Sequence[TrackId]]]) -> None:
    """Write the rankings of every dialogue's turns."""
    write_json_lines(
        path,
        (
            {"docid": f"{name}:{turn}", "neighbor": [{"docid": track_id} for track_id in ranking]}
            for name, rankings in predictions.items()
            for turn, ranking in enumerate(rankings)
        ),
    )


def read_predictions(path: Path, dialogues: Sequence[Dialogue], known: Mapping[TrackId, object]) -> Predictions:
    """Read a ranking for every turn of some dialogues; what the file says of other dialogues is left out.

    Args:
        path: of the file, gzipped or not.
        dialogues: to be scored.
        known: the tracks that are searched.

    Raises:
        DialogueFileError: a line is not of the form, names an unknown track or turn, or says a turn twice; or a turn
            of the dialogues has no line.
    """
    turns = {one.id: len(one.turns) for one in dialogues}
    found: dict[tuple[str, int], list[TrackId]] = {}
    for number, value in read_json_lines(path):
        name, turn = _place(path, number, value)
        if name not in turns:
            continue
        if turn >= turns[name] or (name, turn) in found:
            problem = "is said twice" if (name, turn) in found else f"is not one of its {turns[name]} turns"
            raise DialogueFileError(
                path, number, f"turn {turn} of dialogue {name!r} {problem}", "write one line per turn, from 0"
            )
        found[name, turn] = ranking = _ranking(path, number, value)
        if unknown := next((track_id for track_id in ranking if track_id not in known), None):
            raise DialogueFileError(
                path,
                number,
                f"track {unknown!r} is not among the {len(known):,} tracks searched",
                "give --tracks the file that the predictions were made from",
            )
    wanted = ((name, turn) for name, n_turns in turns.items() for turn in range(n_turns))
    for name, turn in wanted:
        if (name, turn) not in found:
            raise DialogueFileError(
                path,
                None,
                f"it has no prediction for turn {turn} of dialogue {name!r}",
                "add it, with an empty list of neighbors where nothing was found",
            )
    return {name: [found[name, turn] for turn in range(n_turns)] for name, n_turns in turns.items()}


def _place(path: Path, number: int, value: Mapping[str, Any]) -> tuple[str, int]:
    docid = value.get("docid")
    name, colon, turn = docid.rpartition(":") if isinstance(docid, str) else ("", "", "")
    if not name or not colon or not (turn.isascii() and turn.isdecimal()):
        raise DialogueFileError(path, number, f"the docid {docid!r} is not <dialogue>:<turn>", "write it as 0a1b2c:0")
    return name, int(turn)


def _ranking(path: Path, number: int, value: Mapping[str, Any]) -> list[TrackId]:
    neighbours = value.get("neighbor")
    if not isinstance(neighbours, list) or not all(
        isinstance(one, dict) and isinstance(one.get("docid"), str) for one in neighbours
    ):
        raise DialogueFileError(
            path, number, "neighbor is not a list of objects with a docid", 'write it as [{"docid": "<track>"}, …]'
        )
    return [one["docid"] for one in neighbours]
