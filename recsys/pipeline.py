"""From a catalogue to a published generation: encode, synthesise, train, project, index. And back: open one to serve.

Every stage is resumable: killed at any moment and run again, the result is that of an undisturbed run, because each
stage either published its files atomically or starts again from the same seed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys import generations, learned
from recsys.appeal.predicting import open_appeal
from recsys.catalogue import Catalogue
from recsys.conversation_ranking import FULL_WEIGHT, ConversationRanking, undescribed
from recsys.embeddings import EmbeddingTable
from recsys.encoders.remembering import RememberingEncoder
from recsys.encoders.text import TextEncoder
from recsys.errors import EmptyCatalogueError, RecsysError
from recsys.fitting import MIXERS, Histories, fit, plan_all, plan_only, project
from recsys.generations import Generation
from recsys.index.base import Projections
from recsys.inputs import read_inputs
from recsys.jam import checkpoint
from recsys.jam.joint import Joint
from recsys.jam.joint_model import JointSettings
from recsys.jam.score import cross_mix
from recsys.jam.train import TrainingSettings
from recsys.learned import RequestData
from recsys.lyrics.passages import open_passages
from recsys.own_following import open_following
from recsys.predicted import predicted_rows
from recsys.ranking import RankingWeights
from recsys.recommender import Recommender
from recsys.retrieval.lexical import LexicalIndex
from recsys.serving import open_continuing, open_index, write_continuing, write_served
from recsys.serving_conversations import load_ranker, open_conversing, write_conversing
from recsys.spaces import own_vectors, track_spaces
from recsys.synthesis import Triple
from recsys.translation import FoldedTranslation, LearnedTranslation, Translation
from recsys.types import FloatArray, Modality, Progress
from recsys.vocabulary import Vocabulary

if TYPE_CHECKING:
    from recsys.index.chroma_server import ChromaServer
    from recsys.jam.helpers import Helpers

#: Raised when the meaning of a generation's files changes, so that old ones are rebuilt.
SCHEMA = 2
#: Share of bare names below which conversations are not read: what was learnt would weigh next to nothing.
_WORTH_READING = 0.05


@dataclass(frozen=True)
class BuildResult:
    """What a build did."""

    generation: Generation
    changed: bool  # False where the generation was there already
    trained: bool
    fit_s: float = 0.0  # seconds that fitting the model took, examples included


def default_training(n_tracks: int, *, seed: int, steps: int | None, threads: int) -> TrainingSettings:
    """Size the training to the catalogue: either size takes well under a minute on two idle cores."""
    return TrainingSettings(steps=steps or (800 if n_tracks < 5_000 else 600), seed=seed, threads=threads)


def build(
    home: Path,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    encoder: TextEncoder,
    training: TrainingSettings,
    *,
    retrain: bool = False,
    only: str = "",
    histories: Histories | None = None,
    data: RequestData | None = None,
    joint: JointSettings | None = None,
    helpers: Helpers | None = None,
    own: Sequence[Triple] = (),
    predict: bool = False,
    appeal: bool = False,
    accept: Callable[[Path], bool] | None = None,
    server: ChromaServer | None = None,
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
        only: fit only this space to the model being served.
        histories: what listeners with a vector of their own like, where such vectors are to be learnt from.
        data: real requests to learn the joint space from, in place of synthetic ones.
        joint: how it is learnt from them.
        helpers: other processes that learn it with this one.
        own: examples made of use, to learn from beside synthetic ones; with `retrain`.
        predict: give tracks that a collaborative space lacks the vectors that their content makes likely.
        appeal: keep what is predicted of its tracks, so that opening it computes nothing.
        accept: asked about the finished folder before it is published; where it says no, what was served goes on.
        server: keeps the vectors in place of the data folder.
        progress: told about every stage.

    Raises:
        EmptyCatalogueError: there are no tracks.
        ChromaServerError: the server cannot be reached; what was served goes on.
        NoRequestsError: `data` holds no request for any track of the catalogue.
        UnknownSpaceError: there is no space called `only`.
        CannotFitOnlyError: it cannot be fitted to the model being served.
    """
    if not len(catalogue):
        raise EmptyCatalogueError
    if data is not None:
        settings = joint or JointSettings(threads=training.threads)
        return _build_learned(
            home, catalogue, vocabulary, encoder, data, settings, training.seed, helpers, server, progress
        )
    with generations.writing(home):
        if only:
            plan = plan_only(home, catalogue, encoder, training, SCHEMA, histories, only, predict=predict)
        else:
            plan = plan_all(
                home, catalogue, encoder, training, SCHEMA, histories, own, retrain=retrain, predict=predict
            )
        model_id = plan.reused.card["model_id"] if plan.reused else _digest(*plan.identity)
        where = [server.url] if server else []
        made = [*([plan.grown] if plan.grown else []), *([{"predicted": plan.predicted}] if plan.predicted else [])]
        key = _digest(catalogue.content, encoder.name, model_id, SCHEMA, *where, *made)
        folder = home / "generations" / key
        if (folder / generations.MANIFEST).exists() and _opens(folder, server):
            changed = generations.current_key(home) != key
            if changed and accept is not None and not accept(folder):
                return BuildResult(generations.current(home), changed=False, trained=False)
            return BuildResult(generations.publish(home, home / "none", key, {}), changed, trained=False)
        building = home / "generations" / f"{key}.building"
        building.mkdir(parents=True, exist_ok=True)
        inputs = read_inputs(home, building, catalogue, encoder, plan, progress)
        began = time.perf_counter()
        model = fit(home, building, catalogue, vocabulary, encoder, plan, model_id, inputs, progress)
        fit_s = time.perf_counter() - began
        if progress:
            progress("project", 0, 0)
        write_served(building, catalogue, project(model, inputs), training.threads, progress, server)
        write_conversing(building, catalogue, vocabulary, encoder)
        write_continuing(building, catalogue, training.seed, training.threads, progress)
        if accept is not None and not accept(building):
            generations.discard(building)
            return BuildResult(generations.current(home), changed=False, trained=True, fit_s=fit_s)
        manifest = {
            "key": key,
            "schema": SCHEMA,
            "n_tracks": len(catalogue),
            "encoder": encoder.name,
            "catalogue": catalogue.fingerprint,
            "model_id": model_id,
            "built_at": time.time(),
        }
        if appeal:
            tables = {
                m: EmbeddingTable.open(building / "embeddings" / m.value, catalogue.fingerprint)
                for m in model.modalities
            }
            open_appeal(home, catalogue, tables, encoder.name)
        published = generations.publish(home, building, key, manifest)
        return BuildResult(published, changed=True, trained=plan.reused is None, fit_s=fit_s)


