"""Bringing one catalogue file into the database: named, read only when it changed, stored as a whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.reports import BadRowReport, SourceReport
from recsys.history_source import HISTORY_KIND
from recsys.paths import written
from recsys.store import STARTER_KIND, SourceRow, Store
from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.settings import Settings
    from recsys.index.chroma_server import ChromaServer
    from recsys.learned import RequestData

#: Names that no catalogue file may have.
_TAKEN = frozenset((STARTER_KIND, HISTORY_KIND))


@dataclass(frozen=True)
class Refreshed:
    """What became of a source."""

    source: SourceReport
    changed: bool
    n_rows: int = 0
    bad_rows: tuple[BadRowReport, ...] = ()
    remarks: tuple[BadRowReport, ...] = ()


def chroma_server(settings: Settings) -> ChromaServer | None:
    """Return the server that keeps the vectors; None where the data folder does.

    Raises:
        ChromaServerError: its address is none.
    """
    if settings.chroma_url is None:
        return None
    from recsys.index.chroma_server import ChromaServer

    token = settings.chroma_token.get_secret_value() if settings.chroma_token else None
    return ChromaServer.of(settings.home, settings.chroma_url, token)


def refresh_source(
    store: Store,
    path: Path,
    name: str | None,
    mapping: Mapping[str, str] | None,
    *,
    replace: bool,
    progress: Progress | None,
) -> Refreshed:
    """Store the source of a path, unless it is there unchanged.

    Raises:
        SourceError: the file as a whole cannot be read, or the name is the starter's; nothing has changed then.
    """
    from recsys.errors import SourceError
    from recsys.sources import is_music, read_source, source_fingerprint

    path = path.expanduser().resolve()
    if name in _TAKEN:
        whose = "the starter catalogue" if name == STARTER_KIND else "the tracks of listening histories"
        raise SourceError(path, f"the name {name!r} belongs to {whose}", "choose another with --name")
    stored = store.sources()
    name = name or _name_of(path, stored)
    if is_music(path):
        from assistant.folders import refresh_folder

        return refresh_folder(store, path, name, mapping, replace=replace, progress=progress)
    known = next((source for source in stored if source.name == name), None)
    alone = len(stored) == 1 or not replace
    if known is not None and alone and known.fingerprint == source_fingerprint(path, mapping):
        return Refreshed(source_report(known), changed=False)
    content = read_source(path, mapping, progress)
    if progress:
        progress("store", 0, len(content.tracks))
    store.add_source(
        name,
        written(str(path)),
        content.kind,
        content.fingerprint,
        content.tracks,
        content.collections,
        replace=replace,
        lyrics=content.lyrics,
    )
    if progress:
        progress("store", len(content.tracks), len(content.tracks))
    source = next(source for source in store.sources() if source.name == name)
    bad = tuple(BadRowReport(line=row.line, reason=row.reason) for row in content.bad_rows)
    return Refreshed(source_report(source), changed=True, n_rows=content.n_rows, bad_rows=bad)


def check_requests(folder: Path) -> None:
    """Make sure that a folder holds requests enough to learn from, before anything is changed.

    Raises:
        JamFormatError: the folder is not in the format.
        NoRequestsError: it holds no training requests.
        TooFewRequestsError: it holds too few of them.
    """
    from recsys.jam.files import read_jam
    from recsys.jam.requests import LEAST_REQUESTS, TooFewRequestsError
    from recsys.learned import NoRequestsError

    dataset = read_jam(folder)
    split = dataset.splits.get("train")
    if split is None:
        raise NoRequestsError(dataset.name, "it has no training requests")
    if len(split) < LEAST_REQUESTS:
        raise TooFewRequestsError(len(split))


def request_data(store: Store, home: Path, folder: Path | None, *, go_on: bool) -> RequestData | None:
    """Read the real requests to learn from, None where there are none to be.

    Args:
        store: holds the folder's items as a source.
        home: the data folder.
        folder: a folder in the JAM file format.
        go_on: without a folder, read the one that the served generation was learnt from, if it is still there.

    Raises:
        JamFormatError: the folder is not in the format.
    """
    from recsys import generations
    from recsys.jam.files import JamFolder, read_jam
    from recsys.learned import RequestData, learned_from
    from recsys.sources.jam import learnt_fingerprint

    if folder is None and go_on and generations.current_key(home) is not None:
        named = learned_from(generations.current(home))
        folder = Path(named) if named is not None and JamFolder.find(Path(named)) is not None else None
    if folder is None:
        return None
    folder = folder.expanduser().resolve()
    source = next((one for one in store.sources() if one.path == str(folder)), None)
    if source is None:
        return None
    return RequestData(read_jam(folder), str(folder), learnt_fingerprint(folder), store.track_ids(source.name))


def source_report(source: SourceRow) -> SourceReport:
    """Copy a database row into what connectors see."""
    return SourceReport(
        name=source.name,
        path=source.path,
        kind=source.kind,
        n_tracks=source.n_tracks,
        n_playlists=source.n_collections,
        added_at=source.added_at,
    )


def _name_of(path: Path, stored: list[SourceRow]) -> str:
    """The name under which a path is stored, else its file name without suffixes, numbered if that is taken."""
    for source in stored:
        if source.path == written(str(path)):
            return source.name
    named = os.fsencode(path.name).decode("utf-8", "replace")
    stem = named.split(".")[0] or named
    taken = {source.name for source in stored} | _TAKEN
    number = 2
    name = stem
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    return name
