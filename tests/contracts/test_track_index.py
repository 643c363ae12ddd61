"""What every track index promises, and the proof on which the Chroma index answers."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import CatalogueMismatchError
from recsys.index.base import JointPoint, Projections, SearchResult, TrackIndex
from recsys.index.certified import CertifiedIndex, certifies
from recsys.index.chroma import ChromaFolderError, ChromaIndex, ChromaLists, build_chroma
from recsys.index.chroma_folder import Groups
from recsys.index.exact import ExactIndex
from recsys.jam.score import average_mix, cross_mix
from recsys.types import BoolArray, FloatArray, IntArray, Modality

N_TRACKS, DIM = 1500, 16


def catalogue(seed: int, n_tracks: int = N_TRACKS, dim: int = DIM) -> Projections:
    """Vectors with log-normal norms; tags are absent for a third and shared by many; a few tracks have nothing."""
    random = np.random.default_rng(seed)
    present = np.column_stack([random.random(n_tracks) < 0.98, random.random(n_tracks) < 0.67])
    item, keys = {}, {}
    for column, modality in enumerate((Modality.TEXT, Modality.TAGS)):
        vectors = random.normal(size=(n_tracks, dim)) * random.lognormal(0, 0.4, (n_tracks, 1)) / math.sqrt(dim)
        if modality is Modality.TAGS:
            vectors = vectors[random.integers(0, n_tracks // 5 + 1, n_tracks)]
        item[modality] = np.where(present[:, [column]], vectors, 0).astype(np.float32)
        key = random.normal(size=(n_tracks, dim))
        keys[modality] = np.where(present[:, [column]], key, 0).astype(np.float32)
    return Projections(item, keys, present)


def points(seed: int, n_points: int, dim: int = DIM) -> Iterator[JointPoint]:
    """Requests of listeners; every third has no history."""
    random = np.random.default_rng(seed)
    for number in range(n_points):
        user, query, key = random.normal(size=(3, dim)).astype(np.float32)
        yield JointPoint(user * (number % 3 > 0), query, key)


def by_definition(point: JointPoint, projections: Projections) -> FloatArray:
    """Scores (N,) with the track vector t built, in float64: what the exact form must equal."""
    keys = np.stack([projections.keys[m] for m in projections.modalities], axis=1).astype(np.float64)
    items = np.stack([projections.item[m] for m in projections.modalities], axis=1).astype(np.float64)
    weights = np.exp(keys @ point.key / math.sqrt(projections.dim)) * projections.present  # (N, M)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    tracks = np.einsum("nm,nmd->nd", weights, items)
    return np.asarray(tracks @ (point.user.astype(np.float64) + point.query))


@pytest.fixture(scope="module")
def projections() -> Projections:
    return catalogue(seed=1)


@pytest.fixture(scope="module")
def chroma_folder(projections: Projections, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chroma")
    build_chroma(folder, projections, names(N_TRACKS))
    return folder


@pytest.fixture(scope="module")
def chroma(projections: Projections, chroma_folder: Path) -> Iterator[ChromaIndex]:
    index = ChromaIndex(chroma_folder, projections, cross_mix, few=0)
    yield index
    index.close()


@pytest.fixture(scope="module", params=["exact", "chroma"])
def index(request: pytest.FixtureRequest, projections: Projections) -> TrackIndex:
    if request.param == "exact":
        return ExactIndex(projections, cross_mix)
    found: TrackIndex = request.getfixturevalue("chroma")
    return found


def names(n_tracks: int) -> list[str]:
    return [f"track:{row}" for row in range(n_tracks)]


def masks(seed: int) -> dict[str, BoolArray | None]:
    random = np.random.default_rng(seed)
    shares = {"half": 0.5, "a twentieth": 0.05, "a thousandth": 0.001, "nothing": 0.0}
    return {"all": None} | {name: random.random(N_TRACKS) < share for name, share in shares.items()}


class TestEveryIndex:
    """The contract."""

    @pytest.mark.parametrize("mask", ["all", "half", "a twentieth", "a thousandth", "nothing"])
    @pytest.mark.parametrize("k", [1, 7, 60, 400])
    def test_finds_the_best_by_definition(self, index: TrackIndex, projections: Projections, mask: str, k: int) -> None:
        allowed = masks(seed=2)[mask]
        permitted = np.arange(N_TRACKS) if allowed is None else np.flatnonzero(allowed)
        for point in points(seed=k, n_points=4):
            result = index.search(point, k, allowed)
            reference = by_definition(point, projections)
            assert len(result.rows) == len(set(result.rows)) == min(k, len(permitted))
            assert set(result.rows) <= set(permitted)
            best = np.sort(reference[permitted])[::-1][:k]
            np.testing.assert_allclose(result.scores, best, atol=1e-5)
            np.testing.assert_allclose(reference[result.rows], result.scores, atol=1e-5)
            assert result.certified

    def test_orders_by_score_and_then_by_row(self, index: TrackIndex, projections: Projections) -> None:
        nowhere = JointPoint(*np.zeros((3, DIM), np.float32))
        np.testing.assert_array_equal(index.search(nowhere, 20).rows, np.arange(20))
        for point in points(seed=3, n_points=3):
            result = index.search(point, 200)
            assert sorted(zip(-result.scores, result.rows, strict=True)) == list(
                zip(-result.scores, result.rows, strict=True)
            )

    def test_scores_any_rows_as_in_the_search(self, index: TrackIndex) -> None:
        for point in points(seed=4, n_points=3):
            result = index.search(point, 50)
            some = np.random.default_rng(0).permutation(50)[:17]
            np.testing.assert_array_equal(index.score(point, result.rows[some]), result.scores[some])
        assert index.score(point, np.empty(0, np.int64)).shape == (0,)

    def test_explains_the_whole_score(self, index: TrackIndex, projections: Projections) -> None:
        rows = np.arange(0, N_TRACKS, 3)
        for point in points(seed=5, n_points=4):
            parts = index.explain(point, rows)
            np.testing.assert_allclose(parts.query + parts.user, index.score(point, rows), atol=1e-5)
            has_any = projections.present[rows].any(axis=1)
            np.testing.assert_allclose(parts.weights.sum(axis=1), has_any, atol=1e-6)
            assert not parts.weights[~projections.present[rows]].any()
            if not point.user.any():
                assert not parts.user.any()

    def test_the_mixed_vectors_give_the_score(self, index: TrackIndex, projections: Projections) -> None:
        rows = np.arange(0, N_TRACKS, 3)
        for point in points(seed=15, n_points=4):
            vectors = index.vectors(point, rows)
            assert vectors.shape == (len(rows), projections.dim)
            np.testing.assert_allclose(vectors @ (point.user + point.query), index.score(point, rows), atol=1e-4)
            assert not vectors[~projections.present[rows].any(axis=1)].any()

    def test_a_track_without_any_modality_scores_zero(self, index: TrackIndex, projections: Projections) -> None:
        """It stands behind all that score above zero, and before all that score below."""
        empty = np.flatnonzero(~projections.present.any(axis=1))
        assert len(empty) > 2, "the planted catalogue must have such tracks"
        for point in points(seed=6, n_points=2):
            assert not index.score(point, empty).any()
            result = index.search(point, N_TRACKS)
            ranks = np.flatnonzero(np.isin(result.rows, empty))
            assert (result.scores[: ranks[0]] >= 0).all()
            assert (result.scores[ranks[-1] + 1 :] <= 0).all()

    def test_a_mask_only_removes(self, index: TrackIndex) -> None:
        """What a search with a mask finds is what the search without it would have found of those."""
        allowed = masks(seed=7)["half"]
        assert allowed is not None
        for point in points(seed=7, n_points=3):
            everyone = index.search(point, N_TRACKS).rows
            np.testing.assert_array_equal(index.search(point, 80, allowed).rows, everyone[allowed[everyone]][:80])

    def test_nothing_is_asked_for(self, index: TrackIndex) -> None:
        result = index.search(next(points(seed=8, n_points=1)), 0)
        assert (len(result.rows), len(result.scores), result.certified) == (0, 0, True)


def same(result: SearchResult, expected: SearchResult) -> None:
    np.testing.assert_array_equal(result.rows, expected.rows)
    np.testing.assert_array_equal(result.scores, expected.scores)


class TestCertificate:
    """Lists that are right prove the result; what they cannot prove is scored in full."""

    def test_chroma_answers_bit_for_bit_like_the_exact_index(
        self, chroma: ChromaIndex, projections: Projections
    ) -> None:
        exact = ExactIndex(projections, cross_mix)
        n_by_lists = 0
        for name, allowed in masks(seed=9).items():
            for point in points(seed=10, n_points=6):
                for k in (5, 40):
                    result = chroma.search(point, k, allowed)
                    same(result, exact.search(point, k, allowed))
                    n_by_lists += name == "all" and result.n_scored < N_TRACKS
        assert n_by_lists >= 6, "hardly any search was answered by the lists, so nothing was compared"

    @given(seed=st.integers(0, 2**32 - 1))
    def test_certified_means_exact(self, seed: int) -> None:
        """Over right lists, without the fall-back: every certified result is the exact one."""
        random = np.random.default_rng(seed)
        projections = catalogue(seed, n_tracks=int(random.integers(1, 300)), dim=4)
        mix = cross_mix if seed % 2 else average_mix
        index = CertifiedIndex(
            projections, mix, RightLists(projections), cap=int(random.integers(1, 400)), fall_back=False
        )
        exact = ExactIndex(projections, mix)
        allowed = random.random(projections.n_tracks) < random.choice([0.02, 0.3, 0.9, 1])
        for point in points(seed, n_points=3, dim=4):
            k = int(random.integers(1, 60))
            result = index.search(point, k, allowed)
            if result.certified:
                same(result, exact.search(point, k, allowed))

    @given(seed=st.integers(0, 2**32 - 1))
    def test_the_answer_is_always_exact_over_right_lists(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        projections = catalogue(seed, n_tracks=int(random.integers(1, 300)), dim=4)
        index = CertifiedIndex(projections, cross_mix, RightLists(projections), cap=int(random.integers(1, 400)), few=0)
        allowed = random.random(projections.n_tracks) < 0.8
        for point in points(seed, n_points=3, dim=4):
            for mask in (None, allowed):
                result = index.search(point, 10, mask)
                same(result, ExactIndex(projections, cross_mix).search(point, 10, mask))
                assert result.certified

    def test_refused_when_a_better_track_is_out_of_reach(self) -> None:
        """Track 2 is second in both lists and best by score; lists of one hide it, and say at 1.0 that they may.

        With equal weights the scores are (0.5, 0.5, 0.9): the best of the union is worth less than where the
        lists end, so the certificate must be refused although both lists are right.
        """
        projections = Projections(
            item={
                Modality.TEXT: np.array([[1.0], [0.0], [0.9]], np.float32),
                Modality.TAGS: np.array([[0.0], [1.0], [0.9]], np.float32),
            },
            keys={},
            present=np.ones((3, 2), dtype=np.bool_),
        )
        point = JointPoint(*np.array([[0.0], [1.0], [0.0]], np.float32))
        lists = RightLists(projections)
        blind = CertifiedIndex(projections, average_mix, lists, cap=1, fall_back=False)
        refused = blind.search(point, 1)
        assert (refused.rows.tolist(), refused.certified, refused.n_scored) == ([0], False, 2)
        deeper = CertifiedIndex(projections, average_mix, lists, cap=2, fall_back=False)
        assert deeper.search(point, 1).rows.tolist() == [2]
        falling_back = CertifiedIndex(projections, average_mix, lists, cap=1)
        result = falling_back.search(point, 1)
        assert (result.rows.tolist(), result.certified, result.n_scored) == ([2], True, 3)

    def test_a_list_that_came_up_short_proves_nothing(self, projections: Projections) -> None:
        """A graph with unreachable parts returns fewer than asked for: then nothing is known of the rest."""

        class ShortLists(RightLists):
            def top(self, modality: Modality, vector: FloatArray, k: int) -> tuple[IntArray, float]:
                rows, _ = super().top(modality, vector, k)
                return rows[1:], math.inf

        exact = ExactIndex(projections, cross_mix)
        lists = ShortLists(projections)
        trusting = CertifiedIndex(projections, cross_mix, lists, fall_back=False)
        careful = CertifiedIndex(projections, cross_mix, lists, few=0)
        for point in points(seed=11, n_points=5):
            assert not trusting.search(point, 5).certified
            same(careful.search(point, 5), exact.search(point, 5))

    def test_only_lists_that_end_too_high_grow(self, projections: Projections) -> None:
        """A modality whose list ends below the k-th score has nothing left to offer."""
        asked: list[tuple[Modality, int]] = []

        class CountingLists(RightLists):
            def top(self, modality: Modality, vector: FloatArray, k: int) -> tuple[IntArray, float]:
                asked.append((modality, k))
                return super().top(modality, vector, k)

        faint = replace(projections, item=dict(projections.item))
        faint.item[Modality.TAGS] = faint.item[Modality.TAGS] * np.float32(0.01)
        index = CertifiedIndex(faint, cross_mix, CountingLists(faint), few=0)
        for point in points(seed=12, n_points=5):
            asked.clear()
            index.search(point, 5)
            assert [depth for modality, depth in asked if modality is Modality.TAGS] == [10]
        assert len(asked) > 2, "no list ever grew, so nothing was tested"

    def test_a_tie_with_the_end_of_a_list_is_no_proof(self) -> None:
        """A track outside might tie with the k-th and stand before it by row."""
        assert not certifies(1.0, 1.0)
        assert not certifies(1.0, 1.0 - 1e-7)
        assert certifies(1.0, 0.999)
        assert certifies(-5.0, -math.inf)
        assert not certifies(-math.inf, 0.0)


class RightLists:
    """Lists without error, by sorting: a double of Chroma's."""

    def __init__(self, projections: Projections) -> None:
        self.projections = projections

    def top(self, modality: Modality, vector: FloatArray, k: int) -> tuple[IntArray, float]:
        column = self.projections.modalities.index(modality)
        rows = np.flatnonzero(self.projections.present[:, column])
        similarities = self.projections.item[modality][rows] @ vector
        order = np.argsort(-similarities, kind="stable")[:k]
        end = -math.inf if k >= len(rows) else float(similarities[order[-1]])
        return rows[order], end


