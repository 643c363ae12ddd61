"""What is measured of sound: the same for the same window, unlike for unlike ones, and no number above the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from recsys.audio.librosa_encoder import CARD, LibrosaEncoder
from recsys.types import FloatArray
from tests.sounds import pulse, tone

RATE = CARD.rate
ENCODER = LibrosaEncoder()


def chord(*hz: float, seconds: float = 10.0) -> FloatArray:
    sound: FloatArray = np.sum([tone(one, seconds, RATE)[:, 0] for one in hz], axis=0) / len(hz)
    return sound


@pytest.fixture(scope="module")
def windows() -> Sequence[FloatArray]:
    rng = np.random.default_rng(64)
    noise = (0.1 * rng.standard_normal(10 * RATE)).astype(np.float32)
    return [chord(220, 277, 330), pulse(90, 10), noise, np.zeros(10 * RATE, np.float32), tone(440, 0.1, RATE)[:, 0]]


def test_a_window_is_measured_as_if_alone(windows: Sequence[FloatArray]) -> None:
    together = ENCODER.encode(windows)
    assert together.shape == (len(windows), CARD.dim)
    assert together.dtype == np.float32
    assert np.isfinite(together).all()
    for row, window in enumerate(windows):
        np.testing.assert_array_equal(ENCODER.encode([window])[0], together[row])
    assert ENCODER.encode([]).shape == (0, CARD.dim)


def test_no_number_drowns_the_others(windows: Sequence[FloatArray]) -> None:
    found = ENCODER.encode(windows)
    assert np.abs(found).max() <= 4
    assert (np.abs(found).max(axis=1) / np.abs(found).sum(axis=1)).max() < 0.1


def test_a_little_noise_is_nearer_than_other_music(windows: Sequence[FloatArray]) -> None:
    rng = np.random.default_rng(0)
    for window in windows[:2]:
        other = windows[1] if window is windows[0] else windows[0]
        noisy = window + (1e-3 * rng.standard_normal(len(window))).astype(np.float32)
        one, near, far = ENCODER.encode([window, noisy, other])
        assert np.linalg.norm(one - near) < np.linalg.norm(one - far)


def test_tempo_loudness_and_notes_are_told_apart() -> None:
    slow, fast = ENCODER.encode([pulse(75, 10), pulse(150, 10)])
    tempo = slice(CARD.dim - 14, CARD.dim - 6)  # the eight tempi
    assert slow[tempo][1] > slow[tempo][3]
    assert fast[tempo].argmax() == 6
    loud, quiet = ENCODER.encode([chord(220, 330), chord(220, 330) / 10])
    assert loud[-5] > quiet[-5]
    chroma = slice(72, 84)
    a, c = ENCODER.encode([tone(440, 5, RATE)[:, 0], tone(523.25, 5, RATE)[:, 0]])
    assert (a[chroma].argmax(), c[chroma].argmax()) == (9, 0)
