"""Requests that name an artist: JAM alone, JAM with an artist modality, and the full pipeline.

Task. The paper's authors name requests such as "Coldplay best songs" as what JAM cannot answer, and an artist modality
as a remedy (Melchiorre et al., RecSys 2025). Where a data set's items are artists with names (`artists.tsv`), the
request is an artist's name, bare or in a sentence, and the one right item is that artist. Nobody in particular asks, so
that no history gives the answer away. Systems learn from the data set's own requests, all of `train`:

    segue-jam               JAM's translation alone. Item features that are text vectors of the names are taken away.
    segue-jam-artist        the same with a modality `artist`, the text vectors of the names
    segue-jam-artist-asked  the same, and training holds the bare names of the artists that are not asked for, each
                            once, at a random time and by a random listener
    segue                   the product, ranking as for a slate: entities filter, then words and joint space

Conventions. Artists are drawn by the seed, among those whose name nobody else has and which no training request is:
there a count would know the answer. Subsets: `name` for the bare names, `sentence` for the others. Metrics hit@1,
hit@10, mrr@10 and ndcg@10 of `evals.metrics`, among all items.

Shapes: N items, B a block of requests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evals.errors import EvaluationDataError
from evals.jam import open_named, read_data, text_encoder
from evals.jam_scores import top
from evals.metrics import ranking_metrics, summarise
from evals.naming import choose
from evals.report import Report
from evals.trec import Entry, TrecFolder
from recsys.encoders.text import TextEncoder
from recsys.jam.dataset import JamDataset, JamSplit
from recsys.jam.joint_system import joined
from recsys.jam.memory import request_key
from recsys.jam.task import JamSystem, JamTask
from recsys.types import FloatArray, IntArray, Progress

SYSTEMS = ("segue-jam", "segue-jam-artist", "segue-jam-artist-asked", "segue")
METRICS = ("hit@1", "hit@10", "mrr@10", "ndcg@10")
#: Every second request is a bare name.
SENTENCES = ("{} best songs", "songs by {}", "play some {}", "the best of {}", "I want to hear {}")
ARTIST = "artist"
_NOBODY, _BLOCK, _SAME = -1, 128, 0.99

Encode = Callable[[Sequence[str]], FloatArray]


@dataclass(frozen=True, eq=False)
class ArtistRequests:
    """Requests that name an artist."""

    rows: IntArray  # (R,) the artists, which are items
    texts: tuple[str, ...]
    bare: tuple[bool, ...]


def choose_systems(names: str) -> tuple[str, ...]:
    """Read a comma-separated list of `SYSTEMS`; "all" is everything.

    Raises:
        UnknownSystemError: one of them does not exist.
    """
    return choose(names, SYSTEMS)


def evaluate(
    folder: Path,
    seeds: Sequence[int],
    systems: Sequence[str],
    *,
    encoder: TextEncoder,
    n_artists: int = 500,
    make: Callable[[str], JamSystem] | None = None,
    trec: Path | None = None,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Fit every system and ask for artists by their names.

    Args:
        folder: the data set, or its `processed` subfolder.
        seeds: one draw of artists and one fit each.
        systems: some of `SYSTEMS`.
        encoder: of requests and names.
        n_artists: asked for per seed, or as many as there are.
        make: opens `segue-jam` and `segue` by name, by default those.
        trec: folder for run and qrels files, if they are wanted.
        kept: where encoded texts are kept, if anywhere.
        progress: told about every stage.

    Raises:
        JamFormatError: the folder is not in the format.
        EvaluationDataError: it states no names, or none that can be asked for.
    """
    dataset = read_data(folder, "train")
    encode = text_encoder(encoder, None if kept is None else kept / "cache" / "embeddings")
    left_out = modalities_of_names(dataset, encode)
    said = {"data": folder, "models": list(systems), "encoder": encoder.name, "artists": n_artists, "names": left_out}
    report = Report("segue eval artists", said, seeds)
    files = None if trec is None else TrecFolder(trec, by_seed=True)
    for name in systems:
        found: dict[str, dict[str, list[float]]] = {"all": {}, "name": {}, "sentence": {}}
        groups: dict[str, list[int]] = {subset: [] for subset in found}
        for seed in seeds:
            requests = draw_requests(dataset, n_artists, seed)
            system = (make or open_one)("segue" if name == "segue" else "segue-jam")
            task = task_of(name, dataset, left_out, encode, requests, seed)
            system.fit(task, seed=seed, folder=None if kept is None else kept / "jam", progress=progress)
            written: dict[str, list[Entry]] = {subset: [] for subset in found}
            for number, shown in enumerate(_ask(system, requests, progress, f"ask {name}, seed {seed}")):
                row = int(requests.rows[number])
                figures = ranking_metrics(shown, [row], METRICS)
                for subset in ("all", "name" if requests.bare[number] else "sentence"):
                    groups[subset].append(row)
                    written[subset].append(Entry(str(number), [str(one) for one in shown], [str(row)]))
                    for metric, value in figures.items():
                        found[subset].setdefault(metric, []).append(value)
            if files is not None:
                for subset, entries in written.items():
                    files.write_entries(subset, name, seed, entries)
        for subset, metrics in found.items():
            for metric, values in metrics.items():
                report.add(name, subset, metric, summarise(values, groups=groups[subset]))
    return report


