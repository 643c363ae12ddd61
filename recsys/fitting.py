"""Fitting the model of a generation: which spaces it mixes, what it learns from, and what it then projects.

A model is fitted in one of three ways: *anew*, on everything that is stored; *reused*, where the one being served still
fits the catalogue and the spaces; or *only* one space, whose maps join a served model that otherwise stays as it is.

Shapes: N tracks, M modalities, D_m width of modality m, T triples.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from recsys import generations, learned, predicted, usage
from recsys.catalogue import Catalogue
from recsys.embeddings import EmbeddingCache
from recsys.encoders.text import TextEncoder
from recsys.errors import RecsysError
from recsys.generations import Generation
from recsys.index.base import Projections
from recsys.inputs import Inputs
from recsys.jam import checkpoint
from recsys.jam.checkpoint import Checkpoint
from recsys.jam.score import Mixer, average_mix, cross_mix
from recsys.jam.train import TrainingSettings, fold_in_all, train
from recsys.spaces import LISTENERS, TRACKS, SpaceCard, UnknownSpaceError, cards, grown, open_space
from recsys.synthesis import Triple, from_histories, synthesise
from recsys.types import BoolArray, FloatArray, IntArray, Modality, Progress
from recsys.vocabulary import Vocabulary
from recsys.walks import triples_of, walk_dialogues

#: A trained model serves a changed catalogue as long as it shares this part of its tracks with the one trained on.
REUSE_OVERLAP = 0.8
MIXERS: dict[str, Mixer] = {"cross": cross_mix, "average": average_mix}
#: Listeners with a vector of their own whose histories are learnt from at most, and the examples each gives.
MAX_LISTENERS, EXAMPLES_EACH = 2_000, 8
#: Turns that a made conversation has on average at the least.
_FEWEST_TURNS = 4

#: Returns the rows of the catalogue that speak for each of some listeners, by listener id.
Histories = Callable[[Sequence[str], Catalogue], Mapping[str, IntArray]]


class CannotFitOnlyError(RecsysError, ValueError):
    """A space cannot be fitted to the model being served."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"cannot fit only {name!r}: {problem}; run `segue train`, which fits everything anew")
        self.name, self.problem = name, problem


@dataclass(frozen=True)
class Plan:
    """How a generation gets its model, decided before anything is computed."""

    spaces: Mapping[str, str]  # name → fingerprint of those that the model is to use
    identity: Sequence[Any]  # all that decides the model, where it is fitted
    settings: TrainingSettings
    histories: Mapping[str, IntArray]  # of listeners with a vector of their own
    taught: Sequence[Triple] = ()  # examples made of use
    reused: Checkpoint | None = None
    base: Checkpoint | None = None
    only: str = ""
    grown: Mapping[str, str] = field(default_factory=dict)  # content of the spaces that Segue goes on making
    predicted: Mapping[str, str] = field(default_factory=dict)  # spaces that get vectors for tracks they lack, and how


def n_triples(n_tracks: int, steps: int) -> int:
    """How many training examples are synthesised for a catalogue and that many steps of training."""
    # Of a few dozen tracks, more than some twenty requests each only repeat one another; and what a short training
    # would never draw need not be encoded.
    return min(20 * n_tracks, 10 * steps, 6_000 if n_tracks < 5_000 else 12_000)


