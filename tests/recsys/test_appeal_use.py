"""Appeal and quality are predicted with how unsure that is, and take a soft part in what is chosen; or none at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.appeal.bayes import Z80, fit_posterior
from recsys.appeal.content import FACTS, Block, facts_of
from recsys.appeal.errors import AppealError, AppealModelError
from recsys.appeal.own import OwnAppeal, learn_own, load_own, own_digest, save_own, stated_heads
from recsys.appeal.posterior_files import load_posteriors, save_posteriors
from recsys.appeal.predicting import blocks_of, open_appeal, shipped
from recsys.appeal.ranks import spearman
from recsys.appeal.serving import GOOD, HIGH, POOR, QUALITY, Appeal, judged, judged_closeness, unjudged
from recsys.catalogue import Catalogue
from recsys.constraints import NO, UNKNOWN, YES, check
from recsys.embeddings import EmbeddingTable
from recsys.encoders.minilm import MiniLmEncoder
from recsys.ranking import Ranker, RankingWeights, Taste
from recsys.recommendation import Query, count_all
from recsys.types import Constraint, Facet, Modality, Track
from recsys.vocabulary import load_vocabulary

NOT_POOR = Constraint(Facet.RECORDING, (POOR,), wanted=False, hard=True)
WELL = Constraint(Facet.RECORDING, (GOOD,))
GEM = Constraint(Facet.APPEAL, (HIGH,))
NO_ROWS = np.zeros(0, np.int64)


def planted(n: int = 400, width: int = 12, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Content of which three numbers decide a value, with noise of deviation .5, by artists with two rows each."""
    rng = np.random.default_rng(seed)
    content = rng.normal(size=(n, width)).astype(np.float32)
    values = 5 + content[:, :3] @ np.array([1.0, -0.5, 0.5]) + rng.normal(size=n) * 0.5
    return content, values[:, None], np.array([f"a{row // 2}" for row in range(n)])


def test_what_is_planted_is_found_with_intervals_that_hold() -> None:
    content, values, artists = planted(800)
    told = fit_posterior(("popularity",), content[:400], values[:400], artists[:400], 1).predict(content[400:])
    off = np.abs(told.mean - values[400:])
    assert spearman(told.mean[:, 0], values[400:, 0]) > 0.9
    assert abs((off <= Z80 * told.deviation).mean() - 0.8) < 0.06
    assert abs(float(told.deviation.mean()) - 0.5) < 0.06


def test_nothing_is_found_in_shuffled_values_and_they_are_said_to_be_unsure() -> None:
    content, values, artists = planted()
    shuffled = np.random.default_rng(0).permutation(values)
    told = fit_posterior(("popularity",), content, shuffled, artists, 1).predict(planted(seed=9)[0])
    assert told.mean.std() < 0.3 * values.std()
    assert float(told.deviation.min()) > 0.85 * values.std()


def test_what_is_unlike_all_that_was_learnt_falls_back_to_the_mean_and_is_less_sure() -> None:
    content, values, artists = planted()
    learnt = fit_posterior(("popularity",), content, values, artists, 1)
    far = np.zeros((1, content.shape[1]), np.float32)
    far[0, 0] = 60.0
    near = np.zeros_like(far)
    near[0, 0] = 1.5
    (far_mean, far_deviation), (near_mean, near_deviation) = (
        (float(told.mean[0, 0]), float(told.deviation[0, 0])) for told in map(learnt.predict, (far, near))
    )
    assert near_mean > 6
    assert abs(far_mean - 5) < abs(near_mean - 5) / 2
    assert far_deviation > 2 * near_deviation


def test_each_row_is_predicted_as_if_alone() -> None:
    content, values, artists = planted()
    learnt = fit_posterior(("popularity",), content, values, artists, 1)
    together = learnt.predict(content[:5])
    for row in range(5):
        alone = learnt.predict(content[row : row + 1])
        np.testing.assert_allclose(together.mean[row], alone.mean[0], rtol=1e-5)
        np.testing.assert_allclose(together.deviation[row], alone.deviation[0], rtol=1e-5)


def test_too_little_to_learn_from_is_refused_in_words() -> None:
    content, values, artists = planted()
    with pytest.raises(AppealError, match="too few"):
        fit_posterior(("popularity",), content[:4], values[:4], artists[:4], 1)
    learnt = fit_posterior(("popularity",), content, values, artists, 1)
    with pytest.raises(AppealError, match="expected rows of 12"):
        learnt.predict(content[:, :5])


