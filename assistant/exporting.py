"""Conversations as training data: a folder in the JAM file format, which `segue train --data` reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.augmenting import Augmenter
from assistant.errors import NothingTaughtError
from assistant.labels import plain
from assistant.reports import UsageReport
from assistant.session import MAX_QUERY_TEXT
from assistant.usage import Usage
from recsys.catalogue import Catalogue
from recsys.embeddings import EmbeddingCache, EmbeddingTable
from recsys.jam.files import write_jam
from recsys.types import FloatArray, Modality, Progress
from recsys.usage_data import dataset_of_use

if TYPE_CHECKING:
    from recsys.encoders.text import TextEncoder


def export_jam(
    folder: Path,
    usage: Usage,
    catalogue: Catalogue,
    tables: Mapping[str, FloatArray],
    *,
    listener_id: str | None,
    with_ids: bool,
    augmenter: Augmenter | None,
    progress: Progress | None,
) -> UsageReport:
    """Write what listeners taught; see `Assistant.export_jam`."""
    known = set(catalogue.track_ids)
    turns = [own for own in usage.turns if known.intersection(own.answered.track_ids)]
    if not turns:
        raise NothingTaughtError(listener_id)
    texts = []
    for number, own in enumerate(turns):
        said = own.answered.shown.text
        if augmenter is not None:
            said = augmenter.query(said, own.turn.title, own.turn.description) or said
            if progress:
                progress("write queries", number + 1, len(turns))
        texts.append(plain(said, MAX_QUERY_TEXT))
    if progress:
        progress("write files", 0, 0)
    requests = [own.answered for own in turns]
    dataset = dataset_of_use(folder.name, requests, texts, usage.events, catalogue, tables, with_ids=with_ids)
    write_jam(folder, dataset)
    return UsageReport(
        folder=str(folder),
        splits={name: len(split) for name, split in dataset.splits.items()},
        n_listeners=dataset.n_users,
        n_kept=sum(not one.played for one in requests),
        n_played=sum(one.played for one in requests),
        n_answers=sum(len(split.items) for split in dataset.splits.values()),
        n_left_out=len(usage.turns) - len(turns),
        n_tracks=dataset.n_items,
        modalities=tuple(dataset.item_features),
        n_plays=0 if dataset.plays is None else int(dataset.plays.nnz),
        with_ids=with_ids,
        n_by_model=None if augmenter is None else augmenter.n_by_model,
        n_by_template=None if augmenter is None else augmenter.n_by_template,
    )


def served_tables(
    generation: Path, catalogue: Catalogue, encoder: TextEncoder, cache: Path, progress: Progress | None
) -> dict[str, FloatArray]:
    """Read the tracks' vectors of a generation (N, D) per modality.

    A generation that learnt from a data set's requests has no vectors of what the catalogue states; they are encoded.

    Args:
        generation: its folder.
        catalogue: the generation's.
        encoder: the text encoder.
        cache: where vectors of texts are kept.
        progress: told about encoding.
    """
    stored = sorted(path for path in (generation / "embeddings").glob("*") if path.is_dir())
    if stored:
        opened = [EmbeddingTable.open(path, catalogue.fingerprint) for path in stored]
        return {table.modality.value: table.vectors for table in opened}
    stated = {
        Modality.TAGS: [catalogue.tags_of(row) for row in range(len(catalogue))],
        Modality.TEXT: [catalogue.text_of(row) for row in range(len(catalogue))],
    }
    tables = {}
    with EmbeddingCache(cache, encoder) as texts:
        for modality, said in stated.items():
            table = np.zeros((len(said), encoder.dim), dtype=np.float32)
            rows = [row for row, text in enumerate(said) if text]
            texts.ensure([said[row] for row in rows], progress, f"encoding {modality.value}")
            table[rows] = texts.vectors([said[row] for row in rows])
            tables[modality.value] = table
    return tables
