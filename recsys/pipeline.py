"""From a catalogue to a published generation: encode, synthesise, train, project, index. And back: open one to serve.

Every stage is resumable: killed at any moment and run again, the result is that of an undisturbed run, because each
stage either published its files atomically or starts again from the same seed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys import generations, learned
from recsys.catalogue import Catalogue
from recsys.embeddings import EmbeddingCache, EmbeddingTable, build_table
from recsys.encoders.text import TextEncoder
from recsys.errors import EmptyCatalogueError, RecsysError
from recsys.generations import Generation
from recsys.index.base import Projections
from recsys.jam import checkpoint
from recsys.jam.checkpoint import Checkpoint
from recsys.jam.joint import Joint
from recsys.jam.joint_model import JointSettings
from recsys.jam.score import Mixer, average_mix, cross_mix
from recsys.jam.train import TrainingSettings, fold_in_all, train
from recsys.learned import RequestData
from recsys.ranking import RankingWeights
from recsys.recommender import Recommender
from recsys.retrieval.lexical import LexicalIndex
from recsys.serving import open_index, write_served
from recsys.synthesis import synthesise
from recsys.translation import FoldedTranslation, LearnedTranslation
from recsys.types import FloatArray, Modality, Progress
from recsys.vocabulary import Vocabulary

#: Raised when the meaning of a generation's files changes, so that old ones are rebuilt.
SCHEMA = 1
#: A trained model serves a changed catalogue as long as it shares this part of its tracks with the one trained on.
REUSE_OVERLAP = 0.8
MIXERS: dict[str, Mixer] = {"cross": cross_mix, "average": average_mix}


@dataclass(frozen=True)
class BuildResult:
    """What a build did."""

    generation: Generation
    changed: bool  # False where the generation was there already
    trained: bool


def default_training(n_tracks: int, *, seed: int, steps: int | None, threads: int) -> TrainingSettings:
    """Size the training to the catalogue: either size takes well under a minute on two idle cores."""
    return TrainingSettings(steps=steps or (800 if n_tracks < 5_000 else 600), seed=seed, threads=threads)


def n_triples(n_tracks: int, steps: int) -> int:
    """How many training examples are synthesised for a catalogue and that many steps of training."""
    # Of a few dozen tracks, more than some twenty requests each only repeat one another; and what a short training
    # would never draw need not be encoded.
    return min(20 * n_tracks, 10 * steps, 6_000 if n_tracks < 5_000 else 12_000)


def build(
    home: Path,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    encoder: TextEncoder,
    training: TrainingSettings,
    *,
    retrain: bool = False,
    data: RequestData | None = None,
    joint: JointSettings | None = None,
    progress: Progress | None = None,
) -> BuildResult:
    """Make and publish the generation of a catalogue, unless it is there already.

    Args:
        home: the data folder.
        catalogue: what to index.
        vocabulary: the music vocabulary, for synthesis.
        encoder: the text encoder.
        training: how to train, when training is needed.
        retrain: train on this catalogue even if the model being served still fits it.
        data: real requests to learn the joint space from, in place of synthetic ones.
        joint: how it is learnt from them.
        progress: told about every stage.

    Raises:
        EmptyCatalogueError: there are no tracks.
        NoRequestsError: `data` holds no request for any track of the catalogue.
    """
    if not len(catalogue):
        raise EmptyCatalogueError
    if data is not None:
        return _build_learned(home, catalogue, encoder, data, joint or JointSettings(), training.seed, progress)
    with generations.writing(home):
        reused = None if retrain else _reusable(home, catalogue, encoder)
        model_id = reused.card["model_id"] if reused else _digest(catalogue.fingerprint, encoder.name, asdict(training))
        key = _digest(catalogue.content, encoder.name, model_id, SCHEMA)
        folder = home / "generations" / key
        if (folder / generations.MANIFEST).exists() and _opens(folder):
            changed = generations.current_key(home) != key
            return BuildResult(generations.publish(home, home / "none", key, {}), changed, trained=False)
        building = home / "generations" / f"{key}.building"
        building.mkdir(parents=True, exist_ok=True)
        tables, present = _embed(home, building, catalogue, encoder, progress)
        model = _model(
            home,
            building,
            catalogue,
            vocabulary,
            encoder,
            training,
            model_id,
            reused,
            tables,
            present,
            progress,
        )
        _project(building, catalogue, model, tables, present, training.threads, progress)
        manifest = {
            "key": key,
            "schema": SCHEMA,
            "n_tracks": len(catalogue),
            "encoder": encoder.name,
            "catalogue": catalogue.fingerprint,
            "model_id": model_id,
            "built_at": time.time(),
        }
        return BuildResult(generations.publish(home, building, key, manifest), changed=True, trained=reused is None)


def _build_learned(
    home: Path,
    catalogue: Catalogue,
    encoder: TextEncoder,
    data: RequestData,
    settings: JointSettings,
    seed: int,
    progress: Progress | None,
) -> BuildResult:
    """Make and publish the generation whose joint space is learnt from real requests."""
    with generations.writing(home):
        model_id = _digest(catalogue.fingerprint, encoder.name, learned.settings_digest(settings, data, seed))
        key = _digest(catalogue.content, encoder.name, model_id, SCHEMA)
        folder = home / "generations" / key
        if (folder / generations.MANIFEST).exists() and _opens(folder):
            changed = generations.current_key(home) != key
            return BuildResult(generations.publish(home, home / "none", key, {}), changed, trained=False)
        building = home / "generations" / f"{key}.building"
        building.mkdir(parents=True, exist_ok=True)
        cache = home / "cache" / "embeddings"
        joint = learned.learn(building, catalogue, encoder, data, settings, seed=seed, cache=cache, progress=progress)
        if progress:
            progress("project", 0, 0)
        served = joint.projections().with_constant(joint.constant)
        write_served(building, catalogue, served, settings.threads, progress)
        manifest = {
            "key": key,
            "schema": SCHEMA,
            "n_tracks": len(catalogue),
            "encoder": encoder.name,
            "catalogue": catalogue.fingerprint,
            "model_id": model_id,
            "data": data.path,
            "built_at": time.time(),
        }
        return BuildResult(generations.publish(home, building, key, manifest), changed=True, trained=True)


def open_recommender(
    home: Path,
    vocabulary: Vocabulary,
    encoder: TextEncoder,
    *,
    index: str = "auto",
    exact_limit: int = 100_000,
    half_life_days: float = 180.0,
    weights: RankingWeights | None = None,
) -> tuple[Recommender, Generation]:
    """Open the generation being served, ranking with `weights` where they are given.

    Raises:
        NotIndexedError: nothing is published yet.
        CatalogueMismatchError: the embedding tables belong to another catalogue or encoder.
    """
    generation = generations.current(home)
    folder = generation.folder
    catalogue = Catalogue.load(folder / "catalogue")
    if learned.is_learned(folder):
        served = open_index(folder, Projections.load(folder / "projections"), cross_mix, index, exact_limit)
        return Recommender(
            catalogue,
            vocabulary,
            encoder,
            LearnedTranslation(Joint.load(folder / learned.FOLDER), catalogue),
            np.load(folder / "vectors.npy", mmap_mode="r"),
            served,
            LexicalIndex.load(folder / "lexical"),
            half_life_days=half_life_days,
            weights=weights or learned.WEIGHTS,
        ), generation
    model = checkpoint.load(folder / "jam")
    tables = {m: EmbeddingTable.open(folder / "embeddings" / m.value, catalogue.fingerprint) for m in model.modalities}
    projections = Projections.load(folder / "projections")
    mix = MIXERS[model.mixer]
    served = open_index(folder, projections, mix, index, exact_limit)
    recommender = Recommender(
        catalogue,
        vocabulary,
        encoder,
        FoldedTranslation(
            model,
            {m: table.vectors for m, table in tables.items()},
            np.stack([table.present for table in tables.values()], axis=1),
        ),
        np.load(folder / "vectors.npy", mmap_mode="r"),
        served,
        LexicalIndex.load(folder / "lexical"),
        half_life_days=half_life_days,
        weights=weights,
    )
    return recommender, generation


def _opens(folder: Path) -> bool:
    """Tell whether the columns and vectors of a finished generation can be read; damaged ones are made again."""
    try:
        fingerprint = Catalogue.load(folder / "catalogue").fingerprint
        if learned.is_learned(folder):
            Joint.load(folder / learned.FOLDER)
            Projections.load(folder / "projections")
            return True
        for modality in checkpoint.load(folder / "jam").modalities:
            EmbeddingTable.open(folder / "embeddings" / modality.value, fingerprint)
    except (RecsysError, OSError):
        return False
    return True


def _reusable(home: Path, catalogue: Catalogue, encoder: TextEncoder) -> Checkpoint | None:
    """Return the served model if it was trained with this encoder on mostly these tracks."""
    if generations.current_key(home) is None:
        return None
    generation = generations.current(home)
    if learned.is_learned(generation.folder):
        return None
    if generation.manifest["encoder"] != encoder.name or generation.manifest["schema"] != SCHEMA:
        return None
    model = checkpoint.load(generation.folder / "jam")
    trained_on = set(json.loads((generation.folder / "jam" / "tracks.json").read_text(encoding="utf-8")))
    shared = len(trained_on.intersection(catalogue.track_ids))
    return model if shared >= REUSE_OVERLAP * max(len(catalogue), len(trained_on)) else None


def _embed(
    home: Path, building: Path, catalogue: Catalogue, encoder: TextEncoder, progress: Progress | None
) -> tuple[dict[Modality, FloatArray], np.ndarray[Any, np.dtype[np.bool_]]]:
    texts: dict[Modality, Sequence[str]] = {
        Modality.TEXT: [catalogue.text_of(row) for row in range(len(catalogue))],
        Modality.TAGS: [catalogue.tags_of(row) for row in range(len(catalogue))],
    }
    with EmbeddingCache(home / "cache" / "embeddings", encoder) as cache:
        tables = {
            m: build_table(building / "embeddings" / m.value, m, texts[m], cache, catalogue.fingerprint, progress)
            for m in texts
        }
    present = np.stack([table.present for table in tables.values()], axis=1)
    return {m: table.vectors for m, table in tables.items()}, present


def _model(
    home: Path,
    building: Path,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    encoder: TextEncoder,
    training: TrainingSettings,
    model_id: str,
    reused: Checkpoint | None,
    tables: dict[Modality, FloatArray],
    present: np.ndarray[Any, np.dtype[np.bool_]],
    progress: Progress | None,
) -> Checkpoint:
    folder = building / "jam"
    if (folder / checkpoint.CARD_FILE).exists():
        return checkpoint.load(folder)
    folder.mkdir(exist_ok=True)
    if reused is not None:
        source = generations.current(home).folder / "jam" / "tracks.json"
        (folder / "tracks.json").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        checkpoint.save(folder, reused.weights, reused.card)
        return checkpoint.load(folder)
    if progress:
        progress("synthesise", 0, 0)
    triples = synthesise(
        catalogue,
        vocabulary,
        n_triples(len(catalogue), training.steps),
        np.random.default_rng((training.seed, len(catalogue))),
    )
    with EmbeddingCache(home / "cache" / "embeddings", encoder) as cache:
        cache.ensure([t.text for t in triples], progress, "encoding requests")
        queries = cache.vectors([t.text for t in triples])
    weights, figures = train(triples, queries, tables, present, training, home / "training" / model_id, progress)
    users = fold_in_all(triples[:128], tables, present)
    card = {
        "model_id": model_id,
        "modalities": [m.value for m in tables],
        "mixer": training.mixer,
        "dim": training.dim,
        "encoder": encoder.name,
        "catalogue": catalogue.fingerprint,
        "settings": asdict(training),
        "trained_at": time.time(),
        **figures,
    }
    fitted = Checkpoint(weights, card)
    card["score_scale"] = _score_scale(fitted, queries[:128], users, tables, present)
    (folder / "tracks.json").write_text(json.dumps(catalogue.track_ids), encoding="utf-8")
    checkpoint.save(folder, weights, card)
    return checkpoint.load(folder)


def _score_scale(
    model: Checkpoint,
    queries: FloatArray,
    users: FloatArray,
    tables: dict[Modality, FloatArray],
    present: np.ndarray[Any, np.dtype[np.bool_]],
) -> float:
    """Measure how far scores of one request spread over the catalogue: the mean standard deviation."""
    rows = np.unique(np.linspace(0, len(present) - 1, min(len(present), 4000)).astype(np.int64))
    points = model.project("query", queries) + model.project("user", users)
    keys = model.project("mixer_query", queries)
    item = np.stack([points @ model.project(f"item.{m}", np.asarray(t[rows])).T for m, t in tables.items()], axis=-1)
    logits = np.stack(
        [keys @ model.project(f"mixer_key.{m}", np.asarray(t[rows])).T for m, t in tables.items()], axis=-1
    )
    mix = MIXERS[model.mixer]
    spreads = [
        float(np.std((mix(logit / np.sqrt(model.card["dim"]), present[rows]) * similarity).sum(axis=1)))
        for logit, similarity in zip(logits, item, strict=True)
    ]
    return max(float(np.mean(spreads)), 1e-6)


def _project(
    building: Path,
    catalogue: Catalogue,
    model: Checkpoint,
    tables: dict[Modality, FloatArray],
    present: np.ndarray[Any, np.dtype[np.bool_]],
    threads: int,
    progress: Progress | None,
) -> None:
    """Project every track once, and write what serving reads."""

    def mapped(layer: str, column: int, table: FloatArray) -> FloatArray:
        vectors = model.project(layer, np.asarray(table, dtype=np.float32))
        vectors[~present[:, column]] = 0
        return np.ascontiguousarray(vectors, dtype=np.float32)

    if progress:
        progress("project", 0, 0)
    item = {m: mapped(f"item.{m}", c, t) for c, (m, t) in enumerate(tables.items())}
    keys = {m: mapped(f"mixer_key.{m}", c, t) for c, (m, t) in enumerate(tables.items())}
    write_served(building, catalogue, Projections(item, keys, present), threads, progress)


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
