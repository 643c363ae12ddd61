"""Cases that counts cannot help: requests, listeners and items of which training says nothing.

    unseen-tags-1..3        15 to 20 % of the request texts are removed from all training; the queries with those texts
    unseen-listeners        20 % of the listeners are removed from training and folded in from their play history when
                            they ask; their queries
    unseen-listeners-zero   the same listeners, of whom nothing is known when they ask either
    stripped-artists        20 % of the items lose every request that they answered and their tags; the queries that
                            they answer, other answers being neither candidates nor targets

Each case fits every system anew on what is left, and its last tenth is for choosing. Whatever was made of what is
removed goes with it: item features made of requests (the modality `tags`, the text vector of an item's twelve most
frequent training texts) are made again from the rest, or left out where they are not of that recipe (of stripped items
alone theirs are); where listeners are removed, collaborative vectors (`cf`) are fitted again on the others' plays by
`recsys.encoders.collaborative`.

Draws are seeded and the same for every system and seed. The first draw, of the smallest share, that gives at least 400
queries is taken; on data so small that none does, the one with the most queries.

Shapes: P (query, item) pairs, U listeners, N items, Q queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from evals.errors import UnknownSystemError
from evals.jam_scores import Questions
from recsys.encoders.collaborative import fit_als, fold_in_als
from recsys.jam.dataset import JamDataset, JamSplit
from recsys.jam.joint_system import MADE_OF_REQUESTS
from recsys.jam.memory import request_key
from recsys.types import BoolArray, FloatArray, IntArray, Progress

TAGS = ("unseen-tags-1", "unseen-tags-2", "unseen-tags-3")
LISTENERS = ("unseen-listeners-zero", "unseen-listeners")
CASES = (*TAGS, *LISTENERS, "stripped-artists")
LEAST_QUERIES = 400
_TAG_SHARES = (0.15, 0.16, 0.17, 0.18, 0.19, 0.2)
_SHARES = (0.2,)
_SEED, _ATTEMPTS = 64, 50
#: What is said of a data set's listeners' and items' collaborative vectors, and its tags' recipe.
_MADE_OF_PLAYS, _N_TAGS, _SAME = "cf", 12, 0.99

Encode = Callable[[Sequence[str]], FloatArray]


@dataclass(frozen=True, eq=False)
class Case:
    """What systems are fitted on, and what they are asked then."""

    dataset: JamDataset  # with no split but `train`
    stages: Sequence[tuple[Questions, JamDataset | None]]  # with the listeners to fold in first, if any
    said: Mapping[str, Any] = field(default_factory=dict)  # for the report


def choose_cases(names: str) -> tuple[str, ...]:
    """Read a comma-separated list of cases; "all" is everything, "unseen-tags" all three draws.

    Raises:
        UnknownSystemError: one of them does not exist.
    """
    chosen: list[str] = []
    for name in (part.strip() for part in names.split(",") if part.strip()):
        found = CASES if name == "all" else TAGS if name == "unseen-tags" else (name,)
        if not set(found) <= set(CASES):
            raise UnknownSystemError(name, (*CASES, "unseen-tags"), "case")
        chosen += found
    return tuple(case for case in CASES if case in chosen)


def build_cases(
    names: Sequence[str], dataset: JamDataset, asked: JamSplit, encode: Encode, progress: Progress | None = None
) -> Iterator[Case]:
    """Make each case, those of listeners together, since they share what is fitted.

    Args:
        names: of `CASES`.
        dataset: with its `train` split.
        asked: the queries of the split to report.
        encode: texts to vectors.
        progress: told about what is made again.
    """
    remake = _Remake(dataset, encode)
    for number, name in enumerate(TAGS):
        if name in names:
            yield _unseen_tags(name, number, dataset, asked, remake)
    wanted = [name for name in LISTENERS if name in names]
    if wanted:
        yield _unseen_listeners(wanted, dataset, asked, remake, progress)
    if "stripped-artists" in names:
        yield _stripped_artists(dataset, asked, remake)


def _unseen_tags(name: str, number: int, dataset: JamDataset, asked: JamSplit, remake: _Remake) -> Case:
    train = dataset.splits["train"]
    keys = np.array([request_key(text) for text in train.texts])
    asked_keys = np.array([request_key(text) for text in asked.texts])
    pool = np.unique(keys)
    hidden = pool[draw(len(pool), _TAG_SHARES, lambda rows: int(np.isin(asked_keys, pool[rows]).sum()), _SEED + number)]
    left = remake.without_requests(train.take(np.flatnonzero(~np.isin(keys, hidden))))
    queries = np.flatnonzero(np.isin(asked_keys, hidden))
    said = {name: {"hidden": len(hidden), "of": len(pool), "tags": remake.said}}
    return Case(left, [(Questions(name, asked.take(queries), heard=dataset.plays), None)], said)


def _unseen_listeners(
    names: Sequence[str], dataset: JamDataset, asked: JamSplit, remake: _Remake, progress: Progress | None
) -> Case:
    train = dataset.splits["train"]
    pool = np.unique(np.concatenate([train.users, asked.users]))
    hidden = pool[draw(len(pool), _SHARES, lambda rows: int(np.isin(asked.users, pool[rows]).sum()), _SEED + 10)]
    left = remake.without_requests(train.take(np.flatnonzero(~np.isin(train.users, hidden))))
    known = np.ones(dataset.n_users, np.float32)
    known[hidden] = 0
    left, folded, cf = _without_listeners(left, known, progress)
    questions = Questions("", asked.take(np.flatnonzero(np.isin(asked.users, hidden))), heard=dataset.plays)
    stages: list[tuple[Questions, JamDataset | None]] = [
        (replace(questions, name=name), folded if name == "unseen-listeners" else None) for name in names
    ]
    told = {"hidden": len(hidden), "of": len(pool), "tags": remake.said, "cf": cf}
    return Case(left, stages, dict.fromkeys(names, told))


def _without_listeners(
    dataset: JamDataset, known: FloatArray, progress: Progress | None
) -> tuple[JamDataset, JamDataset, str]:
    """Return a data set without those listeners (U,) that are 0 in `known`, the same with them, and what of `cf`."""
    users, items = dict(dataset.user_features), dict(dataset.item_features)
    plays, said = None, "as given" if _MADE_OF_PLAYS in items or _MADE_OF_PLAYS in users else "none"
    if dataset.plays is not None:
        plays = csr_array(diags_array(known) @ dataset.plays).astype(np.float32)
        plays.eliminate_zeros()
        if _MADE_OF_PLAYS in items:
            width = items[_MADE_OF_PLAYS].shape[1]
            _, items[_MADE_OF_PLAYS] = fit_als(plays, width, seed=_SEED, progress=progress)
            said = "made again"
            if _MADE_OF_PLAYS in users:
                users[_MADE_OF_PLAYS] = fold_in_als(dataset.plays, items[_MADE_OF_PLAYS])
    fewer = {modality: table * known[:, None] for modality, table in users.items()}
    left = replace(dataset, plays=plays, item_features=items, user_features=fewer)
    return left, replace(left, plays=dataset.plays, user_features=users), said


def _stripped_artists(dataset: JamDataset, asked: JamSplit, remake: _Remake) -> Case:
    name, train = "stripped-artists", dataset.splits["train"]
    queries, items = asked.pairs
    pool = np.unique(train.items)

    def answered(rows: IntArray) -> int:
        return len(np.unique(queries[np.isin(items, pool[rows])]))

    hidden = pool[draw(len(pool), _SHARES, answered, _SEED + 20)]
    left = remake.without_requests(only_pairs(train, ~np.isin(train.items, hidden)))
    features = {}
    for modality, given in dataset.item_features.items():
        features[modality] = left.item_features.get(modality, given)
        if modality in MADE_OF_REQUESTS:
            features[modality] = features[modality].copy()
            features[modality][hidden] = 0
    stripped = np.isin(items, hidden)
    with_target = np.unique(queries[stripped])
    others = csr_array(
        (np.ones((~stripped).sum(), np.float32), (queries[~stripped], items[~stripped])),
        shape=(len(asked), dataset.n_items),
    )
    questions = Questions(name, asked.take(with_target), heard=dataset.plays, ruled_out=csr_array(others[with_target]))
    tags = "theirs left out" if remake.said == "left out" else remake.said
    said = {name: {"hidden": len(hidden), "of": len(pool), "tags": tags}}
    return Case(replace(left, item_features=features), [(questions, None)], said)


def draw(n: int, shares: Sequence[float], n_queries: Callable[[IntArray], int], seed: int) -> IntArray:
    """Return rows of a pool of n that give at least `LEAST_QUERIES` queries, or else as many as any draw does.

    Args:
        n: size of the pool.
        shares: of the pool to draw, smallest first.
        n_queries: counts the queries that rows of the pool give.
        seed: of the draws.
    """
    best, most = np.empty(0, np.int64), -1
    for attempt in range(_ATTEMPTS):
        order = np.random.default_rng((seed, attempt)).permutation(n)
        for share in shares:
            rows = np.sort(order[: round(share * n)])
            given = n_queries(rows)
            if given >= LEAST_QUERIES:
                return rows
            if given > most:
                best, most = rows, given
    return best


def only_pairs(split: JamSplit, kept: BoolArray) -> JamSplit:
    """Return a split with some of its (query, item) pairs (P,); queries that lose every item go."""
    queries, items = split.pairs
    counts = np.bincount(queries[kept], minlength=len(split))
    some = np.flatnonzero(counts)
    left = split.take(some)
    starts = np.concatenate([[0], np.cumsum(counts[some])]).astype(np.int64)
    return replace(left, starts=starts, items=items[kept])


class _Remake:
    """Makes data sets with other training requests, and anew what was made of them."""

    def __init__(self, dataset: JamDataset, encode: Encode) -> None:
        self._dataset, self._encode = dataset, encode
        made = [modality for modality in dataset.item_features if modality in MADE_OF_REQUESTS]
        self._same = {modality: self._is_of_the_recipe(dataset.item_features[modality]) for modality in made}

    @property
    def said(self) -> str:
        """What becomes of the features made of requests."""
        return "none" if not self._same else "made again" if all(self._same.values()) else "left out"

    def without_requests(self, train: JamSplit) -> JamDataset:
        """Return the data set with `train` for training and no other split."""
        features = {}
        for modality, table in self._dataset.item_features.items():
            if modality not in self._same:
                features[modality] = table
            elif self._same[modality]:
                features[modality] = tag_table(train, self._dataset.n_items, self._encode)
        return replace(self._dataset, splits={"train": train}, item_features=features)

    def _is_of_the_recipe(self, table: FloatArray) -> bool:
        """Tell whether a table (N, D) is what the training requests give, by up to 200 of its rows."""
        rows = np.flatnonzero(table.any(axis=1))
        rows = rows[np.linspace(0, len(rows) - 1, min(200, len(rows))).astype(np.int64)]
        made = tag_table(self._dataset.splits["train"], self._dataset.n_items, self._encode, rows)
        if made.shape[1] != table.shape[1] or not len(rows):
            return False
        norms = np.linalg.norm(table[rows], axis=1) * np.maximum(np.linalg.norm(made[rows], axis=1), 1e-9)
        return float(((table[rows] * made[rows]).sum(axis=1) / norms).mean()) > _SAME


def tag_table(train: JamSplit, n_items: int, encode: Encode, rows: IntArray | None = None) -> FloatArray:
    """Make the modality `tags`: the text vector (N, D) of the most frequent training texts of each item.

    Texts are told apart as written; of equally frequent ones those asked first come first. Only `rows` are made where
    they are given; the others, and items that answer nothing, are zero.
    """
    queries, items = train.pairs
    texts: dict[int, Counter[str]] = {}
    wanted = set(range(n_items) if rows is None else rows.tolist())
    for query, item in zip(queries.tolist(), items.tolist(), strict=True):
        if item in wanted:
            texts.setdefault(item, Counter())[train.texts[query]] += 1
    joined = [", ".join(text for text, _ in counts.most_common(_N_TAGS)) for counts in texts.values()]
    vectors = encode(joined)
    table = np.zeros((n_items, vectors.shape[1]), np.float32)
    table[list(texts)] = vectors
    return table
