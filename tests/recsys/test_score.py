"""The exact score against worked examples, and against the definition it avoids computing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.index.base import JointPoint, Projections, ProjectionsError
from recsys.jam import score
from recsys.jam.score import average_mix, cross_mix
from recsys.types import FloatArray, Modality


def f32(*values: object) -> FloatArray:
    return np.array(values, dtype=np.float32)


def test_cross_mix_by_hand() -> None:
    """Softmax of (0, ln 3) is (1/4, 3/4); an absent modality gives its share away."""
    logits = f32([0, np.log(3)], [0, np.log(3)], [0, np.log(3)], [5, 900])
    present = np.array([[True, True], [False, True], [False, False], [True, False]])
    np.testing.assert_allclose(cross_mix(logits, present), [[0.25, 0.75], [0, 1], [0, 0], [1, 0]], rtol=1e-6)


def test_average_mix_by_hand() -> None:
    present = np.array([[True, True], [False, True], [False, False]])
    np.testing.assert_allclose(average_mix(f32([9, 1], [9, 1], [9, 1]), present), [[0.5, 0.5], [0, 1], [0, 0]])


def test_score_by_hand() -> None:
    """d = 4: u + q = (1, 2, 0, 0), S = (1, 2), L = (0, 2 ln 3)/√4, so the score is 1/4·1 + 3/4·2 = 1.75."""
    projections = Projections(
        item={Modality.TEXT: f32([1, 0, 0, 0]), Modality.TAGS: f32([0, 1, 0, 0])},
        keys={Modality.TEXT: f32([0, 0, 0, 0]), Modality.TAGS: f32([0, 0, 0, 2 * np.log(3)])},
        present=np.array([[True, True]]),
    )
    point = JointPoint(user=f32(0, 2, 0, 0), query=f32(1, 0, 0, 0), key=f32(0, 0, 0, 1))
    rows = np.array([0])
    np.testing.assert_allclose(score.scores(point, projections, cross_mix, rows), [1.75], rtol=1e-6)
    parts = score.explain(point, projections, cross_mix, rows)
    np.testing.assert_allclose([parts.query[0], parts.user[0]], [0.25, 1.5], rtol=1e-6)
    np.testing.assert_allclose(parts.weights, [[0.25, 0.75]], rtol=1e-6)


@given(seed=st.integers(0, 2**32 - 1), mixer=st.sampled_from([cross_mix, average_mix]))
def test_no_row_knows_of_the_others(seed: int, mixer: score.Mixer) -> None:
    """A track's score has the same bits alone, in any company and in any order."""
    random = np.random.default_rng(seed)
    n_tracks, dim = 40, int(random.integers(1, 70))
    projections = Projections(
        item={m: random.normal(size=(n_tracks, dim)).astype(np.float32) for m in (Modality.TEXT, Modality.TAGS)},
        keys={m: random.normal(size=(n_tracks, dim)).astype(np.float32) for m in (Modality.TEXT, Modality.TAGS)},
        present=random.random((n_tracks, 2)) < 0.7,
    )
    point = JointPoint(*(random.normal(size=dim).astype(np.float32) for _ in range(3)))
    everyone = score.scores(point, projections, mixer, np.arange(n_tracks))
    some = random.permutation(n_tracks)[: random.integers(1, n_tracks)]
    np.testing.assert_array_equal(score.scores(point, projections, mixer, some), everyone[some])
    for row in some[:3]:
        alone = score.scores(point, projections, mixer, np.array([row]))
        np.testing.assert_array_equal(alone, everyone[[row]])


def test_a_mixer_without_keys_needs_none() -> None:
    projections = Projections(item={Modality.TEXT: f32([3, 4])}, keys={}, present=np.array([[True]]))
    point = JointPoint(user=f32(0, 0), query=f32(1, 1), key=f32(7, 7))
    np.testing.assert_allclose(score.scores(point, projections, average_mix, np.array([0])), [7])


def test_projections_survive_the_disk(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    item = {m: random.normal(size=(5, 8)).astype(np.float32) for m in (Modality.TEXT, Modality.TAGS)}
    saved = Projections(item, dict(item), random.random((5, 2)) < 0.5)
    saved.save(tmp_path)
    for mmap in (True, False):
        loaded = Projections.load(tmp_path, mmap=mmap)
        assert loaded.modalities == saved.modalities
        np.testing.assert_array_equal(loaded.present, saved.present)
        for modality in (Modality.TEXT, Modality.TAGS):
            np.testing.assert_array_equal(loaded.item[modality], saved.item[modality])
            np.testing.assert_array_equal(loaded.keys[modality], saved.keys[modality])


def test_projections_that_are_not_there_or_torn(tmp_path: Path) -> None:
    with pytest.raises(ProjectionsError, match="segue train"):
        Projections.load(tmp_path)
    Projections({Modality.TEXT: f32([1, 2])}, {}, np.array([[True]])).save(tmp_path)
    (tmp_path / "item-text.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(ProjectionsError, match="segue train"):
        Projections.load(tmp_path)


def test_projections_of_different_catalogues_are_refused() -> None:
    with pytest.raises(ValueError, match=r"item\[tags\] is float32 \(2, 1\), expected float32 \(1, 1\)"):
        Projections({Modality.TEXT: f32([1]), Modality.TAGS: f32([1], [2])}, {}, np.array([[True, True]]))