def _build_learned(
    home: Path,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    encoder: TextEncoder,
    data: RequestData,
    settings: JointSettings,
    seed: int,
    helpers: Helpers | None,
    server: ChromaServer | None,
    progress: Progress | None,
) -> BuildResult:
    """Make and publish the generation whose joint space is learnt from real requests."""
    with generations.writing(home):
        spaces = track_spaces(home, catalogue.track_ids)
        decides = [catalogue.fingerprint, encoder.name, learned.settings_digest(settings, data, seed)]
        told = [one for one in (spaces.fingerprints, spaces.contents) if one]
        model_id = _digest(*decides, *told)
        key = _digest(catalogue.content, encoder.name, model_id, SCHEMA, *([server.url] if server else []))
        folder = home / "generations" / key
        if (folder / generations.MANIFEST).exists() and _opens(folder, server):
            changed = generations.current_key(home) != key
            return BuildResult(generations.publish(home, home / "none", key, {}), changed, trained=False)
        building = home / "generations" / f"{key}.building"
        building.mkdir(parents=True, exist_ok=True)
        cache = home / "cache" / "embeddings"
        began = time.perf_counter()
        joint = learned.learn(
            building,
            catalogue,
            encoder,
            data,
            settings,
            seed=seed,
            cache=cache,
            state=home / "training" / learned.FOLDER,
            spaces=spaces,
            helpers=helpers,
            progress=progress,
        )
        fit_s = time.perf_counter() - began
        if progress:
            progress("project", 0, 0)
        served = joint.projections().with_constant(joint.constant)
        write_served(building, catalogue, served, settings.threads, progress, server)
        write_conversing(building, catalogue, vocabulary, encoder)
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
        return BuildResult(generations.publish(home, building, key, manifest), changed=True, trained=True, fit_s=fit_s)


