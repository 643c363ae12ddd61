"""Embeddings are made once, belong to one catalogue and survive a kill at any moment."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from recsys.embeddings import CHUNK, EmbeddingCache, EmbeddingTable, EmbeddingTableError, build_table
from recsys.errors import CatalogueMismatchError
from recsys.types import FloatArray, Modality


class HashEncoder:
    """Unit vectors drawn from each text's hash; remembers what it was asked, and can be slow."""

    name = "hash"
    dim = 8

    def __init__(self, delay_s: float = 0) -> None:
        self.delay_s = delay_s
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> FloatArray:
        time.sleep(self.delay_s)
        self.asked += texts
        rows = [np.random.default_rng(_seed(text)).normal(size=self.dim) for text in texts]
        vectors = np.array(rows).reshape(len(texts), self.dim)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).digest()[:8])


TEXTS = ["blue", "", "green", "blue", "日本 🎸", ""]


def test_a_table_has_one_row_per_track(tmp_path: Path) -> None:
    encoder = HashEncoder()
    with EmbeddingCache(tmp_path / "cache", encoder) as cache:
        table = build_table(tmp_path / "text", Modality.TEXT, TEXTS, cache, "f1")
    assert (table.modality, table.encoder, table.fingerprint) == (Modality.TEXT, "hash", "f1")
    np.testing.assert_array_equal(table.present, [True, False, True, True, True, False])
    np.testing.assert_array_equal(table.vectors[[0, 2, 3, 4]], encoder.encode(["blue", "green", "blue", "日本 🎸"]))
    assert not table.vectors[[1, 5]].any()
    assert not table.vectors.flags.writeable


def test_an_absent_modality_is_never_encoded(tmp_path: Path) -> None:
    encoder = HashEncoder()
    with EmbeddingCache(tmp_path / "cache", encoder) as cache:
        build_table(tmp_path / "tags", Modality.TAGS, TEXTS, cache, "f1")
        build_table(tmp_path / "none", Modality.TAGS, ["", ""], cache, "f1")
    assert sorted(encoder.asked) == ["blue", "green", "日本 🎸"]


def test_only_new_texts_are_encoded(tmp_path: Path) -> None:
    first = HashEncoder()
    with EmbeddingCache(tmp_path, first) as cache:
        cache.vectors(["a", "b", "a"])
    second = HashEncoder()
    with EmbeddingCache(tmp_path, second) as cache:
        vectors = cache.vectors(["c", "b", "a", "c"])
        assert len(cache) == 3
    assert second.asked == ["c"]
    np.testing.assert_array_equal(vectors, HashEncoder().encode(["c", "b", "a", "c"]))


def test_encoders_do_not_share_vectors(tmp_path: Path) -> None:
    other = HashEncoder()
    other.name = "another"
    with EmbeddingCache(tmp_path, HashEncoder()) as cache:
        cache.ensure(["a"])
    with EmbeddingCache(tmp_path, other) as cache:
        assert cache.ensure(["a"]) == 1


def test_any_text_can_be_cached(tmp_path: Path) -> None:
    texts = ["\ud800", "\x00", "'; DROP TABLE vectors; --", "x" * 100_000, ""]
    with EmbeddingCache(tmp_path, HashEncoder()) as cache:
        assert cache.vectors(texts).shape == (5, 8)
        assert cache.ensure(texts) == 0
        assert cache.vectors([]).shape == (0, 8)


