"""Does what is predicted of tracks help where popularity is not stated?

Task. The popularity of a fifth of the artists is hidden. It is learnt from what the others state, predicted for those,
and stands in for what is hidden where the product ranks. Asked for are the catalogue's most frequent genres, each
with the dial of popularity turned down ("nothing too famous") and up ("well known").

Conventions.

- *Spearman* is between predicted and true popularity of the tracks that were hidden, with a 95 % interval over artists;
  *covered* is the share of them inside the 80 % intervals.
- *Slates* are the product's own (`Recommender.recommend`, 20 tracks), by the same seeds with and without predictions.
  The figure is the true popularity of the hidden tracks among the 20, those that the dial has to place blindly without
  a prediction, and that of all of them; medians, 0–1. "A − B" is paired by request and seed, and intervals draw
  requests. With the dial down lower is better, with it up higher.
- *Milliseconds* are those of a whole turn without understanding, with predictions and without them, by turns.
- With `--unserved` nothing is indexed, and names of playlists are left out: `spotify_songs.csv` was gathered from the
  playlists of the very days of its popularity. The genres of its tracks are those of their playlists all the same.
- Genres are asked for softly, so that the dial has something to choose from.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from evals.metrics import Summary, summarise
from recsys.appeal.bayes import Z80
from recsys.appeal.own import learn_own, spearman_interval
from recsys.appeal.predicting import blocks_of
from recsys.appeal.ranks import spearman
from recsys.appeal.serving import HIGH, POPULARITY, Appeal
from recsys.catalogue import Catalogue
from recsys.embeddings import EmbeddingCache, EmbeddingTable
from recsys.encoders.text import TextEncoder
from recsys.ranking import Ranker
from recsys.recommendation import Query
from recsys.recommender import Recommender
from recsys.types import BoolArray, Constraint, Facet, FloatArray, Modality, Progress

Tables = dict[Modality, EmbeddingTable]

_HIDDEN = 0.2
_N_GENRES = 30
N_TURNS = 60
#: What the words "nothing too famous" and "well known" turn the dial to.
_DIALS = {"nothing too famous": -0.51, "well known": 0.7}
_SIZE = 20
_SCALE = 100.0


@dataclass(frozen=True)
class Hidden:
    """A catalogue of which a part of the popularity is hidden."""

    rows: BoolArray  # (N,) whose popularity was hidden
    true: FloatArray  # (N,) 0–1, NaN where the catalogue does not state it
    stated: FloatArray  # (N,) what is left


@dataclass(frozen=True)
class Prediction:
    """How well hidden popularity is predicted."""

    n_hidden: int
    n_artists: int
    spearman: float
    low: float
    high: float
    covered: float
    switched_on: bool


def encode(catalogue: Catalogue, encoder: TextEncoder, home: Path, progress: Progress | None) -> Tables:
    """Encode a catalogue's names and descriptions without indexing it; what was encoded before is read again."""
    with EmbeddingCache(home / "cache" / "embeddings", encoder) as cache:
        found = {}
        for modality, text_of in ((Modality.TEXT, catalogue.text_of), (Modality.TAGS, catalogue.tags_of)):
            texts = [text_of(row) for row in range(len(catalogue))]
            present = np.array([bool(text) for text in texts])
            vectors = cache.vectors([text or "-" for text in texts], progress)
            found[modality] = EmbeddingTable(modality, encoder.name, catalogue.fingerprint, vectors, present)
    return found


def hide(catalogue: Catalogue, seed: int) -> Hidden:
    """Draw a fifth of the artists, and hide the popularity of their tracks."""
    artists = np.unique(catalogue.artist_rows)
    drawn = np.random.default_rng(seed).permutation(artists)[: round(_HIDDEN * len(artists))]
    rows = np.isin(catalogue.artist_rows, drawn)
    true = catalogue.numeric["popularity"]
    return Hidden(rows, true, np.where(rows, np.nan, true).astype(np.float32))


def learn(
    catalogue: Catalogue, home: Path, tables: Tables, hidden: Hidden, seed: int, progress: Progress | None
) -> tuple[Appeal, Prediction]:
    """Learn popularity from what is left of it, and predict what is hidden."""
    catalogue.numeric["popularity"] = hidden.stated
    blocks = blocks_of(home, catalogue, tables)
    own, trials = learn_own(catalogue, blocks, seed, progress)
    trial = next(one for one in trials if one.head == POPULARITY)
    heads = own.predict(blocks)
    asked = hidden.rows & ~np.isnan(hidden.true)
    if POPULARITY not in heads:
        return Appeal({}, len(catalogue)), Prediction(int(asked.sum()), 0, 0.0, 0.0, 0.0, 0.0, switched_on=False)
    mean, deviation = (part[asked].astype(np.float64) for part in heads[POPULARITY])
    true = hidden.true[asked].astype(np.float64) * _SCALE
    artists: NDArray[np.str_] = catalogue.artist_rows[asked].astype(str)
    low, high = spearman_interval(true, mean, artists, seed)
    told = Prediction(
        len(true),
        len(set(artists.tolist())),
        spearman(true, mean),
        low,
        high,
        float((np.abs(mean - true) <= Z80 * deviation).mean()),
        trial.switched_on,
    )
    return Appeal(heads, len(catalogue)), told


