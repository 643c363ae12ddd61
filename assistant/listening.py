"""Listening to the catalogue's files: what was heard becomes spaces of vectors, and facts beside what tracks state."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.reports import ListeningReport, SoundProblem
from recsys.audio.base import Problem, space_name
from recsys.types import HEARD, Progress

if TYPE_CHECKING:
    from assistant.settings import Settings
    from recsys.audio.base import Heard
    from recsys.audio.listening import Listened
    from recsys.sound_files import SoundFile
    from recsys.store import Store
    from recsys.types import FloatArray

#: What the source of a space begins with that was made here: one that a person brought in is never replaced.
_MADE_HERE = "heard by "


def listen_to_tracks(settings: Settings, store: Store, progress: Progress | None) -> ListeningReport | None:
    """Hear the file of every track that was not heard yet, and store what is known of all; None without any file.

    Raises:
        UnknownAudioEncoderError: the settings name an audio encoder that there is not.
        WeightsError: one lacks its weights or its library; nothing has changed then.
    """
    of_tracks = store.sounds.all()
    if not of_tracks:
        _forget(settings.home)
        return None
    from recsys.audio.choosing import choose_encoders
    from recsys.audio.listening import listen

    encoders = choose_encoders(settings.audio.encoders, settings.home)
    if not encoders:
        return None
    keys, files, problems = find_sounds(of_tracks)
    listened = listen(
        settings.home,
        files,
        encoders,
        workers=settings.audio.workers,
        timeout_s=settings.audio.file_timeout_s,
        threads=settings.threads,
        progress=progress,
    )
    problems = sorted([*problems, *listened.problems], key=lambda one: one.path)
    for name in listened.vectors:
        reason = _store_space(settings.home, name, keys, listened)
        if reason:
            problems.append(Problem(name, reason))
    n_facts = _store_facts(store, keys, listened.heard)
    heard = set().union(*listened.vectors.values())
    return ListeningReport(
        encoders=tuple(listened.vectors),
        n_tracks=len(of_tracks),
        n_heard=sum(key in heard for key in keys.values()),
        n_decoded=listened.n_decoded,
        n_facts=n_facts,
        problems=tuple(SoundProblem(path=one.path, reason=one.reason, heard=one.heard) for one in problems),
        seconds=listened.seconds,
    )


def find_sounds(of_tracks: Sequence[SoundFile]) -> tuple[dict[str, str], dict[str, Path], list[Problem]]:
    """What tells each track's sound (track id → key), where to find each (key → file), and tracks without any."""
    keys: dict[str, str] = {}
    files: dict[str, Path] = {}
    problems: list[Problem] = []
    for one in of_tracks:
        place = one.place
        try:
            if not place.is_absolute():
                raise OSError("its path is not absolute, so nothing tells where it begins")
            status = place.stat() if one.digest is None else None
        except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
            reason = "it is not there" if isinstance(error, FileNotFoundError) else str(error)
            problems.append(Problem(one.path, reason))
            continue
        if status is None:
            key = f"sound {one.digest}"
        else:
            name = hashlib.sha256(one.path.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            key = f"file {status.st_size} {status.st_mtime_ns} {name}"
        keys[one.track_id] = key
        if key not in files or not files[key].is_file():
            files[key] = place
    return keys, files, problems


def _store_space(home: Path, name: str, keys: Mapping[str, str], listened: Listened) -> str:
    """Store an encoder's vectors as a space of tracks; return why that was not done, if it was not."""
    from recsys.spaces import cards, put_space, remove_space

    space = space_name(name)
    before = next((card for card in cards(home) if card.name == space), None)
    if before is not None and not before.source.startswith(_MADE_HERE):
        return (
            f"a space {space!r} was brought in from {before.source} and stays; `segue embeddings remove {space}` makes "
            "way for what is heard"
        )
    vectors: Mapping[str, FloatArray] = listened.vectors[name]
    ids = [track_id for track_id, key in keys.items() if key in vectors]
    if ids:
        table = np.stack([vectors[keys[track_id]] for track_id in ids])
        put_space(home, space, ids, table, source=f"{_MADE_HERE}{listened.identities[name]}")
    elif before is not None:
        remove_space(home, space)
    return ""


def _store_facts(store: Store, keys: Mapping[str, str], heard: Mapping[str, Sequence[Heard]]) -> int:
    """Store what analysers heard in place of what they had heard before; return how many values that is."""
    from recsys.annotations import Annotation
    from recsys.attributes.values import AUDIO

    ids = [track_id for track_id, key in keys.items() if key in heard]
    if not ids:
        return 0
    of_source: dict[str, dict[tuple[str, str], Annotation]] = {
        source: {} for source in store.annotations.sources() if source.startswith(HEARD) and source != AUDIO
    }
    for track_id in ids:
        for one in sorted(heard[keys[track_id]], key=lambda one: one.confidence):  # the surest last, and it stays
            fact = Annotation(track_id, one.field, one.value, one.confidence, one.source)
            of_source.setdefault(one.source, {})[track_id, one.field] = fact
    for source, facts in of_source.items():
        store.annotations.put(source, set(ids), facts.values())
    return sum(len(facts) for facts in of_source.values())


def _forget(home: Path) -> None:
    """Drop the spaces that were made of files, when no track has one any more."""
    from recsys.spaces import cards, remove_space

    for card in cards(home):
        if card.source.startswith(_MADE_HERE):
            remove_space(home, card.name)