def test_progress_counts_the_texts_to_encode(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    texts = [str(number) for number in range(CHUNK + 5)]
    with EmbeddingCache(tmp_path, HashEncoder()) as cache:
        cache.ensure(texts[:3])
        cache.ensure(texts, lambda *step: steps.append(step), "encoding text")
    assert steps == [("encoding text", CHUNK, CHUNK + 2), ("encoding text", CHUNK + 2, CHUNK + 2)]


def test_a_cache_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    with EmbeddingCache(tmp_path, HashEncoder()) as cache:
        cache.ensure(["a"])
    cache.path.write_bytes(b"SQLite format 3\x00 and then nothing of the kind" * 500)
    with EmbeddingCache(tmp_path, HashEncoder()) as cache:
        assert cache.ensure(["a"]) == 1


def test_a_table_that_is_there_is_not_built_again(tmp_path: Path) -> None:
    with EmbeddingCache(tmp_path / "cache", HashEncoder()) as cache:
        build_table(tmp_path / "text", Modality.TEXT, TEXTS, cache, "f1")
        written = (tmp_path / "text" / "vectors.npy").stat().st_mtime_ns
        build_table(tmp_path / "text", Modality.TEXT, TEXTS, cache, "f1")
    assert (tmp_path / "text" / "vectors.npy").stat().st_mtime_ns == written


def test_a_table_of_an_older_catalogue_is_replaced(tmp_path: Path) -> None:
    with EmbeddingCache(tmp_path / "cache", HashEncoder()) as cache:
        build_table(tmp_path / "text", Modality.TEXT, TEXTS, cache, "f1")
        table = build_table(tmp_path / "text", Modality.TEXT, ["green"], cache, "f2")
    assert table.vectors.shape == (1, 8)
    assert EmbeddingTable.open(tmp_path / "text", "f2").fingerprint == "f2"


def test_a_table_of_another_catalogue_is_refused(tmp_path: Path) -> None:
    with EmbeddingCache(tmp_path / "cache", HashEncoder()) as cache:
        build_table(tmp_path / "text", Modality.TEXT, TEXTS, cache, "f1")
    with pytest.raises(CatalogueMismatchError, match="belongs to catalogue f1 but the catalogue is f2"):
        EmbeddingTable.open(tmp_path / "text", "f2")


def test_a_missing_or_torn_table_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingTableError, match="segue index"):
        EmbeddingTable.open(tmp_path / "text")
    with EmbeddingCache(tmp_path / "cache", HashEncoder()) as cache:
        build_table(tmp_path / "text", Modality.TEXT, TEXTS, cache, "f1")
        (tmp_path / "text" / "vectors.npy").write_bytes(b"\x93NUMPY")
        with pytest.raises(EmbeddingTableError, match="segue index"):
            EmbeddingTable.open(tmp_path / "text", "f1")
        assert build_table(tmp_path / "text", Modality.TEXT, TEXTS, cache, "f1").vectors.shape == (6, 8)


def build(folder: Path, delay_s: float = 0) -> None:
    """Build the table that the kill test interrupts; run in a process of its own."""
    texts = [f"text {number}" if number % 7 else "" for number in range(CHUNK * 6)]
    with EmbeddingCache(folder / "cache", HashEncoder(delay_s)) as cache:
        build_table(folder / "text", Modality.TEXT, texts, cache, "f1")


def test_killed_at_any_moment_and_run_again(tmp_path: Path) -> None:
    """The chunks after a kill are those of an undisturbed run, so even batch-dependent bits would agree."""
    build(tmp_path / "whole")
    undisturbed = EmbeddingTable.open(tmp_path / "whole" / "text")
    random = np.random.default_rng(0)
    command = [sys.executable, "-c", "import sys; from pathlib import Path; import test_embeddings as t; "]
    command[2] += "t.build(Path(sys.argv[1]), 0.05)"
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        child = subprocess.Popen([*command, str(folder)], cwd=Path(__file__).parent)
        while not (folder / "cache").exists():
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.35))
        child.kill()
        child.wait()
        build(folder)
        resumed = EmbeddingTable.open(folder / "text", "f1")
        np.testing.assert_array_equal(resumed.vectors, undisturbed.vectors)
        np.testing.assert_array_equal(resumed.present, undisturbed.present)
        assert sorted(path.name for path in folder.iterdir()) == ["cache", "text"]


def test_a_continued_run_meets_the_encoder_with_the_same_chunks(tmp_path: Path) -> None:
    class Interrupted(HashEncoder):
        def __init__(self, after: int) -> None:
            super().__init__()
            self.after, self.chunks = after, []

        def encode(self, texts: Sequence[str]) -> FloatArray:
            if len(self.chunks) == self.after:
                raise KeyboardInterrupt
            self.chunks.append(tuple(texts))
            return super().encode(texts)

    texts = ["x" * (number % 50) + str(number) for number in range(CHUNK * 3 + 10)]
    undisturbed, first, second = Interrupted(99), Interrupted(2), Interrupted(99)
    with EmbeddingCache(tmp_path / "whole", undisturbed) as cache:
        cache.ensure(texts)
    with EmbeddingCache(tmp_path / "cut", first) as cache, pytest.raises(KeyboardInterrupt):
        cache.ensure(texts)
    with EmbeddingCache(tmp_path / "cut", second) as cache:
        cache.ensure(texts)
    assert first.chunks + second.chunks == undisturbed.chunks