def test_files_give_back_what_was_learnt_and_damage_is_told(tmp_path: Path) -> None:
    content, values, artists = planted()
    learnt = fit_posterior(("popularity",), content, values, artists, 1)
    save_posteriors(tmp_path, "own", [learnt], {"seed": 1})
    (read,), card, _ = load_posteriors(tmp_path, "own")
    assert card["seed"] == 1
    np.testing.assert_allclose(read.predict(content).mean, learnt.predict(content).mean, atol=0.02)
    (tmp_path / "own.safetensors").write_bytes(b"no weights")
    with pytest.raises(AppealModelError, match="not the file"):
        load_posteriors(tmp_path, "own")


def test_what_ships_tells_a_studio_from_a_hissing_tape(minilm: MiniLmEncoder) -> None:
    posterior, card = shipped()
    said = ["studio recording, clean mix, rich arrangement, piano", "low quality recording, noisy, hiss, muffled"]
    told = posterior.predict(minilm.encode([*said, "a law on taxes", "flour, water, yeast"]))
    quality = list(posterior.heads).index("production_quality")
    assert told.mean[0, quality] > told.mean[1, quality] + 2
    assert told.deviation[2:, quality].min() > told.deviation[:2, quality].max()
    for part in ("MusicCaps", "CC BY 4.0", "CC BY-SA 4.0", "segue eval appeal-use", "spearman"):
        assert part in json.dumps(card)


def catalogue_of(n: int = 6) -> Catalogue:
    return Catalogue.from_tracks([Track(f"t{row}", f"Title {row}", (f"Artist {row}",)) for row in range(n)])


def appeal_of(quality: list[float], deviation: float = 0.5) -> Appeal:
    mean = np.array(quality, np.float32)
    spread = np.where(np.isnan(mean), np.nan, deviation).astype(np.float32)
    return Appeal({"production_quality": (mean, spread)}, len(mean))


def test_only_what_is_surely_bad_is_dropped_and_the_unknown_is_counted_as_unknown() -> None:
    catalogue = catalogue_of()
    catalogue.appeal = appeal_of([2.0, 5.0, 5.5, 6.0, 9.0, np.nan])
    assert judged(catalogue, NOT_POOR).tolist() == [YES, UNKNOWN, UNKNOWN, UNKNOWN, NO, UNKNOWN]
    checked = check(catalogue, load_vocabulary(), (NOT_POOR,))
    assert checked.allowed().tolist() == [False, True, True, True, True, True]
    (count,) = count_all(catalogue, checked.pairs(), np.arange(1, 6))
    assert (count.n_met, count.n_unknown, count.n_total) == (1, 4, 5)


def test_an_unsure_prediction_never_drops_a_track() -> None:
    catalogue = catalogue_of()
    catalogue.appeal = appeal_of([2.0, 2.0, 2.0, 2.0, 2.0, 2.0], deviation=4.0)
    assert check(catalogue, load_vocabulary(), (NOT_POOR,)).allowed().all()


def test_a_wish_for_good_recordings_orders_by_how_likely_they_are() -> None:
    catalogue = catalogue_of()
    catalogue.appeal = appeal_of([4.0, 5.0, 6.0, 7.0, 8.0, np.nan])
    near = judged_closeness(catalogue, WELL)
    assert (np.diff(near[:5]) > 0).all()
    assert near[1] < near[5] < near[2]


def test_no_prediction_is_a_demand_whatever_was_pressed() -> None:
    catalogue = catalogue_of()
    catalogue.appeal = appeal_of([4.0, 5.0, 6.0, 7.0, 8.0, np.nan])
    query = unjudged(catalogue, Query("", (replace(GEM, hard=True), replace(WELL, hard=True), NOT_POOR)))
    assert [one.hard for one in query.constraints] == [False, False, True]


def test_without_predictions_nothing_is_judged() -> None:
    catalogue = catalogue_of()
    assert set(judged(catalogue, GEM).tolist()) == {UNKNOWN}
    jazz = Constraint(Facet.GENRE, ("jazz",), hard=True)
    assert unjudged(catalogue, Query("", (GEM, jazz, NOT_POOR))).constraints == (jazz,)


def test_what_is_less_sure_is_worth_less_and_kinds_are_not_compared() -> None:
    mean = np.array([7.0, 7.0, *[5.0] * 60, *[6.6] * 60], np.float32)
    deviation = np.full(len(mean), 0.5, np.float32)
    deviation[1] = 3.0
    kinds = ["a", "a", *["a"] * 60, *["b"] * 60]
    worth = Appeal({"production_quality": (mean, deviation)}, len(mean)).worth(lambda: kinds)
    assert worth[0] > worth[1] > worth[2]
    assert worth[0] > worth[-1] + 0.2  # as good as usual for its kind, which is rated higher as a whole


