"""The door to services that know tracks, and the answers of theirs that a data folder keeps.

Answers are kept in `cache/lookups/SERVICE.jsonl` of the data folder, one line each as they come, so that a run that is
killed goes on where it was. A line holds a digest of what was asked and what describes the track: no name, no title.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from recsys.enrich.looked_up import LookedUp
from recsys.text import artist_key, base_title

__all__ = ["AnswerCache", "Asked", "LookedUp", "Lookup"]

#: An older answer is asked for again, in seconds: what services know grows.
KEPT_S = 180 * 86_400.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A track that a service is asked about."""

    title: str
    artist: str
    album: str = ""
    mbid: str = ""  # of the recording
    duration_s: float | None = None

    @property
    def key(self) -> str:
        """A digest of it, the same for every spelling."""
        said = "|".join((artist_key(self.artist), base_title(self.title), self.mbid))
        return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=12).hexdigest()


class Lookup(Protocol):
    """A service that may know tracks."""

    def look_up(self, asked: Asked) -> LookedUp | None:
        """Return what the service knows of a track, None if it does not know it.

        Raises:
            Exception: the service cannot be reached, refuses, or fails again and again; its message is one sentence.
        """


class AnswerCache:
    """The answers of one service as JSON objects, by what was asked; not found, None, is an answer too."""

    def __init__(self, path: Path, *, now: float | None = None) -> None:
        """Read what is there; a line that was cut off is left out."""
        self._path = path
        self._answers: dict[str, dict[str, Any] | None] = {}
        oldest = (time.time() if now is None else now) - KEPT_S
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                kept: dict[str, Any] = json.loads(line)
                if kept["at"] >= oldest:
                    self._answers[kept["key"]] = kept["answer"]
            except (ValueError, KeyError, TypeError):
                continue

    def __contains__(self, asked: Asked) -> bool:
        return asked.key in self._answers

    def __getitem__(self, asked: Asked) -> dict[str, Any] | None:
        return self._answers[asked.key]

    def keep(self, asked: Asked, answer: dict[str, Any] | None) -> None:
        """Keep an answer, on disk before this returns."""
        self._answers[asked.key] = answer
        line = {"key": asked.key, "at": time.time(), "answer": answer}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+", encoding="utf-8") as file:
            cut_off = file.tell() > 0 and not _ends_a_line(self._path)
            file.write(("\n" if cut_off else "") + json.dumps(line) + "\n")


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