def open_one(name: str, *, text_encoder: str | None = None) -> JamSystem:
    """Make a system, not yet fitted; `text_encoder` is the product's, the settings' by default."""
    if name != "segue":
        return open_named(name)
    from evals.jam_product import ProductSystem

    return ProductSystem(text_encoder, strict=True)


def draw_requests(dataset: JamDataset, n: int, seed: int) -> ArtistRequests:
    """Draw up to n artists and word a request for each.

    Raises:
        EvaluationDataError: no artist can be asked for by name.
    """
    rows = askable(dataset)
    if not len(rows):
        raise EvaluationDataError(
            f"{dataset.name} names no item that could be asked for; add artists.tsv with item_idx and name"
        )
    names = dataset.item_names or ()
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(rows)[:n]
    bare = tuple(number % 2 == 0 for number in range(len(drawn)))
    wordings = rng.integers(len(SENTENCES), size=len(drawn)).tolist()
    texts = tuple(
        names[row] if plain else SENTENCES[wording].format(names[row])
        for row, plain, wording in zip(drawn.tolist(), bare, wordings, strict=True)
    )
    return ArtistRequests(drawn, texts, bare)


def askable(dataset: JamDataset) -> IntArray:
    """Return the items whose name nobody else has and no training request is."""
    keys = [request_key(name) for name in dataset.item_names or ()]
    times = Counter(keys)
    asked = {request_key(text) for text in dataset.splits["train"].texts}
    return np.array([row for row, key in enumerate(keys) if key and times[key] == 1 and key not in asked], np.int64)


def modalities_of_names(dataset: JamDataset, encode: Encode) -> list[str]:
    """Return the item modalities that are the text vectors of the names, by up to 200 rows."""
    named = [row for row, name in enumerate(dataset.item_names or ()) if name]
    found = []
    for modality, table in dataset.item_features.items():
        rows = [row for row in named if table[row].any()]
        rows = rows[:: max(1, len(rows) // 200)]
        if not rows:
            continue
        vectors = encode([(dataset.item_names or ())[row] for row in rows])
        if vectors.shape[1] == table.shape[1]:
            norms = np.linalg.norm(table[rows], axis=1) * np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
            if float(((table[rows] * vectors).sum(axis=1) / norms).mean()) > _SAME:
                found.append(modality)
    return found


def task_of(
    name: str, dataset: JamDataset, left_out: Sequence[str], encode: Encode, requests: ArtistRequests, seed: int
) -> JamTask:
    """Return what a system of `SYSTEMS` may see."""
    train = dataset.splits["train"]
    whole = replace(dataset, splits={})
    if name == "segue":
        return JamTask(whole, train, None, encode)
    features = {modality: table for modality, table in dataset.item_features.items() if modality not in left_out}
    if name != "segue-jam":
        names = dataset.item_names or ()
        rows = [row for row, one in enumerate(names) if one]
        vectors = encode([names[row] for row in rows])
        features[ARTIST] = np.zeros((dataset.n_items, vectors.shape[1]), np.float32)
        features[ARTIST][rows] = vectors
    if name == "segue-jam-artist-asked":
        train = with_names(train, dataset, np.setdiff1d(askable(dataset), requests.rows), seed)
    return JamTask(replace(whole, item_features=features), train, None, encode)


def with_names(train: JamSplit, dataset: JamDataset, rows: IntArray, seed: int) -> JamSplit:
    """Return training requests with one more for each item of `rows`: its name, at any time and by any listener."""
    names, n = dataset.item_names or (), len(rows)
    rng = np.random.default_rng(seed)
    more = JamSplit(
        query_idxs=np.arange(n),
        texts=tuple(names[row] for row in rows.tolist()),
        users=rng.integers(dataset.n_users, size=n),
        starts=np.arange(n + 1),
        items=rows,
    )
    times = np.concatenate([np.linspace(0, 1, len(train)), rng.random(n)])
    return joined(train, more).take(np.argsort(times, kind="stable"))


def _ask(system: JamSystem, requests: ArtistRequests, progress: Progress | None, stage: str) -> list[list[int]]:
    """Return the first ten items of every request."""
    found: list[list[int]] = []
    for start in range(0, len(requests.texts), _BLOCK):
        texts = requests.texts[start : start + _BLOCK]
        shown = top(system.score(texts, np.full(len(texts), _NOBODY)), 10)
        found += shown.tolist()
        if progress:
            progress(stage, len(found), len(requests.texts))
    return found