def plan_all(
    home: Path,
    catalogue: Catalogue,
    encoder: TextEncoder,
    settings: TrainingSettings,
    schema: int,
    histories: Histories | None,
    taught: Sequence[Triple],
    *,
    retrain: bool,
    predict: bool = False,
) -> Plan:
    """Plan a model of everything that is stored: the one being served if it fits, else a new one.

    With `predict`, tracks that a collaborative space lacks get vectors of their content.
    """
    stored = cards(home)
    spaces, contents = {card.name: card.fingerprint for card in stored}, grown(stored)
    missing = _missing(home, stored, catalogue) if predict else {}
    served = None if retrain else _served(home, encoder, schema)
    if (
        served is not None
        and _fits(served[0], catalogue)
        and served[1].card.get("spaces", {}) == spaces
        # What a predicted vector is worth must have been learnt: to a model that took all for true they do harm.
        and set(missing) <= set(served[1].card.get("predicted", ()))
        and (predict or not served[1].card.get("predicted"))
        # A space that had no row for any track may have some by now.
        and all(
            card.of == LISTENERS
            or card.name in served[1].card["modalities"]
            or not open_space(home, card.name).knows_any(catalogue.track_ids)
            for card in stored
        )
    ):
        return Plan(spaces, (), settings, {}, reused=served[1], grown=contents, predicted=missing)
    told = _histories(home, [card.name for card in stored if card.of == LISTENERS], catalogue, histories)
    decides = asdict(settings)
    if not spaces:
        del decides["modality_dropout"]  # which text and tags alone know nothing of
    identity: list[Any] = [catalogue.fingerprint, encoder.name, decides]
    if spaces:
        identity += [spaces, {listener: rows.tolist() for listener, rows in told.items()}]
    if contents:
        identity.append(contents)
    if taught:
        identity.append(usage.digest(taught))
    if missing:
        identity.append({"predicted": missing})
    return Plan(spaces, identity, settings, told, taught, grown=contents, predicted=missing)


def plan_only(
    home: Path,
    catalogue: Catalogue,
    encoder: TextEncoder,
    settings: TrainingSettings,
    schema: int,
    histories: Histories | None,
    only: str,
    *,
    predict: bool = False,
) -> Plan:
    """Plan to fit one space to the model being served.

    With `predict`, tracks that a collaborative space lacks get vectors of their content.

    Raises:
        UnknownSpaceError: nothing is stored under that name.
        CannotFitOnlyError: the model being served cannot take it.
    """
    stored = {card.name: card for card in cards(home)}
    if only not in stored:
        raise UnknownSpaceError(only, stored)
    served = _served(home, encoder, schema)
    if served is None:
        raise CannotFitOnlyError(only, "no model trained with this encoder on synthetic listeners is being served")
    generation, base = served
    if not _fits(generation, catalogue):
        raise CannotFitOnlyError(only, "the model being served was trained on too different a catalogue")
    spaces = {only: stored[only].fingerprint}
    for name, fingerprint in base.card.get("spaces", {}).items():
        if name == only or name not in stored or name not in base.columns:
            continue  # fitted anew; or gone, and then its part of the model goes too; or of no use when it was trained
        if stored[name].fingerprint != fingerprint:
            raise CannotFitOnlyError(only, f"space {name!r} has been replaced since the model was trained")
        spaces[name] = fingerprint
    if stored[only].of == TRACKS and not open_space(home, only).knows_any(catalogue.track_ids):
        raise CannotFitOnlyError(only, "it has a row for none of the tracks being served")
    # The examples are those that the model was trained on, so that those held out were held out then.
    trained = TrainingSettings(**base.card["settings"])
    settings = replace(trained, steps=settings.steps, threads=settings.threads)
    told = _histories(home, [name for name in spaces if stored[name].of == LISTENERS], catalogue, histories)
    # A space that was the last to be fitted is fitted again to what was there before it.
    began = base.card["base"] if base.card.get("only") == only else base.card["model_id"]
    identity = [began, only, spaces, asdict(settings), {one: rows.tolist() for one, rows in told.items()}]
    contents = grown(stored.values())
    if contents:
        identity.append(contents)
    told_of = {only, *base.card.get("predicted", ())}  # what a predicted vector is worth must be, or have been, learnt
    missing = _missing(home, [stored[name] for name in spaces if name in told_of], catalogue) if predict else {}
    if missing:
        identity.append({"predicted": missing})
    return Plan(spaces, identity, settings, told, base=base, only=only, grown=contents, predicted=missing)


