"""An encoder that remembers: each text once, nothing for blank ones, no more than it may hold, from any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from recsys.encoders.remembering import RememberingEncoder
from tests.words_encoder import WordsEncoder


def test_each_text_is_encoded_once() -> None:
    inner = WordsEncoder()
    encoder = RememberingEncoder(inner)
    first = encoder.encode(["blue", "green", "blue"])
    again = encoder.encode(["green", "red", "blue"])
    assert inner.batches == [["blue", "green"], ["red"]]
    np.testing.assert_array_equal(first, WordsEncoder().encode(["blue", "green", "blue"]))
    np.testing.assert_array_equal(again, WordsEncoder().encode(["green", "red", "blue"]))
    assert (encoder.name, encoder.dim) == (inner.name, inner.dim)


def test_blank_texts_are_nothing_and_reach_no_model() -> None:
    inner = WordsEncoder()
    encoder = RememberingEncoder(inner)
    vectors = encoder.encode(["", " \n", "blue"])
    assert not vectors[:2].any()
    assert vectors[2].any()
    assert encoder.encode([""]).shape == (1, inner.dim)
    assert encoder.encode([]).shape == (0, inner.dim)
    assert inner.batches == [["blue"]]


def test_what_was_used_last_is_kept() -> None:
    inner = WordsEncoder()
    encoder = RememberingEncoder(inner, n_texts=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        encoder.encode([text])
    assert inner.batches == [["a"], ["b"], ["c"], ["b"]], "b had to go when c came, for a was used since"
    wide = encoder.encode(["d", "e", "f", "g"])
    np.testing.assert_array_equal(wide, WordsEncoder().encode(["d", "e", "f", "g"]))


def test_nobody_can_change_what_is_remembered() -> None:
    encoder = RememberingEncoder(WordsEncoder())
    encoder.encode(["blue"])[:] = 0
    assert encoder.encode(["blue"]).any()


def test_threads_share_it() -> None:
    encoder = RememberingEncoder(WordsEncoder(), n_texts=5)
    texts = [[f"text {(number * step) % 17}" for step in range(4)] for number in range(200)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(encoder.encode, texts))
    for asked, vectors in zip(texts, results, strict=True):
        np.testing.assert_array_equal(vectors, WordsEncoder().encode(asked))
