"""A hundred thousand tracks in a joint space that was trained as the product trains.

The tracks of `spotify-songs`, `hits` and `cpcd`, about 74,000, are embedded as `segue index` does (text, tags) with a
third space as `segue embeddings add` brings one in (`audio`: energy, valence, danceability, acousticness,
instrumentalness and tempo where they are known, standardised, as unit rows). JAM is trained on requests synthesised
from them. Then the tables are filled up to the size asked for: an added track's input is, modality by modality, the
unit sum of two real tracks' inputs, weighted between .3 and .7. The requests to serve are synthesised from another seed
than training's; many come from listeners with a history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from evals.errors import EvaluationDataError
from recsys.catalogue import Catalogue
from recsys.embeddings import EmbeddingCache
from recsys.encoders.text import TextEncoder
from recsys.fitting import n_triples
from recsys.index.base import JointPoint, Projections
from recsys.jam.checkpoint import Checkpoint
from recsys.jam.train import train
from recsys.listeners import fold_in
from recsys.pipeline import default_training
from recsys.sources import read_source
from recsys.synthesis import Triple, synthesise
from recsys.types import BoolArray, Collection, FloatArray, Modality, Progress, Track
from recsys.vocabulary import load_vocabulary

SOURCES = ("spotify-songs/spotify_songs.csv.gz", "hits/tracks.csv.gz", "cpcd/tracks.jsonl")
AUDIO = Modality("audio")
_FEATURES = ("energy", "valence", "danceability", "acousticness", "instrumentalness", "tempo_bpm")


@dataclass(frozen=True)
class Space:
    """Tracks projected by a trained model, and requests translated by it."""

    projections: Projections
    points: tuple[JointPoint, ...]
    n_real: int  # the first rows are real tracks


def read_catalogue(folder: Path, progress: Progress | None = None) -> Catalogue:
    """Read the three catalogues as one; a track that several have is taken from the first.

    Raises:
        EvaluationDataError: one is not there.
    """
    tracks: dict[str, Track] = {}
    collections: list[Collection] = []
    for name in SOURCES:
        if not (folder / name).is_file():
            raise EvaluationDataError(f"{folder} has no {name}; give --data a folder that holds {', '.join(SOURCES)}")
        content = read_source(folder / name, progress=progress)
        tracks = {track.track_id: track for track in content.tracks} | tracks
        collections += content.collections
    return Catalogue.from_tracks(list(tracks.values()), collections)


def build_space(
    catalogue: Catalogue,
    n_tracks: int,
    n_points: int,
    *,
    seed: int,
    threads: int,
    encoder: TextEncoder,
    home: Path,
    steps: int | None = None,
    progress: Progress | None = None,
) -> Space:
    """Embed, train, fill up and project.

    Args:
        catalogue: the real tracks.
        n_tracks: how many there are to be; all real ones stay.
        n_points: requests.
        seed: of training, mixtures and requests.
        threads: of training.
        encoder: of texts.
        home: holds the cache of encoded texts.
        steps: of training; by the catalogue's size where None.
        progress: told about every stage.
    """
    vocabulary = load_vocabulary()
    settings = default_training(len(catalogue), seed=seed, steps=steps, threads=threads)
    rng = np.random.default_rng((seed, len(catalogue)))
    triples = synthesise(catalogue, vocabulary, n_triples(len(catalogue), settings.steps), rng)
    asked = synthesise(catalogue, vocabulary, n_points, np.random.default_rng((seed, 1)))
    with EmbeddingCache(home / "cache" / "embeddings", encoder) as cache:

        def encoded(texts: list[str]) -> FloatArray:
            return cache.vectors(texts, progress)

        tables = {
            Modality.TEXT: encoded([catalogue.text_of(row) for row in range(len(catalogue))]),
            Modality.TAGS: encoded([catalogue.tags_of(row) for row in range(len(catalogue))]),
            AUDIO: _audio(catalogue),
        }
        stated = [bool(catalogue.tags_of(row)) for row in range(len(catalogue))]
        tables[Modality.TAGS] = tables[Modality.TAGS] * np.array(stated)[:, None].astype(np.float32)
        learnt, requests = encoded([one.text for one in triples]), encoded([one.text for one in asked])
    present = np.stack([table.any(axis=1) for table in tables.values()], axis=1)
    weights, _ = train(triples, learnt, tables, present, settings, home / "training", progress)
    card = {"modalities": [m.value for m in tables], "mixer": settings.mixer, "settings": asdict(settings)}
    model = Checkpoint(weights, card)
    points = tuple(_point(model, one, vector, tables, present) for one, vector in zip(asked, requests, strict=True))
    filled = _filled(tables, max(n_tracks, len(catalogue)), np.random.default_rng((seed, 2)))
    return Space(_projected(model, filled), points, len(catalogue))


def _audio(catalogue: Catalogue) -> FloatArray:
    """The audio features as unit rows (N, 6), zero where one is unknown."""
    features = np.stack([catalogue.numeric[name] for name in _FEATURES], axis=1).astype(np.float64)
    known = np.isfinite(features).all(axis=1)
    table = np.zeros(features.shape, np.float32)
    if known.any():
        centred = features[known] - features[known].mean(axis=0)
        standard = centred / np.maximum(features[known].std(axis=0), 1e-9)
        table[known] = standard / np.maximum(np.linalg.norm(standard, axis=1, keepdims=True), 1e-9)
    return table


def _filled(
    tables: Mapping[Modality, FloatArray], n_tracks: int, rng: np.random.Generator
) -> dict[Modality, FloatArray]:
    """Add mixtures of two tracks' inputs to tables (N, D_m), until there are n_tracks rows."""
    n_real = len(next(iter(tables.values())))
    first, second = rng.integers(n_real, size=(2, n_tracks - n_real))
    share = rng.uniform(0.3, 0.7, n_tracks - n_real).astype(np.float32)[:, None]
    filled = {}
    for modality, table in tables.items():
        mixed = share * table[first] + (1 - share) * table[second]
        norms = np.linalg.norm(mixed, axis=1, keepdims=True)
        filled[modality] = np.concatenate([table, mixed / np.where(norms > 0, norms, 1)]).astype(np.float32)
    return filled


def _projected(model: Checkpoint, tables: Mapping[Modality, FloatArray]) -> Projections:
    present = np.stack([table.any(axis=1) for table in tables.values()], axis=1)

    def mapped(layer: str, column: int, table: FloatArray) -> FloatArray:
        vectors = np.ascontiguousarray(model.project(layer, table), dtype=np.float32)
        vectors[~present[:, column]] = 0
        return vectors

    item = {m: mapped(f"item.{m}", column, table) for column, (m, table) in enumerate(tables.items())}
    keys = {m: mapped(f"mixer_key.{m}", column, table) for column, (m, table) in enumerate(tables.items())}
    return Projections(item, keys, present)


def _point(
    model: Checkpoint, asked: Triple, vector: FloatArray, tables: Mapping[Modality, FloatArray], present: BoolArray
) -> JointPoint:
    ones = np.ones(len(asked.history), np.float32)
    raw = fold_in(asked.history, ones, tables, present) if len(asked.history) else None
    query = model.project("query", vector).astype(np.float32)
    user = np.zeros_like(query) if raw is None else model.project("user", raw).astype(np.float32)
    return JointPoint(user, query, model.project("mixer_query", vector).astype(np.float32))
