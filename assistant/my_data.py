"""One archive of everything that is kept of a listener, in open formats: text, JSON, CSV, M3U8, JSPF and .npy.

Only what is the listener's own is in it: of others who are the same person (`recsys.joined`) there is the id alone.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import secrets
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from assistant.labels import plain
from assistant.links import web_link
from assistant.personal_errors import DataFileError
from assistant.taste_reports import DataReport, TasteReport
from recsys import database as db
from recsys.catalogue import Catalogue
from recsys.spaces import LISTENERS, Space, cards, open_space
from recsys.store import Store

_EVENT_COLUMNS = (
    *("event_id", "time", "at", "kind", "track_id", "title", "artist", "completion", "times", "session_id", "origin"),
    "counts",
)
#: Longest path or address in a playlist, in characters.
_MAX_PLACE = 4_000
_README = """Everything that Segue keeps of the listener {listener}
Written on {day} (all times are UTC; "at" is in seconds since 1970)

listener.json    who this is, since when, which other listeners are the same person
events.jsonl     what you did with tracks, one per line: likes, plays, skips and so on; "counts" is false for sessions
                 that you said were not yours
events.csv       the same, as a table
conversations/   one file for each conversation, in order: what you wrote, how it was understood, what was answered
playlists/       the last playlist of each conversation, to play (.m3u8) and to read (.jspf, a JSON format)
ledger.json      tracks that you do not want again, and how often each track was shown to you
taste.json       what Segue has learnt of your taste, with the evidence
records.json     small things that front ends remember for you
vectors/         vectors that were brought in for you, as NumPy arrays of one row, at unit length
"""


@dataclass
class _Counts:
    files: list[str]
    n_events: int = 0
    n_sessions: int = 0
    n_turns: int = 0
    n_playlists: int = 0


def write_data(
    path: Path,
    listener: str,
    store: Store,
    home: Path,
    catalogue: Catalogue,
    taste: TasteReport,
    *,
    places: bool = True,
) -> DataReport:
    """Write the archive; it appears whole or not at all, and only its owner may read it.

    Args:
        path: the file to write, replaced where it is there.
        listener: whose.
        store: the database.
        home: the data folder, for vectors that were brought in.
        catalogue: names the tracks.
        taste: what is known of this listener's taste alone.
        places: whether it may say where files of tracks lie on this machine.

    Raises:
        DataFileError: it cannot be written there.
    """
    if path.is_dir():
        raise DataFileError(path, "it is a folder", f"name a file in it, such as {path / 'my-data.zip'}")
    if not path.parent.is_dir():
        raise DataFileError(path, f"there is no folder {path.parent}", "name a file in one that exists")
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                counts = _Archive(archive, listener, store, catalogue, places=places).write(home, taste)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise DataFileError(path, error.strerror or str(error), "choose another place") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return DataReport(
        path=str(path),
        n_bytes=path.stat().st_size,
        files=tuple(counts.files),
        n_events=counts.n_events,
        n_sessions=counts.n_sessions,
        n_turns=counts.n_turns,
        n_playlists=counts.n_playlists,
    )


class _Archive:
    """An archive while it is written."""

    def __init__(
        self, archive: zipfile.ZipFile, listener: str, store: Store, catalogue: Catalogue, *, places: bool
    ) -> None:
        self._archive, self._listener, self._places = archive, listener, places
        self._store, self._catalogue = store, catalogue
        self._disowned = {row["session_id"] for row in store.personal.rows(db.disowned, listener)}
        self._counts = _Counts([])

    def write(self, home: Path, taste: TasteReport) -> _Counts:
        """Write all files."""
        now = datetime.now(UTC)
        self._text("README.txt", _README.format(listener=plain(self._listener), day=now.strftime("%Y-%m-%d %H:%M")))
        self._json("listener.json", self._who(now))
        self._events()
        for number, session in enumerate(self._store.personal.rows(db.sessions, self._listener), start=1):
            self._conversation(number, session)
        wishes = list(self._store.personal.rows(db.suppressed, self._listener))
        kept_back = [{**self._named(w["track_id"]), "said": _time(w["at"]), "until": _time(w["until"])} for w in wishes]
        shown = [one.model_dump(mode="json") for one in taste.exposures]
        self._json("ledger.json", {"not_again": kept_back, "shown": shown})
        self._json("taste.json", taste.model_dump(mode="json", exclude={"exposures"}))
        records = self._store.personal.rows(db.records, self._listener)
        self._json("records.json", [{name: row[name] for name in ("kind", "key", "value", "at")} for row in records])
        for name, vector in own_vectors(home, self._listener):
            written = io.BytesIO()
            np.save(written, vector[None, :])
            self._bytes(f"vectors/{name}.npy", written.getvalue())
        return self._counts

    def _who(self, now: datetime) -> dict[str, Any]:
        known = next(self._store.personal.rows(db.listeners, self._listener), None)
        return {
            "listener": self._listener,
            "known_since": _time(known["created_at"]) if known else None,
            "exported_at": now.isoformat(),
            "same_person": [one for one in self._store.joined.of(self._listener) if one != self._listener],
            "sessions_that_were_not_yours": sorted(self._disowned),
        }

    def _events(self) -> None:
        """Write the events twice, a line at a time: there may be many."""
        with self._archive.open("events.jsonl", "w") as file:
            for event in self._each_event():
                file.write(json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
                self._counts.n_events += 1
        with self._archive.open("events.csv", "w") as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
            writer = csv.DictWriter(text, _EVENT_COLUMNS)
            writer.writeheader()
            writer.writerows(self._each_event())
        self._counts.files += ["events.jsonl", "events.csv"]

    def _each_event(self) -> Iterator[dict[str, Any]]:
        for row in self._store.personal.rows(db.events, self._listener):
            counts = row["session_id"] not in self._disowned
            event = {**row, **self._named(row["track_id"]), "time": _time(row["at"]), "counts": counts}
            yield {name: event[name] for name in _EVENT_COLUMNS}

    def _conversation(self, number: int, session: dict[str, Any]) -> None:
        turns = list(self._store.personal.rows(db.turns, self._listener, session["session_id"]))
        kept = ("turn", "at", "message", "request", "state", "reply")
        if not self._places:
            turns = [{**row, "reply": _without_places(row["reply"])} for row in turns]
        document = {name: session[name] for name in ("session_id", "name", "created_at", "updated_at")}
        document["turns"] = [{"time": _time(row["at"]), **{name: row[name] for name in kept}} for row in turns]
        self._json(f"conversations/{number:05}.json", document)
        self._counts.n_sessions += 1
        self._counts.n_turns += len(turns)
        last = next((row for row in reversed(turns) if row["reply"].get("tracks")), None)
        if last is not None:
            title = plain(session["name"] or turns[0]["message"], 80) or f"Playlist {number}"
            tracks = last["reply"]["tracks"]
            stem = f"playlists/{number:05}{_slug(title)}"
            self._text(f"{stem}.m3u8", "\n".join(_m3u8(title, tracks)) + "\n")
            self._json(f"{stem}.jspf", _jspf(title, last["at"], tracks))
            self._counts.n_playlists += 1

    def _named(self, track_id: str) -> dict[str, Any]:
        rows = self._catalogue.rows((track_id,)).tolist()
        names = (self._catalogue.titles[rows[0]], ", ".join(self._catalogue.artists[rows[0]])) if rows else ("", "")
        return {"track_id": track_id, "title": names[0], "artist": names[1]}

    def _json(self, name: str, value: Any) -> None:
        self._text(name, json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def _text(self, name: str, text: str) -> None:
        self._bytes(name, text.encode("utf-8", "surrogatepass"))

    def _bytes(self, name: str, content: bytes) -> None:
        self._archive.writestr(name, content)
        self._counts.files.append(name)


def own_vectors(home: Path, listener: str) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Yield the spaces that have a vector (D,) of a listener, by name, with the vector."""
    for card in cards(home):
        if card.of == LISTENERS:
            space: Space = open_space(home, card.name)
            if (row := space.row_of.get(listener)) is not None and space.vectors[row].any():
                yield card.name, np.array(space.vectors[row])