def open_recommender(
    home: Path,
    vocabulary: Vocabulary,
    encoder: TextEncoder,
    *,
    index: str = "auto",
    exact_limit: int = 100_000,
    half_life_days: float = 180.0,
    weights: RankingWeights | None = None,
    candidate: Path | None = None,
    ranker: str = "auto",
    server: ChromaServer | None = None,
    appeal: bool = True,
) -> tuple[Recommender, Generation]:
    """Open the generation being served, or a finished folder that is not, ranking with `weights` where they are given.

    With `ranker` "none", how a session went is not learnt from: what was set by hand ranks alone. Without `appeal`,
    what is predicted of tracks takes no part.

    Raises:
        NotIndexedError: nothing is published yet.
        CatalogueMismatchError: the embedding tables belong to another catalogue or encoder.
        ChromaServerError: the vectors are on a server that cannot be reached.
    """
    generation = generations.current(home) if candidate is None else Generation(candidate.name, candidate, {})
    folder = generation.folder
    catalogue = Catalogue.load(folder / "catalogue")
    lexical = LexicalIndex.load(folder / "lexical")
    encoder = RememberingEncoder(encoder)
    tables: dict[Modality, EmbeddingTable] = {}
    if learned.is_learned(folder):
        joint = learned.open_joint(folder, catalogue, encoder)
        served = open_index(folder, Projections.load(folder / "projections"), cross_mix, index, exact_limit, server)
        translation: Translation = LearnedTranslation(joint, catalogue)
        weights = weights or learned.WEIGHTS
    else:
        model = checkpoint.load(folder / "jam")
        tables = {
            m: EmbeddingTable.open(folder / "embeddings" / m.value, catalogue.fingerprint) for m in model.modalities
        }
        projections = Projections.load(folder / "projections")
        served = open_index(folder, projections, MIXERS[model.mixer], index, exact_limit, server)
        translation = FoldedTranslation(
            model,
            {m: table.vectors for m, table in tables.items()},
            np.stack([table.present for table in tables.values()], axis=1),
            own_vectors(home, model.card),
        )
    if appeal:
        catalogue.appeal = open_appeal(home, catalogue, tables, encoder.name)
    recommender = Recommender(
        catalogue,
        vocabulary,
        encoder,
        translation,
        np.load(folder / "vectors.npy", mmap_mode="r"),
        served,
        lexical,
        half_life_days=half_life_days,
        weights=weights,
        continuing=open_continuing(folder, catalogue, translation.names),
        following=open_following(home, catalogue),
        passages=open_passages(home, catalogue.track_ids, encoder.name),
        predicted=predicted_rows(folder, len(catalogue)),
        conversations=None
        if ranker == "none"
        else _conversations(home, folder, catalogue, vocabulary, encoder, lexical, translation.names),
    )
    return recommender, generation


def _conversations(
    home: Path,
    folder: Path,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    encoder: TextEncoder,
    lexical: LexicalIndex,
    names: FloatArray | None,
) -> ConversationRanking | None:
    """What ranks by how a session went; nothing where a catalogue describes its tracks, or has no vectors."""
    share = undescribed(catalogue)
    if names is None or names.shape[1] != encoder.dim or share < _WORTH_READING:
        return None
    opened = partial(open_conversing, folder, catalogue, vocabulary, encoder, lexical, names)
    return ConversationRanking(opened, load_ranker(home), FULL_WEIGHT * share)


def _opens(folder: Path, server: ChromaServer | None) -> bool:
    """Tell whether the columns and vectors of a finished generation can be read; damaged ones are made again."""
    if server is not None and not server.holds(folder / "chroma"):
        return False
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


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
