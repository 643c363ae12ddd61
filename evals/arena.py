"""Music Arena's published records, as the battles and features that `segue eval preference` reads.

The records are one JSON object a battle, as files of a folder (`battle_data/<month>/*.json` of the data set at
huggingface.co/datasets/music-arena/music-arena-dataset, CC BY 4.0), or lines of one file. Fields that are read, as
written by components/leaderboard/ma_leaderboard/preprocess.py of github.com/gclef-cmu/music-arena:

    battle_uuid          who the battle is
    prompt, lyrics       what was asked for; both together are the prompt that folds are grouped by
    is_instrumental      whether without singing
    system_a, system_b   who made the pieces
    preference           A, B, TIE or BOTH_BAD; null where nobody voted, and such battles are left out
    duration_a, _b       seconds
    audio_a, audio_b     the pieces' files, for whoever computes features of them

The platform's own logs hold the same under `uuid`, `prompt_detailed.{overall_prompt,lyrics,instrumental}`,
`a_metadata.system_key.system_tag`, `a_metadata.duration`, `vote.preference` and `a_audio_url`; they are read as well.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.errors import EvaluationDataError

BATTLE_COLUMNS = ("battle_id", "prompt_id", "system_a", "system_b", "vote", "instrumental")
FEATURE_COLUMNS = ("battle_id", "side", "duration_s", "audio")
_VOTES = {"A": "A", "B": "B", "TIE": "tie", "BOTH_BAD": "both bad"}


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of the records."""

    n_battles: int
    n_without_vote: int
    n_unreadable: int  # no JSON object, or without a system


def convert(records: Path, battles: Path, features: Path) -> Converted:
    """Write battles and features of records.

    Args:
        records: a folder with .json files at any depth, or a file of lines.
        battles: CSV to write.
        features: CSV to write, two rows a battle, to which further features may be joined by `battle_id, side`.

    Raises:
        EvaluationDataError: there are no records, or none that can be read.
    """
    n_without, n_unreadable, kept = 0, 0, []
    for record in _records(records):
        plain = None if record is None else _plain(record)
        if plain is None:
            n_unreadable += 1
        elif plain["vote"] is None:
            n_without += 1
        else:
            kept.append(plain)
    if not kept:
        raise EvaluationDataError(
            f"{records} holds no battle with a vote ({n_without:,} without one, {n_unreadable:,} unreadable); expected "
            "Music Arena's records, one JSON object a battle"
        )
    kept.sort(key=lambda one: str(one["battle_id"]))
    _write(battles, BATTLE_COLUMNS, kept)
    pieces = [
        {
            "battle_id": one["battle_id"],
            "side": side,
            "duration_s": one[f"duration_{side}"],
            "audio": one[f"audio_{side}"],
        }
        for one in kept
        for side in "AB"
    ]
    _write(features, FEATURE_COLUMNS, pieces)
    return Converted(len(kept), n_without, n_unreadable)


def _records(path: Path) -> Iterator[Mapping[str, Any] | None]:
    if path.is_dir():
        texts: Iterator[str] = (one.read_text(encoding="utf-8") for one in sorted(path.rglob("*.json")))
    elif path.is_file():
        texts = (line for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    else:
        raise EvaluationDataError(f"there is nothing at {path}; give the folder battle_data of Music Arena's data set")
    for text in texts:
        try:
            read = json.loads(text)
        except ValueError:
            read = None
        yield read if isinstance(read, Mapping) else None


def _plain(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read one record, of either form; None where a system is missing."""
    sides = {side: _part(record, f"{side.lower()}_metadata") for side in "AB"}
    asked = _part(record, "prompt_detailed")
    systems = {
        side: record.get(f"system_{side.lower()}") or _part(sides[side], "system_key").get("system_tag")
        for side in "AB"
    }
    if not all(systems.values()):
        return None
    vote = record.get("preference") or _part(record, "vote").get("preference")
    prompt = record.get("prompt") if isinstance(record.get("prompt"), str) else asked.get("overall_prompt")
    lyrics = record.get("lyrics") or asked.get("lyrics") or ""
    instrumental = record.get("is_instrumental", asked.get("instrumental"))
    text = " ".join(f"{prompt or ''} {lyrics}".lower().split())
    return {
        "battle_id": str(record.get("battle_uuid") or record.get("uuid") or ""),
        "prompt_id": hashlib.sha256(text.encode()).hexdigest()[:16],
        "system_a": systems["A"],
        "system_b": systems["B"],
        "vote": _VOTES.get(str(vote)),
        "instrumental": "yes" if str(instrumental).lower() == "true" else "no",
        **{f"duration_{side}": record.get(f"duration_{side.lower()}") or sides[side].get("duration") for side in "AB"},
        **{
            f"audio_{side}": record.get(f"audio_{side.lower()}") or record.get(f"{side.lower()}_audio_url") or ""
            for side in "AB"
        },
    }


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def _write(path: Path, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
