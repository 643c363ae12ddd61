"""The learnt ranker: it learns, survives its files, refuses damaged ones, and no playlist lowers a track."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from recsys.lambdarank import CARD_FILE, MODEL_FILE, RISING, LambdaRank, RankedTurn, RankerError, RankerSettings

SETTINGS = RankerSettings(n_trees=30, min_leaf=5, threads=1, feature_share=1.0)
NAMES = ("words_now", "track_in_playlists", "turn")


def planted_turns(n: int = 40, *, falling: bool = False, seed: int = 2) -> list[RankedTurn]:
    """What is right has the most of the first feature; of the second the most too, or the least."""
    rng = np.random.default_rng(seed)
    turns = []
    for _ in range(n):
        features = rng.normal(size=(30, len(NAMES))).astype(np.float32)
        features[::9, 2] = np.nan
        right = features[:, 0] + (-1 if falling else 1) * features[:, 1] > 1.5
        turns.append(RankedTurn(features, right))
    return turns


@pytest.fixture(scope="module")
def ranker() -> LambdaRank:
    return LambdaRank.fit(planted_turns(), NAMES, SETTINGS, {"source": "planted"})


def test_it_puts_what_is_right_first(ranker: LambdaRank) -> None:
    unseen = [turn for turn in planted_turns(20, seed=3) if turn.right.any()]
    gaps = [ranker.scores(t.features)[t.right].mean() - ranker.scores(t.features)[~t.right].mean() for t in unseen]
    assert min(gaps) > 0
    assert ranker.importance()["words_now"] > 0.2 > ranker.importance()["turn"]
    assert sum(ranker.importance().values()) == pytest.approx(1)


def test_the_same_turns_and_seed_make_the_same_ranker(ranker: LambdaRank) -> None:
    features = planted_turns(1, seed=5)[0].features
    again = LambdaRank.fit(planted_turns(), NAMES, SETTINGS, {})
    np.testing.assert_array_equal(again.scores(features), ranker.scores(features))
    np.testing.assert_array_equal(ranker.scores(features[3:5]), ranker.scores(features)[3:5])


def test_saving_changes_nothing(ranker: LambdaRank, tmp_path: Path) -> None:
    ranker.save(tmp_path / "ranker")
    again = LambdaRank.load(tmp_path / "ranker")
    features = planted_turns(1, seed=4)[0].features
    np.testing.assert_array_equal(again.scores(features), ranker.scores(features))
    assert again.names == NAMES
    assert again.card["source"] == "planted"
    assert 0 < again.card["n_turns"] <= 40
    again.save(tmp_path / "again")
    assert (tmp_path / "again" / MODEL_FILE).read_bytes() == (tmp_path / "ranker" / MODEL_FILE).read_bytes()


def test_damaged_files_are_refused(ranker: LambdaRank, tmp_path: Path) -> None:
    ranker.save(tmp_path)
    model, card = (tmp_path / MODEL_FILE).read_bytes(), (tmp_path / CARD_FILE).read_text(encoding="utf-8")
    text = gzip.decompress(model)
    models = [b"", b"hello", model[: len(model) // 2], model[:200] + bytes([model[200] ^ 255]) + model[201:]]
    models += [gzip.compress(one) for one in (b"", b"hello", b"\xff\xfe", text[:300], text[: len(text) // 2])]
    for damaged in models:
        (tmp_path / MODEL_FILE).write_bytes(damaged)
        with pytest.raises(RankerError, match="run `segue train --ranker`"):
            LambdaRank.load(tmp_path)
    (tmp_path / MODEL_FILE).write_bytes(model)
    read = json.loads(card)
    cards = ["", "[]", "null", "{", '{"format": 1}', json.dumps(read | {"format": 99})]
    cards += [json.dumps(read | {"features": features}) for features in (["one"], 7, None)]
    for wrong in cards:
        (tmp_path / CARD_FILE).write_text(wrong, encoding="utf-8")
        with pytest.raises(RankerError, match="run `segue train --ranker`"):
            LambdaRank.load(tmp_path)
    with pytest.raises(RankerError, match="no readable ranker"):
        LambdaRank.load(tmp_path / "nowhere")


def test_more_playlists_never_lower_a_track() -> None:
    """Not even where what is right has fewer: how a catalogue was put together must not be learnt."""
    ranker = LambdaRank.fit(planted_turns(falling=True), NAMES, SETTINGS, {})
    free = LambdaRank.fit(planted_turns(falling=True), ("words_now", "words_of_all", "turn"), SETTINGS, {})
    features = planted_turns(1, seed=6)[0].features
    before, before_free = ranker.scores(features), free.scores(features)
    fell = False
    for more in (0.1, 0.5, 1.0, 3.0):
        raised = features + np.array([0, more, 0], np.float32)
        assert (ranker.scores(raised) >= before).all(), more
        fell |= bool((free.scores(raised) < before_free).any())
    assert fell, "the data do say so"


def test_every_count_over_playlists_may_only_rise() -> None:
    names = sorted(RISING)
    rng = np.random.default_rng(8)
    turns = [RankedTurn(x, x.sum(axis=1) < -2) for x in rng.normal(size=(30, 30, len(names))).astype(np.float32)]
    ranker = LambdaRank.fit(turns, names, SETTINGS, {})
    features = turns[0].features
    for number in range(len(names)):
        raised = features.copy()
        raised[:, number] += 2
        assert (ranker.scores(raised) >= ranker.scores(features)).all(), names[number]


def test_nothing_right_is_nothing_to_learn() -> None:
    nothing = [RankedTurn(turn.features, np.zeros(30, dtype=bool)) for turn in planted_turns(3)]
    for turns in (nothing, []):
        with pytest.raises(RankerError, match="nothing can be learnt"):
            LambdaRank.fit(turns, NAMES, SETTINGS, {})


def test_thinning_keeps_all_that_is_right() -> None:
    turn = planted_turns(1)[0]
    thin = turn.thinned(5, np.random.default_rng(0))
    assert thin.right.sum() == turn.right.sum()
    assert (~thin.right).sum() == 5
    rows = [np.flatnonzero((turn.features[:, :2] == one[:2]).all(axis=1))[0] for one in thin.features]
    assert rows == sorted(rows)
    assert turn.right[rows].tolist() == thin.right.tolist()
    assert turn.thinned(1000, np.random.default_rng(0)) is turn
