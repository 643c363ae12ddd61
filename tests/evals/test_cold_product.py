"""What predicted collaborative vectors are worth to JAM, where it is known what they must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from evals.cold_product import Setting, evaluate
from evals.errors import EvaluationDataError
from recsys.jam.dataset import JamDataset, JamSplit
from recsys.types import FloatArray
from recsys.unit import unit_rows

N_USERS, N_ITEMS, N_TASTES = 60, 200, 5


def planted(*, content_tells: bool = True) -> JamDataset:
    """Requests that say nothing, answered by what the listener's taste has; captions tell the taste, or nothing."""
    rng = np.random.default_rng(5)
    taste_of, likes = np.arange(N_ITEMS) % N_TASTES, np.arange(N_USERS) % N_TASTES
    plays = (likes[:, None] == taste_of[None]) & (rng.random((N_USERS, N_ITEMS)) < 0.5)
    users = rng.integers(N_USERS, size=500)
    answers = [rng.choice(np.flatnonzero(likes[user] == taste_of), 3, replace=False) for user in users]
    split = JamSplit(
        np.arange(500), ("something",) * 500, users, np.arange(0, 1501, 3), np.concatenate(answers).astype(np.int64)
    )
    caption = rng.standard_normal((N_TASTES, 8))[taste_of] + 0.1 * rng.standard_normal((N_ITEMS, 8))
    if not content_tells:
        caption = rng.permutation(caption)
    noise = rng.standard_normal((N_ITEMS, 8))
    features = {"caption": caption, "name": noise, "tags": noise, "cf": np.full((N_ITEMS, 4), np.nan)}
    return JamDataset(
        "planted",
        {"train": split},
        tuple(f"u{n}" for n in range(N_USERS)),
        tuple(f"i{n}" for n in range(N_ITEMS)),
        {},
        {name: unit_rows(table.astype(np.float32)) for name, table in features.items()},
        None,
        csr_array(plays.astype(np.float32)),
    )


def encode(texts: object) -> FloatArray:
    return np.tile(np.eye(1, 8, dtype=np.float32), (len(texts), 1))  # type: ignore[arg-type]


def silent(stage: str, done: int, total: int) -> None:
    pass


def test_content_that_tells_the_taste_recovers_and_shuffled_does_not() -> None:
    """The stored vectors, made of everybody's plays, are no numbers here: whoever opens them fails."""
    report = evaluate(planted(), [1], ["shown"], encode=encode, steps=60, progress=silent)
    found = {name: figures["all"] for name, figures in report.results.items()}
    assert found["shown: true"]["recovered"].mean == 1
    assert found["shown: predicted"]["recovered"].low > 0.7
    assert found["shown: shuffled"]["recovered"].high < found["shown: predicted"]["recovered"].low
    assert found["shown: true"]["ndcg@10"].mean > found["popularity"]["ndcg@10"].mean + 0.2


def test_content_that_tells_nothing_recovers_nothing() -> None:
    report = evaluate(planted(content_tells=False), [1], ["plain"], encode=encode, steps=30, progress=silent)
    found = {name: figures["all"]["ndcg@10"].mean for name, figures in report.results.items()}
    assert report.details["predictions, seed 1"]["way"] == ""
    assert found["plain: predicted"] == found["plain: shuffled"] == found["plain: absent"]
    assert found["plain: true"] > found["plain: predicted"] + 0.04


def test_nothing_is_learnt_of_who_is_new_and_validation_leaves_the_test_artists_out() -> None:
    data = planted()
    test, validation = Setting.of(data, "test"), Setting.of(data, "validation")
    assert (test.new.sum(), validation.new.sum()) == (40, 20)
    assert not (test.new & validation.new).any()
    assert not (validation.warm & test.new).any()
    for setting in (test, validation):
        assert setting.warm[np.concatenate([items for _, _, items in setting.learnt])].all()
        assert setting.new[np.concatenate([items for _, _, items in setting.asked])].all()
        assert not setting.history[:, np.flatnonzero(~setting.warm)].nnz


def test_what_cannot_be_measured_is_said() -> None:
    with pytest.raises(EvaluationDataError, match=r"expected listening\.tsv"):
        Setting.of(replace(planted(), plays=None), "test")
    with pytest.raises(EvaluationDataError, match="unknown: 'best'; variants are plain, shown, own"):
        evaluate(planted(), [1], ["best"], encode=encode, progress=silent)
