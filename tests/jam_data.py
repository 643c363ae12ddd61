"""A small data set of real-looking requests with planted structure: every tag has its own items, every user a style."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from recsys.jam.dataset import JamDataset, JamSplit
from recsys.types import FloatArray

N_STYLES, PER_STYLE, N_USERS = 4, 10, 24
WORDS = ("rock", "jazz", "folk", "metal")


def encode(texts: object) -> FloatArray:
    """One direction per style word, the same for "rock" and "rock music"."""
    vectors = np.zeros((len(list(texts)), N_STYLES + 1), np.float32)  # type: ignore[call-overload]
    for line, text in enumerate(texts):  # type: ignore[arg-type,var-annotated]
        vectors[line, next((n for n, word in enumerate(WORDS) if word in text), N_STYLES)] = 1
    return vectors


def dataset(n_queries: int = 240, seed: int = 0, *, shuffled: bool = False) -> JamDataset:
    """Requests answered with items of the tag's style that the user's half of the style holds.

    With `shuffled` the answers are drawn from everything, so that there is nothing to learn.
    """
    rng = np.random.default_rng(seed)
    n_items = N_STYLES * PER_STYLE
    style_of = np.repeat(np.arange(N_STYLES), PER_STYLE)
    half_of = np.arange(n_items) % 2
    texts, users, answers = [], [], []
    for number in range(n_queries):
        user, style = int(rng.integers(N_USERS)), int(rng.integers(N_STYLES))
        pool = np.flatnonzero((style_of == style) & (half_of == user % 2))
        if shuffled:
            pool = np.arange(n_items)
        texts.append(f"{WORDS[style]} music" if number % 5 == 0 else WORDS[style])
        users.append(user)
        answers.append(np.sort(rng.choice(pool, 2, replace=False)))
    split = JamSplit(
        np.arange(n_queries),
        tuple(texts),
        np.array(users),
        np.arange(0, 2 * n_queries + 1, 2),
        np.concatenate(answers),
    )
    cut = n_queries * 5 // 6
    content = rng.normal(size=(n_items, 6)).astype(np.float32) * 0.3
    content[np.arange(n_items), style_of] += 1
    content[::7] = 0  # absent
    plays = np.zeros((N_USERS, n_items), np.float32)
    for user in range(N_USERS):
        heard = rng.choice(np.flatnonzero(half_of == user % 2), 6, replace=False)
        plays[user, heard] = rng.integers(1, 50, 6)
    ids = tuple(f"item-{n}" for n in range(n_items))
    return JamDataset(
        "planted",
        {"train": split.take(np.arange(cut)), "val": split.take(np.arange(cut, n_queries))},
        tuple(f"u{n}" for n in range(N_USERS)),
        ids,
        {},
        {"content": content},
        tuple(f"Band {n}" for n in range(n_items)),
        csr_array(plays),
    )
