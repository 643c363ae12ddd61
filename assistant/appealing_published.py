"""Asking the published checkpoint of APEX about the catalogue's files (`segue train --apex --checkpoint FILE`)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.reports import SoundProblem
from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.settings import Settings
    from recsys.appeal.by_checkpoint import Error
    from recsys.audio.base import Problem
    from recsys.store import Store


@dataclass(frozen=True)
class PublishedReport:
    """What the checkpoint was asked, and how its heads compare with what the catalogue states."""

    folder: Path
    mode: str  # song or segment
    errors: Mapping[str, Error]  # by head
    n_tracks: int  # with a file
    n_heard: int
    n_decoded: int  # files, in this run
    problems: tuple[SoundProblem, ...]
    seconds: float


def predict_by_checkpoint(
    settings: Settings, store: Store, checkpoint: Path, progress: Progress | None = None
) -> PublishedReport:
    """Hear the file of every track as APEX does, and keep what its checkpoint says of it.

    Args:
        settings: the data folder, and how files are read.
        store: which tracks have a file.
        checkpoint: as published.
        progress: told about every file.

    Raises:
        PublishedCheckpointError: the file is no such checkpoint.
        AppealError: no track has a file that can be heard, or the checkpoint reads vectors of another width.
        NotIndexedError: nothing is indexed.
        WeightsError: MERT's weights are missing; nothing has changed then.
    """
    import numpy as np

    from assistant.listening import find_sounds
    from recsys import generations
    from recsys.appeal.by_checkpoint import Said, errors_of, save_said
    from recsys.appeal.errors import AppealError
    from recsys.appeal.own import FOLDER, stated_heads
    from recsys.appeal.published import read_published
    from recsys.audio.registry import open_audio_encoder
    from recsys.audio.segments import hear_segments, kept_segments
    from recsys.catalogue import Catalogue

    started = time.perf_counter()
    published = read_published(checkpoint)
    heads = published.model.heads
    of_tracks = store.sounds.all()
    keys, files, problems = find_sounds(of_tracks)
    if not files:
        raise AppealError(_nothing_heard(len(of_tracks), problems))
    catalogue = Catalogue.load(generations.current(settings.home).folder / "catalogue")
    encoder = open_audio_encoder(_encoder_of(settings), settings.home, settings.threads)
    if encoder.card.dim != published.model.n_inputs:
        # Before anything is heard: that takes hours.
        raise AppealError(
            f"{checkpoint} reads {published.model.n_inputs:,} numbers a segment, and {encoder.card.name} makes "
            f"{encoder.card.dim:,}; give the checkpoint that was learnt from MERT-v1-95M in APEX's mix"
        )
    heard = hear_segments(
        settings.home,
        files,
        encoder,
        workers=settings.audio.workers,
        timeout_s=settings.audio.file_timeout_s,
        progress=progress,
    )
    said = {key: published.predict(segments) for key, segments in kept_segments(settings.home, heard.identity, files)}
    ids = [one for one in keys if keys[one] in said]
    if not ids:
        raise AppealError(_nothing_heard(len(of_tracks), (*problems, *heard.problems)))
    means = np.stack([said[keys[one]] for one in ids])
    # Of tracks that are not served (any more), nothing is known to compare with.
    row_of = {one: row for row, one in enumerate(catalogue.track_ids)}
    rows = [row_of.get(one, -1) for one in ids]
    stated = {head: np.append(values, np.nan)[rows] for head, values in stated_heads(catalogue).items()}
    errors = errors_of(heads, means, stated)
    facts = {
        "checkpoint": checkpoint.name,
        "sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
        "mode": published.mode,
        "encoder": encoder.identity,
    }
    with generations.writing(settings.home):
        held = tuple(keys[one] for one in ids)
        save_said(settings.home / FOLDER, Said(tuple(ids), held, heads, means, errors), facts)
    return PublishedReport(
        settings.home / FOLDER,
        published.mode,
        {head.name: error for head, error in zip(heads, errors, strict=True)},
        len(of_tracks),
        len(ids),
        heard.n_decoded,
        tuple(SoundProblem(path=one.path, reason=one.reason, heard=one.heard) for one in (*problems, *heard.problems)),
        time.perf_counter() - started,
    )


def drop_replaced_files(settings: Settings, store: Store) -> None:
    """Forget what the checkpoint said of files that hold something else now; what cannot be read is left as it is."""
    from assistant.listening import find_sounds
    from recsys import generations
    from recsys.appeal.by_checkpoint import CARD_FILE, drop_replaced
    from recsys.appeal.errors import AppealModelError
    from recsys.appeal.own import FOLDER

    if not (settings.home / FOLDER / CARD_FILE).exists():
        return
    keys, _, _ = find_sounds(store.sounds.all())
    with generations.writing(settings.home), suppress(AppealModelError):
        drop_replaced(settings.home / FOLDER, keys)


def _nothing_heard(n_tracks: int, problems: Sequence[Problem]) -> str:
    """Say why the checkpoint has nothing to be asked about."""
    if not n_tracks:
        found = "no track of the catalogue has a file"
    else:
        found = f"none of the {n_tracks:,} files of tracks can be heard"
        found += f", such as {problems[0].path} ({problems[0].reason})" if problems else ""
    return f"{found}; the checkpoint predicts from sound alone, so index a folder of music (`segue index FOLDER`)"


def _encoder_of(settings: Settings) -> str:
    """The name of the encoder that the checkpoint reads, with its folder where the settings give one."""
    from recsys.audio.choosing import choose_encoders
    from recsys.audio.pretrained.mert import APEX
    from recsys.audio.registry import audio_card

    chosen = choose_encoders(settings.audio.encoders, settings.home)
    return next((one for one in chosen if audio_card(one).name == APEX.name), APEX.name)
