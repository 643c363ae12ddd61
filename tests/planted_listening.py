"""Listeners of planted styles: what they listen to follows from content that says the style, and from nothing else."""

from __future__ import annotations

import numpy as np

from recsys.cold.content import Content
from recsys.cold.interactions import Interactions

N_STYLES = 5


def planted_listening(
    seed: int = 0, *, n_listeners: int = 150, n_items: int = 200, n_each: int = 24, times: bool = False
) -> tuple[Interactions, Content]:
    """Return who listened to what, and content whose direction is the style, with noise about it."""
    rng = np.random.default_rng(seed)
    styles = rng.integers(N_STYLES, size=n_items)
    tastes = rng.integers(N_STYLES, size=n_listeners)
    rows, items = [], []
    for listener, taste in enumerate(tastes):
        weights = np.where(styles == taste, 12.0, 1.0)
        drawn = rng.choice(n_items, size=n_each, replace=False, p=weights / weights.sum())
        rows.append(np.full(n_each, listener))
        items.append(drawn)
    directions = rng.normal(size=(N_STYLES, 16))
    vectors = (directions[styles] + 0.5 * rng.normal(size=(n_items, 16))).astype(np.float32)
    of_all = np.concatenate(rows), np.concatenate(items)
    when = rng.random(len(of_all[0])) if times else None
    names = [f"u{number}" for number in range(n_listeners)], [str(number) for number in range(n_items)]
    return Interactions.of(*of_all, *names, times=when), Content("style", vectors)