class TestChromaFolder:
    """Built once, resumable, never written again, and tied to its vectors."""

    def test_lists_are_right(self, projections: Projections, chroma_folder: Path) -> None:
        """At this size the graph must miss next to nothing."""
        lists, right = ChromaLists(chroma_folder, projections), RightLists(projections)
        n_found = n_right = 0
        for point in points(seed=13, n_points=20):
            for modality in (Modality.TEXT, Modality.TAGS):
                vector = point.user + point.query
                found, end = lists.top(modality, vector, 50)
                expected, _ = right.top(modality, vector, len(found))
                similarities = projections.item[modality][found] @ vector
                assert end == pytest.approx(similarities.min(), abs=1e-4)
                n_found += len(set(found) & set(expected))
                n_right += len(expected)
        lists.close()
        assert n_found >= 0.995 * n_right

    def test_a_graph_that_finds_fewer_than_asked_for_proves_nothing(
        self, projections: Projections, chroma_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lists = ChromaLists(chroma_folder, projections)
        whole = lists._collections[Modality.TAGS]

        class PartlyUnreachable:
            def query(self, **asked: Any) -> dict[str, Any]:
                found = whole.query(**asked)
                return {name: [found[name][0][:-1]] for name in ("ids", "distances")}

        vector = np.ones(DIM, np.float32)
        assert lists.top(Modality.TAGS, vector, 20)[1] < math.inf
        monkeypatch.setitem(lists._collections, Modality.TAGS, PartlyUnreachable())
        assert lists.top(Modality.TAGS, vector, 20)[1] == math.inf
        lists.close()

    def test_a_graph_that_was_measured_to_miss_tracks_is_not_asked(
        self, projections: Projections, chroma_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its lists come from an exact product, and are right."""
        index = ChromaIndex(chroma_folder, projections, cross_mix, few=0)
        lists = index.lists
        assert isinstance(lists, ChromaLists)
        assert all(recall >= 0.99 for recall in lists.recall.values())
        monkeypatch.setitem(lists.recall, "tags", 0.7)
        monkeypatch.delitem(lists._collections, Modality.TAGS)
        for point in points(seed=14, n_points=5):
            vector = point.user + point.query
            for k in (1, 30, N_TRACKS):
                rows, end = lists.top(Modality.TAGS, vector, k)
                expected, expected_end = RightLists(projections).top(Modality.TAGS, vector, k)
                assert end == pytest.approx(expected_end)
                np.testing.assert_allclose(
                    np.sort(projections.item[Modality.TAGS][rows] @ vector),
                    np.sort(projections.item[Modality.TAGS][expected] @ vector),
                    atol=1e-6,
                )
            same(index.search(point, 20), ExactIndex(projections, cross_mix).search(point, 20))
        index.close()

    def test_a_graph_that_cannot_find_its_way_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Recall as measured at building: hardly any links and candidates, many vectors."""
        for name in ("SMALL_GRAPH", "LARGE_GRAPH"):
            monkeypatch.setattr(f"recsys.index.chroma_build.{name}", (2, 2, 2))
        build_chroma(tmp_path / "chroma", catalogue(seed=25), names(N_TRACKS))
        card = json.loads((tmp_path / "chroma" / "complete.json").read_text(encoding="utf-8"))
        assert card["recall"]["text"] < 0.9

    def test_equal_vectors_are_stored_once(self, projections: Projections) -> None:
        column = projections.modalities.index(Modality.TAGS)
        vectors, present = projections.item[Modality.TAGS], projections.present[:, column]
        groups = Groups.of(vectors, present)
        np.testing.assert_array_equal(np.sort(groups.members), np.flatnonzero(present))
        assert len(groups.first) == len(np.unique(vectors[present], axis=0)) < present.sum()
        norms = np.linalg.norm(vectors[groups.first], axis=1)
        assert (np.diff(norms) >= -1e-6).all()
        for group in (0, 5, len(groups.first) - 1):
            rows = groups.rows(np.array([group]))
            assert (vectors[rows] == vectors[groups.first[group]]).all()
            assert (np.diff(rows) > 0).all()

    def test_a_complete_folder_is_not_written_again(self, projections: Projections, chroma_folder: Path) -> None:
        before = (chroma_folder / "complete.json").stat().st_mtime_ns
        build_chroma(chroma_folder, projections, names(N_TRACKS))
        assert (chroma_folder / "complete.json").stat().st_mtime_ns == before

    def test_other_vectors_are_refused_and_replace_the_folder(self, tmp_path: Path) -> None:
        old, new = catalogue(seed=20, n_tracks=60), catalogue(seed=21, n_tracks=60)
        build_chroma(tmp_path / "chroma", old, names(60))
        with pytest.raises(CatalogueMismatchError, match="segue train"):
            ChromaIndex(tmp_path / "chroma", new, cross_mix)
        build_chroma(tmp_path / "chroma", new, names(60))
        assert held(tmp_path / "chroma") == stated(new)

    def test_an_unfinished_folder_is_refused(self, tmp_path: Path, projections: Projections) -> None:
        with pytest.raises(ChromaFolderError, match=r"never completed; run `segue train`"):
            ChromaIndex(tmp_path, projections, cross_mix)

    def test_progress_counts_vectors(self, tmp_path: Path) -> None:
        steps: list[tuple[str, int, int]] = []
        small = catalogue(seed=22, n_tracks=40)
        build_chroma(tmp_path / "chroma", small, names(40), lambda *step: steps.append(step))
        total = sum(len(vectors) for vectors in stated(small).values())
        assert {stage for stage, _, _ in steps} == {"writing chroma"}
        assert steps[-1][1:] == (total, total)

    def test_a_catalogue_without_tags_moved_after_it_was_built(self, tmp_path: Path) -> None:
        bare = catalogue(seed=23, n_tracks=50)
        bare.item[Modality.TAGS][:] = 0
        bare.present[:, 1] = False
        build_chroma(tmp_path / "building", bare, names(50))
        (tmp_path / "building").rename(tmp_path / "chroma")  # as a generation is published
        index = ChromaIndex(tmp_path / "chroma", bare, cross_mix, few=0)
        for point in points(seed=24, n_points=3):
            same(index.search(point, 5), ExactIndex(bare, cross_mix).search(point, 5))
        index.close()

    def test_killed_at_any_moment_and_run_again(self, tmp_path: Path) -> None:
        """Kills the build at seeded instants, twice in a row, and compares every id and vector."""
        random = np.random.default_rng(0)
        code = "import sys, test_track_index as t; from pathlib import Path; t.build(Path(sys.argv[1]))"
        for attempt in range(2):
            folder = tmp_path / str(attempt)
            for _ in range(2):
                child = subprocess.Popen([sys.executable, "-c", code, str(folder)], cwd=Path(__file__).parent)
                while not (folder / "chroma.sqlite3").exists() and child.poll() is None:
                    time.sleep(0.002)
                time.sleep(random.uniform(0, 0.6))
                child.kill()
                child.wait()
            build(folder)
            expected = catalogue(seed=30, n_tracks=1200)
            assert held(folder) == stated(expected)
            index = ChromaIndex(folder, expected, cross_mix, few=0)
            for point in points(seed=31, n_points=5):
                same(index.search(point, 10), ExactIndex(expected, cross_mix).search(point, 10))
            index.close()


def build(folder: Path) -> None:
    """Build the folder that the kill test interrupts, in small batches so that there are moments to hit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys.index.chroma_build.BATCH", 60)
        build_chroma(folder, catalogue(seed=30, n_tracks=1200), names(1200))


def stated(projections: Projections) -> dict[str, dict[str, bytes]]:
    """What Chroma must hold: per modality, the id of the first track with each vector, and the vector."""
    collections: dict[str, dict[str, bytes]] = {}
    for column, modality in enumerate(projections.modalities):
        firsts: dict[bytes, str] = {}
        for row in np.flatnonzero(projections.present[:, column]):
            firsts.setdefault(projections.item[modality][row].tobytes(), f"track:{row}")
        collections[modality.value] = {name: vector for vector, name in firsts.items()}
    return collections


def held(folder: Path) -> dict[str, dict[str, bytes]]:
    """What Chroma does hold, read by Chroma itself."""
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
    collections: dict[str, dict[str, bytes]] = {}
    for modality in (Modality.TEXT, Modality.TAGS):
        found = client.get_collection(modality.value, embedding_function=None).get(include=["embeddings"])
        collections[modality.value] = {
            name: np.asarray(vector, np.float32).tobytes()
            for name, vector in zip(found["ids"], found["embeddings"], strict=True)
        }
    client.close()
    return collections


def test_a_folder_made_anew_is_read_anew_beside_the_open_one(tmp_path: Path, projections: Projections) -> None:
    """Chroma shares what is open under one name: those who followed saw the collections of files that were gone."""
    first, second = catalogue(4, 60), catalogue(5, 60)
    folder, ids = tmp_path / "chroma", [str(row) for row in range(60)]
    build_chroma(folder, first, ids)
    old = ChromaIndex(folder, first, cross_mix, few=0, fall_back=False)
    shutil.rmtree(folder)
    build_chroma(folder, second, ids)
    new = ChromaIndex(folder, second, cross_mix, few=0, fall_back=False)
    exact = ExactIndex(second, cross_mix)
    for point in points(1, 3):
        np.testing.assert_array_equal(new.search(point, 5).rows, exact.search(point, 5).rows)
    released = weakref.ref(old)
    del old
    assert released() is None  # or every generation that was ever served would stay open
    for point in points(2, 3):
        np.testing.assert_array_equal(new.search(point, 5).rows, exact.search(point, 5).rows)
    new.close()


@pytest.mark.parametrize("name", ["cf", "a", "own_", "long_name"])
def test_any_modality_name_can_be_served_from_chroma(name: str, tmp_path: Path) -> None:
    """Chroma refuses names of under three characters and those that end with "_"."""
    modality = Modality(name)
    one = catalogue(3, 60)
    projections = Projections(
        {modality: one.item[Modality.TEXT]}, {modality: one.keys[Modality.TEXT]}, one.present[:, :1]
    )
    build_chroma(tmp_path / "chroma", projections, [str(row) for row in range(60)])
    served, exact = ChromaIndex(tmp_path / "chroma", projections, cross_mix), ExactIndex(projections, cross_mix)
    for point in points(1, 3):
        np.testing.assert_array_equal(served.search(point, 5).rows, exact.search(point, 5).rows)