def popular(n: int = 300) -> Catalogue:
    """Tracks whose popularity follows their year and energy; a third states none."""
    rng = np.random.default_rng(5)
    year, energy = rng.integers(1970, 2020, n), rng.random(n)
    known = np.clip(0.2 + (year - 1970) / 100 + 0.3 * energy + rng.normal(size=n) * 0.03, 0, 1)
    return Catalogue.from_tracks(
        [
            Track(
                f"t{row}",
                f"Title {row}",
                (f"Artist {row // 2}",),
                year=int(year[row]),
                energy=float(energy[row]),
                popularity=None if row % 3 == 0 else float(known[row]),
                genres=("jazz",),
            )
            for row in range(n)
        ]
    )


def test_popularity_is_learnt_from_those_that_state_it_and_serves_the_others(tmp_path: Path) -> None:
    catalogue = popular()
    blocks = {FACTS: facts_of(catalogue)}
    own, (trial,) = learn_own(catalogue, blocks, 1)
    assert trial.switched_on
    assert trial.low > 0.8
    assert 0.7 < trial.covered < 0.9
    save_own(tmp_path, own, {})
    read = load_own(tmp_path)
    assert read is not None
    catalogue.appeal = Appeal(read.predict(blocks), len(catalogue))
    ranker = Ranker(catalogue, load_vocabulary(), np.ones((len(catalogue), 2), np.float32), RankingWeights())
    stated = catalogue.numeric["popularity"]
    unstated = np.isnan(stated)
    assert np.array_equal(ranker._likely[~unstated], stated[~unstated])
    assert spearman(ranker._likely[unstated].astype(float), catalogue.numeric["year"][unstated].astype(float)) > 0.5
    fame = fame_of(ranker, Taste(NO_ROWS, np.zeros(0, np.float32), np.zeros(2, np.float32)))
    own_rows = np.flatnonzero(unstated)[:3]
    mine = fame_of(ranker, Taste(own_rows, np.ones(3, np.float32), np.ones(2, np.float32)))
    assert np.ptp(fame[unstated]) > 0
    assert np.ptp(mine[own_rows]) == 0  # of one's own tracks, nothing is predicted
    assert np.array_equal(np.delete(fame, own_rows), np.delete(mine, own_rows))


def fame_of(ranker: Ranker, taste: Taste) -> np.ndarray:
    """The part of the score that popularity adds to every track, with the dial turned to deep cuts."""
    n = len(ranker.catalogue)
    none, rows = np.zeros(n, np.float32), np.arange(n)
    checked = check(ranker.catalogue, ranker.vocabulary, ())
    terms = ranker.terms(Query("", fame=-0.8), taste, checked, rows, none, none, none, none)
    return np.sum([term for part, term in terms if part == "fame"], axis=0)


def test_what_cannot_be_learnt_is_not_switched_on() -> None:
    catalogue = popular()
    noise = np.random.default_rng(1).normal(size=(len(catalogue), 8)).astype(np.float32)
    own, (trial,) = learn_own(catalogue, {"noise": Block(noise, np.ones(len(catalogue), bool))}, 1)
    assert not trial.switched_on
    assert own.predict({"noise": Block(noise, np.ones(len(catalogue), bool))}) == {}


def test_other_targets_that_a_source_states_are_learnt_too() -> None:
    tracks = [
        Track(f"t{row}", f"T{row}", (f"A{row}",), year=1950 + row % 70, details={"musicality": 1 + row % 70 / 20})
        for row in range(200)
    ]
    catalogue = Catalogue.from_tracks(tracks)
    assert set(stated_heads(catalogue)) == {"musicality"}
    _, (trial,) = learn_own(catalogue, {FACTS: facts_of(catalogue)}, 1)
    assert trial.head == "musicality"
    assert trial.switched_on


def test_a_catalogue_that_states_nothing_cannot_be_learnt_from() -> None:
    catalogue = catalogue_of(30)
    with pytest.raises(AppealError, match="segue train --apex FILE"):
        learn_own(catalogue, {FACTS: facts_of(catalogue)}, 1)


def table_of(catalogue: Catalogue, minilm: MiniLmEncoder) -> dict[Modality, EmbeddingTable]:
    texts = [catalogue.tags_of(row) for row in range(len(catalogue))]
    vectors = minilm.encode([text or "nothing" for text in texts])
    present = np.array([bool(text) for text in texts])
    return {Modality.TAGS: EmbeddingTable(Modality.TAGS, minilm.name, catalogue.fingerprint, vectors, present)}