def fit(
    home: Path,
    building: Path,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    encoder: TextEncoder,
    plan: Plan,
    model_id: str,
    inputs: Inputs,
    progress: Progress | None,
) -> Checkpoint:
    """Fit the planned model, or take the one that is to be used again or that an interrupted run left."""
    folder = building / "jam"
    if (folder / checkpoint.CARD_FILE).exists():
        return checkpoint.load(folder)
    folder.mkdir(exist_ok=True)
    if plan.reused is not None:
        _copy_trained_on(home, folder)
        checkpoint.save(folder, plan.reused.weights, plan.reused.card)
        return checkpoint.load(folder)
    tables, present = inputs.tables, inputs.present
    triples, queries, n_held_out = _examples(
        home, catalogue, vocabulary, encoder, plan, tables[Modality.TEXT], progress
    )
    own = {name: space.rows([t.listener_id for t in triples])[0] for name, space in inputs.own.items()}
    weights, figures = train(
        triples,
        queries,
        tables,
        present,
        plan.settings,
        home / "training" / model_id,
        progress,
        n_held_out=n_held_out,
        own=own,
        base=plan.base,
        only=plan.only,
        stand_ins=inputs.stand_ins,
    )
    users = np.hstack([fold_in_all(triples[:128], tables, present), *(vectors[:128] for vectors in own.values())])
    widths = [(m.value, table.shape[1]) for m, table in tables.items()]
    card = {
        "model_id": model_id,
        "modalities": [m.value for m in tables],
        "columns": widths + [(name, vectors.shape[1]) for name, vectors in own.items()],
        "listeners": list(own),
        "spaces": dict(plan.spaces),
        "mixer": plan.settings.mixer,
        "dim": plan.settings.dim,
        "encoder": encoder.name,
        "catalogue": catalogue.fingerprint,
        "settings": asdict(plan.settings),
        "n_own": len(plan.taught),
        "trained_at": time.time(),
        **figures,
    }
    if plan.predicted:
        # Where nothing could be predicted, none was shown: what one is worth has not been learnt.
        shown = {modality.value for modality in inputs.stand_ins}
        if plan.base is not None:
            before = plan.base.card
            shown |= set(before.get("shown", before.get("predicted", ()))) & set(plan.spaces) - {plan.only}
        card |= {"predicted": sorted(plan.predicted), "shown": sorted(shown)}
    if plan.base is not None:
        card |= {"only": plan.only, "base": plan.identity[0], "settings": plan.base.card["settings"]}
        card |= {"only_steps": plan.settings.steps, "n_own": plan.base.card.get("n_own", 0)}
    fitted = Checkpoint(weights, card)
    card["score_scale"] = _score_scale(fitted, queries[:128], users, tables, present)
    if plan.base is not None:
        _copy_trained_on(home, folder)
    else:
        (folder / "tracks.json").write_text(json.dumps(catalogue.track_ids), encoding="utf-8")
    checkpoint.save(folder, weights, card)
    return checkpoint.load(folder)


def project(model: Checkpoint, inputs: Inputs) -> Projections:
    """Project every track once."""

    def mapped(layer: str, column: int, table: FloatArray) -> FloatArray:
        vectors = model.project(layer, np.asarray(table, dtype=np.float32))
        vectors[~inputs.present[:, column]] = 0
        return np.ascontiguousarray(vectors, dtype=np.float32)

    item = {m: mapped(f"item.{m}", c, t) for c, (m, t) in enumerate(inputs.tables.items())}
    keys = {m: mapped(f"mixer_key.{m}", c, t) for c, (m, t) in enumerate(inputs.tables.items())}
    return Projections(item, keys, inputs.present)


def _served(home: Path, encoder: TextEncoder, schema: int) -> tuple[Generation, Checkpoint] | None:
    """The model being served, if it was trained with this encoder on synthetic listeners."""
    if generations.current_key(home) is None:
        return None
    generation = generations.current(home)
    if learned.is_learned(generation.folder):
        return None
    if generation.manifest["encoder"] != encoder.name or generation.manifest["schema"] != schema:
        return None
    return generation, checkpoint.load(generation.folder / "jam")


def _fits(generation: Generation, catalogue: Catalogue) -> bool:
    """Tell whether a generation's model was trained on mostly these tracks."""
    trained_on = set(json.loads((generation.folder / "jam" / "tracks.json").read_text(encoding="utf-8")))
    shared = len(trained_on.intersection(catalogue.track_ids))
    return shared >= REUSE_OVERLAP * max(len(catalogue), len(trained_on))


