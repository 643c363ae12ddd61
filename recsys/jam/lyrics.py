"""Lyrics beside a data set as an item modality: `lyrics.tsv` with `item_idx` and `text`, one line for each item.

The JAM file format holds vectors and not words. Whoever has the words gives them here, line breaks written as spaces,
and they are encoded by the encoder of the run. Vectors in `item_lyrics_features.npy` come first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from recsys.encoders.text import TextEncoder
from recsys.jam.dataset import JamDataset
from recsys.jam.files import JamFolder
from recsys.jam.queries import encode_queries
from recsys.jam.tables import read_table
from recsys.types import Progress

LYRICS_FILE = "lyrics.tsv"
MODALITY = "lyrics"


def with_lyrics(
    dataset: JamDataset,
    folder: Path,
    open_encoder: Callable[[], TextEncoder],
    cache_folder: Path | None = None,
    progress: Progress | None = None,
) -> JamDataset:
    """Return a data set with the modality `lyrics` where the words lie beside it and there are no vectors yet.

    Args:
        dataset: as read from the folder.
        folder: of the data set, or its `processed` subfolder.
        open_encoder: opens what encodes lyrics; called only where there are some.
        cache_folder: where vectors are kept between runs.
        progress: told (stage, done, total).

    Raises:
        JamFormatError: the file is malformed or names an item that there is not.
        WeightsError: the encoder cannot be opened.
    """
    found = JamFolder.find(folder)
    path = None if found is None else found.beside(LYRICS_FILE)
    if path is None or MODALITY in dataset.item_features:
        return dataset
    table = read_table(path)
    rows = table.rows_of("item_idx", dataset.n_items, "item_idxs.tsv")
    texts = table.cells("text")
    stated = [number for number, text in enumerate(texts) if text.strip()]
    encoder = open_encoder()
    vectors = np.zeros((dataset.n_items, encoder.dim), np.float32)
    vectors[rows[stated]] = encode_queries([texts[number] for number in stated], encoder, cache_folder, progress)
    return replace(dataset, item_features={**dataset.item_features, MODALITY: vectors})
