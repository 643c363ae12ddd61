"""Bringing a folder of music into the database: what is new or changed in it, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assistant.indexing import Refreshed, source_report
from assistant.reports import BadRowReport
from recsys.errors import SourceError
from recsys.paths import written
from recsys.sources.base import BadRow
from recsys.sources.folder import KIND, Batch, folder_fingerprint, read_folder, reader_version
from recsys.store import Store
from recsys.types import Progress


def refresh_folder(
    store: Store,
    path: Path,
    name: str,
    mapping: Mapping[str, str] | None,
    *,
    replace: bool,
    progress: Progress | None,
) -> Refreshed:
    """Store what a folder of music holds now under a source's name.

    A run that is killed has stored what it read, and the next goes on there.

    Raises:
        SourceError: the folder cannot be read or holds no audio; nothing has changed then.
    """
    if mapping:
        raise SourceError(path, "a folder of music has no columns to map", "leave out --map")
    before = next((source for source in store.sources() if source.name == name), None)
    if before is not None and before.kind != KIND:
        raise SourceError(path, f"the name {name!r} is a source read from {before.path}", "choose another with --name")
    begun = False

    def begin() -> None:
        nonlocal begun
        if not begun:
            store.files.begin(name, written(str(path)), KIND, reader_version())
            begun = True

    def keep(batch: Batch) -> None:
        begin()
        ids = store.files.put_tracks(name, batch.tracks)
        nothing = ("", "tag")
        store.lyrics.put({ids[track.track_id]: batch.lyrics.get(track.track_id, nothing) for track in batch.tracks})
        store.files.put(name, batch.files)

    if before is not None:
        begin()
    content = read_folder(path, store.files.known(name), progress, keep)
    fingerprint = folder_fingerprint(content.files)
    others = [source.name for source in store.sources() if source.name != name] if replace else []
    changed = before is None or before.fingerprint != fingerprint or bool(others)
    begin()
    if changed:
        store.files.finish(name, fingerprint, content.files)
    for other in others:
        store.drop_source(other)
    store.lyrics.drop_orphans()
    source = next(source for source in store.sources() if source.name == name)
    return Refreshed(
        source_report(source),
        changed=changed,
        n_rows=content.n_files,
        bad_rows=_reports(content.problems),
        remarks=_reports(content.remarks),
    )


def _reports(rows: list[BadRow]) -> tuple[BadRowReport, ...]:
    return tuple(BadRowReport(line=row.line, reason=row.reason, name=row.name) for row in rows)
