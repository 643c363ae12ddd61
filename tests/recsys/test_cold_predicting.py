"""Collaborative vectors of tracks that nobody has listened to: what content says of them, and no more."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evals.predicting_cost import PARTS, measure
from recsys import generations, predicted
from recsys.catalogue import Catalogue
from recsys.cold.port import silent
from recsys.cold.predicting import FEWEST_ARTISTS, Predicted, predict_collaborative
from recsys.cold.weights import EncoderWeights, read_weights
from recsys.embeddings import EmbeddingTable
from recsys.encoders.minilm import MiniLmEncoder
from recsys.encoders.text import TextEncoder
from recsys.jam import checkpoint
from recsys.jam.train import TrainingSettings
from recsys.pipeline import BuildResult, build, open_recommender
from recsys.recommender import Query
from recsys.types import FloatArray, IntArray
from recsys.unit import unit_rows
from recsys.vocabulary import load_vocabulary
from tests.planted import planted_catalogue
from tests.recsys.test_fitting import bring

N, N_ARTISTS = 400, 100
TRAINING = TrainingSettings(steps=30, batch=64, n_negatives=100, threads=1)


def planted(seed: int = 0) -> tuple[FloatArray, dict[str, FloatArray], IntArray]:
    """Collaborative vectors that are a turned part of the content, with noise; the last fifth of artists is new."""
    rng = np.random.default_rng(seed)
    groups = np.arange(N) % N_ARTISTS
    taste = rng.standard_normal((N_ARTISTS, 8))[groups] + 0.3 * rng.standard_normal((N, 8))
    words = np.hstack([taste @ rng.standard_normal((8, 24)), rng.standard_normal((N, 8))]) + 1.0
    true = taste @ rng.standard_normal((8, 16)) + 0.3 * rng.standard_normal((N, 16))
    return unit_rows(true.astype(np.float32)), {"words": words.astype(np.float32)}, groups


def predict(true: FloatArray, contents: dict[str, FloatArray], groups: IntArray, **how: Any) -> Predicted:
    collaborative = np.where((groups < N_ARTISTS * 0.8)[:, None], true, np.float32(0))
    return predict_collaborative(collaborative, contents, groups, **{"weights": read_weights(), "seed": 3, **how})


def test_what_content_says_of_new_tracks_is_found() -> None:
    true, contents, groups = planted()
    found = predict(true, contents, groups)
    np.testing.assert_array_equal(found.missing, groups >= N_ARTISTS * 0.8)
    cosines = (found.vectors * true).sum(axis=1)
    assert cosines[found.missing].mean() > 0.7
    assert found.card["figures"][found.card["way"]] > found.card["chance"] + 0.2
    np.testing.assert_allclose(np.linalg.norm(found.vectors[found.missing], axis=1), 1, rtol=1e-5)


def test_stand_ins_are_of_known_tracks_and_were_made_without_their_artists() -> None:
    true, contents, groups = planted()
    found = predict(true, contents, groups)
    assert not (found.stand_ins & found.missing).any()
    apart = np.isin(groups, groups[found.stand_ins])
    np.testing.assert_array_equal(apart, found.stand_ins)  # whole artists
    assert 10 <= found.stand_ins.sum() / 4 <= 20


def test_stand_ins_know_nothing_that_only_their_artist_tells() -> None:
    true, contents, groups = planted()
    names = np.random.default_rng(4).standard_normal((N_ARTISTS, 16)).astype(np.float32)[groups]
    contents["words"][:, -8:] = names[:, :8]  # content says who it is, which no other artist's tracks can explain
    found = predict(np.hstack([true, unit_rows(names)]), contents, groups)
    own = unit_rows(found.vectors[found.stand_ins][:, 16:])
    assert abs((own * unit_rows(names[found.stand_ins])).sum(axis=1).mean()) < 0.45
    shared = unit_rows(found.vectors[found.stand_ins][:, :16])
    assert (shared * true[found.stand_ins]).sum(axis=1).mean() > 0.7


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_content_that_says_nothing_predicts_nothing(seed: int) -> None:
    true, contents, groups = planted(seed)
    shuffled = {"words": contents["words"][np.random.default_rng(seed).permutation(N)]}
    found = predict(true, shuffled, groups)
    assert not found.missing.any()
    assert not found.vectors.any()
    assert found.card["way"] == ""
    assert "chance" in found.card["why"]


def test_too_few_artists_predict_nothing() -> None:
    true, contents, groups = planted()
    few = groups % FEWEST_ARTISTS
    found = predict_collaborative(
        np.where((few > 0)[:, None], true, np.float32(0)), contents, few, weights=read_weights(), seed=3
    )
    assert not found.missing.any()
    assert f"expected {FEWEST_ARTISTS}" in found.card["why"]


def test_a_track_without_content_gets_nothing() -> None:
    true, contents, groups = planted()
    contents["words"][-1] = 0
    found = predict(true, contents, groups)
    assert not found.missing[-1]
    assert found.missing[-2]


def test_content_that_new_tracks_lack_is_not_learnt_from() -> None:
    true, contents, groups = planted()
    tags = np.where((groups < N_ARTISTS * 0.8)[:, None], true, np.float32(0))  # tells all, of known tracks alone
    found = predict(true, {**contents, "tags": tags}, groups)
    np.testing.assert_array_equal(found.vectors, predict(true, contents, groups).vectors)
    assert list(found.card["contents"]) == ["words"]
    nothing = predict(true, {"tags": tags}, groups)
    assert nothing.card["why"] == "no track without a vector has content"


def test_predictions_are_the_same_every_time() -> None:
    one, other = predict(*planted()), predict(*planted())
    np.testing.assert_array_equal(one.vectors, other.vectors)
    assert one.card == other.card


def test_contents_count_by_their_weights() -> None:
    true, contents, groups = planted()
    noise = np.random.default_rng(1).standard_normal((N, 32)).astype(np.float32)
    weights = {share: EncoderWeights({"cold": {"words": 1 - share, "noise": share}}, "") for share in (0.02, 0.98)}
    figures = [
        predict(true, {**contents, "noise": noise}, groups, weights=one).card["figures"] for one in weights.values()
    ]
    assert figures[0]["nearest"] > figures[1]["nearest"] + 0.1


CATALOGUE = planted_catalogue()
STYLES = np.array([track_id.split("-")[0] for track_id in CATALOGUE.track_ids])


def listening() -> tuple[FloatArray, IntArray]:
    rng = np.random.default_rng(2)
    of_style = rng.standard_normal((4, 6))[np.unique(STYLES, return_inverse=True)[1]]
    artists = predicted.artists_of(CATALOGUE)
    known = np.flatnonzero(artists % 4 != 3)
    return (of_style + 0.3 * rng.standard_normal(of_style.shape)).astype(np.float32), known


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cold")
    vectors, known = listening()
    bring(home, "cf", vectors[known], [CATALOGUE.track_ids[row] for row in known])
    return home


@pytest.fixture(scope="module")
def built(stored: Path, tmp_path_factory: pytest.TempPathFactory, minilm: MiniLmEncoder) -> Path:
    home = Path(shutil.copytree(stored, tmp_path_factory.mktemp("built") / "home"))
    make(home, minilm)
    return home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "home"))


def make(home: Path, minilm: TextEncoder, catalogue: Catalogue | None = None, **how: Any) -> BuildResult:
    how = {"predict": True, **how}
    return build(home, catalogue or CATALOGUE, load_vocabulary(), minilm, TRAINING, **how)


def table_of(result: BuildResult | None, home: Path) -> EmbeddingTable:
    folder = generations.current(home).folder if result is None else result.generation.folder
    return EmbeddingTable.open(folder / "embeddings" / "cf")


def test_every_track_has_a_vector_and_those_that_had_one_keep_it(home: Path) -> None:
    vectors, known = listening()
    table = table_of(None, home)
    assert table.present.all()
    np.testing.assert_allclose(table.vectors[known], unit_rows(vectors[known]), atol=1e-6)
    rows = predicted.predicted_rows(generations.current(home).folder, len(CATALOGUE))
    missing = np.setdiff1d(np.arange(len(CATALOGUE)), known)
    np.testing.assert_array_equal(np.flatnonzero(rows.missing["cf"]), missing)
    cosines = (table.vectors[missing] * unit_rows(vectors[missing])).sum(axis=1)
    assert cosines.mean() > 0.6
    assert checkpoint.load(generations.current(home).folder / "jam").card["predicted"] == ["cf"]


def test_picks_say_what_was_predicted_and_from_what(home: Path, minilm: MiniLmEncoder) -> None:
    recommender = open_recommender(home, load_vocabulary(), minilm)[0]
    _, known = listening()
    picks = recommender.recommend(Query("jazz", size=40)).picks
    assert {bool(pick.predicted_from) for pick in picks} == {True, False}
    for pick in picks:
        assert pick.predicted_from == (() if pick.row in known else ("text", "tags"))


def test_chroma_serves_predicted_vectors_as_the_exact_index_does(home: Path, minilm: MiniLmEncoder) -> None:
    exact, chroma = (open_recommender(home, load_vocabulary(), minilm, index=index)[0] for index in ("exact", "chroma"))
    seen = 0
    for text in ("jazz", "calm ambient music", "loud metal"):
        ours, theirs = (one.recommend(Query(text, size=15)) for one in (exact, chroma))
        assert (ours.index, theirs.index) == ("exact", "chroma")
        assert theirs.certified
        told = [[(pick.row, pick.predicted_from) for pick in one.picks] for one in (ours, theirs)]
        assert told[0] == told[1]
        seen += sum(bool(pick.predicted_from) for pick in theirs.picks)
    assert seen


def test_the_bench_measures_a_served_folder_and_leaves_it_as_it_is(home: Path) -> None:
    folder = generations.current(home).folder
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    found = {part: measure(part, str(folder), 1, 64, silent) for part in PARTS}
    assert before == {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    assert found["collaborative"]["n_predicted"] == (predicted.artists_of(CATALOGUE) % 5 == 0).sum()
    assert found["appeal made"]["n_predicted"] == found["appeal kept"]["n_predicted"] == len(CATALOGUE)
    assert min(found["appeal kept"]["seconds"]) < found["appeal made"]["seconds"][0]
    assert len(found["appeal kept"]["seconds"]) > len(found["load"]["seconds"]) == 1


class Renamed:
    """Another encoder of the same width."""

    def __init__(self, encoder: MiniLmEncoder) -> None:
        self.dim, self.name, self._encoder = encoder.dim, "another", encoder

    def encode(self, texts: Sequence[str]) -> FloatArray:
        return np.ascontiguousarray(self._encoder.encode(texts)[:, ::-1])


def test_under_another_encoder_of_the_same_width_vectors_are_predicted_anew(home: Path, minilm: MiniLmEncoder) -> None:
    before = table_of(None, home).vectors.copy()
    changed = make(home, Renamed(minilm))
    assert changed.trained
    found = table_of(changed, home).vectors
    known = listening()[1]
    np.testing.assert_array_equal(found[known], before[known])
    missing = np.setdiff1d(np.arange(len(CATALOGUE)), known)
    assert (np.abs(found[missing] - before[missing]).max(axis=1) > 1e-3).all()


def test_switched_off_all_is_as_without(home: Path, stored: Path, tmp_path: Path, minilm: MiniLmEncoder) -> None:
    off = make(home, minilm, predict=False)
    never = Path(shutil.copytree(stored, tmp_path / "never"))
    plain = make(never, minilm, predict=False)
    assert off.trained
    assert off.generation.key == plain.generation.key
    weights = [checkpoint.load(one.generation.folder / "jam").weights for one in (off, plain)]
    for name, value in weights[0].items():
        np.testing.assert_array_equal(value, weights[1][name])
    assert not (off.generation.folder / predicted.FOLDER).exists()
    assert not table_of(off, home).present.all()
    assert make(home, minilm).generation.key != off.generation.key


def test_a_new_track_gets_a_vector_without_a_new_model(home: Path, minilm: MiniLmEncoder) -> None:
    tracks = [CATALOGUE.track(row) for row in range(len(CATALOGUE))]
    new = replace(tracks[0], track_id="jazz-new", title="Just out", artists=("Somebody New",))
    grown = Catalogue.from_tracks([*tracks, new], CATALOGUE.collections)
    result = make(home, minilm, grown)
    assert (result.changed, result.trained) == (True, False)
    row = grown.row("jazz-new")
    assert table_of(result, home).vectors[row].any()
    recommender = open_recommender(home, load_vocabulary(), minilm)[0]
    assert recommender.recommend(Query("Just out", title_rows=(row,), size=3)).picks[0].predicted_from
    assert not make(home, minilm, grown).changed


def test_a_killed_build_goes_on_to_the_same(built: Path, stored: Path, tmp_path: Path, minilm: MiniLmEncoder) -> None:
    home = Path(shutil.copytree(stored, tmp_path / "killed"))

    def kill_at(stage_wanted: str) -> Any:
        def progress(stage: str, done: int, total: int) -> None:
            if stage.startswith(stage_wanted) and done >= 3:
                raise KeyboardInterrupt

        return progress

    for stage in ("predicting", "train"):
        with pytest.raises(KeyboardInterrupt):
            make(home, minilm, progress=kill_at(stage))
    result = make(home, minilm)
    undisturbed = generations.current(built)
    assert result.generation.key == undisturbed.key
    for path in ("embeddings/cf/vectors.npy", "vectors.npy"):
        one, other = (np.load(folder / path) for folder in (result.generation.folder, undisturbed.folder))
        np.testing.assert_array_equal(one, other)


def test_a_complete_space_leaves_everything_as_it_was_until_a_track_comes_that_it_lacks(
    tmp_path: Path, minilm: MiniLmEncoder
) -> None:
    """To a model that never saw a predicted vector they do harm."""
    bring(tmp_path, "cf", listening()[0], CATALOGUE.track_ids)
    off = make(tmp_path, minilm, predict=False)
    assert not make(tmp_path, minilm).changed
    assert generations.current_key(tmp_path) == off.generation.key
    tracks = [CATALOGUE.track(row) for row in range(len(CATALOGUE))]
    new = replace(tracks[0], track_id="jazz-new", title="Just out", artists=("Somebody New",))
    grown = Catalogue.from_tracks([*tracks, new], [])
    assert make(tmp_path, minilm, grown).trained
    assert table_of(None, tmp_path).present.all()


@pytest.mark.parametrize(
    ("name", "made_of_listening"),
    [("cf", True), ("item_cf", True), ("collaborative", True), ("cfx", False), ("heard", False)],
)
def test_a_space_of_listening_is_known_by_its_name(name: str, made_of_listening: bool) -> None:
    assert predicted.is_collaborative(name) is made_of_listening
