"""Spaces that are brought in, from the file to the ranking: in the next model, or fitted to the one being served."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys import fitting, generations, spaces
from recsys.catalogue import Catalogue
from recsys.embeddings import EmbeddingCache, EmbeddingTable
from recsys.encoders.minilm import MiniLmEncoder
from recsys.fitting import CannotFitOnlyError
from recsys.jam import checkpoint
from recsys.jam.checkpoint import Checkpoint
from recsys.jam.train import TrainingSettings
from recsys.pipeline import BuildResult, build, open_recommender
from recsys.recommender import Query, RankingWeights, Recommender
from recsys.spaces import LISTENERS, UnknownSpaceError, add_space, put_space
from recsys.synthesis import Triple
from recsys.types import Collection, Event, EventKind, FloatArray, IntArray, Modality
from recsys.vocabulary import load_vocabulary
from tests.planted import planted_catalogue

TRAINING = TrainingSettings(steps=60, batch=64, n_negatives=100, threads=1)
NOW = 1_700_000_000.0
#: Nothing but the joint space.
TRANSLATION = RankingWeights(company=0, heard=0, discovery=0, lexical=0, constraint=0, popularity=0)
N_SOUNDS = 5
#: What no word of a track says: which of a few sounds it has.
SOUND = np.random.default_rng(3).integers(N_SOUNDS, size=200)


def playlists_of_one_sound() -> Catalogue:
    """Four playlists of each sound, of all styles; what they are called tells nothing."""
    bare = planted_catalogue()
    rng = np.random.default_rng(7)
    playlists = []
    for number in range(4 * N_SOUNDS):
        rows = rng.permutation(np.flatnonzero(number % N_SOUNDS == SOUND))[:20]
        playlists.append(Collection(f"p{number}", "evening", tuple(bare.track_ids[row] for row in rows), "planted"))
    return Catalogue.from_tracks([bare.track(row) for row in range(len(bare))], playlists)


CATALOGUE = playlists_of_one_sound()


def sound_vectors(width: int = 12) -> FloatArray:
    rng = np.random.default_rng(4)
    noise = 0.2 * rng.standard_normal((len(SOUND), width))
    return (rng.standard_normal((N_SOUNDS, width))[SOUND] + noise).astype(np.float32)


def bring(home: Path, name: str, vectors: FloatArray, ids: Sequence[str], *, of: str = "tracks") -> None:
    np.save(home / "vectors.npy", vectors)
    (home / "ids.txt").write_text("\n".join(ids), encoding="utf-8")
    add_space(home, name, home / "vectors.npy", home / "ids.txt", set(ids), of=of)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLmEncoder) -> Path:
    home = tmp_path_factory.mktemp("home")
    build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING)
    return home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "home"))


def model_of(result: BuildResult) -> Checkpoint:
    return checkpoint.load(result.generation.folder / "jam")


def same_sound(recommender: Recommender, liked: Sequence[str], text: str = "something nice") -> float:
    """Of the best 20 that were not liked, the share that sounds like what was liked."""
    events = tuple(Event("me", track_id, EventKind.LIKE, NOW) for track_id in liked)
    rows = recommender.rank(Query(text, listener_events=events, now=NOW), 30)[0]
    rows = rows[~np.isin(rows, recommender.catalogue.rows(liked))][:20]
    return float(np.mean(SOUND[rows] == SOUND[recommender.catalogue.row(liked[0])]))


def opened(home: Path, minilm: MiniLmEncoder) -> Recommender:
    return open_recommender(home, load_vocabulary(), minilm, weights=TRANSLATION)[0]


LIKED = [CATALOGUE.track_ids[row] for row in np.flatnonzero(SOUND == 0)[::5]]  # of all four styles


def test_without_spaces_a_model_has_the_name_that_it_always_had(home: Path, minilm: MiniLmEncoder) -> None:
    """Or every installation would train anew for nothing."""
    settings = asdict(TRAINING)
    del settings["modality_dropout"]  # of models with spaces
    decides = json.dumps([CATALOGUE.fingerprint, minilm.name, settings], sort_keys=True)
    model = checkpoint.load(generations.current(home).folder / "jam")
    assert model.card["model_id"] == hashlib.sha256(decides.encode()).hexdigest()[:16]
    assert not build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING).changed


def test_a_space_that_goes_on_growing_needs_no_new_model(home: Path, minilm: MiniLmEncoder) -> None:
    ids, vectors = CATALOGUE.track_ids, sound_vectors()
    put_space(home, "heard", ids[:-5], vectors[:-5], source="an encoder")
    first = build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING)
    assert first.trained
    put_space(home, "heard", ids, vectors, source="an encoder")
    second = build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING)
    assert second.changed
    assert not second.trained
    known = EmbeddingTable.open(second.generation.folder / "embeddings" / "heard").present
    assert known.all()
    assert not build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING).changed
    put_space(home, "heard", ids, vectors, source="another encoder")
    assert build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING).trained


def test_the_next_build_uses_a_new_space_and_the_one_after_its_removal_none(
    built: Path, home: Path, minilm: MiniLmEncoder
) -> None:
    before = same_sound(opened(home, minilm), LIKED)
    kept = np.arange(len(CATALOGUE)) % 10 != 0  # a tenth of the tracks has no row
    bring(home, "sound", sound_vectors()[kept], np.array(CATALOGUE.track_ids)[kept].tolist())
    result = build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING)
    assert result.trained
    model = model_of(result)
    assert model.modalities == (Modality.TEXT, Modality.TAGS, Modality("sound"))
    assert model.weights["item.sound.weight"].shape == (128, 12)
    assert model.columns["sound"] == slice(768, 780)
    assert set(model.card["held_out"]) >= {"recall@10_both", "recall@10_without_sound", "recall@100_without_sound"}
    recommender = opened(home, minilm)
    assert same_sound(recommender, LIKED) > before + 0.5
    without_it = checkpoint.load(generations.current(built).folder / "jam").card["held_out"]
    assert model.card["held_out"]["recall@10_both"] > without_it["recall@10_both"] + 0.1
    weights = recommender.recommend(Query("folk", size=5)).picks[0].modality_weights
    assert list(weights) == ["text", "tags", "sound"]

    again = build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING)
    assert (again.changed, again.trained) == (False, False)
    changed = build(home, planted_catalogue(), load_vocabulary(), minilm, TRAINING)  # other tags, same tracks
    assert (changed.changed, changed.trained) == (True, False)
    assert opened(home, minilm).index.name == "exact"

    spaces.remove_space(home, "sound")
    assert same_sound(opened(home, minilm), LIKED) > before  # what serves has all it needs
    without = build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING)
    assert generations.current_key(home) == without.generation.key
    assert model_of(without).modalities == (Modality.TEXT, Modality.TAGS)


def test_a_space_that_the_catalogue_knows_nothing_of_is_left_out(home: Path, minilm: MiniLmEncoder) -> None:
    bring(home, "sound", sound_vectors()[:2], ["elsewhere 1", "elsewhere 2"])
    result = build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING)
    assert model_of(result).modalities == (Modality.TEXT, Modality.TAGS)
    assert not build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING).changed
    with pytest.raises(CannotFitOnlyError, match="row for none of the tracks being served; run `segue train`"):
        build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING, only="sound")


def test_a_space_whose_tracks_come_later_is_used_from_then_on(home: Path, minilm: MiniLmEncoder) -> None:
    bring(home, "sound", sound_vectors()[:2], ["elsewhere 1", "elsewhere 2"])
    assert build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING).trained
    tracks = [CATALOGUE.track(row) for row in range(len(CATALOGUE))]
    grown = Catalogue.from_tracks([*tracks, replace(tracks[0], track_id="elsewhere 1", title="Late")], [])
    result = build(home, grown, load_vocabulary(), minilm, TRAINING)
    assert result.trained
    assert model_of(result).modalities == (Modality.TEXT, Modality.TAGS, Modality("sound"))
    shrunk = build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING)  # the space is of no use again, and harmless
    assert not shrunk.trained
    assert opened(home, minilm).recommend(Query("folk", size=5)).picks


def test_only_a_space_is_fitted_and_the_rest_stays_bit_for_bit(home: Path, minilm: MiniLmEncoder) -> None:
    base = checkpoint.load(generations.current(home).folder / "jam")
    before = same_sound(opened(home, minilm), LIKED)
    bring(home, "sound", sound_vectors(), CATALOGUE.track_ids)
    result = build(home, CATALOGUE, load_vocabulary(), minilm, replace(TRAINING, steps=40), only="sound")
    assert result.trained
    assert result.fit_s > 0
    model = model_of(result)
    for name, value in base.weights.items():
        if name == "user.weight":
            np.testing.assert_array_equal(model.weights[name][:, : value.shape[1]], value)
        else:
            np.testing.assert_array_equal(model.weights[name], value)
    assert (model.card["only"], model.card["only_steps"], model.card["base"]) == ("sound", 40, base.card["model_id"])
    held_out = model.card["held_out"]
    for depth in (10, 100):  # held out then, held out now, and without the space the model that it was
        assert held_out[f"recall@{depth}_without_sound"] == base.card["held_out"][f"recall@{depth}_both"]
    assert held_out["recall@10_both"] > held_out["recall@10_without_sound"] + 0.1
    low, high = held_out["gain@10_sound"]
    assert 0 < low < held_out["recall@10_both"] - held_out["recall@10_without_sound"] < high
    assert same_sound(opened(home, minilm), LIKED) > before + 0.5

    again = build(home, CATALOGUE, load_vocabulary(), minilm, replace(TRAINING, steps=40), only="sound")
    assert (again.generation.key, again.changed) == (result.generation.key, False)
    longer = build(home, CATALOGUE, load_vocabulary(), minilm, replace(TRAINING, steps=50), only="sound")
    assert model_of(longer).card["base"] == base.card["model_id"]  # fitted anew, not on top of itself
    # The next ordinary build finds what it would use already there.
    assert not build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING).trained


def test_a_second_space_joins_the_first_and_a_replaced_one_is_refused(home: Path, minilm: MiniLmEncoder) -> None:
    settings = replace(TRAINING, steps=20)
    bring(home, "sound", sound_vectors(), CATALOGUE.track_ids)
    first = model_of(build(home, CATALOGUE, load_vocabulary(), minilm, settings, only="sound"))
    bring(home, "cf", sound_vectors(5), CATALOGUE.track_ids)
    second = model_of(build(home, CATALOGUE, load_vocabulary(), minilm, settings, only="cf"))
    assert set(second.modalities) == {"text", "tags", "sound", "cf"}
    np.testing.assert_array_equal(second.weights["item.sound.weight"], first.weights["item.sound.weight"])
    np.testing.assert_array_equal(
        second.weights["user.weight"][:, second.columns["sound"]],
        first.weights["user.weight"][:, first.columns["sound"]],
    )
    bring(home, "sound", sound_vectors()[::-1], CATALOGUE.track_ids)
    with pytest.raises(CannotFitOnlyError, match="'sound' has been replaced since the model was trained"):
        build(home, CATALOGUE, load_vocabulary(), minilm, settings, only="cf")
    spaces.remove_space(home, "sound")
    third = model_of(build(home, CATALOGUE, load_vocabulary(), minilm, settings, only="cf"))
    assert set(third.modalities) == {"text", "tags", "cf"}


def test_what_cannot_be_fitted_is_named(home: Path, minilm: MiniLmEncoder, tmp_path: Path) -> None:
    with pytest.raises(UnknownSpaceError, match="there is no space 'sound'; stored are: none"):
        build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING, only="sound")
    bring(home, "sound", sound_vectors(), CATALOGUE.track_ids)
    small = Catalogue.from_tracks([CATALOGUE.track(row) for row in range(20)], [])
    with pytest.raises(CannotFitOnlyError, match="too different a catalogue"):
        build(home, small, load_vocabulary(), minilm, TRAINING, only="sound")
    empty = tmp_path / "empty"
    empty.mkdir()
    bring(empty, "sound", sound_vectors(), CATALOGUE.track_ids)
    with pytest.raises(CannotFitOnlyError, match=r"no model .* is being served"):
        build(empty, CATALOGUE, load_vocabulary(), minilm, TRAINING, only="sound")


class TestListenersOwnVectors:
    """Whoever likes a style has a vector that says so; the last of each have done nothing yet."""

    N = 80

    @pytest.fixture
    def told(self, home: Path) -> Path:
        vectors = np.eye(4, 6, dtype=np.float32)[np.arange(self.N) % 4]
        bring(home, "people", vectors, [f"p{n}" for n in range(self.N)], of=LISTENERS)
        styles = np.array([track_id.split("-")[0] for track_id in CATALOGUE.track_ids])
        self.by_taste = [np.flatnonzero(styles == style) for style in ("jazz", "house", "metal", "folk")]
        return home

    def histories(self, ids: Sequence[str], catalogue: Catalogue) -> Mapping[str, IntArray]:
        assert catalogue is CATALOGUE
        rng = np.random.default_rng(8)
        known = [one for one in ids if int(one[1:]) < self.N - 4]
        return {one: rng.choice(self.by_taste[int(one[1:]) % 4], 10, replace=False) for one in known}

    def fit(self, recommender: Recommender, listener_id: str, style: str) -> float:
        """How likely a track of a style is ranked above one of another, 0–1."""
        rows = recommender.rank(Query("something nice", listener_id=listener_id, now=NOW), len(CATALOGUE))[0]
        places = np.array([recommender.catalogue.track_ids[row].startswith(style) for row in rows])
        before = np.cumsum(~places)[places]  # of other styles, above each of this one
        return float(1 - before.mean() / (~places).sum())

    def test_speak_for_those_who_have_done_nothing(self, told: Path, minilm: MiniLmEncoder) -> None:
        result = build(told, CATALOGUE, load_vocabulary(), minilm, TRAINING, histories=self.histories)
        model = model_of(result)
        assert model.modalities == (Modality.TEXT, Modality.TAGS)
        assert (model.card["listeners"], model.columns["people"]) == (["people"], slice(768, 774))
        held_out = model.card["held_out_listeners"]
        assert held_out["n"] == 64  # all examples of a tenth of the listeners
        assert held_out["recall@10_both"] > held_out["recall@10_without_people"]
        assert held_out["gain@100_people"][0] > 0
        recommender = opened(told, minilm)
        assert self.fit(recommender, "p78", "metal") > self.fit(recommender, "p79", "metal") + 0.25
        assert self.fit(recommender, "p79", "folk") > self.fit(recommender, "p78", "folk") + 0.25
        assert not recommender.stand(Query("x", listener_id="nobody"), 1).has_taste
        assert recommender.stand(Query("x", listener_id="p78"), 1).has_taste
        spaces.forget(told, "p78")
        assert not recommender.stand(Query("x", listener_id="p78"), 1).has_taste
        assert not opened(told, minilm).stand(Query("x", listener_id="p78"), 1).has_taste
        assert not build(told, CATALOGUE, load_vocabulary(), minilm, TRAINING, histories=self.histories).trained

    def test_join_a_model_that_is_served(self, told: Path, minilm: MiniLmEncoder) -> None:
        base = checkpoint.load(generations.current(told).folder / "jam")
        result = build(told, CATALOGUE, load_vocabulary(), minilm, TRAINING, only="people", histories=self.histories)
        weights = model_of(result).weights
        np.testing.assert_array_equal(weights["user.weight"][:, :768], base.weights["user.weight"])
        assert set(weights) == set(base.weights)
        recommender = opened(told, minilm)
        assert self.fit(recommender, "p78", "metal") > self.fit(recommender, "p79", "metal") + 0.25

    def test_mean_nothing_where_nobody_shows_what_they_mean(self, told: Path, minilm: MiniLmEncoder) -> None:
        build(told, CATALOGUE, load_vocabulary(), minilm, TRAINING)
        recommender = opened(told, minilm)
        assert not recommender.stand(Query("x", listener_id="p78"), 1).has_taste

    def test_are_not_read_from_a_space_that_took_their_place(self, told: Path, minilm: MiniLmEncoder) -> None:
        build(told, CATALOGUE, load_vocabulary(), minilm, TRAINING, histories=self.histories)
        bring(told, "people", np.ones((1, 3), np.float32), ["p78"], of=LISTENERS)
        assert not opened(told, minilm).stand(Query("x", listener_id="p78"), 1).has_taste
        spaces.remove_space(told, "people")
        assert not opened(told, minilm).stand(Query("x", listener_id="p78"), 1).has_taste


def test_what_listeners_wrote_is_learnt_from_and_stays_out_of_the_cache(home: Path, minilm: MiniLmEncoder) -> None:
    """The cache outlives who is forgotten."""
    words = "songs for my aunt Quixotilda"
    own = [Triple(words, np.array([1]), np.array([2, 3]))]
    result = build(home, CATALOGUE, load_vocabulary(), minilm, TRAINING, retrain=True, own=own)
    assert model_of(result).card["n_own"] == 1
    with EmbeddingCache(home / "cache" / "embeddings", minilm) as cache:
        assert len(cache) > 200
        assert cache.ensure([words]) == 1  # it was not there


def test_a_share_of_the_examples_can_be_turns_of_made_conversations(
    tmp_path: Path, minilm: MiniLmEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come beside the synthetic ones, which stay as they are, and none of them is held out."""
    learnt: dict[float, tuple[list[str], int]] = {}
    train = fitting.train

    def spy(*args: Any, **options: Any) -> Any:
        triples, settings = args[0], args[4]
        learnt[settings.dialogue_share] = [one.text for one in triples], options["n_held_out"]
        return train(*args, **options)

    monkeypatch.setattr(fitting, "train", spy)
    short = replace(TRAINING, steps=2)
    without = build(tmp_path, CATALOGUE, load_vocabulary(), minilm, short)
    made = build(tmp_path, CATALOGUE, load_vocabulary(), minilm, replace(short, dialogue_share=0.5), retrain=True)
    assert made.generation.key != without.generation.key
    assert model_of(made).card["settings"]["dialogue_share"] == 0.5
    (plain, n_held_out), (mixed, still_held_out) = learnt[0.0], learnt[0.5]
    assert n_held_out == still_held_out
    n_learnt = len(plain) - n_held_out
    assert mixed[:n_learnt] == plain[:n_learnt]
    assert mixed[-n_held_out:] == plain[n_learnt:]
    assert len(mixed) - n_held_out == 2 * n_learnt
