"""Small tasks that the tests of JAM's systems share: written out by hand, or with planted structure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import scipy.sparse as sp

from recsys.jam.dataset import JamDataset, JamSplit
from recsys.jam.task import JamTask
from recsys.types import FloatArray

Query = tuple[str, int, Sequence[int]]  # text, user, items


def split_of(queries: Sequence[Query]) -> JamSplit:
    """Return queries as a split."""
    counts = [len(items) for _, _, items in queries]
    return JamSplit(
        query_idxs=np.arange(len(queries)),
        texts=tuple(text for text, _, _ in queries),
        users=np.array([user for _, user, _ in queries], np.int64),
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        items=np.array([item for _, _, items in queries for item in items], np.int64),
    )


def task_of(
    train: Sequence[Query],
    *,
    n_users: int,
    n_items: int,
    choose: Sequence[Query] | None = None,
    plays: Sequence[tuple[int, int, float]] | None = None,
    item_features: Mapping[str, FloatArray] | None = None,
    user_features: Mapping[str, FloatArray] | None = None,
    encode: Callable[[Sequence[str]], FloatArray] | None = None,
) -> JamTask:
    """Return a task; `plays` holds (user, item, plays)."""
    matrix = None
    if plays is not None:
        users, items, counts = (np.array(column) for column in zip(*plays, strict=True))
        matrix = sp.csr_array((counts.astype(np.float32), (users, items)), shape=(n_users, n_items))
    dataset = JamDataset(
        name="tiny",
        splits={},
        user_ids=tuple(f"u{row}" for row in range(n_users)),
        item_ids=tuple(f"i{row}" for row in range(n_items)),
        user_features=dict(user_features or {}),
        item_features=dict(item_features or {}),
        plays=matrix,
    )
    return JamTask(dataset, split_of(train), None if choose is None else split_of(choose), encode or one_hot)


def one_hot(texts: Sequence[str]) -> FloatArray:
    """Encode a text by its first letter: (n, 26) unit rows."""
    out = np.zeros((len(texts), 26), np.float32)
    for row, text in enumerate(texts):
        out[row, (ord(text[0].lower()) - ord("a")) % 26] = 1
    return out


def planted_task(seed: int = 0, *, shuffled: bool = False, n_queries: int = 500, n_items: int = 60) -> JamTask:
    """Return listeners of two styles who ask for three themes: an answer has the theme asked for and their style.

    The modality `sound` tells theme and style, `words` the theme of two items in three; item 0 has no modality at all.
    Listeners' `cf` tells their style; listener 0 has none. Shuffled, answers have nothing to do with any of it.
    """
    rng = np.random.default_rng(seed)
    n_users, n_choose = 40, 100
    theme, style = np.arange(n_items) % 3, np.arange(n_items) // 3 % 2
    themes, styles = rng.standard_normal((3, 12)), rng.standard_normal((2, 12))

    def noisy(centres: FloatArray) -> FloatArray:
        return (centres + 0.4 * rng.standard_normal(centres.shape)).astype(np.float32) / 3

    sound, words = noisy(themes[theme] + styles[style]), noisy(themes[theme])[:, :7].copy()
    words[np.arange(n_items) % 3 == 2] = 0
    sound[0] = words[0] = 0
    users = noisy(styles[np.arange(n_users) % 2])[:, :9].copy()
    users[0] = 0
    asked = {f"{'abc'[which]}{number}": which for which in range(3) for number in range(8)}
    texts = list(asked)
    vectors = dict(zip(texts, noisy(themes[list(asked.values())]), strict=True))
    queries: list[Query] = []
    for _ in range(n_queries + n_choose):
        text, user = texts[rng.integers(len(texts))], int(rng.integers(1, n_users))
        right = np.flatnonzero((theme == asked[text]) & (style == user % 2) & (np.arange(n_items) > 0))
        pool = np.arange(1, n_items) if shuffled else right
        queries.append((text, user, rng.choice(pool, 3, replace=False).tolist()))
    return task_of(
        queries[:n_queries],
        choose=queries[n_queries:],
        n_users=n_users,
        n_items=n_items,
        item_features={"sound": sound, "words": words},
        user_features={"cf": users},
        encode=lambda asked_for: np.stack([vectors[text] for text in asked_for]),
    )


def ndcg_at_10(scores: FloatArray, split: JamSplit) -> float:
    """Mean NDCG@10, written plainly as an independent check."""
    values = []
    for row in range(len(split)):
        relevant = set(split.relevant(row).tolist())
        top = np.argsort(-scores[row], kind="stable")[:10].tolist()
        gain = sum(1 / np.log2(rank + 2) for rank, item in enumerate(top) if item in relevant)
        values.append(gain / sum(1 / np.log2(rank + 2) for rank in range(min(10, len(relevant)))))
    return float(np.mean(values))
