"""What a generation's folder holds for serving, besides its model: vectors, words, Chroma and the catalogue itself."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recsys.catalogue import Catalogue
from recsys.embeddings import EmbeddingTable
from recsys.index.base import Projections, TrackIndex
from recsys.index.exact import ExactIndex
from recsys.jam.score import Mixer
from recsys.lambdarank import LambdaRank, RankerError
from recsys.retrieval.company import Company
from recsys.retrieval.continuing import Continuing
from recsys.retrieval.lexical import LexicalIndex
from recsys.types import FloatArray, Modality, Progress

if TYPE_CHECKING:
    from recsys.index.chroma_server import ChromaServer

_LOG = logging.getLogger(__name__)
_CONTINUING = "continuing"


def write_served(
    building: Path,
    catalogue: Catalogue,
    projections: Projections,
    threads: int,
    progress: Progress | None,
    server: ChromaServer | None = None,
) -> None:
    """Write what serving reads: projected vectors, unit track vectors, Chroma, words, the catalogue itself."""
    from recsys.index.chroma import build_chroma

    projections.save(building / "projections")
    unit = [v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-6) for v in projections.item.values()]
    vectors = np.sum(unit, axis=0)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    np.save(building / "vectors.npy", vectors.astype(np.float32))
    if progress:
        progress("words", 0, 0)
    LexicalIndex.build([f"{catalogue.text_of(row)} {catalogue.tags_of(row)}" for row in range(len(catalogue))]).save(
        building / "lexical"
    )
    catalogue.save(building / "catalogue")
    build_chroma(building / "chroma", projections, catalogue.track_ids, progress, threads, server)


def write_continuing(building: Path, catalogue: Catalogue, seed: int, threads: int, progress: Progress | None) -> None:
    """Learn from a catalogue's playlists what continues one, where there are enough of them."""
    names = EmbeddingTable.open(building / "embeddings" / Modality.TEXT.value, catalogue.fingerprint).vectors
    learned = Continuing.learn(catalogue, names, Company(catalogue), seed=seed, threads=threads, progress=progress)
    if learned is not None:
        learned.save(building / _CONTINUING)


def open_continuing(folder: Path, catalogue: Catalogue, names: FloatArray | None) -> Continuing | None:
    """What was learnt of a generation's playlists; None where there is nothing, or it cannot be read."""
    if names is None or not (folder / _CONTINUING).exists():
        return None
    try:
        return Continuing(catalogue, names, Company(catalogue), LambdaRank.load(folder / _CONTINUING))
    except RankerError as error:
        _LOG.warning("the company of tracks is counted, not learnt: %s", error)
        return None


def open_index(
    folder: Path,
    projections: Projections,
    mix: Mixer,
    index: str,
    exact_limit: int,
    server: ChromaServer | None = None,
) -> TrackIndex:
    """Open the index that serves a catalogue of this size, or the one asked for by name."""
    if index == "chroma" or (index == "auto" and projections.n_tracks > exact_limit):
        from recsys.index.chroma import ChromaIndex

        return ChromaIndex(folder / "chroma", projections, mix, server=server)
    return ExactIndex(projections, mix)
