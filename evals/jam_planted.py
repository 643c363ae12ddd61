"""A small planted data set that every system behind the port `JamSystem` can be fitted on in seconds.

Requests are words that their answers' features tell, by listeners of two styles, so that there is something to learn.
Items without any modality and listeners without features, history and requests are among them: what holds of a system
here holds for what is absent too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from recsys.jam.dataset import JamDataset, JamSplit
from recsys.jam.task import JamTask
from recsys.types import FloatArray


def contract_task(*, turned: int = 0) -> JamTask:
    """Make the planted task: 160 requests in words that their answers' features tell, by listeners of two styles.

    Args:
        turned: by how many rows the answers are moved, so that there is something else to learn.
    """
    rng = np.random.default_rng(7)
    n_users, n_items, n_train, n_choose = 14, 32, 160, 20
    words = ("rock", "jazz", "folk", "metal")
    theme, style = np.arange(n_items) % len(words), np.arange(n_items) // len(words) % 2
    texts, users, answers = [], [], []
    for number in range(n_train + n_choose):
        which, user = int(rng.integers(len(words))), int(rng.integers(1, n_users))
        pool = np.flatnonzero((theme == which) & (style == user % 2))
        texts.append(f"{words[which]} music" if number % 4 == 0 else words[which])
        users.append(user)
        answers.append(np.sort((rng.choice(pool, 2, replace=False) + turned) % n_items))
    n_asked = len(texts)
    numbers = np.arange(n_asked)
    starts = np.arange(0, 2 * n_asked + 1, 2)
    asked = JamSplit(numbers, tuple(texts), np.array(users), starts, np.concatenate(answers))
    sound = rng.normal(scale=0.3, size=(n_items, 6)).astype(np.float32)
    sound[np.arange(n_items), theme] += 1
    sound[:, 5] += style
    said = rng.normal(scale=0.3, size=(n_items, 5)).astype(np.float32)
    said[np.arange(n_items), theme] += 1
    said[::3] = 0  # absent
    sound[0] = 0  # so that item 0 has neither
    likes = rng.normal(scale=0.3, size=(n_users, 4)).astype(np.float32)
    likes[np.arange(n_users), np.arange(n_users) % 2] += 1
    plays = np.zeros((n_users, n_items), np.float32)
    for user in range(2, n_users):  # listener 1 asks, but has no history
        heard = rng.choice(np.flatnonzero(style == user % 2), 5, replace=False)
        plays[user, heard] = rng.integers(1, 40, 5)
    likes[0] = 0
    dataset = JamDataset(
        "contract",
        {},
        tuple(f"listener-{n}" for n in range(n_users)),
        tuple(f"item-{n}" for n in range(n_items)),
        {"likes": likes},
        {"said": said, "sound": sound},
        tuple(f"Band {n}" for n in range(n_items)),
        csr_array(plays),
    )
    return JamTask(dataset, asked.take(numbers[:n_train]), asked.take(numbers[n_train:]), _encode)


def _encode(texts: Sequence[str]) -> FloatArray:
    """Encode a text by how often each byte comes, hashed to unit rows (n, 16); alike texts are near each other."""
    out = np.full((len(texts), 16), 0.1, np.float32)
    for line, text in enumerate(texts):
        for byte in text.encode("utf-8", "surrogatepass"):
            out[line, byte % 16] += 1
    normed: FloatArray = out / np.linalg.norm(out, axis=1, keepdims=True)
    return normed