def test_unlabelled_tracks_have_no_quality_and_need_no_popularity(tmp_path: Path, minilm: MiniLmEncoder) -> None:
    catalogue = Catalogue.from_tracks(
        [
            Track("a", "A", ("X",), genres=("jazz",), tags=("studio recording", "rich arrangement")),
            Track("b", "B", ("Y",), tags=("low quality recording", "noisy", "muffled")),
            Track("c", "C", ("Z",)),
        ]
    )
    appeal = open_appeal(tmp_path, catalogue, table_of(catalogue, minilm), minilm.name)
    quality = appeal.quality[0]
    assert quality[0] > quality[1]
    assert np.isnan(quality[2])
    assert appeal.of(2) == {}
    assert QUALITY in appeal.of(0)
    assert np.isnan(catalogue.numeric["popularity"]).all()
    assert open_appeal(tmp_path / "other", catalogue, {}, "another encoder").heads == {}


def test_predictions_are_kept_and_made_again_where_they_are_damaged(
    tmp_path: Path, minilm: MiniLmEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = Catalogue.from_tracks([Track("a", "A", ("X",), genres=("jazz",)), Track("b", "B", ("Y",))])
    tables = table_of(catalogue, minilm)
    first = open_appeal(tmp_path, catalogue, tables, minilm.name)
    (kept,) = (tmp_path / "appeal" / "served").glob("*.npz")
    whole = kept.read_bytes()
    blind = {Modality.TAGS: replace(tables[Modality.TAGS], vectors=np.zeros((2, 384), np.float32))}
    again = open_appeal(tmp_path, catalogue, blind, minilm.name)  # read, and not made of these vectors
    assert np.array_equal(first.quality[0], again.quality[0], equal_nan=True)
    kept.write_bytes(whole[:100])
    with caplog.at_level("WARNING"):
        third = open_appeal(tmp_path, catalogue, tables, minilm.name)
    assert "computed again" in caplog.text
    assert np.array_equal(first.quality[0], third.quality[0], equal_nan=True)
    assert list((tmp_path / "appeal" / "served").iterdir()) == [kept]


def test_a_model_learnt_with_one_encoder_is_refused_under_another_of_its_width(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = popular()
    n = len(catalogue)
    vectors = np.random.default_rng(1).normal(size=(n, 8)).astype(np.float32)
    vectors[:, 0] = np.nan_to_num(catalogue.numeric["year"] - 1995) / 10

    def tables(encoder: str) -> dict[Modality, EmbeddingTable]:
        table = EmbeddingTable(Modality.TEXT, encoder, catalogue.fingerprint, vectors, np.ones(n, bool))
        return {Modality.TEXT: table}

    own, _ = learn_own(catalogue, blocks_of(tmp_path, catalogue, tables("one")), 1)
    save_own(tmp_path, own, {})
    assert set(open_appeal(tmp_path, catalogue, tables("one"), "one").heads) == {"popularity"}
    assert not caplog.records
    for _ in range(2):  # made, and then opened as it was kept
        caplog.clear()
        assert open_appeal(tmp_path, catalogue, tables("another"), "another").heads == {}
        assert "learnt from text by one, and text is by another now; learn it again" in caplog.text
    caplog.clear()
    assert open_appeal(tmp_path, catalogue, {}, "one").heads == {}
    assert "text is not there now" in caplog.text
    save_own(tmp_path, replace(own, made_by={}), {})  # as an earlier version kept it
    assert open_appeal(tmp_path, catalogue, tables("one"), "one").heads == {}
    assert "an encoder that it does not name" in caplog.text


def test_another_model_is_noticed(tmp_path: Path) -> None:
    before = own_digest(tmp_path)
    save_own(tmp_path, OwnAppeal((), (), {}), {})
    assert own_digest(tmp_path) != before


def test_ranks_of_a_constant_truth_tell_nothing_and_a_constant_guess_is_no_correlation() -> None:
    values, constant = np.array([1.0, 2.0, 2.0, 5.0]), np.full(4, 3.0)
    assert spearman(values, values**3) == pytest.approx(1)
    assert spearman(values, constant) == 0
    assert np.isnan(spearman(constant, values))


def test_a_popularity_that_is_the_same_everywhere_cannot_be_learnt() -> None:
    tracks = [Track(f"t{row}", f"T{row}", (f"A{row}",), popularity=0.4) for row in range(200)]
    assert stated_heads(Catalogue.from_tracks(tracks)) == {}


def test_a_column_of_counts_is_not_read_as_a_score() -> None:
    """Of plays up to 5,000 some are within 0–100, and mean nothing of the kind."""
    links = [{"play_count": 25 * row, "musicality": 1 + row % 5 if row else 77} for row in range(200)]
    tracks = [Track(f"t{row}", f"T{row}", (f"A{row}",), details=one) for row, one in enumerate(links)]
    assert set(stated_heads(Catalogue.from_tracks(tracks))) == {"musicality"}