def requests_of(recommender: Recommender) -> list[str]:
    """The genres that most tracks have first, the most frequent first."""
    counted = Counter(genres[0] for genres in recommender.catalogue.genres if genres)
    return [genre for genre, _ in sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:_N_GENRES]]


def with_appeal(recommender: Recommender, appeal: Appeal | None) -> Recommender:
    """Let a recommender rank with these predictions, or with none."""
    recommender.catalogue.appeal = appeal
    ranker = recommender.ranker
    recommender.ranker = Ranker(recommender.catalogue, recommender.vocabulary, ranker.vectors, ranker.weights)
    return recommender


def slates(
    recommender: Recommender, hidden: Hidden, appeal: Appeal, seeds: Sequence[int]
) -> dict[str, dict[str, Summary]]:
    """True popularity of the product's slates with and without predictions, by dial and figure."""
    found: dict[str, dict[str, Summary]] = {}
    genres = requests_of(recommender)
    groups = [genre for genre in genres for _ in seeds]
    for name, dial in _DIALS.items():
        by = {
            used: [
                _popularity(with_appeal(recommender, known), hidden, _query(genre, dial, seed))
                for genre in genres
                for seed in seeds
            ]
            for used, known in (("with", appeal), ("without", None))
        }
        of_all: list[tuple[str, float, float]] = []
        of_hidden: list[tuple[str, float, float]] = []
        for part, kept in ((0, of_all), (1, of_hidden)):
            pairs = zip(groups, by["with"], by["without"], strict=True)
            kept += [(g, a[part], b[part]) for g, a, b in pairs if not np.isnan((a[part], b[part])).any()]
        found[name] = {}
        for label, kept in (("all tracks", of_all), ("hidden tracks", of_hidden)):
            if kept:
                found[name] |= _paired(label, kept)
    return found


def quality_of_gems(recommender: Recommender, appeal: Appeal, seeds: Sequence[int]) -> dict[str, Summary]:
    """Predicted quality and true popularity of slates for hidden gems, with the quality and with the dial alone."""
    gem = Constraint(Facet.APPEAL, (HIGH,), text="hidden gems")
    with_appeal(recommender, appeal)
    found: dict[str, list[float]] = {"quality, gems": [], "quality, dial alone": [], "popularity, gems": []}
    found["popularity, dial alone"] = []
    genres = requests_of(recommender)
    true = recommender.catalogue.numeric["popularity"]
    for genre in genres:
        for seed in seeds:
            query = _query(genre, -0.8, seed)
            for name, one in (
                ("gems", replace(query, constraints=(*query.constraints, gem))),
                ("dial alone", query),
            ):
                rows = [pick.row for pick in recommender.recommend(one).picks]
                found[f"quality, {name}"].append(float(np.nanmedian(appeal.quality[0][rows])))
                found[f"popularity, {name}"].append(float(np.nanmedian(true[rows])))
    groups = [genre for genre in genres for _ in seeds]
    told = {name: summarise(values, groups=groups) for name, values in found.items()}
    for figure in ("quality", "popularity"):
        pairs = zip(found[f"{figure}, gems"], found[f"{figure}, dial alone"], strict=True)
        told[f"{figure}, gems − dial alone"] = summarise([one - other for one, other in pairs], groups=groups)
    return told


def milliseconds(recommender: Recommender, appeal: Appeal, n_turns: int = N_TURNS) -> dict[str, float]:
    """Median milliseconds of a turn with predictions and without, by turns on the same queries."""
    gem = Constraint(Facet.APPEAL, (HIGH,), text="hidden gems")
    genres = requests_of(recommender)
    taken: dict[str, list[float]] = {"with": [], "without": []}
    for turn in range(n_turns + 4):
        query = _query(genres[turn % len(genres)], -0.8, turn)
        for name, known in (("without", None), ("with", appeal)):
            with_appeal(recommender, known)
            asked = replace(query, constraints=(*query.constraints, gem)) if known else query
            began = time.perf_counter()
            recommender.recommend(asked)
            if turn >= 4:  # the first ones fill caches
                taken[name].append(1000 * (time.perf_counter() - began))
    return {name: median(values) for name, values in taken.items()}


def _query(genre: str, fame: float, seed: int) -> Query:
    wish = Constraint(Facet.GENRE, (genre,), hard=False, text=genre)
    return Query(text=genre, constraints=(wish,), fame=fame, size=_SIZE, seed=seed)


def _popularity(recommender: Recommender, hidden: Hidden, query: Query) -> tuple[float, float]:
    """The median true popularity of a slate, and that of its hidden tracks; NaN where none is known."""
    rows = np.array([pick.row for pick in recommender.recommend(query).picks])
    known = rows[~np.isnan(hidden.true[rows])]
    blind = known[hidden.rows[known]]
    return tuple(float(np.median(hidden.true[one])) if len(one) else float("nan") for one in (known, blind))  # type: ignore[return-value]


def _paired(label: str, kept: Sequence[tuple[str, float, float]]) -> dict[str, Summary]:
    groups = [group for group, _, _ in kept]
    return {
        f"{label}, with": summarise([one for _, one, _ in kept], groups=groups),
        f"{label}, without": summarise([other for _, _, other in kept], groups=groups),
        f"{label}, with − without": summarise([one - other for _, one, other in kept], groups=groups),
    }