def _copy_trained_on(home: Path, folder: Path) -> None:
    source = generations.current(home).folder / "jam" / "tracks.json"
    (folder / "tracks.json").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")


def _missing(home: Path, stored: Sequence[SpaceCard], catalogue: Catalogue) -> dict[str, str]:
    return predicted.to_predict(home, [card for card in stored if card.of == TRACKS], catalogue.track_ids)


def _histories(
    home: Path, names: Sequence[str], catalogue: Catalogue, histories: Histories | None
) -> Mapping[str, IntArray]:
    if not names or histories is None:
        return {}
    ids = sorted({one for name in names for one in open_space(home, name).ids if one})
    if len(ids) > MAX_LISTENERS:
        ids = sorted(np.random.default_rng(0).choice(ids, MAX_LISTENERS, replace=False).tolist())
    return histories(ids, catalogue)


def _examples(
    home: Path,
    catalogue: Catalogue,
    vocabulary: Vocabulary,
    encoder: TextEncoder,
    plan: Plan,
    texts: FloatArray,
    progress: Progress | None,
) -> tuple[list[Triple], FloatArray, int]:
    """Make the triples, encode their requests (T, D), and say how many at the end are held out.

    `texts` (N, D) are the tracks' text vectors.
    """
    if progress:
        progress("synthesise", 0, 0)
    seed = plan.settings.seed
    base = plan.base
    steps = plan.settings.steps if base is None else int(base.card["settings"]["steps"])
    triples = synthesise(
        catalogue,
        vocabulary,
        n_triples(len(catalogue), steps),
        np.random.default_rng((seed, len(catalogue))),
        tidy_names=plan.settings.tidy_names,
    )
    n_held_out = len(triples) // 10
    # Whatever comes beside the synthetic ones, these stay on the side that they are on.
    learnt, held_out = triples[: len(triples) - n_held_out], triples[len(triples) - n_held_out :]
    learnt += usage.repeated(plan.taught, len(triples))
    if share := plan.settings.dialogue_share:
        n = round(len(learnt) * share / (1 - share))
        rng = np.random.default_rng((seed, len(catalogue), n))
        learnt += triples_of(walk_dialogues(catalogue, -(-n // _FEWEST_TURNS), rng, vectors=texts), catalogue)[:n]
    if plan.histories:
        rng = np.random.default_rng((seed, len(catalogue), len(plan.histories)))
        real = from_histories(catalogue, vocabulary, plan.histories, EXAMPLES_EACH, rng)
        people = rng.permutation(sorted({t.listener_id for t in real})).tolist()
        # Whole listeners are held out: what a vector means must be seen from those it was not learnt from.
        apart = set(people[: -(-len(people) // 10)] if len(people) > 1 else [])
        kept, held = [t for t in real if t.listener_id not in apart], [t for t in real if t.listener_id in apart]
        learnt, held_out = learnt + kept, held_out + held
    triples = learnt + held_out
    # What listeners wrote is encoded here and now: a cache would hold its vectors when they are long forgotten.
    own = sorted({t.text for t in plan.taught})
    row_of = {text: row for row, text in enumerate(own)}
    theirs = encoder.encode(own)
    queries = np.zeros((len(triples), encoder.dim), dtype=np.float32)
    made = [row for row, t in enumerate(triples) if t.text not in row_of]
    with EmbeddingCache(home / "cache" / "embeddings", encoder) as cache:
        cache.ensure([triples[row].text for row in made], progress, "encoding requests")
        queries[made] = cache.vectors([triples[row].text for row in made])
    for row, triple in enumerate(triples):
        if triple.text in row_of:
            queries[row] = theirs[row_of[triple.text]]
    return triples, queries, len(held_out)


def _score_scale(
    model: Checkpoint, queries: FloatArray, users: FloatArray, tables: Mapping[Modality, FloatArray], present: BoolArray
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
