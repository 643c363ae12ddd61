"""The company tracks keep, against counts worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.retrieval.company import Company
from recsys.types import Collection, Track
from tests.planted import planted_catalogue

TRACKS = [Track(t, t.upper(), (artist,)) for t, artist in zip("abcd", ("X", "X", "Y", "Z"), strict=True)]


def scores(history: str, weights: list[float], *playlists: str) -> dict[str, float]:
    catalogue = Catalogue.from_tracks(TRACKS, [Collection(str(n), "", tuple(p)) for n, p in enumerate(playlists)])
    values = Company(catalogue).scores(catalogue.rows(history), np.array(weights, dtype=np.float32))
    return {track_id: float(values[catalogue.row(track_id)]) for track_id in "abcd"}


def test_shared_playlists_and_artists_are_counted() -> None:
    found = scores("a", [1.0], "ac", "ac", "cd")
    itself = 2 / math.sqrt(3) + 1  # in two playlists with itself, and its own artist
    assert found["a"] == pytest.approx(1 / 6)
    assert found["c"] == pytest.approx(2 / math.sqrt(4) / itself / 6)
    assert found["b"] == pytest.approx(1.0 / itself / 6)
    assert found["d"] == 0.0


def test_weights_are_shares_and_a_long_history_is_trusted_more() -> None:
    assert scores("ac", [6.0, 2.0], "ab", "cd") == pytest.approx(scores("ac", [3.0, 1.0], "ab", "cd"))
    assert max(scores("ac", [1.0, 1.0], "ab", "cd").values()) == pytest.approx(2 / 7)


def test_no_history_and_no_playlists_are_no_company() -> None:
    assert not any(scores("", [], "ab").values())
    assert scores("a", [1.0]) == pytest.approx({"a": 1 / 6, "b": 1 / 6, "c": 0.0, "d": 0.0})


def test_it_finds_the_style_of_a_taste() -> None:
    catalogue = planted_catalogue(with_playlists=True)
    company = Company(catalogue)
    jazz = np.flatnonzero([t.startswith("jazz") for t in catalogue.track_ids])
    found = company.scores(jazz[:12], np.ones(12, dtype=np.float32))
    others = np.setdiff1d(np.arange(len(catalogue)), jazz)
    assert found[others].max() == 0 < found[jazz].mean()