def _without_places(reply: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out where files of tracks lie: addresses on the web take their place."""

    def elsewhere(track: Mapping[str, Any]) -> dict[str, Any]:
        if not track.get("path"):
            return dict(track)
        link = web_link(track.get("ids") or {}, track.get("artist") or "", track.get("title") or "")
        return {**track, "path": None, "link": link}

    return {**reply, "tracks": [elsewhere(track) for track in reply.get("tracks") or ()]}


def _m3u8(title: str, tracks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield "#EXTM3U"
    yield f"#PLAYLIST:{title}"
    for track in tracks:
        seconds = -1 if track.get("duration_s") is None else round(track["duration_s"])
        yield f"#EXTINF:{seconds},{plain(' - '.join(filter(None, (track.get('artist'), track.get('title')))))}"
        yield plain(track.get("path") or track.get("link") or "", _MAX_PLACE)


def _jspf(title: str, at: float, tracks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    listed = [
        {
            "location": [track.get("link") or ""],
            "title": track.get("title") or "",
            "creator": track.get("artist") or "",
            "album": track.get("album") or "",
            "duration": round((track.get("duration_s") or 0) * 1000),
            "trackNum": track.get("position") or number,
            "annotation": track.get("reason") or "",
        }
        for number, track in enumerate(tracks, start=1)
    ]
    return {"playlist": {"title": title, "date": _time(at), "track": listed}}


def _slug(title: str) -> str:
    words = re.findall(r"[a-z0-9]+", title.lower())
    return "".join(f"-{word}" for word in words[:6])[:60]


def _time(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()
